"""What is said: STIX 2.1 records, their identifiers, markings, patterns and rules, and the types that Accord adds to them."""
