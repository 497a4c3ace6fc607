"""Which files a URI stands for, and what identifies their content.

Two identities. The *digest* is of the content: where the store tells a checksum or an ETag that is taken, else the
bytes are read. The *listing* is of names, sizes and times: cheap, and another after each write; while it stays, the
digest need not be told anew.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import IO, Any

from kanaria.data.trouble import UnreadableError, shown

CHUNK = 4 << 20
FILES_MAX = 100_000
_CHECKSUMS = ("md5Hash", "content_md5", "Content-MD5", "ETag", "etag", "checksum", "VersionId", "generation")
_MOMENTS = ("mtime", "LastModified", "last_modified", "updated", "Last-Modified", "created")
_MAGIC = "*?["


@dataclass(frozen=True, slots=True)
class File:
    """One file: its name below the URI, and what the store tells of its content."""

    path: str
    name: str
    size: int
    checksum: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a URI, in order, and the file system that opens them."""

    system: Any
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def listing(self) -> str:
        """Identity of names, sizes and times."""
        return _hash([f.name, f.size, f.checksum or f.modified] for f in self.files)

    def digest(self) -> str:
        """Identity of the content.

        Raises:
            UnreadableError: if a file cannot be read to its end.
        """
        return _hash([f.name, f.size, f.checksum or self._content(f)] for f in self.files)

    def opened(self, file: File) -> IO[bytes]:
        """The file, open for reading.

        Raises:
            UnreadableError: if it cannot be opened.
        """
        try:
            opened: IO[bytes] = self.system.open(file.path, "rb", block_size=CHUNK)
        except Exception as error:  # of whichever store: it could not be read
            raise UnreadableError(f"{shown(file.path)} cannot be opened: {shown(_said(error))}") from error
        return opened

    def _content(self, file: File) -> str:
        hashed = hashlib.sha256()
        with self.opened(file) as opened:
            try:
                while chunk := opened.read(CHUNK):
                    hashed.update(chunk)
            except Exception as error:  # likewise
                raise UnreadableError(f"{shown(file.path)} cannot be read: {shown(_said(error))}") from error
        return hashed.hexdigest()


def listed(uri: str) -> Files:
    """The files that the URI stands for now.

    Raises:
        UnreadableError: if the place cannot be reached, or there is no file.
    """
    from fsspec.core import url_to_fs  # noqa: PLC0415 - of the extra [data], which the operator is without

    if "::" in uri:
        raise UnreadableError(f"{shown(uri)} chains places with '::'; name the place of the files themselves")
    try:
        system, path = url_to_fs(uri, use_listings_cache=False, skip_instance_cache=True)
        found = _found(system, path)
    except FileNotFoundError:
        raise UnreadableError(f"there is no file at {shown(uri)}") from None
    except Exception as error:  # of whichever store: it could not be read
        raise UnreadableError(f"{shown(uri)} cannot be listed: {shown(_said(error))}") from error
    if not found:
        raise UnreadableError(f"there is no file at {shown(uri)}")
    if len(found) > FILES_MAX:
        raise UnreadableError(f"{shown(uri)} has {len(found)} files; at most {FILES_MAX} are read")
    root = _root(path)
    return Files(system, tuple(replace(f, name=f.path.removeprefix(root).lstrip("/")) for f in found))


def _found(system: Any, path: str) -> list[File]:
    if any(mark in path for mark in _MAGIC) and "http" not in _protocols(system):
        told = system.glob(path, detail=True)
    else:
        info = system.info(path)
        told = {path: info} if info.get("type") != "directory" else system.find(path, detail=True)
    return [_file(name, info) for name, info in sorted(told.items()) if info.get("type") != "directory"]


def _protocols(system: Any) -> tuple[str, ...]:
    protocol = system.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def _file(path: str, info: Mapping[str, Any]) -> File:
    checksum = next((f"{key}:{info[key]}" for key in _CHECKSUMS if info.get(key)), "")
    modified = next((str(info[key]) for key in _MOMENTS if info.get(key)), "")
    return File(path, path, int(info.get("size") or 0), checksum, modified)


def _root(path: str) -> str:
    """What all names have before them: the folder, so that a copy elsewhere has the same identity."""
    parts = PurePosixPath(path).parts
    plain = next((index for index, part in enumerate(parts) if any(mark in part for mark in _MAGIC)), None)
    return str(PurePosixPath(*parts[:plain])) if plain else path.rstrip("/")


def _hash(rows: Iterable[list[Any]]) -> str:
    hashed = hashlib.sha256()
    for row in rows:
        hashed.update(json.dumps(row).encode() + b"\n")
    return f"sha256:{hashed.hexdigest()}"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
