"""Which edits to Git are due for a ModelDeployment? Derived anew each time from its status and live spec.

A promotion is due while a passed candidate stands in the spec, a removal while one that is over does. Once the
commit is applied the spec says so, and nothing is due any more. Nor is anything before the pass has seen the spec as
it is: what a person changed since is a new wish, and the status does not speak of it yet.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kanaria.api.model_deployment import CandidateModel, ModelDeployment, Trial, TrialPhase
from kanaria.decide.model_deployment.trials import is_of
from kanaria.vocabulary import Append, Edit, EditClass, Field, Set, Unset

SUBJECT_MAX = 72
_CANDIDATE = ("spec", "candidate")
_REJECTED = {TrialPhase.FAILED, TrialPhase.REVERTED}
_REMOVED = {TrialPhase.INCONCLUSIVE, TrialPhase.ABORTED}


def edits_due(md: ModelDeployment) -> tuple[Edit, ...]:
    """At most one: what becomes of the candidate whose trial is recorded."""
    trial, candidate = md.status.trial, md.spec.candidate
    if trial is None or candidate is None or candidate.version != trial.version:
        return ()
    if (md.status.observed_generation or 0) != md.metadata.generation:
        return ()
    if trial.phase is TrialPhase.PASSED:
        return (_promotion(md, candidate, trial),) if _may_be_promoted(md, trial) else ()
    if trial.phase in _REJECTED | _REMOVED:
        return (_removal(md, candidate, trial),)
    return ()


def _may_be_promoted(md: ModelDeployment, trial: Trial) -> bool:
    """Whether what passed is what stands in the spec, and nothing holds it at 0 % now."""
    paused = md.spec.candidate is not None and md.spec.candidate.paused
    if md.spec.suspend or paused or not is_of(trial, md.spec):
        return False
    return md.spec.stable is None or trial.weight >= md.spec.strategy.strategy.resume(trial.step).weight


def _promotion(md: ModelDeployment, candidate: CandidateModel, trial: Trial) -> Edit:
    stable = md.spec.stable
    model = candidate.model.model_dump(mode="json", by_alias=True, exclude_none=True)
    moved = tuple(Set(path, value) for path, value in _leaves(candidate.predictor or {}, ("spec", "predictor")))
    return Edit(
        target=md.ref,
        edit_class=EditClass.PROPOSE,
        expects=(
            *_stands(candidate),
            Field(("spec", "stable", "version"), stable.version) if stable else Field(("spec", "stable"), None),
        ),
        changes=(Set(("spec", "stable"), model), *moved, Unset(_CANDIDATE)),
        subject=_short(f"Promote {md.metadata.name} to version {trial.version}"),
        body=trial.evidence,
        trailers=_trailers(md, trial, "Passed"),
    )


def _removal(md: ModelDeployment, candidate: CandidateModel, trial: Trial) -> Edit:
    entry = {"version": trial.version, "reason": str(trial.phase), "evidence": trial.evidence}
    if trial.ended_at is not None:
        entry["at"] = trial.ended_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    rejection = (Append(("spec", "rejected"), entry),) if trial.phase in _REJECTED else ()
    return Edit(
        target=md.ref,
        edit_class=EditClass.SETTLE,
        expects=_stands(candidate),
        changes=(Unset(_CANDIDATE), *rejection),
        subject=_short(f"Take back {md.metadata.name} {trial.version}: {trial.evidence}"),
        body=trial.evidence,
        trailers=_trailers(md, trial, str(trial.phase)),
    )


def _written(candidate: CandidateModel) -> dict[str, Any]:
    """The candidate as it stands in the file: one that was changed there since is another wish."""
    return candidate.model_dump(mode="json", by_alias=True, exclude_none=True)


def _stands(candidate: CandidateModel) -> tuple[Field, ...]:
    """The candidate still stands in the file as it was tried: its version first, which says most where it does not."""
    return (Field((*_CANDIDATE, "version"), candidate.version), Field(_CANDIDATE, _written(candidate)))


def _trailers(md: ModelDeployment, trial: Trial, reason: str) -> tuple[tuple[str, str], ...]:
    told = (
        ("Kanaria-Object", str(md.ref)),
        ("Kanaria-Reason", reason),
        ("Kanaria-Evidence", trial.evidence),
        ("Kanaria-Run", trial.run_id),
    )
    return tuple((key, " ".join(value.split())) for key, value in told if value)


def _leaves(value: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, inner in value.items():
        if isinstance(inner, Mapping) and inner:
            yield from _leaves(inner, (*path, key))
        else:
            yield (*path, key), inner


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SUBJECT_MAX else f"{line[: SUBJECT_MAX - 1].rstrip()}…"
