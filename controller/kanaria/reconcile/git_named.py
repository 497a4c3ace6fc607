"""What the files say that objects name, where somebody else than a GitSync applies them."""

from collections.abc import Mapping

from kanaria.api import GitSync, ModelDeployment
from kanaria.api.resource import API_VERSION
from kanaria.decide.git_sync import Wanted, document_in, files_named, head_question, is_below, newest_commit
from kanaria.decide.git_sync.read_file import SIZE_MAX
from kanaria.git.trouble import GitTrouble
from kanaria.reconcile.git_memory import Newest
from kanaria.reconcile.world import World
from kanaria.vocabulary import ObjectRef
from kanaria.vocabulary.writer import cluster_in, record_of

KEPT = 10_000
RECORD_MAX = 4096
Found = Mapping[ObjectRef, Wanted | str]


class NamedFiles:
    """The documents as they were read last: only blobs that are new are read."""

    def __init__(self) -> None:
        self._read: Newest[tuple[str, str, str, ObjectRef], Wanted | str] = Newest(KEPT)

    def of(self, sync: GitSync, commit: str, world: World) -> tuple[Found, frozenset[ObjectRef]]:
        """The documents of the objects that name this sync, at the commit; and those that name another.

        Raises:
            GitTrouble: if the mirror does not hold the commit.
        """
        bodies = world.objects.list(API_VERSION, "ModelDeployment", sync.metadata.namespace)
        given = files_named(bodies)
        mine = {ref: path for ref, (name, path) in given.items() if name == sync.metadata.name}
        found = {ref: self._document(sync, commit, path, ref, world) for ref, path in mine.items()} if commit else {}
        return found, frozenset(given.keys() - mine.keys())

    def _document(self, sync: GitSync, commit: str, path: str, ref: ObjectRef, world: World) -> Wanted | str:
        if not is_below(path, sync.spec.path):
            return f"{path} is not below {sync.spec.path}, the spec.path of GitSync {sync.metadata.name}"
        blob = _blob(sync.spec.url, commit, path, world)
        if not blob:
            return f"{path} is no file"
        key = (sync.spec.url, path, blob, ref)
        return self._read.get(
            key, lambda: document_in(path, world.mirrors.blob(sync.spec.url, blob, SIZE_MAX + 1), ref)
        )


def document_at_head(deployment: ModelDeployment, sync: GitSync, world: World) -> Wanted | None:
    """The document of an object that names a file, at the newest commit that is known; None where there is none."""
    git, url = deployment.spec.git, sync.spec.url
    commit = newest_commit(world.answer(head_question(sync)), world.commit_result(sync.ref), "", world.now())
    if git is None or not commit:
        return None
    try:
        blob = _blob(url, commit, git.path, world)
        found = document_in(git.path, world.mirrors.blob(url, blob, SIZE_MAX + 1), deployment.ref) if blob else ""
    except GitTrouble:
        return None  # the mirror was lost: the next look at the remote brings it back
    return None if isinstance(found, str) else found


def writer_at(sync: GitSync, commit: str, world: World) -> str:
    """The cluster that the record of the sync's path names at the commit; empty where there is none.

    Raises:
        GitTrouble: if the mirror does not hold the commit.
    """
    blob = _blob(sync.spec.url, commit, record_of(sync.spec.path), world) if commit else ""
    return cluster_in(world.mirrors.blob(sync.spec.url, blob, RECORD_MAX).decode(errors="replace")) if blob else ""


def _blob(url: str, commit: str, path: str, world: World) -> str:
    folder, _, _ = path.rpartition("/")
    return world.mirrors.files(url, commit, folder).get(path, "")
