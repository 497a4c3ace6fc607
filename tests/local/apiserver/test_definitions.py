"""Custom resources: served as defined, pruned, defaulted, and judged by schema and CEL rules."""

from typing import Any

import pytest

from api_caller import STRATEGIC, Widgets, a_definition

SPEC: dict[str, Any] = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 1, "maximum": 9},
        "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
        "word": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 5},
        "at": {"type": "string", "format": "date-time"},
        "share": {"x-kubernetes-int-or-string": True},
        "note": {"type": "string", "nullable": True},
        "parts": {
            "type": "array",
            "maxItems": 2,
            "items": {"type": "object", "properties": {"deep": {"type": "boolean", "default": True}}},
        },
        "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "words": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({"size": 1}, {"size": 1, "color": "red"}, id="a default is filled in"),
        pytest.param({"size": 1, "color": "blue"}, {"size": 1, "color": "blue"}, id="a said value stays"),
        pytest.param({"size": 1, "color": None}, {"size": 1, "color": "red"}, id="null means not said"),
        pytest.param({"size": 1, "note": None}, {"size": 1, "color": "red", "note": None}, id="null where allowed"),
        pytest.param(
            {"size": 1, "parts": [{}]}, {"size": 1, "color": "red", "parts": [{"deep": True}]}, id="deep default"
        ),
        pytest.param({"size": 1, "what": 1}, {"size": 1, "color": "red"}, id="unknown is pruned"),
        pytest.param(
            {"size": 1, "parts": [{"x": 1}]}, {"size": 1, "color": "red", "parts": [{"deep": True}]}, id="deep unknown"
        ),
        pytest.param(
            {"size": 1, "open": {"x": {"y": 1}}}, {"size": 1, "color": "red", "open": {"x": {"y": 1}}}, id="open stays"
        ),
        pytest.param(
            {"size": 1, "words": {"x": "y"}}, {"size": 1, "color": "red", "words": {"x": "y"}}, id="a map's keys stay"
        ),
        pytest.param(
            {"size": 1, "share": "5%"}, {"size": 1, "color": "red", "share": "5%"}, id="a text of int-or-string"
        ),
    ],
)
async def test_an_object_is_kept_as_its_schema_says(
    widgets: Widgets, spec: dict[str, Any], expected: dict[str, Any]
) -> None:
    path = await widgets.define(SPEC)
    made = await widgets.cluster.create(path, widgets.made(**spec))

    assert (made.code, made.body.get("spec")) == (201, expected)


@pytest.mark.parametrize(
    ("spec", "field", "message"),
    [
        pytest.param({}, "spec.size", "Required value", id="missing"),
        pytest.param({"size": "big"}, "spec.size", 'must be of type integer: "string"', id="wrong type"),
        pytest.param({"size": 0}, "spec.size", "should be greater than or equal to 1", id="too small"),
        pytest.param({"size": 10}, "spec.size", "should be less than or equal to 9", id="too large"),
        pytest.param(
            {"size": 1, "color": "green"}, "spec.color", 'supported values: "red", "blue"', id="not of the choice"
        ),
        pytest.param({"size": 1, "word": "ABC"}, "spec.word", "should match '^[a-z]+$'", id="not of the pattern"),
        pytest.param({"size": 1, "word": "abcdef"}, "spec.word", "Too long", id="too long"),
        pytest.param({"size": 1, "at": "noon"}, "spec.at", "must be of type date-time", id="not of the format"),
        pytest.param({"size": 1, "parts": [{}, {}, {}]}, "spec.parts", "must have at most 2 items", id="too many"),
        pytest.param({"size": 1, "parts": [{"deep": 1}]}, "spec.parts[0].deep", "must be of type boolean", id="deep"),
        pytest.param({"size": 1, "words": {"x": 1}}, "spec.words.x", "must be of type string", id="in a map"),
    ],
)
async def test_an_object_that_breaks_its_schema_is_refused(
    widgets: Widgets, spec: dict[str, Any], field: str, message: str
) -> None:
    path = await widgets.define(SPEC)
    refused = await widgets.cluster.create(path, widgets.made(**spec))

    assert (refused.code, refused.body["reason"]) == (422, "Invalid")
    assert refused.fields[0] == field
    assert message in refused.body["message"]


