"""Whether the cluster has what the engines of the steps need, and lets Kanaria see it."""

from collections.abc import Iterator

from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline import PipelineSpec
from kanaria.decide.ml_pipeline_run.endings import is_over
from kanaria.decide.ml_pipeline_run.scene import Scene, Turn
from kanaria.decide.ml_pipeline_run.steps import deadline
from kanaria.engines import EngineKind
from kanaria.engines.job import JobEngine
from kanaria.vocabulary import Outcome, Stall, Watch, marks

_ALWAYS = (Watch(JobEngine.api_version, JobEngine.made, marks.OWNER), Watch("v1", "Pod", marks.OWNER))


def watches(spec: PipelineSpec) -> tuple[Watch, ...]:
    """What a run must see: Jobs and Pods, and what the engines of its steps make."""
    made = {(step.runner.api_version, step.runner.made): None for step in (*spec.steps, *spec.on_exit)}
    others = (Watch(*kind, marks.OWNER) for kind in made if kind[1] != JobEngine.made)
    return (*_ALWAYS, *others)


def equip(scene: Scene) -> Turn:
    """Start nothing while an engine is not there: it may come yet. At its deadline the run ends like any other."""
    end = deadline(scene)
    lacking = next(_lacking(scene), None)
    if lacking is None or (end is not None and scene.now >= end):
        return Turn(scene.status)
    return Turn(scene.status, lacking, until=end)


def _lacking(scene: Scene) -> Iterator[Outcome]:
    phases = {entry.name: entry for entry in scene.status.steps}
    for step in scene.unfolded.every:
        engine, place = step.runner, f"step {step.name!r} has engine {step.runner.key}"
        if is_over(phases[step.name]):
            continue
        if engine.made in scene.seen.absent:
            yield Stall(Reason.ENGINE_NOT_INSTALLED, _not_installed(place, engine))
        if engine.made in scene.seen.refused:
            sentence = (
                f"{place}, and the operator may not watch its {engine.made}s: {scene.seen.refused[engine.made]}; have "
                f"the platform team set engines.{engine.key} of the chart, or give the step another engine"
            )
            yield Stall(Reason.FORBIDDEN, sentence)


def _not_installed(place: str, engine: EngineKind) -> str:
    return (
        f"{place}, but the cluster does not serve {engine.made} of {engine.api_version}; have {engine.product} "
        "installed, then the run goes on by itself, or give the step another engine"
    )
