"""How is a ModelDeployment gone on with whose spec cannot be read?

From what is asked of KServe and from the status: what serves is kept, and a candidate with traffic is still judged
by what it was accepted with.
"""

from collections.abc import Mapping
from typing import Any

from kanaria.api.model_deployment import ModelDeployment
from kanaria.serving.arrangement import Arrangement
from kanaria.vocabulary.objects import Manifest

_STRATEGY = {"canary": {"steps": [{"setWeight": 0}], "maxDuration": "3650d", "onInconclusive": "Pause"}}


def stand_in(body: Manifest, live: Arrangement | None) -> ModelDeployment:
    """The same object with a spec that says what is so.

    Raises:
        pydantic.ValidationError: if the status cannot be read either.
    """
    status: Mapping[str, Any] = body.get("status") or {}
    stable, trial = status.get("stable") or {}, status.get("trial") or {}
    spec: dict[str, Any] = {
        "model": {"name": stable.get("model") or trial.get("model") or "unknown"},
        "predictor": _predictor(live),
        "strategy": _STRATEGY,
        "serviceAccountName": _account(body),
    }
    if stable.get("version"):
        spec["stable"] = {"version": stable["version"]}
    if trial.get("version"):
        spec["candidate"] = {"version": trial["version"]}
    return ModelDeployment.read({**body, "spec": spec})


def _predictor(live: Arrangement | None) -> dict[str, Any]:
    if live is None:
        return {"model": {}}
    return {**live.main.spec, **live.scaling}


def _account(body: Manifest) -> str:
    named = (body.get("spec") or {}).get("serviceAccountName")
    return named if isinstance(named, str) and named else "kanaria-runner"
