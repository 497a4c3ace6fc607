"""Times are compared only where servers have as much to do; Pods that are told apart measure the dispersion."""

from collections.abc import Mapping
from dataclasses import dataclass

from deployments import a_count, a_world, canary, message, phase, reason, serving
from kanaria.vocabulary import Answer, Answered, Counters, CountersQueried, Question, SeriesCount
from model_world import ModelWorld

SLOW = (a_count("online", {"slowerThan": 250}),)
LONG = {"pause": {"duration": "2m"}}


def requests(world: ModelWorld) -> int:
    trial = world.read_md().status.trial
    return trial.requests if trial is not None else 0


def test_a_slow_candidate_is_taken_back_like_a_wrong_one():
    world = serving(policies=SLOW, strategy=canary({"setWeight": 50}, LONG))
    world.bad["v8"] = 0.1
    world.spec(candidate={"version": "8"}).run(90)

    assert phase(world) == "Failed"


def test_an_idle_candidate_beside_a_busy_stable_is_not_counted_and_it_is_told():
    world = serving(policies=SLOW, strategy=canary({"setWeight": 10}, LONG))
    world.bad["v8"] = 0.1
    world.spec(candidate={"version": "8"}).run(60)

    assert (phase(world), requests(world)) == ("Stepping", 0)
    assert reason(world) == "CanaryPaused"
    assert "errors is not counted at this weight" in message(world)


def test_the_steps_go_on_to_a_weight_at_which_times_compare():
    world = serving(policies=SLOW, strategy=canary({"setWeight": 10}, LONG, {"setWeight": 50}, LONG))
    world.spec(candidate={"version": "8"}).run(400)

    assert phase(world) == "Passed"
    assert requests(world) > 1000


def test_errors_are_counted_whatever_servers_have_to_do():
    world = serving(strategy=canary({"setWeight": 10}, LONG))
    world.spec(candidate={"version": "8"}).run(60)

    assert requests(world) > 100


@dataclass
class ByPods(ModelWorld):
    """Servers that count themselves: two Pods of stable, of which one has all the bad requests."""

    def answer(self, question: Question) -> Answer | None:
        if not isinstance(question, CountersQueried):
            return super().answer(question)
        last = self.read.get(question)
        if last is None or self.now >= last.at + question.every:
            reading = Counters(self.now, self._pods("-v8-"), self._pods("-v7-"))
            self.read[question] = last = Answered(self.now, reading)
        return last

    def _pods(self, part: str) -> Mapping[str, SeriesCount]:
        name = next((each for each in self.deployments if part in each), "")
        place = list(self.weights()).index(name) if name in self.weights() else 0
        known = [series for key, series in sorted(self.counts.items()) if key.endswith(f"/{place}")]
        total, bad = (int(number) for number in known[0]) if known else (0, 0)
        return {"a/1": SeriesCount(total // 2, bad), "b/1": SeriesCount(total - total // 2, 0)}


def test_a_pod_that_is_bad_alone_is_seen_as_dispersion():
    policy = a_count("online", {"from": "prometheus", "serverRef": {"name": "main"}, "preset": "mlserver"})
    plain = a_world(stable={"version": "7"}, policies=(policy,), strategy=canary({"setWeight": 10}, {"pause": {}}))
    world = ByPods(plain.md, policies=plain.policies).run(10)
    world.spec(candidate={"version": "8"}).run(200)

    halves = world.md["status"]["usual"]["online/errors"]["halves"]
    assert halves[0] >= 20
    assert halves[1] > 5 * halves[2]
