"""A version that is stable in one environment is proposed in the next by a commit; a rejection travels too."""

from typing import Any

import pytest

from deployments import a_spec, a_world, message, phase, promoted, reason, serving
from kanaria.api import ModelDeployment
from kanaria.decide.model_deployment.earlier_runs import in_a_row, runs_towards
from kanaria.decide.model_deployment.passing_on import edits_due
from kanaria.vocabulary import Append, Edit, EditClass, Field, ObjectName, Set, Unset
from model_world import ModelWorld

PROD = ObjectName("prod", "wine")
NEXT = [{"modelDeployment": {"name": "wine", "namespace": "prod"}, "after": "5m"}]
ACCEPTS = [{"kind": "ModelDeployment", "namespace": "cellar", "name": "wine"}]


def prod(status: dict[str, Any] | None = None, **fields: Any) -> ModelDeployment:
    spec = a_spec(**{"stable": {"version": "5"}, "acceptFrom": ACCEPTS, **fields})
    return ModelDeployment.read(
        {"metadata": {"name": "wine", "namespace": "prod"}, "spec": spec, "status": status or {}}
    )


def beside(world: ModelWorld, target: ModelDeployment | None) -> ModelWorld:
    world.more = {"targets": {PROD: target} if target is not None else {}}
    return world


def staged(target: ModelDeployment | None, seconds: int = 360) -> ModelWorld:
    """7 has been stable in staging for so long, beside this next environment."""
    return beside(serving("7", promote=NEXT), target).run(seconds, every=60)


def passage(world: ModelWorld) -> tuple[str, str]:
    (found,) = world.read_md().status.passages
    return found.state, found.message


def due(world: ModelWorld) -> tuple[Edit, ...]:
    return edits_due(world.read_md(), world.more["targets"])


def test_a_version_goes_on_after_its_time_by_a_commit():
    world = staged(prod(), seconds=60)
    assert (passage(world)[0], due(world)) == ("Waiting", ())

    world.run(300, every=60)

    (edit,) = due(world)
    assert passage(world) == ("Due", "")
    assert (edit.target.object_name, edit.edit_class) == (PROD, EditClass.PROPOSE)
    assert edit.expects == (Field(("spec", "candidate"), None),)
    assert edit.changes == (Set(("spec", "candidate"), {"version": "7"}),)
    assert (edit.subject, "stable in ModelDeployment cellar/wine" in edit.body) == ("Propose wine version 7", True)


@pytest.mark.parametrize(
    ("target", "state", "said"),
    [
        pytest.param(None, "Waiting", "does not exist yet", id="it is not there"),
        pytest.param(prod(acceptFrom=[]), "Waiting", "acceptFrom", id="it does not accept"),
        pytest.param(prod(model={"name": "beer"}), "Waiting", "serves the model 'beer'", id="another model"),
        pytest.param(prod(candidate={"version": "7"}), "Proposed", "", id="it is tried there"),
        pytest.param(prod(stable={"version": "7"}), "Proposed", "", id="it is stable there"),
        pytest.param(prod(rejected=[{"version": "7"}]), "Dropped", "in spec.rejected of", id="it was rejected"),
        pytest.param(
            prod({"wasStable": [{"version": "7"}]}),
            "Dropped",
            "was stable in prod/wine before",
            id="it was stable there",
        ),
        pytest.param(
            prod(candidate={"version": "6"}, onSupersede="Queue"), "Waiting", "tries version 6", id="another is tried"
        ),
    ],
)
def test_what_stands_in_the_way(target: ModelDeployment | None, state: str, said: str):
    world = staged(target)

    assert (passage(world)[0], said in passage(world)[1], due(world)) == (state, True, ())


def test_another_candidate_is_replaced_where_the_next_environment_does_not_queue():
    (edit,) = due(staged(prod(candidate={"version": "6"})))

    assert edit.expects == (Field(("spec", "candidate"), {"version": "6"}),)


def test_a_version_goes_on_once_whatever_becomes_of_it():
    world = beside(staged(prod()), prod(candidate={"version": "7"})).run(10)
    assert passage(world)[0] == "Proposed"

    beside(world, prod()).run(10)

    assert (passage(world)[0], due(world)) == ("Proposed", ())


def test_the_next_version_goes_on_anew():
    world = beside(promoted("8", promote=NEXT), prod(stable={"version": "7"})).run(400, every=60)

    assert [edit.changes[0].value for edit in due(world)] == [{"version": "8"}]


def test_a_rejection_takes_the_candidate_of_the_next_environment_with_it():
    rejected = [{"version": "7", "reason": "Reverted", "evidence": "wrong"}]
    world = beside(serving("6", promote=NEXT, rejected=rejected), prod(candidate={"version": "7"})).run(10)

    (edit,) = due(world)

    assert edit.edit_class is EditClass.SETTLE
    assert edit.changes == (
        Unset(("spec", "candidate")),
        Append(
            ("spec", "rejected"),
            {"version": "7", "reason": "Reverted", "evidence": "rejected in cellar/wine: wrong"},
        ),
    )


def test_a_rejection_takes_nothing_where_it_is_not_accepted():
    world = beside(
        serving("6", promote=NEXT, rejected=[{"version": "7"}]), prod(candidate={"version": "7"}, acceptFrom=[])
    ).run(10)

    assert due(world) == ()


def test_at_rest_nothing_is_written_while_a_version_waits():
    world = staged(prod(), seconds=60)
    before = len(world.writes)

    world.run(120)

    assert len(world.writes) == before


