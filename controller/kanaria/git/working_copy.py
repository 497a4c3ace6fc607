"""How a person's own working copy is read and committed to: with their configuration, hooks and signature."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import git


class WorkingCopyError(Exception):
    """What git said, or why it was not asked."""


@dataclass(frozen=True, slots=True)
class WorkingCopy:
    """The working copy that holds a folder or a file."""

    root: Path

    @classmethod
    def around(cls, path: Path) -> "WorkingCopy":
        """The working copy that a path is in.

        Raises:
            WorkingCopyError: if it is in none.
        """
        folder = path if path.is_dir() else path.parent
        code, out, _ = git.Git(str(folder)).execute(
            ["git", "rev-parse", "--show-toplevel"], with_extended_output=True, with_exceptions=False
        )
        if code != 0:
            raise WorkingCopyError(f"{path} is in no Git working copy; clone the repository, and name a path in it")
        return cls(Path(str(out)))

    def check_clean(self, path: Path) -> None:
        """Nothing of the file waits to be committed, and Git knows it.

        Raises:
            WorkingCopyError: if that is not so.
        """
        if self._ask("status", "--porcelain", "--untracked-files=all", "--", self._name(path)):
            raise WorkingCopyError(f"{path} has changes that are not committed; commit or stash them first")

    def history(self, path: Path) -> Iterator[tuple[str, str]]:
        """The commits that changed the file, newest first, and its text in each; none where it was not there."""
        name = self._name(path)
        for commit in self._ask("log", "--format=%H", "--", name).split():
            try:
                yield commit, self._ask("show", f"{commit}:{name}")
            except WorkingCopyError:
                return

    def commit(self, path: Path, message: str) -> str:
        """Commit this file, and nothing else that is staged; the commit's short name.

        Raises:
            WorkingCopyError: if git refuses, which a hook may.
        """
        self._ask("commit", "--quiet", "--only", "--message", message, "--", self._name(path))
        return self._ask("rev-parse", "--short", "HEAD")

    def push(self) -> None:
        """Push the branch to where it is pushed.

        Raises:
            WorkingCopyError: if it is refused.
        """
        self._ask("push", "--quiet")

    def _name(self, path: Path) -> str:
        """The file as Git knows it: git is asked at the root, wherever the person stands."""
        try:
            return path.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            raise WorkingCopyError(f"{path} leads out of the working copy {self.root}; name the file itself") from None

    def _ask(self, *arguments: str) -> str:
        code, out, said = git.Git(str(self.root)).execute(
            ["git", "--literal-pathspecs", *arguments],
            with_extended_output=True,
            with_exceptions=False,
            strip_newline_in_stdout=False,
        )
        if code != 0:
            raise WorkingCopyError(f"git {arguments[0]}: {str(said).strip() or out}")
        return str(out) if arguments[0] == "show" else str(out).strip()
