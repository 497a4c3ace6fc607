"""How is the traffic split in KServe's Knative mode: one template, and the percent that its newest revision gets?

`predictor.canaryTrafficPercent` is the newest revision's share, all else goes to the revision that had everything
last. Without the field the newest has everything. So the field stands for as long as the template is not the main
predictor's: a candidate that was taken back stays in the spec at 0 % until another takes its place, and the field goes
only when its template has become the main one.

Seen are the Deployments that Knative makes of revisions, which bear the name of their predictor as a label, and what
`status.components.predictor` says of revisions and traffic. A share of the newest revision is a share of the newest
that was ever ready: until that is the template's own, it may be of what was rejected before, and no weight is asked.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kanaria.serving.arrangement import Arrangement, Predictor, least_replicas
from kanaria.serving.kserve import Owner, Servers, Serving, said, servers_of
from kanaria.serving.marked import manifest, marked, named, unmarked
from kanaria.serving.naming import MODE, PREDICTOR_LABEL, SCALING, unscaled
from kanaria.serving.way import Live, Put, Step
from kanaria.vocabulary import ObjectRef
from kanaria.vocabulary.objects import Manifest

KNATIVE_MODE = "Knative"
PERCENT = "canaryTrafficPercent"
_OF_REVISION = "-deployment"


class Knative:
    """KServe's canary of revisions."""

    lays_over = False
    several_nodes = False
    selects = False
    writes_route = False
    uncounted = frozenset({"envoyGateway", "istio"})  # they know routes and workloads, not revisions

    def remedy(self, name: str) -> str:
        """Knative must be there, and its Route ready."""
        return (
            f"look at the status of Knative Service {name}-predictor: KServe must be installed with Knative Serving, "
            "and its Route be ready"
        )

    def steps(self, owner: Owner, arrangement: Arrangement, live: Live) -> tuple[Step, ...]:
        """One InferenceService, with the template of the only one beside the main predictor, else of that itself."""
        beside = arrangement.others[0] if arrangement.others else None
        template = beside or arrangement.main
        scale = {**arrangement.scaling, "minReplicas": least_replicas(arrangement.scaling)}
        predictor = {**marked(template), **scale} | ({PERCENT: beside.weight} if beside else {})
        annotations = {MODE: KNATIVE_MODE}
        wanted = manifest(owner, annotations, {"predictor": predictor})
        expected = manifest(owner, annotations, {"predictor": {"maxReplicas": None, PERCENT: None, **predictor}})
        return (Put(wanted, expected, live.service),)

    def removal(self, live: Live) -> tuple[ObjectRef, ...]:
        """The InferenceService: all else is KServe's."""
        return () if live.service is None else (ObjectRef.of(live.service),)

    def observe(self, live: Live, known: str) -> Serving:
        """Which revisions there are, and what Knative routes to each."""
        if live.service is None:
            return Serving(room=1)
        status = live.service.get("status") or {}
        told = (status.get("components") or {}).get("predictor") or {}
        revisions = {
            name.removesuffix(_OF_REVISION): thing
            for name, thing in live.deployments.items()
            if name.endswith(_OF_REVISION)
        }
        template = live.service["spec"]["predictor"]
        arrangement, newest = _read(template, known, told, revisions), named(template)
        shares = _shares(told, revisions)
        return Serving(
            arrangement=arrangement,
            servers={each.name: _servers(each.name, newest, told, revisions, shares) for each in arrangement.all},
            routed=bool(told.get("traffic")),
            accepted=_is_routed(status),
            url=status.get("url"),
            message=said(status),
            room=1,
        )


def _read(
    template: Mapping[str, Any], known: str, told: Mapping[str, Any], revisions: Mapping[str, Manifest]
) -> Arrangement:
    """What the spec asks for: of the main predictor beside another template nothing but the name is known."""
    newest = named(template)
    scaling = {key: value for key, value in template.items() if key in SCALING}
    spec = unscaled(unmarked(template))
    percent = spec.pop(PERCENT, None)
    asked = Predictor(newest, spec, least_replicas(template))
    if percent is None:
        return Arrangement(asked, (), scaling)
    main = Predictor(_main(newest, known, told, revisions), {}, least_replicas(template))
    return Arrangement(main, (asked.at(min(100, max(0, int(percent)))),), scaling)


def _main(newest: str, known: str, told: Mapping[str, Any], revisions: Mapping[str, Manifest]) -> str:
    """The predictor that has what the newest does not get: as recorded, else as KServe remembers."""
    if known and known != newest:
        return known
    remembered = (told.get("latestRolledoutRevision"), told.get("previousRolledoutRevision"))
    names = [_predictor_of(str(revision), revisions) for revision in remembered if revision]
    return next((name for name in names if name and name != newest), "")


def _predictor_of(revision: str, revisions: Mapping[str, Manifest]) -> str:
    labels = (revisions.get(revision) or {"metadata": {}})["metadata"].get("labels") or {}
    return str(labels.get(PREDICTOR_LABEL, ""))


def _shares(told: Mapping[str, Any], revisions: Mapping[str, Manifest]) -> dict[str, int]:
    """The percent of the requests that Knative routes to each revision."""
    found = dict.fromkeys(sorted(revisions), 0)
    for target in told.get("traffic") or ():
        revision = str(target.get("revisionName", ""))
        found[revision] = found.get(revision, 0) + int(target.get("percent") or 0)
    return found


def _servers(
    name: str, newest: str, told: Mapping[str, Any], revisions: Mapping[str, Manifest], shares: Mapping[str, int]
) -> Servers:
    """The servers of a predictor's revision that has most of its traffic, with the share of all of them.

    Those of the template count as settled only once Knative means them by the newest revision that is ready: until
    then the newest's share would go to what was there before.
    """
    mine = [revision for revision in sorted(revisions) if _predictor_of(revision, revisions) == name]
    routed = sum(shares[revision] for revision in mine)
    created, ready = str(told.get("latestCreatedRevision", "")), str(told.get("latestReadyRevision", ""))
    if not mine:
        return Servers(routed=routed, message="Knative has made no Deployment of it yet")
    if name == newest:
        found = servers_of(revisions[mine[-1]], routed)
        means_it = created == ready == mine[-1]
        return replace(found, settled=found.settled and means_it, backend=mine[-1])
    serving = max(mine, key=lambda revision: (shares[revision], revision))
    return replace(servers_of(revisions[serving], routed), backend=serving)


def _is_routed(status: Mapping[str, Any]) -> bool:
    """Whether Knative has made its Route as it was asked."""
    conditions = status.get("conditions") or ()
    return any(found.get("type") == "PredictorRouteReady" and found.get("status") == "True" for found in conditions)


KNATIVE = Knative()
