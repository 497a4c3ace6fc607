"""Which files the objects name that somebody else applies, and what those say at the head."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from kanaria.api.conditions import Reason
from kanaria.decide.git_sync.read_file import Wanted
from kanaria.decide.git_sync.scene import Scene
from kanaria.vocabulary import ObjectRef, Stall
from kanaria.vocabulary.documents import DocumentError, documents
from kanaria.vocabulary.objects import Manifest, content_hash


def files_named(bodies: Iterable[Manifest]) -> Mapping[ObjectRef, tuple[str, str]]:
    """Name of the GitSync, and path of the file, of each object that names one."""
    found = ((ObjectRef.of(body), (body.get("spec") or {}).get("git") or {}) for body in bodies)
    return {ref: (_text(git.get("syncRef")), str(git.get("path") or "")) for ref, git in found if git}


def is_below(path: str, folder: str) -> bool:
    """Whether a file lies in the folder that a sync commits to."""
    plain = [part for part in folder.split("/") if part not in {"", "."}]
    return path.split("/")[: len(plain)] == plain


def document_in(path: str, content: bytes, target: ObjectRef) -> Wanted | str:
    """The object's document in the file, or a sentence that says why there is none.

    It may be the patch of an overlay, so it is not read as strictly as what Kanaria applies.
    """
    try:
        read = documents(content.decode())
    except UnicodeDecodeError:
        return f"{path} is no UTF-8 text"
    except DocumentError as error:
        return f"{path}, line {error.line}: {error}"
    for document in read:
        if isinstance(document.value, Mapping) and _is(document.value, target):
            return Wanted(target, document.value, path, document.line, content_hash(document.value, 16))
    return f"{path} holds no {target}"


def named(scene: Scene) -> Scene:
    """An object whose file does not hold it could never be written back."""
    lost = {ref: why for ref, why in scene.seen.named.items() if isinstance(why, str)}
    status = scene.status.model_copy(update={"last_attempted_revision": scene.attempted})
    scene = replace(scene, status=status)
    if not lost:
        return scene
    ref, why = min(lost.items())
    more = f", and {len(lost) - 1} more are not where they say" if len(lost) > 1 else ""
    sentence = f"{ref}: {why} at commit {scene.seen.commit[:12]}{more}: mend its spec.git.path, or commit it there"
    return replace(scene, outcome=Stall(Reason.PATH_NOT_FOUND, sentence))


def _is(value: Mapping[str, Any], target: ObjectRef) -> bool:
    found = ObjectRef.of(value)
    here = found.namespace or target.namespace
    return (found.group, found.kind, here, found.name) == (target.group, target.kind, target.namespace, target.name)


def _text(reference: Any) -> str:
    return str(reference.get("name") or "") if isinstance(reference, Mapping) else ""
