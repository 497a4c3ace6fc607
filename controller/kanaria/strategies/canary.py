"""How a canary takes its steps: some weight, a pause, more weight."""

import re
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from kanaria.strategies.kind import At, Next, Scale, StrategyKind
from kanaria.vocabulary.durations import Duration, duration_of
from kanaria.vocabulary.kinds import Part
from kanaria.vocabulary.traffic import HeaderMatch, Sent

_WORDS = "setWeight, pause, analysis, setCanaryScale, setHeaderRoute and setMirrorRoute"
_LONGEST_WORD = 120
PolicyName = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]


class Pause(Part):
    """A wait: for a time, or, without a duration, until the judge has proof."""

    duration: Duration | None = None
    """How long; until the judge has proof where absent."""


class AnalysisPolicy(Part):
    """A MetricPolicy of the same namespace."""

    name: PolicyName
    """Its name."""


class InlineAnalysis(Part):
    """Metrics that must pass before the next step; those of spec.analysis judge beside them."""

    policies: Annotated[tuple[AnalysisPolicy, ...], Field(min_length=1, max_length=4)]
    """MetricPolicies of the same namespace. What is measured begins anew with the step."""
    duration: Duration | None = None
    """How long it takes at least."""

    @property
    def names(self) -> tuple[str, ...]:
        """The policies' names."""
        return tuple(policy.name for policy in self.policies)


class CanaryScale(Part):
    """How many servers the candidate has; never fewer than its weight needs. Exactly one of its members is set."""

    replicas: Annotated[int, Field(ge=1, le=1000)] | None = None
    """So many."""
    weight: Annotated[int, Field(ge=1, le=100)] | None = None
    """As many as this percent of the requests would need."""
    match_traffic_weight: bool | None = None
    """As many as its weight needs, as at the beginning."""

    @model_validator(mode="after")
    def _one(self) -> "CanaryScale":
        if sum(bool(value) for value in (self.replicas, self.weight, self.match_traffic_weight)) != 1:
            raise ValueError("setCanaryScale takes one of replicas, weight and matchTrafficWeight")
        return self

    @property
    def scale(self) -> Scale:
        """The same, for who counts servers."""
        return Scale(self.replicas or 1, self.weight or 0)

    @property
    def word(self) -> str:
        """What is set, in the API's words."""
        if self.match_traffic_weight:
            return "matchTrafficWeight"
        return f"{self.weight} %" if self.weight is not None else str(self.replicas)


class HeaderValue(Part):
    """What a header holds: exactly one of its members is set."""

    exact: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    """This text."""
    prefix: Annotated[str, Field(min_length=1, max_length=2048)] | None = None
    """What begins with this text."""
    regex: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    """What this regular expression fits as a whole."""

    @model_validator(mode="after")
    def _one(self) -> "HeaderValue":
        if sum(value is not None for value in (self.exact, self.prefix, self.regex)) != 1:
            raise ValueError("headerValue takes one of exact, prefix and regex")
        return self


class HeaderMatchSpec(Part):
    """A header that a request must have."""

    header_name: Annotated[str, Field(max_length=256, pattern=r"^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$")]
    """Its name."""
    header_value: HeaderValue
    """What it holds."""

    @property
    def match(self) -> HeaderMatch:
        """The same, as the route has it."""
        value = self.header_value
        if value.exact is not None:
            return HeaderMatch(self.header_name, value.exact)
        return HeaderMatch(self.header_name, value.regex or f"{re.escape(value.prefix or '')}.*", regex=True)


class HeaderRoute(Part):
    """Requests that go to the candidate whatever its weight."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    """What a later step calls it."""
    match: Annotated[tuple[HeaderMatchSpec, ...], Field(max_length=16)] = ()
    """Headers that a request must all have; none removes the route of that name."""

    @property
    def headers(self) -> tuple[HeaderMatch, ...]:
        """The same, as the route has them."""
        return tuple(each.match for each in self.match)

    @property
    def word(self) -> str:
        """The step in the API's words."""
        return f"setHeaderRoute {self.name}" + ("" if self.match else " off")


class MirrorRoute(Part):
    """Copies of requests to stable that go to the candidate."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    """What a later step calls it."""
    percentage: Annotated[int, Field(ge=1, le=100)] | None = None
    """Percent of the requests; none removes the route of that name."""

    @property
    def word(self) -> str:
        """The step in the API's words."""
        return f"setMirrorRoute {self.name} " + (f"{self.percentage} %" if self.percentage else "off")


class CanaryStep(Part):
    """One step: exactly one of its members is set."""

    set_weight: Annotated[int, Field(ge=0, le=100)] | None = None
    """Percent of requests for the candidate."""
    pause: Pause | None = None
    """A wait."""
    analysis: InlineAnalysis | None = None
    """Metrics that must pass before the next step."""
    set_canary_scale: CanaryScale | None = None
    """How many servers the candidate has from here on."""
    set_header_route: HeaderRoute | None = None
    """Requests with these headers go to the candidate from here on; needs spec.routing."""
    set_mirror_route: MirrorRoute | None = None
    """Copies of requests go to the candidate from here on, and nobody sees its answers; needs spec.routing."""

    @model_validator(mode="after")
    def _one(self) -> "CanaryStep":
        if len([value for value in dict(self).values() if value is not None]) != 1:
            raise ValueError(f"a step is one of {_WORDS}: make a step of each")
        return self

    @property
    def route(self) -> HeaderRoute | MirrorRoute | None:
        """What it sends past the weights."""
        return self.set_header_route or self.set_mirror_route

    @property
    def word(self) -> str:
        """The step in the API's words."""
        if self.route is not None:
            return self.route.word
        if self.set_canary_scale is not None:
            return f"setCanaryScale {self.set_canary_scale.word}"
        if self.set_weight is not None:
            return f"setWeight {self.set_weight}"
        if self.analysis is not None:
            return f"analysis {', '.join(self.analysis.names)}"[:_LONGEST_WORD]
        return f"pause {self.pause.duration}" if self.pause and self.pause.duration else "pause"


