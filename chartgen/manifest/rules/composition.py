"""Texts made of other variables: every `$(NAME)` is there, and nothing is made of itself."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.archetypes.workload.derived_env import JVM_OPTIONS, complete_side_env, derived_names
from chartgen.manifest.checked import Checked
from chartgen.manifest.env_order import uses
from chartgen.manifest.findings import Finding
from chartgen.manifest.graph import find_cycles
from chartgen.manifest.keypath import KeyPath, nearest
from chartgen.vocabulary.containers import SideContainer
from chartgen.vocabulary.env import EndpointReference, Env, PeersReference
from chartgen.vocabulary.workload import Workload

_ALWAYS = ("KUBERNETES_",)
"""Variables for the API server's own Service are in every pod."""


def check(service: Checked) -> Iterator[Finding]:
    """Find `$(NAME)` that Kubernetes would leave as it stands, cycles of them, and variables said twice."""
    model = service.model
    if not isinstance(model, Workload):
        return
    for path, env in service.env_tables:
        if not any("$(" in text for _, _, text in _texts(env)):
            continue
        derived, whole = _around(model, path)
        # Variables from envFrom and Service links can be used as well, but nobody here knows their names.
        if not model.service_links and not whole:
            yield from _unknown(service, path, env, derived)
        yield from _cycles(service, path, env)
    if model.time_zone and "TZ" in model.env:
        yield service.finding(("env", "TZ"), "time_zone sets TZ already", "keep one of them")
    yield from _in_options(service, model)


def _around(model: Workload, path: KeyPath) -> tuple[set[str], bool]:
    """Return the names that follow for a container from other words, and whether it has variables of whole Secrets."""
    if path[0] in ("env", "skywalking"):
        own = set(model.env) if path[0] == "skywalking" else set()
        return derived_names(model) | own, bool(model.env_from)
    container: SideContainer = getattr(model, str(path[0]))[path[1]]
    return set(complete_side_env({}, model, container.mounts)), bool(container.env_from)


def _in_options(service: Checked, model: Workload) -> Iterator[Finding]:
    """`$(NAME)` in the JVM's options are variables of the service's container as well."""
    known = {*model.env, *derived_names(model)} - {JVM_OPTIONS}
    if model.jvm is None or model.service_links or model.env_from:
        return
    for number, option in enumerate(model.jvm.options):
        for used in uses(option):
            if used not in known and not used.startswith(_ALWAYS):
                message = f"$({used}) names no variable of this container"
                yield service.finding(("jvm", "options", number), message, f"$$({used}) is the text itself")


def _texts(env: Env) -> Iterator[tuple[str, KeyPath, str]]:
    """Yield every text of an env with its variable and the rest of its path."""
    for name, value in env.items():
        if isinstance(value, str):
            yield name, (), value
        elif isinstance(value, PeersReference | EndpointReference):
            yield name, ("format",), value.format
            if isinstance(value, PeersReference):
                yield name, ("join",), value.join


def _unknown(service: Checked, path: KeyPath, env: Env, extra: set[str]) -> Iterator[Finding]:
    known = env.keys() | extra
    for name, rest, text in _texts(env):
        for used in dict.fromkeys(uses(text)):
            if used not in known and not used.startswith(_ALWAYS):
                near = nearest(used, known - {name})
                escape = f"$$({used}) is the text itself"
                hint = f"did you mean $({near})? {escape}" if near else escape
                yield service.finding((*path, name, *rest), f"$({used}) names no variable of this container", hint)


def _cycles(service: Checked, path: KeyPath, env: Env) -> Iterator[Finding]:
    graph: dict[str, set[str]] = {}
    for name, _, text in _texts(env):
        graph.setdefault(name, set()).update(used for used in uses(text) if used in env)
    for cycle in find_cycles(graph):
        around = " -> ".join([*cycle, cycle[0]])
        yield service.finding((*path, cycle[0]), f"variables are made of each other: {around}")
