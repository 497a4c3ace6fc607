"""Where the logs of a Pod come from: the kubelet that runs it, at the address and the port that its Node tells."""

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from kanaria.local.apiserver.refusals import Object, RefusedError
from kanaria.local.apiserver.store import Store
from kanaria.local.apiserver.targets import Target


class PodLogs:
    """Asks kubelets for logs."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._session: ClientSession | None = None

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()

    async def serve(self, request: web.Request, target: Target) -> web.StreamResponse:
        """GET pods/<name>/log."""
        pod = self._store.get(("", "pods"), (target.namespace, target.name))
        if pod is None:
            raise RefusedError.not_found("", "pods", target.name)
        container = _container(pod.body, request.query.get("container", ""))
        address = f"{self._address(pod.body)}/containerLogs/{target.namespace}/{target.name}/{container}"
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=None, sock_connect=5))
        try:
            # Like a real API server that was given no authority for kubelets: their certificates are not checked.
            async with self._session.get(address, params=dict(request.query), ssl=False) as found:
                response = web.StreamResponse(
                    status=found.status, headers={"Content-Type": found.headers.get("Content-Type", "text/plain")}
                )
                await response.prepare(request)
                async for chunk in found.content.iter_any():
                    await response.write(chunk)
                return response
        except ClientError as error:
            raise RefusedError(
                500, "InternalError", f"the kubelet of pod {target.name} does not answer: {error}"
            ) from error

    def _address(self, pod: Object) -> str:
        name = (pod.get("spec") or {}).get("nodeName", "")
        node = self._store.get(("", "nodes"), ("", name))
        status: Object = (node and node.body.get("status")) or {}
        port = (status.get("daemonEndpoints") or {}).get("kubeletEndpoint", {}).get("Port")
        addresses = [each["address"] for each in status.get("addresses") or () if each["type"] == "InternalIP"]
        if not port or not addresses:
            raise RefusedError.bad_request(
                f"pod {pod['metadata']['name']} does not have a host assigned that serves logs"
            )
        return f"https://{addresses[0]}:{port}"


def _container(pod: Object, asked: str) -> str:
    spec = pod.get("spec") or {}
    names = [each["name"] for part in ("containers", "initContainers") for each in spec.get(part) or ()]
    if asked in names:
        return asked
    name = pod["metadata"]["name"]
    if asked:
        raise RefusedError.bad_request(f"container {asked} is not valid for pod {name}; it has: {', '.join(names)}")
    if len(spec.get("containers") or ()) != 1:
        raise RefusedError.bad_request(f"a container name must be specified for pod {name}, choose one of: {names}")
    return str(names[0])
