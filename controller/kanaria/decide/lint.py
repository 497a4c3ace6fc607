"""What is wrong with manifests that can all be read: what would stall, and what they name that is not among them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kanaria.api import MetricPolicy, MLPipeline, ModelDeployment, Resource
from kanaria.api.ml_pipeline import PipelineSpec
from kanaria.api.resource import API_VERSION
from kanaria.decide.circles import way_back
from kanaria.decide.filling import unknown_references
from kanaria.decide.git_sync import Tree, Wanted
from kanaria.decide.ml_pipeline.upstream import endless, started_by
from kanaria.decide.model_deployment.judges import NOBODY_JUDGES
from kanaria.decide.step_graph import circle, cyclic
from kanaria.decide.unfolding import unfoldable
from kanaria.decide.wrong_fields import FieldPath, dotted
from kanaria.sources.step_output import StepOutput
from kanaria.vocabulary.json_path import parts

_KINDS: Mapping[str, type[Resource]] = {
    "MLPipeline": MLPipeline,
    "MetricPolicy": MetricPolicy,
    "ModelDeployment": ModelDeployment,
}
_Key = tuple[str, str, str]
"""Kind, namespace and name."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence on a field of a document; a doubt is about what may well be elsewhere."""

    where: Wanted
    field: FieldPath
    sentence: str
    is_doubt: bool = False


def remarks(tree: Tree) -> Iterator[Remark]:
    """All that there is to say of the manifests of a tree."""
    ours = [wanted for wanted in tree.objects.values() if wanted.ref.api_version == API_VERSION]
    files = _Files(
        {_key(wanted): _KINDS[wanted.ref.kind].parse(wanted.manifest) for wanted in ours if _is_read(wanted)}
    )
    for wanted in ours:
        resource = files.read.get(_key(wanted))
        if isinstance(resource, MLPipeline):
            yield from _of_pipeline(wanted, resource, files)
        elif isinstance(resource, ModelDeployment):
            yield from _of_deployment(wanted, resource, files)


@dataclass(frozen=True, slots=True)
class _Files:
    """The documents of our kinds."""

    read: Mapping[_Key, Resource]

    def find(self, kind: str, namespace: str, name: str) -> Resource | None:
        """The document of this kind and name; one that names no namespace may be of any."""
        return self.read.get((kind, namespace, name)) or self.read.get((kind, "", name))

    def policy(self, namespace: str, name: str) -> MetricPolicy | None:
        """The MetricPolicy of this name."""
        found = self.find("MetricPolicy", namespace, name)
        return found if isinstance(found, MetricPolicy) else None


def _is_read(wanted: Wanted) -> bool:
    return wanted.ref.kind in _KINDS


def _key(wanted: Wanted) -> _Key:
    return (wanted.ref.kind, wanted.ref.namespace, wanted.ref.name)


def _of_pipeline(where: Wanted, pipeline: MLPipeline, files: _Files) -> Iterator[Remark]:
    spec = pipeline.spec
    steps = circle((*spec.steps, *spec.on_exit))
    fault = "" if steps else unfoldable(spec)
    if steps:
        yield Remark(where, ("spec", *_place(spec, steps[0]), "dependsOn"), cyclic(steps))
    elif fault:
        yield Remark(where, ("spec", "steps"), fault)
    else:
        for unknown in unknown_references(spec):
            yield Remark(where, ("spec", *unknown.field), unknown.sentence)
    for index, gate in enumerate(spec.gates):
        field, name = ("spec", "gates", index), gate.policy_ref.name
        policy = files.policy(where.ref.namespace, name)
        if policy is None:
            yield Remark(where, field, _absent(dotted(field), "MetricPolicy", name), is_doubt=True)
        else:
            yield from _of_gate(where, field, pipeline, policy)
    yield from _of_triggers(where, files)
    yield from _of_proposals(where, pipeline, files)


def _of_triggers(where: Wanted, files: _Files) -> Iterator[Remark]:
    def before(name: str) -> Iterable[str]:
        other = files.find("MLPipeline", where.ref.namespace, name)
        return started_by(other.spec) if isinstance(other, MLPipeline) else ()

    around = way_back(where.ref.name, before)
    if around:
        yield Remark(where, ("spec", "triggers"), endless(around))


def _place(spec: PipelineSpec, name: str) -> FieldPath:
    parts = (("steps", spec.steps), ("onExit", spec.on_exit))
    return next((part, index) for part, steps in parts for index, step in enumerate(steps) if step.name == name)


