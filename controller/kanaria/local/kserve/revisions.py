"""What KServe and Knative would do next about an InferenceService in Knative mode, and what they would say. Pure.

A revision is a Deployment and a Service; the newest is made whenever the template changes. Traffic is split as KServe
asks Knative: the newest that was ever ready has `canaryTrafficPercent`, what last had everything has the rest. A real
Knative routes by itself; here an HTTPRoute stands for its Route.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kanaria.local.api_client import DEPLOYMENTS, SERVICES, Thing
from kanaria.local.kserve import conditions as said
from kanaria.local.kserve import rendering, routing
from kanaria.local.kserve.naming import HTTP_ROUTES, KNATIVE, PREDICTOR, predictor_name
from kanaria.local.kserve.plans import Plan, Put, Seen, differs
from kanaria.local.kserve.predictors import Predictor
from kanaria.local.kserve.rendering import HASH

PERCENT = "canaryTrafficPercent"
OF_REVISION = "-deployment"
Shares = tuple[tuple[str, int, bool], ...]
"""Revisions with their percent, and whether each is meant as the newest."""


@dataclass(frozen=True, slots=True)
class Known:
    """The revisions as they are: the newest that was made, that was ever ready, and that last had everything."""

    created: str
    ready: str
    rolled_out: str
    before: str


def desired(seen: Seen, runtime: rendering.Runtime, now: str) -> Plan:
    """The next pass. Steps that would change nothing are left out."""
    newest, fresh = _newest(seen, runtime)
    told = _told(seen)
    known = Known(
        created=newest,
        ready=_ready(seen, told),
        rolled_out=told.get("latestRolledoutRevision", ""),
        before=told.get("previousRolledoutRevision", ""),
    )
    wanted = _wanted(seen.service["spec"]["predictor"].get(PERCENT), known)
    route = _route(seen, wanted)
    puts = [*fresh, *_scaled(seen, {known.created, known.ready, *(revision for revision, *_ in wanted)})]
    if route is not None and differs(seen.route, route):
        puts.append(Put(HTTP_ROUTES, route))
    return Plan(tuple(puts), _status(seen, known, wanted, now))


def _newest(seen: Seen, runtime: rendering.Runtime) -> tuple[str, list[Put]]:
    """The newest revision, and what makes it where the template is another than that of the last."""
    spec = {key: value for key, value in seen.service["spec"]["predictor"].items() if key != PERCENT}
    name = predictor_name(seen.service["metadata"]["name"], "")
    known = sorted(seen.deployments)
    count = int(known[-1].removesuffix(OF_REVISION).rpartition("-")[2]) if known else 0
    replicas = int(spec.get("minReplicas", 1))
    template = rendering.deployment(seen.service, Predictor(name, "", spec, replicas), runtime)
    digest = template["metadata"]["annotations"][HASH]
    if known and seen.deployments[known[-1]]["metadata"]["annotations"].get(HASH) == digest:
        return known[-1].removesuffix(OF_REVISION), []
    revision = f"{name}-{count + 1:05}"
    predictor = Predictor(revision, "", spec, replicas)
    made = rendering.deployment(seen.service, predictor, runtime)
    made["metadata"] |= {"name": f"{revision}{OF_REVISION}"}
    made["metadata"]["annotations"] |= {HASH: digest}
    return revision, [Put(SERVICES, rendering.front(seen.service, predictor)), Put(DEPLOYMENTS, made)]


def _ready(seen: Seen, told: Mapping[str, Any]) -> str:
    """The newest revision that was ever ready: it stays so when its servers are gone again."""
    up = [
        name.removesuffix(OF_REVISION)
        for name, thing in seen.deployments.items()
        if 0 < thing["spec"]["replicas"] <= (thing.get("status") or {}).get("availableReplicas", 0)
    ]
    return max([str(told.get("latestReadyRevision", "")), *up])


def _wanted(percent: int | None, known: Known) -> Shares:
    if not known.ready:
        return ()
    if percent is None or not known.rolled_out:
        return ((known.ready, 100, True),)
    newest = (known.ready, percent, True)
    return (newest,) if percent == 100 else (newest, (known.rolled_out, 100 - percent, False))


def _route(seen: Seen, wanted: Shares) -> Thing | None:
    weights: dict[str, int] = {}
    for revision, percent, _ in wanted:
        weights[revision] = weights.get(revision, 0) + percent
    return routing.weighted(seen.service, weights) if weights else None


def _scaled(seen: Seen, reachable: set[str]) -> Iterator[Put]:
    """What no traffic can reach goes down to no server at all."""
    for name, thing in seen.deployments.items():
        if name.removesuffix(OF_REVISION) not in reachable and thing["spec"]["replicas"]:
            yield Put(DEPLOYMENTS, _bare(thing, 0))


def _bare(thing: Thing, replicas: int) -> Thing:
    meta = {key: thing["metadata"][key] for key in ("name", "namespace", "labels", "annotations", "ownerReferences")}
    kind = {key: thing[key] for key in ("apiVersion", "kind")}
    return {**kind, "metadata": meta, "spec": {**thing["spec"], "replicas": replicas}}


def _status(seen: Seen, known: Known, wanted: Shares, now: str) -> Thing:
    before = seen.service.get("status") or {}
    objection = None if wanted and _is_routed(seen, wanted) else routing.objection(seen.route) or ("Unready", "")
    told = {**_told(seen), "latestCreatedRevision": known.created, "latestReadyRevision": known.ready}
    if objection is None:
        told["traffic"] = [
            {"revisionName": revision, "percent": percent, "latestRevision": newest}
            for revision, percent, newest in wanted
        ]
    told |= _rolled_out(known, told)
    url = routing.address(seen.service)
    up = known.created == known.ready
    findings = [
        said.Finding("PredictorConfigurationReady", "True" if up else "Unknown"),
        said.Finding("PredictorRouteReady", "Unknown" if objection else "True", *(objection or ())),
        said.Finding(said.PREDICTOR_READY, "True" if up and not objection else "Unknown"),
        said.Finding(said.INGRESS_READY, "False" if objection else "True"),
    ]
    return {
        **before,
        **({} if objection else {"url": url}),
        "deploymentMode": KNATIVE,
        "components": {PREDICTOR: {key: value for key, value in told.items() if value}},
        "conditions": said.conditions(findings, before.get("conditions", []), now),
    }


def _rolled_out(known: Known, told: Mapping[str, Any]) -> dict[str, str]:
    """Which revision last had everything, as KServe keeps account of it: by what was routed, not by what was asked."""
    latest = [target for target in told.get("traffic") or () if target["latestRevision"]]
    if not latest or latest[0]["revisionName"] != known.ready:
        return {}
    percent = latest[0]["percent"]
    if known.rolled_out != known.ready:
        if percent == 100:
            return {"previousRolledoutRevision": known.rolled_out, "latestRolledoutRevision": known.ready}
        return {}
    total = sum(target["percent"] for target in told["traffic"] if target["revisionName"] == known.ready)
    if known.ready == known.created and percent < 100 and total == 100 and known.before:
        return {"latestRolledoutRevision": known.before}
    return {}


def _is_routed(seen: Seen, wanted: Shares) -> bool:
    """Whether the route has these weights, and a gateway has taken them."""
    route = _route(seen, wanted)
    if seen.route is None or route is None or differs(seen.route, route):
        return False
    parents = (seen.route.get("status") or {}).get("parents") or ()
    generation = seen.route["metadata"].get("generation", 1)
    told = [found for parent in parents for found in parent["conditions"] if found["type"] == "Accepted"]
    return bool(told) and all(
        found["status"] == "True" and found.get("observedGeneration", generation) == generation for found in told
    )


def _told(seen: Seen) -> Thing:
    status = seen.service.get("status") or {}
    return dict((status.get("components") or {}).get(PREDICTOR) or {})
