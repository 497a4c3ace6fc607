"""Which fields a log line bears beside its words, so that nobody has to read them out of a sentence."""

from collections.abc import Mapping
from typing import Any

from kanaria.vocabulary.objects import ObjectRef

FIELDS = "fields"
"""The attribute of a log record that holds them."""


def about(ref: ObjectRef, body: Mapping[str, Any] | None = None) -> dict[str, dict[str, str]]:
    """The `extra` of a line about an object: its identity, and the commit, run and trial that it stands at."""
    found = {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name, **_stands_at(body or {})}
    return {FIELDS: {key: value for key, value in found.items() if value}}


def _stands_at(body: Mapping[str, Any]) -> dict[str, str]:
    status, spec = body.get("status") or {}, body.get("spec") or {}
    trial, tracking = status.get("trial") or {}, status.get("tracking") or {}
    synced = str(status.get("lastAttemptedRevision") or "").rpartition(":")[2]
    run_revision = spec.get("revision") if body.get("kind") == "MLPipelineRun" else ""
    return {
        "commit": str(synced or trial.get("revision") or run_revision or ""),
        "run": str(tracking.get("runId") or ""),
        "trial": str(trial.get("id") or ""),
    }
