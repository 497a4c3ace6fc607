"""Where a live object is not as a document asks, and what it holds of that document."""

import base64
from collections.abc import Mapping
from typing import Any

from kanaria.decide.covering import differences
from kanaria.vocabulary.objects import Manifest, content_hash


def compare(live: Manifest, wanted: Manifest) -> tuple[str, ...]:
    """The fields that differ."""
    return differences(live, _as_stored(wanted))


def held(live: Manifest, wanted: Manifest) -> str:
    """A hash of what the live object holds in the fields of the document.

    The API server may store a value otherwise than it was written: what it made of an apply is as good as covered.
    """
    return content_hash(_held(live, _as_stored(wanted)), 32)


def _held(live: Any, wanted: Any) -> Any:
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return {key: _held(live.get(key), value) for key, value in wanted.items()}
    return live


def _as_stored(wanted: Manifest) -> Manifest:
    """A Secret's stringData is never given back: the server keeps it as data."""
    if wanted.get("kind") != "Secret" or not isinstance(wanted.get("stringData"), Mapping):
        return wanted
    data = {key: base64.b64encode(str(value).encode()).decode() for key, value in wanted["stringData"].items()}
    rest = {key: value for key, value in wanted.items() if key != "stringData"}
    return {**rest, "data": {**(wanted.get("data") or {}), **data}}
