"""Options of the JVM and variables that follow from other words: what they need, and what cannot stand beside them."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.archetypes.workload.derived_env import JVM_OPTIONS, POD_NAME, jvm_options
from chartgen.manifest.checked import Checked
from chartgen.manifest.findings import Finding
from chartgen.vocabulary.env import ConfigMapReference, FieldReference, SecretReference
from chartgen.vocabulary.workload import Workload

_HEAP = ("-Xmx", "-XX:MaxHeapSize", "-XX:MaxRAMPercentage")


def check(service: Checked) -> Iterator[Finding]:
    """Find a share of no limit (T053), two sizes of the heap, and variables that are said twice."""
    model = service.model
    if not isinstance(model, Workload):
        return
    yield from _heap(service, model)
    stated = model.env.get(JVM_OPTIONS)
    if jvm_options(model) and isinstance(stated, SecretReference | ConfigMapReference) and stated.optional:
        message = "is optional, but put together with other options: without it the JVM would get the text $(…)"
        yield service.finding(("env", JVM_OPTIONS, "optional"), message, "make sure that it is there")
    if model.profiles and "SPRING_PROFILES_ACTIVE" in model.env:
        hint = "keep one of them"
        yield service.finding(("env", "SPRING_PROFILES_ACTIVE"), "profiles sets SPRING_PROFILES_ACTIVE already", hint)
    for name, volume in model.volumes.items():
        known = model.env.get(POD_NAME, FieldReference(field="metadata.name"))
        if volume.per_pod and known != FieldReference(field="metadata.name"):
            message = f"is another thing, but volumes.{name} needs it to be the pod's name (per_pod)"
            yield service.finding(("env", POD_NAME), message, 'POD_NAME = { field = "metadata.name" }, or leave it out')


def _heap(service: Checked, model: Workload) -> Iterator[Finding]:
    jvm = model.jvm
    if jvm is None:
        return
    if jvm.heap is not False and model.resources.memory is None:
        message = f"{jvm.heap} of what? There is no memory limit"
        yield service.finding(("jvm", "heap"), message, 'say resources.memory = "1Gi", or heap = false')
    for number, option in enumerate(jvm.options):
        if jvm.heap is not False and option.startswith(_HEAP):
            message = f"{option} says again what heap says"
            yield service.finding(
                ("jvm", "options", number), message, "keep one of them: heap = false leaves it to you"
            )
