import base64
from pathlib import Path
from typing import Any

import pytest

from kanaria.local.kubelet.environment import (
    ConfigMissingError,
    Sources,
    command_line,
    environment,
    expanded,
    texts,
    wanted,
)
from kanaria.local.kubelet.translation import Translation

POD: dict[str, Any] = {
    "metadata": {
        "name": "train-1",
        "namespace": "wine",
        "uid": "u1",
        "labels": {"run": "r7"},
        "annotations": {"a/b": "c"},
    },
    "spec": {"nodeName": "local"},
}
TRANSLATION = Translation({"/data": Path("/here")})


def sources(**given: Any) -> Sources:
    known: dict[str, Any] = {"pod": POD, "secrets": {}, "config_maps": {}, "ports": {}}
    return Sources(**(known | given))


def resolved(env: list[dict[str, Any]], **given: Any) -> dict[str, str]:
    return environment({"name": "main", "env": env}, sources(**given), {"HOME": "/h"}, TRANSLATION)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "train-1"),
        ("metadata.namespace", "wine"),
        ("metadata.uid", "u1"),
        ("metadata.labels['run']", "r7"),
        ("metadata.annotations['a/b']", "c"),
        ("metadata.labels['absent']", ""),
        ("spec.nodeName", "local"),
        ("spec.serviceAccountName", "default"),
        ("status.podIP", "127.0.0.1"),
    ],
)
def test_a_field_of_the_pod_can_be_a_variable(path: str, value: str):
    assert resolved([{"name": "X", "valueFrom": {"fieldRef": {"fieldPath": path}}}])["X"] == value


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        pytest.param(
            {"fieldRef": {"fieldPath": "spec.color"}}, 'fieldPath "spec.color" is not one', id="an unknown field"
        ),
        pytest.param({"resourceFieldRef": {}}, "X is drawn from resourceFieldRef", id="an unknown source"),
        pytest.param({"secretKeyRef": {"name": "s", "key": "k"}}, 'secret "s" not found', id="no such secret"),
        pytest.param(
            {"configMapKeyRef": {"name": "c", "key": "k"}}, "couldn't find key k in configmap c", id="no such key"
        ),
    ],
)
def test_a_source_that_is_missing_is_named(source: dict[str, Any], sentence: str):
    with pytest.raises(ConfigMissingError, match=sentence):
        resolved([{"name": "X", "valueFrom": source}], config_maps={"c": {}})


def test_keys_of_secrets_and_config_maps_become_variables():
    env = [
        {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
        {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "gone", "optional": True}}},
    ]

    assert resolved(env, secrets={"s": {"k": "1"}}, config_maps={"c": {"k": "2"}}) == {"HOME": "/h", "A": "1", "B": "2"}


def test_whole_secrets_and_config_maps_come_before_single_variables():
    container = {
        "name": "main",
        "envFrom": [{"configMapRef": {"name": "c"}, "prefix": "P_"}, {"secretRef": {"name": "gone", "optional": True}}],
        "env": [{"name": "P_B", "value": "own"}],
    }

    found = environment(container, sources(config_maps={"c": {"A": "1", "B": "2", "no name": "3"}}), {}, TRANSLATION)

    assert found == {"P_A": "1", "P_B": "own"}


def test_a_whole_secret_that_is_missing_is_named():
    with pytest.raises(ConfigMissingError, match='secret "s" not found'):
        environment({"name": "main", "envFrom": [{"secretRef": {"name": "s"}}]}, sources(), {}, TRANSLATION)


def test_values_refer_to_variables_before_them_and_are_translated():
    env = [{"name": "ROOT", "value": "/data"}, {"name": "FILE", "value": "$(ROOT)/x.csv"}]

    assert resolved(env)["FILE"] == "/here/x.csv"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(A)-$(A)", "1-1"),
        ("$(GONE)", "$(GONE)"),
        ("$$(A)", "$(A)"),
        ("$A $", "$A $"),
        ("$$$(A)", "$1"),
    ],
)
def test_references_are_replaced_as_in_kubernetes(text: str, expected: str):
    assert expanded(text, {"A": "1"}) == expected


def test_the_first_port_is_given_as_a_variable():
    container = {"name": "main", "ports": [{"containerPort": 8080}, {"containerPort": 9090}]}

    assert environment(container, sources(ports={8080: 41001, 9090: 41002}), {}, TRANSLATION) == {"PORT": "41001"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("8080", "41001", id="the declared port stands for the given one"),
        pytest.param("5000", "5000", id="any other number is meant"),
    ],
)
def test_a_pod_that_says_its_port_gets_the_one_it_has(value: str, expected: str):
    container = {"name": "main", "ports": [{"containerPort": 8080}], "env": [{"name": "PORT", "value": value}]}

    assert environment(container, sources(ports={8080: 41001}), {}, TRANSLATION)["PORT"] == expected


def test_the_command_line_is_translated_and_expanded():
    container = {"command": ["python", "/data/train.py"], "args": ["--alpha=$(ALPHA)", "--in=/data/x"]}

    words = command_line(container, {"ALPHA": "0.5"}, TRANSLATION)

    assert words == ["python", "/here/train.py", "--alpha=0.5", "--in=/here/x"]


def test_the_names_of_all_sources_are_known_beforehand():
    container = {
        "env": [
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s1", "key": "k"}}},
            {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "c1", "key": "k"}}},
            {"name": "C", "value": "x"},
        ],
        "envFrom": [{"secretRef": {"name": "s2"}}, {"configMapRef": {"name": "c2"}}],
    }

    assert wanted(container) == ({"s1", "s2"}, {"c1", "c2"})


def test_a_secret_is_decoded():
    assert texts({"kind": "Secret", "data": {"k": base64.b64encode(b"v").decode()}}) == {"k": "v"}
