"""What holds for every run: rest, resumption, bounds, and finality."""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from kanaria.decide.ml_pipeline_run.bounds import STATUS_MAX
from kanaria.vocabulary import Apply, Delete, EndTrackingRun, Failure, FailureKind, TagModelVersion, WriteStatus
from pipelines import A_MODEL, GATED, TO_WINE, Story, a_policy, a_run, a_step, a_target, at_least, played


def a_full_story() -> Story:
    train = a_step("train", retryPolicy={"limit": 1, "backoff": {"duration": "1s"}})
    steps = (a_step("prepare", outputs=[{"name": "rows"}]), train | {"dependsOn": ["prepare"]})
    run = a_run(*steps, model=A_MODEL, gates=GATED, promote=TO_WINE, workspace={"size": "1Gi"})
    return Story(run, policies=(a_policy(at_least(0.9)),), targets=(a_target(),))


def a_branching_story() -> Story:
    """With steps of every sort: for each item, on a condition, at the end."""
    rows = [{"input": "${steps.prepare.outputs.rows}", "operator": "Gt", "values": ["1"]}]
    train = a_step("train", after=("plot",), retryPolicy={"limit": 1, "backoff": {"duration": "1s"}})
    steps = (
        a_step("prepare", outputs=[{"name": "rows"}]),
        a_step("plot", after=("prepare",), withItems=["a", "b"]),
        a_step("more", after=("prepare",), when=rows),
        train,
    )
    return Story(a_run(*steps, model=A_MODEL, onExit=[a_step("tell")], parallelism=1, workspace={"size": "1Gi"}))


def to_the_end(story: Story, visit: Callable[[Story], object]) -> Story:
    """Play the story with one failed attempt; `visit` decides how much of each plan is carried out."""
    failed_once = False
    for _ in range(60):
        visit(story)
        for entry in story.run.status.steps:
            if entry.phase == "Running" and entry.job in story.jobs and "status" not in story.jobs[entry.job]:
                code = int(entry.name == "train" and not failed_once)
                failed_once |= bool(code)
                story.ends(entry.name, code=code, said='{"rows": 1}')
        story.later(seconds=1)
    return story


def ending(story: Story) -> tuple:
    status = story.run.status
    steps = [(entry.name, entry.phase, entry.attempts, dict(entry.outputs)) for entry in status.steps]
    return status.phase, steps, status.model, status.verdict, [p.state for p in status.proposals], sorted(story.jobs)


def test_carried_out_and_decided_again_nothing_is_left_to_write():
    story = a_full_story().settle()
    for step in ("prepare", "train"):
        assert story.decide().acts == ()
        story.ends(step, said='{"rows": 1}').settle()

    assert story.run.status.phase == "Succeeded"
    assert story.decide().acts == ()


def test_a_run_whose_proposal_is_settled_asks_and_watches_nothing():
    story = played(a_full_story())
    story.targets = (a_target(candidate={"version": "8"}),)

    plan = story.settle().decide()

    assert (plan.acts, plan.questions, plan.watches, plan.look_again) == ((), (), (), None)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    some.lists(some.integers(min_value=0, max_value=3), min_size=1, max_size=12),
    some.sampled_from([a_full_story, a_branching_story]),
)
def test_plans_cut_after_any_act_reach_the_same_end(cuts: list[int], begin: Callable[[], Story]):
    story, cut = begin(), itertools.chain(cuts, itertools.repeat(99))

    def cutting(story: Story) -> None:
        left = next(cut)
        counted = itertools.count()
        story.visit(carried=lambda _act: next(counted) < left)

    assert ending(to_the_end(story, cutting)) == ending(to_the_end(begin(), Story.visit))


def test_a_transition_costs_one_status_write():
    story, writes = a_full_story(), []

    def counting(story: Story) -> None:
        plan = story.visit()
        writes.extend(act for act in plan.acts if isinstance(act, WriteStatus))

    to_the_end(story, counting)

    # It is seen, prepare runs, train runs, train is tried again, the model is judged and proposed.
    assert len(writes) == 5


def test_a_run_costs_two_writes_and_one_for_each_step():
    story, writes = Story(a_run(a_step("a"), a_step("b", after=("a",)), a_step("c", after=("b",)))), []

    def counting(story: Story) -> None:
        writes.extend(act for act in story.visit().acts if isinstance(act, WriteStatus))

    to_the_end(story, counting)

    # It is seen, each step runs, it is over; MLflow's answer after the last step is worth no write of its own.
    assert (len(writes), story.run.status.phase) == (5, "Succeeded")


def test_an_answer_that_does_not_come_is_told():
    story = Story(a_run()).settle()
    story.ends("train")
    story.registry.down = "MLflow is down"

    story.settle()

    assert (story.step("train").phase, story.run.status.conditions[-1].reason) == ("Succeeded", "ProgressingWithRetry")


