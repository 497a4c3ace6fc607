"""The demo says why it does nothing on a cluster, before it starts anything."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from kanaria.cli.app import app
from kanaria.local.ports import free_port


def config(server: str, context: str = "one") -> str:
    named = {"name": "one"}
    return yaml.safe_dump(
        {
            "current-context": context,
            "clusters": [named | {"cluster": {"server": server}}],
            "users": [named | {"user": {"token": "t"}}],
            "contexts": [named | {"context": {"cluster": "one", "user": "one"}}],
        }
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(None, "No such file", id="absent"),
        pytest.param("a: [", "no kubeconfig that can be used", id="no YAML"),
        pytest.param("one", "no kubeconfig that can be used", id="no mapping"),
        pytest.param("{}", "no kubeconfig that can be used", id="empty"),
        pytest.param(config("https://127.0.0.1:1", "two"), "no entry named 'two'", id="a context that is not there"),
    ],
)
def test_a_file_that_names_no_cluster_is_refused(tmp_path: Path, text: str | None, said: str):
    file = tmp_path / "kubeconfig"
    if text is not None:
        file.write_text(text)

    result = CliRunner().invoke(app, ["demo", "--kubeconfig", str(file), "--home", str(tmp_path / "home")])

    assert result.exit_code == 2
    assert said in result.output
    assert not (tmp_path / "home").exists()


def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path):
    server = f"http://127.0.0.1:{free_port(0)}"
    (tmp_path / "kubeconfig").write_text(config(server))

    result = CliRunner().invoke(app, ["demo", "--kubeconfig", str(tmp_path / "kubeconfig")])

    assert result.exit_code == 2
    assert f"Nothing was done on {server}" in result.output
