"""How many runs of the pipeline that made a version went well in this environment, one after the other?

Only runs of one and the same pipeline count: with the steps, parameters, data, model, gates and commit of the code that
the version was made with. What was changed since has shown nothing yet.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kanaria.vocabulary import ObjectName
from kanaria.vocabulary.objects import Manifest, content_hash

_MADE_OF = ("parameters", "source", "data", "workspace", "steps", "onExit", "model", "gates")
_LOST = "Failed"
_WELL = "Succeeded"


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """A run that is over: of which pipeline, made of what, and whether it went well."""

    pipeline: ObjectName
    number: int
    made_of: str
    tracking: str
    """Its MLflow run."""
    succeeded: bool


def runs_towards(name: ObjectName, bodies: Iterable[Manifest]) -> tuple[EarlierRun, ...]:
    """The runs among these objects that are over, and whose pipeline proposes to this ModelDeployment."""
    over = (body for body in bodies if (body.get("status") or {}).get("phase") in (_WELL, _LOST))
    return tuple(_read(body) for body in over if name in _targets(body))


def in_a_row(runs: Iterable[EarlierRun], tracking: str) -> int | None:
    """How many went well, the newest first, up to one that did not; None where the version's own run is not kept."""
    every = tuple(runs)
    own = next((run for run in every if run.tracking and run.tracking == tracking), None)
    if own is None:
        return None
    alike = [run for run in every if (run.pipeline, run.made_of) == (own.pipeline, own.made_of)]
    newest_first = sorted(alike, key=lambda run: -run.number)
    return next((index for index, run in enumerate(newest_first) if not run.succeeded), len(newest_first))


def _targets(body: Manifest) -> list[ObjectName]:
    own = body["metadata"].get("namespace", "")
    named = (each.get("modelDeployment") or {} for each in _pipeline(body).get("promote") or ())
    return [ObjectName(each.get("namespace") or own, each.get("name", "")) for each in named]


def _pipeline(body: Manifest) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (body.get("spec") or {}).get("pipeline") or {}
    return found


def _read(body: Manifest) -> EarlierRun:
    spec, status = body.get("spec") or {}, body.get("status") or {}
    made_of = {key: _pipeline(body).get(key) for key in _MADE_OF} | {"revision": spec.get("revision", "")}
    return EarlierRun(
        pipeline=ObjectName(body["metadata"].get("namespace", ""), (spec.get("pipelineRef") or {}).get("name", "")),
        number=int(spec.get("number") or 0),
        made_of=content_hash(made_of, 20),
        tracking=str((status.get("tracking") or {}).get("runId", "")),
        succeeded=status.get("phase") == _WELL,
    )
