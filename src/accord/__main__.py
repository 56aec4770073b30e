"""`python -m accord` is the command `accord`."""

from accord.cli.app import main

main()
