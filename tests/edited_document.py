"""How an edit of Git's changes a document of the small world."""

from typing import Any

from kanaria.vocabulary import Append, Set

Thing = dict[str, Any]


def change(document: Thing, wanted: Any) -> None:
    """Set, append or remove a value, as is wanted."""
    *parents, last = wanted.path
    place = document
    for key in parents:
        place = place.setdefault(key, {})
    if isinstance(wanted, Set):
        place[last] = wanted.value
    elif isinstance(wanted, Append):
        place[last] = [*place.get(last, []), wanted.item]
    else:
        place.pop(last, None)
