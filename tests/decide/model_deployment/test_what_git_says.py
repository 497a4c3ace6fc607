"""What Git says, and what happens: each row of the table in the design, told on a model of KServe."""

from deployments import (
    PREDICTOR,
    a_world,
    canary,
    is_stalled,
    message,
    passed,
    past,
    phase,
    promoted,
    reason,
    serving,
    trying,
    weight,
)
from kanaria.vocabulary import Append, Unset


def test_only_a_candidate_is_brought_up_and_becomes_stable_by_a_commit():
    world = a_world(candidate={"version": "1"}).run(10)

    assert (phase(world), world.weight("1")) == ("Passed", 100)
    (edit,) = world.commit()
    assert edit.subject == "Promote wine to version 1"

    world.run(10)
    assert world.md["spec"]["stable"] == {"version": "1"}
    assert (reason(world), past(world)) == ("Serving", ["1 Promoted"])
    assert world.restarts == 0


def test_a_first_version_that_does_not_come_up_is_rejected_and_nothing_serves():
    world = a_world(candidate={"version": "1"}, progressDeadlineSeconds=60)
    world.broken.add("-v1-")

    world.run(70)

    assert (phase(world), world.service) == ("Failed", None)
    world.commit()
    world.run(5)
    assert world.md["spec"]["rejected"][0]["version"] == "1"
    assert reason(world) == "NoModel"


def test_a_stable_model_gets_all_requests():
    world = serving("7")

    assert (world.weight("7"), reason(world), world.unserved) == (100, "Serving", 0)
    assert world.aliases == {"wine-quality@champion-cellar-wine": "7"}


def test_a_candidate_is_brought_up_beside_stable_and_gets_its_first_percents():
    world = trying("8")

    assert (world.weight("7"), world.weight("8")) == (90, 10)
    assert (phase(world), reason(world)) == ("Stepping", "CanaryPaused")


def test_a_candidate_that_passes_keeps_its_weight_and_its_judge_until_git_says_stable():
    world = passed("8")

    assert (phase(world), weight(world), reason(world)) == ("Passed", 50, "AwaitingMerge")
    assert world.decide().plan.questions


def test_a_promotion_gives_all_requests_without_a_restart_and_keeps_the_previous_model_warm():
    world = promoted("8")

    assert (world.weight("8"), world.weight("7")) == (100, 0)
    assert world.read_md().status.warm.version == "7"
    assert world.aliases == {"wine-quality@champion-cellar-wine": "8"}
    assert (world.restarts, world.unserved, past(world)) == (0, 0, ["8 Promoted"])


def test_the_previous_model_goes_when_its_time_is_over():
    world = promoted("8", rollbackWindow={"keepWarm": "2m"})

    world.run(180, every=30)

    assert (world.read_md().status.warm, list(world.deployments)) == (None, [world.service_backend("8")])


def test_a_passed_candidate_that_turns_bad_before_the_merge_is_taken_back():
    world = passed("8")
    world.bad["-v8-"] = 0.5

    world.run(30)

    assert (phase(world), world.weight("8")) == ("Failed", 0)


def test_a_candidate_that_is_proven_worse_loses_its_traffic_and_is_rejected_by_a_commit():
    world = trying("8")
    world.bad["-v8-"] = 0.5
    world.run(30)

    assert (phase(world), world.weight("8"), reason(world)) == ("Failed", 0, "CanaryFailed")
    (edit,) = world.commit()
    assert edit.subject.startswith("Take back wine 8: errors ×")
    assert [type(change) for change in edit.changes] == [Unset, Append]

    world.run(60)
    entry = world.md["spec"]["rejected"][0]
    assert (entry["version"], entry["reason"]) == ("8", "Failed")
    assert entry["evidence"].startswith("errors ×")
    assert (past(world), world.weight("7"), len(world.deployments)) == (["8 Failed"], 100, 1)


def test_without_proof_at_max_duration_the_candidate_is_taken_back_and_not_rejected():
    world = trying("8", strategy=canary(maxDuration="3m"))
    world.rps = 2

    world.run(200)

    assert (phase(world), world.weight("8")) == ("Inconclusive", 0)
    world.commit()
    assert "rejected" not in world.md["spec"]
    assert past(world.run(5)) == ["8 Inconclusive"]


def test_without_proof_a_candidate_is_held_where_the_spec_says_so():
    world = trying("8", strategy=canary(maxDuration="3m", onInconclusive="Pause"))
    world.rps = 2

    world.run(240)

    assert (phase(world), world.weight("8"), reason(world)) == ("Paused", 0, "Inconclusive")
    assert world.commit() == ()


