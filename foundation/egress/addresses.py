"""Which addresses may be called. Decided on the resolved IP, before any packet leaves."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext_lazy as _

from foundation.errors import Invalid, Reason

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Instance metadata of the clouds: hands out credentials to whoever asks, so never, whatever a connection says.
METADATA = frozenset(
    ipaddress.ip_address(a)
    for a in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
    )
)
METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "instance-data", "metadata.azure.internal"})
_NETWORKS_OF_OTHERS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
PRIVATE = tuple(ipaddress.ip_network(n) for n in _NETWORKS_OF_OTHERS)
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Below 1024 only the web; above it not the usual databases, brokers, desktops and control ports.
WEB_PORTS = frozenset({80, 443})
ODD_PORTS = frozenset(
    {1433, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5672, 5900, 5984, 6000, 6379, 6443}
    | {7001, 9042, 9092, 10250, 10255, 11211, 25672, 27017, 27018}
)


class EgressRefused(Invalid):
    """The address may not be called; nothing was sent."""

    code = "address_refused"
    title = _("This address may not be called.")


@dataclass(frozen=True)
class Target:
    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return name if self.port == usual else f"{name}:{self.port}"


def refused(code: str, text: Any, **params: Any) -> EgressRefused:
    return EgressRefused(Reason(code, text % params if params else text, field="base_url"))


def parse(url: str) -> Target:
    """Scheme, host and port checked; the host in its one canonical spelling."""
    if re.search(r"[\x00-\x20\x7f\\]", url):
        raise refused("bad_address", _("The address holds blanks or characters that do not belong in an address."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise refused("bad_address", _("The address cannot be read. Write it as https://host.example/path.")) from error
    if parts.scheme not in ("http", "https"):
        raise refused("scheme", _("Only addresses that begin with https:// or http:// are called."))
    if "@" in parts.netloc:
        raise refused("userinfo", _("The address holds a user name or password. Enter the key in its own field."))
    host = _host(parts)
    port = port if port is not None else (443 if parts.scheme == "https" else 80)
    if port not in WEB_PORTS and (port < 1024 or port in ODD_PORTS):
        raise refused("port", _("Port %(port)s is not used for web services, so it is not called."), port=port)
    return Target(parts.scheme, host, port, parts.path or "/", parts.query)


def _host(parts: SplitResult) -> str:
    unreadable = _("The address cannot be read. Write it as https://host.example/path.")
    name = parts.hostname or ""
    if ":" in name:
        try:
            return str(ipaddress.IPv6Address(name.partition("%")[0])) if "%" not in name else _no_zone()
        except ValueError as error:
            raise refused("bad_address", unreadable) from error
    try:
        host = name.encode("idna").decode("ascii").rstrip(".").lower()
    except UnicodeError as error:
        raise refused("bad_address", unreadable) from error
    if not re.fullmatch(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?", host) or ".." in host:
        raise refused("bad_address", unreadable)
    if re.fullmatch(r"\d+|0x[0-9a-f]*", host.rpartition(".")[2]):
        return _plain_ipv4(host)
    return host


def _no_zone() -> str:
    raise refused("bad_address", _("An address with a network zone cannot be called."))


def _plain_ipv4(host: str) -> str:
    """Decimal, octal, hexadecimal and shortened spellings hide where they lead."""
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError as error:
        raise refused("odd_ip", _("Write an IP address as four plain numbers, or use a host name.")) from error


def resolve(host: str, port: int) -> list[str]:
    """Every address of the name; OSError when there is none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def judge(address: str, allow_private: bool) -> IPAddress:
    """The address to connect to, or EgressRefused. An address inside an address is judged by the inner one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    for inner in [ip, *_inside(ip)]:
        _check(inner, allow_private)
    return ip


def _inside(ip: IPAddress) -> list[IPAddress]:
    if isinstance(ip, ipaddress.IPv4Address):
        return []
    found = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    if ip in NAT64 or ip in ipaddress.ip_network("::/96"):
        found.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return [inner for inner in found if inner is not None and not _is_self(ip)]


def _is_self(ip: IPAddress) -> bool:
    return ip.is_loopback or ip.is_unspecified


def _check(ip: IPAddress, allow_private: bool) -> None:
    if ip in METADATA or ip.is_link_local:
        text = _("The address leads to the metadata service or the local link of the server. It is never called.")
        raise refused("metadata", text)
    if allow_private and (ip.is_loopback or _is_private(ip)):
        return
    if ip.is_loopback or _is_private(ip):
        text = _(
            "The address lies inside the private network. If that is meant, say so on the connection "
            "(“may reach private addresses”)."
        )
        raise refused("private", text)
    carrier = isinstance(ip, ipaddress.IPv6Address) and (ip.ipv4_mapped or ip in NAT64)
    if not carrier and (not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified):
        raise refused("not_public", _("The address is not a public address of the internet. It is not called."))


def _is_private(ip: IPAddress) -> bool:
    return any(ip in network for network in PRIVATE if network.version == ip.version)


def pin(target: Target, allow_private: bool) -> str:
    """One address to connect to. Every address the name resolves to must pass, else a second look-up could differ."""
    if target.host in METADATA_NAMES:
        raise refused("metadata", _("The address leads to the metadata service of the server. It is never called."))
    addresses = [target.host] if _is_ip(target.host) else resolve(target.host, target.port)
    return [str(judge(a, allow_private)) for a in addresses][0]


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
