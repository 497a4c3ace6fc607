"""Whether things that name each other lead back to where they began."""

from collections.abc import Callable, Iterable


def way_back(name: str, onward: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
    """A way from a name to itself, e.g. (a, b, a); empty where none leads back. `onward` tells what a name names."""
    ways: list[tuple[str, ...]] = [(name, each) for each in onward(name)]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == name:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [(*way, each) for each in onward(way[-1])]
    return ()
