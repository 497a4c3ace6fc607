"""What is known of a sync's objects is the same whether all are looked at, or only those that changed."""

import random
from collections.abc import Mapping
from typing import Any

import pytest

from kanaria.cluster.caches import Caches
from kanaria.cluster.client import Client
from kanaria.cluster.connection import Access, Connection
from kanaria.cluster.reflector import Reflector
from kanaria.cluster.store import CHANGES_KEPT
from kanaria.decide.git_sync import Tree, read_file, read_tree
from kanaria.reconcile.git_standing import AT_ONCE, Standing
from kanaria.vocabulary import ObjectName, ObjectRef, Watch, marks
from kanaria.vocabulary.objects import Manifest
from synced_cluster import SYNC, a_config_map

WATCH = Watch("v1", "ConfigMap", marks.GIT_SYNC)
NAMES = [f"c{number}" for number in range(8)]


class HandCaches(Caches):
    """Caches whose one reflector is told by hand; `looks` counts the objects that were asked for."""

    def __init__(self) -> None:
        client = Client(Connection(lambda: Access("http://127.0.0.1:9")))
        super().__init__(client, (), lambda _: None, lambda _: None)
        reflector = Reflector(client, WATCH, lambda _: None, lambda: None)
        self._reflectors[WATCH], self.store = reflector, reflector.store
        self.version = 0
        self.looks = 0

    def put(self, name: str, value: str = "1", label: str = "team") -> None:
        self.version += 1
        metadata = {"name": name, "namespace": "wine", "resourceVersion": str(self.version)}
        metadata |= {"labels": {marks.GIT_SYNC: label}}
        self.store.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}})

    def remove(self, name: str) -> None:
        self.store.remove(ObjectName("wine", name))

    def get(self, ref: ObjectRef) -> Manifest | None:
        self.looks += 1
        return super().get(ref)


def a_tree(values: Mapping[str, str]) -> Tree:
    files = {f"{n}.yaml": read_file(f"{n}.yaml", a_config_map(n, v).encode(), SYNC) for n, v in values.items()}
    return read_tree(files, {}, SYNC, found=True)


def known(standing: Standing) -> tuple[Any, ...]:
    return standing.differing, standing.foreign, standing.unwanted


def looked(standing: Standing, tree: Tree, before: Tree | None, caches: HandCaches) -> Standing:
    standing.look(tree, before, [WATCH], caches)
    while standing.pending:
        standing.look(tree, before, [WATCH], caches)
    return standing


@pytest.mark.parametrize("seed", range(40))
def test_looking_at_what_changed_knows_what_looking_at_all_knows(seed: int):
    chance, caches, standing = random.Random(seed), HandCaches(), Standing(SYNC)  # noqa: S311 - a seed that can be played again
    tree = before = a_tree({})
    for _ in range(30):
        match chance.randrange(4):
            case 0:
                caches.put(chance.choice(NAMES), chance.choice("12"), chance.choice(["team", "team", "other"]))
            case 1:
                caches.remove(chance.choice(NAMES))
            case 2:
                tree = a_tree({name: chance.choice("12") for name in chance.sample(NAMES, 4)})
            case _:
                before = chance.choice([tree, tree, None])
        looked(standing, tree, before, caches)

        assert known(standing) == known(looked(Standing(SYNC), tree, before, caches))


def at_rest(count: int) -> tuple[Standing, Tree, HandCaches]:
    caches, tree = HandCaches(), a_tree({f"c{number}": "1" for number in range(count)})
    for number in range(count):
        caches.put(f"c{number}")
    return looked(Standing(SYNC), tree, tree, caches), tree, caches


def test_at_rest_no_object_is_looked_at_and_after_a_change_only_that_one():
    standing, tree, caches = at_rest(50)

    caches.looks = 0
    standing.look(tree, tree, [WATCH], caches)
    assert caches.looks == 0

    caches.put("c7", "by hand")
    standing.look(tree, tree, [WATCH], caches)
    assert caches.looks == 1
    assert standing.differing == {ObjectRef("v1", "ConfigMap", "wine", "c7"): ("data.value",)}


def test_a_visit_looks_at_so_many_and_leaves_the_rest_to_the_next():
    _, tree, caches = at_rest(AT_ONCE + 1)
    fresh = Standing(SYNC)
    caches.looks = 0

    fresh.look(tree, tree, [WATCH], caches)

    assert (caches.looks, len(fresh.pending)) == (AT_ONCE, 1)


def test_more_changes_than_are_remembered_are_all_looked_for():
    standing, tree, caches = at_rest(3)
    caches.put("c1", "by hand")
    for _ in range(CHANGES_KEPT):
        caches.put("c2")

    looked(standing, tree, tree, caches)

    assert [ref.name for ref in standing.differing] == ["c1"]
