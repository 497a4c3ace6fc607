"""What commits, trees and blobs of a mirror hold, read from the local disk."""

import threading
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import git
from git.objects.fun import tree_entries_from_data

from kanaria.git.trouble import GitTrouble

FOLDER = 0o040000
LINK = 0o120000
SUBMODULE = 0o160000
_PIECE = 1024 * 1024
_KIND = 0o170000
TREES_KEPT = 20_000


class Objects:
    """The objects of one repository. What a tree holds is remembered: a new commit costs what it changed."""

    def __init__(self, where: Path) -> None:
        self._git = git.Git(str(where))
        self._git.update_environment(GIT_DIR=str(where), GIT_OBJECT_DIRECTORY=str(where / "objects"))
        # One process answers all; its answers must not mix.
        self._reading = threading.Lock()
        self.tree = lru_cache(TREES_KEPT)(self._tree)
        self.files_below = lru_cache(TREES_KEPT)(self._files_below)

    def close(self) -> None:
        """End the process that reads."""
        with self._reading:
            self._git.clear_cache()

    def read(self, name: str, at_most: int | None = None) -> bytes:
        """Content of an object, by its id or any other name that git understands; no more than its first bytes.

        Raises:
            GitTrouble: if there is none.
        """
        with self._reading:
            try:
                _, _, _, stream = self._git.stream_object_data(name)
                data = bytes(stream.read(-1 if at_most is None else at_most))
                while stream.read(_PIECE):
                    pass  # the next answer begins behind this one
            except (ValueError, OSError) as error:
                # The process may have ended with an error: the next reader starts another.
                self._git.clear_cache()
                raise GitTrouble(f"the mirror has no object {name}; it is fetched again") from error
        return data

    def folder(self, commit: str, path: str) -> str:
        """Id of the tree that a commit has at a path, empty where there is none."""
        tree = self._tree_of(commit)
        for part in [part for part in path.split("/") if part not in {"", "."}]:
            mode, tree = self.tree(tree).get(part, (0, ""))
            if mode & _KIND != FOLDER:
                return ""
        return tree

    def _tree_of(self, commit: str) -> str:
        return self.read(commit).split(b"\n", 1)[0].decode().removeprefix("tree ")

    def _tree(self, tree: str) -> Mapping[str, tuple[int, str]]:
        """Mode and id of what stands directly in a tree, by name."""
        entries: list[Any] = tree_entries_from_data(self.read(tree))
        return {name: (mode, sha.hex()) for sha, mode, name in entries}

    def _files_below(self, tree: str) -> Mapping[str, tuple[int, str]]:
        """Mode and id of all that is no folder below a tree, by path from there."""
        return dict(self._walk(tree))

    def _walk(self, tree: str) -> Iterator[tuple[str, tuple[int, str]]]:
        for name, (mode, sha) in self.tree(tree).items():
            if mode & _KIND == FOLDER:
                for path, entry in self.files_below(sha).items():
                    yield f"{name}/{path}", entry
            else:
                yield name, (mode & _KIND, sha)
