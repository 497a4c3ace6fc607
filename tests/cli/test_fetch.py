"""How the Job of a `web` metric fetches a number."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from kanaria.cli.app import app

PAGES = {
    "/score": '{"data": {"score": 0.93}, "items": [{"value": "7"}], "ok": true, "name": "wine"}',
    "/stable": '{"data": {"score": 0.9}}',
    "/text": "hello",
}


class Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = PAGES.get(self.path.partition("?")[0])
        self.send_response(200 if page else 404)
        self.end_headers()
        self.wfile.write((page or "").encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("$.data.score", 0.93, id="a field"),
        pytest.param("{$.data.score}", 0.93, id="as Argo writes it"),
        pytest.param("$.items[0].value", 7.0, id="a number as a text"),
        pytest.param("$['ok']", 1.0, id="a truth"),
    ],
)
def test_the_number_at_the_path_is_told(url: str, path: str, value: float):
    said = CliRunner().invoke(app, ["fetch", "--url", f"{url}/score", "--json-path", path])

    assert (said.exit_code, json.loads(said.stdout)) == (0, {"value": value})


def test_both_numbers_are_written_to_the_outputs(url: str, tmp_path: Path):
    outputs, pages = tmp_path / "outputs", ["--url", f"{url}/score", "--baseline-url", f"{url}/stable"]

    said = CliRunner().invoke(
        app, ["fetch", *pages, "--json-path", "$.data.score"], env={"KANARIA_OUTPUTS": str(outputs)}
    )

    assert said.exit_code == 0
    assert json.loads(outputs.read_text()) == {"value": 0.93, "baseline": 0.9}


@pytest.mark.parametrize(
    ("page", "path", "fact"),
    [
        pytest.param("/gone?token=secret", "$", "/gone answered 404", id="no page"),
        pytest.param("/text", "$", "/text is no JSON", id="no JSON"),
        pytest.param("/score", "$.data.scores", "finds nothing at 'scores'; there are: score", id="no field"),
        pytest.param("/score", "$.items[3]", "finds nothing at 3", id="no item"),
        pytest.param("/score", "$.data", "what stands at $.data is no number", id="an object"),
        pytest.param("/score", "$.name", "could not convert string to float: 'wine'", id="a word"),
        pytest.param("/score", "$..score", "is no path of fields and indexes", id="more than plain JSONPath"),
    ],
)
def test_what_is_no_number_is_told_without_secrets(url: str, page: str, path: str, fact: str):
    said = CliRunner().invoke(app, ["fetch", "--url", url + page, "--json-path", path])

    assert said.exit_code == 1
    assert fact in said.stderr
    assert "secret" not in said.stderr


def test_only_web_pages_are_fetched():
    said = CliRunner().invoke(app, ["fetch", "--url", "file:///etc/passwd"])

    assert (said.exit_code, said.stderr) == (1, "only http and https pages are fetched\n")
