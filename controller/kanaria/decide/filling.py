"""What ${parameters.NAME}, ${steps.STEP.outputs.NAME} and ${source.revision} stand for in a step."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kanaria.api.ml_pipeline import PipelineSpec, Step
from kanaria.decide.step_graph import before

# A name with a dot in it, so that a shell's own ${HOME} stays as it is; $${…} is kept, without the first dollar.
_REFERENCE = re.compile(r"(\$?)\$\{([A-Za-z]+(?:\.[-\w]+)+)\}")


@dataclass(frozen=True, slots=True)
class Values:
    """What references stand for in one run, by reference."""

    known: Mapping[str, str]

    @classmethod
    def of(cls, spec: PipelineSpec, revision: str, outputs: Mapping[str, Mapping[str, str]]) -> "Values":
        """The values of a run: parameters, the commit of the code, and the outputs of steps that succeeded."""
        known = {f"parameters.{p.name}": p.value for p in spec.parameters}
        known |= {f"steps.{step}.outputs.{name}": v for step, values in outputs.items() for name, v in values.items()}
        return cls(known | ({"source.revision": revision} if spec.source else {}))

    def fill(self, text: str) -> str:
        """The text with its references filled in.

        Raises:
            KeyError: for a reference that `unknown_reference` would have told of.
        """
        return _REFERENCE.sub(lambda found: found[0][1:] if found[1] else self.known[found[2]], text)


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
    for index, step in enumerate(spec.steps):
        known = _known(step, spec)
        for place, field, text in _texts(step):
            for reference in _references(text):
                if reference not in known:
                    there = ", ".join(f"${{{name}}}" for name in sorted(known)) or "nothing to refer to"
                    sentence = (
                        f"spec.steps {step.name!r}, {place}: ${{{reference}}} stands for nothing; there is: {there}. "
                        "Outputs are known to steps that depend on the step which declares them; "
                        "write $${…} for a text that is meant as it stands"
                    )
                    yield Unknown(("steps", index, *field), sentence)


def _texts(step: Step) -> Iterator[tuple[str, tuple[str | int, ...], str]]:
    yield from ((f"command[{index}]", ("command", index), text) for index, text in enumerate(step.command))
    yield from ((f"env {each.name}", ("env", index, "value"), each.value) for index, each in enumerate(step.env))


def _references(text: str) -> Iterator[str]:
    return (found[2] for found in _REFERENCE.finditer(text) if not found[1])


def _known(step: Step, spec: PipelineSpec) -> frozenset[str]:
    earlier = before(step, spec.steps)
    names = {f"parameters.{parameter.name}" for parameter in spec.parameters}
    names |= {f"steps.{s.name}.outputs.{output.name}" for s in spec.steps if s.name in earlier for output in s.outputs}
    return frozenset(names | ({"source.revision"} if spec.source else set()))
