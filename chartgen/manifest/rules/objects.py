"""Objects from files: they can be read, belong where they are, and nobody else has them. Patches match something."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.archetypes.namespace_objects.model import key_of
from chartgen.archetypes.objects.values import assemble_extras, list_patches
from chartgen.archetypes.raw_objects.model import RawObjects
from chartgen.manifest.checked import Checked, View
from chartgen.manifest.findings import Finding
from chartgen.manifest.keypath import did_you_mean
from chartgen.manifest.rules.secrets_in_data import find_literal_secrets
from chartgen.objects.assembly import Assembled, PodImage, assemble_objects, files_of
from chartgen.objects.files import Fault
from chartgen.objects.kinds import CLUSTER_WIDE, group_of, label_of, name_of
from chartgen.vocabulary.patches import Escapes
from helmkit.names import parse_image

_GENERATED = ("Deployment", "StatefulSet", "Service", "PodDisruptionBudget")


def check(view: View) -> Iterator[Finding]:
    """Find what is wrong in files of objects, in patches, and between services."""
    owners = {
        (s.model.namespace, "", kind, s.model.name): key for key, s in view.services.items() for kind in _kinds(s)
    }
    for key, service in sorted(view.services.items()):
        made = _assemble(service, view)
        if made is None:
            continue
        yield from _patterns(service, view)
        yield from (_at(service, fault) for fault in made.faults)
        yield from _images(service, made)
        yield from _patches(service, made)
        yield from _secrets(service, made)
        yield from _owned(key, service, made, owners)
    yield from _taken(view)


def _kinds(service: Checked) -> tuple[str, ...]:
    return () if isinstance(service.model, RawObjects) else _GENERATED


def _assemble(service: Checked, view: View) -> Assembled | None:
    model = service.model
    if isinstance(model, RawObjects):
        images = dict.fromkeys(model.images, PodImage("image"))
        patches = list_patches(model.patches)
        return assemble_objects(model.files, view.files, model.namespace, images=images, patches=patches)
    if isinstance(model, Escapes) and (model.extra_objects or model.patches):
        return assemble_extras(model, model.namespace, view.files)
    return None


def _at(service: Checked, fault: Fault) -> Finding:
    return Finding(fault.message, fault.where, fault.hint, service.key, service.stated.environments)


def _patterns(service: Checked, view: View) -> Iterator[Finding]:
    said = "files" if isinstance(service.model, RawObjects) else "extra_objects"
    for number, pattern in enumerate(getattr(service.model, said)):
        if not files_of([pattern], view.files):
            hint = "patterns start at the folder of releases.toml; ** stands for folders of any depth"
            yield service.finding((said, number), f"no file matches {pattern!r}", hint)


def _images(service: Checked, made: Assembled) -> Iterator[Finding]:
    if not isinstance(service.model, RawObjects):
        for _, fault in made.missing_images.values():
            message = f"{fault.message.partition(':')[0]} has pods, and extra objects cannot"
            yield _at(service, Fault(message, fault.where, "make it a service of its own: raw-objects"))
        for name in made.definitions:
            message = f"extra_objects: CustomResourceDefinition/{name} must be there before this service"
            yield service.finding(("extra_objects",), message, "make it a service of its own: raw-objects")
        return
    for name, (image, fault) in sorted(made.missing_images.items()):
        yield service.finding(("images",), f"{fault.message} ({fault.where})", _image_hint(service.key, name, image))
    for name in sorted(service.model.images.keys() - made.used_images):
        hint = did_you_mean(name, made.missing_images, "the key is the name of a container")
        yield service.finding(("images", name), f'no container is called "{name}"', hint, part="key")


def _image_hint(key: str, name: str, image: str) -> str:
    parts = parse_image(image) if image else None
    repository, tag = (parts.repository, parts.tag or "…") if parts else ("…", "…")
    said = f'{{ registry = "…", repository = "{repository}", version = "{tag}" }}'
    return f"write [services.{key}.images] with {name} = {said}"


def _patches(service: Checked, made: Assembled) -> Iterator[Finding]:
    patches = getattr(service.model, "patches", {})
    for key, patch in patches.items():
        # Of other archetypes helm renders the objects, and the chart refuses what matches none of them.
        if isinstance(service.model, RawObjects) and key not in made.used_patches:
            names = sorted(label_of(found) for found in [*made.objects, *made.definitions.values()])
            wanted = f"{patch.kind} {patch.name}" if patch.name else patch.kind
            hint = f"there are: {', '.join(names[:8])}{' and more' if len(names) > 8 else ''}"
            yield service.finding(("patches", key), f"matches nothing: there is no {wanted}", hint, part="table")
        for path, what in find_literal_secrets(patch.merge):
            hint = "refer to a Secret: valueFrom.secretKeyRef"
            yield service.finding(("patches", key, "merge", *path), what, hint)


def _secrets(service: Checked, made: Assembled) -> Iterator[Finding]:
    for found in [*made.objects, *made.definitions.values()]:
        if found["kind"] == "CustomResourceDefinition":
            continue
        for path, what in find_literal_secrets(found):
            where = ".".join(str(part) for part in path)
            said = "files" if isinstance(service.model, RawObjects) else "extra_objects"
            hint = "keep it in a Secret of the cluster and refer to that one by its name"
            yield service.finding((said,), f"{label_of(found)}: {where}: {what}", hint)


def _owned(
    key: str, service: Checked, made: Assembled, owners: dict[tuple[str, str, str, str], str]
) -> Iterator[Finding]:
    """Two releases cannot own one object; what belongs to no namespace exists once in the platform (T146)."""
    placed = [(service.model.namespace, found) for found in made.namespaced.values()]
    placed += [
        ("" if found["kind"] in CLUSTER_WIDE else service.model.namespace, found)
        for found in [*made.cluster.values(), *made.definitions.values()]
    ]
    for namespace, found in placed:
        group = "" if found["kind"] in _GENERATED else group_of(found)
        owner = owners.setdefault((namespace, group, found["kind"], name_of(found)), key)
        if owner != key:
            where = f"in namespace {namespace}" if namespace else "of the cluster"
            said = "files" if isinstance(service.model, RawObjects) else "extra_objects"
            message = f"{label_of(found)} {where} belongs to services.{owner} already"
            yield service.finding((said,), message, "two releases cannot own one object; depends_on names the other")


def _taken(view: View) -> Iterator[Finding]:
    for namespace in view.namespaces:
        service = view.services.get(key_of(namespace))
        if service is not None:
            yield service.finding((), f"the objects of namespace {namespace} have this key", "choose another key")
