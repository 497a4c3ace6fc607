"""Which metric servers has the platform team configured, and how are they spoken to?"""

import json
import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError, field_validator

from kanaria.vocabulary.kinds import Part


class MetricServer(Part):
    """A server that answers PromQL. Teams know its name; its address and credentials are the platform team's."""

    name: Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    """What policies call it."""
    url: Annotated[str, Field(max_length=2048, pattern=r"^https?://[^\s/]+")]
    """Where it is; `/api/v1/query` is below it."""
    bearer_token_file: Path | None = None
    """A file with its token, read anew for each query, so that a token may be renewed."""
    ca_file: Path | None = None
    """A file with the authority that signed its certificate."""
    namespace_parameter: Annotated[str, Field(max_length=63)] = ""
    """The parameter in which it, or the proxy before it, takes the namespace that queries are held to."""
    namespace_header: Annotated[str, Field(max_length=63, pattern=r"^[-A-Za-z0-9]*$")] = ""
    """The header in which it takes the namespace or tenant."""

    @field_validator("url")
    @classmethod
    def _without_secrets(cls, url: str) -> str:
        if re.match(r"^https?://[^/]*@", url):
            raise ValueError("credentials do not belong into the URL; use bearerTokenFile")
        return url.rstrip("/")


_SERVERS = TypeAdapter(tuple[MetricServer, ...])


def read_servers(text: str) -> tuple[MetricServer, ...]:
    """The servers of a JSON list.

    Raises:
        ValueError: if it is none, with the place and what is wrong there.
    """
    if not text.strip():
        return ()
    try:
        servers = _SERVERS.validate_python(json.loads(text))
    except json.JSONDecodeError as error:
        raise ValueError(f"this is no JSON: {error}; write a list of objects with name and url") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the list"
        raise ValueError(f"{where}: {first['msg']}") from None
    names = [server.name for server in servers]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{twice[0]!r} is named twice; give each server its own name")
    return servers
