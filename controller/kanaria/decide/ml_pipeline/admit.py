"""Whether the pipeline can run at all."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from kanaria.api.conditions import Reason
from kanaria.decide.circles import way_back
from kanaria.decide.filling import unknown_reference
from kanaria.decide.ml_pipeline.scene import Scene
from kanaria.decide.ml_pipeline.upstream import endless, started_by
from kanaria.decide.step_graph import circle, cyclic
from kanaria.decide.unfolding import unfoldable
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
    around = way_back(scene.pipeline.metadata.name, lambda name: _before(name, scene))
    if around:
        yield Stall(Reason.CYCLIC_TRIGGERS, endless(around))
    for index, gate in enumerate(spec.gates):
        if gate.policy_ref.name not in scene.seen.policies:
            there = ", ".join(sorted(scene.seen.policies)) or "none"
            yield Stall(
                Reason.UNKNOWN_POLICY,
                f"spec.gates[{index}]: MetricPolicy {gate.policy_ref.name!r} does not exist in namespace "
                f"{scene.pipeline.metadata.namespace} (there: {there}); commit it, or name another",
            )


def _before(name: str, scene: Scene) -> Iterable[str]:
    """The pipelines that start one."""
    own = name == scene.pipeline.metadata.name
    return started_by(scene.pipeline.spec) if own else scene.seen.before.get(name, ())
