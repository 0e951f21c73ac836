"""The objects a fresh sandbox has: nodes, storage classes and an ingress class. Pure data."""

from __future__ import annotations

from typing import Any

NODES = ("kwok-node-1", "kwok-node-2", "kwok-node-3")

DEFAULT_STORAGE_CLASS = "standard"
STORAGE_CLASSES = (DEFAULT_STORAGE_CLASS, "managed-nfs-storage")

PROVISIONER = "sandbox.relman.internal/volume"
"""Names the provisioner the kwok stages play; stages/claims.yaml knows it too."""

# Large enough that the scheduler never is what a test waits for, unless it asks for too much on purpose.
_CAPACITY = {"cpu": "64", "memory": "512Gi", "ephemeral-storage": "1Ti", "pods": "500"}


def initial_objects(version: str) -> list[tuple[str, dict[str, Any]]]:
    """Return (collection path, object) pairs.

    Args:
        version: The Kubernetes version the nodes' kubelets claim to have.
    """
    return [
        *(("/api/v1/nodes", _node(name, number, version)) for number, name in enumerate(NODES)),
        *(("/apis/storage.k8s.io/v1/storageclasses", _storage_class(name)) for name in STORAGE_CLASSES),
        ("/apis/networking.k8s.io/v1/ingressclasses", _ingress_class("nginx")),
    ]


def _node(name: str, number: int, version: str) -> dict[str, Any]:
    zone = f"zone-{'abc'[number]}"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "topology.kubernetes.io/region": "sandbox",
                "topology.kubernetes.io/zone": zone,
            },
        },
        "spec": {"podCIDR": f"10.244.{number * 4}.0/22", "podCIDRs": [f"10.244.{number * 4}.0/22"]},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": f"10.0.0.{11 + number}"},
                {"type": "Hostname", "address": name},
            ],
            "allocatable": _CAPACITY,
            "capacity": _CAPACITY,
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": name,
                "containerRuntimeVersion": "containerd://2.1.0",
                "kernelVersion": "6.12.0",
                "kubeProxyVersion": "",
                "kubeletVersion": version,
                "machineID": name,
                "operatingSystem": "linux",
                "osImage": "Debian GNU/Linux 12 (bookworm)",
                "systemUUID": name,
            },
        },
    }


def _storage_class(name: str) -> dict[str, Any]:
    default = {"storageclass.kubernetes.io/is-default-class": "true"} if name == DEFAULT_STORAGE_CLASS else {}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, "annotations": default},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
    }


def _ingress_class(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": name},
        "spec": {"controller": "k8s.io/ingress-nginx"},
    }
