"""What a Job's podFailurePolicy says about one failed Pod."""

from __future__ import annotations

from kanaria.local.api_client import Thing
from kanaria.local.controllers.pods import condition, phase


def broken_rule(job: Thing, pod: Thing) -> str | None:
    """The sentence of the FailJob rule this Pod matches, if it does."""
    found = _first_match(job, pod)
    if found is None or found[1]["action"] != "FailJob":
        return None
    place, _ = found
    name = f"{pod['metadata'].get('namespace', '')}/{pod['metadata']['name']}"
    return f"{_cause(pod)} for pod {name} failed matching FailJob rule at index {place}"


def is_ignored(job: Thing, pod: Thing) -> bool:
    """Whether this failure does not count against the backoffLimit."""
    found = _first_match(job, pod)
    return found is not None and found[1]["action"] == "Ignore"


def _first_match(job: Thing, pod: Thing) -> tuple[int, Thing] | None:
    if phase(pod) != "Failed":
        return None
    rules = (job["spec"].get("podFailurePolicy") or {}).get("rules", [])
    return next(((place, rule) for place, rule in enumerate(rules) if _matches(rule, pod)), None)


def _matches(rule: Thing, pod: Thing) -> bool:
    codes = rule.get("onExitCodes")
    if codes:
        return any(_code_matches(codes, name, code) for name, code in _exit_codes(pod))
    wanted = rule.get("onPodConditions") or []
    return any(_condition_matches(each, pod) for each in wanted)


def _code_matches(codes: Thing, container: str, code: int) -> bool:
    if codes.get("containerName") not in {None, "", container} or code == 0:
        return False
    listed = code in codes["values"]
    return listed if codes["operator"] == "In" else not listed


def _condition_matches(wanted: Thing, pod: Thing) -> bool:
    found = condition(pod, wanted["type"])
    return found is not None and found["status"] == wanted.get("status", "True")


def _exit_codes(pod: Thing) -> list[tuple[str, int]]:
    status = pod.get("status", {})
    all_of_them = (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or [])
    ends = [(each["name"], each.get("state", {}).get("terminated")) for each in all_of_them]
    return [(name, int(end["exitCode"])) for name, end in ends if end]


def _cause(pod: Thing) -> str:
    failed = [f"Container {name}" for name, code in _exit_codes(pod) if code != 0]
    codes = [str(code) for _, code in _exit_codes(pod) if code != 0]
    return f"{failed[0]} with exit code {codes[0]}" if failed else "A condition"
