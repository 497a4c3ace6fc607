"""Which files a set of edits gives at a head, which edits are in them, and what the commit says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kanaria.git.edit_yaml import AlreadyThere, Edited, NotDue, edited
from kanaria.vocabulary import CommitEdits, Edit
from kanaria.vocabulary.writer import cluster_in

SUBJECT_MAX = 72


@dataclass(frozen=True, slots=True)
class Draft:
    """Texts of the changed files by path, the edits in them, and those that are dropped with the reason."""

    files: Mapping[str, str]
    landed: tuple[Edit, ...] = ()
    dropped: tuple[tuple[Edit, str], ...] = ()


def drafted(act: CommitEdits, read: Callable[[str], str | None]) -> Draft:
    """Make the edits in the files as `read` gives them, None for a file that is not there."""
    texts: dict[str, str] = {}
    landed: list[Edit] = []
    dropped: list[tuple[Edit, str]] = []
    for located in act.edits:
        text = texts.get(located.path) or read(located.path)
        if text is None:
            dropped.append((located.edit, f"{located.path} is not there any more"))
            continue
        match edited(text, located.edit, act.namespace):
            case Edited(changed):
                texts[located.path] = changed
                landed.append(located.edit)
            case NotDue(reason):
                dropped.append((located.edit, f"{located.path}: {reason}"))
            case AlreadyThere():
                continue
    return Draft(texts | _record(act, read), tuple(landed), tuple(dropped))


def _record(act: CommitEdits, read: Callable[[str], str | None]) -> dict[str, str]:
    """Who writes here, where nobody said so yet."""
    writer = act.writer
    return {writer.path: writer.text} if writer and not cluster_in(read(writer.path) or "") else {}


def message(edits: Sequence[Edit]) -> str:
    """The commit's message: a subject, what it is about, and trailers for people."""
    first, *others = edits
    subject = _cut(first.subject if not others else f"{_cut(first.subject, 58)} and {len(others)} more")
    bodies = [edit.body.strip() for edit in edits if edit.body.strip()]
    if others:
        bodies.insert(0, "\n".join(f"* {edit.subject}" for edit in edits))
    trailers = list(dict.fromkeys(line for edit in edits for line in _trailers(edit)))
    return "\n\n".join([subject, *bodies, "\n".join(trailers)]) + "\n"


def _trailers(edit: Edit) -> list[str]:
    named = [("Kanaria-Object", str(edit.target)), *edit.trailers]
    return [f"{key}: {' '.join(value.split())}" for key, value in named]


def _cut(text: str, limit: int = SUBJECT_MAX) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
