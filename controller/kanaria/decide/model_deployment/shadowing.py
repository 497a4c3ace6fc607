"""Phase: how does the candidate answer copies of requests, while users see stable's answers only?

A Job of the team's gets the copies by a Service of its own, asks both models, and tells at its end what it counted: one
look. Looks add up until there is proof. One that could not be done is done again later, and is no fault of the
candidate's. Copies are asked of the gateway only while a Job is there to take them.
"""

from dataclasses import asdict
from datetime import timedelta

from kanaria.api.conditions import Reason
from kanaria.api.judged import TrialShadow
from kanaria.api.model_deployment import Trial, TrialPhase
from kanaria.decide.forbidden import remedy
from kanaria.decide.model_deployment.asking import address, job_name, jobs_for
from kanaria.decide.model_deployment.preflight import PODS
from kanaria.decide.model_deployment.scene import Judged, Scene
from kanaria.decide.model_deployment.serve import QUOTA, is_first
from kanaria.engines.attempt import Failed, Going, Succeeded, attempt
from kanaria.engines.job import JobEngine, render
from kanaria.engines.work import OUTPUTS_FILE, STEP, Work
from kanaria.judge.comparison import Bounds, Comparison, Look, compared, look_of, read
from kanaria.serving.naming import backend_name, comparing_name
from kanaria.strategies.shadow import Shadow
from kanaria.vocabulary import Account, Apply, FailureKind, Outcome, Stall, Wait, marks
from kanaria.vocabulary.durations import duration_of
from kanaria.vocabulary.objects import Manifest, label_safe

MARK = "-shadow-"
"""What stands in the names of its Jobs, behind the ModelDeployment's."""
PORT = 8080
_GRACE = timedelta(minutes=3)
"""How much longer than its look a Job may take: its image is pulled, and the last answers come."""
_LONGEST_WAIT = timedelta(minutes=10)
NOTHING_YET = "no copy was compared yet"


def shadow(scene: Scene) -> Scene:
    """While copies are compared: a Job for each look, and what all of them prove."""
    trial, asked = scene.active, scene.md.spec.strategy.strategy
    if scene.hands_off or scene.seen.invalid:
        return scene
    if trial is None or not isinstance(asked, Shadow) or is_first(scene) or scene.leaving:
        return _cleared(scene, "")
    if trial.phase is TrialPhase.LOADING:
        return _cleared(scene, "")
    if trial.phase is TrialPhase.PASSED:
        return _cleared(scene.but(judged=_judged(trial, asked)), "")
    return _under_way(scene.but(watches=(*scene.watches, PODS)), trial, asked)


def _under_way(scene: Scene, trial: Trial, asked: Shadow) -> Scene:
    name = job_name(scene, MARK, trial, trial.shadow.looks)
    live = scene.seen.jobs.get(name)
    found = attempt(live, scene.seen.pods.get(name), scene.now) if live is not None else None
    if found is not None and not isinstance(found, Going):
        trial = _looked(trial, asked, found)
        scene = scene.with_status(trial=trial)
    scene = scene.but(judged=_judged(trial, asked))
    if isinstance(found, Going):
        runs = _runs(scene.seen.pods.get(name))
        return _cleared(scene.but(copying=runs).looks(found.until), name)
    if found is not None:
        return scene  # the status is written first: the next look has another name
    return _next_look(scene, trial, asked, name)


def _next_look(scene: Scene, trial: Trial, asked: Shadow, name: str) -> Scene:
    """The next Job, unless something stands in the way, or the last one could not be done a moment ago."""
    if trial.shadow.trouble and trial.shadow.at is not None:
        again = trial.shadow.at + min(_LONGEST_WAIT, timedelta(minutes=2 ** min(max(0, trial.shadow.failed - 1), 4)))
        if scene.now < again:
            fact = f"copies for candidate {trial.version} could not be compared: {trial.shadow.trouble}"
            said = Wait(
                Reason.METRICS_UNMEASURED, f"{fact}; it is tried again, and nothing is held against it", retry=True
            )
            return scene.looks(again).says(said)
    if not _may_look(scene, trial):
        return scene
    job, service = _job(scene, trial, asked, name), _service(scene, trial)
    missing = () if _stands(scene, service) else (service,)
    scene = _cleared(scene.but(jobs=(*scene.jobs, *missing, job)), name)
    return scene.says(_refused(scene, {name, service["metadata"]["name"]}) or _waiting(trial, name))


def _may_look(scene: Scene, trial: Trial) -> bool:
    recorded = scene.md.status.trial
    if trial.phase is not TrialPhase.STEPPING or recorded is None or recorded.id != trial.id:
        return False
    return (
        scene.free and not scene.md.spec.suspend and not scene.paused and scene.seen.serving.ready(trial.predictor_name)
    )


def _waiting(trial: Trial, name: str) -> Wait:
    return Wait(Reason.CANARY_STEP, f"Job {name} comes up, to compare copies for candidate {trial.version}")


def _looked(trial: Trial, asked: Shadow, ended: Succeeded | Failed) -> Trial:
    """The trial with one more look."""
    before = trial.shadow
    look, trouble = _read(ended, before)
    after = look_of(before.model_dump()).plus(look)
    seen = before.model_copy(
        update={
            **asdict(after),
            "looks": before.looks + 1,
            "failed": before.failed + 1 if trouble else 0,
            "trouble": trouble[:512],
            "at": ended.at,
        }
    )
    found = _found(seen, asked)
    told = {"verdict": found.verdict, "evidence": found.sentence[:2048]} if seen.compared else {}
    return trial.model_copy(update={"shadow": seen, "requests": seen.compared, **told})


