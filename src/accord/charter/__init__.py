"""Who the members are, under which law they exchange, and which keys speak for them: the charter as data, and what follows from it."""
