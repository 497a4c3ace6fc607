"""What a Prometheus text page says of some metrics, read without reading the rest."""

import re
from collections.abc import Mapping

_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
Labels = Mapping[str, str]


class Page:
    """One scrape. A metric's lines are sorted by backend once; labels are read of the backends that are asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._sorted: dict[tuple[str, str], dict[str, list[tuple[str, str]]]] = {}

    def knows(self, metric: str) -> bool:
        """Whether the page speaks of the metric at all, be it only by its type."""
        return re.search(rf"^(# (TYPE|HELP) )?{re.escape(metric)}[ {{]", self._text, re.MULTILINE) is not None

    def series(self, metric: str, label: str, value: str) -> list[tuple[Labels, int]]:
        """The metric's series that bear label=value: all labels, and the count."""
        if (metric, label) not in self._sorted:
            self._sorted[metric, label] = self._sort(metric, label)
        return [(_labels(text), _count(number)) for text, number in self._sorted[metric, label].get(value, ())]

    def _sort(self, metric: str, label: str) -> dict[str, list[tuple[str, str]]]:
        # The greedy part stops at the last brace of the line: values of labels may hold braces themselves.
        line = re.compile(rf"^{re.escape(metric)}\{{(.*)\}}\s+([^\s]+)", re.MULTILINE)
        named = re.compile(rf'(?:^|,)\s*{re.escape(label)}="((?:[^"\\]|\\.)*)"')
        found: dict[str, list[tuple[str, str]]] = {}
        for text, number in line.findall(self._text):
            if (value := named.search(text)) is not None:
                found.setdefault(_plain(value[1]), []).append((text, number))
        return found


def _labels(text: str) -> Labels:
    return {name: _plain(value) for name, value in _LABEL.findall(text)}


def _plain(value: str) -> str:
    return _ESCAPED.sub(_unescaped, value) if "\\" in value else value


def _unescaped(found: "re.Match[str]") -> str:
    return "\n" if found[1] == "n" else found[1]


def _count(number: str) -> int:
    return int(number) if number.isdecimal() else int(float(number))
