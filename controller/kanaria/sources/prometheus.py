"""A PromQL query, answered by a server that the platform team configured."""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from kanaria.sources.kind import Arms, QuerySource, ServerReference, filled, variables
from kanaria.vocabulary.question import QueriesAsked


class Prometheus(QuerySource):
    """A PromQL query, answered by a server that the platform team configured."""

    key: ClassVar[str] = "prometheus"

    server_ref: ServerReference
    """The server."""
    query: Annotated[str, Field(min_length=1, max_length=4096)]
    """PromQL that gives one number; {{variant}} and the other variables stand for the model that is measured."""

    @field_validator("query")
    @classmethod
    def _known_variables(cls, query: str) -> str:
        variables(query)
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
            candidate=filled(self.query, arms, arms.candidate),
            stable=filled(self.query, arms, arms.stable) if compared else "",
        )
