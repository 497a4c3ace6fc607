"""What is read off the objects around a run."""

from collections.abc import Iterable, Mapping

from kanaria.api import MLPipelineRun
from kanaria.vocabulary.objects import Manifest


def by_job(pods: Iterable[Manifest]) -> Mapping[str, Manifest]:
    """The newest Pod of each Job, by the Job's name."""
    found: dict[str, Manifest] = {}
    for pod in sorted(pods, key=lambda each: str(each["metadata"].get("creationTimestamp", ""))):
        owners = pod["metadata"].get("ownerReferences") or ()
        found |= {owner["name"]: pod for owner in owners if owner.get("kind") == "Job"}
    return found


def later_than(run: MLPipelineRun, others: Iterable[MLPipelineRun]) -> tuple[MLPipelineRun, ...]:
    """The later runs of the same pipeline."""
    mine = run.spec.pipeline_ref.name
    return tuple(r for r in others if r.spec.pipeline_ref.name == mine and r.spec.number > run.spec.number)
