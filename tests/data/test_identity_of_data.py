"""The digest tells the content, the listing tells each write; other stores' checksums are taken as they are."""

import os
from pathlib import Path

import fsspec
import pytest

from kanaria.data.examining import compared, told
from kanaria.data.files import listed
from kanaria.data.trouble import UnreadableError, shown


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in {"a.csv": "a\n1\n", "b.csv": "a\n2\n", "deep/c.csv": "a\n3\n", "README": "told"}.items():
        path = tmp_path / "lake" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "lake"


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a.csv", [""]),
        ("*.csv", ["a.csv", "b.csv"]),
        ("**/*.csv", ["a.csv", "b.csv", "deep/c.csv"]),
        ("", ["README", "a.csv", "b.csv", "deep/c.csv"]),
    ],
    ids=["a file", "a pattern", "folders below", "a folder"],
)
def test_a_uri_stands_for_files(folder: Path, pattern: str, names: list[str]):
    assert [file.name for file in listed(f"{folder.as_uri()}/{pattern}").files] == names


def test_the_digest_follows_the_content_and_not_the_time(folder: Path):
    uri = f"{folder.as_uri()}/*.csv"
    before = told(uri)

    os.utime(folder / "a.csv", (1, 1))
    touched = told(uri)
    (folder / "a.csv").write_text("a\n9\n")
    changed = told(uri)

    assert (touched.digest, touched.listing != before.listing) == (before.digest, True)
    assert changed.digest != before.digest


def test_a_copy_elsewhere_has_the_same_digest(folder: Path):
    uri = folder.as_uri()
    before = told(uri)

    moved = folder.rename(folder.parent / "other")

    assert told(moved.as_uri()).digest == before.digest


@pytest.mark.parametrize("name", ["new.csv", "a.csv"], ids=["a new file", "another content of the same size"])
def test_a_comparison_sees_a_change(folder: Path, name: str):
    uri = f"{folder.as_uri()}/*.csv"
    before = told(uri)
    assert compared(uri, before).digest == before.digest

    (folder / name).write_text("a\n7\n")

    assert compared(uri, before).digest != before.digest


def test_a_comparison_reads_nothing_while_the_listing_stays(folder: Path):
    uri = f"{folder.as_uri()}/a.csv"
    before = told(uri).model_copy(update={"digest": "sha256:as-it-was"})

    assert compared(uri, before).digest == "sha256:as-it-was"


def test_a_checksum_of_the_store_is_taken_without_reading():
    class Store(fsspec.AbstractFileSystem):  # type: ignore[misc]
        protocol = "telling"

        def info(self, path: str, **_: object) -> dict[str, object]:
            return {"name": path, "size": 5, "type": "file", "ETag": '"e-1"'}

    fsspec.register_implementation("telling", Store, clobber=True)

    assert told("telling://bucket/a.csv").digest.startswith("sha256:")  # opening it would fail


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("file:///nowhere/a.csv", "there is no file"),
        ("file:///nowhere/*.csv", "there is no file"),
        ("simplecache::https://example.com/a.csv", "chains places"),
        ("nostore://a/b", "cannot be listed"),
    ],
    ids=["no file", "no match", "chained", "unknown store"],
)
def test_what_is_not_there_cannot_be_read(uri: str, sentence: str):
    with pytest.raises(UnreadableError, match=sentence):
        listed(uri)


def test_credentials_are_not_told():
    assert shown("https://me:pw@host/a?X-Amz-Signature=abc&x=1") == "https://host/a?X-Amz-Signature=…&x=1".replace(
        "https://host", "https://host"
    )
