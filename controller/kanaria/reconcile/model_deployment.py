"""How a ModelDeployment is observed, and what its next plan is."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from pydantic import ValidationError

from kanaria.api import GitSync, MetricPolicy, ModelDeployment
from kanaria.api.resource import API_VERSION
from kanaria.decide.git_sync import head_question, is_newer
from kanaria.decide.ml_pipeline_run.observe import by_job, jobs_of
from kanaria.decide.model_deployment import NOTHING_REMEMBERED, Memory, Seen, WayBack, decide
from kanaria.decide.model_deployment.earlier_runs import EarlierRun, runs_towards
from kanaria.decide.model_deployment.passing_on import target_of
from kanaria.decide.model_deployment.preflight import PODS
from kanaria.decide.model_deployment.scene import ACTIVE
from kanaria.decide.model_deployment.unreadable import stand_in
from kanaria.decide.model_deployment.wishes import edits_due
from kanaria.decide.unreadable import readable, refuse, sentence
from kanaria.decide.written_by import written_by
from kanaria.reconcile.git_named import document_at_head
from kanaria.reconcile.trial_room import TrialRoom
from kanaria.reconcile.world import World
from kanaria.serving import naming
from kanaria.serving.choice import Asked, Choice, choose, served_way
from kanaria.serving.own_route import Gateway
from kanaria.serving.way import Live
from kanaria.vocabulary import Answered, ObjectName, ObjectRef, Plan, marks
from kanaria.vocabulary.objects import Manifest


class ModelDeploymentPass:
    """The pass, with what it remembers of each ModelDeployment; all of it can be lost without harm."""

    def __init__(self) -> None:
        self._memories: dict[str, Memory] = {}
        self._uids: dict[ObjectName, str] = {}
        self._room = TrialRoom()

    def plan_for(self, name: ObjectName, world: World) -> Plan | None:
        """The next plan of a ModelDeployment; None when it is gone."""
        body = world.objects.get(ObjectRef(API_VERSION, "ModelDeployment", name.namespace, name.name))
        self._room.visited(name)
        uid = str(body["metadata"].get("uid", "")) if body is not None else ""
        if self._uids.get(name) != uid:
            self._memories.pop(self._uids.pop(name, ""), None)
        if body is None:
            return None
        live, invalid = _live(name, world), ""
        try:
            deployment = ModelDeployment.read(body)
        except ValidationError as error:
            invalid = sentence(error)
            try:
                deployment = stand_in(body, served_way(live).observe(live, "").arrangement)
            except ValidationError:
                return refuse(body, error, world.now())
        seen = replace(_observe(deployment, live, world, invalid), tried_elsewhere=self._before(deployment, world))
        self._uids[name] = uid
        decision = decide(deployment, seen, world.now(), self._memories.get(uid, NOTHING_REMEMBERED))
        self._memories[uid] = decision.memory
        self._room.decided(name, decision.plan.status)
        return _soon(decision.plan, seen.jobs, world)

    def _before(self, deployment: ModelDeployment, world: World) -> int | None:
        """How many candidates come before; None where nobody has to know, since it takes a look at all of them."""
        if world.settings.trials_max is None or not _waits_for_a_trial(deployment):
            return None
        return self._room.before(deployment, world.objects.list(API_VERSION, "ModelDeployment"))


def _are_coming(world: World) -> bool:
    """Whether the Pods of Jobs are still being read: what a Job that is over had to say is not known before."""
    return not world.objects.synced(PODS) and not world.objects.refused(PODS)


def _soon(plan: Plan, jobs: Mapping[str, Manifest], world: World) -> Plan:
    """The plan, looked at again soon where it waits for Pods to be read."""
    if PODS not in plan.watches or not jobs or not _are_coming(world):
        return plan
    soon = world.now() + timedelta(seconds=1)
    return replace(plan, look_again=min(soon, plan.look_again or soon))


def _jobs(deployment: ModelDeployment, world: World) -> Mapping[str, Manifest]:
    """Its Jobs. While a trial waits for their Pods, as after a restart, none of them is over."""
    mine = marks.owned_by(deployment.ref)
    jobs = jobs_of(deployment, world.objects.list("batch/v1", "Job", deployment.metadata.namespace, mine))
    trial = deployment.status.trial
    if trial is None or trial.phase not in ACTIVE or not _are_coming(world):
        return jobs
    return {name: {key: value for key, value in job.items() if key != "status"} for name, job in jobs.items()}


def _observe(deployment: ModelDeployment, live: Live, world: World, invalid: str) -> Seen:
    stable, url = deployment.status.stable, world.settings.gateway_metrics_url
    wanted = Asked(_gateway(deployment), deployment.metadata.annotations.get(naming.MODE, ""))
    asked = Choice(served_way(live)) if invalid else choose(world.settings.canary_routing, wanted, live)
    namespace, mine = deployment.metadata.namespace, marks.owned_by(deployment.ref)
    jobs = _jobs(deployment, world)
    return Seen(
        live=live,
        way=asked.way,
        unroutable=asked.objection,
        serving=asked.way.observe(live, stable.predictor_name if stable is not None else ""),
        policies=_policies(deployment, world),
        answer=world.answer,
        failure=world.failure(deployment.ref),
        way_back=_way_back(deployment, world),
        metrics_url=url,
        serving_url=world.settings.serving_url,
        files=world.settings.allow_file_remotes,
        targets=_targets(deployment, world),
        earlier_runs=_earlier_runs(deployment, world),
        trials_max=world.settings.trials_max,
        jobs=jobs,
        services=_services(world.objects.list("v1", "Service", namespace, mine)),
        pods=by_job(jobs, world.objects.list("v1", "Pod", namespace, mine)) if jobs else {},
        runner_image=world.settings.runner_image,
        invalid=invalid,
    )


def _services(found: Iterable[Manifest]) -> Mapping[str, Manifest]:
    """Those that are the ModelDeployment's own; KServe gives the label to what it makes as well."""
    return {
        str(each["metadata"]["name"]): each
        for each in found
        if any(owner.get("kind") == "ModelDeployment" for owner in each["metadata"].get("ownerReferences") or ())
    }