def test_that_work_goes_on_is_no_event():
    story, told = Story(a_run(a_step("a"), a_step("b", after=("a",)))), []

    to_the_end(story, lambda story: told.extend(story.visit().notices))

    assert [notice.reason for notice in told] == ["RunSucceeded"]


def test_what_is_over_never_changes_again():
    story = Story(a_run()).settle()
    story.ends("train", code=1).settle()
    before = story.run.status

    story.ends("train", code=0)
    story.registry.down = "gone"
    story.failure = Failure(Delete(story.run.ref), FailureKind.FORBIDDEN, "no", story.now)

    assert story.settle().run.status == before


@pytest.mark.parametrize(
    ("kind", "phase", "reason"),
    [
        pytest.param(FailureKind.FORBIDDEN, "Running", "Forbidden", id="the account may not"),
        pytest.param(FailureKind.UNREACHABLE, "Running", "ProgressingWithRetry", id="the server does not answer"),
        pytest.param(FailureKind.INVALID, "Failed", "InvalidSpec", id="the server refuses the Job"),
    ],
)
def test_a_job_that_cannot_be_applied_is_told_and_tried_again(kind: FailureKind, phase: str, reason: str):
    story = Story(a_run())
    story.visit()
    plan = story.visit(carried=lambda act: not isinstance(act, Apply))
    story.failure = Failure(plan.acts[-1], kind, "jobs.batch: no", story.now)

    again = story.visit(carried=lambda act: not isinstance(act, Apply))

    assert (story.run.status.phase, story.run.status.conditions[-1].reason) == (phase, reason)
    assert "jobs.batch: no" in story.run.status.conditions[-1].message
    assert any(isinstance(act, Apply) for act in again.acts) == (phase == "Running")
    assert [act for act in story.visit().acts if isinstance(act, WriteStatus)] == []


def test_a_forbidden_job_names_the_account_and_the_field():
    story = Story(a_run()).settle()
    story.jobs.clear()
    (apply,) = story.decide().acts
    who = "system:serviceaccount:wine:kanaria-runner"
    said = f'User "{who}" cannot create resource "jobs" in API group "batch" in the namespace "wine"'
    story.failure = Failure(apply, FailureKind.FORBIDDEN, said, story.now)
    story.visit(carried=lambda act: not isinstance(act, Apply))

    assert "create and patch on jobs.batch in namespace wine to ServiceAccount wine/kanaria-runner" in story.ready()[2]
    assert "spec.serviceAccountName" in story.ready()[2]


def test_a_status_stays_below_ten_kilobytes_whatever_steps_write():
    steps = [a_step(f"step-{number:02}", outputs=[{"name": "o"}]) for number in range(24)]
    story = Story(a_run(*steps)).settle()
    for step in steps:
        story.ends(step["name"], code=1, said="x" * 4000)

    story.settle()

    assert len(story.run.status.model_dump_json(by_alias=True, exclude_none=True)) <= STATUS_MAX


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        pytest.param([a_step("a", after=("b",)), a_step("b", after=("a",))], "CyclicSteps", id="a circle"),
        pytest.param([a_step("a") | {"command": ["${steps.b.outputs.x}"]}], "InvalidSpec", id="an unknown reference"),
    ],
)
def test_a_run_that_can_never_go_fails_at_once(steps: list, reason: str):
    story = Story(a_run(*steps)).settle()

    assert (story.run.status.phase, story.ready()[:2], story.jobs) == ("Failed", ("False", reason), {})


def test_tags_are_put_on_once_per_end():
    story, tags = a_full_story(), []

    def counting(story: Story) -> None:
        tags.extend(act for act in story.visit().acts if isinstance(act, TagModelVersion))

    to_the_end(story, counting)

    assert len({tag.key for tag in tags}) == len(tags)
    judged = {"kanaria.gates", "kanaria.gate.offline.accuracy"}
    assert {tag.key for tag in tags} == {"kanaria.run", "kanaria.pipeline", "kanaria.cause", *judged}


@pytest.mark.parametrize(("code", "status"), [(0, "FINISHED"), (1, "FAILED")], ids=["well", "not well"])
def test_the_mlflow_run_ends_with_the_run_and_before_it_is_written_down(code: int, status: str):
    story = Story(a_run()).settle()
    story.ends("train", code=code)
    plans = [story.visit() for _ in range(4)]

    acts = [act for plan in plans for act in plan.acts]

    (end,) = (act for act in acts if isinstance(act, EndTrackingRun))
    assert end == EndTrackingRun("run-r-1", status)
    assert isinstance(acts[acts.index(end) + 1], WriteStatus)
    assert story.decide().acts == ()


def test_an_mlflow_that_is_down_keeps_no_run_from_ending():
    story = Story(a_run()).settle()
    story.ends("train", code=1)
    (end, _) = story.visit(carried=lambda act: not isinstance(act, EndTrackingRun)).acts
    story.failure = Failure(end, FailureKind.UNREACHABLE, "MLflow is down", story.now)

    story.visit()

    assert story.run.status.phase == "Failed"
