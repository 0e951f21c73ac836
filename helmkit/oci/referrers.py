"""What is attached to a manifest (OCI distribution 1.1): signatures, bills of materials, scan results."""

from __future__ import annotations

from typing import Any

import msgspec

from helmkit.charts import bytes_digest
from helmkit.oci.client import RegistryClient
from helmkit.oci.manifest import INDEX
from helmkit.oci.reference import registry_path
from helmkit.oci.refusals import Purpose


def fallback_tag(digest: str) -> str:
    """Return the tag that stands for what is attached to a digest where a registry has no referrers API.

    >>> fallback_tag("sha256:0123")
    'sha256-0123'
    """
    return digest.replace(":", "-", 1)


def subject_of(manifest: bytes) -> str:
    """Return the digest of what a manifest is attached to; empty when it stands for itself."""
    return str((msgspec.json.decode(manifest, type=dict[str, Any]).get("subject") or {}).get("digest") or "")


async def list_referrers(client: RegistryClient, repository: str, digest: str) -> list[dict[str, Any]]:
    """Return the descriptors of what is attached to a manifest.

    Asks the referrers API, or reads the index that stands in for it in registries that have none.
    """
    purpose = Purpose(f"listing what is attached to {client.host}/{repository}@{digest}", repository)
    url = registry_path(repository, "referrers", digest)
    reply = await client.session.call(purpose, "GET", url, accept=frozenset({200, 404, 405}))
    if reply.status != 200:
        url = registry_path(repository, "manifests", fallback_tag(digest))
        headers = {"Accept": INDEX}
        reply = await client.session.call(purpose, "GET", url, headers=headers, accept=frozenset({200, 404}))
    try:
        body = msgspec.json.decode(reply.body, type=dict[str, Any]) if reply.status == 200 else {}
    except msgspec.MsgspecError:
        return []
    return list(body.get("manifests") or ())


async def store_manifest(
    client: RegistryClient, repository: str, reference: str, content: bytes, media_type: str
) -> None:
    """Store a manifest's very bytes, and where the registry does not do it, note what it is attached to. Idempotent."""
    reply = await client.push_raw_manifest(repository, reference, content, media_type)
    subject = subject_of(content)
    if not subject or "oci-subject" in reply.headers:
        return
    known = await list_referrers(client, repository, subject)
    digest = bytes_digest(content)
    if all(one.get("digest") != digest for one in known):
        entry = {"mediaType": media_type, "digest": digest, "size": len(content)}
        index = msgspec.json.encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": [*known, entry]})
        await client.push_raw_manifest(repository, fallback_tag(subject), index, INDEX)
