"""What may happen to a ModelDeployment of the small world, for tests of what holds whatever happens."""

from collections.abc import Callable

from kanaria.vocabulary import Apply, SetAlias, WriteStatus
from model_world import ModelWorld

Happening = Callable[[ModelWorld], object]


def _abort(world: ModelWorld) -> None:
    trial = world.read_md().status.trial
    world.annotate("kanaria.dev/abort", trial.id if trial is not None else "none")


HAPPENINGS: dict[str, Happening] = {
    "time passes": lambda w: w.run(20),
    "a long time passes": lambda w: w.run(120, every=10),
    "8 is proposed": lambda w: w.spec(candidate={"version": "8"}),
    "9 is proposed": lambda w: w.spec(candidate={"version": "9"}),
    "9 is proposed with more threads": lambda w: w.spec(
        candidate={"version": "9", "predictor": {"model": {"env": [{"name": "THREADS", "value": "2"}]}}}
    ),
    "the candidate is removed": lambda w: w.spec(candidate=None),
    "stable is set to 7": lambda w: w.spec(stable={"version": "7"}),
    "stable is set to 8": lambda w: w.spec(stable={"version": "8"}),
    "rejections are dropped": lambda w: w.spec(rejected=None),
    "Git is written": lambda w: w.commit(),
    "suspended": lambda w: w.spec(suspend=True),
    "resumed": lambda w: w.spec(suspend=False),
    "an unknown policy": lambda w: w.spec(analysis={"policies": [{"name": "nobody"}]}),
    "a known policy": lambda w: w.spec(analysis={"policies": [{"name": "online"}], "warmup": "5s"}),
    "more replicas": lambda w: w.spec(predictor={**w.md["spec"]["predictor"], "minReplicas": 3}),
    "fewer replicas": lambda w: w.spec(predictor={**w.md["spec"]["predictor"], "minReplicas": 1}),
    "8 turns bad": lambda w: w.bad.__setitem__("-v8-", 0.5),
    "8 turns good": lambda w: w.bad.pop("-v8-", None),
    "8 breaks": lambda w: w.broken.add("-v8-"),
    "8 is mended": lambda w: w.broken.discard("-v8-"),
    "metrics are lost": lambda w: setattr(w, "metrics", False),
    "metrics are back": lambda w: setattr(w, "metrics", True),
    "MLflow is down": lambda w: setattr(w, "mlflow", False),
    "MLflow is up": lambda w: setattr(w, "mlflow", True),
    "aborted": _abort,
    "the operator restarts": lambda w: w.restart(),
    "a pass is cut after its first act": lambda w: (w.tick(), w.visit(cut_after=1), w.restart()),
    "status writes fail": lambda w: setattr(w, "refuse", WriteStatus),
    "applies fail": lambda w: setattr(w, "refuse", Apply),
    "aliases fail": lambda w: setattr(w, "refuse", SetAlias),
    "writes work": lambda w: setattr(w, "refuse", None),
}
