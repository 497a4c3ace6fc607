"""In which order a pipeline's steps can run, and whether they can at all."""

from collections.abc import Mapping, Sequence

from kanaria.api.pipeline_step import Step


def circle(steps: Sequence[Step]) -> tuple[str, ...]:
    """The first circle of steps that wait for each other, e.g. (a, b, a); empty where every step can run."""
    needs = {step.name: step.depends_on for step in steps}
    done: set[str] = set()
    for name in needs:
        found = _walk(name, needs, (), done)
        if found:
            return found
    return ()


def _walk(name: str, needs: Mapping[str, tuple[str, ...]], path: tuple[str, ...], done: set[str]) -> tuple[str, ...]:
    if name in path:
        return (*path[path.index(name) :], name)
    if name in done:
        return ()
    for needed in needs[name]:
        found = _walk(needed, needs, (*path, name), done)
        if found:
            return found
    done.add(name)
    return ()


def cyclic(names: Sequence[str]) -> str:
    """The sentence that names a circle."""
    return f"spec.steps wait for each other in a circle: {' → '.join(names)}; remove one of these from dependsOn"


def before(step: Step, steps: Sequence[Step]) -> frozenset[str]:
    """All steps that have succeeded when this one starts; the steps hold no circle."""
    needs = {each.name: each.depends_on for each in steps}
    found: set[str] = set()
    todo = list(step.depends_on)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += needs[name]
    return frozenset(found)


def in_order(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps, each after those it depends on; the steps hold no circle."""
    depth = {step.name: len(before(step, steps)) for step in steps}
    return tuple(sorted(steps, key=lambda step: depth[step.name]))
