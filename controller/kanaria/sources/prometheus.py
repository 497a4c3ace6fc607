"""A PromQL query, answered by a server that the platform team configured."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from kanaria.sources.kind import Arm, Arms, OnlineSource
from kanaria.vocabulary.kinds import Part
from kanaria.vocabulary.question import QueriesAsked

_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
VARIABLES = ("namespace", "deployment", "variant", "version", "backend")
"""What a query may name in double braces; all but the first two are those of the model that is measured."""


class ServerReference(Part):
    """A server that the platform team configured."""

    name: Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    """Its name in the operator's settings; its address is no business of a team's."""


class Prometheus(OnlineSource):
    """A PromQL query, answered by a server that the platform team configured."""

    key: ClassVar[str] = "prometheus"

    server_ref: ServerReference
    """The server."""
    query: Annotated[str, Field(min_length=1, max_length=4096)]
    """PromQL that gives one number; {{variant}} and the other variables stand for the model that is measured."""

    @field_validator("query")
    @classmethod
    def _known_variables(cls, query: str) -> str:
        for name in _VARIABLE.findall(query):
            if name not in VARIABLES:
                known = ", ".join(f"{{{{{each}}}}}" for each in VARIABLES)
                raise ValueError(f"prometheus.query names {{{{{name}}}}}, which is no variable; known are: {known}")
        return query

    @property
    def address(self) -> str:
        """How people find the number."""
        return f"the query on {self.server_ref.name}"

    def ask(self, arms: Arms, every: timedelta, *, compared: bool) -> QueriesAsked:
        """The query of the candidate, and of the stable model where they are compared."""
        return QueriesAsked(
            every=every,
            server=self.server_ref.name,
            namespace=arms.namespace,
            candidate=_filled(self.query, arms, arms.candidate),
            stable=_filled(self.query, arms, arms.stable) if compared else "",
        )


def _filled(query: str, arms: Arms, arm: Arm) -> str:
    # No escaping: names of Kubernetes objects, and versions, hold nothing that means something in PromQL's strings.
    values: Mapping[str, str] = {
        "namespace": arms.namespace,
        "deployment": arms.deployment,
        "variant": arm.service,
        "version": arm.version,
        "backend": arm.backend,
    }
    return _VARIABLE.sub(lambda found: values[found[1]], query)
