"""The Kubernetes API, as much of it as this project needs.

    Kube (client) = releases + configmaps + watching + cluster, on objects  ->  api (retries, errors)  ->  transport

A transport is a connection to a real cluster (`connection`, the only module that knows lightkube) or an in-memory
API server (`memory`). lightkube takes a quarter of a second to import, so `Kube.connect` does it.
"""

from helmkit.kube.client import Kube
from helmkit.kube.cluster import ObjectEvent, ServerVersion
from helmkit.kube.configmaps import ConfigMap
from helmkit.kube.errors import AlreadyExistsError, ConflictError, NotFoundError, RejectedError
from helmkit.kube.metadata import FieldManager, ObjectMetadata, Owner
from helmkit.kube.objects import Propagation
from helmkit.kube.release_writing import ReleaseDraft
from helmkit.kube.releases import ReleaseMetadata, StoredRelease
from helmkit.kube.watching import WatchEvent

__all__ = [
    "AlreadyExistsError",
    "ConfigMap",
    "ConflictError",
    "FieldManager",
    "Kube",
    "NotFoundError",
    "ObjectEvent",
    "ObjectMetadata",
    "Owner",
    "Propagation",
    "RejectedError",
    "ReleaseDraft",
    "ReleaseMetadata",
    "ServerVersion",
    "StoredRelease",
    "WatchEvent",
]
