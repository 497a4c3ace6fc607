"""What a test of the code must show beside its exit code: the tests of its report, and what it logged."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydantic import ValidationError

from kanaria.api.ml_pipeline_run import ReportedTests, StepPhase, StepStatus
from kanaria.api.pipeline_source import SourceTest
from kanaria.decide.ml_pipeline_run.scene import EVERY, Scene, Turn, asked, going_on
from kanaria.decide.ml_pipeline_run.track import tracking_run
from kanaria.decide.source_steps import test_of
from kanaria.engines.work import STEP, TEST
from kanaria.judge.convergence import does_not_converge
from kanaria.vocabulary import Answer, Answered, MetricHistory, NonFinite, TrackingRun, Unanswered
from kanaria.vocabulary.masking import masked

JUDGING = "what it logged is read"
_SAID_MAX = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """What is found of a test: `fault` says why it fails, `waits` what is to be known first."""

    fault: str = ""
    waits: str = ""


def track_tests(scene: Scene) -> Turn:
    """Have an MLflow run made for each test that is judged by what it logs: it must not mix with the model's."""
    wanted = {e.name: test for e in scene.status.steps if (test := _untracked(e, scene))}
    answers = {name: asked(scene, _run_of(test, scene), "making the MLflow runs") for name, test in wanted.items()}
    waiting = next((each for each in answers.values() if isinstance(each, Turn)), None)
    if waiting is not None or not answers:
        return waiting or Turn(scene.status)
    ids = {name: answer.value for name, answer in answers.items() if isinstance(answer, Answered)}
    steps = (e.model_copy(update={"tracking_run": ids[e.name]}) if e.name in ids else e for e in scene.status.steps)
    return going_on(scene, steps=tuple(steps))


def _untracked(entry: StepStatus, scene: Scene) -> SourceTest | None:
    test = test_of(scene.pipeline, entry.name)
    return test if test and test.trains and entry.phase is StepPhase.PENDING and not entry.tracking_run else None


def _run_of(test: SourceTest, scene: Scene) -> TrackingRun:
    whole = tracking_run(scene)
    key, name = f"{whole.key}/{test.name}", f"{whole.name}-{test.name}"
    return replace(whole, key=key, name=name, tags=(*whole.tags, ("kanaria.test", test.name)))


def shown(entry: StepStatus, scene: Scene) -> Shown:
    """What a test that ended well logged, and whether it is enough."""
    test = test_of(scene.pipeline, entry.name)
    if test is None or not test.trains or not entry.tracking_run:
        return Shown()
    found = tuple(_found(test, entry.tracking_run, scene))
    return next((each for each in found if each.fault), None) or next((e for e in found if e.waits), Shown())


def _found(test: SourceTest, run_id: str, scene: Scene) -> Iterator[Shown]:
    if test.converge:
        key = test.converge.metric
        answer = scene.seen.answer(MetricHistory(EVERY, run_id, key))
        if isinstance(answer, Answered):
            fault = does_not_converge(answer.value, test.converge.min_decrease, test.converge.max)
            yield Shown(fault and f"training does not converge: {key}: {fault}; see MLflow run {run_id}")
        else:
            yield Shown(waits=_waits(answer))
    if test.finite:
        answer = scene.seen.answer(NonFinite(EVERY, run_id))
        if isinstance(answer, Answered):
            yield Shown(
                answer.value and f"training gives no numbers: {'; '.join(answer.value)}; see MLflow run {run_id}"
            )
        else:
            yield Shown(waits=_waits(answer))


def _waits(answer: Answer | None) -> str:
    return f"{JUDGING}: {answer.message}; it is asked again" if isinstance(answer, Unanswered) else JUDGING


def ran_in(entry: StepStatus, scene: Scene) -> str:
    """The container that runs the command: where a test has a report, `step` only reads that."""
    test = test_of(scene.pipeline, entry.name)
    return TEST if test and test.junit else STEP


def counted(said: str, entry: StepStatus, scene: Scene) -> tuple[ReportedTests | None, str]:
    """The tests of the report that a test wrote, and what is to be said of them; None where there is no report.

    Where nobody came to read it there is nothing to say: a deadline, an image, or the checkout is why.
    """
    test = test_of(scene.pipeline, entry.name)
    if test is None or not test.junit or not said:
        return None, ""
    told = _read(said)
    words = masked(str(told.get("said", "")) if told else said).strip()[-_SAID_MAX:]
    try:
        counts = ReportedTests.model_validate(told.get("tests"))
    except ValidationError:
        fault = masked(str(told.get("fault", ""))) or "its report was not read"
        return None, f"{fault}; it wrote: {words or 'nothing'}"
    counts = counts.model_copy(update={"failures": tuple(map(masked, counts.failures))})
    names = ", ".join(counts.failures)
    if counts.failed:
        whole = counts.passed + counts.failed + counts.skipped
        more = f", and {counts.failed - len(counts.failures)} more" if counts.failed > len(counts.failures) else ""
        return counts, f"{counts.failed} of {whole} tests failed: {names}{more}"
    return counts, words and f"all of its {counts.passed} tests passed, and it failed: {words}"


def _read(said: str) -> dict[str, object]:
    try:
        found = json.loads(said)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
