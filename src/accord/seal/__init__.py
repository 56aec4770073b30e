"""Bytes that can be trusted later: canonical form, keys, signatures and signed notes."""
