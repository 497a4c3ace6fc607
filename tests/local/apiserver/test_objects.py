"""Objects are created, read, replaced and kept as on a cluster."""

from typing import Any

import pytest

from api_caller import MERGE, Cluster, a_config_map, a_deployment, a_job, a_pod


async def test_an_object_is_created_read_and_listed(cluster: Cluster) -> None:
    maps = cluster.at("configmaps")
    made = await cluster.create(maps, a_config_map("a", key="value"))
    read = await cluster.get(f"{maps}/a")
    listed = await cluster.get(f"{maps}?labelSelector=!kubernetes.io/x&fieldSelector=metadata.name=a")

    assert (made.code, read.code, listed.code) == (201, 200, 200)
    assert made.body == read.body
    assert [each["data"] for each in listed.body["items"]] == [{"key": "value"}]
    assert listed.body["kind"] == "ConfigMapList"


async def test_a_created_object_bears_what_the_server_adds(cluster: Cluster) -> None:
    sent = a_deployment() | {"status": {"replicas": 9}}
    made = await cluster.create(cluster.at("deployments"), sent)

    assert made.meta["namespace"] == cluster.namespace
    assert made.meta["generation"] == 1
    assert made.meta["creationTimestamp"].endswith("Z")
    assert len(made.meta["uid"]) == 36
    assert made.body["status"] == {}


async def test_a_name_is_made_up_from_a_prefix(cluster: Cluster) -> None:
    sent = {"metadata": {"generateName": "run-"}}
    made = [await cluster.create(cluster.at("configmaps"), sent) for _ in range(2)]
    names = {each.meta["name"] for each in made}

    assert len(names) == 2
    assert all(name.startswith("run-") and len(name) == 9 for name in names)


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        pytest.param({"metadata": {"name": "A_b"}}, 422, "Invalid", id="a name with capitals"),
        pytest.param({"metadata": {}}, 422, "Invalid", id="no name"),
        pytest.param({"metadata": {"name": "taken"}}, 409, "AlreadyExists", id="a taken name"),
        pytest.param({"metadata": {"name": "a", "namespace": "elsewhere"}}, 400, "BadRequest", id="another namespace"),
        pytest.param({"kind": "Secret"}, 400, "BadRequest", id="another kind"),
        pytest.param({"apiVersion": "v2"}, 400, "BadRequest", id="another version"),
    ],
)
async def test_what_cannot_be_created_is_refused(
    cluster: Cluster, change: dict[str, Any], code: int, reason: str
) -> None:
    maps = cluster.at("configmaps")
    await cluster.create(maps, a_config_map("taken"))
    refused = await cluster.create(maps, a_config_map("a") | change)

    assert (refused.code, refused.body["reason"]) == (code, reason)
    assert refused.body["kind"] == "Status"


async def test_an_object_needs_a_namespace_that_exists(cluster: Cluster) -> None:
    refused = await cluster.create("/api/v1/namespaces/nowhere/configmaps", a_config_map())

    assert (refused.code, refused.body["message"]) == (404, 'namespaces "nowhere" not found')


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/api/v1/namespaces/default/configmaps/none", id="an absent object"),
        pytest.param("/api/v1/namespaces/default/nothings", id="an unknown resource"),
        pytest.param("/apis/nobody.example.com/v1/widgets", id="an unknown group"),
        pytest.param("/apis/batch/v9", id="an unknown version"),
        pytest.param("/api/v1/namespaces/default/configmaps/a/status", id="an unknown subresource"),
        pytest.param("/nothing", id="an unknown path"),
    ],
)
async def test_what_is_not_there_is_not_found(cluster: Cluster, path: str) -> None:
    assert (await cluster.get(path)).code == 404


async def test_a_write_that_changes_nothing_keeps_the_revision(cluster: Cluster) -> None:
    maps = cluster.at("configmaps")
    made = await cluster.create(maps, a_config_map("a", x="1"))
    patched = await cluster.patch(f"{maps}/a", {"data": {"x": "1"}}, MERGE)
    replaced = await cluster.replace(f"{maps}/a", made.body)

    assert patched.meta["resourceVersion"] == made.meta["resourceVersion"]
    assert replaced.meta["resourceVersion"] == made.meta["resourceVersion"]


