"""The local API server answers as a real one does, but for what is written."""

import pytest

from comparison.conftest import Both
from comparison.differences import KNOWN
from comparison.recorded import Script, scripts

SCRIPTS = list(scripts())


@pytest.mark.cluster
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
async def test_both_servers_answer_alike(script: Script, played: Both) -> None:
    found = await played.differ(script)
    unknown = [f"{place}: {how}" for place, how in found if not any(known.covers(place) for known in KNOWN)]

    if unknown:
        pytest.fail("\n".join(unknown), pytrace=False)


@pytest.mark.cluster
@pytest.mark.asyncio(loop_scope="session")
async def test_every_written_difference_still_occurs(played: Both) -> None:
    places = [place for script in SCRIPTS for place, _ in await played.differ(script)]
    gone = [known.where for known in KNOWN if not any(known.covers(place) for place in places)]

    assert gone == []


def test_enough_is_compared() -> None:
    assert sum(len(script.steps) for script in SCRIPTS) >= 150