RULES = {
    "type": "object",
    "properties": {
        "low": {"type": "integer"},
        "high": {"type": "number"},
        "namespace": {"type": "string", "maxLength": 63},
        "fixed": {
            "type": "string",
            "maxLength": 63,
            "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "is fixed"}],
        },
        "at": {"type": "string", "format": "date-time"},
        "steps": {
            "type": "array",
            "maxItems": 9,
            "items": {
                "type": "object",
                "properties": {"weight": {"type": "integer"}, "pause": {"type": "string", "maxLength": 63}},
                "x-kubernetes-validations": [
                    {"rule": "has(self.weight) != has(self.pause)", "message": "weight or pause"}
                ],
            },
        },
    },
    "x-kubernetes-validations": [
        {
            "rule": "!has(self.low) || !has(self.high) || self.low <= self.high",
            "messageExpression": "self.low > 1 ? 'low is 2' : 'low is less'",
        },
        {"rule": "!has(self.__namespace__) || self.__namespace__ != 'kube-system'", "message": "not there"},
        {"rule": "!has(oldSelf.low) || has(self.low)", "message": "low stays", "fieldPath": ".low"},
    ],
}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param({}, {"low": 1, "high": 1.5}, None, id="kept"),
        pytest.param({}, {"low": 1, "high": 1}, None, id="whole numbers are numbers"),
        pytest.param({}, {"low": 2, "high": 1}, ("spec", "low is 2"), id="a message from an expression"),
        pytest.param({}, {"namespace": "kube-system"}, ("spec", "not there"), id="a reserved word"),
        pytest.param({"fixed": "a"}, {"fixed": "a"}, None, id="fixed and unchanged"),
        pytest.param({"fixed": "a"}, {"fixed": "b"}, ("spec.fixed", "is fixed"), id="fixed and changed"),
        pytest.param({}, {"fixed": "b"}, None, id="first value of a fixed field"),
        pytest.param({"low": 1}, {"low": None}, ("spec.low", "low stays"), id="a rule that names a field"),
        pytest.param({}, {"steps": [{"weight": 1}, {"pause": "1m"}]}, None, id="items that keep their rule"),
        pytest.param({}, {"at": "2026-01-15T12:00:00Z", "low": 1}, None, id="beside a time"),
        pytest.param({}, {"steps": [{}]}, ("spec.steps[0]", "weight or pause"), id="an item that does not"),
    ],
)
async def test_rules_judge_what_is_and_what_was(
    widgets: Widgets, before: dict[str, Any], after: dict[str, Any], told: tuple[str, str] | None
) -> None:
    path = await widgets.define(RULES)
    made = await widgets.cluster.create(path, widgets.made(**before))
    answer = await widgets.cluster.patch(f"{path}/a", {"spec": after})

    assert made.code == 201, made.body
    if told is None:
        assert answer.code == 200, answer.body
    else:
        assert (answer.code, answer.fields) == (422, [told[0]])
        assert told[1] in answer.body["message"]


@pytest.mark.parametrize(
    ("strictness", "code", "warnings"),
    [
        pytest.param("Strict", 400, 0, id="Strict"),
        pytest.param("Warn", 201, 1, id="Warn"),
        pytest.param("Ignore", 201, 0, id="Ignore"),
    ],
)
async def test_an_unknown_field_is_told_as_strictly_as_asked(
    widgets: Widgets, strictness: str, code: int, warnings: int
) -> None:
    path = await widgets.define(SPEC)
    answer = await widgets.cluster.create(f"{path}?fieldValidation={strictness}", widgets.made(size=1, typo=1))

    assert answer.code == code
    assert [each for each in answer.warnings if "spec.typo" in each] == [
        '299 - "unknown field \\"spec.typo\\""'
    ] * warnings
    if code == 400:
        assert 'strict decoding error: unknown field "spec.typo"' in answer.body["message"]


async def test_status_is_a_path_of_its_own_only_when_defined_so(widgets: Widgets) -> None:
    path = await widgets.define(subresources={"status": {}})
    cluster = widgets.cluster
    made = await cluster.create(path, widgets.made(x=1) | {"status": {"seen": 1}})
    main = await cluster.patch(f"{path}/a", {"status": {"seen": 2}})
    below = await cluster.patch(f"{path}/a/status", {"status": {"seen": 3}, "spec": {"x": 9}})

    assert "status" not in made.body
    assert main.meta["resourceVersion"] == made.meta["resourceVersion"]
    assert (below.body["status"], below.body["spec"]) == ({"seen": 3}, {"x": 1})
    assert below.meta["generation"] == 1


async def test_without_the_subresource_status_is_a_field_like_others(widgets: Widgets) -> None:
    path = await widgets.define()
    cluster = widgets.cluster
    made = await cluster.create(path, widgets.made(x=1) | {"status": {"seen": 1}})
    changed = await cluster.patch(f"{path}/a", {"status": {"seen": 2}})

    assert (made.body["status"], changed.body["status"]) == ({"seen": 1}, {"seen": 2})
    assert (await cluster.get(f"{path}/a/status")).code == 404


