"""Keys of people and of Kanaria, made for a test."""

import subprocess
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Key:
    """A private ssh key in a file, and the line by which its owner is trusted."""

    file: Path
    line: str

    @classmethod
    def make(cls, folder: Path, owner: str, passphrase: str = "") -> "Key":
        file = folder / owner
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", file], check=True)
        return cls(file, f"{owner}@example.com {file.with_suffix('.pub').read_text()}")

    @property
    def text(self) -> bytes:
        return self.file.read_bytes()


def secrets_of(**held: Mapping[str, bytes]) -> Callable[[str, str], Awaitable[Mapping[str, bytes]]]:
    """What is in the Secrets of the namespace wine."""

    async def read(namespace: str, name: str) -> Mapping[str, bytes]:
        assert namespace == "wine"
        return held.get(name, {})

    return read
