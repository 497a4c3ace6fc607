"""By which Gateway Kanaria splits the traffic itself, and under which names."""

from typing import Annotated

from pydantic import Field

from kanaria.api.resource import Name
from kanaria.vocabulary.kinds import Part


class GatewayReference(Part):
    """A Gateway of the Gateway API."""

    name: Name
    """Its name."""
    namespace: Name | None = None
    """Its namespace; that of the ModelDeployment where absent."""


Hostname = Annotated[
    str,
    Field(max_length=253, pattern=r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"),
]


class Routing(Part):
    """Requests come by an HTTPRoute of Kanaria's own, not by KServe's."""

    gateway_ref: GatewayReference
    """The Gateway that routes."""
    hostnames: Annotated[tuple[Hostname, ...], Field(min_length=1, max_length=16)]
    """The names under which the model is asked for."""
    version_header: Annotated[str, Field(max_length=64, pattern=r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$")] = (
        "kanaria-version"
    )
    """Response header that tells which version answered; empty for a Gateway that takes no filters on backends."""
