"""What is said of a candidate before it has traffic, of a trial beforehand, and of a stable model afterwards."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from kanaria.api.resource import Name, Text, Version
from kanaria.vocabulary.kinds import Part
from kanaria.vocabulary.verdict import Verdict


class TrialPreflight(Part):
    """What the candidate's servers showed before they got any traffic."""

    attempt: int = 0
    """Its number, from 0."""
    verdict: Verdict | None = None
    """Passed, Failed, or Unmeasured: then it is done again."""
    evidence: Text = ""
    """What was seen."""
    at: datetime | None = None
    """When."""


class TrialShadow(Part):
    """How the candidate answered copies of requests, in all looks so far."""

    looks: int = 0
    """How many Jobs have compared."""
    compared: int = 0
    """Copies that both models were asked, and stable answered."""
    differing: int = 0
    """Of these, how many the candidate answered otherwise, or not at all."""
    candidate_errors: int = 0
    """Of these, how many were errors of the candidate."""
    left_out: int = 0
    """Copies that were not compared: stable did not answer them well, or too many came at once."""
    edges: Annotated[tuple[float, ...], Field(max_length=9)] = ()
    """The bounds of the bins in which scores are counted."""
    stable_scores: Annotated[tuple[int, ...], Field(max_length=10)] = ()
    """How many of stable's scores were in each."""
    candidate_scores: Annotated[tuple[int, ...], Field(max_length=10)] = ()
    """How many of the candidate's."""
    p99: float | None = None
    """Milliseconds in which the candidate answered 99 of 100 copies of the newest look."""
    failed: int = 0
    """How many looks in a row could not be done."""
    trouble: Text = ""
    """Why the last one could not."""
    at: datetime | None = None
    """When the last one ended."""


class TrialPlan(Part):
    """What may be expected of a trial at the traffic seen; about half of such candidates are told sooner."""

    metric: Annotated[str, Field(max_length=128)] = ""
    """The metric that takes longest: policy/metric."""
    windows: int = 0
    """In so many windows the traffic was seen."""
    requests_per_second: float = 0.0
    """Of stable and candidate together."""
    bad_rate: float = 0.0
    """The share of stable's requests that is bad."""
    rollback_in: Annotated[str, Field(max_length=32)] | None = None
    """Until a candidate twice as bad is taken back; absent where that is not within the trial's time."""
    pass_in: Annotated[str, Field(max_length=32)] | None = None
    """Until a candidate as good as stable is proven good; absent where that is not within the trial's time."""
    detectable_ratio: float | None = None
    """The least ratio of bad rates that is told within the trial's time."""
    sentence: Text = ""
    """The same for people."""


class WatchedMetric(Part):
    """Whether the stable model is as it was when it was new, by one metric with falseAlarmEvery."""

    policy: Name
    """The MetricPolicy."""
    metric: Annotated[str, Field(max_length=64)]
    """The metric's name."""
    version: Version
    """The stable version that is watched."""
    verdict: Verdict
    """Failed: worse than it was; Passed: as it was; Inconclusive: still learned; Unmeasured: not read."""
    evidence: Text = ""
    """Why, in a sentence, as it was when the verdict turned."""
    since: datetime
    """Since when the verdict is so."""
    checkpoint: Mapping[str, Any] = {}
    """What was learned of it."""
