"""How a plan's acts are done, in order, and what is remembered of it."""

import pytest

from fake_workshops import Bench
from fake_world import NOON
from kanaria.cluster.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    TooManyRequestsError,
    UnknownKindError,
    UnreachableError,
)
from kanaria.reconcile.carry_out import Carried, carry_out, said, same_aim
from kanaria.vocabulary import (
    Account,
    Act,
    Apply,
    CommitEdits,
    CommitResult,
    Delete,
    EndTrackingRun,
    Failure,
    FailureKind,
    Hold,
    ObjectRef,
    Plan,
    SetAlias,
    TagModelVersion,
    WriteStatus,
)

OWNER = {
    "apiVersion": "kanaria.dev/v1alpha1",
    "kind": "ModelDeployment",
    "metadata": {"name": "wine", "namespace": "wine", "uid": "u1"},
}
JOB = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "wine"}}
APPLY = Apply(JOB, Account("wine", "kanaria-runner"))
DELETE = Delete(ObjectRef.of(JOB), only_if_label=("a", "b"))
STATUS = WriteStatus({"phase": "Healthy"})
COMMIT = CommitEdits("https://git.example.com/x", "main", "wine", None, ("k", "k@example.com"), ())
ALIAS = SetAlias("wine", "champion", "8")
TAG = TagModelVersion("wine", "8", "verdict", "Passed")
END = EndTrackingRun("r-1", "FAILED")
ALL: tuple[Act, ...] = (STATUS, APPLY, COMMIT, ALIAS, TAG, END, DELETE)


async def carried(bench: Bench, *acts: Act) -> Carried:
    return await carry_out(Plan(acts=acts), OWNER, bench.all(), NOON)


async def test_acts_are_done_in_the_order_of_the_plan():
    bench = Bench()
    result = await carried(bench, *ALL)

    assert bench.done == [
        "status ModelDeployment wine/wine u1",
        "apply Job wine/j as kanaria-runner",
        "commit main",
        "alias champion 8",
        "tag verdict",
        "end r-1",
        "delete Job wine/j if",
    ]
    assert result.failure is None
    assert [str(written.ref) for written in result.written] == ["ModelDeployment wine/wine", "Job wine/j"]
    assert result.commit == bench.commit_result


async def test_the_act_that_fails_stops_the_plan():
    bench = Bench(fail={"apply Job wine/j as kanaria-runner": ForbiddenError("may not create jobs")})
    result = await carried(bench, STATUS, APPLY, ALIAS)

    assert bench.done == ["status ModelDeployment wine/wine u1"]
    assert result.failure == Failure(APPLY, FailureKind.FORBIDDEN, "may not create jobs", NOON)


@pytest.mark.parametrize(("required", "goes_on"), [(True, False), (False, True)], ids=["required", "not required"])
async def test_a_failed_status_write_stops_only_where_it_is_required(required: bool, goes_on: bool):  # noqa: FBT001 # a table's columns
    bench = Bench(fail={"status ModelDeployment wine/wine u1": UnreachableError("no answer")})
    result = await carried(bench, WriteStatus({}, required=required), APPLY)

    assert bool(bench.done) is goes_on
    assert result.failure is not None, "it is tried again"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(ForbiddenError("x"), FailureKind.FORBIDDEN, id="the account may not"),
        pytest.param(InvalidError("x"), FailureKind.INVALID, id="the server refuses it"),
        pytest.param(NotFoundError("x"), FailureKind.INVALID, id="the namespace is missing"),
        pytest.param(UnknownKindError("x"), FailureKind.INVALID, id="the kind is not installed"),
        pytest.param(ConflictError("x"), FailureKind.CONFLICT, id="another manager"),
        pytest.param(UnreachableError("x"), FailureKind.UNREACHABLE, id="no answer"),
        pytest.param(TooManyRequestsError("x"), FailureKind.UNREACHABLE, id="too many requests"),
        pytest.param(RuntimeError("x"), FailureKind.UNREACHABLE, id="another workshop's trouble"),
    ],
)
async def test_an_error_says_who_can_help(error: Exception, kind: FailureKind):
    result = await carried(Bench(fail={"apply Job wine/j as kanaria-runner": error}), APPLY)

    assert result.failure is not None
    assert (result.failure.kind, result.failure.message) == (kind, "x")


@pytest.mark.parametrize("field", ["data", "stringData"])
async def test_what_a_secret_holds_is_not_told_when_it_is_refused(field: str, caplog: pytest.LogCaptureFixture):
    metadata = {"name": "s", "namespace": "wine"}
    secret = Apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, field: {"pin": 4711, "deep": ["hush"]}})
    said = f".{field}.pin: expected string, got 4711; .{field}.deep: expected string, got [hush]"

    result = await carried(Bench(fail={"apply Secret wine/s": InvalidError(said)}), secret)

    assert result.failure is not None
    assert (
        result.failure.message == f".{field}.pin: expected string, got ***; .{field}.deep: expected string, got [***]"
    )
    assert "4711" not in caplog.text
    assert "hush" not in caplog.text


async def test_a_write_back_that_tells_an_error_is_a_failure_and_its_result_is_kept():
    bench = Bench(commit_result=CommitResult(NOON, "", rejected=10, error="the remote rejected the push 10 times"))
    result = await carried(bench, COMMIT, ALIAS)

    assert result.commit == bench.commit_result
    assert result.failure is not None
    assert result.failure.message == "the remote rejected the push 10 times"
    assert bench.done == ["commit main"]


async def test_a_fault_of_our_own_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture):
    await carried(Bench(fail={"alias champion 8": TypeError("no such argument")}), ALIAS)

    assert "Traceback" in caplog.text


@pytest.mark.parametrize("act", ALL, ids=[type(act).__name__ for act in ALL])
def test_an_act_aims_at_what_it_changes_and_can_be_said(act: Act):
    assert [same_aim(act, other) for other in ALL].count(True) == 1
    assert said(act)


def test_two_applies_of_one_object_have_the_same_aim_whatever_they_say():
    assert same_aim(APPLY, Apply({**JOB, "spec": {}}))
    assert not same_aim(APPLY, Apply({**JOB, "metadata": {"name": "other", "namespace": "wine"}}))


@pytest.mark.parametrize(
    ("before", "held", "after"),
    [
        pytest.param([], True, "['kanaria.dev/git-sync']", id="held"),
        pytest.param(["theirs"], True, "['theirs', 'kanaria.dev/git-sync']", id="held beside another's"),
        pytest.param(["kanaria.dev/git-sync", "theirs"], False, "['theirs']", id="let go"),
    ],
)
async def test_a_finalizer_is_written_onto_the_object_as_it_was_seen(before: list[str], held: bool, after: str):  # noqa: FBT001 - a table's column
    metadata = {"name": "team", "namespace": "wine", "resourceVersion": "5", "finalizers": before}
    bench = Bench()

    owner = {"apiVersion": "kanaria.dev/v1alpha1", "kind": "GitSync", "metadata": metadata}
    await carry_out(Plan(acts=(Hold(held=held),)), owner, bench.all(), NOON)

    assert bench.done == [f"merge GitSync wine/team {after} at 5"]