async def test_a_stale_replacement_is_a_conflict(cluster: Cluster) -> None:
    maps = cluster.at("configmaps")
    made = await cluster.create(maps, a_config_map())
    await cluster.patch(f"{maps}/a", {"data": {"x": "1"}})
    stale = await cluster.replace(f"{maps}/a", made.body)
    fresh = await cluster.replace(f"{maps}/a", a_config_map("a", y="2"))

    assert (stale.code, stale.body["reason"]) == (409, "Conflict")
    assert (fresh.code, fresh.body["data"]) == (200, {"y": "2"})
    assert fresh.meta["uid"] == made.meta["uid"]


@pytest.mark.parametrize(
    ("meta", "code"),
    [
        pytest.param({"name": "b"}, 400, id="another name"),
        pytest.param({"name": "a", "uid": "00000000-0000-0000-0000-000000000000"}, 409, id="another uid"),
        pytest.param({"name": "a", "resourceVersion": "1"}, 409, id="another revision"),
    ],
)
async def test_a_replacement_must_mean_this_object(cluster: Cluster, meta: dict[str, str], code: int) -> None:
    maps = cluster.at("configmaps")
    await cluster.create(maps, a_config_map())

    assert (await cluster.replace(f"{maps}/a", {"metadata": meta})).code == code


async def test_a_dry_run_tells_and_keeps_nothing(cluster: Cluster) -> None:
    maps = cluster.at("configmaps")
    made = await cluster.create(f"{maps}?dryRun=All", a_config_map("dry"))
    await cluster.create(maps, a_config_map("a"))
    patched = await cluster.patch(f"{maps}/a?dryRun=All", {"data": {"x": "1"}})
    deleted = await cluster.delete(f"{maps}/a?dryRun=All")

    assert (made.code, patched.body["data"], deleted.code) == (201, {"x": "1"}, 200)
    assert (await cluster.get(f"{maps}/dry")).code == 404
    assert "data" not in (await cluster.get(f"{maps}/a")).body


@pytest.mark.parametrize(
    ("plural", "sent", "where", "expected"),
    [
        pytest.param("pods", a_pod(), ("spec", "restartPolicy"), "Always", id="a Pod restarts"),
        pytest.param("pods", a_pod(), ("status", "phase"), "Pending", id="a Pod is pending"),
        pytest.param("jobs", a_job(), ("spec", "backoffLimit"), 6, id="a Job is tried again six times"),
        pytest.param("jobs", a_job(), ("spec", "completions"), 1, id="a Job is one completion"),
        pytest.param("jobs", a_job(), ("spec", "parallelism"), 1, id="a Job runs one Pod"),
        pytest.param(
            "deployments", a_deployment(), ("spec", "strategy", "type"), "RollingUpdate", id="a Deployment rolls"
        ),
        pytest.param(
            "secrets",
            {"metadata": {"name": "a"}, "stringData": {"k": "v"}},
            ("data", "k"),
            "dg==",
            id="a Secret encodes",
        ),
    ],
)
async def test_built_in_types_fill_in_what_is_left_out(
    cluster: Cluster, plural: str, sent: dict[str, Any], where: tuple[str, ...], expected: object
) -> None:
    value: Any = (await cluster.create(cluster.at(plural), sent)).body
    for part in where:
        value = value[part]

    assert value == expected


async def test_a_container_reports_by_its_termination_message(cluster: Cluster) -> None:
    made = await cluster.create(cluster.at("pods"), a_pod())

    assert made.body["spec"]["containers"][0]["terminationMessagePath"] == "/dev/termination-log"


async def test_a_job_selects_its_own_pods(cluster: Cluster) -> None:
    made = (await cluster.create(cluster.at("jobs"), a_job())).body
    selected = made["spec"]["selector"]["matchLabels"]
    labels = made["spec"]["template"]["metadata"]["labels"]

    assert selected == {"batch.kubernetes.io/controller-uid": made["metadata"]["uid"]}
    assert labels["job-name"] == labels["batch.kubernetes.io/job-name"] == "a"
    assert selected.items() <= labels.items()


@pytest.mark.parametrize(
    ("plural", "sent", "patch"),
    [
        pytest.param(
            "jobs", a_job(), {"spec": {"template": {"spec": {"restartPolicy": "OnFailure"}}}}, id="Job template"
        ),
        pytest.param(
            "deployments", a_deployment(), {"spec": {"selector": {"matchLabels": {"b": "c"}}}}, id="Deployment selector"
        ),
        pytest.param(
            "configmaps", a_config_map("a", k="v") | {"immutable": True}, {"data": {"k": "w"}}, id="immutable ConfigMap"
        ),
    ],
)
async def test_what_is_fixed_cannot_be_changed(
    cluster: Cluster, plural: str, sent: dict[str, Any], patch: dict[str, Any]
) -> None:
    await cluster.create(cluster.at(plural), sent)
    refused = await cluster.patch(cluster.at(plural, "a"), patch)

    assert (refused.code, refused.body["reason"]) == (422, "Invalid")


