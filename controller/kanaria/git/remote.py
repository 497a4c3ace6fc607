"""How a remote repository is reached: which address is allowed, and how credentials go there unseen."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from kanaria.git.trouble import GitTrouble


@dataclass(frozen=True, slots=True)
class Remote:
    """An address that may be used, what git needs in its environment for it, and what must never be told."""

    url: str
    host: str
    environment: Mapping[str, str]
    secrets: tuple[str, ...] = ()
    config: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What of git's configuration the environment holds for it."""


def remote(url: str, credentials: Mapping[str, bytes], *, allow_file: bool) -> Remote:
    """The remote at the address.

    Raises:
        GitTrouble: if the address is not allowed, or the credentials are not understood.
    """
    parts = urlsplit(url)
    host = parts.hostname or "the local disk"
    _admit(parts.scheme, host, allow_file=allow_file)
    if "@" in parts.netloc:
        raise GitTrouble(f"{host}: the address holds a user: remove it and name a Secret in spec.secretRef")
    header, secrets = _authorization(host, credentials)
    config = {f"http.{parts.scheme}://{parts.netloc}/.extraHeader": header} if header else {}
    return Remote(url, host, {"GIT_ALLOW_PROTOCOL": parts.scheme, **environment(config)}, secrets, config)


def environment(config: Mapping[str, str]) -> dict[str, str]:
    """Git's environment: nobody's configuration but ours, no hooks, no questions, and nothing in the arguments."""
    settings = {
        "core.hooksPath": "/dev/null",
        "gc.autoDetach": "false",
        "credential.helper": "",
        # A server must not send us, with the credentials, to another.
        "http.followRedirects": "false",
        **config,
    }
    made = {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_COUNT": str(len(settings)),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GIT_TRACE": "0",
        "GIT_TRACE_CURL": "0",
        "GIT_CURL_VERBOSE": "",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
        "GIT_LITERAL_PATHSPECS": "1",
    }
    for number, (key, value) in enumerate(settings.items()):
        made |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return made


def _admit(scheme: str, host: str, *, allow_file: bool) -> None:
    if scheme == "https" or (allow_file and (scheme == "file" or (scheme == "http" and _is_loopback(host)))):
        return
    if scheme == "http":
        raise GitTrouble(f"{host}: http would send credentials and manifests in the clear: use https")
    if scheme == "file":
        raise GitTrouble("file addresses are for local clusters only: use https")
    raise GitTrouble(f"{host}: {scheme or 'no'} addresses are not known: use https")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _authorization(host: str, credentials: Mapping[str, bytes]) -> tuple[str, tuple[str, ...]]:
    """The header that carries the credentials, and all that must be kept out of messages."""
    if not credentials:
        return "", ()
    if "bearerToken" in credentials:
        token = _text(host, credentials, "bearerToken")
        return f"Authorization: Bearer {token}", (token,)
    if {"username", "password"} <= credentials.keys():
        user, password = _text(host, credentials, "username"), _text(host, credentials, "password")
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
        return f"Authorization: Basic {encoded}", (password, encoded)
    raise GitTrouble(f"{host}: the Secret of spec.secretRef needs username and password, or bearerToken")


def _text(host: str, credentials: Mapping[str, bytes], key: str) -> str:
    try:
        text = credentials[key].decode().strip()
    except UnicodeDecodeError as error:
        raise GitTrouble(f"{host}: {key} in the Secret of spec.secretRef is no text") from error
    if not text or any(character in text for character in "\r\n\0"):
        raise GitTrouble(f"{host}: {key} in the Secret of spec.secretRef is empty or has more than one line")
    return text
