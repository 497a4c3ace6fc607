"""A model by KServe's Knative mode: one template, its percent, and what is left of a candidate taken back."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import yaml

from kanaria.local.kserve.naming import INFERENCE_SERVICES
from kanaria.local.watching import Change
from kanaria.serving.naming import MODE, PREDICTOR_LABEL
from registry import Registry
from served_model import FILE, FOREVER, ServedModel, when
from synced_team import SyncedTeam
from waiting import eventually_now


@pytest.fixture
def wine(team: SyncedTeam, registry: Registry, kserve: None) -> ServedModel:
    assert kserve is None
    return ServedModel(team, registry)


def by_knative(files: dict[str, str | None]) -> dict[str, str | None]:
    """The same manifest, which asks for Knative as KServe's users do."""
    body = yaml.safe_load(files[FILE] or "")
    body["metadata"]["annotations"] = {MODE: "Knative"}
    return {FILE: yaml.safe_dump(body)}


def served_first(wine: ServedModel) -> str:
    """A first version, served by Knative."""
    version = wine.registry.register(wine.model)
    wine.team.repository.commit(by_knative(wine.file(candidate=version)))
    wine.team.follow()
    wine.serves(version)
    return version


def template(service: dict[str, Any]) -> tuple[str, int | None]:
    """The version that the template is of, and its percent."""
    predictor = service["spec"]["predictor"]
    return str(predictor["labels"][PREDICTOR_LABEL]).split("-")[0], predictor.get("canaryTrafficPercent")


def asked(changes: Iterable[Change]) -> Iterator[tuple[str, int | None]]:
    """The templates and percents, as one after the other was asked for."""
    before = None
    for change in changes:
        now = template(change.thing)
        if now != before:
            yield now
        before = now


def routed_at(changes: Iterable[Change], percent: int) -> int:
    """When Knative first said that the newest revision has this percent."""
    for change in changes:
        told = change.thing.get("status", {}).get("components", {}).get("predictor", {})
        newest = [each["percent"] for each in told.get("traffic", ()) if each["latestRevision"]]
        if newest == [percent] and template(change.thing)[1] == percent:
            return when(change)
    raise AssertionError(f"{percent} % were never routed")


def asked_at(changes: Iterable[Change], wanted: tuple[str, int | None]) -> int:
    """When this template was first asked for at this percent."""
    return next(when(change) for change in changes if template(change.thing) == wanted)


def test_a_candidate_takes_its_steps_and_the_percent_goes_with_its_promotion(wine: ServedModel):
    first = served_first(wine)
    history, second = wine.recorded(), wine.registry.register(wine.model)

    wine.team.commit(by_knative(wine.file(stable=first, candidate=second)))
    wine.serves(second)
    history.up_to_now()

    one, two = f"v{first}", f"v{second}"
    steps: list[int | None] = [0, 20, 50, 100, None]
    assert list(asked(history.services)) == [(one, None), *((two, percent) for percent in steps)]
    in_order = [asked_at(history.services, (two, 20)), routed_at(history.services, 20)]
    in_order += [asked_at(history.services, (two, 50)), routed_at(history.services, 50)]
    in_order += [asked_at(history.services, (two, 100)), asked_at(history.services, (two, None))]
    assert in_order == sorted(in_order)
    assert len({change.thing["metadata"]["name"] for change in history.servers}) == 2


def test_a_withdrawn_candidate_is_parked_at_nothing_until_the_next_takes_its_place(wine: ServedModel):
    first = served_first(wine)
    history, second = wine.recorded(), wine.registry.register(wine.model)
    wine.team.commit(by_knative(wine.file(FOREVER, stable=first, candidate=second)))
    eventually_now(lambda: wine.seen().get("status", {}).get("trial", {}).get("weight") == 20, within=60)

    wine.team.commit(by_knative(wine.file(FOREVER, stable=first)))
    eventually_now(lambda: wine.at_rest() == first, within=60)
    third = wine.registry.register(wine.model)
    wine.team.commit(by_knative(wine.file(FOREVER, stable=first, candidate=third)))
    eventually_now(lambda: template(wine.team.get(INFERENCE_SERVICES, "wine")) == (f"v{third}", 20), within=60)
    history.up_to_now()

    one, two, three = (f"v{version}" for version in (first, second, third))
    assert list(asked(history.services)) == [
        (one, None),
        *[(two, percent) for percent in (0, 20, 0)],
        *[(three, percent) for percent in (0, 20)],
    ]
