"""A model from its first version to the next, on KServe as it is: what is asked, in which order, and what Git says."""

import pytest

from kanaria.local.kserve.naming import INFERENCE_SERVICES
from registry import Registry
from served_model import FOREVER, ServedModel
from synced_team import SyncedTeam
from waiting import becomes, eventually_now


@pytest.fixture
def wine(team: SyncedTeam, registry: Registry, kserve: None) -> ServedModel:
    assert kserve is None
    return ServedModel(team, registry)


def test_a_first_version_becomes_stable_by_a_commit(wine: ServedModel):
    version = wine.serve_first()

    assert wine.team.repository.subjects()[0] == f"Promote wine to version {version}"
    alias = f"champion-{wine.team.namespace}-wine"
    eventually_now(lambda: wine.registry.alias(wine.model, alias) == version)


def test_a_candidate_takes_its_steps_and_becomes_stable_in_that_order(wine: ServedModel):
    first = wine.serve_first()
    history, second = wine.recorded(), wine.registry.register(wine.model)

    wine.team.commit(wine.file(stable=first, candidate=second))
    wine.serves(second)

    assert wine.team.repository.subjects()[0] == f"Promote wine to version {second}"
    becomes(lambda: history.weights(second), [None, 0, 20, 50, 100, None])
    history.up_to_now()
    in_order = [
        history.asked_at(second, 0),
        history.available_at(second),
        history.asked_at(second, 20),
        history.asked_at(second, 50),
        history.routed_at(second, 50),
        history.asked_at(second, 100),
        history.routed_at(second, 100),
        history.main_at(second),
    ]
    assert in_order == sorted(in_order)
    becomes(lambda: history.weights(first)[-1], 0)  # loaded, for the way back


@pytest.mark.slow  # half a minute after its traffic went
def test_a_candidate_that_is_withdrawn_loses_its_traffic_first_and_goes_after(wine: ServedModel):
    first = wine.serve_first()
    history, second = wine.recorded(), wine.registry.register(wine.model)
    wine.team.commit(wine.file(FOREVER, stable=first, candidate=second))
    wine.tried_at(20)

    wine.team.commit(wine.file(FOREVER, stable=first))
    becomes(lambda: history.weights(second), [None, 0, 20, 0, None])
    wine.serves(first)

    becomes(lambda: [each["phase"] for each in wine.seen()["status"]["history"]][:1], ["Withdrawn"])
    assert "rejected" not in wine.seen()["spec"]


def test_what_is_asked_of_kserve_is_stored_as_it_is_and_never_written_twice(wine: ServedModel):
    wine.serve_first()
    service = wine.team.get(INFERENCE_SERVICES, "wine")

    def mine() -> int:
        """How often the operator has written it."""
        told = [w for w in wine.team.cluster.writes() if w.resource == "inferenceservices.serving.kserve.io"]
        return sum(w.program == "kanaria" and w.namespace == wine.team.namespace for w in told)

    becomes(mine, service["metadata"]["generation"])
    assert service["spec"]["predictor"]["model"]["modelFormat"] == {"name": "sklearn"}
