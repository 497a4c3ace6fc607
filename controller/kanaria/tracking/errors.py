"""What goes wrong with MLflow, in words that may be shown: place and fact, without credentials."""

import re

_CREDENTIALS = re.compile(r"://[^/@\s]*@")
_LONGEST = 300


class TrackingError(Exception):
    """MLflow did not do what it was asked."""


def shown(text: str) -> str:
    """A text in one line, without credentials, as long as a condition's message can bear."""
    return " ".join(_CREDENTIALS.sub("://", text).split())[:_LONGEST]
