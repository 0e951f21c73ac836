"""Upstream blocks for an nginx in front of the cluster, which balances over the nodes' ports (O43).

The open nginx notices a dead node by failed requests alone: `max_fails` of them within `fail_timeout` take the node
out for that long. `zone` lets all worker processes share what they noticed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence

from chartgen.emit.reached import OpenPort
from helmkit.errors import UsageError
from helmkit.names import is_dns_name

_TIME = re.compile(r"[1-9]\d*(?:ms|s|m|h)")
_HEAD = """\
# Made by `chartgen emit upstreams`. In http {}: proxy_pass http://NAME; and proxy_next_upstream error timeout; hands a
# request on to the next node. What is marked as stream belongs into stream {}: proxy_pass NAME;
"""


def check_nodes(words: Iterable[str]) -> tuple[str, ...]:
    """Return nodes as nginx and Prometheus write them before a port: IPv6 addresses in brackets.

    Raises:
        UsageError: One is neither an address nor a DNS name.
    """
    found = []
    for word in words:
        try:
            address = ipaddress.ip_address(word)
        except ValueError:
            if not is_dns_name(word):
                message = f"--node {word!r} is neither an IP address nor a DNS name"
                raise UsageError(message, hint="Name a node without a port: --node 192.168.88.232.") from None
            found.append(word)
        else:
            found.append(f"[{address}]" if address.version == 6 else str(address))
    return tuple(dict.fromkeys(found))


def check_time(text: str) -> str:
    """Return a time as nginx writes it.

    Raises:
        UsageError: It is none.
    """
    if not _TIME.fullmatch(text):
        message = f"--fail-timeout {text!r} is not a time"
        raise UsageError(message, hint="Write it with its unit: 10s.")
    return text


def render_upstreams(ports: Sequence[OpenPort], nodes: Sequence[str], max_fails: int, fail_timeout: str) -> str:
    """Return an upstream block for every node port; empty when there is none."""
    blocks = [_block(port, nodes, f"max_fails={max_fails} fail_timeout={fail_timeout}") for port in ports]
    return "\n".join([_HEAD, *blocks]) if blocks else ""


def upstream_name(port: OpenPort) -> str:
    """Return the name of a port's upstream: no two share it, and it is a valid Host, which nginx makes of it."""
    return f"{port.service}.{port.port_name}"


def _block(port: OpenPort, nodes: Sequence[str], checks: str) -> str:
    name = upstream_name(port)
    kind = "" if port.http else f" (stream{', udp' if port.protocol == 'UDP' else ''})"
    lines = [
        f"# {port.service} in {port.namespace}, port {port.port_name}: {port.port} inside, {port.node_port} on"
        f" every node{kind}",
        f"upstream {name} {{",
        f"    zone {name} 64k;",
        *(f"    server {node}:{port.node_port} {checks};" for node in nodes),
        "}",
    ]
    return "\n".join(lines) + "\n"
