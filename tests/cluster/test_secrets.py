"""What a Secret holds."""

import base64

import pytest

from kanaria.cluster.client import Client
from kanaria.cluster.errors import NotFoundError
from kanaria.cluster.secrets import Secrets


async def test_a_secret_is_read_as_bytes(client: Client):
    data = {"password": base64.b64encode(b"hush").decode()}
    metadata = {"name": "git", "namespace": "default"}
    await client.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})

    assert await Secrets(client).read("default", "git") == {"password": b"hush"}


async def test_a_missing_secret_is_named(client: Client):
    with pytest.raises(NotFoundError, match=r"Secret default/git does not exist"):
        await Secrets(client).read("default", "git")
