"""The long bars: corpora, fault runs and figures that are too slow for every day. `make bars` runs them and prints what they saw."""
