"""How log lines are written."""

import json
import logging
import sys
from typing import Any

import pytest

from kanaria.cli.logs import FOR_PEOPLE, AsJson, ForPeople, blotted
from kanaria.vocabulary import ObjectRef
from kanaria.vocabulary.log_fields import about

WINE = ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "team", "wine")


def a_record(
    message: str, *arguments: Any, extra: dict[str, Any] | None = None, error: Any = None
) -> logging.LogRecord:
    return logging.getLogger("kanaria.test").makeRecord(
        "kanaria.test", logging.WARNING, "file", 1, message, arguments, error, extra=extra
    )


def test_a_json_line_bears_what_it_speaks_of():
    record = a_record("%s: %s", WINE, "writing the status", extra=about(WINE))
    told = json.loads(AsJson().format(record))

    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "warning",
        "logger": "kanaria.test",
        "message": "ModelDeployment team/wine: writing the status",
        "kind": "ModelDeployment",
        "namespace": "team",
        "name": "wine",
    }


def test_a_traceback_stays_in_its_line():
    try:
        raise ValueError("https://u:hush@host")  # noqa: TRY301
    except ValueError:
        line = AsJson().format(a_record("it broke", error=sys.exc_info()))

    assert "\n" not in line
    assert "ValueError: https://host" in json.loads(line)["error"]


def test_a_line_for_people_is_as_it_was():
    line = ForPeople(FOR_PEOPLE).format(a_record("%s: %s", WINE, "hello", extra=about(WINE)))

    assert line.endswith("WARNING kanaria.test: ModelDeployment team/wine: hello")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no credentials", "no credentials"),
        ("at https://user:hush@host/x", "at https://host/x"),
        ("at https://hush@host/x and http://a:hush@b", "at https://host/x and http://b"),
        ("Authorization: Bearer abc.def-ghijk", "Authorization: Bearer …"),
        ("{'Authorization': 'Basic dXNlcjpodXNo'}", "{'Authorization': 'Basic …'}"),
        ("a mail to a@b.example and Basic rules", "a mail to a@b.example and Basic rules"),
    ],
)
def test_what_looks_like_a_credential_is_blotted_out(text: str, shown: str):
    assert blotted(text) == shown


@pytest.mark.parametrize(
    ("body", "stands_at"),
    [
        pytest.param({}, {}, id="nothing known"),
        pytest.param({"status": {"lastAttemptedRevision": "main@sha1:c0ffee"}}, {"commit": "c0ffee"}, id="a sync"),
        pytest.param(
            {"status": {"trial": {"id": "8-abc", "revision": "c0ffee"}}},
            {"commit": "c0ffee", "trial": "8-abc"},
            id="a deployment",
        ),
        pytest.param(
            {"kind": "MLPipelineRun", "spec": {"revision": "c0ffee"}, "status": {"tracking": {"runId": "r1"}}},
            {"commit": "c0ffee", "run": "r1"},
            id="a run",
        ),
    ],
)
def test_commit_run_and_trial_are_told_where_the_object_stands_at_one(body: dict[str, Any], stands_at: dict[str, str]):
    fields = about(WINE, body)["fields"]

    assert fields == {"kind": "ModelDeployment", "namespace": "team", "name": "wine"} | stands_at
