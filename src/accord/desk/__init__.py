"""Stories: what a member's node does, one module a story, each to be read from top to bottom."""
