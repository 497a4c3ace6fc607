"""Which way is the traffic of one ModelDeployment split: KServe's, or by a route of Kanaria's own?

`spec.routing` names a Gateway, and so asks for the latter. What serves already keeps its way: going over to the other
would be an outage, which nobody asked for by adding a field.
"""

from dataclasses import dataclass
from enum import StrEnum

from kanaria.serving.native import NATIVE
from kanaria.serving.own_route import Gateway, OwnRoute, gateway_of
from kanaria.serving.way import Live, Way


class CanaryRouting(StrEnum):
    """What the platform team allows."""

    AUTO = "auto"
    NATIVE = "native"
    HTTP_ROUTE = "httproute"


REMOVED = (
    "spec.routing was removed, while the model is served by a route of its own; set it again, or serve the model by "
    "KServe's route under another ModelDeployment"
)
ADDED = (
    "spec.routing was added, while the model is served by KServe's route; remove it, or serve the model by a route of "
    "its own under another ModelDeployment"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The way, and what speaks against going on in it."""

    way: Way
    objection: str = ""


def served_way(live: Live) -> Way:
    """The way in which it is served now, whatever the spec says; KServe's where nothing serves."""
    return OwnRoute(gateway_of(live.route) or Gateway("")) if live.beside else NATIVE


def choose(allowed: CanaryRouting, asked: Gateway | None, live: Live) -> Choice:
    """The way in which it is served already, else the one that the spec asks for."""
    if live.beside and asked is None:
        return Choice(served_way(live), REMOVED)
    if live.service is not None and asked is not None and not live.beside:
        return Choice(NATIVE, ADDED)
    return Choice(NATIVE if asked is None else OwnRoute(asked), _forbidden(allowed, asked))


def _forbidden(allowed: CanaryRouting, asked: Gateway | None) -> str:
    if allowed is CanaryRouting.NATIVE and asked is not None:
        return (
            "spec.routing asks for a route of its own, and this operator allows KServe's only "
            "(KANARIA_CANARY_ROUTING=native); remove spec.routing"
        )
    if allowed is CanaryRouting.HTTP_ROUTE and asked is None:
        return (
            "KServe does not split traffic here (KANARIA_CANARY_ROUTING=httproute); name the Gateway and the hostnames "
            "in spec.routing, by which Kanaria makes a route"
        )
    return ""
