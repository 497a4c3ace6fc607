"""Fields that another manager declares for good are left to it, until Git says whose they are."""

from typing import Any

import pytest

from kanaria.api.git_sync import Forced
from kanaria.decide.git_sync.rivals import rivals_of
from kanaria.vocabulary import ObjectRef, Rivals

WEB = ObjectRef("apps/v1", "Deployment", "wine", "web")
ARGO = {"manager": "argocd-controller", "operation": "Apply"}


def live(*managers: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "web", "managedFields": list(managers)}}


@pytest.mark.parametrize(
    ("manager", "is_rival"),
    [
        pytest.param(ARGO, True, id="another that applies"),
        pytest.param({"manager": "kubectl-edit", "operation": "Update"}, False, id="a person's edit"),
        pytest.param({"manager": "kanaria", "operation": "Apply"}, False, id="ourselves"),
        pytest.param({"manager": "kubectl", "operation": "Update", "subresource": "scale"}, False, id="kubectl scale"),
        pytest.param(
            {"manager": "kube-controller-manager", "operation": "Update", "subresource": "scale"},
            True,
            id="an autoscaler",
        ),
        pytest.param({"manager": "kserve", "operation": "Apply", "subresource": "status"}, False, id="the status"),
    ],
)
def test_a_rival_is_who_comes_back(manager: dict[str, Any], *, is_rival: bool):
    assert bool(rivals_of(live(manager), WEB, ())) is is_rival


FIELDS = ("spec.replicas", ".spec.template.metadata")


@pytest.mark.parametrize(
    ("field", "kept"),
    [
        pytest.param("spec.replicas", False, id="named"),
        pytest.param("spec.template.metadata.labels.x", False, id="below one that is named"),
        pytest.param("spec.replicasets", True, id="only begins alike"),
        pytest.param("spec.paused", True, id="not named"),
    ],
)
def test_what_spec_force_names_is_taken(field: str, *, kept: bool):
    rivals = rivals_of(live(ARGO), WEB, [Forced(kind="Deployment", name="web", fields=FIELDS)])

    assert rivals is not None
    assert rivals.keep("argocd-controller", field) is kept


@pytest.mark.parametrize(
    ("forced", "taken"),
    [
        pytest.param(Forced(kind="Deployment", fields=FIELDS), True, id="all of the kind"),
        pytest.param(Forced(kind="Deployment", name="other", fields=FIELDS), False, id="another object"),
        pytest.param(Forced(kind="Service", fields=FIELDS), False, id="another kind"),
    ],
)
def test_spec_force_speaks_of_some_objects(forced: Forced, *, taken: bool):
    rivals = rivals_of(live(ARGO), WEB, [forced])

    assert rivals is not None
    assert rivals.keep("argocd-controller", "spec.replicas") is not taken


def test_what_nobody_else_comes_back_for_is_taken():
    assert not Rivals(frozenset({"argocd-controller"})).keep("kubectl-edit", "spec.replicas")
