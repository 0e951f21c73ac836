"""Host names for clients: lines of a hosts file, and DNS records (O42)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chartgen.emit.reached import Host
from helmkit.errors import UsageError
from helmkit.names import is_dns_name


@dataclass(frozen=True)
class Record:
    """DNS records of one name and type."""

    name: str
    """Without the last dot."""
    type: str
    """`A`, `AAAA` or `CNAME`."""
    ttl: int
    """Seconds."""
    contents: tuple[str, ...]


def check_addresses(words: Iterable[str], option: str) -> tuple[str, ...]:
    """Return IP addresses in their shortest form.

    Raises:
        UsageError: One is none.
    """
    found = []
    for word in words:
        try:
            found.append(str(ipaddress.ip_address(word)))
        except ValueError:
            message = f"{option} {word!r} is not an IP address"
            raise UsageError(message, hint="Write it like 192.168.88.232 or fd00::1.") from None
    return tuple(dict.fromkeys(found))


def render_hosts(hosts: Sequence[Host], nodes: Sequence[str]) -> str:
    """Return lines of a hosts file: every name at every node, the first node first, because most clients try that."""
    width = max((len(node) for node in nodes), default=0)
    longest = max((len(host.name) for host in hosts), default=0)
    return "".join(
        f"{node:<{width}}  {host.name:<{longest}}  # {', '.join(host.services)}\n" for node in nodes for host in hosts
    )


def build_records(hosts: Iterable[Host], targets: Sequence[str], ttl: int) -> list[Record]:
    """Return the records that lead every name to the targets.

    Args:
        hosts: The names.
        targets: Addresses of edge nodes (all are answered), or the one DNS name the names are an alias of.
        ttl: Seconds that resolvers may keep them.

    Raises:
        UsageError: A target is neither, or a DNS name is not the only one.
    """
    if len(targets) == 1 and not _is_address(targets[0]):
        alias = targets[0].rstrip(".")
        if not is_dns_name(alias):
            message = f"--target {targets[0]!r} is neither an IP address nor a DNS name"
            raise UsageError(message, hint="Name the edge node: --target 192.168.88.232.")
        return [Record(host.name, "CNAME", ttl, (f"{alias}.",)) for host in hosts if host.name != alias]
    addresses = [ipaddress.ip_address(address) for address in check_addresses(targets, "--target")]
    return [
        Record(host.name, kind, ttl, contents)
        for host in hosts
        for kind, version in (("A", 4), ("AAAA", 6))
        if (contents := tuple(str(address) for address in addresses if address.version == version))
    ]


def render_zone(records: Iterable[Record]) -> str:
    """Return records as lines of a zone file, which BIND reads and PowerDNS (`pdnsutil load-zone`) as well."""
    lines = [(f"{one.name}.", one.ttl, one.type, content) for one in records for content in one.contents]
    width = max((len(name) for name, *_ in lines), default=0)
    return "".join(f"{name:<{width}}  {ttl}  IN  {kind:<5}  {content}\n" for name, ttl, kind, content in lines)


def build_rrsets(records: Iterable[Record]) -> dict[str, object]:
    """Return records as the body of a PATCH of a zone in PowerDNS's HTTP API, which replaces what the names have."""
    return {
        "rrsets": [
            {
                "name": f"{one.name}.",
                "type": one.type,
                "ttl": one.ttl,
                "changetype": "REPLACE",
                "records": [{"content": content, "disabled": False} for content in one.contents],
            }
            for one in records
        ]
    }


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