async def test_generation_counts_changes_of_the_spec(widgets: Widgets) -> None:
    path = await widgets.define(subresources={"status": {}})
    cluster = widgets.cluster
    await cluster.create(path, widgets.made(x=1))
    labelled = await cluster.patch(f"{path}/a", {"metadata": {"labels": {"a": "b"}}})
    changed = await cluster.patch(f"{path}/a", {"spec": {"x": 2}})

    assert (labelled.meta["generation"], changed.meta["generation"]) == (1, 2)


async def test_a_replaced_custom_object_needs_its_revision(widgets: Widgets) -> None:
    path = await widgets.define()
    await widgets.cluster.create(path, widgets.made())
    refused = await widgets.cluster.replace(f"{path}/a", widgets.made())

    assert (refused.code, refused.fields) == (422, ["metadata.resourceVersion"])


async def test_a_definition_says_that_it_is_established(widgets: Widgets) -> None:
    await widgets.define()
    status = (await widgets.cluster.get(widgets.definition)).body["status"]

    assert {each["type"]: each["status"] for each in status["conditions"]}["Established"] == "True"
    assert status["acceptedNames"]["singular"] == "widget"
    assert status["storedVersions"] == ["v1"]


async def test_every_served_version_shows_the_same_objects(widgets: Widgets) -> None:
    definition = a_definition(widgets.group, {"type": "object", "x-kubernetes-preserve-unknown-fields": True})
    newest = definition["spec"]["versions"][0]
    definition["spec"]["versions"] = [newest | {"name": "v1beta1", "storage": False}, newest]
    cluster = widgets.cluster
    await cluster.create(widgets.definitions, definition)
    await widgets.ready()
    await cluster.create(widgets.at("v1beta1"), widgets.made(version="v1beta1", x=1))
    read = await cluster.get(f"{widgets.at('v1')}/a")

    assert (read.body["apiVersion"], read.body["spec"]) == (f"{widgets.group}/v1", {"x": 1})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param(
            {"metadata": {"name": "other.example.com"}}, "metadata.name", id="a name that is not plural.group"
        ),
        pytest.param({"versions": []}, "spec.versions", id="no version"),
    ],
)
async def test_an_unsound_definition_is_refused(widgets: Widgets, change: dict[str, Any], field: str) -> None:
    definition = a_definition(widgets.group, {"type": "object"})
    if "versions" in change:
        definition["spec"] |= change
    else:
        definition |= change
    refused = await widgets.cluster.create(widgets.definitions, definition)

    assert refused.code == 422
    assert field in refused.fields


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        pytest.param({"type": "object", "default": {"size": None}}, ".default.size", id="a null in an object"),
        pytest.param({"type": "array", "items": {"type": "string"}, "default": [1]}, ".default.[0]", id="a wrong item"),
        pytest.param({"type": "string", "default": 3}, ".default", id="a wrong type"),
    ],
)
async def test_a_default_that_breaks_its_own_schema_is_refused(
    widgets: Widgets, schema: dict[str, Any], told: str
) -> None:
    properties = {"properties": {"size": {"type": "integer"}}} if schema["type"] == "object" else {}
    whole = {"type": "object", "properties": {"part": schema | properties}}
    refused = await widgets.cluster.create(widgets.definitions, a_definition(widgets.group, whole))

    assert refused.code == 422
    assert refused.fields[0].endswith(f".properties[part]{told}")


async def test_a_scale_of_a_custom_resource_goes_by_its_paths(widgets: Widgets) -> None:
    paths = {"specReplicasPath": ".spec.count", "statusReplicasPath": ".status.count"}
    path = await widgets.define(subresources={"status": {}, "scale": paths})
    cluster = widgets.cluster
    await cluster.create(path, widgets.made(count=1))
    scaled = await cluster.patch(f"{path}/a/scale", {"spec": {"replicas": 4}})

    assert scaled.body["spec"]["replicas"] == 4
    assert (await cluster.get(f"{path}/a")).body["spec"]["count"] == 4


async def test_a_status_is_judged_as_well(widgets: Widgets) -> None:
    path = await widgets.define(SPEC, subresources={"status": {}})
    await widgets.cluster.create(path, widgets.made(size=1))
    refused = await widgets.cluster.patch(f"{path}/a/status", {"status": "fine"})

    assert (refused.code, refused.fields) == (422, ["status"])
    assert (await widgets.cluster.patch(f"{path}/a/status", {}, STRATEGIC)).code == 415
