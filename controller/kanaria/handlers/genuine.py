"""Whether a call comes from the forge that knows the token."""

import hashlib
import hmac
from collections.abc import Mapping

# GitHub, Gitea and any other sender; the first prefixes the name of the hash.
_SIGNED = ("X-Hub-Signature-256", "X-Gitea-Signature", "X-Signature")
_SENT_ALONG = "X-Gitlab-Token"
PROOFS = (*_SIGNED, _SENT_ALONG)
"""Headers that prove where a call comes from."""


def is_genuine(headers: Mapping[str, str], body: bytes, token: bytes) -> bool:
    """Whether the body is signed with the token by HMAC-SHA256, or the token is sent along as GitLab does.

    The headers' names are looked up as given: aiohttp's mapping does not mind their case.
    """
    if not token:
        return False
    expected = hmac.new(token, body, hashlib.sha256).hexdigest()
    for name in _SIGNED:
        if name in headers:
            return hmac.compare_digest(_bytes(headers[name].removeprefix("sha256=")), expected.encode())
    return hmac.compare_digest(_bytes(headers.get(_SENT_ALONG, "")), token)


def _bytes(value: str) -> bytes:
    """A header as it was sent: aiohttp tells what is no UTF-8 by surrogates."""
    return value.encode(errors="surrogateescape")
