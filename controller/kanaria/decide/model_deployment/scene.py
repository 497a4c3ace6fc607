"""What does a pass see, what has it found so far, and what does it remember until the next one?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from kanaria.api.metric_policy import MetricPolicy
from kanaria.api.model_deployment import ModelDeployment, ModelDeploymentStatus, Trial, TrialPhase
from kanaria.decide.model_deployment.earlier_runs import EarlierRun
from kanaria.judge.evidence import Evidence
from kanaria.judge.sequential import SequentialTest
from kanaria.judge.split import Split
from kanaria.judge.tally import Tally
from kanaria.judge.usual import Usual
from kanaria.judge.watch import Watched
from kanaria.serving.arrangement import Arrangement
from kanaria.serving.kserve import NOTHING, Serving
from kanaria.serving.native import NATIVE
from kanaria.serving.way import NOTHING_LIVE, Live, Way
from kanaria.vocabulary import (
    GO,
    Answer,
    Counters,
    Failure,
    Go,
    Notice,
    ObjectName,
    Outcome,
    Plan,
    Question,
    Stall,
    Verdict,
    Watch,
)
from kanaria.vocabulary.objects import Manifest

ACTIVE = frozenset({TrialPhase.LOADING, TrialPhase.STEPPING, TrialPhase.PAUSED, TrialPhase.PASSED})
"""Phases of a trial that is not over."""
SETTLING = frozenset({TrialPhase.FAILED, TrialPhase.REVERTED, TrialPhase.INCONCLUSIVE, TrialPhase.ABORTED})
"""Phases of a trial that is over, whose candidate has still to leave Git."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """The GitSync that holds the object's document, and what it may commit."""

    name: str
    url: str = ""
    path: str = ""
    revision: str = ""
    propose: bool = True
    settle: bool = True
    suspended: bool = False
    landed: bool = False  # its newest commit holds an edit of this object, which is not applied yet
    undone: bool = False  # that commit was applied with a newer one, by which a person took the edit back
    file: str = ""  # the file that the object names, where somebody else applies it


@dataclass(frozen=True, slots=True)
class Memory:
    """What is kept between passes and may be lost: the judge's newest readings and evidence, and when drains began."""

    trial: str = ""
    asked_since: datetime | None = None
    scale: tuple[int, ...] = ()
    """How many servers are wanted of the candidate and of the main predictor."""
    scaled_since: datetime | None = None
    readings: Mapping[str, Counters] = field(default_factory=dict)
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    split: Split | None = None
    apart: frozenset[str] = frozenset()
    """Metrics whose newest window was not counted, as the servers of one arm had far more to do."""
    drained: Mapping[str, datetime] = field(default_factory=dict)
    usual: Mapping[str, Usual] = field(default_factory=dict)
    """What is usual of the stable model, by policy/metric: it outlives trials."""
    watched: Mapping[str, Watched] = field(default_factory=dict)
    watch_readings: Mapping[str, Counters] = field(default_factory=dict)
    watch_since: datetime | None = None
    """Since when the stable model is watched by this process."""

    def of_trial(self, trial: str = "") -> "Memory":
        """What is kept when another trial begins, or none: nothing of its evidence."""
        return Memory(
            trial=trial,
            drained=self.drained,
            usual=self.usual,
            watched=self.watched,
            watch_readings=self.watch_readings,
            watch_since=self.watch_since,
        )

    def with_drained(self, drained: Mapping[str, datetime]) -> "Memory":
        """The same with these drains."""
        return replace(self, drained=dict(drained))


NOTHING_REMEMBERED = Memory()


def _no_answer(_question: Question) -> Answer | None:
    return None


@dataclass(frozen=True, slots=True)
class Seen:
    """The world as one pass sees it: caches, and the newest answers."""

    live: Live = NOTHING_LIVE
    way: Way = NATIVE
    unroutable: str = ""
    """Why the traffic cannot be split in the way that is asked for."""
    serving: Serving = NOTHING
    policies: Mapping[str, MetricPolicy | str] = field(default_factory=dict)
    """MetricPolicies by name; a sentence in place of one that cannot be read."""
    answer: Callable[[Question], Answer | None] = _no_answer
    failure: Failure | None = None
    way_back: WayBack | None = None
    metrics_url: str | None = None
    serving_url: str | None = None
    files: bool = False
    """Whether models may lie on this machine, as on a local cluster."""
    jobs: Mapping[str, Manifest] = field(default_factory=dict)
    """Jobs that were made for this object, by name."""
    services: Mapping[str, Manifest] = field(default_factory=dict)
    """Services that were made for this object, by name."""
    pods: Mapping[str, Manifest] = field(default_factory=dict)
    """The newest Pod of each of these Jobs, by the Job's name."""
    targets: Mapping[ObjectName, ModelDeployment] = field(default_factory=dict)
    """The ModelDeployments of the next environments, as far as they are there."""
    earlier_runs: tuple[EarlierRun, ...] = ()
    """The runs that are over and proposed here, where their number counts."""
    tried_elsewhere: int | None = None
    """How many other candidates are tried at this moment, or come before this one, where that counts."""
    trials_max: int | None = None
    """How many may be, by the platform team's wish."""
    runner_image: str = "kanaria"
    invalid: str = ""
    """Why the spec cannot be read; the deployment then bears the newest that could."""


