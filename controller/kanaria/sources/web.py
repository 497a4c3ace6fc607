"""A number that stands in the JSON of a web page."""

from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from kanaria.sources.kind import Arm, Arms, Task, TaskSource, filled, variables
from kanaria.vocabulary.durations import Duration, duration_of
from kanaria.vocabulary.json_path import parts


class Web(TaskSource):
    """A number that stands in the JSON of a web page, fetched by a Job of the team's."""

    key: ClassVar[str] = "web"

    url: Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^https?://[^\s/]+")]
    """The page; {{variant}} and the other variables stand for the model that is measured."""
    json_path: Annotated[str, Field(min_length=1, max_length=512)] = "$"
    """Where the number stands, e.g. $.data.score or {$.items[0].value}."""
    timeout: Duration = "30s"
    """How long the page may take."""

    @field_validator("url")
    @classmethod
    def _known_variables(cls, url: str) -> str:
        variables(url)
        return url

    @field_validator("json_path")
    @classmethod
    def _readable(cls, path: str) -> str:
        parts(path)
        return path

    def task(self, arms: Arms, *, compared: bool) -> Task:
        """Kanaria's own program that fetches, with the address for each model."""
        longest = duration_of(self.timeout)
        more = ("--baseline-url", self._of(arms, arms.stable)) if compared else ()
        words = ("kanaria", "fetch", "--url", self._of(arms, arms.candidate), *more, "--json-path", self.json_path)
        # The Pod has to start as well.
        return Task((*words, "--timeout", f"{longest.total_seconds():g}"), 2 * longest + _STARTING)

    def _of(self, arms: Arms, arm: Arm) -> str:
        return filled(self.url, arms, arm)


_STARTING = duration_of("5m")
