"""Measurements of the goals, each beside its limit and, where there are any, beside the peers. `make bench ARGS=--help` teaches them."""