async def test_status_and_spec_have_a_path_each(cluster: Cluster) -> None:
    path = cluster.at("deployments")
    await cluster.create(path, a_deployment())
    main = await cluster.patch(f"{path}/a", {"spec": {"replicas": 2}, "status": {"replicas": 7}})
    below = await cluster.patch(f"{path}/a/status", {"spec": {"replicas": 3}, "status": {"replicas": 2}})

    assert (main.body["spec"]["replicas"], main.meta["generation"]) == (2, 2)
    assert main.body["status"].get("replicas") != 7
    assert (below.body["spec"]["replicas"], below.body["status"]["replicas"], below.meta["generation"]) == (2, 2, 2)


async def test_a_deployment_is_scaled_by_its_scale(cluster: Cluster) -> None:
    path = cluster.at("deployments")
    await cluster.create(path, a_deployment())
    scaled = await cluster.patch(f"{path}/a/scale", {"spec": {"replicas": 3}})
    read = await cluster.get(f"{path}/a/scale")

    assert scaled.body["kind"] == "Scale"
    assert (read.body["spec"]["replicas"], read.body["status"]["selector"]) == (3, "app=a")
    assert (await cluster.get(f"{path}/a")).body["spec"]["replicas"] == 3


async def test_both_event_apis_show_the_same_events(cluster: Cluster) -> None:
    about = {"kind": "Pod", "name": "a", "namespace": cluster.namespace}
    sent = {
        "metadata": {"name": "e"},
        "involvedObject": about,
        "message": "hello",
        "reason": "Greeted",
        "type": "Normal",
    }
    await cluster.create(cluster.at("events"), sent)
    newer = await cluster.get(f"/apis/events.k8s.io/v1/namespaces/{cluster.namespace}/events/e")

    assert (newer.body["apiVersion"], newer.body["note"]) == ("events.k8s.io/v1", "hello")
    assert newer.body["regarding"]["name"] == "a"


@pytest.mark.parametrize(
    ("plural", "sent", "code", "told"),
    [
        pytest.param(
            "configmaps", {"metadata": {"name": "a", "labels": {"x": "-"}}}, 422, "a valid label", id="label value"
        ),
        pytest.param("configmaps", {"metadata": {"name": "a", "labels": {"x": "y" * 64}}}, 422, "63", id="long label"),
        pytest.param(
            "configmaps", {"metadata": {"name": "a", "labels": {"/": "y"}}}, 422, "Invalid value", id="label key"
        ),
        pytest.param("configmaps", {"metadata": {"name": "a", "labels": {"x": 1}}}, 400, "labels", id="label type"),
        pytest.param("configmaps", {"metadata": {"name": "a"}, "data": {"x": 1}}, 400, "data", id="data type"),
        pytest.param("pods", {"metadata": {"name": "a"}, "spec": {}}, 422, "spec.containers", id="a Pod of nothing"),
        pytest.param(
            "jobs",
            a_job(template={"spec": {"containers": [{"name": "a", "image": "b"}]}}),
            422,
            'valid values: "OnFailure", "Never"',
            id="a Job that always restarts",
        ),
        pytest.param(
            "jobs",
            a_job(completionMode="Indexed", parallelism=2),
            422,
            "spec.completions: Required value",
            id="an Indexed Job that does not say how many",
        ),
    ],
)
async def test_what_breaks_a_rule_is_told(
    cluster: Cluster, plural: str, sent: dict[str, Any], code: int, told: str
) -> None:
    refused = await cluster.create(cluster.at(plural), sent)

    assert refused.code == code
    assert told in refused.body["message"]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(a_config_map() | {"dat": {}}, id="beside the data"),
        pytest.param({"metadata": {"name": "a", "nmae": "b"}}, id="in the metadata"),
    ],
)
async def test_an_unknown_field_of_a_built_in_type_is_told(cluster: Cluster, sent: dict[str, Any]) -> None:
    path = cluster.at("configmaps")
    refused = await cluster.create(f"{path}?fieldValidation=Strict", sent)
    warned = await cluster.create(path, sent)

    assert (refused.code, warned.code) == (400, 201)
    assert "unknown field" in refused.body["message"]
    assert any("unknown field" in each for each in warned.warnings)
