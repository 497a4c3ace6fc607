"""Where a team may not send the operator: the machine and the network that the operator itself stands in.

A team names an address, and the operator asks there: so it could ask, from where it stands, what the team cannot. The
machine's own address, the metadata of clouds (which hand out credentials), and the API server are not for that. Others
of the cluster are: many teams keep Git there. What a name stands for is looked up once, and git is held to the answer.
"""

import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from kanaria.git.remote import Remote, environment
from kanaria.git.trouble import GitTrouble

# How a network of IPv6 alone writes addresses of IPv4.
_NAT64 = IPv6Network("64:ff9b::/96")
Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Iterable[str]]
_API_SERVER = ("kubernetes", "kubernetes.default", "kubernetes.default.svc")
_METADATA = ("metadata", "metadata.google.internal", "instance-data")
# Amazon's for IPv6, Alibaba's and Oracle's: the others are all link-local.
_METADATA_ADDRESSES = {ip_address(each) for each in ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")}


def held(there: Remote, resolve: Resolve, *, loopback: bool) -> Remote:
    """The remote, held to addresses that it may have; blocking, since names are looked up. `loopback`: may it be here.

    Raises:
        GitTrouble: if it is, or leads to, what a team may not send the operator to.
    """
    parts = urlsplit(there.url)
    if parts.scheme == "file":
        return there
    port = parts.port or {"http": 80}.get(parts.scheme, 443)
    found = list(resolve(there.host, port))
    for address in found or [there.host]:
        why = refusal(there.host, address, loopback=loopback)
        if why:
            raise GitTrouble(f"{there.host}: {why}: a team may not send the operator there; name a server of Git")
    if not found or _parsed(there.host) is not None:
        return there
    pin = f"{there.host}:{port}:{','.join(found)}"
    return replace(
        there, environment={**there.environment, **environment({**there.config, "http.curloptResolve": pin})}
    )


def refusal(host: str, address: str, *, loopback: bool) -> str:
    """What makes the host one that a team may not name; empty where it may."""
    name, parsed = host.lower().rstrip("."), _parsed(address)
    if name in _METADATA:
        return "it tells the metadata of the cloud"
    if name in _API_SERVER or name.startswith("kubernetes.default.svc."):
        return "it is the API server"
    return _of_address(parsed, loopback=loopback) if parsed else ""


def _of_address(parsed: Address, *, loopback: bool) -> str:
    if parsed == _parsed(os.environ.get("KUBERNETES_SERVICE_HOST", "")):
        return f"{parsed} is the API server"
    if parsed.is_link_local or parsed in _METADATA_ADDRESSES:
        return f"{parsed} tells the metadata of the cloud"
    if (parsed.is_loopback or parsed.is_unspecified) and not loopback:
        return f"{parsed} is the operator's own machine"
    return f"{parsed} is no address of one server" if parsed.is_multicast else ""


def addresses(host: str, port: int) -> list[str]:
    """What the name stands for now; none where nobody knows it: git will say so."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def _parsed(text: str) -> Address | None:
    """The address, also as curl reads it, e.g. 127.1 or 0x7f000001; None where it is a name."""
    try:
        found = ip_address(text)
    except ValueError:
        try:
            found = ip_address(socket.inet_aton(text))
        except (OSError, ValueError):
            return None
    if isinstance(found, IPv6Address) and found in _NAT64:
        return IPv4Address(found.packed[-4:])
    return getattr(found, "ipv4_mapped", None) or found
