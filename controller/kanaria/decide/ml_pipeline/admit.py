"""Whether the pipeline can run at all."""

from collections.abc import Iterator
from dataclasses import replace

from kanaria.api.conditions import Reason
from kanaria.decide.filling import unknown_reference
from kanaria.decide.ml_pipeline.scene import Scene
from kanaria.decide.step_graph import circle, cyclic
from kanaria.decide.unfolding import unfoldable
from kanaria.triggers.pipeline import PipelineTrigger
from kanaria.vocabulary import Stall


def admit(scene: Scene) -> Scene:
    """Refuse what can never run; what is missing may still come."""
    fault = next(_faults(scene), None)
    return scene if fault is None else replace(scene, outcome=fault)


def _faults(scene: Scene) -> Iterator[Stall]:
    spec = scene.pipeline.spec
    steps = circle((*spec.steps, *spec.on_exit))
    if steps:
        yield Stall(Reason.CYCLIC_STEPS, cyclic(steps))
    else:
        fault = unfoldable(spec) or unknown_reference(spec)
        if fault:
            yield Stall(Reason.INVALID_SPEC, fault)
    for each in spec.triggers:
        if isinstance(each.trigger, PipelineTrigger) and each.trigger.name == scene.pipeline.metadata.name:
            yield Stall(
                Reason.INVALID_SPEC,
                f"spec.triggers {each.name!r} would start a run after each run of its own pipeline, without end; "
                "name another pipeline, or use a schedule",
            )
    for index, gate in enumerate(spec.gates):
        if gate.policy_ref.name not in scene.seen.policies:
            there = ", ".join(sorted(scene.seen.policies)) or "none"
            yield Stall(
                Reason.UNKNOWN_POLICY,
                f"spec.gates[{index}]: MetricPolicy {gate.policy_ref.name!r} does not exist in namespace "
                f"{scene.pipeline.metadata.namespace} (there: {there}); commit it, or name another",
            )
