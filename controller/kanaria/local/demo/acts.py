"""The five acts: what is committed, and what must have come of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kanaria.local.demo.working_copy import WorkingCopy

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Observed:
    """What a person could see with kubectl: the deployment and the runs, newest last."""

    deployment: Manifest
    runs: tuple[Manifest, ...]

    @property
    def spec(self) -> Manifest:
        """What Git says of the deployment, as applied."""
        spec: Manifest = self.deployment.get("spec", {})
        return spec

    @property
    def status(self) -> Manifest:
        """What the operator says of it."""
        status: Manifest = self.deployment.get("status", {})
        return status

    def stable(self) -> str | None:
        """The version that Git says is stable, once it serves and nothing is tried."""
        wanted = self.spec.get("stable", {}).get("version")
        serves = self.status.get("stable", {}).get("version")
        at_rest = self.status.get("phase") == "Healthy" and "candidate" not in self.spec
        return wanted if at_rest and wanted == serves else None

    def rejected(self) -> dict[str, str]:
        """Reason by version."""
        return {entry["version"]: entry["reason"] for entry in self.spec.get("rejected", [])}

    def run_of(self, commit: str) -> Manifest:
        """The run of this commit of the code, empty where there is none yet."""
        return next((run for run in self.runs if run["spec"].get("revision") == commit), {})

    def refusal(self, commit: str) -> str:
        """Why the run of this commit proposed nothing, empty while that is not so."""
        status = self.run_of(commit).get("status", {})
        if status.get("phase") != "Failed" or status.get("verdict") != "Failed":
            return ""
        return next((gate["message"] for gate in status.get("gates", []) if gate["verdict"] == "Failed"), "")


@dataclass(frozen=True, slots=True)
class Act:
    """One commit of a person, and what the operator makes of it.

    `does` makes the commit and tells its SHA; `ended` tells, in a sentence, that the act ended as it should.
    """

    letter: str
    title: str
    does: Callable[[WorkingCopy], str]
    ended: Callable[[Observed, str], str]
    limit: float = 120.0


def _commit(letter: str, message: str) -> Callable[[WorkingCopy], str]:
    return lambda copy: copy.commit_act(letter, message)


def _first_serves(seen: Observed, _: str) -> str:
    return "version 1 was trained, passed its gates, and serves" if seen.stable() == "1" else ""


def _second_promoted(seen: Observed, _: str) -> str:
    return "version 2 was proposed, tried on real requests, and promoted" if seen.stable() == "2" else ""


def _third_refused(seen: Observed, commit: str) -> str:
    refusal = seen.refusal(commit)
    return f"nothing was proposed: {refusal}" if refusal and seen.stable() == "2" else ""


def _fourth_taken_back(seen: Observed, _: str) -> str:
    entry = next((e for e in seen.spec.get("rejected", []) if e["version"] == "4"), None)
    if not entry or entry["reason"] != "Failed" or seen.stable() != "2":
        return ""
    return f"version 4 was caught and taken back: {entry.get('evidence', '')}"


def _first_again(seen: Observed, _: str) -> str:
    if seen.stable() != "1" or seen.rejected().get("2") != "Reverted":
        return ""
    return "version 1 serves again, at once; version 2 is rejected as reverted, and no canary started"


ACTS = (
    Act("a", "A first model", _commit("a", "Tell digits apart by a decision tree"), _first_serves),
    Act("b", "A better model", _commit("b", "Use a support vector machine"), _second_promoted),
    Act("c", "A worse model", _commit("c", "Train quicker, on fewer rows"), _third_refused, limit=90),
    Act("d", "A model that fails on live requests", _commit("d", "Scale pixels before learning"), _fourth_taken_back),
    Act("e", "A change of mind", lambda copy: copy.revert("^Promote .*2"), _first_again, limit=60),
)
