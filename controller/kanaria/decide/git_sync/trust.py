"""Whether a new commit may be applied: by whose key it is signed."""

from dataclasses import replace
from datetime import timedelta

from kanaria.api import GitSync
from kanaria.api.conditions import Reason
from kanaria.decide.git_sync.scene import Scene
from kanaria.vocabulary import Answer, Answered, Stall, Trust, TrustAsked, Unanswered, Wait

EVERY = timedelta(minutes=10)
"""How often it is asked again whether a commit that was refused may be applied now: keys are added."""
_MEANWHILE = "what is applied stays; have it signed, or take it back"


def trust_of(sync: GitSync) -> Trust | None:
    """Whose signatures count for a sync, None where nobody's is asked for."""
    verify, key = sync.spec.verify, sync.spec.write_back.signing_key_secret_ref
    if verify is None:
        return None
    since = applied_commit(sync) if verify.mode == "Range" else ""
    own = key.name if key and sync.spec.commits_at_all else None
    return Trust(verify.secret_ref.name, own, since or None)


def trust_question(sync: GitSync, newest: str) -> TrustAsked | None:
    """What is to be asked of the newest commit; nothing of the one that is applied, for it was asked before."""
    trust = trust_of(sync)
    if trust is None or not newest or newest == applied_commit(sync):
        return None
    return TrustAsked(EVERY, sync.spec.url, newest, sync.metadata.namespace, trust)


def is_trusted(question: TrustAsked | None, answer: Answer | None) -> bool:
    """Whether the commit may be applied."""
    return question is None or (isinstance(answer, Answered) and not answer.value)


def applied_commit(sync: GitSync) -> str:
    """The commit that the cluster equals, empty before the first."""
    return (sync.status.last_applied_revision or "").rpartition(":")[2]


def trust(scene: Scene) -> Scene:
    """An untrusted head is told and not applied; what was applied before is kept as it is."""
    seen = scene.seen
    if seen.commit == seen.newest:
        return scene
    over = scene.over or not seen.commit
    match seen.trust:
        case Answered(value=why) if why:
            return replace(scene, outcome=Stall(Reason.UNTRUSTED, f"{why}: it is not applied; {_MEANWHILE}"), over=over)
        case Unanswered(message=message):
            told = f"whether commit {seen.newest[:12]} is signed cannot be checked: {message}; it is tried again"
            return replace(scene, outcome=Wait(Reason.FETCH_FAILED, told, retry=True), over=over)
        case _ if over:
            told = f"checking the signature of commit {seen.newest[:12]}"
            return replace(scene, outcome=Wait(Reason.PROGRESSING, told), over=True)
        case _:
            return scene
