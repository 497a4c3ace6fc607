"""What the model that is stable now had logged, when it was made."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kanaria.decide.ml_pipeline_run.champion import stable_now
from kanaria.decide.ml_pipeline_run.scene import EVERY, READING, Scene, Turn, asked
from kanaria.decide.ml_pipeline_run.track import logged
from kanaria.vocabulary import Answered, ModelVersionAsked, tags
from kanaria.vocabulary.objects import content_hash


@dataclass(frozen=True, slots=True)
class StableRun:
    """What the run behind the stable version logged, and the digest of the data it read; empty where unknown."""

    metrics: Mapping[str, float] = field(default_factory=dict)
    digest: str = ""


def baseline(scene: Scene) -> StableRun | str | Turn:
    """The run behind the stable version of the first target.

    Empty where nothing is stable; a sentence where it cannot be known; a turn that waits for the registry.
    """
    stable = stable_now(scene)
    if not stable.version:
        return StableRun()
    answer = asked(scene, ModelVersionAsked(EVERY, stable.name, stable.version), READING)
    if not isinstance(answer, Answered):
        return answer
    if answer.value is None:
        return (
            f"the stable version {stable.version} of {stable.name!r} is not in the registry, so nothing can be "
            "compared with it; restore it, or gate by a threshold"
        )
    if not answer.value.run_id:
        return StableRun()
    metrics = asked(scene, logged(answer.value.run_id), READING)
    if not isinstance(metrics, Answered):
        return metrics
    found = answer.value.tags
    return StableRun(
        metrics.value, digest_of({data.name: found.get(f"{tags.DATA}{data.name}", "") for data in scene.status.data})
    )


def digest_of(digests: Mapping[str, str]) -> str:
    """One digest for all the data of a run, by the entries' names; empty where one of them is not known."""
    if not digests or not all(digests.values()):
        return ""
    if len(digests) == 1:
        return next(iter(digests.values()))
    return f"sha256:{content_hash(sorted(digests.items()), 64)}"
