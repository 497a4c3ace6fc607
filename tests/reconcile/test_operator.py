"""The engine as a whole, against a local API server, with passes that a test wrote."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kanaria.local.api_client import EVENTS, Api, Resource
from kanaria.local.apiserver import ApiServer
from kanaria.reconcile.world import World
from kanaria.vocabulary import Apply, Delete, Notice, ObjectName, ObjectRef, Plan, Watch, WriteStatus, marks
from operator_world import an_operator
from waiting import eventually

API = "kanaria.dev/v1alpha1"
POLICIES = Resource(API, "metricpolicies", "MetricPolicy")
MAPS = Resource("v1", "configmaps", "ConfigMap")
METRIC = {"name": "accuracy", "mlflow": {"key": "accuracy"}, "threshold": {"min": 0.9}}
Pass = Callable[[ObjectName, World], Plan | None]


def ref(name: str = "wine") -> ObjectRef:
    return ObjectRef(API, "MetricPolicy", "default", name)


async def make(api: Api, name: str = "wine", **metadata: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default", **metadata}
    policy = {"apiVersion": API, "kind": "MetricPolicy", "metadata": metadata, "spec": {"metrics": [METRIC]}}
    return await api.create(POLICIES, policy)


async def condition(api: Api, name: str = "wine") -> dict[str, Any]:
    found = await api.get(POLICIES, "default", name)
    return next(iter((found.get("status") or {}).get("conditions", [])), {})


def ready(reason: str, message: str = "") -> dict[str, Any]:
    moment = "2026-01-15T12:00:00Z"
    told = {"type": "Ready", "status": "True", "reason": reason, "message": message, "lastTransitionTime": moment}
    return {"conditions": [told]}


def greeting(name: ObjectName, world: World) -> Plan | None:
    """Says that it was here, once."""
    policy = world.objects.get(ref(name.name))
    if policy is None or policy.get("status") == ready("Succeeded"):
        return None if policy is None else Plan()
    return Plan(acts=(WriteStatus(ready("Succeeded")),), notices=(Notice("Normal", "Succeeded", "hello"),))


def a_map(owner: dict[str, Any]) -> dict[str, Any]:
    metadata = {
        "name": f"{owner['metadata']['name']}-child",
        "namespace": "default",
        "labels": {"watched": "yes", marks.OWNER: f"metricpolicy.{owner['metadata']['name']}"},
    }
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}


def keeping_a_child(name: ObjectName, world: World) -> Plan | None:
    """Wants a ConfigMap, and makes it again when it goes."""
    policy, watch = world.objects.get(ref(name.name)), Watch("v1", "ConfigMap", "watched")
    if policy is None:
        return None
    child = a_map(policy)
    there = world.objects.get(ObjectRef.of(child))
    return Plan(acts=(Apply(child),) if world.objects.synced(watch) and there is None else (), watches=(watch,))


async def test_an_object_is_visited_its_status_written_and_its_users_told(api: Api, server: ApiServer, tmp_path: Path):
    async with an_operator(server.url, tmp_path, token="t", plans={"MetricPolicy": greeting}):
        await make(api)
        await eventually(lambda: _reason(api, "Succeeded"))
        events = await eventually(lambda: _events(api))

    assert [(event["reason"], event["count"]) for event in events] == [("Succeeded", 1)]


async def _reason(api: Api, reason: str, name: str = "wine") -> bool:
    return (await condition(api, name)).get("reason") == reason


async def _events(api: Api) -> list[dict[str, Any]]:
    return (await api.list(EVENTS, "default"))["items"]


async def test_at_rest_nothing_is_written(api: Api, server: ApiServer, tmp_path: Path):
    visits: list[str] = []

    def counted(name: ObjectName, world: World) -> Plan | None:
        visits.append(name.name)
        return greeting(name, world)

    async with an_operator(server.url, tmp_path, token="t", plans={"MetricPolicy": counted}):
        await make(api)
        await eventually(lambda: _reason(api, "Succeeded"))
        settled = (await api.get(POLICIES, "default", "wine"))["metadata"]["resourceVersion"]
        for number in range(5):
            await make(api, f"other-{number}")
        await eventually(lambda: len(set(visits)) == 6)

        assert (await api.get(POLICIES, "default", "wine"))["metadata"]["resourceVersion"] == settled
        assert visits.count("wine") <= 3


async def test_what_a_pass_wants_watched_is_at_hand_and_pokes_its_owner(api: Api, server: ApiServer, tmp_path: Path):
    async with an_operator(server.url, tmp_path, token="t", plans={"MetricPolicy": keeping_a_child}) as operator:
        await make(api)
        child = ObjectRef("v1", "ConfigMap", "default", "wine-child")
        first = await eventually(lambda: operator.objects.get(child))
        await api.delete(MAPS, "default", "wine-child")

        def again() -> bool:
            now = operator.objects.get(child)
            return now is not None and now["metadata"]["uid"] != first["metadata"]["uid"]

        await eventually(again)


async def test_a_child_that_was_made_is_seen_by_the_next_visit(api: Api, server: ApiServer, tmp_path: Path):
    applied: list[str] = []

    def counted(name: ObjectName, world: World) -> Plan | None:
        plan = keeping_a_child(name, world)
        applied.extend(name.name for _ in (plan.acts if plan else ()))
        return plan

    async with an_operator(server.url, tmp_path, token="t", plans={"MetricPolicy": counted}) as operator:
        for number in range(10):
            await make(api, f"p{number}")
        children = [ObjectRef("v1", "ConfigMap", "default", f"p{number}-child") for number in range(10)]
        await eventually(lambda: all(operator.objects.get(child) for child in children))

    assert sorted(applied) == sorted(f"p{number}" for number in range(10))


async def test_a_failure_is_shown_to_the_pass_and_mended_later(api: Api, server: ApiServer, tmp_path: Path):
    namespaces = Resource("v1", "namespaces", "Namespace", namespaced=False)
    child = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "later"}}

    def elsewhere(name: ObjectName, world: World) -> Plan | None:
        failure = world.failure(ref(name.name))
        said = ready("Forbidden" if failure else "Succeeded", failure.message if failure else "")
        live = world.objects.get(ref(name.name)) or {}
        status = () if live.get("status") == said else (WriteStatus(said),)
        return Plan(acts=(*status, Apply(child)) if failure else (Apply(child), *status))

    async with an_operator(server.url, tmp_path, token="t", plans={"MetricPolicy": elsewhere}):
        await make(api)
        await eventually(lambda: _reason(api, "Forbidden"))
        told = (await condition(api))["message"]
        await api.create(namespaces, {"metadata": {"name": "later"}})
        await eventually(lambda: _reason(api, "Succeeded"))

    assert "later" in told


async def test_one_broken_pass_harms_no_other_object(api: Api, server: ApiServer, tmp_path: Path):
    def picky(name: ObjectName, world: World) -> Plan | None:
        if name.name == "bad":
            raise ZeroDivisionError
        return greeting(name, world)

    async with an_operator(server.url, tmp_path, token="t", plans={"MetricPolicy": picky}):
        await make(api, "bad")
        await make(api, "good")
        await eventually(lambda: _reason(api, "Succeeded", "good"))
        await eventually(lambda: _reason(api, "InternalError", "bad"))


async def test_objects_that_were_there_before_the_start_are_visited(api: Api, server: ApiServer, tmp_path: Path):
    await make(api)
    async with an_operator(server.url, tmp_path, token="t", plans={"MetricPolicy": greeting}):
        await eventually(lambda: _reason(api, "Succeeded"))


async def test_an_object_that_is_deleted_by_its_own_plan_is_forgotten(api: Api, server: ApiServer, tmp_path: Path):
    def fleeting(name: ObjectName, world: World) -> Plan | None:
        there = world.objects.get(ref(name.name))
        return Plan(acts=(Delete(ref(name.name)),)) if there else None

    async with an_operator(server.url, tmp_path, token="t", plans={"MetricPolicy": fleeting}) as operator:
        await make(api)
        await eventually(lambda: operator.objects.get(ref()) is None)
        await eventually(lambda: operator.term and operator.term.visits.known == 0)
