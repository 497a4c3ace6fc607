"""How a step's last lines are told without the secrets that they may hold."""

import re

_HIDDEN = "***"
# What credentials look like in logs: in URLs, after telling words, in headers, and by the form of well-known tokens.
_IN_URL = re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")
# No pattern begins with a repetition: tried at each place of a long line, it would cost its length squared, and it is a
# team that writes the line.
_AFTER_A_WORD = re.compile(
    r"(?i)((?:password|passwd|secret|token|api_?key|access_?key|credential)[a-z0-9_]*"
    r"[\"']?\s*[=:]\s*[\"']?)([^\s\"',;&]+)"
)
_IN_HEADER = re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}")
_BY_FORM = re.compile(r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|glpat-[\w-]{20,}|eyJ[\w-]+\.[\w-]+\.[\w-]+)\b")


def masked(text: str) -> str:
    """The text, with what looks like a credential replaced."""
    text = _IN_URL.sub(_HIDDEN, text)
    text = _IN_HEADER.sub(rf"\1 {_HIDDEN}", text)
    text = _AFTER_A_WORD.sub(rf"\1{_HIDDEN}", text)
    return _BY_FORM.sub(_HIDDEN, text)
