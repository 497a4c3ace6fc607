"""`python -m kanaria`: the command line."""

from kanaria.cli import main

main()
