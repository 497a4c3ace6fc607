"""Which way is the traffic of one ModelDeployment split?

`spec.routing` names a Gateway, and so asks for a route of Kanaria's own. The annotation by which KServe is told a mode
asks for Knative; it may be the platform team's choice for all. What serves already keeps its way: going over to another
would be an outage, which nobody asked for by adding a field.
"""

from dataclasses import dataclass
from enum import StrEnum

from kanaria.serving.knative import KNATIVE, KNATIVE_MODE
from kanaria.serving.naming import MODE
from kanaria.serving.native import NATIVE
from kanaria.serving.own_route import Gateway, OwnRoute, gateway_of
from kanaria.serving.unsplit import UNSPLIT
from kanaria.serving.way import Live, Way


class CanaryRouting(StrEnum):
    """What the platform team allows."""

    AUTO = "auto"
    NATIVE = "native"
    HTTP_ROUTE = "httproute"
    KNATIVE = "knative"
    NONE = "none"


MODES = {"": "", "Standard": "Standard", "RawDeployment": "Standard", "Knative": "Knative", "Serverless": "Knative"}
"""KServe's words for its modes, older ones too, and what they mean."""
REMOVED = (
    "spec.routing was removed, while the model is served by a route of its own; set it again, or serve the model by "
    "KServe's route under another ModelDeployment"
)
ADDED = (
    "spec.routing was added, while the model is served by KServe's route; remove it, or serve the model by a route of "
    "its own under another ModelDeployment"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the ModelDeployment asks for: a Gateway of `spec.routing`, and a mode of KServe's by its annotation."""

    gateway: Gateway | None = None
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The way, and what speaks against going on in it."""

    way: Way
    objection: str = ""


def served_way(live: Live) -> Way:
    """The way in which it is served now, whatever the spec says; KServe's where nothing serves."""
    if live.beside:
        return OwnRoute(gateway_of(live.route) or Gateway(""))
    if live.service is None:
        return NATIVE
    if MODES.get(((live.service["metadata"].get("annotations") or {}).get(MODE)) or "") == KNATIVE_MODE:
        return KNATIVE
    spec = live.service.get("spec") or {}
    return UNSPLIT if "predictor" in spec and not spec["predictor"].get("name") else NATIVE


def choose(allowed: CanaryRouting, asked: Asked, live: Live) -> Choice:
    """The way in which it is served already, else the one that is asked for."""
    wanted = _wanted(allowed, asked)
    if live.beside and asked.gateway is None:
        return Choice(served_way(live), REMOVED)
    if live.service is not None and not live.beside:
        served = served_way(live)
        if asked.gateway is not None:
            return Choice(served, ADDED)
        if served is not wanted:
            return Choice(served, _moved(served, wanted))
    return Choice(wanted, _forbidden(allowed, asked))


def _wanted(allowed: CanaryRouting, asked: Asked) -> Way:
    if asked.gateway is not None:
        return OwnRoute(asked.gateway)
    mode = MODES.get(asked.mode)
    if mode == KNATIVE_MODE or (allowed is CanaryRouting.KNATIVE and not mode):
        return KNATIVE
    return UNSPLIT if allowed is CanaryRouting.NONE else NATIVE


_WORDS = {
    KNATIVE: "by Knative",
    NATIVE: "by KServe's route",
    UNSPLIT: "unsplit",
}


def _moved(served: Way, wanted: Way) -> str:
    return (
        f"the model is served {_WORDS[served]}, and is now to be served {_WORDS[wanted]} (the annotation {MODE}, or "
        "the operator's KANARIA_CANARY_ROUTING, was changed); it keeps its way: change it back, or serve the model "
        "under another ModelDeployment"
    )


def _forbidden(allowed: CanaryRouting, asked: Asked) -> str:
    mode = MODES.get(asked.mode)
    if mode is None:
        known = ", ".join(filter(None, MODES))
        return f"the annotation {MODE} is {asked.mode!r}, by which Kanaria cannot split traffic; use one of: {known}"
    if mode == KNATIVE_MODE and asked.gateway is not None:
        return (
            f"spec.routing asks for a route of its own, and the annotation {MODE} for Knative, which routes by itself; "
            "remove one of them"
        )
    if mode and (mode == KNATIVE_MODE) != (allowed is CanaryRouting.KNATIVE) and allowed is not CanaryRouting.AUTO:
        return (
            f"the annotation {MODE} is {asked.mode}, and this operator allows {_only(allowed)}; remove the annotation"
        )
    if allowed is CanaryRouting.HTTP_ROUTE and asked.gateway is None:
        return (
            "KServe does not split traffic here (KANARIA_CANARY_ROUTING=httproute); name the Gateway and the hostnames "
            "in spec.routing, by which Kanaria makes a route"
        )
    if asked.gateway is not None and allowed not in {CanaryRouting.AUTO, CanaryRouting.HTTP_ROUTE}:
        return (
            f"spec.routing asks for a route of its own, and this operator allows {_only(allowed)}; remove spec.routing"
        )
    return ""


def _only(allowed: CanaryRouting) -> str:
    said = {
        CanaryRouting.NATIVE: "KServe's only",
        CanaryRouting.HTTP_ROUTE: "a route of Kanaria's only",
        CanaryRouting.KNATIVE: "Knative's only",
        CanaryRouting.NONE: "none",
    }
    return f"{said.get(allowed, 'any')} (KANARIA_CANARY_ROUTING={allowed})"