def _read(ended: Succeeded | Failed, before: TrialShadow) -> tuple[Look, str]:
    """What was counted, and why nothing was."""
    if isinstance(ended, Failed):
        return Look(), ended.message
    try:
        look = read(ended.said, before.edges)
    except ValueError as error:
        return Look(), f"its Job ended without counts: {error}"
    return look, "" if look.compared else "no copy came that stable answered; does the gateway mirror requests?"


def _judged(trial: Trial, asked: Shadow) -> Judged:
    found = _found(trial.shadow, asked)
    sentence = found.sentence if trial.shadow.compared else NOTHING_YET
    return Judged(verdict=found.verdict, sentence=sentence, short=sentence, requests=trial.shadow.compared)


def _found(seen: TrialShadow, asked: Shadow) -> Comparison:
    p99 = duration_of(asked.p99).total_seconds() * 1000 if asked.p99 is not None else None
    return compared(look_of(seen.model_dump()), Bounds(asked.max_disagreement, asked.max_psi, p99))


def _cleared(scene: Scene, current: str) -> Scene:
    """Jobs of other looks go once there is a newer one, the last stays to be read; the Service goes with the trial."""
    jobs = [job for name, job in jobs_for(scene, MARK).items() if name != current]
    gone = [job for job in jobs if current or not JobEngine.is_over(job)]
    kept = _service_name(scene, scene.active) if scene.active is not None and current else ""
    gone += [service for name, service in scene.seen.services.items() if name != kept]
    return scene.but(gone=(*scene.gone, *gone))


def _refused(scene: Scene, names: set[str]) -> Outcome | None:
    """Why the API server did not take the Job, or the Service."""
    failure = scene.seen.failure
    if failure is None or not isinstance(failure.act, Apply) or failure.act.manifest["metadata"]["name"] not in names:
        return None
    what = f"{failure.act.manifest['kind']} {failure.act.manifest['metadata']['name']}"
    if QUOTA in failure.message:
        return Wait(Reason.INSUFFICIENT_QUOTA, f"{what} waits for room in the namespace's quota: {failure.message}")
    if failure.kind is FailureKind.FORBIDDEN:
        account = Account(scene.md.metadata.namespace, scene.md.spec.service_account_name)
        fact = f"ServiceAccount {account.namespace}/{account.name} may not write {what}: {failure.message}"
        return Stall(Reason.FORBIDDEN, f"{fact}; {remedy(failure.message, account)}")
    return Wait(Reason.PROGRESSING_WITH_RETRY, f"{what}: {failure.message}; tried again", retry=True)


def _runs(pod: Manifest | None) -> bool:
    """Whether the Job's container is there to take copies."""
    statuses = ((pod or {}).get("status") or {}).get("containerStatuses") or ()
    return any(each.get("name") == STEP and "running" in (each.get("state") or {}) for each in statuses)


def _stands(scene: Scene, service: Manifest) -> bool:
    live = scene.seen.services.get(service["metadata"]["name"])
    return live is not None and (live.get("spec") or {}).get("selector") == service["spec"]["selector"]


def _service_name(scene: Scene, trial: Trial) -> str:
    return comparing_name(backend_name(scene.md.metadata.name, trial.predictor_name))


def _labels(scene: Scene, trial: Trial) -> dict[str, str]:
    return {**marks.owned_by(scene.md.ref), marks.SHADOW: label_safe(_service_name(scene, trial))}


def _service(scene: Scene, trial: Trial) -> Manifest:
    """By which the gateway finds the Job's Pod."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": _service_name(scene, trial),
            "namespace": scene.md.metadata.namespace,
            "labels": dict(marks.owned_by(scene.md.ref)),
            "ownerReferences": [dict(marks.owner_reference(scene.md.ref, scene.md.metadata.uid))],
        },
        "spec": {"selector": _labels(scene, trial), "ports": [{"name": "http", "port": 80, "targetPort": PORT}]},
    }


def _job(scene: Scene, trial: Trial, asked: Shadow, name: str) -> Manifest:
    live, took = scene.seen.serving.arrangement, duration_of(asked.duration) + _GRACE
    main = live.main.name if live is not None else ""
    fields = asked.model_dump_json(by_alias=True, exclude_none=True, exclude={"resources"})
    env = {
        "KANARIA_SHADOW": fields,
        "KANARIA_STABLE_URL": address(scene, main),
        "KANARIA_CANDIDATE_URL": address(scene, trial.predictor_name),
        "KANARIA_SHADOW_EDGES": str(list(trial.shadow.edges)) if trial.shadow.edges else "",
        "KANARIA_SHADOW_HOST": "127.0.0.1" if scene.seen.serving_url else "",
        "KANARIA_OUTPUTS": OUTPUTS_FILE,
        "PORT": str(PORT),
    }
    return render(
        Work(
            name=name,
            namespace=scene.md.metadata.namespace,
            labels=_labels(scene, trial),
            owner=marks.owner_reference(scene.md.ref, scene.md.metadata.uid),
            image=scene.seen.runner_image,
            command=("kanaria", "shadow"),
            env=tuple((key, value) for key, value in env.items() if value),
            resources=asked.resources,
            deadline=int(took.total_seconds()),
            port=PORT,
        )
    )
