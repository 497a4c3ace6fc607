"""The chart's copy of the definitions; without helm, since whoever changes the API may have none."""

import pytest

from kanaria.cli.crds import texts
from rendered_chart import CHART


@pytest.mark.parametrize("name", sorted(texts()))
def test_the_chart_s_copy_is_what_the_models_make(name: str):
    """A copy, since tools that install charts from Git leave symbolic links out."""
    assert (CHART / "files/crds" / name).read_text() == texts()[name], "run `make crds`"


def test_the_chart_has_no_definition_of_a_kind_that_is_gone():
    assert {path.name for path in (CHART / "files/crds").iterdir()} == set(texts())
