"""Who wrote a candidate into its file, and who approved it there, by the commits that led to one.

The same question as `git blame` answers for a line, here for a field: the commit is looked for after which it held and
before which, in none of its parents, it did. A merge that only brings it along is none, so that not who merges counts.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from kanaria.git.command import run
from kanaria.git.mirror import Mirror
from kanaria.git.trouble import GitTrouble
from kanaria.vocabulary import Approval, ApprovalAsked
from kanaria.vocabulary.documents import DocumentError, documents, field_at
from kanaria.vocabulary.edit import same

_DEPTH = 500
_ADDRESS_MAX = 254
_AS_WRITTEN = {"GIT_LITERAL_PATHSPECS": "1"}
_APPROVED = "approved"


def approval_of(mirror: Mirror, question: ApprovalAsked) -> Approval:
    """The authors of the candidate and of its approval, by e-mail address; the latter is empty where there is none.

    Raises:
        GitTrouble: if the commit is not here, or its files do not hold this candidate.
    """
    path = _file(mirror, question)
    wanted = json.loads(question.candidate)

    def candidate(commit: str) -> Mapping[str, Any]:
        found = field_at(_document(mirror, commit, path, question), ("spec", "candidate"))
        return found if isinstance(found, Mapping) else {}

    def stands(commit: str) -> bool:
        return same({k: v for k, v in candidate(commit).items() if k not in question.left_out}, wanted)

    def is_approved(commit: str) -> bool:
        return stands(commit) and candidate(commit).get(_APPROVED) is True

    if not stands(question.commit):
        raise GitTrouble(f"{path} at commit {question.commit[:12]} holds another candidate than the live object")
    proposed = _author(mirror, _since(mirror, question.commit, path, stands))
    if not is_approved(question.commit):
        return Approval(proposed)
    return Approval(proposed, _author(mirror, _since(mirror, question.commit, path, is_approved)))


def _file(mirror: Mirror, question: ApprovalAsked) -> str:
    where = () if question.path in {"", "."} else (question.path,)
    found = run(
        mirror.where, "grep", "-l", "-z", "-F", "-e", question.name, question.commit, "--", *where, extra=_AS_WRITTEN
    )
    paths = [each.partition(":")[2] for each in found.out.decode(errors="replace").split("\0") if each]
    held = next((path for path in paths if _document(mirror, question.commit, path, question) is not None), None)
    if held is None:
        raise GitTrouble(f"no file of commit {question.commit[:12]} holds ModelDeployment {question.name}")
    return held


def _document(mirror: Mirror, commit: str, path: str, question: ApprovalAsked) -> Mapping[str, Any] | None:
    said = run(mirror.where, "cat-file", "blob", f"{commit}:{path}")
    if said.code != 0:
        return None
    try:
        found = [each.value for each in documents(said.out.decode(errors="replace"))]
    except DocumentError:
        return None
    return next((document for document in found if _is_meant(document, question)), None)


def _is_meant(document: Any, question: ApprovalAsked) -> bool:
    namespace = field_at(document, ("metadata", "namespace"))
    named = (field_at(document, ("kind",)), field_at(document, ("metadata", "name")))
    return named == ("ModelDeployment", question.name) and namespace in {None, question.namespace}


def _since(mirror: Mirror, commit: str, path: str, holds: Callable[[str], bool]) -> str:
    """The commit that made it so, on the way from one at which it holds."""
    for _ in range(_DEPTH):
        touched = run(mirror.where, "log", "-1", "--format=%H %P", commit, "--", path, extra=_AS_WRITTEN).line.split()
        if not touched:
            return commit
        commit, parents = touched[0], touched[1:]
        before = next((parent for parent in parents if holds(parent)), None)
        if before is None:
            return commit
        commit = before
    raise GitTrouble(f"{path} was changed more than {_DEPTH} times since: approve the candidate anew")


def _author(mirror: Mirror, commit: str) -> str:
    return run(mirror.where, "log", "-1", "--format=%ae", commit).line.lower()[:_ADDRESS_MAX]
