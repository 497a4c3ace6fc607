"""Where the model is proposed, and how far each proposal is."""

from kanaria.api import ModelDeployment
from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline_run import MLPipelineRun, ProposalStatus, RegisteredModel
from kanaria.decide.ml_pipeline_run.scene import EVERY, Scene, Turn, going_on
from kanaria.decide.ml_pipeline_run.tags import told_of_proposals
from kanaria.decide.written_by import written_by
from kanaria.vocabulary import GO, CommitResult, ObjectName, Outcome, Stall, Wait

OPEN = ("Due", "Landed")


def propose(scene: Scene) -> Turn:
    """Bring each proposal as far as the target's live spec shows; the commit itself is the GitSync's."""
    model = scene.status.model
    if model is None or not scene.pipeline.promote:
        return Turn(scene.status)
    known = {(p.namespace, p.model_deployment): p for p in scene.status.proposals}
    proposals = tuple(
        _followed(known.get((name.namespace, name.name)) or _new(name, scene), scene) for name in targets_of(scene.run)
    )
    turn = going_on(scene, proposals=proposals)
    outcome = _outcome(scene, proposals)
    first = told_of_proposals(scene, proposals)
    return Turn(turn.status, outcome, first, until=scene.now + 3 * EVERY if isinstance(outcome, Wait) else None)


def targets_of(run: MLPipelineRun) -> tuple[ObjectName, ...]:
    """The ModelDeployments that the run proposes to."""
    targets = (proposal.model_deployment for proposal in run.spec.pipeline.promote)
    return tuple(dict.fromkeys(ObjectName(t.namespace or run.metadata.namespace, t.name) for t in targets))


def candidate_of(target: ModelDeployment | None) -> str:
    """The version of the live candidate, empty where none is tried."""
    return target.spec.candidate.version if target and target.spec.candidate else ""


def queues_behind(target: ModelDeployment, model: RegisteredModel | None) -> str:
    """The version whose trial must end before the model is proposed, empty where there is none."""
    tried = candidate_of(target)
    waits = target.spec.on_supersede == "Queue" and (model is None or model.version != tried)
    return tried if waits else ""


def _new(name: ObjectName, scene: Scene) -> ProposalStatus:
    replaces = candidate_of(scene.seen.targets.get(name))
    return ProposalStatus(namespace=name.namespace, model_deployment=name.name, state="Due", replaces=replaces)


def _followed(proposal: ProposalStatus, scene: Scene) -> ProposalStatus:
    if proposal.state not in OPEN:
        return proposal
    name = ObjectName(proposal.namespace, proposal.model_deployment)
    target = scene.seen.targets.get(name)
    if target is None:
        return _at(proposal, proposal.state, f"spec.promote: ModelDeployment {name} does not exist yet; commit it")
    proposal = _pushed(proposal, scene.seen.landed.get(name))
    if _is_there(target, scene):
        return _at(proposal, "Applied", "")
    lost = _lost(proposal, target, scene)
    if lost:
        return _at(proposal, "Dropped", lost)
    return _at(proposal, "Landed" if proposal.commit else proposal.state, _held_up(proposal, target))


def _pushed(proposal: ProposalStatus, landed: CommitResult | None) -> ProposalStatus:
    """The proposal with the commit that made it, where that is news."""
    if landed is None or proposal.commit:
        return proposal
    return proposal.model_copy(update={"commit": landed.commit, "landed_at": landed.at})


def _held_up(proposal: ProposalStatus, target: ModelDeployment) -> str:
    """Why no commit can be made, in a sentence; empty where one can."""
    if proposal.commit or written_by(target):
        return ""
    return (
        f"no GitSync holds ModelDeployment {target.name}: nothing can be committed; "
        "let one apply it from Git, name its file in spec.git, or set spec.candidate by hand"
    )


def _was_taken_back(proposal: ProposalStatus, scene: Scene) -> bool:
    """Whether the target's GitSync has applied what came after the commit, and the target does not show it."""
    name = ObjectName(proposal.namespace, proposal.model_deployment)
    applied = scene.seen.applied_at.get(name)
    if proposal.landed_at is None or applied is None:
        return False
    # The caches of the sync and of its object are told apart.
    return applied > proposal.landed_at and scene.now >= applied + 3 * EVERY


