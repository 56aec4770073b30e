"""The tables of STIX 2.1: what each type of objects has to look like, at MUST level, compiled into checks."""
