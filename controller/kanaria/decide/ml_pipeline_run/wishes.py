"""Which edits to Git a run wants."""

from collections.abc import Iterator, Mapping

from kanaria.api import MLPipelineRun, ModelDeployment
from kanaria.api.ml_pipeline_run import RegisteredModel
from kanaria.decide.ml_pipeline_run.propose import candidate_of, queues_behind, refusal
from kanaria.vocabulary import Edit, EditClass, Field, ObjectName, Set

_CANDIDATE = ("spec", "candidate")
_RUN = "Kanaria-Run"


def edits_due(run: MLPipelineRun, targets: Mapping[ObjectName, ModelDeployment]) -> tuple[Edit, ...]:
    """The edits that make the run's model the candidate of its targets, derived anew from what both say now.

    None where another candidate was set since the proposal was made: the newer edit wins. Nor where the target does
    not accept it: what the run's status says may be older than the target.
    """
    model = run.status.model
    if model is None:
        return ()
    return tuple(_edit(run, model, target) for target in _open(run, targets) if not refusal(target, run, model))


def is_of(edit: Edit, run: MLPipelineRun, target: ModelDeployment) -> bool:
    """Whether an edit is the one by which the run proposes to the target."""
    return edit.target == target.ref and (_RUN, str(run.name)) in edit.trailers


def _open(run: MLPipelineRun, targets: Mapping[ObjectName, ModelDeployment]) -> Iterator[ModelDeployment]:
    for proposal in run.status.proposals:
        target = targets.get(ObjectName(proposal.namespace, proposal.model_deployment))
        if proposal.state != "Due" or target is None or queues_behind(target, run.status.model):
            continue
        if candidate_of(target) in ("", proposal.replaces):
            yield target


def _edit(run: MLPipelineRun, model: RegisteredModel, target: ModelDeployment) -> Edit:
    live = target.spec.candidate
    before = live.model_dump(mode="json", by_alias=True, exclude_none=True) if live else None
    candidate = {"version": model.version} | ({"modelId": model.model_id} if model.model_id else {})
    said = [f"* {gate.policy}/{gate.metric}: {gate.message}" for gate in run.status.gates]
    trailers = [("Kanaria-Reason", "Proposed"), (_RUN, str(run.name))]
    if run.spec.revision:
        trailers.append(("Kanaria-Revision", run.spec.revision))
    return Edit(
        target=target.ref,
        edit_class=EditClass.PROPOSE,
        expects=(Field(_CANDIDATE, before),),
        changes=(Set(_CANDIDATE, candidate),),
        subject=f"Propose {target.metadata.name} version {model.version}",
        body="\n".join([f"{run.spec.cause.reason}; its gates:", *said] if said else [run.spec.cause.reason]),
        trailers=tuple(trailers),
    )
