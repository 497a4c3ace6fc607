"""What the router writes into an HTTPRoute's status."""

from __future__ import annotations

from typing import Any

from kanaria.local.api_client import Thing
from kanaria.local.router.acceptance import CONTROLLER, status_of

NOW = "2026-01-01T00:00:00Z"
LATER = "2026-01-01T00:01:00Z"


def a_route(generation: int = 1, status: Thing | None = None) -> Thing:
    spec = {"parentRefs": [{"name": "gateway", "namespace": "kserve"}], "rules": [{"backendRefs": [{"name": "wine"}]}]}
    meta = {"name": "wine", "namespace": "cellar", "generation": generation}
    return {"metadata": meta, "spec": spec} | ({"status": status} if status else {})


def there(_namespace: str, _service: str) -> bool:
    return True


def gone(_namespace: str, _service: str) -> bool:
    return False


def written(route: Thing, now: str = NOW, **options: Any) -> Thing:
    status = status_of(route, options.get("exists", there), now)
    assert status is not None
    return status


def test_a_route_is_accepted_for_its_gateway_with_the_generation_obeyed():
    parent = written(a_route(generation=3))["parents"][0]

    assert (parent["controllerName"], parent["parentRef"]["name"]) == (CONTROLLER, "gateway")
    assert {(c["type"], c["status"], c["observedGeneration"]) for c in parent["conditions"]} == {
        ("Accepted", "True", 3),
        ("ResolvedRefs", "True", 3),
    }


def test_a_missing_service_is_an_unresolved_reference():
    resolved = written(a_route(), exists=gone)["parents"][0]["conditions"][1]

    assert (resolved["status"], resolved["reason"]) == ("False", "BackendNotFound")


def test_what_stands_there_already_is_not_written_again():
    assert status_of(a_route(status=written(a_route())), there, LATER) is None


def test_a_new_generation_keeps_the_time_of_a_condition_that_did_not_turn():
    before = written(a_route())

    after = written(a_route(generation=2, status=before), LATER)

    accepted = after["parents"][0]["conditions"][0]
    assert (accepted["observedGeneration"], accepted["lastTransitionTime"]) == (2, NOW)


def test_a_condition_that_turns_bears_the_new_time():
    before = written(a_route())

    after = written(a_route(status=before), LATER, exists=gone)

    assert after["parents"][0]["conditions"][1]["lastTransitionTime"] == LATER


def test_the_word_of_another_gateway_is_left_alone():
    other = {"controllerName": "other", "parentRef": {"name": "gateway"}, "conditions": []}

    after = written(a_route(status={"parents": [other]}))

    assert after["parents"][0] == other
    assert len(after["parents"]) == 2
