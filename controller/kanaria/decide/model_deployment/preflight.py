"""Phase: what did the candidate's servers show before they got any traffic?

A Job of the team's asks them. One that cannot be done is done again later: that is no fault of the candidate, which
waits. One that fails rejects it.
"""

import json
from datetime import datetime, timedelta

from kanaria.api.conditions import Reason
from kanaria.api.judged import TrialPreflight
from kanaria.api.model_deployment import Trial, TrialPhase
from kanaria.decide.model_deployment.asking import address, job_name, jobs_for
from kanaria.decide.model_deployment.scene import Scene
from kanaria.decide.model_deployment.serve import QUOTA
from kanaria.decide.model_deployment.trials import end
from kanaria.engines.attempt import Failed, Going, attempt
from kanaria.engines.job import JobEngine, render
from kanaria.engines.preflight import Preflight
from kanaria.engines.work import OUTPUTS_FILE, Work
from kanaria.vocabulary import Apply, Verdict, Wait, Watch, marks
from kanaria.vocabulary.objects import Manifest

PODS = Watch("v1", "Pod", marks.OWNER)
MARK = "-preflight-"
"""What stands in the names of its Jobs, behind the ModelDeployment's."""
_LONGEST_WAIT = timedelta(minutes=10)


def preflight(scene: Scene) -> Scene:
    """Before its first step the candidate shows what is asked of it."""
    trial, asked = scene.active, scene.md.spec.preflight
    if asked is None or trial is None or trial.phase is not TrialPhase.LOADING or scene.hands_off or scene.leaving:
        return scene
    if trial.preflight.verdict is Verdict.PASSED or not scene.seen.serving.ready(trial.predictor_name):
        return scene
    scene = scene.but(watches=(PODS,))
    again = _again(trial)
    if trial.preflight.verdict is Verdict.UNMEASURED and scene.now < again:
        return scene.looks(again).says(_unmeasured(trial))
    if scene.md.spec.suspend:
        return scene
    return _flown(scene, trial, asked)


def unwanted(scene: Scene) -> tuple[Manifest, ...]:
    """Preflights of other trials, or attempts: the last one stays to be read, unless it is still under way."""
    current = scene.job["metadata"]["name"] if scene.job is not None else ""
    others = (job for name, job in jobs_for(scene, MARK).items() if name != current)
    return tuple(job for job in others if current or (not JobEngine.is_over(job) and scene.active is None))


def _flown(scene: Scene, trial: Trial, asked: Preflight) -> Scene:
    number = trial.preflight.attempt + (1 if trial.preflight.verdict is Verdict.UNMEASURED else 0)
    wanted = _job(scene, trial, asked, number)
    name = wanted["metadata"]["name"]
    scene = scene.but(job=wanted)
    live = scene.seen.jobs.get(name)
    waiting = Wait(Reason.PREFLIGHT, f"candidate {trial.version} is asked by Job {name} before it gets any traffic")
    if live is None:
        return scene.says(_refused(scene, name) or waiting)
    found = attempt(live, scene.seen.pods.get(name), scene.now)
    if isinstance(found, Going):
        note = f"; {found.note}" if found.note else ""
        return scene.looks(found.until).says(Wait(Reason.PREFLIGHT, waiting.message + note))
    verdict, evidence = (Verdict.UNMEASURED, found.message) if isinstance(found, Failed) else _read(found.said)
    said = TrialPreflight(attempt=number, verdict=verdict, evidence=evidence[:2048], at=found.at)
    return _concluded(scene.with_trial(preflight=said), trial, verdict, evidence)


def _refused(scene: Scene, name: str) -> Wait | None:
    """Why the Job could not be made, where only a wait helps."""
    failure = scene.seen.failure
    if failure is None or QUOTA not in failure.message or not isinstance(failure.act, Apply):
        return None
    if failure.act.manifest["metadata"]["name"] != name:
        return None
    said = f"Job {name} waits for room in the namespace's quota: {failure.message}"
    return Wait(Reason.INSUFFICIENT_QUOTA, said)


def _concluded(scene: Scene, trial: Trial, verdict: Verdict, evidence: str) -> Scene:
    match verdict:
        case Verdict.PASSED:
            told = f"version {trial.version} passed its preflight: {evidence}"
            # The time in which its servers had to come up is not to end while it stands at its first step.
            return scene.with_trial(step_since=scene.now).tells(Reason.PREFLIGHT, told)
        case Verdict.FAILED:
            return end(scene, TrialPhase.FAILED, f"preflight: {evidence}")
        case _:
            again = scene.active
            return scene if again is None else scene.looks(_again(again)).says(_unmeasured(again))


def _unmeasured(trial: Trial) -> Wait:
    fact = f"the preflight of candidate {trial.version} could not be done: {trial.preflight.evidence}"
    return Wait(Reason.PREFLIGHT_UNMEASURED, f"{fact}; it is done again, and the candidate waits", retry=True)


def _again(trial: Trial) -> datetime:
    """When what could not be done is done again: after 1, 2, 4, … minutes."""
    at = trial.preflight.at or trial.started_at
    return at + min(_LONGEST_WAIT, timedelta(minutes=2 ** min(trial.preflight.attempt, 4)))


def _read(said: str) -> tuple[Verdict, str]:
    try:
        told = json.loads(said)
        return Verdict(told["verdict"]), str(told["evidence"])
    except (ValueError, TypeError, KeyError):
        return Verdict.UNMEASURED, "its Job ended without a verdict"


def _job(scene: Scene, trial: Trial, asked: Preflight, number: int) -> Manifest:
    md, seen = scene.md, scene.seen
    text = asked.model_dump_json(by_alias=True, exclude_none=True, exclude={"resources", "active_deadline_seconds"})
    return render(
        Work(
            name=job_name(scene, MARK, trial, number),
            namespace=md.metadata.namespace,
            labels=marks.owned_by(md.ref),
            owner=marks.owner_reference(md.ref, md.metadata.uid),
            image=seen.runner_image,
            command=("kanaria", "preflight"),
            env=(
                ("KANARIA_PREFLIGHT", text),
                ("KANARIA_PREFLIGHT_URL", address(scene, trial.predictor_name)),
                ("KANARIA_OUTPUTS", OUTPUTS_FILE),
            ),
            resources=asked.resources,
            deadline=asked.active_deadline_seconds,
        )
    )