def test_without_proof_a_candidate_is_promoted_where_the_spec_says_so():
    world = trying("8", strategy=canary(maxDuration="3m", onInconclusive="Promote"))
    world.rps = 2

    world.run(240)

    assert phase(world) == "Passed"
    assert "promoted by onInconclusive" in world.read_md().status.trial.evidence


def test_metrics_that_cannot_be_read_hold_the_candidate_until_they_can():
    world = trying("8")
    world.metrics = False
    world.run(40)

    assert (phase(world), world.weight("8"), reason(world)) == ("Paused", 0, "MetricsUnmeasured")
    assert "the gateway cannot be reached" in message(world)

    world.metrics = True
    world.run(20)
    assert (phase(world), world.weight("8")) == ("Stepping", 10)
    assert world.commit() == ()


def test_a_candidate_that_a_human_removes_is_withdrawn_and_not_rejected():
    world = trying("8").spec(candidate=None).run(5)

    assert (world.weight("8"), past(world), reason(world)) == (0, ["8 Withdrawn"], "Serving")
    assert len(world.run(60).deployments) == 1
    assert "rejected" not in world.md["spec"]


def test_a_reverted_promotion_serves_the_warm_model_at_once_and_starts_no_canary():
    world = promoted("8").spec(stable={"version": "7"}, candidate={"version": "8"}).run(5)

    assert (world.weight("7"), world.weight("8"), phase(world)) == (100, 0, "Reverted")
    world.commit()
    world.run(60)
    assert (past(world)[0], world.md["spec"]["rejected"][0]["reason"]) == ("8 Reverted", "Reverted")
    assert (len(world.deployments), world.unserved, world.restarts) == (1, 0, 0)


def test_a_reverted_change_of_the_predictor_serves_the_version_as_it_was_served_before():
    world = serving("7")
    before, threads = dict(world.md["spec"]["predictor"]), {"model": {"env": [{"name": "THREADS", "value": "2"}]}}
    tried = {"version": "7", "predictor": threads}
    world.spec(candidate=tried).run(240).commit()
    world.run(60)
    assert past(world) == ["7 Promoted"]

    world.spec(predictor=before, candidate=tried).run(60)

    assert (phase(world), reason(world), world.unserved) == ("Reverted", "Reverted", 0)
    (serving_now,) = (name for name, share in world.weights().items() if share)
    assert "THREADS" not in str(world.deployments[serving_now])


def test_a_reverted_promotion_whose_model_is_gone_loads_it_while_the_other_serves():
    world = promoted("8", rollbackWindow={"keepWarm": "1s"}).run(60)
    world.broken.add("-v7-")
    world.spec(stable={"version": "7"}, candidate={"version": "8"}).run(10)
    assert (world.weight("8"), world.weight("7")) == (100, 0)

    world.broken.clear()
    world.run(10)

    assert (world.weight("7"), phase(world), world.unserved) == (100, "Reverted", 0)


def test_a_promotion_that_is_reverted_while_it_is_under_way_starts_no_canary():
    world = passed("8")
    world.commit()
    world.visit()
    world.spec(stable={"version": "7"}, candidate={"version": "8"}).run(30)

    assert (phase(world), world.weight("7"), world.weight("8")) == ("Reverted", 100, 0)


def test_a_rejected_candidate_that_a_human_sets_again_is_a_new_trial():
    world = trying("8")
    first = world.read_md().status.trial.id
    world.bad["-v8-"] = 0.5
    world.run(30).commit()
    world.bad.clear()
    world.run(60).spec(rejected=None, candidate={"version": "8"}).run(10)

    again = world.read_md().status.trial
    assert (again.phase, again.version) == ("Stepping", "8")
    assert again.id != first


def test_a_candidate_that_is_rejected_is_neither_tried_nor_edited_away():
    world = serving("7", rejected=[{"version": "6", "reason": "Failed", "evidence": "errors ×3"}])
    world.spec(candidate={"version": "6"}).run(10)

    assert (reason(world, "Stalled"), phase(world), world.weight("7")) == ("RejectedBefore", None, 100)
    assert world.commit() == ()


def test_a_candidate_equal_to_stable_is_neither_tried_nor_edited_away():
    world = serving("7").spec(candidate={"version": "7"}).run(10)

    assert (reason(world, "Stalled"), phase(world), world.commit()) == ("SameAsStable", None, ())


def test_the_stable_version_with_a_changed_predictor_is_a_candidate():
    changed = {"model": {"env": [{"name": "THREADS", "value": "2"}]}}
    world = serving("7").spec(candidate={"version": "7", "predictor": changed}).run(240)

    assert phase(world) == "Passed"
    world.commit()
    world.run(10)
    assert world.md["spec"]["predictor"]["model"]["env"] == changed["model"]["env"]
    assert (reason(world), past(world), world.unserved) == ("Serving", ["7 Promoted"], 0)


