"""How edits become a commit on a head without a work tree."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kanaria.git.command import Said, run
from kanaria.git.mirror import Mirror
from kanaria.git.signing import signing
from kanaria.git.trouble import GitTrouble

_NEW = (0o100644, "")


@dataclass(frozen=True, slots=True)
class Committer:
    """Who makes a commit, when, and the private ssh key that signs it, if any."""

    name: str
    email: str
    at: datetime
    key: bytes | None = None


def text_at(mirror: Mirror, head: str, path: str) -> str | None:
    """A file's text at a head, None where there is no such file."""
    folder, _, name = path.rpartition("/")
    blob = mirror.files(head, folder).get(f"{folder}/{name}" if folder else name)
    return None if blob is None else mirror.objects.read(blob).decode()


def made_commit(mirror: Mirror, head: str, files: Mapping[str, str], message: str, by: Committer) -> str:
    """A commit that follows the head, with these files changed; blocking.

    Raises:
        GitTrouble: if git refuses, which a full disk does, or if the key cannot sign.
    """
    with tempfile.TemporaryDirectory(dir=mirror.where) as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _sure(run(mirror.where, "read-tree", head, extra=index))
        for path, text in files.items():
            blob = _sure(run(mirror.where, "hash-object", "-w", "--stdin", given=text.encode())).line
            entry = f"{_mode(mirror, head, path)} {blob}\t{path}".encode()
            _sure(run(mirror.where, "update-index", "-z", "--index-info", given=entry + b"\0", extra=index))
        tree = _sure(run(mirror.where, "write-tree", extra=index)).line
    with signing(mirror, by.key) as signed:
        how = () if signed is None else ("-S",)
        said = run(
            mirror.where,
            *("commit-tree", *how, tree, "-p", head, "-F", "-"),
            given=message.encode(),
            extra={**(signed or {}), **_names(by)},
        )
    if said.code != 0 and signed is not None:
        raise GitTrouble(
            "the key of spec.writeBack.signingKeySecretRef cannot sign: under identity it needs a private ssh key "
            "without a passphrase"
        )
    return _sure(said).line


def _mode(mirror: Mirror, head: str, path: str) -> str:
    folder, _, name = path.rpartition("/")
    tree = mirror.objects.folder(head, folder)
    mode, _ = mirror.objects.tree(tree).get(name, _NEW) if tree else _NEW
    return f"{mode:o}"


def _names(by: Committer) -> dict[str, str]:
    date = f"{int(by.at.timestamp())} +0000"
    return {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", by.name), ("EMAIL", by.email), ("DATE", date))
    }


def _sure(said: Said) -> Said:
    if said.code != 0:
        raise GitTrouble(f"the mirror cannot make a commit: {said.error.strip()[:400]}")
    return said
