"""Deletion: finalizers, preconditions, grace, what is owned, and namespaces."""

from typing import Any

import pytest

from api_caller import Cluster, Widgets, a_config_map, a_job, a_pod, owned
from waiting import eventually


async def is_gone(cluster: Cluster, path: str) -> bool:
    return (await cluster.get(path)).code == 404


async def has_no_owner(cluster: Cluster, path: str) -> bool:
    answer = await cluster.get(path)
    return answer.code == 200 and "ownerReferences" not in answer.meta


async def test_a_deletion_answers_what_went(cluster: Cluster) -> None:
    made = await cluster.create(cluster.at("configmaps"), a_config_map())
    gone = await cluster.delete(cluster.at("configmaps", "a"))

    assert (gone.code, gone.body["status"]) == (200, "Success")
    assert gone.body["details"] == {"name": "a", "kind": "configmaps", "uid": made.meta["uid"]}
    assert await is_gone(cluster, cluster.at("configmaps", "a"))
    assert (await cluster.delete(cluster.at("configmaps", "a"))).code == 404


async def test_a_finalizer_holds_an_object_until_it_is_taken_away(cluster: Cluster) -> None:
    path = cluster.at("configmaps", "a")
    await cluster.create(cluster.at("configmaps"), {"metadata": {"name": "a", "finalizers": ["x.dev/hold"]}})
    held = await cluster.delete(path)
    more = await cluster.patch(path, {"metadata": {"finalizers": ["x.dev/hold", "x.dev/more"]}})
    freed = await cluster.patch(path, {"metadata": {"finalizers": None}})

    assert held.meta["deletionTimestamp"]
    assert held.meta["deletionGracePeriodSeconds"] == 0
    assert (more.code, more.body["reason"]) == (422, "Invalid")
    assert freed.code == 200
    assert await is_gone(cluster, path)


async def test_a_second_deletion_of_a_held_object_changes_nothing(cluster: Cluster) -> None:
    path = cluster.at("configmaps", "a")
    await cluster.create(cluster.at("configmaps"), {"metadata": {"name": "a", "finalizers": ["x.dev/hold"]}})
    first = await cluster.delete(path)
    second = await cluster.delete(path)
    await cluster.patch(path, {"metadata": {"finalizers": None}})

    assert first.meta["resourceVersion"] == second.meta["resourceVersion"]


@pytest.mark.parametrize("part", ["uid", "resourceVersion"])
async def test_a_precondition_that_does_not_hold_keeps_the_object(cluster: Cluster, part: str) -> None:
    await cluster.create(cluster.at("configmaps"), a_config_map())
    path = cluster.at("configmaps", "a")
    refused = await cluster.delete(path, preconditions={part: "1"})

    assert (refused.code, refused.body["reason"]) == (409, "Conflict")
    assert (await cluster.get(path)).code == 200


async def family(cluster: Cluster, **marks: bool) -> tuple[dict[str, Any], str, str]:
    """An owner with a child; the owner and the paths of both."""
    maps = cluster.at("configmaps")
    owner = (await cluster.create(maps, a_config_map("owner"))).body
    await cluster.create(maps, owned(a_config_map("child"), owner, **marks))
    return owner, f"{maps}/owner", f"{maps}/child"


async def test_what_is_owned_goes_with_its_owner(cluster: Cluster) -> None:
    _, owner, child = await family(cluster)
    await cluster.delete(owner, propagationPolicy="Background")

    await eventually(lambda: is_gone(cluster, child))


async def test_orphans_stay_and_forget_their_owner(cluster: Cluster) -> None:
    _, owner, child = await family(cluster)
    await cluster.delete(owner, propagationPolicy="Orphan")

    await eventually(lambda: is_gone(cluster, owner))
    assert await has_no_owner(cluster, child)


async def test_in_the_foreground_the_owner_waits_for_what_blocks_it(cluster: Cluster) -> None:
    _, owner, child = await family(cluster, blockOwnerDeletion=True)
    await cluster.patch(child, {"metadata": {"finalizers": ["x.dev/hold"]}})
    going = await cluster.delete(owner, propagationPolicy="Foreground")
    await eventually(lambda: is_going(cluster, child))

    assert going.meta["finalizers"] == ["foregroundDeletion"]
    assert (await cluster.get(owner)).code == 200
    await cluster.patch(child, {"metadata": {"finalizers": None}})
    await eventually(lambda: is_gone(cluster, owner))


async def is_going(cluster: Cluster, path: str) -> bool:
    return "deletionTimestamp" in (await cluster.get(path)).meta


