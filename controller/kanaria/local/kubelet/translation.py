"""Where a path inside a container lies on this machine.

A process has no mount namespace of its own, so the kubelet *translates*: wherever a mountPath (or the
terminationMessagePath) stands in workingDir, command, args or the value of an environment variable, the local folder
is put in its place. A path counts where it begins a word: at the start of the text or after a character that cannot
belong to a path (`=`, `:`, a space, a quote, `>` …), and after `file://`; it must end there or go on with `/`.
What a program carries in its own code is not translated: give it paths by arguments or environment variables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

_BEGINS = r"(?:(?<![\w.~/%-])|(?<=file://))"
_ENDS = r"(?![\w.~%-])"


@dataclass(frozen=True, slots=True)
class Translation:
    """From mount paths to local folders; `kept` are local folders that may stand in a text already."""

    places: Mapping[str, Path]
    kept: tuple[Path, ...] = ()
    _pattern: re.Pattern[str] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        # The longest first: /data/raw before /data.
        paths = sorted([*self.places, *map(str, self.kept)], key=len, reverse=True)
        if paths:
            pattern = re.compile(_BEGINS + "(" + "|".join(map(re.escape, paths)) + ")" + _ENDS)
            object.__setattr__(self, "_pattern", pattern)

    def of(self, text: str) -> str:
        """The text as it is to be on this machine."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: str(self.places.get(found[1], found[1])), text)

    def folder(self, path: str) -> Path | None:
        """The local folder of one container path; None where nothing is mounted."""
        translated = self.of(str(PurePosixPath(path)))
        return Path(translated) if translated != str(PurePosixPath(path)) else None
