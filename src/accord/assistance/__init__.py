"""Requests for assistance between authorities: whether one is complete, which term runs, how it may be refused; it sends nothing."""
