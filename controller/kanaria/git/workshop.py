"""What Git says and takes: heads that are asked for, and commits that are pushed by compare-and-swap."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from kanaria.git.approvals import approval_of
from kanaria.git.commit import Committer, made_commit, text_at
from kanaria.git.destination import addresses, held
from kanaria.git.drafting import Draft, drafted, message
from kanaria.git.mirror import Mirror, MirrorHall
from kanaria.git.remote import Remote, remote
from kanaria.git.signing import untrusted
from kanaria.git.trouble import GitTrouble, trouble
from kanaria.vocabulary import (
    Approval,
    ApprovalAsked,
    CommitEdits,
    CommitResult,
    GitHead,
    SourceHead,
    Trust,
    TrustAsked,
    Writer,
)
from kanaria.vocabulary.writer import cluster_in

Secrets = Callable[[str, str], Awaitable[Mapping[str, bytes]]]
Pause = Callable[[float], Awaitable[None]]
TRIES = 10
THREADS = 32
T = TypeVar("T")
FETCH = timedelta(seconds=60)
PUSH = timedelta(seconds=30)
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 3.0
# How git says that the remote did not take the commit, as opposed to not having been reached.
_REJECTIONS = ("[rejected]", "[remote rejected]", "non-fast-forward", "fetch first", "failed to update ref")


class GitWorkshop:
    """All repositories. Each is worked on by one at a time, in a thread."""

    def __init__(
        self,
        home: Path,
        secrets: Secrets,
        *,
        allow_file: bool,
        now: Callable[[], datetime],
        pause: Pause = asyncio.sleep,
        may_write: Callable[[], bool] = lambda: True,
    ) -> None:
        self.mirrors = MirrorHall(home)
        self._secrets = secrets
        self._allow_file = allow_file
        self._now = now
        self._pause = pause
        self._may_write = may_write
        # Of our own: a server that hangs must not take the threads that others work in.
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="git")
        self._locks: dict[str, asyncio.Lock] = {}
        self._newest: dict[tuple[str, str, str], str] = {}
        # Teams that name one address share its mirror: who reads there must have been let in by the server, not by us.
        self._let_in: set[tuple[str, str, str | None]] = set()

    def close(self) -> None:
        """End what runs beside us."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.mirrors.close()

    async def head(self, question: GitHead) -> str:
        """The commit at the branch's head, fetched.

        Raises:
            GitTrouble: with host, fact and remedy.
        """
        there = await self._remote(question.url, question.namespace, question.secret)
        mirror = self.mirrors.of(question.url)
        async with self._lock(question.url):
            if question.tag is not None:
                return await self._aside(mirror.fetch, there, question.tag, question.timeout, "tags")
            asker = (question.url, question.namespace, question.secret)
            if question.commit and asker in self._let_in and await self._aside(mirror.has, question.commit):
                return question.commit
            head = await self._aside(mirror.fetch, there, question.branch, question.timeout)
            self._let_in.add(asker)
            if question.commit is not None and not await self._aside(mirror.has, question.commit):
                raise GitTrouble(_NO_COMMIT.format(there.host, question.branch, question.commit[:12]))
            return question.commit or head

    async def source_head(self, question: SourceHead) -> str:
        """The newest commit on the branch that touched the path; empty where none ever did.

        Raises:
            GitTrouble: with host, fact and remedy.
        """
        there = await self._remote(question.url, question.namespace, question.secret)
        mirror = self.mirrors.of(question.url)
        async with self._lock(question.url):
            head = await self._aside(mirror.fetch, there, question.branch, FETCH)
            asked = (question.url, head, question.path)
            if asked not in self._newest:
                found = await self._aside(mirror.newest, head, question.path)
                # Only the newest answer for a path is asked for again.
                self._newest = {k: v for k, v in self._newest.items() if (k[0], k[2]) != (question.url, question.path)}
                self._newest[asked] = found
        return self._newest[asked]

    async def trust(self, question: TrustAsked) -> str:
        """Why a fetched commit may not be applied; empty where it may.

        Raises:
            GitTrouble: if a Secret is not there, or the mirror does not hold the commit.
        """
        return await self._untrusted(question.url, question.commit, question.namespace, question.trust)

    async def approval(self, question: ApprovalAsked) -> Approval:
        """Who proposed a candidate, and who approved it, by what was fetched.

        Raises:
            GitTrouble: if the mirror does not hold the commit, or the commit does not hold the candidate.
        """
        mirror = self.mirrors.of(question.url)
        if not await self._aside(mirror.has, question.commit):
            raise GitTrouble(f"commit {question.commit[:12]} is not fetched yet")
        return await self._aside(approval_of, mirror, question)

    async def commit(self, act: CommitEdits) -> CommitResult:
        """Make the edits that are due at the head, in one commit, and push it; on rejection look again.

        What went wrong is told in the result: a record that is late is no accident.
        """
        try:
            there = await self._remote(act.url, act.namespace, act.secret)
            key = await self._entry(act.namespace, act.signing, "identity") if act.signing else None
            async with self._lock(act.url):
                return await self._pushed(act, there, key)
        except GitTrouble as error:
            return CommitResult(self._now(), "", error=str(error))

    def committed(self, url: str, commit: str) -> datetime:
        """When a commit that was fetched was made."""
        return self.mirrors.of(url).committed(commit)

    async def _pushed(self, act: CommitEdits, there: Remote, key: bytes | None) -> CommitResult:
        mirror = self.mirrors.of(act.url)
        said = ""
        for rejected in range(TRIES):
            head = await self._aside(mirror.fetch, there, act.branch, FETCH)
            if act.trust and (why := await self._untrusted(act.url, head, act.namespace, act.trust)):
                return CommitResult(self._now(), "", rejected=rejected, error=f"nothing is built upon the head: {why}")
            if other := await self._aside(_other_writer, mirror, head, act.writer):
                return CommitResult(self._now(), "", rejected=rejected, error=other)
            draft = await self._aside(_draft, mirror, head, act)
            if not draft.landed:
                return CommitResult(self._now(), "", dropped=draft.dropped, rejected=rejected)
            commit = await self._aside(self._made, act, head, draft, key)
            refusal = await self._aside(self._push, act, there, (head, commit))
            if not refusal:
                return CommitResult(self._now(), commit, draft.landed, draft.dropped, rejected)
            said = refusal
            await self._pause(_backoff(rejected, commit))
        fact = trouble(there.host, said, there.secrets)
        return CommitResult(
            self._now(), "", rejected=TRIES, error=f"{fact}: {act.branch} took none of {TRIES} pushes; {_REMEDY}"
        )

    def _made(self, act: CommitEdits, head: str, draft: Draft, key: bytes | None) -> str:
        """The commit that follows the head; blocking."""
        by = Committer(*act.author, self._now(), key)
        return made_commit(self.mirrors.of(act.url), head, draft.files, message(draft.landed), by)

    def _push(self, act: CommitEdits, there: Remote, heads: tuple[str, str]) -> str:
        """What the remote said where it rejected the commit; blocking."""
        if not self._may_write():
            raise GitTrouble(f"{there.host}: nothing was pushed: this replica does not lead now, or could not say so")
        said = self.mirrors.of(act.url).push(there, act.branch, heads, PUSH)
        if said.code == 0:
            return ""
        heard = said.error + said.out.decode(errors="replace")
        if not any(word in heard for word in _REJECTIONS):
            raise trouble(there.host, heard, there.secrets)
        return heard

    async def _untrusted(self, url: str, commit: str, namespace: str, trust: Trust) -> str:
        signers = await self._entry(namespace, trust.signers, "allowed_signers")
        key = await self._entry(namespace, trust.own_key, "identity") if trust.own_key else None
        mirror = self.mirrors.of(url)
        if key is not None and await self._aside(_is_stranger, mirror, commit, signers, self._probing(key)):
            return _OWN_KEY
        return await self._aside(untrusted, mirror, commit, trust.since, signers)

    def _probing(self, key: bytes) -> Committer:
        return Committer("kanaria", "", self._now(), key)

    async def _entry(self, namespace: str, secret: str, name: str) -> bytes:
        found = (await self._secrets(namespace, secret)).get(name, b"")
        if not found.strip():
            raise GitTrouble(f"Secret {namespace}/{secret} is not there, or has no {name}")
        return found

    async def _remote(self, url: str, namespace: str, secret: str | None) -> Remote:
        credentials = {} if secret is None else await self._secrets(namespace, secret)
        made = remote(url, credentials, allow_file=self._allow_file)
        if secret is not None and not credentials:
            raise GitTrouble(f"{made.host}: Secret {namespace}/{secret} of spec.secretRef is not there or empty")
        return await self._aside(partial(held, made, addresses, loopback=self._allow_file))

    async def _aside(self, work: Callable[..., T], *given: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)

    def _lock(self, url: str) -> asyncio.Lock:
        return self._locks.setdefault(url, asyncio.Lock())


