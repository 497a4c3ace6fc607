"""Does a live object hold all that is wanted of it, and where does it not?

A manifest that the live object covers need not be applied again: no mark is written onto objects to know that.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

_QUANTITY = re.compile(r"^([+-]?[0-9]+(?:\.[0-9]*)?|[+-]?\.[0-9]+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]+)?$")
_SUFFIXES = {"": Decimal(1), "m": Decimal("0.001")}
_SUFFIXES |= {suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", start=1)}
_SUFFIXES |= {f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", start=1)}
_NOTHING: tuple[Any, ...] = (None, {}, [])


def covers(live: Any, wanted: Any) -> bool:
    """Whether the live object holds all that is wanted; what it holds beside that does not matter."""
    return next(_differing(live, wanted, ""), None) is None


def differences(live: Any, wanted: Any) -> tuple[str, ...]:
    """The paths at which the live object does not hold what is wanted, e.g. `spec.containers[web].image`."""
    return tuple(_differing(live, wanted, ""))


def _differing(live: Any, wanted: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, Mapping) and (isinstance(live, Mapping) or (not wanted and live is None)):
        for key, value in wanted.items():
            yield from _differing((live or {}).get(key), value, f"{path}.{key}" if path else str(key))
    elif _named(wanted):
        known = {item["name"]: item for item in live} if _named(live) else {}
        for item in wanted:
            yield from _differing(known.get(item["name"]), item, f"{path}[{item['name']}]")
    elif not _equal(live, wanted):
        yield path


def _equal(live: Any, wanted: Any) -> bool:
    return _same_list(live, wanted) if isinstance(wanted, list | tuple) else _same(live, wanted)


def _named(value: Any) -> bool:
    """Whether this is a list of objects that are told apart by their names."""
    if not isinstance(value, list | tuple) or not value:
        return False
    names = [item.get("name") if isinstance(item, Mapping) else None for item in value]
    return None not in names and len(set(names)) == len(names)


def _same_list(live: Any, wanted: Sequence[Any]) -> bool:
    if live is None:
        return not wanted
    if not isinstance(live, list | tuple) or len(live) != len(wanted):
        return False
    return all(covers(mine, theirs) for mine, theirs in zip(live, wanted, strict=True))


def _same(live: Any, wanted: Any) -> bool:
    if live == wanted:
        return isinstance(live, bool) == isinstance(wanted, bool)
    if wanted is None:
        return live in _NOTHING
    if isinstance(live, bool) or isinstance(wanted, bool):
        return False
    if isinstance(live, int | float | str) and isinstance(wanted, int | float | str):
        mine, theirs = _quantity(str(live)), _quantity(str(wanted))
        return mine is not None and mine == theirs
    return False


def _quantity(text: str) -> Decimal | None:
    """A number as Kubernetes writes it: 1, "500m" and "1Gi" are numbers, "v1" is none."""
    found = _QUANTITY.match(text)
    if found is None:
        return None
    number, suffix = found[1], found[2] or ""
    if suffix[:1] in ("e", "E") and suffix[1:]:
        return Decimal(number + suffix)
    return Decimal(number) * _SUFFIXES[suffix]
