"""Whatever happens, in whatever order: behind a step `analysis` no candidate comes whose metrics have not passed."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from deployments import a_bound, a_policy, canary, serving
from happenings import HAPPENINGS
from model_world import ModelWorld

STEPS = canary({"setWeight": 10}, {"analysis": {"policies": [{"name": "quality"}]}}, {"setWeight": 50})
UNDECIDED = a_bound("quality", "accuracy", inconclusiveLimit=-1, threshold={"max": 0.2, "failAbove": 0.4})
stories = some.lists(some.sampled_from(sorted(HAPPENINGS)), min_size=1, max_size=14)
searched = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def told(story: list[str], number: float) -> ModelWorld:
    """A story of which the metric of the step says this number of every candidate; the highest weight is noted."""
    world = serving("7", strategy=STEPS, policies=(a_policy(), UNDECIDED))
    world.numbers = {"-v8-": number, "-v9-": number}
    world.spec(candidate={"version": "8"})
    for happening in story:
        HAPPENINGS[happening](world)
        world.tick(1)
        world.visit()
    return world


def highest(world: ModelWorld, version: str) -> int:
    """The highest weight that was asked for the version beside stable."""
    entries = [entry for act in world.writes for entry in _canaries(act)]
    return max((e["trafficPercent"] for e in entries if e["predictor"]["name"].startswith(f"v{version}-")), default=0)


def _canaries(act: object) -> list[dict]:
    manifest = getattr(act, "manifest", {})
    return manifest.get("spec", {}).get("canary", []) if manifest.get("kind") == "InferenceService" else []


@searched
@given(stories)
def test_an_undecided_metric_lets_nobody_pass(story: list[str]):
    world = told([each for each in story if each != "stable is set to 8"], 0.3)

    assert max(highest(world, "8"), highest(world, "9")) <= 10


@searched
@given(stories)
def test_a_failing_metric_lets_nobody_pass(story: list[str]):
    world = told([each for each in story if each != "stable is set to 8"], 0.9)

    assert max(highest(world, "8"), highest(world, "9")) <= 10
    assert "Promoted" not in {str(past.phase) for past in world.read_md().status.history}


def test_a_metric_that_passes_lets_it_pass():
    assert highest(told(["a long time passes"], 0.1), "8") == 50
