"""Which edits are due in Git: those that are wished for and that the file at the head does not hold yet."""

from collections.abc import Iterator
from dataclasses import replace

from kanaria.api import GitSync
from kanaria.api.conditions import Reason
from kanaria.decide.git_sync.head import is_newer
from kanaria.decide.git_sync.read_file import Wanted
from kanaria.decide.git_sync.read_tree import identity
from kanaria.decide.git_sync.scene import Scene
from kanaria.decide.git_sync.trust import trust_of
from kanaria.decide.git_sync.writer import writer_of
from kanaria.vocabulary import (
    CommitEdits,
    CommitResult,
    Edit,
    EditClass,
    LocatedEdit,
    Notice,
    ObjectRef,
    Stall,
    Unanswered,
)

_MESSAGE_MAX = 2048
# A commit of ours would vouch for an untrusted one, and another cluster settles what it tries itself.
_NOT_OURS = (Reason.UNTRUSTED, Reason.ANOTHER_WRITER)


def write_back(scene: Scene) -> Scene:
    """One commit for all edits that are due; what landed and is not applied yet is not due again."""
    if not scene.seen.commit or isinstance(scene.seen.head, Unanswered) or scene.seen.cluster is None:
        return scene
    if isinstance(scene.outcome, Stall) and scene.outcome.reason in _NOT_OURS:
        return scene
    located = tuple(_due(scene))
    if not located:
        return scene
    spec = scene.sync.spec
    commit = CommitEdits(
        url=spec.url,
        branch=spec.ref.branch,
        namespace=scene.sync.metadata.namespace,
        secret=spec.secret_ref.name if spec.secret_ref else None,
        author=(spec.write_back.author.name, spec.write_back.author.email),
        edits=located,
        signing=key.name if (key := spec.write_back.signing_key_secret_ref) else None,
        trust=trust_of(scene.sync),
        writer=writer_of(scene),
    )
    return replace(scene, commits=(commit,))


def tell(scene: Scene) -> Scene:
    """What came of the newest commit: written into the status, and told once."""
    result = scene.seen.result
    if result is None:
        return scene
    status = scene.status
    if result.commit:
        said = f"{result.commit} {_subject(result)}"
        status = status.model_copy(update={"last_write_back": said[:_MESSAGE_MAX]})
    notices = tuple(_notices(result)) if scene.seen.result_is_news else ()
    return replace(scene, status=status, notices=(*scene.notices, *notices))


def _due(scene: Scene) -> Iterator[LocatedEdit]:
    taken: set[object] = set()
    for edit in scene.seen.edits:
        wanted = _document(scene, edit.target)
        if wanted is None or not _is_enabled(scene.sync, edit) or _was_dropped(scene, edit) or _landed(scene, edit):
            continue
        if edit.has_landed(wanted.manifest) or edit.mismatch(wanted.manifest) or edit.target in taken:
            continue
        # A second edit of the same object is derived anew once the first one has landed.
        taken.add(edit.target)
        yield LocatedEdit(wanted.path, edit)


def _document(scene: Scene, target: ObjectRef) -> Wanted | None:
    """Where the object stands: in the file that it names, or else in the path that is applied."""
    seen = scene.seen
    if target in seen.elsewhere:
        return None
    found = seen.named.get(target, seen.tree.objects.get(identity(target)))
    return None if isinstance(found, str) else found


def _is_enabled(sync: GitSync, edit: Edit) -> bool:
    return sync.spec.proposes if edit.edit_class is EditClass.PROPOSE else sync.spec.settles


def _was_dropped(scene: Scene, edit: Edit) -> bool:
    """Whether the edit was dropped at a head that is newer than the one we know."""
    result, head = scene.seen.result, scene.seen.head
    if result is None or head is None or is_newer(head, result, scene.now):
        return False
    return any(edit == dropped for dropped, _ in result.dropped)


def _landed(scene: Scene, edit: Edit) -> bool:
    """Whether this very edit is in the newest commit: where the head does not hold it, a person took it back."""
    return scene.seen.result is not None and edit in scene.seen.result.landed


def _subject(result: CommitResult) -> str:
    first, more = result.landed[0].subject if result.landed else "", len(result.landed) - 1
    return f"{first} and {more} more" if more > 0 else first


def _notices(result: CommitResult) -> Iterator[Notice]:
    for edit in result.landed:
        yield Notice("Normal", Reason.COMMITTED, f"{result.commit[:12]}: {edit.subject}")
    for edit, reason in result.dropped:
        yield Notice("Warning", Reason.EDIT_DROPPED, f"not committed: {edit.subject}: {reason}")