@pytest.mark.parametrize(("elsewhere", "expected"), [(2, None), (1, "Stepping")], ids=["no room", "room"])
def test_no_more_candidates_are_tried_than_the_platform_team_allows(elsewhere: int, expected: str | None):
    world = serving("7")
    world.more = {"trials_max": 2, "tried_elsewhere": elsewhere}

    world.spec(candidate={"version": "8"}).run(10)

    assert (phase(world), reason(world) == "Queued") == (expected, expected is None)


def test_a_candidate_that_waited_for_room_is_tried_when_there_is_some():
    world = serving("7")
    world.more = {"trials_max": 1, "tried_elsewhere": 1}
    world.spec(candidate={"version": "8"}).run(10)
    assert "KANARIA_MAX_TRIALS" in message(world)

    world.more = {"trials_max": 1, "tried_elsewhere": 0}

    assert phase(world.run(20)) == "Stepping"


def test_a_first_version_needs_no_room():
    world = a_world(candidate={"version": "1"})
    world.more = {"trials_max": 1, "tried_elsewhere": 1}

    assert phase(world.run(10)) == "Passed"


def a_run(
    number: int,
    phase: str,
    *,
    tracking: str = "",
    alpha: str = "0.5",
    commit: str = "c1",
    of: str = "wine",
    **more: Any,
) -> dict[str, Any]:
    """A run of the pipeline that proposes to cellar/wine."""
    pipeline = {"promote": [{"modelDeployment": {"name": "wine"}}], "parameters": [{"name": "alpha", "value": alpha}]}
    return {
        "metadata": {"name": f"wine-{number}", "namespace": "cellar"},
        "spec": {"pipelineRef": {"name": of}, "number": number, "revision": commit, "pipeline": pipeline | more},
        "status": {"phase": phase, "tracking": {"runId": tracking or f"run-{number}"}},
    }


WELL, LOST, MINE = "Succeeded", "Failed", "r7"


@pytest.mark.parametrize(
    ("runs", "count"),
    [
        pytest.param([a_run(1, WELL, tracking=MINE), a_run(2, WELL), a_run(3, WELL)], 3, id="all went well"),
        pytest.param([a_run(1, WELL), a_run(2, WELL, tracking=MINE)], 2, id="those before it count too"),
        pytest.param([a_run(1, WELL, tracking=MINE), a_run(2, LOST), a_run(3, WELL)], 1, id="one was lost between"),
        pytest.param([a_run(1, WELL, tracking=MINE), a_run(2, LOST)], 0, id="the newest was lost"),
        pytest.param([a_run(1, WELL, tracking=MINE), a_run(2, "Running"), a_run(3, "Cancelled")], 1, id="not over"),
        pytest.param([a_run(1, WELL, tracking=MINE), a_run(2, WELL, alpha="0.9")], 1, id="of a changed pipeline"),
        pytest.param([a_run(1, WELL, tracking=MINE), a_run(2, WELL, commit="c2")], 1, id="of another commit"),
        pytest.param([a_run(1, WELL, tracking=MINE), a_run(2, WELL, of="beer")], 1, id="of another pipeline"),
        pytest.param([a_run(1, WELL, tracking=MINE), a_run(2, WELL, suspend=True)], 2, id="not what it is made of"),
        pytest.param([a_run(1, WELL, tracking=MINE), a_run(2, WELL, promote=[])], 1, id="that proposes nowhere"),
        pytest.param([a_run(1, WELL), a_run(2, WELL)], None, id="none that made it"),
    ],
)
def test_runs_in_a_row_are_counted(runs: list[dict[str, Any]], count: int | None):
    assert in_a_row(runs_towards(ObjectName("cellar", "wine"), runs), MINE) == count


def after_runs(*runs: dict[str, Any]) -> ModelWorld:
    world = serving("7", promote=[{"modelDeployment": {"name": "wine", "namespace": "prod"}, "minSuccessfulRuns": 2}])
    return ran(beside(world, prod()), *runs)


def ran(world: ModelWorld, *runs: dict[str, Any]) -> ModelWorld:
    world.more["earlier_runs"] = runs_towards(ObjectName("cellar", "wine"), runs)
    return world.run(70, every=10)


def test_a_version_waits_for_runs_that_went_well():
    world = after_runs(a_run(1, WELL, tracking=MINE))
    assert (passage(world)[0], "1 of 2 runs of its pipeline succeeded here in a row" in passage(world)[1]) == (
        "Waiting",
        True,
    )

    ran(world, a_run(1, WELL, tracking=MINE), a_run(2, WELL))

    assert (passage(world), world.read_md().status.passages[0].runs, len(due(world))) == (("Due", ""), 2, 1)


def test_a_version_whose_run_nobody_knows_waits():
    world = after_runs(a_run(1, WELL), a_run(2, WELL), a_run(3, WELL))

    assert passage(world)[0] == "Waiting"
    assert "no kept MLPipelineRun that proposes to cellar/wine made it" in passage(world)[1]


def test_a_run_that_is_kept_no_more_takes_no_evidence_with_it():
    world = serving("7", promote=[{**NEXT[0], "minSuccessfulRuns": 2}])
    ran(beside(world, prod()), a_run(1, WELL, tracking=MINE), a_run(2, WELL))
    assert passage(world)[0] == "Waiting"

    ran(world, a_run(2, WELL), a_run(3, WELL)).run(400, every=60)

    assert passage(world) == ("Due", "")
