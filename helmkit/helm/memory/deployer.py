"""A release's objects, applied and removed as helm does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from helmkit.errors import HelmkitError
from helmkit.helm.errors import FieldConflictError, HelmFailedError, ImmutableFieldError, OwnershipError
from helmkit.kube.client import Kube
from helmkit.kube.errors import ConflictError, NotFoundError, RejectedError
from helmkit.yaml import dump_yaml, parse_yaml_documents

Object = dict[str, Any]

_HOOK = "helm.sh/hook"
_POLICY = "helm.sh/resource-policy"
_RELEASE = "meta.helm.sh/release-name"
_NAMESPACE = "meta.helm.sh/release-namespace"
_MANAGER = "helm"


def split_hooks(rendered: str) -> tuple[str, list[dict[str, str]]]:
    """Return the manifest without hooks, and the hooks as a release record has them."""
    documents = list(parse_yaml_documents(rendered))
    hooks = [one for one in documents if _HOOK in _annotations(one)]
    if not hooks:
        return rendered, []
    manifest = "".join(f"---\n{dump_yaml(one)}" for one in documents if _HOOK not in _annotations(one))
    return manifest, [{"name": one["metadata"]["name"], "manifest": dump_yaml(one)} for one in hooks]


class Deployer:
    """Brings the objects of one release to what a manifest says."""

    def __init__(self, kube: Kube, namespace: str, release: str) -> None:
        self._kube = kube
        self._namespace = namespace
        self._release = release

    async def check_ownership(self, manifest: str, known: str) -> None:
        """Refuse when an object that is new to this release exists and belongs to somebody else."""
        mine = {_identity(one, self._namespace) for one in self._objects(known)}
        for obj in self._objects(manifest):
            if _identity(obj, self._namespace) in mine:
                continue
            found = await self._get(obj)
            if found is not None and not self._owns(found):
                what = f'{obj["kind"]} "{obj["metadata"]["name"]}"'
                message = (
                    f"upgrading release {self._release} in namespace {self._namespace} failed: {what} exists and"
                    " cannot be imported into the current release: invalid ownership metadata"
                )
                raise OwnershipError(message, hint="Remove the object, or take it over: `relman adopt`.")

    async def deploy(self, manifest: str, before: str, *, force: bool, dry_run: bool = False) -> None:
        """Apply a manifest, then delete what only `before` has."""
        wanted = list(self._objects(manifest))
        for obj in wanted:
            try:
                await self._kube.apply_object(obj, field_manager=_MANAGER, force=force, dry_run=dry_run)
            except (ConflictError, NotFoundError, RejectedError) as error:
                raise self._translate(error) from error
        if not dry_run:
            kept = {_identity(one, self._namespace) for one in wanted}
            await self.delete(one for one in self._objects(before) if _identity(one, self._namespace) not in kept)

    async def remove(self, manifest: str) -> None:
        """Delete everything a manifest names."""
        await self.delete(self._objects(manifest))

    async def delete(self, objects: Iterable[Object]) -> None:
        """Delete objects, but those that are to be kept."""
        for obj in objects:
            found = await self._get(obj)
            if found is None or _annotations(found).get(_POLICY) == "keep":
                continue
            await self._kube.delete_object(*_identity(obj, self._namespace))

    def _objects(self, manifest: str) -> Iterable[Object]:
        for one in parse_yaml_documents(manifest):
            metadata = {"namespace": self._namespace, **one["metadata"]}
            labels = {**(metadata.get("labels") or {}), "app.kubernetes.io/managed-by": "Helm"}
            annotations = {**_annotations(one), _RELEASE: self._release, _NAMESPACE: self._namespace}
            yield {**one, "metadata": {**metadata, "labels": labels, "annotations": annotations}}

    def _owns(self, found: Mapping[str, Any]) -> bool:
        annotations = _annotations(found)
        return (annotations.get(_RELEASE), annotations.get(_NAMESPACE)) == (self._release, self._namespace)

    async def _get(self, obj: Object) -> Object | None:
        return await self._kube.get_object(*_identity(obj, self._namespace))

    def _translate(self, error: HelmkitError) -> HelmFailedError:
        kind: type[HelmFailedError] = HelmFailedError
        if isinstance(error, ConflictError):
            kind = FieldConflictError
        elif "immutable" in error.message or "updates to statefulset spec" in error.message:
            kind = ImmutableFieldError
        message = f"deploying release {self._release} in namespace {self._namespace} failed: {error.message}"
        return kind(message, hint=error.hint)


def _identity(obj: Mapping[str, Any], namespace: str) -> tuple[str, str, str, str]:
    metadata = obj["metadata"]
    return (obj["apiVersion"], obj["kind"], metadata.get("namespace") or namespace, metadata["name"])


def _annotations(obj: Mapping[str, Any]) -> dict[str, str]:
    return obj["metadata"].get("annotations") or {}
