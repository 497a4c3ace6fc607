from pathlib import Path

import pytest

from kanaria.local.kubelet.translation import Translation

PLACES = {"/data": Path("/here/v1"), "/data/raw": Path("/here/v2"), "/dev/termination-log": Path("/here/log")}
TRANSLATION = Translation(PLACES, kept=(Path("/here"),))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("/data", "/here/v1", id="the path itself"),
        pytest.param("/data/x.csv", "/here/v1/x.csv", id="a file below it"),
        pytest.param("/data/raw/x", "/here/v2/x", id="the longest mount wins"),
        pytest.param("--in=/data/x", "--in=/here/v1/x", id="after an equals sign"),
        pytest.param("/data:/data/raw", "/here/v1:/here/v2", id="a search path"),
        pytest.param("cat /data/x > /dev/termination-log", "cat /here/v1/x > /here/log", id="a shell line"),
        pytest.param("open('/data/x')", "open('/here/v1/x')", id="in quotes"),
        pytest.param("file:///data/x", "file:///here/v1/x", id="a file URI"),
        pytest.param("/database", "/database", id="a longer name is another path"),
        pytest.param("/data.csv", "/data.csv", id="so is one with an ending"),
        pytest.param("/mnt/data", "/mnt/data", id="not at the beginning"),
        pytest.param("s3://lake/data", "s3://lake/data", id="another scheme"),
        pytest.param("./data", "./data", id="a relative path"),
        pytest.param("/here/pods/data", "/here/pods/data", id="a local path stays"),
    ],
)
def test_a_mount_path_becomes_a_local_folder_where_it_begins_a_word(text: str, expected: str):
    assert TRANSLATION.of(text) == expected


def test_local_paths_stay_even_when_a_mount_path_is_their_beginning():
    translation = Translation({"/var": Path("/var/town/pods/1")}, kept=(Path("/var/town"),))

    assert translation.of("file:///var/town/mlflow --out /var/x") == "file:///var/town/mlflow --out /var/town/pods/1/x"


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        pytest.param("/data/x", Path("/here/v1/x"), id="mounted"),
        pytest.param("/app", None, id="not mounted"),
    ],
)
def test_a_folder_is_local_only_where_something_is_mounted(path: str, folder: Path | None):
    assert TRANSLATION.folder(path) == folder


def test_without_mounts_nothing_is_translated():
    assert Translation({}).of("/data") == "/data"
