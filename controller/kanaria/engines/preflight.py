"""What must a candidate show before it gets any traffic: as a user writes it, and as an answer is held against it?"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, model_validator

from kanaria.vocabulary.durations import Duration
from kanaria.vocabulary.kinds import Part

_STEP = re.compile(r"\.([A-Za-z_][-\w]*)|\[(\d+)\]")
_SHOWN = 120

UrlPath = Annotated[str, Field(max_length=1024, pattern=r"^/\S*$")]


class Expectation(Part):
    """What an answer must be like."""

    status: Annotated[int, Field(ge=100, le=599)] = 200
    """Its status."""
    json_path: Annotated[str, Field(max_length=256, pattern=r"^\$(\.[A-Za-z_][-\w]*|\[\d+\])*$")] | None = None
    """A value of its JSON body, such as $.outputs[0].data[0]; it must be there."""
    equals: Annotated[str, Field(max_length=1024)] | None = None
    """What that value must be; numbers are compared as numbers."""
    min: float | None = None
    """The least that it may be."""
    max: float | None = None
    """The most that it may be."""

    @model_validator(mode="after")
    def _of_a_value(self) -> "Expectation":
        if self.json_path is None and (self.equals, self.min, self.max) != (None, None, None):
            raise ValueError("equals, min and max are about the value at jsonPath: name it")
        return self

    def fault(self, status: int, body: Any) -> str:
        """What is not as expected, in a sentence; empty where all is."""
        if status != self.status:
            return f"answered {status} where {self.status} is expected"
        if self.json_path is None:
            return ""
        found, value = _at(body, self.json_path)
        if not found:
            return f"its answer has no {self.json_path}"
        if self.equals is not None and not _same(value, self.equals):
            return f"{self.json_path} is {_told(value)} where {self.equals} is expected"
        return self._bounds(value)

    def _bounds(self, value: Any) -> str:
        if self.min is None and self.max is None:
            return ""
        number = _number(value)
        if number is None:
            return f"{self.json_path} is {_told(value)}, which is no number"
        if self.min is not None and number < self.min:
            return f"{self.json_path} is {number:g} where at least {self.min:g} is expected"
        if self.max is not None and number > self.max:
            return f"{self.json_path} is {number:g} where at most {self.max:g} is expected"
        return ""


class GoldenRequest(Part):
    """A request whose right answer is known."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    """What the evidence calls it."""
    path: UrlPath
    """Its path, e.g. /v2/models/wine/infer."""
    body: dict[str, Any] | None = None
    """Its JSON body; with one it is a POST, without a GET."""
    expect: Expectation = Expectation()
    """What its answer must be like."""


class Load(Part):
    """The golden requests in turn, at a steady rate."""

    qps: Annotated[int, Field(ge=1, le=1000)]
    """Requests a second."""
    duration: Duration = "30s"
    """For how long."""
    p99: Duration
    """In which time 99 of 100 must be answered."""
    max_error_percent: Annotated[float, Field(ge=0, le=100)] = 0.0
    """How many percent may be answered otherwise than expected."""


class Tensor(Part):
    """An input or output of a model."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    """Its name."""
    datatype: Annotated[str, Field(max_length=32)] | None = None
    """Its type in the Open Inference Protocol, e.g. FP32; any where absent."""


class Contract(Part):
    """What callers rely on, compared with the metadata that the model server tells."""

    path: UrlPath
    """Where it tells them, e.g. /v2/models/wine."""
    inputs: Annotated[tuple[Tensor, ...], Field(max_length=64)] = ()
    """Inputs that it must take."""
    outputs: Annotated[tuple[Tensor, ...], Field(max_length=64)] = ()
    """Outputs that it must give."""

    def faults(self, metadata: Any) -> Iterator[str]:
        """What the model's metadata do not keep of it."""
        for word, wanted in (("inputs", self.inputs), ("outputs", self.outputs)):
            told = metadata.get(word) if isinstance(metadata, Mapping) else None
            entries = told if isinstance(told, Sequence) and not isinstance(told, str) else ()
            known = {str(each.get("name")): each for each in entries if isinstance(each, Mapping)}
            for tensor in wanted:
                yield from _of_tensor(word, tensor, known)


class Preflight(Part):
    """What a candidate must show before it gets any traffic: a Job of the namespace asks its servers."""

    requests: Annotated[tuple[GoldenRequest, ...], Field(max_length=32)] = ()
    """Requests whose right answers are known."""
    contract: Contract | None = None
    """What callers rely on."""
    load: Load | None = None
    """How fast it must be."""
    active_deadline_seconds: Annotated[int, Field(ge=1, le=86400)] = 300
    """How long the Job may take."""
    resources: Mapping[str, Any] = {}
    """Resources of the Job's container, where a quota asks for them."""

    @model_validator(mode="after")
    def _asks_something(self) -> "Preflight":
        if not self.requests and self.contract is None:
            raise ValueError("a preflight asks something: give it requests, or a contract")
        if self.load is not None and not self.requests:
            raise ValueError("load sends the requests of the preflight in turn: give it some")
        return self


def _of_tensor(word: str, tensor: Tensor, known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    found = known.get(tensor.name)
    if found is None:
        there = ", ".join(known) or "none"
        yield f"the model's {word} are {there}, and {tensor.name} is not among them"
    elif tensor.datatype is not None and found.get("datatype") != tensor.datatype:
        yield f"{tensor.name} of the model's {word} is {found.get('datatype')} where {tensor.datatype} is expected"


def _at(body: Any, path: str) -> tuple[bool, Any]:
    for step in _STEP.finditer(path):
        key, index = step[1], step[2]
        if key is not None and isinstance(body, Mapping) and key in body:
            body = body[key]
        elif index is not None and isinstance(body, list) and int(index) < len(body):
            body = body[int(index)]
        else:
            return False, None
    return True, body


def _same(value: Any, wanted: str) -> bool:
    number, expected = _number(value), _number(wanted)
    if number is not None and expected is not None:
        return number == expected
    return _told(value) == wanted


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)[:_SHOWN]
