"""The Deployment and the Service of a predictor."""

from __future__ import annotations

from inference_services import STANDARD, a_canary, a_predictor, a_service
from kanaria.local.api_client import Thing
from kanaria.local.kserve.predictors import canaries_of, stable_of
from kanaria.local.kserve.rendering import HASH, Runtime, deployment, front

RUNTIME = Runtime(command=("serve",))


def rendered(service: Thing):
    return deployment(service, stable_of(service, set()), RUNTIME)


def container(service: Thing):
    return rendered(service)["spec"]["template"]["spec"]["containers"][0]


def test_the_model_server_is_told_its_name_its_model_and_its_port():
    assert container(a_service())["command"] == ["serve"]
    assert container(a_service())["args"] == [
        "--model_name=wine",
        "--model_dir=file:///models/wine/7",
        "--http_port=8080",
    ]
    assert container(a_service())["ports"] == [{"containerPort": 8080, "protocol": "TCP"}]


def test_container_fields_beside_the_model_reach_the_container():
    model = a_predictor()["model"] | {"args": ["--x=1"], "env": [{"name": "A", "value": "b"}], "resources": {"r": 1}}

    found = container(a_service({"model": model}))

    assert found["args"][-1] == "--x=1"
    assert {"name": "A", "value": "b"} in found["env"]
    assert found["resources"] == {"r": 1}
    assert "storageUri" not in found


def test_pod_fields_beside_the_model_reach_the_pod_and_kserves_own_do_not():
    found = rendered(a_service(a_predictor(serviceAccountName="runner", minReplicas=1, maxReplicas=3, timeout=9)))

    pod = found["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "runner"
    assert not {"minReplicas", "maxReplicas", "timeout", "model", "name"} & set(pod)


def test_labels_and_annotations_of_the_inference_service_reach_its_pods():
    service = a_service(labels={"team": "red"}, annotations={**STANDARD, "commit": "abc"})

    template = rendered(service)["spec"]["template"]["metadata"]

    assert template["labels"]["team"] == "red"
    assert template["labels"]["serving.kserve.io/inferenceservice"] == "wine"
    assert template["annotations"]["commit"] == "abc"


def test_the_last_applied_configuration_does_not_reach_the_pods():
    service = a_service(annotations={"kubectl.kubernetes.io/last-applied-configuration": "{}"})

    assert rendered(service)["spec"]["template"]["metadata"]["annotations"] == {}


def test_the_digest_of_a_deployment_stays_out_of_its_pods():
    found = rendered(a_service())

    assert HASH in found["metadata"]["annotations"]
    assert HASH not in found["spec"]["template"]["metadata"]["annotations"]


def test_a_promoted_canary_keeps_its_pods():
    trial = a_service(a_predictor(serviceAccountName="runner"), a_canary(minReplicas=1))
    promoted = a_service(a_predictor("8", "v8", serviceAccountName="runner"))

    before = deployment(trial, canaries_of(trial)[0], RUNTIME)
    after = deployment(promoted, stable_of(promoted, set()), RUNTIME)

    assert before["metadata"]["name"] == after["metadata"]["name"]
    assert before["spec"]["template"] == after["spec"]["template"]


def test_a_service_finds_the_pods_of_its_deployment():
    service = a_service()
    predictor = stable_of(service, set())

    selector = front(service, predictor)["spec"]["selector"]

    assert selector.items() <= rendered(service)["spec"]["template"]["metadata"]["labels"].items()


def test_children_go_with_their_inference_service():
    owner = rendered(a_service())["metadata"]["ownerReferences"][0]

    assert (owner["uid"], owner["controller"]) == ("u-wine", True)
