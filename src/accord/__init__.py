"""Accord lets the members of an alliance of sovereign states exchange security information and prove what they did."""

__version__ = "0.1.0"