async def test_what_has_two_owners_stays_with_the_other(cluster: Cluster) -> None:
    maps = cluster.at("configmaps")
    one = (await cluster.create(maps, a_config_map("one"))).body
    two = (await cluster.create(maps, a_config_map("two"))).body
    child = owned(a_config_map("child"), one)
    child["metadata"]["ownerReferences"] += owned({"metadata": {}}, two)["metadata"]["ownerReferences"]
    await cluster.create(maps, child)
    await cluster.delete(f"{maps}/one")
    await eventually(lambda: owned_only_by(cluster, f"{maps}/child", "two"))


async def owned_only_by(cluster: Cluster, path: str, owner: str) -> bool:
    owners = (await cluster.get(path)).meta["ownerReferences"]
    return [each["name"] for each in owners] == [owner]


async def test_what_names_an_owner_that_never_was_goes(cluster: Cluster) -> None:
    nobody = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "none", "uid": "no-such-uid"}}
    await cluster.create(cluster.at("configmaps"), owned(a_config_map("child"), nobody))

    await eventually(lambda: is_gone(cluster, cluster.at("configmaps", "child")))


async def test_generations_of_owners_go_together(cluster: Cluster) -> None:
    maps = cluster.at("configmaps")
    _, owner, child = await family(cluster)
    middle = (await cluster.get(child)).body
    await cluster.create(maps, owned(a_config_map("grandchild"), middle))
    await cluster.delete(owner)

    await eventually(lambda: is_gone(cluster, f"{maps}/grandchild"))


async def test_a_job_deleted_without_a_word_leaves_its_pods(cluster: Cluster) -> None:
    job = (await cluster.create(cluster.at("jobs"), a_job() | {"spec": a_job()["spec"] | {"suspend": True}})).body
    await cluster.create(cluster.at("pods"), owned(a_pod("child"), job))
    await cluster.delete(cluster.at("jobs", "a"))

    await eventually(lambda: is_gone(cluster, cluster.at("jobs", "a")))
    assert await has_no_owner(cluster, cluster.at("pods", "child"))


async def test_a_pod_that_runs_nowhere_goes_at_once(cluster: Cluster) -> None:
    await cluster.create(cluster.at("pods"), a_pod(schedulerName="nobody"))
    gone = await cluster.delete(cluster.at("pods", "a"))

    assert gone.body["kind"] == "Pod"
    assert await is_gone(cluster, cluster.at("pods", "a"))


async def test_a_running_pod_has_its_grace_until_the_kubelet_says_so(cluster: Cluster) -> None:
    path = cluster.at("pods", "a")
    await cluster.create(cluster.at("pods"), a_pod(nodeName="no-such-node", terminationGracePeriodSeconds=7))
    going = await cluster.delete(path)
    assert (await cluster.get(path)).meta["deletionGracePeriodSeconds"] == 7

    assert going.meta["deletionGracePeriodSeconds"] == 7
    await cluster.delete(path, gracePeriodSeconds=0)
    assert await is_gone(cluster, path)


async def test_a_selection_is_deleted_at_once(cluster: Cluster) -> None:
    maps = cluster.at("configmaps")
    for name in ("a", "b"):
        await cluster.create(maps, {"metadata": {"name": name, "labels": {"go": name}}})
    gone = await cluster.delete(f"{maps}?labelSelector=go=a")

    assert gone.code == 200
    assert await is_gone(cluster, f"{maps}/a")
    assert not await is_gone(cluster, f"{maps}/b")


async def test_a_namespace_takes_its_content_along(cluster: Cluster) -> None:
    name = f"{cluster.namespace}-more"
    await cluster.create("/api/v1/namespaces", {"metadata": {"name": name}})
    inside = f"/api/v1/namespaces/{name}/configmaps"
    await cluster.create(inside, {"metadata": {"name": "held", "finalizers": ["x.dev/hold"]}})
    await cluster.create(inside, a_config_map("free"))
    going = await cluster.delete(f"/api/v1/namespaces/{name}")
    await eventually(lambda: is_gone(cluster, f"{inside}/free"))
    late = await cluster.create(inside, a_config_map("late"))

    assert going.body["status"]["phase"] == "Terminating"
    assert (late.code, late.body["reason"]) == (403, "Forbidden")
    await cluster.patch(f"{inside}/held", {"metadata": {"finalizers": None}})
    await eventually(lambda: is_gone(cluster, f"/api/v1/namespaces/{name}"))


async def test_a_definition_takes_its_objects_along(widgets: Widgets) -> None:
    path, cluster = await widgets.define(), widgets.cluster
    await cluster.create(path, widgets.made())
    await cluster.delete(widgets.definition)

    await eventually(lambda: is_gone(cluster, widgets.definition))
    await eventually(lambda: is_gone(cluster, path))
