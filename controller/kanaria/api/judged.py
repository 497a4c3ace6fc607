"""What the judge says of a trial beforehand, and of a stable model afterwards."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from kanaria.api.resource import Name, Text, Version
from kanaria.vocabulary.kinds import Part
from kanaria.vocabulary.verdict import Verdict


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
