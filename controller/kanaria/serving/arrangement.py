"""Which predictors an InferenceService asks for, with how many servers and how much of the traffic each.

KServe cuts the stable predictor's servers by those of every ready canary, down to one. So more are asked for than
are wanted, exactly as many more as KServe takes away.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kanaria.serving.naming import SCALING, unscaled
from kanaria.vocabulary.traffic import NOTHING_SENT, Sent, Traffic

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Predictor:
    """A model as it is served: its PredictorSpec without name and scale, its servers, its percent of the requests."""

    name: str
    spec: Spec
    replicas: int = 1
    weight: int = 0

    def at(self, weight: int) -> "Predictor":
        """The same with this weight."""
        return replace(self, weight=weight)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The main predictor, which gets what the others leave, and the others; `scaling` is the user's for the main.

    `sent_to` is the predictor that gets what is `sent` past the weights.
    """

    main: Predictor
    others: tuple[Predictor, ...] = ()
    scaling: Spec = field(default_factory=dict)
    sent: Sent = NOTHING_SENT
    sent_to: str = ""

    def __post_init__(self) -> None:
        """Give the main predictor what is left.

        Raises:
            ValueError: if the others ask for more than there is.
        """
        rest = Traffic(sum(other.weight for other in self.others)).stable
        object.__setattr__(self, "main", self.main.at(rest))

    @property
    def all(self) -> tuple[Predictor, ...]:
        """All predictors, the main one first."""
        return (self.main, *self.others)

    def find(self, name: str) -> Predictor | None:
        """The predictor of that name."""
        return next((predictor for predictor in self.all if predictor.name == name), None)

    def weight_of(self, name: str) -> int:
        """The percent that is asked for it; nothing for one that is not there."""
        found = self.find(name)
        return found.weight if found else 0


def spec_of(arrangement: Arrangement) -> dict[str, Any]:
    """The InferenceService's spec; `canary` is always there, empty where there is none."""
    main = arrangement.main
    given_away = sum(other.replicas for other in arrangement.others)
    own = least_replicas(arrangement.scaling)
    asked = dict(arrangement.scaling) | {"minReplicas": _enough(own, given_away)}
    if "maxReplicas" in asked:
        asked["maxReplicas"] = max(int(asked["maxReplicas"]) + given_away, asked["minReplicas"])
    return {
        "predictor": {**main.spec, **asked, "name": main.name},
        "canary": [
            {
                "predictor": {**_nameless(other.spec), "name": other.name, "minReplicas": other.replicas},
                "trafficPercent": other.weight,
            }
            for other in arrangement.others
        ],
    }


def read_spec(spec: Spec) -> Arrangement:
    """The arrangement that a live InferenceService's spec asks for."""
    main = spec["predictor"]
    others = tuple(_entry(entry) for entry in spec.get("canary") or ())
    given_away = sum(other.replicas for other in others)
    scaling = {key: value for key, value in main.items() if key in SCALING}
    asked = int(main.get("minReplicas", 1))
    own = 1 if given_away and asked == max(1, given_away) else max(1, asked - given_away)
    scaling |= {"minReplicas": own}
    if "maxReplicas" in scaling:
        scaling["maxReplicas"] = max(int(scaling["maxReplicas"]) - given_away, own)
    name = str(main.get("name") or "")
    return Arrangement(Predictor(name, unscaled(main), own), others, scaling)


def least_replicas(scaling: Spec) -> int:
    """How many servers the user wants at least; one at least, since none answers nobody."""
    return max(1, int(scaling.get("minReplicas") or 1))


def stays_as_it_is(below: Spec, above: Spec) -> bool:
    """Whether a predictor keeps its servers when it becomes a canary: KServe lays a canary over the main predictor.

    A field that only the main one has would reach the canary too, and restart it.
    """
    return all(_fits(value, above.get(key)) for key, value in below.items())


def _fits(below: Any, above: Any) -> bool:
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        return stays_as_it_is(below, above)
    return above not in (None, "", [], {}) or below in (None, "", [], {})


def _enough(own: int, given_away: int) -> int:
    """Servers to ask for, so that `own` are left after KServe's cut, which leaves one in any case."""
    return own + given_away if own > 1 else max(1, given_away)


def _nameless(spec: Spec) -> dict[str, Any]:
    """The schema of a canary asks for `model.name`, and KServe's webhook forbids one that is not empty."""
    return {**spec, "model": {**spec["model"], "name": ""}} if "model" in spec else dict(spec)


def _entry(entry: Spec) -> Predictor:
    predictor = dict(entry["predictor"])
    if "model" in predictor:
        predictor["model"] = {key: value for key, value in predictor["model"].items() if key != "name" or value}
    name, replicas = str(predictor.get("name") or ""), int(predictor.get("minReplicas") or 0)
    return Predictor(name, unscaled(predictor), replicas, int(entry.get("trafficPercent") or 0))