def test_a_model_that_cannot_be_kept_as_it_was_is_not_kept_warm():
    changed = {"model": {"env": [{"name": "THREADS", "value": "2"}]}}
    world = passed("8", candidate=None).spec(candidate={"version": "9", "predictor": changed}).run(240)
    world.commit()

    world.run(90)

    assert (world.read_md().status.warm, len(world.deployments), world.unserved) == (None, 1, 0)


def test_a_new_candidate_supersedes_the_one_that_is_tried():
    world = trying("8").run(60).spec(candidate={"version": "9"}).run(10)

    assert (world.weight("8"), world.weight("9"), world.weight("7")) == (0, 10, 90)
    assert past(world) == ["8 Superseded"]


def test_a_changed_strategy_starts_the_trial_anew_at_its_first_step():
    world = trying("8").run(80)
    assert weight(world) == 50

    world.spec(strategy=canary({"setWeight": 5}, {"pause": {}})).run(10)

    assert (weight(world), world.weight("8"), past(world)) == (5, 5, ["8 Superseded"])
    assert world.restarts == 0


def test_more_replicas_do_not_disturb_a_trial():
    world = trying("8")
    before = world.read_md().status.trial.id

    world.spec(predictor={**PREDICTOR, "minReplicas": 3}).run(10)

    assert (world.read_md().status.trial.id, phase(world)) == (before, "Stepping")
    assert world.deployments[world.service_backend("7")]["spec"]["replicas"] == 3


def test_a_stable_version_that_a_person_changes_ends_the_trial():
    world = promoted("8").spec(candidate={"version": "9"}).run(10)
    assert world.weight("9") == 10

    world.spec(stable={"version": "7"}).run(5)

    assert "9 Superseded" in past(world)
    assert (world.weight("7"), world.weight("9")) == (90, 10)


def test_suspension_takes_traffic_from_the_candidate_and_nothing_moves():
    world = trying("8").spec(suspend=True).run(120)

    assert (world.weight("8"), phase(world), reason(world)) == (0, "Paused", "Suspended")
    world.spec(suspend=False).run(10)
    assert (world.weight("8"), phase(world)) == (10, "Stepping")


def test_what_serves_is_brought_back_also_under_suspension():
    world = serving("7").spec(suspend=True).run(10)
    world.service = world.route = None
    world.deployments.clear()

    assert world.run(10).weight("7") == 100


def test_a_deployment_that_is_suspended_from_the_beginning_serves_nothing():
    assert a_world(stable={"version": "7"}, suspend=True).run(10).service is None


def test_a_suspended_trial_does_not_run_out_of_time():
    world = trying("8", strategy=canary(maxDuration="10m")).spec(suspend=True).run(900, every=60)

    assert world.spec(suspend=False).run(240).commit()[0].subject == "Promote wine to version 8"


def test_without_proof_a_trial_ends_its_time_after_it_was_resumed():
    world = trying("8", strategy=canary(maxDuration="3m"))
    world.rps = 2
    world.spec(suspend=True).run(900, every=60)

    world.spec(suspend=False).run(120)
    assert phase(world) == "Stepping"
    assert phase(world.run(60)) == "Inconclusive"


def test_a_promotion_committed_under_suspension_is_carried_out_after_it():
    world = passed("8")
    world.spec(stable={"version": "8"}, candidate=None, suspend=True).run(20)
    assert world.weight("7") == 100

    world.spec(suspend=False).run(10)

    assert (world.weight("8"), past(world)) == (100, ["8 Promoted"])


def test_the_abort_annotation_takes_back_the_trial_it_names():
    world = trying("8")
    world.annotate("kanaria.dev/abort", world.read_md().status.trial.id).run(5)

    assert (phase(world), world.weight("8")) == ("Aborted", 0)
    world.commit()
    assert "rejected" not in world.md["spec"]


def test_the_abort_annotation_of_another_trial_changes_nothing():
    world = trying("8").annotate("kanaria.dev/abort", "8@abcdefg").run(10)

    assert (phase(world), world.weight("8")) == ("Stepping", 10)


def test_a_deployment_that_is_deleted_takes_traffic_from_its_candidate_first():
    world = trying("8")
    world.md["metadata"]["deletionTimestamp"] = world.now.isoformat()

    world.run(60)

    assert (world.weight("8"), world.weight("7"), len(world.deployments)) == (0, 100, 1)


def test_while_mlflow_is_down_a_trial_goes_on_and_a_new_one_waits():
    world = trying("8")
    world.mlflow = False
    assert phase(world.run(240)) == "Passed"

    world.spec(candidate={"version": "9"}).run(10)
    assert (reason(world, "Reconciling"), world.weight("7"), is_stalled(world)) == ("ProgressingWithRetry", 100, False)

    world.mlflow = True
    assert world.run(10).weight("9") == 10
