"""Where in a JSON document a value stands: the plain part of JSONPath, fields and indexes.

`$.data.score`, `$.items[0].value`, `$['a.b']`, and the same in the braces that Argo Rollouts and kubectl want.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_PART = re.compile(r"""\.([A-Za-z_][-A-Za-z0-9_]*)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]""")


def parts(path: str) -> tuple[str | int, ...]:
    """The fields and indexes of a path.

    Raises:
        ValueError: if it is no such path.
    """
    plain = path[1:-1].strip() if path.startswith("{") and path.endswith("}") else path
    rest = plain.removeprefix("$")
    found: list[str | int] = []
    while rest:
        part = _PART.match(rest)
        if part is None:
            raise ValueError(f"{path!r} is no path of fields and indexes, such as $.data.score or $.items[0].value")
        name, index, quoted, twice = part.groups()
        found.append(int(index) if index is not None else next(n for n in (name, quoted, twice) if n is not None))
        rest = rest[part.end() :]
    return tuple(found)


def value_at(document: Any, path: str) -> Any:
    """What stands there.

    Raises:
        ValueError: if nothing does, with what is there instead.
    """
    value = document
    for part in parts(path):
        if not _has(value, part):
            known = ", ".join(map(str, value)) or "none"
            there = f"there are: {known}" if isinstance(value, Mapping) else "it is not there"
            raise ValueError(f"{path} finds nothing at {part!r}; {there[:200]}")
        value = value[part]
    return value


def _has(value: Any, part: str | int) -> bool:
    if isinstance(part, int):
        return isinstance(value, Sequence) and not isinstance(value, str) and part < len(value)
    return isinstance(value, Mapping) and part in value
