"""What is told to do where the API server forbids something: its own sentences, and the remedy."""

import pytest

from kanaria.decide.forbidden import remedy
from kanaria.vocabulary import Account

SYNC, OWN = "system:serviceaccount:wine:kanaria-sync", "system:serviceaccount:kanaria-system:kanaria"


def said(user: str, verb: str, resource: str, group: str = "", where: str = ' in the namespace "wine"') -> str:
    thing = ".".join(filter(None, (resource, group)))
    return f'{thing} "a" is forbidden: User "{user}" cannot {verb} resource "{resource}" in API group "{group}"{where}'


@pytest.mark.parametrize(
    ("message", "account", "told"),
    [
        pytest.param(
            said(SYNC, "patch", "services"),
            "kanaria-sync",
            "grant create and patch on services in namespace wine to ServiceAccount wine/kanaria-sync by a Role and a "
            "RoleBinding",
            id="it may not be applied",
        ),
        pytest.param(
            said(SYNC, "delete", "deployments", "apps"),
            "kanaria-sync",
            "grant delete on deployments.apps in namespace wine to ServiceAccount wine/kanaria-sync by a Role and a "
            "RoleBinding",
            id="it may not be deleted",
        ),
        pytest.param(
            said(SYNC, "patch", "namespaces", where=" at the cluster scope"),
            "kanaria-sync",
            "grant create and patch on namespaces to ServiceAccount wine/kanaria-sync by a ClusterRole and a "
            "ClusterRoleBinding",
            id="a thing of the whole cluster",
        ),
        pytest.param(
            said(OWN, "impersonate", "serviceaccounts"),
            "admin",
            "the operator may not act as it: have the platform team name admin in serviceAccounts of the entry wine of "
            "the chart's rbac.namespaces, or name an account of yours that is there",
            id="an account that the operator may not act as",
        ),
        pytest.param(
            said(OWN, "impersonate", "serviceaccounts"),
            "kanaria-sync",
            "the operator may not act as it: have the platform team add the entry wine of the chart's rbac.namespaces",
            id="a namespace that is no team's",
        ),
        pytest.param(
            'jobs.batch "a" is forbidden: exceeded quota: few, requested: count/jobs.batch=1',
            "kanaria-runner",
            "no Role helps with that: change what is asked for, or ask whoever runs the cluster",
            id="a quota",
        ),
    ],
)
def test_a_remedy_names_the_right_and_who_needs_it(message: str, account: str, told: str):
    assert remedy(message, Account("wine", account)) == told


def test_what_the_operator_did_with_its_own_rights_is_its_to_be_granted():
    told = remedy(said(OWN, "create", "mlpipelineruns", "kanaria.dev"), None)

    assert told.startswith("grant create and patch on mlpipelineruns.kanaria.dev in namespace wine to ServiceAccount")
    assert "kanaria-system/kanaria" in told
