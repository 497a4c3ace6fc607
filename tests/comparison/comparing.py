"""How two answers differ, once what must differ is made alike: uids, revisions, the time of day, made-up names."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

from comparison.playing import Heard, at
from comparison.recorded import Step

_UID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_TIME = re.compile(r"\b(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
_MADE_UP = re.compile(r"\bmade-up-[a-z0-9]{5}\b")
_AGE = re.compile(r"^\d+s$")
_CONTROLLERS = {"kube-controller-manager", "kube-scheduler", "kwok"}
_TODAY = timedelta(days=3)


class Alike:
    """What one side's answers look like with its own uids, revisions and names replaced; remembers what it has seen."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._uids: dict[str, str] = {}
        self._revisions: dict[tuple[str, str], str] = {}

    def made(self, heard: Heard, step: Step) -> Any:
        """An answer as it is compared."""
        body = reduce(lambda part, key: part[key], step.only, heard.body)
        whole = {"code": heard.code, "form": heard.form, "warnings": list(heard.warnings), "body": body}
        text = json.dumps(whole, sort_keys=True)
        text = _UID.sub(lambda found: self._uid(found[0], step), text)
        text = _TIME.sub(self._moment, _MADE_UP.sub("made-up-", text))
        alike = _in_order(self._revised(json.loads(text)))
        for path in step.apart:
            _drop(alike["body"], path.split("."))
        return alike

    def _uid(self, uid: str, step: Step) -> str:
        """A uid by the step that it was first seen in."""
        seen = sum(name.startswith(f"uid of {step}#") for name in self._uids.values())
        return self._uids.setdefault(uid, f"uid of {step}#{seen + 1}")

    def _moment(self, found: re.Match[str]) -> str:
        given = abs(datetime.fromisoformat(found[1]).replace(tzinfo=UTC) - self._now) > _TODAY
        return found[0] if given else "<now, to the microsecond>" if found[2] else "<now>"

    def _revised(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._revised(item) for item in value]
        if not isinstance(value, dict):
            return value
        value = {name: self._revised(part) for name, part in value.items()}
        if "resourceVersion" in value:
            value["resourceVersion"] = self._revision(value.get("uid", ""), value["resourceVersion"])
        if "continue" in value:
            value["continue"] = "<token>"
        if "cells" in value:
            value["cells"] = ["<age>" if _AGE.match(str(cell)) else cell for cell in value["cells"]]
        if "managedFields" in value:
            ours = [each for each in value["managedFields"] if each["manager"] not in _CONTROLLERS]
            value["managedFields"] = {_named(each): each for each in ours}
        return value

    def _revision(self, uid: str, revision: str) -> str:
        """The revisions of an object by number: a write that changes nothing must be seen to make none."""
        if not uid or not revision:
            return "<revision>" if revision else ""
        count = sum(of == uid for of, _ in self._revisions)
        return self._revisions.setdefault((uid, revision), f"revision {count + 1} of {uid}")


def _in_order(alike: dict[str, Any]) -> dict[str, Any]:
    """An answer with its causes and resources in one order: the real server's is random, also in the message."""
    resources = at(alike["body"], "resources")
    if resources:
        alike["body"]["resources"] = sorted(resources, key=lambda resource: resource["name"])
    causes = at(alike["body"], "details.causes") or []
    if len(causes) > 1:
        alike["body"]["details"]["causes"] = sorted(
            causes, key=lambda cause: (cause.get("field", ""), cause["message"])
        )
        alike["body"]["message"] = alike["body"]["message"].partition(": ")[0]
    return alike


def answers_differ(local: Any, real: Any) -> Iterator[tuple[str, str]]:
    """Where two answers differ, and how; where already the codes do, the rest says no more."""
    if local["code"] == real["code"]:
        yield from differences(local, real)
    else:
        told = [f"{each['code']} {at(each['body'], 'message') or ''}" for each in (local, real)]
        yield "code", f"local {told[0]}, real {told[1]}"


def _named(entry: dict[str, Any]) -> str:
    return "/".join(filter(None, (entry["manager"], entry["operation"], entry.get("subresource"))))


def _drop(value: Any, path: list[str]) -> None:
    *above, last = path
    held = at(value, ".".join(above)) if above else value
    if isinstance(held, dict):
        held.pop(last, None)


_ABSENT = object()


def differences(local: Any, real: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Where two answers differ, and how."""
    if local == real and type(local) is type(real):
        return
    if isinstance(local, dict) and isinstance(real, dict):
        for name in sorted(local.keys() | real.keys()):
            yield from differences(local.get(name, _ABSENT), real.get(name, _ABSENT), f"{path}.{name}".lstrip("."))
    elif isinstance(local, list) and isinstance(real, list):
        for index in range(max(len(local), len(real))):
            mine, theirs = (side[index] if index < len(side) else _ABSENT for side in (local, real))
            yield from differences(mine, theirs, f"{path}[{index}]")
    else:
        yield path, f"local {_shown(local)}, real {_shown(real)}"


def _shown(value: Any) -> str:
    return "nothing" if value is _ABSENT else json.dumps(value)
