"""Which edits are wished for in a namespace, and in which order."""

import json
from typing import Any

from fake_world import a_world
from kanaria.api import Resource
from kanaria.reconcile.git_wishes import edits_wished
from pipelines import A_MODEL, TO_WINE, a_run, a_target


def stored(resource: Resource, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(resource.model_dump_json(by_alias=True, exclude_none=True))
    return body | more


def proposing(number: int) -> dict[str, Any]:
    """A run that passed, whose proposal is due."""
    model = {"name": "wine-quality", "version": str(number)}
    proposals = [{"namespace": "wine", "modelDeployment": "wine", "state": "Due"}]
    status = {"phase": "Succeeded", "model": model, "proposals": proposals}
    return stored(a_run(number=number, model=A_MODEL, promote=TO_WINE), status=status)


def test_of_two_runs_that_wait_for_a_commit_the_newest_proposes():
    world = a_world([proposing(1), proposing(2), stored(a_target())])

    subjects = [edit.subject for edit in edits_wished("wine", world.objects)]

    assert subjects == ["Propose wine version 2", "Propose wine version 1"]


def test_an_environment_proposes_to_the_next_one_and_to_no_other():
    passage = {"namespace": "wine", "modelDeployment": "wine", "version": "8", "state": "Due"}
    body = stored(
        a_target(stable={"version": "8"}, promote=[{"modelDeployment": {"name": "wine", "namespace": "wine"}}])
    )
    body |= {"status": {"passages": [passage]}, "metadata": {**body["metadata"], "namespace": "staging"}}
    accepts = [{"kind": "ModelDeployment", "namespace": "staging", "name": "wine"}]
    world = a_world([body, stored(a_target(acceptFrom=accepts))])

    (edit,) = edits_wished("wine", world.objects)

    assert (edit.subject, edit.target.namespace) == ("Propose wine version 8", "wine")
    assert edits_wished("staging", world.objects) == ()
