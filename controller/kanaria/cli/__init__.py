"""The verbs of the command line."""

from kanaria.cli.app import main

__all__ = ["main"]
