"""What the cluster holds is compared with what a document asks for."""

from typing import Any

import pytest

from kanaria.decide.git_sync.compare import compare, held


def a_secret(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **fields}


@pytest.mark.parametrize(
    ("live", "wanted", "fields"),
    [
        pytest.param(a_secret(data={"a": "eA=="}), a_secret(stringData={"a": "x"}), (), id="text of a Secret"),
        pytest.param(a_secret(data={"a": "eQ=="}), a_secret(stringData={"a": "x"}), ("data.a",), id="another text"),
        pytest.param(a_secret(data={"a": "eA==", "b": "eA=="}), a_secret(data={"a": "eA=="}), (), id="more than asked"),
        pytest.param(a_secret(), a_secret(data={"a": "eA=="}), ("data",), id="less than asked"),
    ],
)
def test_secrets_are_compared_as_they_are_stored(live: Any, wanted: Any, fields: tuple[str, ...]):
    found = compare(live, wanted)

    assert [path.split(".")[0] for path in found] == [path.split(".")[0] for path in fields]


def test_what_an_object_holds_beside_the_document_does_not_count():
    wanted = {"spec": {"replicas": "1000m"}}
    live = {"spec": {"replicas": "1", "other": 1}, "status": {"x": 1}}

    assert held(live, wanted) == held({"spec": {"replicas": "1"}}, wanted)
    assert held(live, wanted) != held({"spec": {"replicas": "2"}}, wanted)
