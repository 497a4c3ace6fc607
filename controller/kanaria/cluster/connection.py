"""How requests reach the API server, and as whom.

    async with Connection(login) as connection:
        async with connection.request("GET", "/api/v1/pods") as answer: ...

`login` gives the address and the credentials; it is asked again, once, when the server says 401, so that a rotated
token is read anew. An answer of 400 or more, and no answer at all, is raised as a `ClusterError`.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

from kanaria.cluster.errors import UnauthorizedError, UnreachableError, refusal

LONGEST_EVENT = 16 * 1024 * 1024
USER_AGENT = "kanaria"


@dataclass(frozen=True, slots=True)
class Access:
    """Where the API server is, and what it is shown."""

    server: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: ssl.SSLContext | bool = True
    proxy: str | None = field(default=None, repr=False)


Login = Callable[[], Access]


class Connection:
    """A session with one API server, good until its `async with` ends."""

    def __init__(self, login: Login, agent: str = USER_AGENT) -> None:
        self._login = login
        self._agent = agent
        self._access: Access | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # No limit on connections: each watch holds one, and a waiting watch must not starve a write.
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(
            connector=connector, headers={"User-Agent": self._agent}, read_bufsize=LONGEST_EVENT
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    @asynccontextmanager
    async def request(
        self, method: str, path: str, *, within: float, headers: Mapping[str, str] | None = None, **options: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a request that was done; `within` (seconds) covers reading it too.

        Raises:
            ClusterError: if it was refused, or not answered in time.
        """
        try:
            answer = await self._answered(method, path, within=within, headers=headers or {}, **options)
            async with answer:
                yield answer
        except TimeoutError as error:
            raise UnreachableError(f"the API server did not answer {method} {path} within {within:g} s") from error
        except (aiohttp.ClientError, OSError, ssl.SSLError) as error:
            raise UnreachableError(f"the API server cannot be reached: {error}") from error

    async def _answered(self, method: str, path: str, **options: Any) -> aiohttp.ClientResponse:
        access = self._access
        try:
            return await self._ask(access or await self._log_in(), method, path, **options)
        except UnauthorizedError:
            # Others may have logged in anew while this request was under way.
            fresh = self._access if self._access is not access and self._access else await self._log_in()
            return await self._ask(fresh, method, path, **options)

    async def _log_in(self) -> Access:
        # Files of credentials are read: not on the loop.
        self._access = await asyncio.to_thread(self._login)
        return self._access

    async def _ask(
        self, access: Access, method: str, path: str, *, within: float, headers: Mapping[str, str], **options: Any
    ) -> aiohttp.ClientResponse:
        if self._session is None:
            raise RuntimeError(f"{path} was asked of a Connection outside of its `async with`")
        answer = await self._session.request(
            method,
            access.server.rstrip("/") + path,
            headers={**access.headers, **headers},
            ssl=access.tls,
            proxy=access.proxy,
            timeout=aiohttp.ClientTimeout(total=within),
            **options,
        )
        if answer.status >= 400:
            async with answer:
                raise refusal(answer.status, await answer.text(), answer.headers.get("Retry-After"))
        return answer
