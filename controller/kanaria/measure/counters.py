"""How the requests of two backends are counted: one scrape of a gateway answers all who ask of it in that instant."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Self
from urllib.parse import urlsplit

import aiohttp

from kanaria.measure.page import Labels, Page
from kanaria.vocabulary import Counters, CountersAsked, SeriesCount

DEADLINE = 10.0
Selected = tuple[str, tuple[tuple[str, str], ...]]


class MetricsError(Exception):
    """The counters cannot be read; the text says where and why, and may be shown."""


class Scrapes:
    """Reads counters off gateways' metrics pages, good until its `async with` ends."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._session: aiohttp.ClientSession | None = None
        self._under_way: dict[str, asyncio.Task[tuple[Page, datetime]]] = {}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DEADLINE))
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session:
            await self._session.close()

    async def counters(self, question: CountersAsked) -> Counters:
        """One reading of both arms.

        Raises:
            MetricsError: if the page cannot be had, or does not speak of these metrics.
        """
        page, at = await self._page(question.url)
        for metric, _ in (question.total, question.bad):
            if not page.knows(metric):
                raise MetricsError(
                    f"{_shown(question.url)} does not export {metric}; point the operator at a gateway that does"
                )
        return Counters(at, _of(page, question, question.candidate), _of(page, question, question.stable))

    async def _page(self, url: str) -> tuple[Page, datetime]:
        task = self._under_way.get(url)
        if task is None:
            task = self._under_way[url] = asyncio.create_task(self._scrape(url), name="scrape")
            task.add_done_callback(lambda done: self._done(url, done))
        # One asker that gives up must not take the page from the others.
        return await asyncio.shield(task)

    def _done(self, url: str, scrape: "asyncio.Task[tuple[Page, datetime]]") -> None:
        self._under_way.pop(url, None)
        if not scrape.cancelled():
            # Looked at here too: all who asked may have given up.
            scrape.exception()

    async def _scrape(self, url: str) -> tuple[Page, datetime]:
        if self._session is None:
            raise RuntimeError("counters were asked of Scrapes outside of its `async with`")
        try:
            async with self._session.get(url) as answer:
                if answer.status != 200:
                    raise MetricsError(f"{_shown(url)} answered {answer.status} instead of its metrics")
                body = await answer.read()
        except (aiohttp.ClientError, OSError) as error:
            raise MetricsError(f"{_shown(url)} cannot be reached: {type(error).__name__}") from error
        return Page(body.decode(errors="replace")), self._now()


def _of(page: Page, question: CountersAsked, backend: str) -> Mapping[str, SeriesCount]:
    """The backend's counts by series."""
    total = _summed(page, question.total, question.label, backend)
    bad = _summed(page, question.bad, question.label, backend)
    if not bad.keys() <= total.keys():
        # The two metrics are split by different labels: only their sums can be compared.
        total, bad = Counter({"": sum(total.values())}), Counter({"": sum(bad.values())})
    if question.bad_is_rest:
        bad = Counter({series: max(count - bad[series], 0) for series, count in total.items()})
    return {series: SeriesCount(count, bad[series]) for series, count in total.items()}


def _summed(page: Page, selected: Selected, label: str, backend: str) -> "Counter[str]":
    """The sums of the series that match, by their other labels."""
    metric, wanted = selected
    named = {label, *(name for name, _ in wanted)}
    sums: Counter[str] = Counter()
    for labels, count in page.series(metric, label, backend):
        if all(labels.get(name) == value for name, value in wanted):
            sums[_series(labels, named)] += count
    return sums


def _series(labels: Labels, named: set[str]) -> str:
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()) if name not in named)


def _shown(url: str) -> str:
    """The URL without what may be a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"
