"""How models come from their artifacts."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import joblib
import pytest
import yaml
from sklearn.dummy import DummyClassifier

from kanaria.local.model_server.__main__ import main
from kanaria.local.model_server.loading import CannotLoadError, load

OWN_CODE = "class Constant:\n    def predict(self, rows):\n        return [{answer}] * len(rows)\n"


def a_model() -> DummyClassifier:
    return DummyClassifier(strategy="constant", constant=7).fit([[0], [1]], [7, 7])


def an_mlflow_folder(folder: Path, **flavors: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": flavors}))
    return folder


@pytest.fixture(autouse=True)
def _path_as_before() -> Iterator[None]:
    """A model's code stays importable for as long as its server runs; tests must not see each other's."""
    before = list(sys.path)
    yield
    sys.path[:] = before


def test_a_joblib_file_is_loaded_by_file_uri_or_path(tmp_path: Path):
    joblib.dump(a_model(), tmp_path / "my model.joblib")

    for uri in (f"file://{tmp_path}/my%20model.joblib", str(tmp_path / "my model.joblib"), tmp_path.as_uri()):
        assert list(load(uri).predict([[1]])) == [7]


def test_a_pickle_is_loaded(tmp_path: Path):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(a_model()))

    assert list(load(tmp_path.as_uri()).predict([[1]])) == [7]


def test_the_sklearn_flavor_of_an_mlflow_folder_is_loaded_without_mlflow(tmp_path: Path):
    folder = an_mlflow_folder(tmp_path, sklearn={"pickled_model": "model.pkl"}, python_function={"loader_module": "no"})
    (folder / "model.pkl").write_bytes(pickle.dumps(a_model()))

    assert list(load(folder.as_uri()).predict([[1]])) == [7]


def test_code_that_was_logged_with_the_model_can_be_imported(tmp_path: Path):
    code = tmp_path / "model" / "code"
    code.mkdir(parents=True)
    (code / "logged_with_it.py").write_text(OWN_CODE.format(answer=3))
    folder = an_mlflow_folder(code.parent, sklearn={"pickled_model": "model.pkl", "code": "code"})
    # As pickled where it was trained: an instance of a class that only the code folder defines.
    (folder / "model.pkl").write_bytes(b"clogged_with_it\nConstant\n)R.")

    assert load(folder.as_uri()).predict([[1], [2]]) == [3, 3]


REFUSED = [
    pytest.param("s3://bucket/model", "reads file:// URIs only", id="another store"),
    pytest.param("file:///no/such/place", "there is nothing at", id="nothing there"),
]


@pytest.mark.parametrize(("uri", "words"), REFUSED)
def test_where_there_is_no_model_the_message_says_so(uri: str, words: str):
    with pytest.raises(CannotLoadError, match=words):
        load(uri)


def test_a_folder_needs_exactly_one_model_file(tmp_path: Path):
    for name in ("a.pkl", "b.pkl"):
        (tmp_path / name).write_bytes(b"")

    with pytest.raises(CannotLoadError, match=r"exactly one file .* there is a\.pkl, b\.pkl"):
        load(tmp_path.as_uri())


def test_a_broken_file_is_told_with_its_cause(tmp_path: Path):
    (tmp_path / "model.pkl").write_bytes(b"nonsense")

    with pytest.raises(CannotLoadError, match="the model cannot be loaded: UnpicklingError"):
        load(tmp_path.as_uri())


def test_something_that_cannot_predict_is_no_model(tmp_path: Path):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"a": 1}))

    with pytest.raises(CannotLoadError, match="a dict has no method `predict`"):
        load(tmp_path.as_uri())


def test_an_unknown_flavor_is_named(tmp_path: Path):
    with pytest.raises(CannotLoadError, match=r"flavors are \['torch'\]"):
        load(an_mlflow_folder(tmp_path, torch={}).as_uri())


def test_the_program_ends_with_1_and_one_line_if_there_is_no_model(caplog: pytest.LogCaptureFixture):
    assert main(["--model_name", "wine", "--model_dir", "file:///no/such/place"]) == 1
    assert [record.message for record in caplog.records] == [
        "file:///no/such/place: there is nothing at /no/such/place"
    ]
