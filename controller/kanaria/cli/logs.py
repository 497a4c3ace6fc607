"""How log lines are written: for people, or as JSON with the fields of what they speak of.

Credentials never reach a log by our own doing; libraries' words are not ours, so what looks like one is blotted out.
"""

import json
import logging
import re
from datetime import UTC, datetime
from enum import StrEnum

from kanaria.vocabulary.log_fields import FIELDS

FOR_PEOPLE = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_SECRETS = (
    (re.compile(r"(://)[^/@\s]+@"), r"\1"),
    (re.compile(r"\b(Bearer|Basic) [A-Za-z0-9._~+/=-]{8,}"), r"\1 …"),
)


class LogFormat(StrEnum):
    """For whom lines are written."""

    TEXT = "text"
    JSON = "json"


def blotted(text: str) -> str:
    """The text without what looks like a credential."""
    for secret, instead in _SECRETS:
        text = secret.sub(instead, text)
    return text


class ForPeople(logging.Formatter):
    """One line, with the traceback below."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        return blotted(super().format(record))


class AsJson(logging.Formatter):
    """One JSON object a line: time, level, logger, message, traceback, and the fields of the object."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": blotted(record.getMessage()),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            told["error"] = blotted(self.formatException(record.exc_info))
        return json.dumps(told, ensure_ascii=False)


def begin_logging(form: LogFormat, *, more: bool) -> None:
    """Write all lines to stderr from now on; `more` of our own."""
    handler = logging.StreamHandler()
    handler.setFormatter(AsJson() if form is LogFormat.JSON else ForPeople(FOR_PEOPLE))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("kanaria").setLevel(logging.DEBUG if more else logging.INFO)
