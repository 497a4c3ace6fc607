"""What an offline metric of a run is compared with: a number, or why there is none."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from kanaria.api.metric_policy import MetricUnion
from kanaria.decide.ml_pipeline_run.baseline import StableRun, digest_of
from kanaria.decide.ml_pipeline_run.champion import stable_now
from kanaria.decide.ml_pipeline_run.scene import EVERY, Scene
from kanaria.decide.ml_pipeline_run.track import mlflow_run_id
from kanaria.gates.change import Change
from kanaria.sources.kind import SourceKind
from kanaria.sources.mlflow import Mlflow
from kanaria.vocabulary import Answered, PairedScores, PairedScoresAsked

Metrics = Mapping[str, float]
CHAMPION_KEY = "champion/"
"""How the keys begin under which a step logs what it found of the stable model."""
MEANS_DIFFER = 1e-3
"""By more than this share: then the scores are not those that the metric was made of."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The other number and the digest of its data; `trouble` says why it cannot be known."""

    value: float | None = None
    digest: str = ""
    trouble: str = ""
    scores: PairedScores | None = None
    """Both models' scores of the same rows, where the gate asks how sure the difference is."""


def compared(scene: Scene, metric: MetricUnion, metrics: Metrics, stable: StableRun | str) -> Compared:
    """What the metric's gate wants to see beside the value; nothing where it compares nothing."""
    rule, source = metric.gate, metric.source
    if not isinstance(rule, Change) or not isinstance(source, Mlflow):
        return Compared()
    if rule.baseline == "champion":
        return _champion(scene, rule, source, metrics)
    if rule.baseline_key is not None:
        return _of_this_run(scene, rule.baseline_key, metrics)
    if isinstance(stable, str):
        return Compared(trouble=stable)
    return Compared(source.read(stable.metrics), stable.digest)


def data_digest(scene: Scene) -> str:
    """The digest of the data that the run read."""
    return digest_of({entry.name: entry.digest for entry in scene.status.data})


def scores_asked(scene: Scene, metrics: list[MetricUnion]) -> Iterator[PairedScoresAsked]:
    """The questions for scores by rows, of gates that ask how sure a difference is."""
    if not stable_now(scene).version:
        return
    for metric in metrics:
        if isinstance(metric.gate, Change) and metric.gate.confidence is not None:
            yield _asked(scene, metric.source, metric.gate.confidence)


def _asked(scene: Scene, source: SourceKind, confidence: float) -> PairedScoresAsked:
    return PairedScoresAsked(EVERY, mlflow_run_id(scene.status), source.address, confidence)


def _of_this_run(scene: Scene, key: str, metrics: Metrics) -> Compared:
    if key not in metrics:
        return Compared(trouble=f"{key} was not logged, which change.baselineKey names; log it, or remove the gate")
    return Compared(metrics[key], data_digest(scene))


def _champion(scene: Scene, rule: Change, source: Mlflow, metrics: Metrics) -> Compared:
    """Both numbers of this run, from the same data, and of the model that is stable still."""
    now, scored = stable_now(scene), scene.status.champion
    if scored is None and now.version:
        return Compared(
            trouble="no step refers to ${champion.version} or ${champion.uri}, so nothing scored the stable model; "
            "let the step that evaluates do so, or compare with baseline: stable"
        )
    if scored is not None and scored != now:
        said = f"version {scored.version} was" if scored.version else "nothing was"
        return Compared(
            trouble=f"{said} stable when the run began, {now.version or 'nothing'} is now: "
            "the numbers are no comparison with what serves; start a new run"
        )
    if not now.version:
        return Compared()
    key = f"{CHAMPION_KEY}{source.metric}"
    if key not in metrics:
        return Compared(trouble=f"{key} was not logged; let the step that evaluates log it for version {now.version}")
    return _sure(scene, rule, source, Compared(metrics[key], data_digest(scene)), metrics)


def _sure(scene: Scene, rule: Change, source: Mlflow, found: Compared, metrics: Metrics) -> Compared:
    """With the scores by rows where they are asked for; they must be those that the metrics are the means of."""
    if rule.confidence is None:
        return found
    answer = scene.seen.answer(_asked(scene, source, rule.confidence))
    scores = answer.value if isinstance(answer, Answered) else PairedScores.missing("the scores were not read yet")
    if scores.trouble:
        return Compared(trouble=scores.trouble)
    for name, logged, mean in (
        (source.metric, metrics.get(source.metric), scores.candidate),
        (f"{CHAMPION_KEY}{source.metric}", found.value, scores.champion),
    ):
        if logged is not None and not math.isclose(logged, mean, rel_tol=MEANS_DIFFER, abs_tol=1e-6):
            said = f"{name} is {logged:.4g}, and the mean of the scores by rows {mean:.4g}"
            return Compared(trouble=f"{said}: {rule.key}.confidence is for metrics that are the mean of a score a row")
    return replace(found, scores=scores)
