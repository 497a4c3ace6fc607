"""A pipeline played pass by pass: its plans are carried out, its runs end when told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from kanaria.api import MLPipeline, MLPipelineRun
from kanaria.decide.ml_pipeline import Seen, decide
from kanaria.decide.ml_pipeline.upstream import newest_successes
from kanaria.triggers.kind import Failing
from kanaria.vocabulary import Answer, Answered, Apply, Delete, Failure, Plan, Question, Unanswered, WriteStatus
from pipelines import NOON


@dataclass
class PipelineStory:
    """`head` is the newest commit of the code; None while nobody knows it; `git_down` is why it cannot be read."""

    pipeline: MLPipeline
    head: str | None = None
    git_down: str = ""
    policies: frozenset[str] = frozenset()
    failure: Failure | None = None
    now: datetime = NOON
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    others: list[dict[str, Any]] = field(default_factory=list)
    """Runs of other pipelines."""
    failing: Mapping[tuple[str, str], Failing] = field(default_factory=dict)
    before: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def _answer(self, question: Question) -> Answer | None:
        del question
        if self.git_down:
            return Unanswered(self.now, self.git_down)
        return None if self.head is None else Answered(self.now, self.head)

    def decide(self) -> Plan:
        runs = tuple(MLPipelineRun.read(body) for body in self.runs.values())
        seen = Seen(
            self._answer,
            runs,
            self.policies,
            self.failure,
            newest_successes(self.others),
            failing=self.failing,
            before=self.before,
        )
        return decide(self.pipeline, seen, self.now)

    def visit(self) -> Plan:
        plan = self.decide()
        for act in plan.acts:
            self._carry(act)
        return plan

    def _carry(self, act: Any) -> None:
        if isinstance(act, Apply):
            body = json.loads(json.dumps(act.manifest))
            body["metadata"]["creationTimestamp"] = self.now.isoformat()
            self.runs[body["metadata"]["name"]] = body
        elif isinstance(act, Delete):
            del self.runs[act.target.name]
        elif isinstance(act, WriteStatus):
            body = self.pipeline.model_dump(mode="json", by_alias=True, exclude_none=True)
            self.pipeline = MLPipeline.read(body | {"status": json.loads(json.dumps(act.status))})

    def settle(self) -> "PipelineStory":
        for _ in range(20):
            if not self.visit().acts:
                return self
        raise AssertionError("no rest after 20 visits")

    def edited(self, *, run: str | None = None, **spec: Any) -> "PipelineStory":
        """A commit changes the spec, or the annotation that asks for a run."""
        body = self.pipeline.model_dump(mode="json", by_alias=True, exclude_none=True)
        body["spec"] |= spec
        body["metadata"]["generation"] += 1
        if run is not None:
            body["metadata"]["annotations"] = {"kanaria.dev/run": run}
        self.pipeline = MLPipeline.read(body)
        return self

    def ends(self, phase: str = "Succeeded", **status: Any) -> "PipelineStory":
        """The newest run ends."""
        ready = {"True": "RunSucceeded"} if phase == "Succeeded" else {"False": "StepFailed"}
        state, reason = next(iter(ready.items()))
        told = {"status": state, "reason": reason, "message": "said the run", "lastTransitionTime": NOON.isoformat()}
        types = ["Ready"] if phase == "Succeeded" else ["Ready", "Stalled"]
        conditions = [told | {"type": type_} | ({"status": "True"} if type_ == "Stalled" else {}) for type_ in types]
        self.newest["status"] = {"phase": phase, "conditions": conditions, **status}
        return self

    def later(self, **span: float) -> "PipelineStory":
        self.now += timedelta(**span)
        return self

    @property
    def newest(self) -> dict[str, Any]:
        return max(self.runs.values(), key=lambda body: body["spec"]["number"])

    @property
    def causes(self) -> list[str]:
        return [body["spec"]["cause"]["trigger"] for body in self.runs.values()]

    def ready(self) -> tuple[str, str, str]:
        found = self.pipeline.status.conditions[0]
        return found.status, found.reason, found.message
