"""Every example is what the kinds allow, and names nothing that the API does not have."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kanaria.api import KINDS

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "examples", ROOT / "controller/kanaria/local/demo/acts")
BY_KIND = {kind.model_fields["kind"].default: kind for kind in KINDS}


def ours() -> list[Any]:
    return [
        pytest.param(document, id=f"{path.parent.name}/{path.name}:{document['kind']}-{document['metadata']['name']}")
        for folder in FOLDERS
        for path in sorted(folder.rglob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text().replace("${REPOSITORY}", "https://git.example.com/a.git"))
        if document["apiVersion"].startswith("kanaria.dev/")
    ]


@pytest.mark.parametrize("document", ours())
def test_an_example_is_valid(document: dict[str, Any]):
    assert BY_KIND[document["kind"]].parse(document)


def test_the_examples_show_every_kind_that_people_write():
    shown = {case.values[0]["kind"] for case in ours()}

    assert shown == {"GitSync", "MLPipeline", "MetricPolicy", "ModelDeployment"}
