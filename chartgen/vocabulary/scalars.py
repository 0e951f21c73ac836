"""Single values: text, names, durations, quantities."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from helmkit import names


class Entry(BaseModel):
    """A table of the release manifest: strict, closed, frozen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_LOST_IN_HELM = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi)?$"


def check_text(text: str) -> str:
    """Return `text` if Helm hands it through unchanged.

    Raises:
        ValueError: It holds a control character that would be lost.
    """
    found = _LOST_IN_HELM.search(text)
    if found:
        msg = f"the control character U+{ord(found.group()):04X} does not survive Helm; remove it"
        raise ValueError(msg)
    return text


def is_exact(number: int) -> bool:
    """Tell whether Helm hands `number` through unchanged: for it every number of values is a float of 64 bits."""
    return abs(number) <= 2**53


def survives_helm(text: str) -> bool:
    """Tell whether Helm hands `text` through unchanged."""
    return _LOST_IN_HELM.search(text) is None


def parse_duration(text: object) -> int:
    """Return a duration such as `90s`, `5m` or `1h30m` in seconds.

    Raises:
        ValueError: It is not a text of that form.
    """
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if not match or not any(match.groups()):
        msg = f'{text!r} is not a duration; write it with its unit, for example "300s" or "5m"'
        raise ValueError(msg)
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def _check_name(what: str, fine: Any) -> AfterValidator:
    def check(text: str) -> str:
        if not fine(text):
            msg = f"{text!r} is not a valid {what}"
            raise ValueError(msg)
        return text

    return AfterValidator(check)


Text = Annotated[str, AfterValidator(check_text)]
"""Any text that Helm hands through unchanged: no control characters (U+007F to U+009F are lost, tried)."""

DURATION_SCHEMA: dict[str, Any] = {"type": "string", "pattern": r"^(\d+h)?(\d+m)?(\d+s)?$"}
Duration = Annotated[int, BeforeValidator(parse_duration), WithJsonSchema(DURATION_SCHEMA)]
"""Written as `"300s"`, kept as whole seconds."""

Quantity = Annotated[str, Field(pattern=_QUANTITY)]
"""A Kubernetes quantity as text: `500m`, `1Gi`."""

IntOrPercent = Annotated[int, Field(ge=0)] | Annotated[str, Field(pattern=r"^\d+%$")]
Key = Annotated[
    str, _check_name("key (lower case letters, digits, hyphens, starting with a letter)", names.is_service_name)
]
ServiceName = Annotated[str, _check_name("Service name (RFC 1035 label)", names.is_service_name)]
ObjectName = Annotated[str, _check_name("object name (RFC 1123)", names.is_dns_name)]
DnsLabel = Annotated[str, _check_name("name (RFC 1123 label)", names.is_dns_label)]
DnsName = Annotated[str, _check_name("DNS name", names.is_dns_name)]
PortName = Annotated[str, _check_name("port name (15 lower case letters, digits, hyphens; T038)", names.is_port_name)]
PortNumber = Annotated[int, Field(ge=1, le=65535)]
NodePort = Annotated[int, Field(ge=30000, le=32767)]
EnvName = Annotated[str, Field(pattern=r"^[-._a-zA-Z][-._a-zA-Z0-9]*$")]
AbsolutePath = Annotated[Text, Field(pattern=r"^/")]
"""A path in a container or a URL path."""
