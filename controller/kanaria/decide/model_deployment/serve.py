"""Phase 2: do the model servers that are wanted answer, and does the gateway send to them what it should?"""

from datetime import datetime, timedelta

from kanaria.api.conditions import Reason
from kanaria.api.model_deployment import TrialPhase
from kanaria.decide.model_deployment.scene import Scene
from kanaria.serving.kserve import Servers
from kanaria.vocabulary import Outcome, Stall, Wait
from kanaria.vocabulary.durations import seconds_of

QUOTA = "exceeded quota"
"""What the API server says where a ResourceQuota leaves no room."""
ROUTER_PATIENCE = timedelta(seconds=60)
"""How long KServe may take to route what is ready."""


def serve(scene: Scene) -> Scene:
    """Wait for the main model's servers and its route, then for the candidate's servers."""
    if scene.hands_off or scene.leaving:
        return scene
    scene = _main(scene)
    return _candidate(scene)


def deadline(scene: Scene) -> timedelta:
    """How long servers may take to come up."""
    return seconds_of(scene.md.spec.progress_deadline_seconds)


def _main(scene: Scene) -> Scene:
    main, live = scene.main, scene.seen.serving
    if main is None or (is_first(scene) and not live.ready(main.name)):
        return scene
    if live.arrangement is None:
        return scene.says(Wait(Reason.LOADING, f"version {main.version} is brought up"))
    if live.arrangement.main.name == main.name and live.ready(main.name):
        return _route(scene, main.name)
    servers = live.of(main.name)
    if not servers.exists or servers.available == 0 or not servers.settled:
        return _loading(scene, main.version, servers)
    return scene.says(Wait(Reason.LOADING, f"version {main.version} takes over all requests"))


def _loading(scene: Scene, version: str, servers: Servers) -> Scene:
    """Servers that come up, or do not; what served before goes on serving meanwhile."""
    by = _overdue_at(scene, servers)
    if by is not None and scene.now >= by:
        why = servers.message or scene.seen.serving.message or "no message"
        fact = f"the servers of version {version} did not come up in {scene.md.spec.progress_deadline_seconds} s"
        return scene.says(
            Stall(Reason.PROGRESS_DEADLINE_EXCEEDED, f"{fact}: {why}; look at its Pods, or commit another version")
        )
    waiting = Wait(Reason.LOADING, f"the servers of version {version} come up", until=by)
    return scene.looks(by).says(waiting)


def _overdue_at(scene: Scene, servers: Servers) -> datetime | None:
    return servers.since + deadline(scene) if servers.since is not None else None


def _route(scene: Scene, name: str) -> Scene:
    """Whether there is a route at all; that it has the right weights is seen when they matter."""
    live = scene.seen.serving
    since = live.of(name).since
    if live.routed or since is None:
        return scene
    by = since + ROUTER_PATIENCE
    if scene.now < by:
        return scene.looks(by).says(Wait(Reason.LOADING, "its servers are up; the route to them is made"))
    return scene.says(_no_router(scene, "no HTTPRoute sends requests to the model, though its servers are up"))


def unrouted(scene: Scene, name: str, weight: int, since: datetime | None) -> Outcome:
    """A weight that is asked for and not in force: wait for it, and say what to do when it does not come."""
    by = since + ROUTER_PATIENCE if since is not None else None
    if by is not None and scene.now >= by and scene.seen.serving.ready(name):
        return _no_router(scene, f"the candidate was not given its {weight} % of the requests")
    return Wait(Reason.CANARY_STEP, f"the gateway takes up {weight} % for the candidate", until=by)


def _no_router(scene: Scene, fact: str) -> Stall:
    return Stall(Reason.NO_TRAFFIC_ROUTER, f"{fact}; {scene.seen.way.remedy(scene.md.metadata.name)}")


def _candidate(scene: Scene) -> Scene:
    """While the candidate loads nothing else is due."""
    trial = scene.active
    if trial is None or scene.candidate is None or trial.phase is not TrialPhase.LOADING:
        return scene
    if scene.seen.serving.ready(trial.predictor_name):
        return scene
    by, why = loading_until(scene), scene.seen.serving.of(trial.predictor_name).message
    if QUOTA in why:
        said = f"the servers of candidate {trial.version} wait for room in the namespace's quota: {why}"
        return scene.says(Wait(Reason.INSUFFICIENT_QUOTA, said))
    return scene.looks(by).says(Wait(Reason.LOADING, f"the servers of candidate {trial.version} come up", until=by))


def loading_until(scene: Scene) -> datetime | None:
    """When the candidate's servers must be up; None while nothing moves."""
    trial = scene.active
    return trial.step_since + deadline(scene) if trial is not None and trial.step_since is not None else None


def is_first(scene: Scene) -> bool:
    """Whether the main model is a first version on trial: it is told as a candidate."""
    return scene.main is not None and scene.candidate is not None and scene.main.name == scene.candidate.name
