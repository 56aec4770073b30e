"""One member's node: settings read, parts wired, worker run. Only the command line imports it."""
