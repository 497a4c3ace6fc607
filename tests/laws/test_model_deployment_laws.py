"""Whatever happens to a ModelDeployment, in whatever order: the laws hold."""

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from deployments import canary, phase, promoted, reason, serving, trying
from happenings import HAPPENINGS
from kanaria.vocabulary import Apply, WriteStatus
from model_world import ModelWorld, Thing
from own_route_world import ROUTING

STEPS = ({"setWeight": 10}, {"pause": {"duration": "20s"}}, {"setWeight": 50}, {"pause": {"duration": "20s"}})


WAYS = ({}, {"routing": ROUTING})
ways = some.sampled_from(WAYS)
"""KServe's own route, and Kanaria's."""
stories = some.lists(some.sampled_from(sorted(HAPPENINGS)), min_size=1, max_size=14)
searched = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def told(story: list[str], world: ModelWorld) -> ModelWorld:
    for happening in story:
        HAPPENINGS[happening](world)
        world.tick(1)
        world.visit()
    return world


def mended(world: ModelWorld) -> ModelWorld:
    """All that failed works again; spec and Git are left as they are."""
    world.refuse, world.metrics, world.mlflow = None, True, True
    world.broken.clear()
    return world.run(60)


@searched
@given(stories, ways)
def test_what_is_carried_out_leaves_nothing_to_write(story: list[str], way: Thing):
    """Idempotence."""
    world = mended(told(story, serving(strategy=canary(*STEPS), **way)))

    world.tick()

    assert world.decide().plan.acts == ()


@searched
@given(stories, ways)
def test_stable_serves_in_every_state(story: list[str], way: Thing):
    """Every request finds a server, but for those of a candidate that broke, until KServe has seen it."""
    world = told(story, serving(strategy=canary(*STEPS), **way))

    assert world.unserved == 0 or "8 breaks" in story


@searched
@given(stories, ways)
def test_weights_sum_to_a_hundred(story: list[str], way: Thing):
    world = told(story, serving(strategy=canary(*STEPS), **way))

    applied = [act.manifest["spec"] for act in world.writes if isinstance(act, Apply)]
    assert all(0 <= sum(entry["trafficPercent"] for entry in spec.get("canary", ())) <= 100 for spec in applied)
    rules = [spec["rules"][0]["backendRefs"] for spec in applied if "rules" in spec]
    assert all(sum(backend["weight"] for backend in backends) == 100 for backends in rules)
    assert sum(world.weights().values()) == 100


@searched
@given(
    stories,
    some.sampled_from(["8 breaks", "8 turns bad", "metrics are lost", "suspended", "an unknown policy"]),
    ways,
)
def test_nothing_failing_unread_unready_or_held_is_given_more_traffic(story: list[str], trouble: str, way: Thing):
    """Monotone safety: from the moment at which the trouble can be seen on."""
    world = told(story, trying("8", strategy=canary(*STEPS), **way))
    world.refuse, world.metrics = None, trouble != "metrics are lost"
    if _stands_beside_stable(world):
        HAPPENINGS[trouble](world)
        world.tick(0 if trouble == "an unknown policy" else 10)
    if trouble == "8 turns bad" and not _is_proven_bad(world):
        return

    before = world.asked("8") if _stands_beside_stable(world) else 100
    for _ in range(20):
        world.visit()
        world.tick(5)
        assert world.asked("8") <= before
        before = world.asked("8") if _stands_beside_stable(world) else 100


def _stands_beside_stable(world: ModelWorld) -> bool:
    """Whether 8 is a candidate, and not what Git calls stable or called so before."""
    status = world.read_md().status
    known = {status.stable.version if status.stable else "", world.md["spec"]["stable"]["version"]}
    return world.asked("8") > 0 and "8" not in known


def _is_proven_bad(world: ModelWorld) -> bool:
    for _ in range(6):
        judged = world.decide().plan.status
        if judged is not None and (judged.get("trial") or {}).get("phase") == "Failed":
            return True
        world.visit()
        world.tick(5)
    return False


@searched
@given(some.integers(0, 12), some.integers(0, 3), some.sampled_from(["good", "bad"]), some.booleans(), ways)
def test_a_pass_cut_anywhere_ends_the_same_way(visits: int, acts: int, candidate: str, restarted: object, way: Thing):
    """Resumability."""
    whole, cut = serving(strategy=canary(*STEPS), **way), serving(strategy=canary(*STEPS), **way)
    for world in (whole, cut):
        world.spec(candidate={"version": "8"})
        if candidate == "bad":
            world.bad["-v8-"] = 0.5
    for _ in range(visits):
        cut.visit()
        cut.tick(5)
    cut.visit(cut_after=acts)
    if restarted:
        cut.restart()

    for world in (whole, cut):
        world.run(240)
        world.commit()
        world.run(60)

    ends = [(reason(w), phase(w), w.md["spec"]["stable"], w.weight("7"), w.weight("8")) for w in (whole, cut)]
    assert ends[0] == ends[1]
    assert [len(w.md["spec"].get("rejected", ())) for w in (whole, cut)] == [int(candidate == "bad")] * 2


@searched
@given(stories, ways)
def test_a_transition_costs_one_status_write_and_rest_costs_none(story: list[str], way: Thing):
    """Quiet: each pass writes the status once at most, and never the same twice."""
    world = told(story, serving(strategy=canary(*STEPS), **way))

    written = [act.status for act in world.writes if isinstance(act, WriteStatus)]
    assert all(one != two for one, two in pairwise(written))


def test_at_rest_an_hour_costs_nothing():
    world = promoted("8", rollbackWindow={"keepWarm": "1m"}).run(120)
    before = len(world.writes)

    world.run(3600, every=60)

    assert world.writes[before:] == []