def _targets(deployment: ModelDeployment, world: World) -> Mapping[ObjectName, ModelDeployment]:
    """The ModelDeployments of the next environments."""
    names = (target_of(deployment, each) for each in deployment.spec.promote)
    refs = (ObjectRef(API_VERSION, "ModelDeployment", name.namespace, name.name) for name in names)
    return {found.name: found for found in readable(ModelDeployment, map(world.objects.get, refs))}


def _earlier_runs(deployment: ModelDeployment, world: World) -> tuple[EarlierRun, ...]:
    """The runs that proposed here; none where nobody has to know, since it takes a look at all of them."""
    if all(each.min_successful_runs is None for each in deployment.spec.promote):
        return ()
    settled = [passage.state in {"Proposed", "Dropped"} for passage in deployment.status.passages]
    stable = deployment.spec.stable
    passed = {passage.version for passage in deployment.status.passages}
    if settled and all(settled) and stable is not None and passed == {stable.version}:
        return ()
    return runs_towards(deployment.name, world.objects.list(API_VERSION, "MLPipelineRun"))


def _waits_for_a_trial(deployment: ModelDeployment) -> bool:
    trial = deployment.status.trial
    return deployment.spec.candidate is not None and (trial is None or trial.phase not in ACTIVE)


def _gateway(deployment: ModelDeployment) -> Gateway | None:
    routing = deployment.spec.routing
    if routing is None:
        return None
    reference = routing.gateway_ref
    return Gateway(reference.name, reference.namespace, routing.hostnames, routing.version_header)


