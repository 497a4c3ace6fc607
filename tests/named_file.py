"""A team whose objects somebody else applies: a file that a ModelDeployment names, and a run that proposes to it."""

import json
from typing import Any

from kanaria.api import Resource
from kanaria.vocabulary import ObjectName
from pipelines import A_MODEL, TO_WINE, a_run

PATCH = """\
apiVersion: kanaria.dev/v1alpha1
kind: ModelDeployment
metadata: {name: wine}
spec:
  stable: {version: "7"} # an overlay says no more than this
"""
OVERLAY = {"overlays/prod/wine.yaml": PATCH, "overlays/prod/kustomization.yaml": "resources: [../base]\n"}
FILE = {"syncRef": {"name": "team"}, "path": "overlays/prod/wine.yaml"}
TARGET = {"stable": {"version": "7"}, "git": FILE}
RUN = ObjectName("wine", "wine-1-abcde")


def stored(resource: Resource, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(resource.model_dump_json(by_alias=True, exclude_none=True))
    return body | more


def a_proposing_run() -> dict[str, Any]:
    status = {
        "phase": "Succeeded",
        "steps": [{"name": "train", "phase": "Succeeded"}],
        "tracking": {"runId": "run-r-1", "experiment": "wine/wine"},
        "model": {"name": "wine-quality", "version": "8"},
        "proposals": [{"namespace": "wine", "modelDeployment": "wine", "state": "Due"}],
    }
    return stored(a_run(model=A_MODEL, promote=TO_WINE), status=status)
