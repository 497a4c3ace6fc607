"""A team's real Git repository in a folder: people commit to it, and it can be told to refuse pushes."""

import os
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

WINE = """\
# the team's wine model
apiVersion: kanaria.dev/v1alpha1
kind: ModelDeployment
metadata: {name: wine, namespace: wine}
spec:
  model: {name: wine-quality}
  stable: {version: "7"}   # since spring
  candidate:
    version: "8"
  predictor:
    model: {modelFormat: {name: sklearn}}
  strategy: {canary: {steps: [{setWeight: 5}]}}
"""
SOMEBODY = {"GIT_AUTHOR_NAME": "ann", "GIT_AUTHOR_EMAIL": "ann@example.com"}
SOMEBODY |= {key.replace("AUTHOR", "COMMITTER"): value for key, value in SOMEBODY.items()}


@dataclass(frozen=True)
class TeamRepository:
    """A bare repository and one person's clone of it."""

    bare: Path
    clone: Path

    @classmethod
    def make(cls, folder: Path, name: str = "team") -> "TeamRepository":
        made = cls(folder / f"{name}.git", folder / f"{name}-clone")
        git(folder, "init", "-q", "--bare", "-b", "main", str(made.bare))
        git(made.bare, "config", "http.receivepack", "true")
        git(folder, "clone", "-q", made.url, str(made.clone))
        return made

    @property
    def url(self) -> str:
        return f"file://{self.bare}"

    def commit(
        self,
        files: Mapping[str, str | None],
        subject: str = "Change by hand",
        branch: str = "main",
        signed_by: Path | None = None,
    ) -> str:
        """Somebody's commit on top of the branch, pushed; None removes a file."""
        if git(self.bare, "branch", "--list", branch):
            git(self.clone, "fetch", "-q", "origin", branch)
            git(self.clone, "checkout", "-q", "-B", branch, "FETCH_HEAD")
        else:
            git(self.clone, "checkout", "-q", "-B", branch)
        for path, text in files.items():
            file = self.clone / path
            if text is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(text.encode())
        git(self.clone, "add", "-A")
        how = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={signed_by}") if signed_by else ()
        git(self.clone, *how, "commit", "-q", *(("-S",) if signed_by else ()), "--allow-empty", "-m", subject)
        git(self.clone, "push", "-q", "origin", branch)
        return self.head(branch)

    def head(self, branch: str = "main") -> str:
        return git(self.bare, "rev-parse", branch)

    def behind(self, commit: str) -> list[str]:
        """The commit and all that came before it."""
        return git(self.bare, "rev-list", commit).splitlines()

    def subjects(self) -> list[str]:
        """What the branch's commits say, the newest first."""
        return git(self.bare, "log", "--format=%s", "main").splitlines()

    def text(self, path: str) -> str:
        """A file at the head, with its last newline."""
        return git(self.bare, "show", f"main:{path}", strip=False)

    def told(self, form: str, commit: str = "main") -> str:
        """What git log says of a commit."""
        return git(self.bare, "log", "-1", f"--format={form}", commit)

    def refuse_pushes(self) -> None:
        hook = self.bare / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho 'main is protected' >&2\nexit 1\n")
        hook.chmod(0o755)


def git(where: Path, *words: str, strip: bool = True) -> str:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    plain = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
    done = subprocess.run(
        ["git", *words], cwd=where, env={**clean, **SOMEBODY, **plain}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip() if strip else done.stdout


def secret(**entries: str) -> Callable[[str, str], Awaitable[Mapping[str, bytes]]]:
    async def read(namespace: str, name: str) -> Mapping[str, bytes]:
        assert (namespace, name) == ("wine", "git")
        return {key: value.encode() for key, value in entries.items()}

    return read
