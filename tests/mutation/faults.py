"""Which deliberate faults the tests must notice: each changes a few characters of deciding code, and has a name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """In `file` of the package, `right` becomes `wrong`; `right` stands there once."""

    name: str
    file: str
    right: str
    wrong: str


MD, RUN, PIPELINE, SYNC = (
    f"decide/{kind}" for kind in ("model_deployment", "ml_pipeline_run", "ml_pipeline", "git_sync")
)
FAULTS = (
    Fault(
        "a weight rises though no server is ready",
        f"{MD}/shift.py",
        "if trial is None or not scene.seen.serving.ready(trial.predictor_name):\n        return False",
        "if trial is None:\n        return False",
    ),
    Fault(
        "a weight rises though metrics cannot be read",
        f"{MD}/shift.py",
        "return judged.readable and judged.verdict not in {Verdict.FAILED, Verdict.UNMEASURED}",
        "return judged.verdict is not Verdict.FAILED",
    ),
    Fault(
        "a weight rises of a trial that is not recorded",
        f"{MD}/shift.py",
        "if recorded is None or recorded.id != trial.id:",
        "if recorded is not None and recorded.id != trial.id:",
    ),
    Fault(
        "a candidate passes without proof",
        f"{MD}/shift.py",
        "return scene.seen.serving.ready(trial.predictor_name) and (_proven(scene) or _waved(scene))",
        "return scene.seen.serving.ready(trial.predictor_name)",
    ),
    Fault(
        "evidence counts before the weight is in force",
        f"{MD}/shift.py",
        "if not _obeyed(scene, trial):\n        return scene.with_trial(weight_since=None)",
        "if not _obeyed(scene, trial) and not trial.weight_since:\n        return scene.with_trial(weight_since=None)",
    ),
    Fault(
        "what is held keeps its recorded weight",
        f"{MD}/settle.py",
        "scene = scene.with_trial(weight=0, weight_since=None).but(held=True)",
        "scene = scene.with_trial(weight_since=None).but(held=True)",
    ),
    Fault(
        "a pause blinds the judge",
        f"{MD}/settle.py",
        "if scene.judged is None or scene.judged.verdict is not Verdict.FAILED:",
        "if scene.judged is None or scene.judged.verdict is not Verdict.FAILED or scene.paused:",
    ),
    Fault(
        "an abort of one trial ends another",
        f"{MD}/settle.py",
        "if trial.id != scene.md.metadata.annotations.get(ABORT):",
        "if ABORT not in scene.md.metadata.annotations:",
    ),
    Fault(
        "a suspended candidate keeps its traffic",
        f"{MD}/settle.py",
        "    if scene.md.spec.suspend:\n        return hold(",
        "    if scene.md.spec.suspend and not trial.weight:\n        return hold(",
    ),
    Fault(
        "nobody minds that metrics are not read",
        f"{MD}/settle.py",
        "    if _blind(scene):\n",
        "    if _blind(scene) and not trial.weight:\n",
    ),
    Fault(
        "what was taken back is given again",
        f"{MD}/settle.py",
        "if live.main.name == trial.predictor_name or asked >= recorded.weight:",
        "if live.main.name == trial.predictor_name or asked >= 0:",
    ),
    Fault(
        "a trial's time is never over",
        f"{MD}/settle.py",
        "    if scene.now < over:\n        return scene.looks(over)",
        "    if scene.now < over or scene.judged is not None:\n        return scene.looks(over)",
    ),
    Fault(
        "a candidate without servers does not fail",
        f"{MD}/settle.py",
        'return end(scene, TrialPhase.FAILED, f"{word} {seconds} s: {why}")',
        "return scene",
    ),
    Fault(
        "a record that is refused stops a rollback",
        f"{MD}/record.py",
        "return (*(replace(act, required=False) for act in status), *asked, *aliases)",
        "return (*status, *asked, *aliases)",
    ),
    Fault(
        "a weight is recorded before it is given",
        f"{MD}/record.py",
        "    return (*asked, *aliases, *status)",
        "    return (*status, *asked, *aliases)",
    ),
    Fault(
        "children are written by the operator itself",
        f"{MD}/record.py",
        "return Apply(step.manifest, _account(scene))",
        "return Apply(step.manifest)",
    ),
    Fault(
        "evidence is written with every window",
        f"{MD}/record.py",
        "if as_json(steady) == as_json(scene.md.status) and scene.now < due:",
        "if as_json(steady) == as_json(scene.md.status) and scene.now < scene.now:",
    ),
    Fault(
        "what stands is applied again",
        f"{MD}/record.py",
        "step.in_order and covers(step.live, step.expected)",
        "step.in_order and not step.live and covers(step.live, step.expected)",
    ),
    Fault(
        "a promotion is due while suspended",
        f"{MD}/wishes.py",
        "if md.spec.suspend or paused or not is_of(trial, md.spec):",
        "if paused or not is_of(trial, md.spec):",
    ),
    Fault(
        "an edit is due of a spec that was not seen",
        f"{MD}/wishes.py",
        "if (md.status.observed_generation or 0) != md.metadata.generation:",
        "if (md.status.observed_generation or 0) > md.metadata.generation:",
    ),
    Fault(
        "a failed candidate is not rejected",
        f"{MD}/wishes.py",
        "if trial.phase in _REJECTED else ()",
        "if trial.phase in _REMOVED else ()",
    ),
    Fault(
        "a promotion expects no candidate in the file",
        f"{MD}/wishes.py",
        "            *_stands(candidate),\n            Field(",
        "            Field(",
    ),
    Fault(
        "a rejected version is tried again",
        f"{MD}/candidate.py",
        "    if _rejected(scene, candidate):\n        return _rejection(scene, candidate)\n    stable",
        "    stable",
    ),
    Fault(
        "a trial begins while suspended",
        f"{MD}/candidate.py",
        "if model is None or not scene.free or scene.md.spec.suspend or not _may_begin(scene):",
        "if model is None or not scene.free or not _may_begin(scene):",
    ),
    Fault(
        "a trial begins beside servers that are not ready",
        f"{MD}/candidate.py",
        "        and live.ready(scene.main.name)\n",
        "",
    ),
    Fault(
        "stable changes without a canary",
        f"{MD}/stable.py",
        "if _passed(scene, model) or _came_back(scene, model):",
        "if scene.md.spec.stable or _came_back(scene, model):",
    ),
    Fault(
        "a suspended stable model is replaced",
        f"{MD}/stable.py",
        "if not scene.md.spec.suspend or begun:",
        "if not scene.md.spec.suspend or begun or live is not None:",
    ),
    Fault(
        "a weight rises before its servers",
        "serving/order.py",
        "enough = live.replicas >= wanted.replicas and seen.ready(live.name, wanted.replicas)",
        "enough = True",
    ),
    Fault(
        "a predictor goes before its requests are answered",
        "serving/order.py",
        "if other is not known and (other.weight or other.name in goal.warm or other.name not in drained)",
        "if other is not known and (other.weight or other.name in goal.warm)",
    ),
    Fault(
        "names are swapped before the route follows",
        "serving/order.py",
        "(coming.weight == 100 and seen.routes(coming.name, 100))",
        "coming.weight == 100",
    ),
    Fault(
        "a lowered weight waits for servers",
        "serving/order.py",
        "    if wanted.weight <= live.weight:\n",
        "    if wanted.weight <= live.weight and seen.ready(live.name):\n",
    ),
    Fault(
        "an old acceptance speaks of new weights",
        "serving/kserve.py",
        'return found.get("status") == "True" and int(found.get("observedGeneration") or 0) >= generation',
        'return found.get("status") == "True" and generation >= 0',
    ),
    Fault(
        "servers of an old template count as ready",
        "serving/kserve.py",
        "return found.settled and found.available >= max(1, replicas)",
        "return found.available >= max(1, replicas)",
    ),
    Fault(
        "a child has no owner",
        "serving/kserve.py",
        '            "ownerReferences": [marks.owner_reference(owner.ref, owner.uid)],\n',
        "",
    ),
    Fault(
        "metrics do not share alpha",
        "judge/sequential.py",
        "if worse >= math.log(metrics / test.alpha):",
        "if worse >= math.log(1 / test.alpha):",
    ),
    Fault(
        "good enough wins over worse",
        "judge/sequential.py",
        "if worse >= math.log(metrics / test.alpha):",
        "if worse >= math.log(metrics / test.alpha) and better < enough:",
    ),
    Fault(
        "a window counts twice",
        "judge/evidence.py",
        "if evidence.last_end is not None and window.start < evidence.last_end:",
        "if evidence.last_end is not None and window.end < evidence.last_end:",
    ),
    Fault(
        "a counter that was reset counts",
        "judge/counts.py",
        "if then is None or now.total < then.total or now.bad < then.bad:",
        "if then is None:",
    ),
    Fault(
        "what warms up counts",
        "judge/counts.py",
        "    if start < changed + warmup:\n",
        "    if end < changed + warmup:\n",
    ),
    Fault(
        "what cannot be measured fails",
        "judge/tally.py",
        "    if is_blind(tally, limits):\n        return Verdict.UNMEASURED",
        "    if is_blind(tally, limits):\n        return Verdict.FAILED",
    ),
    Fault(
        "a gate passes what is not measured",
        "gates/threshold.py",
        "if value is None:\n            return Judgement(metric, Verdict.UNMEASURED,",
        "if value is None:\n            return Judgement(metric, Verdict.PASSED,",
    ),
    Fault(
        "a value that is no number passes",
        "gates/change.py",
        "if math.isnan(value):\n            return Judgement(metric, Verdict.FAILED,",
        "if math.isnan(value):\n            return Judgement(metric, Verdict.PASSED,",
    ),
    Fault(
        "an unmeasured run is proposed",
        f"{RUN}/gate.py",
        "    if verdict is Verdict.UNMEASURED:\n",
        "    if verdict is Verdict.UNMEASURED and not gates:\n",
    ),
    Fault(
        "a person's candidate is overwritten",
        f"{RUN}/wishes.py",
        'if candidate_of(target) in ("", proposal.replaces):',
        "if proposal.model_deployment:",
    ),
    Fault(
        "a step is tried once too often",
        f"{RUN}/attempts.py",
        "if entry.attempts > step.retry_policy.limit or",
        "if entry.attempts > step.retry_policy.limit + 1 or",
    ),
    Fault(
        "steps begin after one failed",
        f"{RUN}/steps.py",
        "    if failed_step:\n",
        "    if failed_step and not steps:\n",
    ),
    Fault(
        "two runs at once where one is forbidden",
        f"{PIPELINE}/start.py",
        "return scene.unfinished > 0",
        "return scene.unfinished > 1",
    ),
    Fault(
        "a cooldown counts from the first run",
        f"{PIPELINE}/hold.py",
        "until = entry.runs[-1] + duration_of(trigger.cooldown)",
        "until = entry.runs[0] + duration_of(trigger.cooldown)",
    ),
    Fault(
        "another sync's objects are pruned",
        f"{SYNC}/prune.py",
        "Delete(ref, account, (marks.GIT_SYNC, marks.git_sync_label(scene.sync.ref, ref.namespace))) for ref in doomed",
        "Delete(ref, account) for ref in doomed",
    ),
    Fault(
        "objects are pruned though not all is applied",
        f"{SYNC}/prune.py",
        "    if scene.over:\n        return scene\n    doomed",
        "    doomed",
    ),
    Fault(
        "Kanaria's own commit confirms a deletion",
        f"{SYNC}/prune.py",
        "return waiting.revision != scene.revision and not scene.is_own_commit",
        "return waiting.revision != scene.revision",
    ),
    Fault(
        "an edit is asked for against a newer one",
        f"{SYNC}/write_back.py",
        "if edit.has_landed(wanted.manifest) or edit.mismatch(wanted.manifest) or edit.target in taken:",
        "if edit.has_landed(wanted.manifest) or edit.target in taken:",
    ),
    Fault(
        "an edit is made again that a person took back",
        f"{SYNC}/write_back.py",
        "return scene.seen.result is not None and edit in scene.seen.result.landed",
        "return False",
    ),
    Fault(
        "an object of another sync is taken over",
        f"{SYNC}/apply.py",
        "        if other in scene.seen.syncs:\n",
        "        if other not in scene.seen.syncs:\n",
    ),
    Fault(
        "nothing is rehearsed",
        f"{SYNC}/apply.py",
        "if len(asked) > 1 and _is_new(scene) else ()",
        "if len(asked) > 1 and not asked else ()",
    ),
    Fault(
        "an untrusted commit is applied",
        f"{SYNC}/trust.py",
        "return question is None or (isinstance(answer, Answered) and not answer.value)",
        "return question is None or isinstance(answer, Answered)",
    ),
    Fault(
        "the same status is written again",
        "decide/readiness.py",
        "return () if wanted == as_json(before) else (",
        "return () if wanted is before else (",
    ),
    Fault(
        "a field that must be empty may hold anything",
        "decide/covering.py",
        "    if wanted is None:\n        return live in _NOTHING",
        "    if wanted is None:\n        return True",
    ),
    Fault(
        "a pause ends when it begins",
        "strategies/canary.py",
        "over = at.proven if until is None else now >= until",
        "over = at.proven if until is None else now >= at.since",
    ),
)