_REMEDY = "if the branch is protected, let Kanaria's account push to it"


_NO_COMMIT = (
    "{}: branch {} does not hold commit {}: mend spec.ref.commit, or name in spec.ref.branch the branch that does"
)
_OWN_KEY = (
    "Kanaria's own key of spec.writeBack.signingKeySecretRef is not among the allowed signers, "
    "so that its own commits would never be applied: add it there"
)


def _is_stranger(mirror: Mirror, commit: str, signers: bytes, by: Committer) -> bool:
    """Whether a commit of ours would be refused: tried with one that nobody will see."""
    return bool(untrusted(mirror, made_commit(mirror, commit, {}, "Try the key\n", by), None, signers))


def _draft(mirror: Mirror, head: str, act: CommitEdits) -> Draft:
    return drafted(act, lambda path: text_at(mirror, head, path))


def _other_writer(mirror: Mirror, head: str, writer: Writer | None) -> str:
    """Why this cluster may not commit; empty where it may."""
    text = text_at(mirror, head, writer.path) if writer else None
    if writer is None or text is None or (cluster := cluster_in(text)) in {"", writer.cluster}:
        return ""
    return f"{writer.path}: cluster {cluster} commits there, and this is {writer.cluster}"


def _backoff(rejected: int, commit: str) -> float:
    """Ever longer, and different for writers that collide: the jitter is their commits' own."""
    jitter = int(commit[:8], 16) / 0xFFFFFFFF
    return min(FIRST_PAUSE * float(2**rejected), LONGEST_PAUSE) * (0.5 + jitter / 2)
