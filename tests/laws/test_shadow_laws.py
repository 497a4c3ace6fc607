"""Whatever happens while copies are compared, in whatever order: users see stable's answers, and the laws hold."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from deployments import serving
from happenings import HAPPENINGS as ALL
from happenings import Happening
from kanaria.serving.selection import read
from kanaria.vocabulary import Apply, Delete
from model_world import ModelWorld
from own_route_world import ROUTING

UNFIT = {"an unknown policy", "a known policy", "8 turns bad", "8 turns good", "metrics are lost", "metrics are back"}


def _says(compared: int, differing: int) -> Happening:
    return lambda w: setattr(w, "look", json.dumps({"compared": compared, "differing": differing}))


HAPPENINGS: dict[str, Happening] = {
    **{name: happening for name, happening in ALL.items() if name not in UNFIT},
    "answers agree": _says(500, 0),
    "answers differ": _says(500, 60),
    "few copies come": _says(20, 0),
    "nobody can compare": lambda w: setattr(w, "look", None),
    "a person needs no proof": lambda w: w.spec(candidate={"version": "8", "promote": "Full"}),
    "Services are deleted by hand": lambda w: w.copiers.clear(),
    "Jobs are deleted by hand": lambda w: w.jobs.clear(),
}
stories = some.lists(some.sampled_from(sorted(HAPPENINGS)), min_size=1, max_size=14)
searched = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def told(story: list[str]) -> ModelWorld:
    """A story that begins with a candidate on trial; what is not safe is noted as it is written."""
    world = serving("7", strategy={"shadow": {"percentage": 20}}, analysis=None, routing=ROUTING)
    world.spec(candidate={"version": "8"}).run(10)
    for happening in story:
        HAPPENINGS[happening](world)
        world.tick(1)
        world.visit()
    return world


def unsafe(world: ModelWorld) -> list[str]:
    """What a route should not have said: weights for what is only tried, or copies that nobody takes."""
    routes = [act.manifest["spec"]["rules"] for act in world.writes if isinstance(act, Apply) and _is_route(act)]
    return [str(rules) for rules in routes if not _is_safe(rules)]


def _is_route(act: Apply) -> bool:
    return act.manifest["kind"] == "HTTPRoute"


def _is_safe(rules: list[dict]) -> bool:
    weights = sorted(ref["weight"] for ref in rules[0]["backendRefs"])
    copies = [each["requestMirror"]["backendRef"]["name"] for each in rules[0].get("filters", ())]
    return weights[-1] == 100 and sum(weights) == 100 and all(name.endswith("-shadow") for name in copies)


@searched
@given(stories)
def test_users_are_answered_by_one_model_at_a_time_and_copies_go_to_who_compares(story: list[str]):
    assert unsafe(told(story)) == []


@searched
@given(stories)
def test_a_candidate_that_is_only_tried_never_has_weight(story: list[str]):
    world = told(story)
    promoted = {"stable is set to 8", "Git is written", "a long time passes"}.intersection(story)

    assert world.weight("8") == 0 or promoted


@searched
@given(stories)
def test_it_comes_to_rest_with_nothing_left_behind(story: list[str]):
    """Idempotence, and quiet: Services and Jobs that nobody needs are gone."""
    world = told(story)
    world.refuse, world.mlflow, world.look = None, True, json.dumps({"compared": 500})
    world.broken.clear()
    world.spec(suspend=False).run(120)

    world.tick()

    assert world.decide().plan.acts == ()
    trial = world.read_md().status.trial
    if trial is None or trial.phase != "Stepping":
        assert (world.copiers, read(world.route)[0].mirrored) == ({}, 0)
    assert all("status" in job for job in world.jobs.values())


@searched
@given(stories)
def test_a_candidate_whose_answers_differ_is_never_promoted(story: list[str]):
    world = told(story)
    trial = world.read_md().status.trial
    if trial is None or trial.phase != "Stepping" or trial.shadow.compared or world.refuse:
        return

    world.look = json.dumps({"compared": 500, "differing": 100})
    candidate = world.md["spec"].get("candidate", {})
    if "promote" in candidate:
        return
    world.spec(suspend=False).run(180)

    ended = [past.phase for past in world.read_md().status.history if past.id == trial.id]
    now = world.read_md().status.trial
    assert "Promoted" not in ended
    assert now is None or now.id != trial.id or now.phase in {"Failed", "Stepping", "Paused", "Reverted"}


def test_a_job_is_deleted_by_the_team_s_account():
    world = told(["few copies come", "a long time passes"])

    assert any(isinstance(act, Delete) and act.target.kind == "Job" and act.account is not None for act in world.writes)
