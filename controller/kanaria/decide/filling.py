"""What ${parameters.NAME}, ${steps.STEP.outputs.NAME}, ${source.…}, ${champion.…} and the like stand for in a step."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kanaria.api.ml_pipeline import PipelineSpec
from kanaria.api.pipeline_step import Step
from kanaria.decide.source_steps import BUILD, source_steps
from kanaria.decide.step_graph import before

# A name with a dot in it, so that a shell's own ${HOME} stays as it is; $${…} is kept, without the first dollar.
_REFERENCE = re.compile(r"(\$?)\$\{([A-Za-z]+(?:\.[-\w]+)+)\}")


def as_it_stands(text: str) -> str:
    """The text so written that filling it in gives the text itself: for values that look like references."""
    return _REFERENCE.sub(lambda found: f"${found[0]}", text)


CHAMPION = ("champion.version", "champion.uri")
"""References to the stable model of the first ModelDeployment of spec.promote, empty where nothing is stable."""


def names_champion(steps: Iterable[Step]) -> bool:
    """Whether one of the steps refers to the stable model."""
    texts = (text for step in steps for _, _, text in _texts(step))
    return any(name in CHAMPION for text in texts for name in _references(text))


@dataclass(frozen=True, slots=True)
class Values:
    """What references stand for in one run, by reference."""

    known: Mapping[str, str]

    @classmethod
    def of(
        cls,
        spec: PipelineSpec,
        revision: str,
        outputs: Mapping[str, Mapping[str, str]],
        facts: Mapping[str, str] | None = None,
    ) -> "Values":
        """The values of a run: parameters, the commit of the code, outputs of steps that succeeded, and other facts."""
        known = {f"parameters.{p.name}": p.value for p in spec.parameters}
        known |= {f"steps.{step}.outputs.{name}": v for step, values in outputs.items() for name, v in values.items()}
        return cls(known | ({"source.revision": revision} if spec.source else {}) | dict(facts or {}))

    def lacking(self, step: Step) -> str:
        """The first reference of a step that has no value: an output of a step that was skipped; empty where none."""
        texts = (text for _, _, text in _texts(step))
        return next((name for text in texts for name in _references(text) if name not in self.known), "")

    def fill(self, text: str) -> str:
        """The text with its references filled in.

        Raises:
            KeyError: for a reference that `unknown_reference` would have told of.
        """
        return _REFERENCE.sub(lambda found: found[0][1:] if found[1] else self.known[found[2]], text)

    def fill_in_pod(self, text: str) -> str:
        """The same for a text that Kubernetes fills in once more: it puts variables in place of $(NAME).

        What the user wrote may mean that. A value may not: an output of a step could name a Secret's variable.

        Raises:
            KeyError: as `fill`.
        """
        return Values({name: value.replace("$", "$$") for name, value in self.known.items()}).fill(text)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A reference that stands for nothing: the keys of its field from the spec on, and place, fact and remedy."""

    field: tuple[str | int, ...]
    sentence: str


def unknown_reference(spec: PipelineSpec) -> str:
    """The first reference that stands for nothing, with its place and what exists; empty where all are known."""
    return next((found.sentence for found in unknown_references(spec)), "")


def unknown_references(spec: PipelineSpec) -> Iterator[Unknown]:
    """All references that stand for nothing."""
    for index, test in enumerate(each for each in source_steps(spec) if each.name != BUILD):
        yield from _unknown(test, _always_known(test, spec), "source.tests", index)
    for part, steps in (("steps", spec.steps), ("onExit", spec.on_exit)):
        for index, step in enumerate(steps):
            known = _known(step, spec) if part == "steps" else _known_at_exit(step, spec)
            yield from _unknown(step, known, part, index)


def _unknown(step: Step, known: frozenset[str], part: str, index: int) -> Iterator[Unknown]:
    for place, field, text in _texts(step):
        for reference in _references(text):
            if reference not in known:
                there = ", ".join(f"${{{name}}}" for name in sorted(known)) or "nothing to refer to"
                sentence = (
                    f"spec.{part} {step.name!r}, {place}: ${{{reference}}} stands for nothing; there is: {there}. "
                    "Outputs are known to steps that depend on the step which declares them; "
                    "write $${…} for a text that is meant as it stands"
                )
                yield Unknown((*part.split("."), index, *field), sentence)


def _texts(step: Step) -> Iterator[tuple[str, tuple[str | int, ...], str]]:
    yield "image", ("image",), step.image or ""
    yield from ((f"command[{index}]", ("command", index), text) for index, text in enumerate(step.command))
    yield from ((f"env {each.name}", ("env", index, "value"), each.value) for index, each in enumerate(step.env))
    yield from ((f"withItems[{index}]", ("withItems", index), text) for index, text in enumerate(step.with_items))
    for index, condition in enumerate(step.when):
        yield f"when[{index}].input", ("when", index, "input"), condition.input
        for at, value in enumerate(condition.values):
            yield f"when[{index}].values[{at}]", ("when", index, "values", at), value


def _references(text: str) -> Iterator[str]:
    return (found[2] for found in _REFERENCE.finditer(text) if not found[1])


def _known(step: Step, spec: PipelineSpec) -> frozenset[str]:
    earlier = before(step, spec.steps)
    outputs = {f"steps.{s.name}.outputs.{output.name}" for s in spec.steps if s.name in earlier for output in s.outputs}
    return _always_known(step, spec) | outputs


def _known_at_exit(step: Step, spec: PipelineSpec) -> frozenset[str]:
    """No outputs: whether a step got so far is not known then."""
    return (_always_known(step, spec) - {"source.image"}) | {"run.status"}


def _always_known(step: Step, spec: PipelineSpec) -> frozenset[str]:
    names = {"run.name"} | {f"parameters.{parameter.name}" for parameter in spec.parameters}
    names |= {"source.revision"} if spec.source else set()
    names |= set(CHAMPION) if spec.promote else set()
    names |= {"source.image"} if spec.source and spec.source.build else set()
    return frozenset(names | ({"step.item", "step.index"} if step.fans_out else set()))
