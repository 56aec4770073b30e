"""What two members have in common, names across scripts and indicators, judged from values alone; it keeps nothing and asks nobody."""
