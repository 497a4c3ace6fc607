"""How the demo commits, as a person would: a clone, files, a message, pull and push."""

import re
from dataclasses import dataclass
from pathlib import Path

from git import Actor, GitCommandError, Repo

ACTS = Path(__file__).parent / "acts"
PERSON = Actor("Hana", "hana@example.com")
TRIES = 5


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as the story shows it."""

    sha: str
    author: str
    subject: str
    body: str = ""


class WorkingCopy:
    """A clone of the demo's repository."""

    def __init__(self, repo: Repo, values: dict[str, str]) -> None:
        self._repo = repo
        self._values = values

    @classmethod
    def clone(cls, url: str, folder: Path) -> "WorkingCopy":
        """Clone the (empty) repository; the manifests will name its address."""
        repo = Repo.clone_from(url, folder)
        if not repo.head.is_valid():
            repo.git.symbolic_ref("HEAD", "refs/heads/main")
        with repo.config_writer() as config:
            config.set_value("user", "name", PERSON.name or "")
            config.set_value("user", "email", PERSON.email or "")
        return cls(repo, {"REPOSITORY": url})

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return Path(self._repo.working_dir)

    def commit_act(self, letter: str, message: str) -> str:
        """Lay the act's files over the working copy, commit and push; tells the commit."""
        self._pull()
        source = ACTS / letter
        for path in sorted(p for p in source.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            target = self.folder / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self._filled(path.read_text(encoding="utf-8")), encoding="utf-8")
            self._repo.index.add([str(target.relative_to(self.folder))])
        self._repo.index.commit(message, author=PERSON, committer=PERSON)
        return self._push()

    def revert(self, subject: str) -> str:
        """`git revert` the newest commit whose subject matches the pattern, and push.

        Raises:
            LookupError: if there is none.
        """
        self._pull()
        for commit in self._repo.iter_commits("main"):
            if re.search(subject, str(commit.summary)):
                self._repo.git.revert(commit.hexsha, no_edit=True)
                return self._push()
        raise LookupError(f"no commit's subject matches {subject!r}")

    def log(self, limit: int = 50) -> list[Commit]:
        """The newest commits of the remote, newest first."""
        self._repo.remotes.origin.fetch()
        if "origin/main" not in self._repo.references:
            return []
        return [
            Commit(c.hexsha, str(c.author.name), str(c.summary), str(c.message).partition("\n")[2].strip())
            for c in self._repo.iter_commits("origin/main", max_count=limit)
        ]

    def _filled(self, text: str) -> str:
        for name, value in self._values.items():
            text = text.replace(f"${{{name}}}", value)
        return text

    def _pull(self) -> None:
        self._repo.remotes.origin.fetch()
        if "origin/main" in self._repo.references:
            self._repo.git.rebase("origin/main") if self._repo.head.is_valid() else self._repo.git.merge("origin/main")

    def _push(self) -> str:
        """Push; where Kanaria was quicker, pull its commit and try again."""
        for attempt in range(1, TRIES + 1):
            try:
                self._repo.git.push("origin", "HEAD:main")
            except GitCommandError:
                if attempt == TRIES:
                    raise
                self._pull()
            else:
                break
        return str(self._repo.head.commit.hexsha)
