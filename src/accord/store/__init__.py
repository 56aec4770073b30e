"""What a node remembers: the only SQL, one module a subject."""
