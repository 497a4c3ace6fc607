"""How edits become a commit on a head without a work tree."""

import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from kanaria.git.command import Said, run
from kanaria.git.mirror import Mirror
from kanaria.git.trouble import GitTrouble


def text_at(mirror: Mirror, head: str, path: str) -> str | None:
    """A file's text at a head, None where there is no such file."""
    folder, _, name = path.rpartition("/")
    blob = mirror.files(head, folder).get(f"{folder}/{name}" if folder else name)
    return None if blob is None else mirror.objects.read(blob).decode()


def made_commit(
    mirror: Mirror, head: str, files: Mapping[str, str], message: str, author: tuple[str, str], at: datetime
) -> str:
    """A commit that follows the head, with these files changed; blocking.

    Raises:
        GitTrouble: if git refuses, which a full disk does.
    """
    with tempfile.TemporaryDirectory(dir=mirror.where) as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _sure(run(mirror.where, "read-tree", head, extra=index))
        for path, text in files.items():
            blob = _sure(run(mirror.where, "hash-object", "-w", "--stdin", given=text.encode())).line
            entry = f"{_mode(mirror, head, path)} {blob}\t{path}".encode()
            _sure(run(mirror.where, "update-index", "-z", "--index-info", given=entry + b"\0", extra=index))
        tree = _sure(run(mirror.where, "write-tree", extra=index)).line
    signed = _signed(author, at)
    return _sure(
        run(mirror.where, "commit-tree", tree, "-p", head, "-F", "-", given=message.encode(), extra=signed)
    ).line


def _mode(mirror: Mirror, head: str, path: str) -> str:
    folder, _, name = path.rpartition("/")
    mode, _ = mirror.objects.tree(mirror.objects.folder(head, folder))[name]
    return f"{mode:o}"


def _signed(author: tuple[str, str], at: datetime) -> dict[str, str]:
    name, email = author
    date = f"{int(at.timestamp())} +0000"
    return {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", name), ("EMAIL", email), ("DATE", date))
    }


def _sure(said: Said) -> Said:
    if said.code != 0:
        raise GitTrouble(f"the mirror cannot make a commit: {said.error.strip()[:400]}")
    return said
