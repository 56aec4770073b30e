"""Who is bound, to whom, under which law, since when: one signed document and the questions asked of it."""