def _at(proposal: ProposalStatus, state: str, message: str) -> ProposalStatus:
    return proposal.model_copy(update={"state": state, "message": message})


def _is_there(target: ModelDeployment, scene: Scene) -> bool:
    stable = target.spec.stable.version if target.spec.stable else ""
    model = scene.status.model
    return model is not None and model.version in (candidate_of(target), stable)


def _lost(proposal: ProposalStatus, target: ModelDeployment, scene: Scene) -> str:
    """Why the proposal will never be made, in a sentence; empty where it may."""
    refused = refusal(target, scene.run, scene.status.model)
    if refused:
        return refused
    name, version = target.name, scene.status.model.version if scene.status.model else ""
    rejected = next((entry for entry in target.spec.rejected if entry.version == version), None)
    if rejected:
        return f"version {version} is in spec.rejected of {name} ({rejected.reason}); drop the entry to try it again"
    newer = next((run for run in scene.seen.newer if _proposes(run, name)), None)
    if newer:
        return f"run {newer.metadata.name} proposes a newer version"
    if _was_taken_back(proposal, scene):
        return f"commit {proposal.commit[:12]} was taken back before it was applied"
    candidate = candidate_of(target)
    if candidate and candidate != proposal.replaces and not queues_behind(target, scene.status.model):
        return f"another candidate, version {candidate}, was set meanwhile; the newer edit wins"
    return ""


def refusal(target: ModelDeployment, run: MLPipelineRun, model: RegisteredModel | None) -> str:
    """Why the target takes no model of this run's pipeline, in a sentence; empty where it does."""
    name = target.name
    if model is not None and model.name != target.spec.model.name:
        return (
            f"spec.promote: ModelDeployment {name} serves the model {target.spec.model.name!r}, and this run made a "
            f"version of {model.name!r}; name one model in both"
        )
    home, pipeline = run.metadata.namespace, run.spec.pipeline_ref.name
    if name.namespace != home and not _accepts(target, home, pipeline):
        return (
            f"spec.promote: ModelDeployment {name} does not accept proposals from MLPipeline {home}/{pipeline}; "
            "add it to the target's spec.acceptFrom"
        )
    return ""


def _accepts(target: ModelDeployment, namespace: str, pipeline: str) -> bool:
    proposer = ("MLPipeline", namespace, pipeline)
    return any((each.kind, each.namespace, each.name) == proposer for each in target.spec.accept_from)


def _proposes(run: MLPipelineRun, target: ObjectName) -> bool:
    return any((p.namespace, p.model_deployment) == (target.namespace, target.name) for p in run.status.proposals)


def _due(name: ObjectName, target: ModelDeployment | None, model: RegisteredModel | None) -> str:
    behind = queues_behind(target, model) if target is not None else ""
    if not behind:
        return f"is to be proposed to {name} by a commit"
    return f"is proposed to {name} once the trial of version {behind} is over, as its spec.onSupersede says"


def _outcome(scene: Scene, proposals: tuple[ProposalStatus, ...]) -> Outcome:
    version = scene.status.model.version if scene.status.model else ""
    for proposal in proposals:
        name = ObjectName(proposal.namespace, proposal.model_deployment)
        target = scene.seen.targets.get(name)
        if proposal.state in OPEN and target is None:
            return Wait(Reason.AWAITING_COMMIT, proposal.message)
        if proposal.state == "Due" and proposal.message:
            return Stall(Reason.NO_WAY_BACK, proposal.message)
        if proposal.state == "Due":
            return Wait(Reason.AWAITING_COMMIT, f"version {version} {_due(name, target, scene.status.model)}")
        if proposal.state == "Landed":
            return Wait(Reason.AWAITING_SYNC, f"the commit that proposes version {version} to {name} is to be applied")
        refused = refusal(target, scene.run, scene.status.model) if target is not None else ""
        if proposal.state == "Dropped" and proposal.message == refused != "":
            return Stall(Reason.TARGET_REFUSED, proposal.message)
    return GO
