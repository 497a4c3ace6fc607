"""Who judges in which step, and can they: policies that are there, read, and count what can be counted?"""

from collections.abc import Iterable, Iterator

from kanaria.api.conditions import Reason
from kanaria.api.model_deployment import Analysis
from kanaria.api.resource import ObjectReference
from kanaria.decide.model_deployment.metrics import measured, named_metrics, names_of
from kanaria.decide.model_deployment.scene import Scene
from kanaria.sources.counter import Counter
from kanaria.vocabulary import Stall

ALWAYS = "spec.analysis.policies"
NOBODY_JUDGES = (
    "spec.analysis.policies name no metric that can be read while the candidate serves, so nothing would judge it; add "
    "one with counter and sequential, or one with prometheus and threshold, or remove spec.analysis"
)


def judging(scene: Scene, step: int) -> Analysis | None:
    """What judges in a step: spec.analysis, and the step's own policies beside it."""
    analysis, own = scene.md.spec.analysis, own_of(scene, step)
    if not own:
        return analysis
    added = tuple(ObjectReference(name=name) for name in own)
    if analysis is None:
        return Analysis(policies=added)
    return analysis.model_copy(update={"policies": (*analysis.policies, *added)})


def own_of(scene: Scene, step: int) -> tuple[str, ...]:
    """The policies that judge in this step alone."""
    always = names_of(scene.md.spec.analysis)
    return tuple(name for name in scene.md.spec.strategy.strategy.analyses(step) if name not in always)


def analysed(scene: Scene, step: int) -> bool:
    """Whether all metrics of the step's policies that decide have passed."""
    names = scene.md.spec.strategy.strategy.analyses(step)
    if not names or scene.judged is None:
        return not names
    wanted = {key for key, metric in named_metrics(scene, names) if metric.decides}
    return bool(wanted) and wanted <= scene.judged.proven


def alpha_shares(scene: Scene) -> int:
    """How many tests share alpha: those of spec.analysis, and of each step's policies, which begin anew."""
    always = names_of(scene.md.spec.analysis)
    steps = (name for name, _ in scene.md.spec.strategy.strategy.policies if name not in always)
    analyses = (Analysis(policies=(ObjectReference(name=name),)) for name in (*always, *steps))
    return sum(len(measured(scene, analysis)) for analysis in analyses)


def no_judge(scene: Scene, analysis: Analysis | None) -> Stall | None:
    """Why nobody could judge a candidate; None where somebody can, or nobody is asked to."""
    why = next((why for name, place in _named(scene, analysis) if (why := _wrong(scene, name, place))), "")
    always = names_of(analysis)
    if not why and always and not any(metric.decides for _, metric in named_metrics(scene, always)):
        why = NOBODY_JUDGES
    return Stall(Reason.UNKNOWN_POLICY, why) if why else None


def _named(scene: Scene, analysis: Analysis | None) -> Iterator[tuple[str, str]]:
    """Each policy that judges, now or in a later step, with the place that names it."""
    strategy = scene.md.spec.strategy.strategy
    steps = [(name, f"spec.strategy.{strategy.key}.{place}") for name, place in strategy.policies]
    yield from ((name, ALWAYS) for name in names_of(analysis) if name not in dict(steps))
    yield from steps


def _wrong(scene: Scene, name: str, place: str) -> str:
    found = scene.seen.policies.get(name)
    if found is None:
        return (
            f"{place} names MetricPolicy {name}, which does not exist in namespace {scene.md.metadata.namespace}; "
            "commit it, or correct the name"
        )
    if isinstance(found, str):
        return f"{place}: MetricPolicy {name}: {found}"
    if place != ALWAYS and not any(metric.decides for _, metric in named_metrics(scene, (name,))):
        return (
            f"{place}: MetricPolicy {name} has no metric that decides while the candidate serves, so the step would "
            "never pass; add one with counter and sequential, or one with prometheus and threshold"
        )
    return _uncounted(scene, (name,), place)


def _uncounted(scene: Scene, names: Iterable[str], place: str) -> str:
    """Counters that cannot see the backends of the way in which the model is served."""
    for key, metric in named_metrics(scene, names):
        preset = metric.source.preset if isinstance(metric.source, Counter) else ""
        if preset in scene.seen.way.uncounted:
            return (
                f"{place}: {key} counts by preset {preset}, which does not see the revisions that Knative routes to; "
                "use a preset that does, or a prometheus query with {{variant}}, a revision's name"
            )
    return ""
