"""Edits change the fields they name and not another character."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kanaria.git.edit_yaml import AlreadyThere, Edited, NotDue, Outcome, edited
from kanaria.vocabulary import Append, Edit, EditClass, Field, ObjectRef, Set, Unset
from kanaria.vocabulary.documents import documents

Changes = tuple[Set | Unset | Append, ...]
WINE = ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "wine", "wine")
HEAD = """\
# all the team has, é 😀
apiVersion: v1
kind: ConfigMap
metadata: {name: wine}
---
apiVersion: kanaria.dev/v1alpha1   # the API
kind: ModelDeployment
metadata:
    name: "wine"
spec:
"""
TAIL = "---\na:   [1,2]   # ugly, and left so\n...\n"
PROMOTE: Changes = (Set(("spec", "stable"), {"version": "8", "modelId": "m-8"}), Unset(("spec", "candidate")))
REJECT: Changes = (Unset(("spec", "candidate")), Append(("spec", "rejected"), {"version": "8", "reason": "Failed"}))
CANDIDATE = "    candidate:      # tried\n        version: '8'  # eight\n        modelId: m-8\n        # of eight\n"


def an_edit(changes: Changes, *expects: Field) -> Edit:
    return Edit(WINE, EditClass.PROPOSE, expects, changes, "Change")


def made(text: str, changes: Changes, *expects: Field) -> Outcome:
    return edited(text, an_edit(changes, *expects), "wine")


def spec(body: str) -> str:
    return HEAD + body + TAIL


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        pytest.param(
            '    stable: {version: "7", modelId: m-7}   # seven\n' + CANDIDATE + "    # behind\n    x: 1\n",
            PROMOTE,
            '    stable: {version: "8", modelId: m-8}   # seven\n    # behind\n    x: 1\n',
            id="a promotion",
        ),
        pytest.param(
            "    model: {name: m}\n" + CANDIDATE + "    predictor: {}\n",
            PROMOTE,
            '    model: {name: m}\n    stable:\n        version: "8"\n        modelId: m-8\n    predictor: {}\n',
            id="a first version",
        ),
        pytest.param(
            CANDIDATE + "    rejected: []  # none yet\n",
            REJECT,
            '    rejected:  # none yet\n        - version: "8"\n          reason: Failed\n',
            id="a first rejection",
        ),
        pytest.param(
            CANDIDATE + "    rejected:\n    - version: '6'  # six\n    # c\n    x: 1\n",
            REJECT,
            "    rejected:\n    - version: '6'  # six\n    - version: \"8\"\n      reason: Failed\n    # c\n    x: 1\n",
            id="a further rejection, dashes at the key",
        ),
        pytest.param(
            "    rejected: [{version: '6'}]  # in one line\n" + CANDIDATE,
            REJECT,
            "    rejected: [{version: '6'}, {version: \"8\", reason: Failed}]  # in one line\n",
            id="a further rejection, in one line",
        ),
        pytest.param(
            CANDIDATE,
            (Set(("spec", "candidate"), {"version": "9", "modelId": "m-8"}),),
            CANDIDATE.replace("'8'", "'9'"),
            id="a newer candidate keeps comments and quotes",
        ),
        pytest.param(
            "    stable:\n    x: |\n      text\n\n        more\n\n    # end\n",
            (Set(("spec", "stable", "version"), "8"), Set(("spec", "x"), "short")),
            '    stable:\n        version: "8"\n    x: short\n\n    # end\n',
            id="nothing, and a text of many lines",
        ),
        pytest.param(
            "    x:  # about x\n        a: 1\n    y: [a, b]\n",
            (Set(("spec", "x"), 5), Set(("spec", "y"), {"k": ["a: b", True, None, 1.5]})),
            '    x: 5  # about x\n    y:\n        k:\n            - "a: b"\n            - true\n'
            "            - null\n            - 1.5\n",
            id="trees become values and lists become trees",
        ),
        pytest.param(
            "    candidate: {version: '8'}\n",
            (Unset(("spec", "candidate", "version")),),
            "    candidate: {}\n",
            id="the only field of a mapping",
        ),
        pytest.param(
            "    x: 'it''s'\n", (Set(("spec", "x"), "it's 8"),), "    x: 'it''s 8'\n", id="single quotes stay"
        ),
        pytest.param(
            "    predictor:\n        env: &e {a: 1}\n        more: *e\n",
            (Set(("spec", "predictor", "more"), {"a": 2}),),
            "    predictor:\n        env: &e {a: 1}\n        more:\n            a: 2\n",
            id="an alias is replaced, not what it stands for",
        ),
    ],
)
@pytest.mark.parametrize("newline", [pytest.param("\n", id="unix"), pytest.param("\r\n", id="windows")])
def test_only_the_named_fields_change(before: str, changes: Changes, after: str, newline: str):
    text, expected = (spec(body).replace("\n", newline) for body in (before, after))

    assert made(text, changes) == Edited(expected)


JSON = {
    "apiVersion": "kanaria.dev/v1alpha1",
    "kind": "ModelDeployment",
    "metadata": {"name": "wine"},
    "spec": {"model": {"name": "m"}, "stable": {"version": "7"}, "candidate": {"version": "8"}, "predictor": {"a": 1}},
}


@pytest.mark.parametrize("indent", [pytest.param(2, id="many lines"), pytest.param(None, id="one line")])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            PROMOTE,
            {"model": {"name": "m"}, "stable": {"version": "8", "modelId": "m-8"}, "predictor": {"a": 1}},
            id="promoted",
        ),
        pytest.param(
            REJECT,
            {
                "model": {"name": "m"},
                "stable": {"version": "7"},
                "rejected": [{"version": "8", "reason": "Failed"}],
                "predictor": {"a": 1},
            },
            id="rejected",
        ),
    ],
)
def test_json_stays_json_in_the_same_manner(changes: Changes, expected: Any, indent: int | None):
    text = json.dumps(JSON, indent=indent) + "\n"

    assert made(text, changes) == Edited(json.dumps({**JSON, "spec": expected}, indent=indent) + "\n")


@pytest.mark.parametrize(
    "ending", [pytest.param("", id="no newline at the end"), pytest.param("\n\n# bye\n", id="blank line and comment")]
)
def test_the_end_of_the_file_stays_as_it_is(ending: str):
    text = "\ufeff" + HEAD + "    candidate:\n        version: '8'" + ending

    outcome = made(text, (Set(("spec", "candidate", "modelId"), "m-8"),))

    assert outcome == Edited(text.replace("'8'" + ending, "'8'\n        modelId: m-8" + ending))


@pytest.mark.parametrize(
    ("body", "expects", "outcome"),
    [
        pytest.param(CANDIDATE, ("candidate", "version", "8"), Edited, id="as expected"),
        pytest.param(
            CANDIDATE.replace("'8'", "'9'"),
            ("candidate", "version", "8"),
            'spec.candidate.version is "9" there, not "8"',
            id="a newer candidate",
        ),
        pytest.param("    x: 1\n", ("candidate", "version", "8"), "is absent there", id="withdrawn by hand"),
        pytest.param(CANDIDATE, ("candidate", "version", None), 'is "8" there, not absent', id="expected absent"),
        pytest.param(
            '    stable: {modelId: m-8, version: "8"}\n', ("candidate", "version", "8"), AlreadyThere, id="landed"
        ),
        pytest.param(
            "    candidate: &c {version: '8'}\n    x: *c\n",
            ("candidate", "version", "8"),
            "commit the change by hand",
            id="somebody else uses it",
        ),
        pytest.param("    x: 1\n---\nb: [\n", ("x", 1), "did not find", id="broken file"),
    ],
)
def test_an_edit_is_due_only_where_its_expectation_holds(body: str, expects: tuple[Any, ...], outcome: Any):
    *path, value = expects

    found = made(spec(body), PROMOTE, Field(("spec", *path), value))

    if isinstance(outcome, str):
        assert isinstance(found, NotDue)
        assert outcome in found.reason
    else:
        assert isinstance(found, outcome)


def test_a_document_without_a_namespace_is_of_the_syncs_own():
    text = spec(CANDIDATE)

    assert isinstance(edited(text, an_edit(PROMOTE), "wine"), Edited)
    assert isinstance(edited(text, an_edit(PROMOTE), "beer"), NotDue)


def test_a_field_below_an_alias_is_not_edited():
    text = spec("    x: &x {a: {b: 1}}\n    y: *x\n")

    outcome = made(text, (Set(("spec", "y", "a", "b"), 2),))

    assert isinstance(outcome, NotDue)
    assert "spec.y is an alias of something else" in outcome.reason


BLOCKS = st.sampled_from(
    [
        "    {key}: {{version: '7', b: [1, 2]}}   # flow\n",
        "    {key}:\n        version: '7'\n        b:\n        - 1\n        - 2  # two\n",
        '    {key}:   # head\n\n        # above\n        version: "7"   # beside\n        b: [1,\n          2]\n',
        (
            "    {key}:\n        b:\n          - 1\n          - x: |\n              1\n\n              2\n\n"
            "        version: 7.0\n"
        ),
        (
            "    {key}: # odd\n        'version'   :   '7'\n        \"b\": []\n"
            "        t: >-\n          folded\n          text\n"
        ),
        "    {key}:\n        b: 'a\n\n          b'\n        version: plain\n          on two lines\n",
    ]
)
NOISE = st.sampled_from(["", "\n", "    # a comment\n", "\n    # one\n\n  # two\n"])
VALUES = st.sampled_from(
    ["9", "it's: so", "ends ", "#x", "", "日本 ×", None, True, 3, 1.5, [], {}, ["a", {"b": "c"}], {"d": {"e": ["f"]}}]
)


@given(
    blocks=st.lists(st.tuples(BLOCKS, NOISE), min_size=1, max_size=5),
    data=st.data(),
    field=st.sampled_from(["version", "b", "new", None]),
    value=VALUES,
)
def test_no_edit_touches_another_field(blocks: list[tuple[str, str]], data: st.DataObject, field: str, value: Any):
    parts = [block.format(key=f"k{number}") + noise for number, (block, noise) in enumerate(blocks)]
    number = data.draw(st.integers(0, len(parts) - 1))
    path = ("spec", f"k{number}") + ((field,) if field else ())
    change = data.draw(st.sampled_from([Set(path, value), Unset((*path[:2], field or "b"))]))
    text = spec("".join(parts))

    outcome = made(text, (change,))

    if isinstance(outcome, AlreadyThere):
        return
    assert isinstance(outcome, Edited)
    assert outcome.text.startswith(HEAD + "".join(parts[:number]))
    assert outcome.text.endswith("".join(parts[number + 1 :]) + TAIL)
    found = documents(outcome.text)[1].value["spec"][f"k{number}"]
    for key in path[2:]:
        found = found.get(key)
    if isinstance(change, Set):
        assert found == value
