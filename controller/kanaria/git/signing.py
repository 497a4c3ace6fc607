"""Whose signature a commit bears, and how Kanaria's own are signed: by ssh keys, as git itself does it."""

import re
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from kanaria.git.command import run
from kanaria.git.mirror import Mirror
from kanaria.git.remote import environment
from kanaria.git.trouble import GitTrouble

CHECKED_MAX = 500
"""Commits that one look checks: each costs two processes."""
_KEY = re.compile(r"with (\S+ key \S+)")
# Only ssh signatures count: what another program on this machine takes for good says nothing.
_NO_OTHERS = {"gpg.program": "false", "gpg.x509.program": "false", "gpg.minTrustLevel": "fully"}


def untrusted(mirror: Mirror, commit: str, since: str | None, signers: bytes) -> str:
    """Why the commit may not be applied, empty where it may; with `since`, all commits after that one count."""
    try:
        with tempfile.TemporaryDirectory(dir=mirror.where) as folder:
            file = Path(folder) / "allowed_signers"
            file.write_bytes(signers)
            return next(_faults(mirror, _new(mirror, commit, since), file), "")
    except _HistoryError as error:
        return str(error)


@contextmanager
def signing(mirror: Mirror, key: bytes | None) -> Generator[dict[str, str] | None]:
    """Git's environment for a commit that is signed with the key; None without one."""
    if key is None:
        yield None
        return
    with tempfile.TemporaryDirectory(dir=mirror.where) as folder:
        file = Path(folder) / "identity"
        file.touch(mode=0o600)
        # ssh-keygen takes no key whose last line does not end.
        file.write_bytes(key.rstrip() + b"\n")
        yield environment({"gpg.format": "ssh", "user.signingKey": str(file)})


class _HistoryError(Exception):
    """It cannot be told which commits are new."""


def _new(mirror: Mirror, commit: str, since: str | None) -> list[str]:
    if since is None:
        return [commit]
    if run(mirror.where, "cat-file", "-e", f"{since}^{{commit}}").code != 0:
        raise _HistoryError(
            f"the branch does not hold commit {since[:12]} any more, which was applied last, so nobody can say which "
            "commits are new: bring it back, or set spec.verify.mode to Head until the new head is applied"
        )
    said = run(mirror.where, "rev-list", f"--max-count={CHECKED_MAX + 1}", commit, f"^{since}")
    if said.code != 0:
        raise GitTrouble(f"the mirror cannot list commits: {said.error.strip()[:400]}")
    found = said.line.split()
    if len(found) > CHECKED_MAX:
        raise _HistoryError(
            f"more than {CHECKED_MAX} commits are new at once, which are too many to check: "
            "set spec.verify.mode to Head until the new head is applied"
        )
    # The head counts even where it is an older commit than the one that was applied last.
    return found or [commit]


def _faults(mirror: Mirror, commits: list[str], signers: Path) -> Iterator[str]:
    config = environment({**_NO_OTHERS, "gpg.ssh.allowedSignersFile": str(signers)})
    for commit in commits:
        said = run(mirror.where, "verify-commit", commit, extra=config)
        if said.code != 0:
            yield f"commit {commit[:12]} ({mirror.subject(commit)[:72]}) {_why(mirror, commit, said.error)}"


def _why(mirror: Mirror, commit: str, error: str) -> str:
    header, _, _ = mirror.objects.read(commit).partition(b"\n\n")
    if b"\ngpgsig" not in header:
        return "is not signed"
    if b"BEGIN SSH SIGNATURE" not in header:
        return "is not signed by an ssh key"
    if "No principal matched" in error and (key := _KEY.search(error)):
        return f"is signed with {key[1]}, which is not among the allowed signers"
    # The last line of ssh-keygen names the fault.
    return f"bears a signature that does not hold ({(error.strip().splitlines() or ['no reason is given'])[-1][:200]})"
