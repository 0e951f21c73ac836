"""Which proxy a request goes through, decided as helm (Go) decides it, from an environment that is passed in."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit


def find_proxy(url: str, environ: Mapping[str, str]) -> str | None:
    """Return the proxy for `url`, None for a direct connection.

    `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count, in either case. The local host is never reached through a
    proxy. `NO_PROXY` holds hosts, `.domains`, addresses and networks, each with an optional port, or `*`.

    >>> find_proxy("https://a.example/v2/", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "b.example"})
    'http://proxy:3128'
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    proxy = _get(environ, f"{parts.scheme}_proxy")
    if not proxy or _is_local(host):
        return None
    port = str(parts.port or (443 if parts.scheme == "https" else 80))
    entries = (entry.strip().lower() for entry in _get(environ, "no_proxy").split(","))
    if any(_matches(host, port, entry) for entry in entries if entry):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _get(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name.upper()) or environ.get(name) or ""


def _is_local(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _matches(host: str, port: str, entry: str) -> bool:
    if entry == "*":
        return True
    address = _address(host)
    if address is not None and "/" in entry:
        try:
            return address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    if _address(entry) is None and entry.count(":") == 1:
        entry, _, wanted = entry.partition(":")
        if wanted != port:
            return False
    domain = entry.removeprefix("*").removeprefix(".")
    # `.example.com` leaves out example.com itself, `example.com` does not.
    exact = host == domain and not entry.startswith((".", "*"))
    return exact or (address is None and host.endswith(f".{domain}"))