@dataclass(frozen=True, slots=True)
class Model:
    """A version of a registered model, where its artifacts are, and the predictor that serves it."""

    model: str
    version: str
    uri: str
    run_id: str
    name: str
    predictor: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judging:
    """A metric, the test that judges it, with the dispersion it is judged by, and what is usual of stable."""

    key: str
    test: SequentialTest
    usual: Usual


@dataclass(frozen=True, slots=True)
class Judged:
    """What the judge says of the candidate; `blind` says what cannot be read, and has not been for long."""

    verdict: Verdict
    sentence: str
    short: str
    requests: int
    unknown: tuple[str, ...] = ()
    """Metrics of which nobody knows how clumped their bad requests are."""
    tests: tuple[Judging, ...] = ()
    """The metrics with what each is judged by."""
    apart: tuple[str, ...] = ()
    """Metrics that are not counted at this weight, as the servers of one arm have far more to do."""
    proven: frozenset[str] = frozenset()
    """Metrics that have passed by themselves: policy/metric."""
    counted: bool = True
    """Whether every metric has counted something of the candidate."""
    readable: bool = True
    blind: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """A pass under way: what is seen, the status as it will be, and what the phases have found."""

    md: ModelDeployment
    seen: Seen
    now: datetime
    status: ModelDeploymentStatus
    memory: Memory
    outcome: Outcome = GO
    stable: Model | None = None
    """The model that the spec calls stable, if it may be."""
    main: Model | None = None
    """The model that is to get what the candidate leaves: the stable one, or what serves in its place."""
    candidate: Model | None = None
    judged: Judged | None = None
    arrangement: Arrangement | None = None
    """What to ask of KServe now; None where it is not asked for anything."""
    held: bool = False
    """Whether the candidate is to be without traffic for now."""
    job: Manifest | None = None
    """The preflight's Job that should be there."""
    hands_off: bool = False
    """Whether what serves is left exactly as it is."""
    questions: tuple[Question, ...] = ()
    notices: tuple[Notice, ...] = ()
    look: tuple[datetime, ...] = ()
    jobs: tuple[Manifest, ...] = ()
    """Jobs to make, after all else, with the Services that they are found by."""
    gone: tuple[Manifest, ...] = ()
    """Jobs and Services to delete that nobody needs any more."""
    copying: bool = False
    """Whether somebody is there to take copies of requests."""
    watches: tuple[Watch, ...] = ()

    @property
    def trial(self) -> Trial | None:
        """The trial, as far as this pass has come with it."""
        return self.status.trial

    @property
    def active(self) -> Trial | None:
        """The trial, if it is not over."""
        return self.trial if self.trial is not None and self.trial.phase in ACTIVE else None

    @property
    def free(self) -> bool:
        """Whether nothing stands in the way of going forward."""
        return isinstance(self.outcome, Go)

    @property
    def leaving(self) -> bool:
        """Whether the object is being deleted."""
        return self.md.metadata.deletion_timestamp is not None

    @property
    def waved_through(self) -> bool:
        """Whether a person promotes the candidate, proven or not."""
        candidate = self.md.spec.candidate
        return candidate is not None and candidate.promote is not None and not self.seen.invalid

    @property
    def paused(self) -> bool:
        """Whether a person paused the candidate where it is."""
        candidate = self.md.spec.candidate
        return candidate is not None and bool(candidate.paused) and not self.seen.invalid

    def but(self, **changes: Any) -> "Scene":
        """The same with these fields changed."""
        return replace(self, **changes)

    def says(self, outcome: Outcome) -> "Scene":
        """The same with one more outcome: the first that is not Go counts, except that a Stall beats a Wait."""
        if isinstance(self.outcome, Go) or (isinstance(outcome, Stall) and not isinstance(self.outcome, Stall)):
            return self.but(outcome=outcome)
        return self

    def with_status(self, **changes: Any) -> "Scene":
        """The same with these fields of the status changed."""
        return self.but(status=self.status.model_copy(update=changes))

    def with_trial(self, **changes: Any) -> "Scene":
        """The same with these fields of the trial changed."""
        if self.trial is None:
            return self
        return self.with_status(trial=self.trial.model_copy(update=changes))

    def asks(self, *questions: Question) -> "Scene":
        """The same with more to ask."""
        new = tuple(question for question in questions if question not in self.questions)
        return self.but(questions=(*self.questions, *new))

    def looks(self, *moments: datetime | None) -> "Scene":
        """The same with more moments at which something will be due."""
        return self.but(look=(*self.look, *(moment for moment in moments if moment is not None and moment > self.now)))

    def tells(self, reason: str, message: str, *, loud: bool = False) -> "Scene":
        """The same with one more Event."""
        return self.but(notices=(*self.notices, Notice("Warning" if loud else "Normal", reason, message)))


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and what to remember until the next pass."""

    plan: Plan
    memory: Memory
