"""Objects found by name, namespace and label."""

from typing import Any

import pytest

from kanaria.cluster.store import Change, Store, name_of
from kanaria.vocabulary import ObjectName


def thing(namespace: str, name: str, **labels: str) -> dict[str, Any]:
    return {"metadata": {"namespace": namespace, "name": name, "labels": labels}}


def a_store(*things: dict[str, Any], indexed: str | None = "owner") -> Store:
    store = Store(indexed)
    for each in things:
        store.put(each)
    return store


CELLAR = (
    thing("wine", "red", owner="ann"),
    thing("wine", "white", owner="bob", kind="dry"),
    thing("beer", "dark", owner="ann"),
    thing("beer", "pale"),
)


@pytest.mark.parametrize("indexed", ["owner", None], ids=["indexed", "not indexed"])
@pytest.mark.parametrize(
    ("namespace", "labels", "expected"),
    [
        pytest.param(None, {}, {"red", "white", "dark", "pale"}, id="all"),
        pytest.param("wine", {}, {"red", "white"}, id="of a namespace"),
        pytest.param(None, {"owner": "ann"}, {"red", "dark"}, id="by label"),
        pytest.param("beer", {"owner": "ann"}, {"dark"}, id="by label in a namespace"),
        pytest.param(None, {"kind": "dry"}, {"white"}, id="by another label"),
        pytest.param(None, {"owner": "bob", "kind": "sweet"}, set(), id="one label of two"),
        pytest.param("mead", {}, set(), id="a namespace without any"),
        pytest.param(None, {"owner": "cid"}, set(), id="a value without any"),
    ],
)
def test_objects_are_selected(indexed: str | None, namespace: str | None, labels: dict[str, str], expected: set[str]):
    store = a_store(*CELLAR, indexed=indexed)

    assert {name_of(each).name for each in store.select(namespace, labels)} == expected


def test_a_label_that_changed_is_found_by_its_new_value_only():
    store = a_store(thing("wine", "red", owner="ann"))
    change = store.put(thing("wine", "red", owner="bob"))

    assert list(store.select(None, {"owner": "ann"})) == []
    assert len(list(store.select(None, {"owner": "bob"}))) == 1
    assert change.old is not None


def test_what_was_removed_is_not_found_any_more():
    store = a_store(*CELLAR)
    change = store.remove(ObjectName("wine", "red"))

    assert change == Change(CELLAR[0], None)
    assert store.get(ObjectName("wine", "red")) is None
    assert {name_of(each).name for each in store.select(None, {"owner": "ann"})} == {"dark"}


def test_removing_what_is_not_there_changes_nothing():
    assert a_store().remove(ObjectName("wine", "red")) == Change(None, None)


@pytest.mark.parametrize(("old", "new", "newest"), [(None, {"a": 1}, {"a": 1}), ({"a": 1}, None, {"a": 1})])
def test_the_newest_state_of_what_is_gone_is_its_last(old: Any, new: Any, newest: Any):
    assert Change(old, new).newest == newest
