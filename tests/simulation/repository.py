"""What Git is to the operator: a branch that people and replicas push to, by compare-and-swap."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kanaria.git.drafting import drafted, message
from kanaria.git.trouble import GitTrouble
from kanaria.vocabulary import CommitEdits, CommitResult, GitHead, SourceHead, TrustAsked
from simulation.faults import Faults

URL = "https://git.example.com/team/wine.git"
KANARIA = "kanaria"
TRIES = 10
TAKES = 0.2


@dataclass(frozen=True, slots=True)
class Commit:
    """A state of all files."""

    sha: str
    parent: str
    files: Mapping[str, str]
    author: str
    message: str
    at: datetime


@dataclass
class Remote:
    """The branch on the server."""

    now: Callable[[], datetime]
    commits: dict[str, Commit] = field(default_factory=dict)
    head: str = ""
    pushed: list[Callable[[Commit], None]] = field(default_factory=list)

    @property
    def files(self) -> Mapping[str, str]:
        return self.commits[self.head].files if self.head else {}

    def push(self, files: Mapping[str, str], author: str, said: str, upon: str | None = None) -> str:
        """The new head; empty where the branch is not at `upon` any more."""
        if upon is not None and upon != self.head:
            return ""
        content = repr((sorted(files.items()), self.head, author, said, len(self.commits)))
        sha = hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()
        self.commits[sha] = Commit(sha, self.head, dict(files), author, said, self.now())
        self.head = sha
        for told in self.pushed:
            told(self.commits[sha])
        return sha

    @property
    def history(self) -> list[Commit]:
        """From the newest to the first."""
        found, sha = [], self.head
        while sha:
            found.append(self.commits[sha])
            sha = self.commits[sha].parent
        return found


@dataclass
class Mirror:
    """What was fetched; a new replica's is empty."""

    remote: Remote
    fetched: set[str] = field(default_factory=set)

    def files(self, url: str, commit: str, path: str) -> Mapping[str, str]:
        below = path.strip("/") + "/"
        return {
            name: _blob(text)
            for name, text in self._at(url, commit).items()
            if path in {"", "."} or name.startswith(below)
        }

    def links(self, url: str, commit: str, path: str) -> Mapping[str, str]:
        del url, commit, path
        return {}

    def blob(self, url: str, blob: str, at_most: int) -> bytes:
        del url
        return _BLOBS[blob].encode()[:at_most]

    def subject(self, url: str, commit: str) -> str:
        self._at(url, commit)
        return self.remote.commits[commit].message.partition("\n")[0]

    def _at(self, url: str, commit: str) -> Mapping[str, str]:
        if url != URL or commit not in self.fetched:
            raise GitTrouble(f"commit {commit[:7]} is not here")
        return self.remote.commits[commit].files


@dataclass
class ModelGit:
    """One replica's Git; `race` is what a person pushes in between."""

    remote: Remote
    faults: Faults
    may_write: Callable[[], bool]
    race: Callable[[], None]
    mirrors: Mirror

    async def head(self, question: GitHead) -> str:
        del question
        return await self._fetch()

    async def source_head(self, question: SourceHead) -> str:
        del question
        await self._fetch()
        found = [c for c in self.remote.history if _code(c.files) != _code(self._before(c))]
        return found[0].sha if found else ""

    async def trust(self, question: TrustAsked) -> str:
        del question
        return ""

    def committed(self, url: str, commit: str) -> datetime:
        del url
        return self.remote.commits[commit].at

    async def commit(self, act: CommitEdits) -> CommitResult:
        now = self.remote.now
        try:
            for rejected in range(TRIES):
                head = await self._fetch()
                draft = drafted(act, self.remote.commits[head].files.get)
                if not draft.landed:
                    return CommitResult(now(), "", dropped=draft.dropped, rejected=rejected)
                commit = await self._push(head, draft.files, message(draft.landed))
                if commit:
                    return CommitResult(now(), commit, draft.landed, draft.dropped, rejected)
        except GitTrouble as error:
            return CommitResult(now(), "", error=str(error))
        return CommitResult(now(), "", rejected=TRIES, error=f"the branch took none of {TRIES} pushes")

    async def _fetch(self) -> str:
        await asyncio.sleep(TAKES)
        if self.faults.git_down:
            raise GitTrouble("git.example.com: it cannot be reached")
        self.mirrors.fetched.add(self.remote.head)
        return self.remote.head

    async def _push(self, head: str, files: Mapping[str, str], said: str) -> str:
        await asyncio.sleep(TAKES)
        if self.faults.git_races:
            self.faults.git_races -= 1
            self.race()
        if not self.may_write():
            raise GitTrouble("nothing was pushed: this replica does not lead now, or could not say so")
        commit = self.remote.push({**self.remote.commits[head].files, **files}, KANARIA, said, upon=head)
        if commit and self.faults.git_loses:
            self.faults.git_loses -= 1
            raise GitTrouble("git.example.com: it cannot be reached: the answer was lost")
        if commit:
            self.mirrors.fetched.add(commit)
        return commit

    def _before(self, commit: Commit) -> Mapping[str, str]:
        return self.remote.commits[commit.parent].files if commit.parent else {}


_BLOBS: dict[str, str] = {}


def _blob(text: str) -> str:
    """A blob's name; the same text has the same name in all histories."""
    name = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    _BLOBS[name] = text
    return name


def _code(files: Mapping[str, str]) -> Mapping[str, str]:
    return {name: text for name, text in files.items() if name.startswith("training/")}
