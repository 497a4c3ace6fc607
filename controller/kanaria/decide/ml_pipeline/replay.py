"""Which run is run again, and what the new run is told of it."""

from kanaria.api import MLPipelineRun
from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline import PipelineSpec
from kanaria.api.ml_pipeline_run import Replays, RunPhase
from kanaria.decide.ml_pipeline.scene import Due, Scene
from kanaria.vocabulary import Notice, marks

REPLAY = "replay"
REQUEST_MAX = 256


def replay_asked(scene: Scene) -> str:
    """What the annotation says, where that was not acted on yet."""
    said = scene.pipeline.metadata.annotations.get(marks.REPLAY, "")[:REQUEST_MAX]
    return "" if said == scene.status.last_handled_replay else said


def named(request: str) -> str:
    """The run that a request names: what follows a # only tells it from the last one."""
    return request.partition("#")[0].strip()


def replay(scene: Scene) -> Due | Notice | None:
    """The run that is due since somebody asked to repeat one, or why that one cannot be repeated."""
    request = replay_asked(scene)
    if not request:
        return None
    name = named(request)
    known = {run.metadata.name: run for run in scene.runs if run.status.phase is RunPhase.SUCCEEDED}
    if name not in known:
        fact = f"run {name!r} is not there, or did not succeed (those that did: {', '.join(known) or 'none'})"
        sentence = f"the annotation {marks.REPLAY}: {fact}; name one that succeeded and is kept"
        return Notice("Warning", Reason.NOT_REPLAYED, sentence)
    reason, link = f"the annotation {marks.REPLAY} names run {name}", f"MLPipelineRun {name}"
    return Due(REPLAY, reason, request=None, value=name, link=link, replays=known[name])


def compared_with(run: MLPipelineRun, request: str) -> Replays:
    """What a replay is compared with."""
    return Replays(
        run=run.metadata.name,
        request=request,
        metrics=run.status.metrics,
        data={entry.name: entry.digest for entry in run.status.data},
        images={entry.name: entry.image_id for entry in run.status.steps if entry.image_id},
    )


def repeated(spec: PipelineSpec) -> PipelineSpec:
    """The spec of a replay: nothing is judged, proposed, or taken from an earlier run, and no other run gives way.

    Triggers go too: some do not hold together with what is left.
    """
    steps = tuple(step.model_copy(update={"cache": None}) for step in spec.steps)
    changes = {"gates": (), "promote": (), "triggers": (), "steps": steps, "concurrency_policy": "Allow"}
    return spec.model_copy(update=changes)
