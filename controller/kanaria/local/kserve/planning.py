"""What KServe would do next about one InferenceService, in its order, and what it would say. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from kanaria.local.api_client import DEPLOYMENTS, SERVICES, Thing
from kanaria.local.kserve import conditions as said
from kanaria.local.kserve import rendering, revisions, routing, status
from kanaria.local.kserve.admission import refusal
from kanaria.local.kserve.naming import (
    CLUSTER_LOCAL,
    HTTP_ROUTES,
    KNATIVE,
    MODE_ANNOTATION,
    PREDICTOR,
    STANDARD,
    VISIBILITY_LABEL,
    cluster_url,
    hostname,
)
from kanaria.local.kserve.plans import Plan, Put, Remove, Seen, Tell, differs
from kanaria.local.kserve.predictors import Predictor, canaries_of, stable_of
from kanaria.local.kserve.rendering import FORMATS


def desired(seen: Seen, runtime: rendering.Runtime, now: str) -> Plan:
    """The next pass. Steps that would change nothing are left out, so at rest a plan has none."""
    objection = refusal(seen.service)
    if objection:
        return _refused(seen, ("AdmissionDenied", objection), now)
    if (seen.service["metadata"].get("annotations") or {}).get(MODE_ANNOTATION) == KNATIVE:
        return revisions.desired(seen, runtime, now)
    canaries = canaries_of(seen.service)
    statuses = status.canary_statuses(canaries, seen.service, seen.deployments)
    ready = {entry["name"] for entry in statuses if entry["ready"]}
    stable = stable_of(seen.service, ready)
    unknown = next((each for each in (*canaries, stable) if not rendering.supported(each)), None)
    if unknown:
        return _unsupported(seen, unknown, now)
    finding = status.predictor_finding(seen.deployments.get(stable.name))
    steps: tuple[Put | Remove, ...] = (
        *(step for canary in canaries for step in _run(seen, canary, runtime)),
        # KServe's order, and its fault: what has lost its place in the spec goes before the route stops sending to it.
        *_orphans(seen, {each.name for each in (*canaries, stable)}),
        *_run(seen, stable, runtime),
        *_route(seen, ready, finding),
    )
    told = _status(seen, stable, statuses, finding, now) | _address(seen, stable, runtime)
    return Plan(steps, told, _turned(seen, told))


def _run(seen: Seen, predictor: Predictor, runtime: rendering.Runtime) -> Iterator[Put]:
    front = rendering.front(seen.service, predictor)
    if differs(seen.services.get(predictor.name), front):
        yield Put(SERVICES, front)
    deployment = rendering.deployment(seen.service, predictor, runtime)
    if differs(seen.deployments.get(predictor.name), deployment):
        yield Put(DEPLOYMENTS, deployment)


def _orphans(seen: Seen, expected: AbstractSet[str]) -> Iterator[Remove]:
    namespace = seen.service["metadata"]["namespace"]
    for resource, things in ((DEPLOYMENTS, seen.deployments), (SERVICES, seen.services)):
        for name, thing in things.items():
            if name not in expected and not thing["metadata"].get("deletionTimestamp"):
                yield Remove(resource, namespace, name)


def _route(seen: Seen, ready: AbstractSet[str], finding: said.Finding) -> Iterator[Put]:
    """The route is left as it is while the stable predictor is not ready."""
    if finding.status == "True" and not _is_inside(seen):
        route = routing.route(seen.service, ready)
        if differs(seen.route, route):
            yield Put(HTTP_ROUTES, route)


def _is_inside(seen: Seen) -> bool:
    """Whether it is only to be called inside the cluster: then KServe makes no route, and calls the ingress ready."""
    return (seen.service["metadata"].get("labels") or {}).get(VISIBILITY_LABEL) == CLUSTER_LOCAL


def _status(seen: Seen, stable: Predictor, canaries: Sequence[Thing], finding: said.Finding, now: str) -> Thing:
    before = _before(seen)
    findings = [finding, _ingress_finding(seen, finding), said.Finding("Stopped", "False")]
    if canaries:
        findings.append(status.canary_finding(canaries))
    # As in KServe the model's state comes before the ingress': it rests on what the last pass said of that.
    ready = finding.status == "True" and said.is_true(before.get("conditions", []), said.INGRESS_READY)
    told = {key: value for key, value in before.items() if key != "canaryStatuses"}
    told["conditions"] = said.conditions(findings, before.get("conditions", []), now)
    told["deploymentMode"] = STANDARD
    told["modelStatus"] = status.model_status(before.get("modelStatus", {}), seen.pods, ready=ready)
    if canaries:
        told["canaryStatuses"] = list(canaries)
    child = seen.deployments.get(stable.name)
    if child:
        # The lie many have fallen for (kserve#6081): this is the Deployment's generation, not the InferenceService's.
        told["observedGeneration"] = child.get("status", {}).get("observedGeneration", 0)
    return told


def _ingress_finding(seen: Seen, predictor: said.Finding) -> said.Finding:
    if predictor.status != "True":
        return said.Finding(said.INGRESS_READY, "False", "Predictor ingress not created")
    objection = None if _is_inside(seen) else routing.objection(seen.route)
    if objection:
        return said.Finding(said.INGRESS_READY, "False", *objection)
    return said.Finding(said.INGRESS_READY, "True")


def _address(seen: Seen, stable: Predictor, runtime: rendering.Runtime) -> Thing:
    """Where it is called; what was once said is left standing while the route is not accepted."""
    meta = seen.service["metadata"]
    inside = {"url": cluster_url(stable.name, meta["namespace"])}
    if _is_inside(seen):
        return {"url": inside["url"], "address": inside, "components": {PREDICTOR: inside}}
    if routing.objection(seen.route):
        return {}
    url = f"http://{hostname(meta['name'], meta['namespace'])}"
    if runtime.ingress:
        url = f"{runtime.ingress}/serving/{meta['namespace']}/{meta['name']}"
    return {"url": url, "address": inside, "components": {PREDICTOR: inside}}


def _refused(seen: Seen, why: tuple[str, str], now: str, **changed: Thing) -> Plan:
    """Nothing is done; the conditions stay as they are, with one more that says why."""
    before = _before(seen)
    known = [each for each in before.get("conditions", []) if each["type"] not in {said.READY, said.REFUSED}]
    findings = [*map(said.finding_of, known), said.Finding(said.REFUSED, "True", *why)]
    told = {**before, **changed, "conditions": said.conditions(findings, before.get("conditions", []), now)}
    fresh = told["conditions"] != before.get("conditions")
    return Plan((), told, (Tell("Warning", *why),) if fresh else ())


def _unsupported(seen: Seen, predictor: Predictor, now: str) -> Plan:
    """As refused; for the stable predictor the model's state says so too, for a canary KServe has no such place."""
    wanted = predictor.spec["model"]["modelFormat"]["name"]
    message = f"no runtime found to support predictor with model type: {wanted}; there are: {', '.join(FORMATS)}"
    why = ("NoSupportingRuntime", message)
    if predictor.variant == seen.service["spec"]["predictor"].get("name", ""):
        known = _before(seen).get("modelStatus", {})
        return _refused(seen, why, now, modelStatus=status.refused_model(known, message))
    return _refused(seen, why, now)


def _turned(seen: Seen, told: Thing) -> tuple[Tell, ...]:
    name = seen.service["metadata"]["name"]
    was = said.is_true(_before(seen).get("conditions", []), said.READY)
    now_ready = next(each for each in told["conditions"] if each["type"] == said.READY)
    if not was and now_ready["status"] == "True":
        return (Tell("Normal", "InferenceServiceReady", f"InferenceService [{name}] is Ready"),)
    if was and now_ready["status"] == "False":
        causes = [
            each["type"] for each in told["conditions"] if each["type"] in said.DECIDING and each["status"] != "True"
        ]
        message = f"InferenceService [{name}] is no longer Ready because of: {', '.join(causes)}"
        return (Tell("Warning", "InferenceServiceNotReady", message),)
    return ()


def _before(seen: Seen) -> Thing:
    known: Thing = seen.service.get("status") or {}
    return known


__all__ = ["Plan", "Put", "Remove", "Seen", "Tell", "desired"]