class Canary(StrategyKind):
    """Steps that give the candidate more and more of the requests, judged all the while."""

    key: ClassVar[str] = "canary"

    steps: Annotated[tuple[CanaryStep, ...], Field(min_length=1, max_length=32)]
    """The steps, in order."""
    max_duration: Duration = "6h"
    """How long a trial may take in all."""
    on_inconclusive: Literal["Rollback", "Pause", "Promote"] = "Rollback"
    """What a trial without proof comes to: Rollback, Pause at 0 %, or Promote. It is never rejected for it."""

    @model_validator(mode="after")
    def _with_traffic(self) -> "Canary":
        weight = 0
        for number, step in enumerate(self.steps):
            weight = weight if step.set_weight is None else step.set_weight
            if step.analysis is not None and not weight:
                raise ValueError(
                    f"steps[{number}].analysis judges by traffic, and there is none: set a weight before it"
                )
        return self

    def next(self, at: At, now: datetime) -> Next:
        """The step to be at: a setWeight is over once its weight is in force, a pause once its time is over."""
        if at.step >= len(self.steps):
            return Next(at.step, at.weight, "done", done=True)
        step = self.steps[at.step]
        if step.set_weight is not None:
            return self._weight(at, step, step.set_weight)
        if step.pause is not None:
            return self._pause(at, step, step.pause, now)
        if step.analysis is not None:
            return self._analysis(at, step, step.analysis, now)
        over = at.sent if step.route is not None else at.scaled
        return self._enter(at.step + 1, at.weight) if over else Next(at.step, at.weight, step.word)

    def resume(self, step: int) -> Next:
        """The newest step up to this one that set a weight, so that the pauses after it are waited for again."""
        for index in range(min(step, len(self.steps) - 1), -1, -1):
            weight = self.steps[index].set_weight
            if weight is not None:
                return Next(index, weight, self.steps[index].word)
        return Next(0, 0, self.steps[0].word)

    def _pause(self, at: At, step: CanaryStep, pause: Pause, now: datetime) -> Next:
        until = at.since + duration_of(pause.duration) if pause.duration is not None else None
        over = at.proven if until is None else now >= until
        if over or at.step < at.waived:
            return self._enter(at.step + 1, at.weight)
        return Next(at.step, at.weight, step.word, until=until, paused=True)

    def _analysis(self, at: At, step: CanaryStep, analysis: InlineAnalysis, now: datetime) -> Next:
        """Over once its metrics have passed, and its time is over; a promotion without any proof waits for neither."""
        until = at.since + duration_of(analysis.duration) if analysis.duration is not None else None
        passed = at.analysed and (until is None or now >= until)
        if passed or at.waived > len(self.steps):
            return self._enter(at.step + 1, at.weight)
        return Next(at.step, at.weight, step.word, until=until)

    def _weight(self, at: At, step: CanaryStep, weight: int) -> Next:
        if at.weight == weight and at.in_force:
            return self._enter(at.step + 1, weight)
        return Next(at.step, weight, step.word)

    def _enter(self, step: int, weight: int) -> Next:
        """Stand at the beginning of a step; the next pass sees when it ends."""
        if step >= len(self.steps):
            return Next(step, weight, "done", done=True)
        entered = self.steps[step]
        return Next(step, weight if entered.set_weight is None else entered.set_weight, entered.word)

    def scale(self, step: int) -> Scale:
        """What the newest setCanaryScale up to this step says."""
        said = (each.set_canary_scale for each in reversed(self.steps[: step + 1]))
        return next((scale.scale for scale in said if scale is not None), Scale())

    def sends(self, step: int) -> Sent:
        """What the steps up to this one have set and not removed again."""
        routes = {route.name: route for each in self.steps[: step + 1] if (route := each.route) is not None}
        headers = tuple(route.headers for route in routes.values() if isinstance(route, HeaderRoute) and route.match)
        mirrored = (route.percentage or 0 for route in routes.values() if isinstance(route, MirrorRoute))
        return Sent(headers, max(mirrored, default=0))

    def analyses(self, step: int) -> tuple[str, ...]:
        """The policies of the step, where it is an analysis."""
        found = self.steps[step].analysis if step < len(self.steps) else None
        return found.names if found is not None else ()

    @property
    def policies(self) -> tuple[tuple[str, str], ...]:
        """Those of all steps."""
        return tuple(
            (name, f"steps[{number}].analysis.policies")
            for number in range(len(self.steps))
            for name in self.analyses(number)
        )

    @property
    def selects(self) -> str:
        """The first step that sends anything past the weights."""
        return next((f"steps[{n}]" for n, each in enumerate(self.steps) if each.route is not None), "")

    @property
    def words(self) -> tuple[str, ...]:
        """The steps, as the status tells them."""
        return tuple(step.word for step in self.steps)

    def open_pause(self, after: int) -> int | None:
        """The next pause without a duration."""
        waits = (n for n, step in enumerate(self.steps) if step.pause is not None and step.pause.duration is None)
        return next((number for number in waits if number >= after), None)

    @property
    def longest(self) -> timedelta | None:
        """The whole trial's time."""
        return duration_of(self.max_duration)

    @property
    def when_inconclusive(self) -> str:
        """What happens when that is over."""
        return self.on_inconclusive
