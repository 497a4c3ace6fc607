"""Which commit a GitSync works with: the newest that is known."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from kanaria.api import GitSync
from kanaria.vocabulary import Answer, Answered, CommitResult, GitHead
from kanaria.vocabulary.durations import duration_of

SOONEST = timedelta(seconds=1)
LONGEST = timedelta(minutes=5)
"""However long a team would wait: a server that hangs holds up what other teams ask."""


def head_question(sync: GitSync) -> GitHead:
    """The question that keeps the mirror and the head up to date."""
    spec = sync.spec
    return GitHead(
        every=max(duration_of(spec.interval), SOONEST),
        url=spec.url,
        branch=spec.ref.branch,
        tag=spec.ref.tag,
        commit=spec.ref.commit,
        namespace=sync.metadata.namespace,
        secret=spec.secret_ref.name if spec.secret_ref else None,
        timeout=min(max(duration_of(spec.timeout), SOONEST), LONGEST),
    )


def is_newer(answer: Answer | None, result: CommitResult, now: datetime) -> bool:
    """Whether the head was looked at after the write-back.

    What was done in the future was done before the clock was set back.
    """
    return answer is not None and (answer.at > result.at or answer.at <= now < result.at)


def newest_commit(answer: Answer | None, result: CommitResult | None, remembered: str, now: datetime) -> str:
    """The head as it was told last; after a push of our own the pushed commit, at once and without asking.

    While the remote cannot be reached the last known commit is worked with: drift is repaired all the same.
    """
    if result is not None and result.commit and not is_newer(answer, result, now):
        return result.commit
    if isinstance(answer, Answered):
        return str(answer.value)
    if result is not None and result.commit and not remembered:
        return result.commit
    return remembered


def host_of(url: str) -> str:
    """The place of a repository for sentences; without what may be secret."""
    return urlsplit(url).hostname or "the local repository"
