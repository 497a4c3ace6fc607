"""What must be changed in a ModelDeployment's document for what a person wants to be done?

Each verb gives an edit, or says why there is nothing to do. Nothing here touches `stable`, but undoing a promotion.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kanaria.api.model_deployment import CandidateModel, ModelDeployment
from kanaria.decide.model_deployment.trials import SAID, waived
from kanaria.vocabulary import Append, Edit, EditClass, Set, Unset
from kanaria.vocabulary.documents import field_at
from kanaria.vocabulary.edit import Path, same

Changes = tuple[Set | Unset | Append, ...]
_CANDIDATE, _REJECTED = ("spec", "candidate"), ("spec", "rejected")
_APPROVED = (*_CANDIDATE, "approved")
_PAUSED, _FROM_STEP, _PROMOTE = (*_CANDIDATE, "paused"), (*_CANDIDATE, "fromStep"), (*_CANDIDATE, "promote")


@dataclass(frozen=True, slots=True)
class Refused:
    """There is nothing to do, or it cannot be done so: fact and remedy."""

    sentence: str


Verb = Edit | Refused


def promote(md: ModelDeployment, *, full: bool = False, step: int | None = None) -> Verb:
    """Go on from the next pause without a duration, from a step on, or all the way."""
    candidate = md.spec.candidate
    if candidate is None:
        return _idle(md)
    if full and candidate.promote and not candidate.paused:
        return Refused(f"spec.candidate.promote of {_name(md)} is Full already")
    if full:
        return _edit(
            md, (Set(_PROMOTE, "Full"), *_unpaused(md)), f"Promote {_name(md)} {candidate.version} without proof"
        )
    return _on(md, candidate, step)


def _on(md: ModelDeployment, candidate: CandidateModel, step: int | None) -> Verb:
    words = md.spec.strategy.strategy.words
    if step is not None:
        if not 1 < step <= len(words) + 1:
            return Refused(
                f"the strategy of {_name(md)} has {len(words)} steps; go on from a step of 2 to {len(words) + 1}"
            )
        return _from(md, step)
    gate = md.spec.strategy.strategy.open_pause(waived(candidate))
    if gate is None:
        return Refused(
            f"the strategy of {_name(md)} has no pause without a duration left; name a step with --step, or skip all "
            "steps, and the judge's proof, with --full"
        )
    return _from(md, gate + 2)


def pause(md: ModelDeployment) -> Verb:
    """Keep the candidate where it is."""
    candidate = md.spec.candidate
    if candidate is None:
        return _idle(md)
    if candidate.paused:
        return Refused(f"candidate {candidate.version} of {_name(md)} is paused already")
    return _edit(md, (Set(_PAUSED, True),), f"Pause {_name(md)} {candidate.version}")


def resume(md: ModelDeployment) -> Verb:
    """Let a paused candidate go on; one that is not goes on from its next pause without a duration."""
    candidate = md.spec.candidate
    if candidate is None or not candidate.paused:
        return promote(md)
    return _edit(md, _unpaused(md), f"Resume {_name(md)} {candidate.version}")


def approve(md: ModelDeployment) -> Verb:
    """Let the candidate be tried, where another than its author must say so."""
    candidate = md.spec.candidate
    if candidate is None:
        return _idle(md)
    if not md.spec.require_approval:
        return Refused(f"{_name(md)} asks for no approval: spec.requireApproval is not set")
    if candidate.approved:
        return Refused(
            f"candidate {candidate.version} of {_name(md)} is approved already; where its author did that, let "
            "somebody else take spec.candidate.approved out and commit it anew"
        )
    return _edit(md, (Set(_APPROVED, True),), f"Approve {_name(md)} {candidate.version}")


def abort(md: ModelDeployment, reject: str = "", at: datetime | None = None) -> Verb:
    """Take the candidate back; with a reason it is rejected, and not tried again."""
    candidate = md.spec.candidate
    if candidate is None:
        return _idle(md)
    entry = {"version": candidate.version, "reason": "Rejected", "evidence": reject}
    if at is not None:
        entry["at"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    rejection = (Append(_REJECTED, entry),) if reject else ()
    return _edit(md, (Unset(_CANDIDATE), *rejection), f"Take back {_name(md)} {candidate.version}", reject)


def retry(md: ModelDeployment, version: str = "") -> Verb:
    """Try a version again: the newest that was rejected where none is named."""
    spec = md.spec
    version = version or (spec.rejected[-1].version if spec.rejected else "")
    if not version:
        return Refused(f"no version of {_name(md)} was rejected; name the one to try")
    if spec.candidate is not None:
        return Refused(f"{_name(md)} tries {spec.candidate.version} now; `kanaria abort {_name(md)}` first")
    if spec.stable is not None and spec.stable.version == version:
        return Refused(f"{_name(md)} serves {version} already")
    kept = [
        entry.model_dump(mode="json", by_alias=True, exclude_none=True)
        for entry in spec.rejected
        if entry.version != version
    ]
    rejected: Changes = (Set(_REJECTED, kept) if kept else Unset(_REJECTED),)
    changes = (*(rejected if len(kept) < len(spec.rejected) else ()), Set(_CANDIDATE, {"version": version}))
    return _edit(md, changes, f"Try {_name(md)} {version} again")


def undo(md: ModelDeployment, before: Mapping[str, Any], after: Mapping[str, Any]) -> Verb:
    """Take a promotion back: `before` and `after` are the document as its commit found and left it."""
    stable, past = md.spec.stable, field_at(before, ("spec", "stable"))
    if stable is None or not past:
        return Refused(f"nothing was stable before what {_name(md)} serves; remove it by hand if it must go")
    tried = field_at(before, _CANDIDATE) or {}
    candidate = tried if tried.get("version") == stable.version else {"version": stable.version}
    changes: Changes = (
        Set(("spec", "stable"), past),
        Set(_CANDIDATE, {key: value for key, value in candidate.items() if key not in SAID}),
        *_back(before, after, ("spec", "predictor")),
    )
    return _edit(md, changes, f"Undo the promotion of {_name(md)} {stable.version}")


def is_promotion(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the version that is stable changed between two states of the document."""
    path = ("spec", "stable", "version")
    return not same(field_at(before, path), field_at(after, path))


def _back(before: Any, after: Any, path: Path) -> Iterator[Set | Unset]:
    """What was changed, as it was."""
    old, new = field_at(before, path), field_at(after, path)
    if same(old, new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in (*old, *(key for key in new if key not in old)):
            yield from _back(before, after, (*path, key))
    else:
        yield Unset(path) if old is None else Set(path, old)


def _from(md: ModelDeployment, step: int) -> Edit:
    version = md.spec.candidate.version if md.spec.candidate else ""
    return _edit(md, (Set(_FROM_STEP, step), *_unpaused(md)), f"Let {_name(md)} {version} go on from step {step}")


def _unpaused(md: ModelDeployment) -> Changes:
    return (Unset(_PAUSED),) if md.spec.candidate is not None and md.spec.candidate.paused is not None else ()


def _idle(md: ModelDeployment) -> Refused:
    return Refused(f"{_name(md)} tries nothing: spec.candidate is absent")


def _name(md: ModelDeployment) -> str:
    return md.metadata.name


def _edit(md: ModelDeployment, changes: Changes, subject: str, body: str = "") -> Edit:
    return Edit(md.ref, EditClass.PROPOSE, (), changes, subject, body)
