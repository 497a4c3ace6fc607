"""What is to be done where the API server forbids something: who must be given which right, and by whom.

Its own sentence names who may not do what; with impersonation that is the team's account, or the operator, where that
may not act as the account. What else is answered as forbidden, such as a quota, no Role helps with.
"""

import re

from kanaria.vocabulary import Account

_SAID = re.compile(
    r'User "(?P<user>[^"]+)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)"| at the cluster scope)'
)


def remedy(message: str, account: Account | None) -> str:
    """The end of a sentence: what makes it allowed."""
    said = _SAID.search(message)
    if said is None:
        return "no Role helps with that: change what is asked for, or ask whoever runs the cluster"
    if said["verb"] == "impersonate" and account is not None:
        return _to_act_as(account)
    what = ".".join(filter(None, (said["resource"], said["group"])))
    namespace = said["namespace"]
    verbs = said["verb"] if said["verb"] not in {"create", "patch"} else "create and patch"
    if namespace is None:
        return f"grant {verbs} on {what} to {_words(said['user'])} by a ClusterRole and a ClusterRoleBinding"
    return f"grant {verbs} on {what} in namespace {namespace} to {_words(said['user'])} by a Role and a RoleBinding"


def _to_act_as(account: Account) -> str:
    place = f"the entry {account.namespace} of the chart's rbac.namespaces"
    if account.name in {"kanaria-sync", "kanaria-runner"}:
        return f"the operator may not act as it: have the platform team add {place}"
    return (
        f"the operator may not act as it: have the platform team name {account.name} in serviceAccounts of {place}, "
        "or name an account of yours that is there"
    )


def _words(user: str) -> str:
    """A service account as people call it."""
    parts = user.split(":")
    return f"ServiceAccount {parts[2]}/{parts[3]}" if user.startswith("system:serviceaccount:") else f"user {user}"