def _of_gate(where: Wanted, field: FieldPath, pipeline: MLPipeline, policy: MetricPolicy) -> Iterator[Remark]:
    """A gate that looks at an output which no step declares can never be measured."""
    declared = {(step.name, output.name) for step in pipeline.spec.steps for output in step.outputs}
    for metric in policy.spec.metrics:
        source = metric.source
        if isinstance(source, StepOutput) and (source.step, source.output) not in declared:
            there = ", ".join(sorted(f"{step}.{output}" for step, output in declared)) or "none"
            sentence = (
                f"{dotted(field)}: metric {metric.name!r} of MetricPolicy {policy.metadata.name!r} reads "
                f"{source.address}, which no step declares (declared: {there}); add it to the step's outputs, or mend "
                "the policy"
            )
            yield Remark(where, field, sentence)


def _of_proposals(where: Wanted, pipeline: MLPipeline, files: _Files) -> Iterator[Remark]:
    for index, proposal in enumerate(pipeline.spec.promote):
        field, target = ("spec", "promote", index), proposal.model_deployment
        namespace = target.namespace or where.ref.namespace
        found = files.find("ModelDeployment", namespace, target.name)
        if not isinstance(found, ModelDeployment):
            yield Remark(where, field, _absent(dotted(field), "ModelDeployment", target.name), is_doubt=True)
        elif pipeline.spec.model and found.spec.model.name != pipeline.spec.model.name:
            sentence = (
                f"{dotted(field)}: the pipeline makes versions of {pipeline.spec.model.name!r}, while ModelDeployment "
                f"{target.name!r} serves {found.spec.model.name!r}; name one model in both"
            )
            yield Remark(where, field, sentence)


def _of_deployment(where: Wanted, deployment: ModelDeployment, files: _Files) -> Iterator[Remark]:
    yield from _of_candidate(where, deployment)
    yield from _of_analysis(where, deployment, files)
    for index, acceptance in enumerate(deployment.spec.accept_from):
        if files.find(acceptance.kind, acceptance.namespace, acceptance.name) is None:
            field: FieldPath = ("spec", "acceptFrom", index)
            name = f"{acceptance.namespace}/{acceptance.name}"
            yield Remark(where, field, _absent(dotted(field), acceptance.kind, name), is_doubt=True)


def _of_candidate(where: Wanted, deployment: ModelDeployment) -> Iterator[Remark]:
    spec, field = deployment.spec, ("spec", "candidate")
    candidate, stable = spec.candidate, spec.stable
    if candidate is None:
        return
    if candidate.version in {entry.version for entry in spec.rejected}:
        sentence = (
            f"spec.candidate.version {candidate.version} is in spec.rejected, so it is not tried; "
            "remove that entry, or the candidate"
        )
        yield Remark(where, field, sentence)
    if stable and stable.version == candidate.version and not candidate.predictor:
        sentence = (
            f"spec.candidate is version {candidate.version}, as spec.stable, with nothing changed; "
            "remove it, or name another version"
        )
        yield Remark(where, field, sentence)


def _of_analysis(where: Wanted, deployment: ModelDeployment, files: _Files) -> Iterator[Remark]:
    analysis, strategy = deployment.spec.analysis, deployment.spec.strategy.strategy
    for name, place in strategy.policies:
        if files.policy(where.ref.namespace, name) is None:
            field = ("spec", "strategy", strategy.key, *parts(f"$.{place}"))
            yield Remark(where, field, _absent(dotted(field), "MetricPolicy", name), is_doubt=True)
    if analysis is None:
        return
    found = []
    for index, reference in enumerate(analysis.policies):
        policy = files.policy(where.ref.namespace, reference.name)
        found.append(policy)
        if policy is None:
            field = ("spec", "analysis", "policies", index)
            yield Remark(where, field, _absent(dotted(field), "MetricPolicy", reference.name), is_doubt=True)
    metrics = [metric for policy in found if policy for metric in policy.spec.metrics]
    if all(found) and not any(metric.decides for metric in metrics):
        yield Remark(where, ("spec", "analysis", "policies"), NOBODY_JUDGES)


def _absent(place: str, kind: str, name: str) -> str:
    return f"{place}: {kind} {name!r} is not among these files; add it, or mend the name, unless it is kept elsewhere"
