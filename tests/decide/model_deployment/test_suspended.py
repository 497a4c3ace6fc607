"""While nothing moves, what served goes on serving: also where another hand deletes it."""

from typing import Any

from deployments import PREDICTOR, canary, message, reason, serving
from model_world import ModelWorld


def suspended_and_lost(**committed: Any) -> ModelWorld:
    """Suspended; then this is committed, and what serves is deleted by another hand."""
    world = serving(strategy=canary({"setWeight": 10}, {"pause": {"duration": "1h"}}), requireCanary=False)
    world.spec(suspend=True).run(10)
    world.spec(**committed).run(10)
    world.service = world.route = None
    world.deployments.clear()
    world.services.clear()
    return world.run(20)


def test_what_is_deleted_while_suspended_comes_back_though_git_names_another():
    world = suspended_and_lost(stable={"version": "8"})

    assert (world.weight("7"), world.weight("8"), reason(world)) == (100, 0, "Suspended")
    assert message(world) == "suspended, nothing moves; version 7 serves"
    world.spec(suspend=None).run(30)
    assert (world.weight("8"), reason(world)) == (100, "Serving")


def test_what_cannot_come_back_as_it_was_while_suspended_is_not_said_to_serve():
    changed = {**PREDICTOR, "model": {**PREDICTOR["model"], "env": [{"name": "THREADS", "value": "2"}]}}
    world = suspended_and_lost(stable={"version": "8"}, predictor=changed)

    ready = next(c for c in world.md["status"]["conditions"] if c["type"] == "Ready")
    assert (ready["status"], reason(world), world.service) == ("False", "Suspended", None)
    assert message(world).startswith("nothing serves: what served version 7 was deleted, and the spec now asks for")
    world.spec(stable={"version": "7"}, predictor=PREDICTOR).run(20)
    assert (world.weight("7"), message(world)) == (100, "suspended, nothing moves; version 7 serves")