def _live(name: ObjectName, world: World) -> Live:
    """The objects by which it is served, as the caches have them."""
    owner = ObjectRef(API_VERSION, "ModelDeployment", name.namespace, name.name)
    service = world.objects.get(naming.service_ref(name))
    owned = world.objects.list(*naming.INFERENCE_SERVICE, name.namespace, marks.owned_by(owner))
    beside = tuple(each for each in owned if each["metadata"]["name"] != name.name)
    made_for = [each["metadata"]["name"] for each in (*beside, *([service] if service else []))]
    found = [
        thing
        for made in made_for
        for thing in world.objects.list(*naming.DEPLOYMENT, name.namespace, {naming.SERVICE_LABEL: made})
    ]
    deployments = {thing["metadata"]["name"]: thing for thing in found}
    return Live(service, beside, deployments, world.objects.get(naming.route_ref(name)))


def _policies(deployment: ModelDeployment, world: World) -> Mapping[str, MetricPolicy | str]:
    trial, found = deployment.status.trial, {}
    names = [name for name, _ in deployment.spec.strategy.strategy.policies]
    for analysis in (deployment.spec.analysis, trial.analysis if trial is not None else None):
        names += [reference.name for reference in analysis.policies] if analysis is not None else []
    for name in names:
        body = world.objects.get(ObjectRef(API_VERSION, "MetricPolicy", deployment.metadata.namespace, name))
        if body is not None:
            found[name] = _policy(body)
    return found


def _policy(body: Manifest) -> MetricPolicy | str:
    try:
        return MetricPolicy.read(body)
    except ValidationError as error:
        return sentence(error)


def _way_back(deployment: ModelDeployment, world: World) -> WayBack | None:
    """The GitSync that writes back what becomes of the object, and how far its newest write-back has come."""
    ref = ObjectRef(API_VERSION, "GitSync", deployment.metadata.namespace, written_by(deployment))
    for sync in readable(GitSync, [world.objects.get(ref)] if ref.name else []):
        named = deployment.spec.git is not None
        landed, undone = (_stands_in_its_file if named else _written_back)(deployment, sync, world)
        return WayBack(
            name=sync.metadata.name,
            url=sync.spec.url,
            path=deployment.spec.git.path if deployment.spec.git else sync.spec.path,
            revision=_revision(sync),
            propose=sync.spec.proposes,
            settle=sync.spec.settles,
            suspended=sync.spec.suspend,
            landed=landed,
            undone=undone,
            file=deployment.spec.git.path if deployment.spec.git else "",
        )
    return None


def _written_back(deployment: ModelDeployment, sync: GitSync, world: World) -> tuple[bool, bool]:
    """Whether the newest commit's edit of the object is still to be applied, and whether it was taken back since."""
    result, head = world.commit_result(sync.ref), world.answer(head_question(sync))
    if result is None or not result.commit or result.commit == _revision(sync):
        return False, False
    newer = isinstance(head, Answered) and is_newer(head, result, world.now()) and head.value == _revision(sync)
    if newer:
        return False, any(edit in result.landed for edit in edits_due(deployment))
    return any(edit.target == deployment.ref for edit in result.landed), False


def _stands_in_its_file(deployment: ModelDeployment, sync: GitSync, world: World) -> tuple[bool, bool]:
    """The same where somebody else applies the object: what they applied is not known, but what the file says is."""
    due = edits_due(deployment)
    document = document_at_head(deployment, sync, world) if due else None
    if document is None:
        return False, False
    result, head = world.commit_result(sync.ref), world.answer(head_question(sync))
    landed = all(edit.has_landed(document.manifest) for edit in due)
    newer = result is not None and isinstance(head, Answered) and is_newer(head, result, world.now())
    return landed, newer and not landed and result is not None and any(edit in result.landed for edit in due)


def _revision(sync: GitSync) -> str:
    status = sync.status
    return ((status.last_applied_revision if sync.spec.applies else status.last_attempted_revision) or "").rpartition(
        ":"
    )[2]


plan_for = ModelDeploymentPass().plan_for
