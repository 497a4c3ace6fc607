"""What went wrong with a repository, said so that a user can mend it, without secrets."""

import re
from collections.abc import Iterable

_USER_IN_URL = re.compile(r"(?<=://)[^/@\s]+@")
_REMEDIES = (
    (r"could not read Username|terminal prompts disabled", "it asks for credentials: name a Secret in spec.secretRef"),
    (
        r"Authentication failed|The requested URL returned error: 40[13]|HTTP Basic: Access denied",
        "it refuses the credentials: check the Secret of spec.secretRef",
    ),
    (r"couldn't find remote ref refs/tags/", "it has no such tag: push the tag, or mend spec.ref.tag"),
    (
        r"returned error: 30\d|update url base from redirection",
        "it sends to another address: name that one in spec.url, for none is followed",
    ),
    (r"couldn't find remote ref", "it has no such branch: push the branch, or mend spec.ref.branch"),
    (
        r"not found|returned error: 404|does not appear to be a git repository|does not exist",
        "there is no repository: check spec.url",
    ),
    (r"Could not resolve host", "the name of the host is not known: check spec.url and the cluster's DNS"),
    (r"Connection refused|Failed to connect|timed out|unable to access", "it cannot be reached"),
    (r"transport '\w+' not allowed", "its kind of address is not allowed: use https"),
)


class GitTrouble(Exception):  # noqa: N818 - a word of the house: trouble, not a programming error
    """A repository did not do what it was asked; the text is a sentence without secrets."""


def trouble(host: str, said: str, secrets: Iterable[str] = ()) -> GitTrouble:
    """The sentence that stands for what git wrote: place, fact, remedy."""
    fact = scrubbed(_last_line(said), secrets)
    remedy = next((remedy for pattern, remedy in _REMEDIES if re.search(pattern, said)), "")
    return GitTrouble(f"{host}: {remedy} ({fact})" if remedy else f"{host}: {fact}")


def scrubbed(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without any of the secrets and without users in URLs."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret:
            text = text.replace(secret, "***")
    return _USER_IN_URL.sub("", text)


def _last_line(said: str) -> str:
    """The line that names the fault: git writes its fatal line among others."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    loud = [line for line in lines if line.startswith(("fatal:", "error:", "remote: error:", "! [", "ERROR"))]
    line = (loud or lines or ["git said nothing"])[0]
    return line.removeprefix("fatal: ").removeprefix("error: ")[:400]
