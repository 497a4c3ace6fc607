"""Phase: which version is proposed to the next environments, and which commits does that ask for?

A version goes on once, when it has been stable here for long enough. What is rejected here leaves the next
environments too, as long as it is only tried there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kanaria.api.environments import NextEnvironment, Passage, State
from kanaria.api.model_deployment import ModelDeployment, RejectedModel, Serving
from kanaria.decide.model_deployment.earlier_runs import in_a_row
from kanaria.decide.model_deployment.scene import Scene
from kanaria.vocabulary import Append, Edit, EditClass, Field, ObjectName, Set, Stall, Unset
from kanaria.vocabulary.durations import duration_of

_CANDIDATE = ("spec", "candidate")
ABSENT_EVERY = timedelta(minutes=1)
"""How often a ModelDeployment that is not there yet is looked for."""
Targets = Mapping[ObjectName, ModelDeployment]


def pass_on(scene: Scene) -> Scene:
    """Bring each passage as far as the next environment shows."""
    stable, spec = scene.status.stable, scene.md.spec
    if scene.seen.invalid:
        return scene  # a typo does not make a version go on twice
    if not spec.promote or stable is None or spec.stable is None or stable.version != spec.stable.version:
        return scene.with_status(passages=()) if not spec.promote else scene
    known = {(p.namespace, p.model_deployment, p.version): p for p in scene.status.passages}
    found = []
    for each in spec.promote:
        name = target_of(scene.md, each)
        before = known.get((name.namespace, name.name, stable.version))
        terms = _terms(scene, each, stable, before)
        passage = _passage(scene, name, stable, before, terms)
        found.append(passage)
        waits = name not in scene.seen.targets or (terms.lacking and passage.state == "Waiting")
        scene = scene.looks(terms.due_at, scene.now + ABSENT_EVERY if waits else None)
    return scene.with_status(passages=tuple(found))


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the version must have shown here: from when on it may go, and how many runs went well."""

    due_at: datetime
    runs: int | None
    lacking: str
    """How many runs are lacking, in a sentence; empty where none are."""


def _terms(scene: Scene, each: NextEnvironment, stable: Serving, before: Passage | None) -> _Terms:
    due_at = (stable.since or scene.now) + duration_of(each.after)
    least = each.min_successful_runs
    if least is None:
        return _Terms(due_at, None, "")
    known = before.runs if before is not None else None
    counted = in_a_row(scene.seen.earlier_runs, stable.run_id)
    runs = known if counted is None else counted  # a run that is kept no more takes no evidence with it
    return _Terms(due_at, runs, _lacking(scene, least, runs))


def _lacking(scene: Scene, least: int, runs: int | None) -> str:
    if runs is None:
        return (
            f"it needs {least} successful runs of its pipeline in a row, and no kept MLPipelineRun that proposes to "
            f"{scene.md.name} made it"
        )
    if runs >= least:
        return ""
    return (
        f"{runs} of {least} runs of its pipeline succeeded here in a row; "
        "successfulRunsHistoryLimit of the pipeline must keep as many"
    )


def target_of(md: ModelDeployment, each: NextEnvironment) -> ObjectName:
    """The ModelDeployment of the next environment."""
    return ObjectName(each.model_deployment.namespace or md.metadata.namespace, each.model_deployment.name)


def edits_due(md: ModelDeployment, targets: Targets) -> tuple[Edit, ...]:
    """What is to be committed in the next environments, derived anew from what both say now."""
    proposals = (_proposal(md, passage, targets) for passage in md.status.passages if passage.state == "Due")
    return (*(edit for edit in proposals if edit is not None), *_rejections(md, targets))


def _passage(scene: Scene, name: ObjectName, stable: Serving, before: Passage | None, terms: _Terms) -> Passage:
    state, message = _state(scene, scene.seen.targets.get(name), name, terms)
    if before is not None and before.state in {"Proposed", "Dropped"}:
        return before  # a version goes on once: what becomes of it there is not undone from here
    candidate = _candidate(scene.seen.targets.get(name))
    replaces = before.replaces if before is not None and before.state == "Due" else candidate
    if state == "Due" and candidate not in {"", replaces}:
        state, message = "Dropped", f"another candidate, version {candidate}, was set meanwhile; the newer edit wins"
    return Passage(
        namespace=name.namespace,
        model_deployment=name.name,
        version=stable.version,
        state=state,
        runs=terms.runs,
        replaces=replaces if state == "Due" else "",
        message=message,
    )


