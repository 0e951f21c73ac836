"""One set record, from its ConfigMap."""

from __future__ import annotations

from helmkit.errors import HelmkitError
from relman.core.record import SetRecord
from relman.core.record_codec import DATA_KEY, decode_record
from relman.ports import RecordStore


async def read_record(kube: RecordStore, namespace: str, name: str) -> tuple[SetRecord | None, str]:
    """Return a record and its resource version; None when it is gone.

    Raises:
        HelmkitError: It is damaged, or too new.
    """
    configmap = await kube.get_configmap(namespace, name)
    if configmap is None:
        return None, ""
    where = f"the record {name} in namespace {namespace}"
    packed = configmap.binary_data.get(DATA_KEY)
    if packed is None:
        msg = f"{where} is empty"
        raise HelmkitError(msg, hint="Somebody changed it by hand.")
    return decode_record(packed, where), configmap.resource_version
