"""What is read off the objects around a run."""

from collections.abc import Iterable, Iterator, Mapping

from kanaria.api import MLPipelineRun, Resource
from kanaria.engines.pods import telling
from kanaria.vocabulary import marks
from kanaria.vocabulary.objects import Manifest


def jobs_of(run: Resource, labelled: Iterable[Manifest]) -> Mapping[str, Manifest]:
    """The Jobs of a run, or a pipeline, by name: a label is put on quickly, but Kanaria's Jobs name it by its UID."""
    return {job["metadata"]["name"]: job for job in labelled if run.metadata.uid in _owners(job)}


def by_job(jobs: Mapping[str, Manifest], pods: Iterable[Manifest]) -> Mapping[str, Manifest]:
    """The Pod of each of these Jobs that tells most of it, by the Job's name.

    Pods that another operator made for a TrainJob or a RayJob are not owned by it, but by what it makes of that: they
    bear a label that a team can put on any Pod of its own, so nothing is read off them but why an attempt does not go.
    """
    names = {job["metadata"].get("uid"): name for name, job in jobs.items()}
    others = {name for name, job in jobs.items() if job.get("kind", "Job") != "Job"}
    found: dict[str, list[Manifest]] = {}
    for pod in pods:
        labelled = (pod["metadata"].get("labels") or {}).get(marks.ATTEMPT, "")
        for name in {names[uid] for uid in _owners(pod) if uid in names} | ({labelled} & others):
            found.setdefault(name, []).append(pod)
    return {name: telling(each) for name, each in found.items()}


def _owners(child: Manifest) -> frozenset[str]:
    return frozenset(owner.get("uid", "") for owner in child["metadata"].get("ownerReferences") or ()) - {""}


def of_same_pipeline(run: MLPipelineRun, others: Iterable[Manifest]) -> Iterator[Manifest]:
    """The other runs of the same pipeline."""
    mine = run.spec.pipeline_ref.name
    for other in others:
        named = (other.get("spec") or {}).get("pipelineRef") or {}
        if named.get("name") == mine and other["metadata"]["name"] != run.metadata.name:
            yield other


def around(
    run: MLPipelineRun, siblings: Iterable[MLPipelineRun]
) -> tuple[tuple[MLPipelineRun, ...], tuple[MLPipelineRun, ...]]:
    """The runs before and after one."""
    ordered = sorted(siblings, key=lambda each: each.spec.number)
    older = tuple(each for each in ordered if each.spec.number < run.spec.number)
    return older, tuple(each for each in ordered if each.spec.number > run.spec.number)
