"""What goes wrong with data that cannot be read, in words that may be shown."""

import re

_CREDENTIALS = re.compile(r"(://)[^/@\s]+@")
_SIGNED = re.compile(r"((?:sig|signature|X-Amz-Signature|X-Amz-Credential|token)=)[^&\s]+", re.IGNORECASE)
_LONGEST = 400


class UnreadableError(Exception):
    """The data could not be read: that says nothing about the data."""


def shown(text: str) -> str:
    """A text in one line, without credentials, as long as a message can bear."""
    return " ".join(_SIGNED.sub(r"\1…", _CREDENTIALS.sub(r"\1", text)).split())[:_LONGEST]
