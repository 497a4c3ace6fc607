"""Which steps a pipeline's spec stands for: one for each item where a step fans out."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kanaria.api.ml_pipeline import PipelineSpec
from kanaria.api.pipeline_step import ITEMS_MAX, EnvVar, Step, When
from kanaria.decide.filling import as_it_stands
from kanaria.decide.source_steps import guarded, source_steps

STEPS_MAX = 64
"""How many steps a run's status can bear."""
# With a second dollar it is meant as it stands.
_ITEM, _INDEX = (re.compile(rf"(?<!\$)\$\{{step\.{word}\}}") for word in ("item", "index"))


@dataclass(frozen=True, slots=True)
class Unfolded:
    """The steps of a run as they are carried out."""

    steps: tuple[Step, ...]
    last: tuple[Step, ...]
    """Those of onExit."""
    groups: Mapping[str, tuple[str, ...]]
    """The instances of each step that fans out, by its name in the spec."""

    def instances(self, name: str) -> tuple[str, ...]:
        """The steps that a step of the spec stands for."""
        return self.groups.get(name, (name,))

    @property
    def every(self) -> tuple[Step, ...]:
        """All of them."""
        return (*self.steps, *self.last)


def unfolded(spec: PipelineSpec) -> Unfolded:
    """The steps; one whose items cannot be read has none: `unfoldable` tells of it."""
    groups = {
        step.name: tuple(f"{step.name}-{index}" for index in range(len(_items(step, spec))))
        for step in (*spec.steps, *spec.on_exit)
        if step.fans_out
    }
    first = source_steps(spec)
    steps = _each(spec.steps, spec, groups) if groups else spec.steps
    last = _each(spec.on_exit, spec, groups) if groups else spec.on_exit
    return Unfolded((*first, *guarded(steps, first)) if first else steps, last, groups)


def unfoldable(spec: PipelineSpec) -> str:
    """Why the steps cannot be unfolded, in a sentence; empty where they can."""
    return next(_faults(spec), "")


def _faults(spec: PipelineSpec) -> Iterator[str]:
    for step in (*spec.steps, *spec.on_exit):
        if step.fans_out and not 1 <= len(_items(step, spec)) <= ITEMS_MAX:
            yield (
                f"spec.steps {step.name!r}, withParam: parameter {step.with_param!r} must be a JSON list with 1 to "
                f"{ITEMS_MAX} items, such as [0.1, 0.5]"
            )
            return
    names = [step.name for step in unfolded(spec).every]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        yield f"spec.steps: an item, build or test would be called {twice!r}, as another step is; rename one of them"
    if len(names) > STEPS_MAX:
        yield f"spec.steps unfold to {len(names)} steps; {STEPS_MAX} are possible: give fewer items"


def _items(step: Step, spec: PipelineSpec) -> tuple[str, ...]:
    if step.with_param is None:
        return step.with_items
    value = next((each.value for each in spec.parameters if each.name == step.with_param), "")
    try:
        items = json.loads(value)
    except ValueError:
        return ()
    texts = (item if isinstance(item, str) else json.dumps(item) for item in items) if _is_list(items) else ()
    return tuple(map(as_it_stands, texts))


def _is_list(items: object) -> bool:
    return isinstance(items, list) and len(items) <= ITEMS_MAX


def _each(steps: Sequence[Step], spec: PipelineSpec, groups: Mapping[str, tuple[str, ...]]) -> tuple[Step, ...]:
    return tuple(made for step in steps for made in _instances(step, spec, groups))


def _instances(step: Step, spec: PipelineSpec, groups: Mapping[str, tuple[str, ...]]) -> Iterator[Step]:
    needed = tuple(name for each in step.depends_on for name in groups.get(each, (each,)))
    step = step.model_copy(update={"depends_on": needed})
    if step.name not in groups:
        yield step
        return
    for index, (name, item) in enumerate(zip(groups[step.name], _items(step, spec), strict=True)):
        yield _instance(step, name, item, str(index))


def _instance(step: Step, name: str, item: str, index: str) -> Step:
    def filled(text: str) -> str:
        return _INDEX.sub(index, _ITEM.sub(lambda _: item, text))

    def env(variable: EnvVar) -> EnvVar:
        return variable.model_copy(update={"value": filled(variable.value)})

    def when(condition: When) -> When:
        values = tuple(map(filled, condition.values))
        return condition.model_copy(update={"input": filled(condition.input), "values": values})

    return step.model_copy(
        update={
            "name": name,
            "with_items": (),
            "with_param": None,
            "image": filled(step.image) if step.image else None,
            "command": tuple(map(filled, step.command)),
            "env": tuple(map(env, step.env)),
            "when": tuple(map(when, step.when)),
        }
    )