def _state(scene: Scene, target: ModelDeployment | None, name: ObjectName, terms: _Terms) -> tuple[State, str]:
    version = scene.md.spec.stable.version if scene.md.spec.stable else ""
    if target is None:
        return "Waiting", f"ModelDeployment {name} does not exist yet; commit it, or correct spec.promote"
    if version in {_candidate(target), target.spec.stable.version if target.spec.stable else ""}:
        return "Proposed", ""
    refused = refusal(scene.md, target)
    lost = "" if refused else _lost(target, version)
    if lost:
        return "Dropped", lost
    waits = refused or _waits(scene, target, terms)
    return ("Waiting", waits) if waits else ("Due", "")


def _waits(scene: Scene, target: ModelDeployment, terms: _Terms) -> str:
    """What must come first, in a sentence; empty where nothing must."""
    if isinstance(scene.outcome, Stall):
        return "it goes on once nothing is Stalled here"
    if scene.now < terms.due_at:
        return f"it must be stable here until {terms.due_at:%Y-%m-%d %H:%M:%S} UTC"
    if terms.lacking:
        return terms.lacking
    tried = _candidate(target)
    if tried and target.spec.on_supersede == "Queue":
        return f"{target.name} tries version {tried}, and its spec.onSupersede is Queue"
    return ""


def refusal(md: ModelDeployment, target: ModelDeployment) -> str:
    """Why the next environment takes nothing from here, in a sentence; empty where it does."""
    if target.spec.model.name != md.spec.model.name:
        return (
            f"ModelDeployment {target.name} serves the model {target.spec.model.name!r}, this one "
            f"{md.spec.model.name!r}; name one model in both"
        )
    own = ("ModelDeployment", md.metadata.namespace, md.metadata.name)
    accepted = {(each.kind, each.namespace, each.name) for each in target.spec.accept_from}
    if target.metadata.namespace != md.metadata.namespace and own not in accepted:
        return f"ModelDeployment {target.name} does not name ModelDeployment {md.name} in its spec.acceptFrom; add it"
    return ""


def _lost(target: ModelDeployment, version: str) -> str:
    rejected = next((entry for entry in target.spec.rejected if entry.version == version), None)
    if rejected is not None:
        return f"version {version} is in spec.rejected of {target.name} ({rejected.reason})"
    if any(past.version == version for past in target.status.was_stable):
        return f"version {version} was stable in {target.name} before; a person's commit brings it back"
    return ""


def _candidate(target: ModelDeployment | None) -> str:
    return target.spec.candidate.version if target is not None and target.spec.candidate is not None else ""


def _proposal(md: ModelDeployment, passage: Passage, targets: Targets) -> Edit | None:
    target, stable = targets.get(ObjectName(passage.namespace, passage.model_deployment)), md.spec.stable
    if target is None or stable is None or stable.version != passage.version or refusal(md, target):
        return None
    if _candidate(target) not in {"", passage.replaces}:
        return None
    since = md.status.stable.since if md.status.stable is not None else None
    told = f", since {since:%Y-%m-%d %H:%M} UTC" if since is not None else ""
    return Edit(
        target=target.ref,
        edit_class=EditClass.PROPOSE,
        expects=(Field(_CANDIDATE, _written(target)),),
        changes=(Set(_CANDIDATE, stable.model_dump(mode="json", by_alias=True, exclude_none=True)),),
        subject=f"Propose {target.metadata.name} version {stable.version}",
        body=f"It is stable in {md.ref}{told}.",
        trailers=(("Kanaria-Reason", "Proposed"), ("Kanaria-Object", str(md.ref))),
    )


def _rejections(md: ModelDeployment, targets: Targets) -> Iterator[Edit]:
    """What is tried in a next environment, and was rejected here."""
    rejected = {entry.version: entry for entry in md.spec.rejected}
    for each in md.spec.promote:
        target = targets.get(target_of(md, each))
        if target is None or refusal(md, target) or _candidate(target) not in rejected:
            continue
        yield _rejection(md, target, rejected[_candidate(target)])


def _rejection(md: ModelDeployment, target: ModelDeployment, entry: RejectedModel) -> Edit:
    evidence = f"rejected in {md.name}: {entry.evidence or entry.reason}"
    said = {"version": entry.version, "reason": entry.reason, "evidence": evidence[:2048]}
    return Edit(
        target=target.ref,
        edit_class=EditClass.SETTLE,
        expects=(Field((*_CANDIDATE, "version"), entry.version), Field(_CANDIDATE, _written(target))),
        changes=(Unset(_CANDIDATE), Append(("spec", "rejected"), said)),
        subject=f"Take back {target.metadata.name} {entry.version}: rejected in {md.metadata.namespace}"[:72],
        body=evidence,
        trailers=(("Kanaria-Reason", entry.reason), ("Kanaria-Object", str(md.ref))),
    )


def _written(target: ModelDeployment) -> dict[str, object] | None:
    candidate = target.spec.candidate
    return candidate.model_dump(mode="json", by_alias=True, exclude_none=True) if candidate is not None else None
