"""What a Prometheus text page says of some metrics, read without reading the rest."""

import re
from collections.abc import Iterator, Mapping

_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
Labels = Mapping[str, str]


class Page:
    """One scrape. A metric is read once, however many backends are asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._read: dict[tuple[str, str], dict[str, list[tuple[Labels, int]]]] = {}

    def knows(self, metric: str) -> bool:
        """Whether the page speaks of the metric at all, be it only by its type."""
        return re.search(rf"^(# (TYPE|HELP) )?{re.escape(metric)}[ {{]", self._text, re.MULTILINE) is not None

    def series(self, metric: str, label: str, value: str) -> list[tuple[Labels, int]]:
        """The metric's series that bear label=value: all labels, and the count."""
        if (metric, label) not in self._read:
            grouped: dict[str, list[tuple[Labels, int]]] = {}
            for labels, count in self._lines(metric):
                grouped.setdefault(labels.get(label, ""), []).append((labels, count))
            self._read[metric, label] = grouped
        return self._read[metric, label].get(value, [])

    def _lines(self, metric: str) -> Iterator[tuple[Labels, int]]:
        # The greedy part stops at the last brace of the line: values of labels may hold braces themselves.
        line = re.compile(rf"^{re.escape(metric)}\{{(.*)\}}\s+([^\s]+)", re.MULTILINE)
        for found in line.finditer(self._text):
            labels, number = found.groups()
            yield _labels(labels), _count(number)


def _labels(text: str) -> Labels:
    pairs = _LABEL.findall(text)
    if "\\" not in text:
        return dict(pairs)
    return {name: _ESCAPED.sub(_unescaped, value) for name, value in pairs}


def _unescaped(found: "re.Match[str]") -> str:
    return "\n" if found[1] == "n" else found[1]


def _count(number: str) -> int:
    return int(number) if number.isdecimal() else int(float(number))
