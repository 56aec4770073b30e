"""A person at a terminal: the command `accord`."""
