"""What a pass wants to know of the world outside the API server, and how it is answered.

Questions are data: a pass returns them in its plan, the workshops carry them on their own clock, and an
answer pokes the object that asked. No pass ever waits for a slow server.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from kanaria.vocabulary.objects import Account


@dataclass(frozen=True, slots=True)
class Question:
    """A question is asked again every `every` for as long as a plan wants it."""

    every: timedelta


@dataclass(frozen=True, slots=True)
class GitHead(Question):
    """Fetch the branch into the mirror and tell the commit at its head: answered with its full SHA (str).

    With a tag it is the tag's commit; with a commit that commit itself, if the remote has it.
    """

    url: str
    branch: str
    namespace: str
    secret: str | None = None
    timeout: timedelta = timedelta(seconds=60)
    tag: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count: a Secret with `allowed_signers`, and one with Kanaria's own key.

    `since` is the last commit that was trusted: all commits after it must be signed. None asks for the head alone.
    """

    signers: str
    own_key: str | None = None
    since: str | None = None


@dataclass(frozen=True, slots=True)
class TrustAsked(Question):
    """Whether a fetched commit may be applied: answered with why not (str), empty where it may."""

    url: str
    commit: str
    namespace: str
    trust: Trust


@dataclass(frozen=True, slots=True)
class ApprovalAsked(Question):
    """Who wrote this candidate (as JSON) into the ModelDeployment's file, and who approved it: answered with Approval.

    Below `path` of a fetched commit, by what that commit and those before it hold.
    """

    url: str
    commit: str
    path: str
    namespace: str
    name: str
    candidate: str
    left_out: tuple[str, ...]
    """What people say of a candidate, as opposed to what it is."""


@dataclass(frozen=True, slots=True)
class ClusterAsked(Question):
    """What tells this cluster from others: answered with a str, empty where nothing does."""


@dataclass(frozen=True, slots=True)
class VariablesAsked(Question):
    """What ConfigMaps of the account's namespace hold, read as it: answered with a Mapping; the last of them wins."""

    account: Account
    config_maps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceHead(Question):
    """The newest commit of the branch that touched `path`: answered with its full SHA (str), empty where none did."""

    url: str
    branch: str
    path: str
    namespace: str
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class TrackingRun(Question):
    """The MLflow run of this key, made where there is none yet: answered with its run id (str)."""

    experiment: str
    key: str
    name: str
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RunMetrics(Question):
    """The newest value of every metric of an MLflow run: answered with dict[str, float]."""

    run_id: str


@dataclass(frozen=True, slots=True)
class MetricHistory(Question):
    """All values of one metric of an MLflow run, in the order of its steps: answered with a tuple of floats."""

    run_id: str
    key: str


@dataclass(frozen=True, slots=True)
class NonFinite(Question):
    """Which metrics of an MLflow run were ever NaN or infinite: answered with a tuple of sentences, a few at most."""

    run_id: str


@dataclass(frozen=True, slots=True)
class RegisteredBy(Question):
    """The version of `model` that was registered from this MLflow run: a ModelVersion, or None where there is none."""

    model: str
    run_id: str


@dataclass(frozen=True, slots=True)
class ModelVersionAsked(Question):
    """A version of a registered model: answered with a ModelVersion, or None where there is none."""

    model: str
    version: str


@dataclass(frozen=True, slots=True)
class ArtifactThere(Question):
    """Whether the MLflow artifact at `uri`, a runs:/RUN/PATH, exists: answered with a bool."""

    uri: str


@dataclass(frozen=True, slots=True)
class ModelSizeAsked(Question):
    """The bytes of all files of a model version: answered with an int, or None where they cannot be listed."""

    model: str
    version: str


@dataclass(frozen=True, slots=True)
class PairedScoresAsked(Question):
    """How sure a difference is: both models' scores on the same rows, as a step logged them for this metric.

    Answered with a PairedScores. What is drawn again and again follows from the run and the metric: asked again, the
    answer is the same.
    """

    run_id: str
    metric: str
    confidence: float


@dataclass(frozen=True, slots=True)
class CountersAsked(Question):
    """Cumulative request counters of two backends, read in one scrape: answered with Counters.

    `candidate` and `stable` are the backends' names in the metrics; `bad` and `total` are the metrics' names
    with the labels that select them, each summed over the series that match.
    """

    url: str
    label: str
    candidate: str
    stable: str
    total: tuple[str, tuple[tuple[str, str], ...]]
    bad: tuple[str, tuple[tuple[str, str], ...]]
    bad_is_rest: bool = False
    """Whether `bad` selects the good ones, so that the rest are bad."""


@dataclass(frozen=True, slots=True)
class QueriesAsked(Question):
    """PromQL queries, all evaluated at one moment by a server that the platform team configured.

    Answered with a Measurement; `stable` is empty where only the candidate is measured.
    """

    server: str
    namespace: str
    candidate: str
    stable: str = ""


@dataclass(frozen=True, slots=True)
class Selected:
    """PromQL selectors of counters of one backend; two of the three are given, the third follows."""

    total: str = ""
    bad: str = ""
    good: str = ""


@dataclass(frozen=True, slots=True)
class CountersQueried(Question):
    """Cumulative request counters of two backends, by a server that the platform team configured, at one moment.

    Answered with Counters, a series for each Pod that counts.
    """

    server: str
    namespace: str
    candidate: Selected
    stable: Selected


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of a registered model, as MLflow knows it; `uri` is where its artifacts are."""

    model: str
    version: str
    uri: str
    model_id: str = ""
    run_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Approval:
    """E-mail addresses of the authors of a candidate and of its approval; the latter is empty where there is none."""

    proposed_by: str
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class SeriesCount:
    """Cumulative counts of one series (one gateway replica's view of one backend)."""

    total: int
    bad: int


@dataclass(frozen=True, slots=True)
class Counters:
    """One reading of both arms, by series; `skew` is how far apart the arms were read."""

    at: datetime
    candidate: Mapping[str, SeriesCount]
    stable: Mapping[str, SeriesCount]
    skew: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number of the candidate, and the stable model's where it was asked for; `trouble` says why one is missing."""

    at: datetime
    value: float | None
    baseline: float | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class PairedScores:
    """Means over the same rows, and between what the difference lies; `trouble` says why it is not known.

    `low` and `high` bound candidate minus champion, each with the confidence that was asked for.
    """

    rows: int
    candidate: float
    champion: float
    low: float
    high: float
    trouble: str = ""

    @classmethod
    def missing(cls, trouble: str) -> "PairedScores":
        """Nothing is known, and why."""
        return cls(0, 0.0, 0.0, 0.0, 0.0, trouble)


@dataclass(frozen=True, slots=True)
class Answered:
    """The newest answer to a question."""

    at: datetime
    value: Any


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why there is no answer: place and fact, in a sentence without secrets; `times` counts failures in a row."""

    at: datetime
    message: str
    times: int = 1


Answer = Answered | Unanswered
