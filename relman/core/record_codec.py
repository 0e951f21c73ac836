"""Records to bytes and back, bounded in size, and the labels that let them be listed without being read (pure)."""

from __future__ import annotations

import gzip
import re
from typing import TypeVar

import msgspec

from helmkit.errors import HelmkitError
from relman.core.record import SCHEMA_MAJOR, CauseRecord, Coordinator, ServiceRecord, SetRecord, Who

DATA_KEY = "record"
PREFIX = "relman.internal/"
SIZE_LIMIT = 700_000
"""Bytes of gzip: a ConfigMap holds 1 MiB, and base64 takes a third more than the bytes."""
_DETAIL_STEPS = (4_000, 800, 120, 0)
"""Characters of a cause's detail to keep, tried in turn until the record fits."""
_LABEL_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")
_LABEL_LIMIT = 63


def encode_record(record: SetRecord) -> bytes:
    """Return `record` as gzip JSON within SIZE_LIMIT, shortening the details of causes when it has to.

    Raises:
        HelmkitError: It is too large without any detail; the set has far more services than one namespace can hold.
    """
    for keep in _DETAIL_STEPS:
        packed = _pack(_shorten(record, keep))
        if len(packed) <= SIZE_LIMIT:
            return packed
    slim = msgspec.structs.replace(record, services={k: _without_marks(s) for k, s in record.services.items()})
    packed = _pack(_shorten(slim, 0))
    if len(packed) <= SIZE_LIMIT:
        return packed
    message = f"the record of {record.namespace} is too large for a ConfigMap: {len(packed)} bytes packed"
    raise HelmkitError(message, hint="Spread the platform's services over more namespaces.")


def decode_record(packed: bytes, source: str) -> SetRecord:
    """Read a set record.

    Raises:
        HelmkitError: It is damaged, or written by a newer major version of relman.
    """
    return _decode(packed, source, SetRecord)


def encode_coordinator(record: Coordinator) -> bytes:
    """Return a coordinator record as gzip JSON."""
    return _pack(record)


def decode_coordinator(packed: bytes, source: str) -> Coordinator:
    """Read a coordinator record; raises as `decode_record` does."""
    return _decode(packed, source, Coordinator)


def record_labels(record: SetRecord) -> dict[str, str]:
    """Return what a listing may select by."""
    return {
        PREFIX + "platform": label_value(record.platform),
        PREFIX + "kind": "set",
        PREFIX + "number": str(record.number),
        PREFIX + "run": record.run,
        PREFIX + "action": record.action,
        PREFIX + "version": label_value(record.version),
        PREFIX + "environment": label_value(record.environment),
        PREFIX + "outcome": record.outcome,
        PREFIX + "good": "true" if record.finished_well else "false",
    }


def coordinator_labels(record: Coordinator) -> dict[str, str]:
    """Return what a listing may select by."""
    return {
        PREFIX + "platform": label_value(record.platform),
        PREFIX + "kind": "coordinator",
        PREFIX + "number": str(record.number),
        PREFIX + "run": record.run,
        PREFIX + "outcome": record.outcome,
    }


def label_value(text: str) -> str:
    """Return `text` as a label value: SemVer's `+` and anything else Kubernetes refuses becomes `_`."""
    return _LABEL_UNSAFE.sub("_", text)[:_LABEL_LIMIT].strip("_.-")


T = TypeVar("T")


class _SchemaOnly(msgspec.Struct):
    schema: str


def _decode(packed: bytes, source: str, kind: type[T]) -> T:
    try:
        text = gzip.decompress(packed)
        major = int(msgspec.json.decode(text, type=_SchemaOnly).schema.partition(".")[0])
        if major > SCHEMA_MAJOR:
            message = (
                f"{source} was written by a newer relman (schema {major}.x; this one reads up to {SCHEMA_MAJOR}.x)"
            )
            raise HelmkitError(message, hint="Install the relman version that wrote it, or a newer one.")
        return msgspec.json.decode(text, type=kind)
    except (OSError, EOFError, ValueError, msgspec.MsgspecError) as error:
        message = f"{source} is not a readable record of relman: {error}"
        raise HelmkitError(
            message, hint="Somebody changed it by hand; see `relman history` for the ones before it."
        ) from error


def _pack(record: SetRecord | Coordinator) -> bytes:
    return gzip.compress(msgspec.json.encode(record), compresslevel=6, mtime=0)


def _shorten(record: SetRecord, keep: int) -> SetRecord:
    services = {key: _shorten_service(service, keep) for key, service in record.services.items()}
    return msgspec.structs.replace(record, services=services)


def _shorten_service(service: ServiceRecord, keep: int) -> ServiceRecord:
    if not service.causes:
        return service
    return msgspec.structs.replace(service, causes=tuple(_shorten_cause(c, keep) for c in service.causes))


def _shorten_cause(cause: CauseRecord, keep: int) -> CauseRecord:
    if len(cause.detail) <= keep and len(cause.summary) <= _DETAIL_STEPS[0]:
        return cause
    detail = cause.detail[:keep] + "…" if cause.detail and keep else ""
    return msgspec.structs.replace(cause, detail=detail, summary=cause.summary[: _DETAIL_STEPS[0]])


def _without_marks(service: ServiceRecord) -> ServiceRecord:
    # Without marks the next upgrade cannot prove that nothing drifted and therefore upgrades: slower, never wrong.
    return msgspec.structs.replace(
        service,
        before=msgspec.structs.replace(service.before, objects={}) if service.before else None,
        now=msgspec.structs.replace(service.now, objects={}) if service.now else None,
        made=msgspec.structs.replace(service.made, objects={}) if service.made else None,
    )


def summary_annotations(record: SetRecord) -> dict[str, str]:
    """Return who, when and why as annotations, so that a listing shows them without reading the record."""
    who: Who = record.who
    return {
        PREFIX + "version": record.version,
        PREFIX + "who": str(who),
        PREFIX + "why": record.why,
        PREFIX + "started": record.started,
        PREFIX + "finished": record.finished,
    }
