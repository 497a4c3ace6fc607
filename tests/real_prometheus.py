"""A real Prometheus on loopback, where the machine has one.

with a_prometheus(folder, target="127.0.0.1:19001", path="/stats/prometheus") as url:
    ...
"""

import json
import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from http_page import serving_page
from waiting import eventually_now


def program() -> str:
    """Where it is: on the path, or where one was put for the tests; a test that needs it is skipped where it is not."""
    cached = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "kanaria/bin/prometheus")
    found = shutil.which("prometheus") or (str(cached) if cached.is_file() else None)
    if found is None:
        pytest.skip(f"prometheus is not on this machine: install Debian's package, or put the program at {cached}")
    return found


@contextmanager
def scraping(folder: Path, page: str) -> Iterator[str]:
    """The URL of a Prometheus that scrapes a page with this text."""
    with serving_page(page, "text/plain; version=0.0.4") as target, a_prometheus(folder, target) as url:
        yield url


@contextmanager
def a_prometheus(folder: Path, target: str, path: str = "/metrics") -> Iterator[str]:
    """Its URL, once it has scraped the target; it scrapes five times a second."""
    port, config = _free_port(), folder / "prometheus.yaml"
    job = {"job_name": "it", "metrics_path": path, "static_configs": [{"targets": [target]}]}
    scraping = {"scrape_interval": "200ms", "scrape_timeout": "200ms"}
    config.write_text(yaml.safe_dump({"global": scraping, "scrape_configs": [job]}))
    words = [
        program(),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--query.lookback-delta=10s",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        eventually_now(lambda: found(url, "up == 1"))
        yield url
    finally:
        process.terminate()
        process.wait(20)


def found(url: str, query: str) -> list[Any]:
    """The series that a query finds now; none while nobody answers."""
    words = urllib.parse.urlencode({"query": query})
    try:
        with urllib.request.urlopen(f"{url}/api/v1/query?{words}", timeout=5) as answer:  # noqa: S310 - loopback
            series: list[Any] = json.load(answer)["data"]["result"]
            return series
    except (urllib.error.URLError, OSError):
        return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
