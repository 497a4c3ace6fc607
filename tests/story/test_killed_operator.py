"""The story with the operator killed in the middle of each act: it ends the same way."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kanaria.local.api_client import Api
from kanaria.local.demo.story import Story
from kanaria.local.operator import Operator
from kanaria.local.settings import TownInfo
from kanaria.local.upkeep import down, up
from sabotage import Saboteur, moments

pytestmark = pytest.mark.slow


@pytest.fixture
def town(tmp_path: Path) -> Iterator[TownInfo]:
    yield up(tmp_path / "town", with_parent=True)
    down(tmp_path / "town")


async def play_with_sabotage(info: TownInfo, operator: Operator) -> tuple[Story, Saboteur]:
    story, saboteur = Story(info, operator, lambda _: None), Saboteur(operator, moments())
    async with Api(info.api_url, info.token) as api:
        strikes = asyncio.create_task(saboteur.run(api))
        playing = asyncio.create_task(story.play())
        await asyncio.wait({strikes, playing}, return_when=asyncio.FIRST_COMPLETED)
        strikes.cancel()
        for task in (strikes, playing):  # a saboteur that fails is no proof of anything
            with suppress(asyncio.CancelledError):
                await task
    return story, saboteur


def test_each_act_ends_as_told_though_the_operator_is_killed_in_it(town: TownInfo):
    operator = Operator(town)
    operator.start()
    try:
        story, saboteur = asyncio.run(play_with_sabotage(town, operator))
    finally:
        operator.end()

    assert len(story.endings) == len(story.acts)
    assert sorted(saboteur.struck) == sorted(moment.name for moment in moments())
    assert story.traffic.tally.failed_by_transition == 0, story.traffic.tally.last_failure
    assert [c.subject for c in story.commits if c.author == "kanaria"].count("Promote digits to version 2") == 1
