"""Where the objects of a kind live in the API: a table of the built-in kinds, and discovery for all others."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from helmkit.kube.api import Api, Purpose
from helmkit.kube.errors import NotFoundError


@dataclass(frozen=True)
class Kind:
    """A kind and its place in the API."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Return the path of one object, or of the collection; of all namespaces when `namespace` is None."""
        root = "/api/" if "/" not in self.api_version else "/apis/"
        parts = [root + self.api_version]
        if self.namespaced and namespace is not None:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name is not None:
            parts.append(quote(name, safe=""))
        return "/".join(parts)


def _table(api_version: str, *kinds: str, namespaced: bool = True) -> dict[tuple[str, str], Kind]:
    pairs = (entry.split(":") for entry in kinds)
    return {(api_version, kind): Kind(api_version, kind, plural, namespaced) for kind, plural in pairs}


KNOWN: dict[tuple[str, str], Kind] = {
    **_table(
        "v1",
        "Secret:secrets",
        "ConfigMap:configmaps",
        "Service:services",
        "ServiceAccount:serviceaccounts",
        "Pod:pods",
        "PersistentVolumeClaim:persistentvolumeclaims",
        "Endpoints:endpoints",
        "Event:events",
        "ResourceQuota:resourcequotas",
        "LimitRange:limitranges",
        "ReplicationController:replicationcontrollers",
    ),
    **_table("v1", "Namespace:namespaces", "Node:nodes", "PersistentVolume:persistentvolumes", namespaced=False),
    **_table(
        "apps/v1",
        "Deployment:deployments",
        "StatefulSet:statefulsets",
        "DaemonSet:daemonsets",
        "ReplicaSet:replicasets",
        "ControllerRevision:controllerrevisions",
    ),
    **_table("batch/v1", "Job:jobs", "CronJob:cronjobs"),
    **_table("networking.k8s.io/v1", "Ingress:ingresses", "NetworkPolicy:networkpolicies"),
    **_table("discovery.k8s.io/v1", "EndpointSlice:endpointslices"),
    **_table("policy/v1", "PodDisruptionBudget:poddisruptionbudgets"),
    **_table("autoscaling/v2", "HorizontalPodAutoscaler:horizontalpodautoscalers"),
    **_table("coordination.k8s.io/v1", "Lease:leases"),
    **_table("rbac.authorization.k8s.io/v1", "Role:roles", "RoleBinding:rolebindings"),
    **_table(
        "rbac.authorization.k8s.io/v1",
        "ClusterRole:clusterroles",
        "ClusterRoleBinding:clusterrolebindings",
        namespaced=False,
    ),
    **_table("storage.k8s.io/v1", "StorageClass:storageclasses", namespaced=False),
    **_table("apiextensions.k8s.io/v1", "CustomResourceDefinition:customresourcedefinitions", namespaced=False),
}


class Kinds:
    """Finds kinds; what had to be discovered is asked once per API version."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._discovered: dict[str, dict[str, Kind]] = {}

    async def find(self, api_version: str, kind: str) -> Kind:
        """Return where `kind` lives.

        Raises:
            NotFoundError: The cluster does not know it.
        """
        known = KNOWN.get((api_version, kind))
        if known is not None:
            return known
        # A CRD may have been installed since: a kind that is missing is looked for again.
        if kind not in self._discovered.get(api_version, {}):
            self._discovered[api_version] = await self._discover(api_version, kind)
        found = self._discovered[api_version].get(kind)
        if found is None:
            message = f"the cluster does not know the kind {kind} of {api_version}"
            raise NotFoundError(message, hint="Install its CustomResourceDefinition, or check the API version.")
        return found

    async def _discover(self, api_version: str, kind: str) -> dict[str, Kind]:
        path = ("/api/" if "/" not in api_version else "/apis/") + api_version
        purpose = Purpose(f"looking for the kind {kind} of {api_version}", "get", path)
        try:
            answer = await self._api.call(purpose, "GET", path)
        except NotFoundError:
            return {}
        return {
            resource["kind"]: Kind(api_version, resource["kind"], resource["name"], resource["namespaced"])
            for resource in answer.body.get("resources", [])
            if "/" not in resource["name"]  # subresources
        }
