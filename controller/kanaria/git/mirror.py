"""What a fetched repository holds: one bare mirror for each address, under a folder of the operator's."""

import hashlib
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal

from kanaria.git.command import GitTimeoutError, Said, run
from kanaria.git.objects import LINK, SUBMODULE, Objects
from kanaria.git.remote import Remote
from kanaria.git.trouble import GitTrouble, trouble

LISTINGS_KEPT = 256


class Mirror:
    """A bare copy of one repository."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self._objects: Objects | None = None
        self._opening = threading.Lock()
        self._ready = False
        self.files = lru_cache(LISTINGS_KEPT)(self._files)
        self.links = lru_cache(LISTINGS_KEPT)(self._links)

    @property
    def objects(self) -> Objects:
        """What it holds."""
        with self._opening:
            if self._objects is None:
                self._objects = Objects(self.where)
            return self._objects

    def close(self) -> None:
        """End the process that reads."""
        if self._objects is not None:
            self._objects.close()

    def has(self, commit: str) -> bool:
        """Whether a commit is here; blocking."""
        self._create()
        return run(self.where, "cat-file", "-e", f"{commit}^{{commit}}").code == 0

    def fetch(self, remote: Remote, name: str, timeout: timedelta, of: Literal["heads", "tags"] = "heads") -> str:
        """Bring the head of a branch here, or a tag, and tell the commit; blocking.

        Raises:
            GitTrouble: if the remote cannot be reached in time, or has no such branch or tag.
        """
        self._create()
        refspec = f"+refs/{of}/{name}:refs/{of}/{name}"
        said = self._reach(remote, timeout, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", refspec)
        if said.code != 0:
            raise trouble(remote.host, said.error, remote.secrets)
        return run(self.where, "rev-parse", "--verify", f"refs/{of}/{name}^{{commit}}").line

    def push(self, remote: Remote, branch: str, heads: tuple[str, str], timeout: timedelta) -> Said:
        """Ask the remote to take a commit as the branch's head: `heads` are the one it follows, and the commit itself.

        A lease is a comparison, not force: the commit follows that head, so nothing can be overwritten. Without it a
        branch that somebody took back meanwhile would get again what was taken back.
        """
        before, commit = heads
        lease = f"--force-with-lease=refs/heads/{branch}:{before}"
        said = self._reach(remote, timeout, "push", "--porcelain", lease, "--", f"{commit}:refs/heads/{branch}")
        if said.code == 0:
            run(self.where, "update-ref", f"refs/heads/{branch}", commit)
        return said

    def newest(self, head: str, path: str) -> str:
        """The newest commit up to the head that touched the path, empty where none did.

        Kanaria's own commits change no code: a pipeline whose path is the whole repository must not train again
        because of what it proposed.
        """
        others = ("--invert-grep", "--grep=^Kanaria-Object: ")
        paths = () if path in {"", "."} else (path,)
        return run(self.where, "log", "-1", "--format=%H", *others, head, "--", *paths).line

    def subject(self, commit: str) -> str:
        """First line of a commit's message."""
        _, _, message = self.objects.read(commit).partition(b"\n\n")
        return message.decode(errors="replace").strip().partition("\n")[0]

    def committed(self, commit: str) -> datetime:
        """When a commit was made, by its committer's clock."""
        header, _, _ = self.objects.read(commit).partition(b"\n\n")
        line = next(line for line in header.splitlines() if line.startswith(b"committer "))
        return datetime.fromtimestamp(int(line.split()[-2]), UTC)

    def _reach(self, remote: Remote, timeout: timedelta, verb: str, *arguments: str) -> Said:
        divided = arguments.index("--") + 1
        ordered = (*arguments[:divided], remote.url, *arguments[divided:])
        try:
            return run(self.where, verb, *ordered, extra=remote.environment, within=timeout.total_seconds())
        except GitTimeoutError as late:
            raise GitTrouble(f"{remote.host}: the {verb} did not end within {timeout.total_seconds():g} s") from late

    def _create(self) -> None:
        if self._ready:
            return
        self.where.mkdir(parents=True, exist_ok=True)
        said = run(self.where, "init", "--quiet", "--bare", "--template=")
        if said.code != 0:
            raise GitTrouble(f"no mirror can be made: {said.error.strip()}")
        # Whoever was killed here before us cannot remove them any more.
        for lock in [*self.where.glob("*.lock"), *(self.where / "refs").rglob("*.lock")]:
            lock.unlink(missing_ok=True)
        self._ready = True

    def _files(self, commit: str, path: str) -> Mapping[str, str]:
        return {name: sha for name, (mode, sha) in self._listed(commit, path).items() if mode not in _NO_FILES}

    def _links(self, commit: str, path: str) -> Mapping[str, str]:
        return {name: _NO_FILES[mode] for name, (mode, _) in self._listed(commit, path).items() if mode in _NO_FILES}

    def _listed(self, commit: str, path: str) -> Mapping[str, tuple[int, str]]:
        tree = self.objects.folder(commit, path)
        start = "/".join(part for part in path.split("/") if part not in {"", "."})
        before = f"{start}/" if start else ""
        return {before + name: entry for name, entry in self.objects.files_below(tree).items()} if tree else {}


_NO_FILES = {LINK: "symbolic link", SUBMODULE: "submodule"}


class MirrorHall:
    """All mirrors, by address: what a pass reads without asking anyone."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._mirrors: dict[str, Mirror] = {}
        self._making = threading.Lock()

    def of(self, url: str) -> Mirror:
        """The mirror of an address."""
        with self._making:
            if url not in self._mirrors:
                name = hashlib.sha256(url.encode()).hexdigest()[:24]
                self._mirrors[url] = Mirror(self._home / f"{name}.git")
            return self._mirrors[url]

    def close(self) -> None:
        """End all processes that read."""
        for mirror in self._mirrors.values():
            mirror.close()

    def files(self, url: str, commit: str, path: str) -> Mapping[str, str]:
        """Blob id of each file below the path at the commit, by path from the repository's root."""
        return self.of(url).files(commit, path)

    def links(self, url: str, commit: str, path: str) -> Mapping[str, str]:
        """What stands below the path and is no file: "symbolic link" or "submodule", by path."""
        return self.of(url).links(commit, path)

    def blob(self, url: str, blob: str, at_most: int) -> bytes:
        """The first bytes of a blob."""
        return self.of(url).objects.read(blob, at_most)

    def subject(self, url: str, commit: str) -> str:
        """First line of a commit's message."""
        return self.of(url).subject(commit)
