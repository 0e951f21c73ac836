"""From checked views to the resolved platform: references become text, services get their order."""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.manifest.checked import Checked, View
from chartgen.manifest.config_content import ConfigContent
from chartgen.manifest.graph import in_order
from chartgen.manifest.in_namespaces import add_namespaces
from chartgen.manifest.references import resolve_env
from chartgen.manifest.resolved import (
    ResolvedEnvironment,
    ResolvedNamespace,
    ResolvedPlatform,
    ResolvedService,
)
from chartgen.manifest.sections import ENFORCE_LABEL, NamespaceSection, PlatformSection
from chartgen.manifest.views import Views

_Shared = dict[tuple[int, ...], ResolvedService]
"""Resolved services by the identity of what they were made of; the views keep all of it alive meanwhile."""


def resolve(
    views: Views, platform: PlatformSection, source_digest: str, configs: Mapping[str, ConfigContent] | None = None
) -> ResolvedPlatform:
    """Return the platform; only for views without findings.

    Args:
        views: Its environments.
        platform: Its own section.
        source_digest: Of all files it was read from.
        configs: What the services' `config` name, by path.
    """
    shared: _Shared = {}
    return ResolvedPlatform(
        name=platform.name,
        version=platform.version,
        description=platform.description,
        cluster_domain=platform.cluster_domain,
        repository=views.charts.repository or "",
        plain_http=views.charts.plain_http,
        default_environment=views.default_environment,
        environments={
            view.name: _environment(view, platform.cluster_domain, shared, configs or {}) for view in views.views
        },
        source_digest=source_digest,
        accept=platform.accept,
        about=platform.about,
    )


def _environment(
    view: View, cluster_domain: str, shared: _Shared, configs: Mapping[str, ConfigContent]
) -> ResolvedEnvironment:
    # What this environment goes without need not be waited for.
    graph = {key: {target for target, _ in service.edges} - view.disabled for key, service in view.services.items()}
    services = {}
    for key in in_order(graph):
        # Texts depend on the service and on those it names: where all are the same, so is the result.
        identity = (id(view.services[key]), *(id(view.services[target]) for target in sorted(graph[key])))
        if identity not in shared:
            shared[identity] = _service(view.services[key], view, cluster_domain, graph[key], configs)
        services[key] = shared[identity]
    return ResolvedEnvironment(
        name=view.name,
        cluster=view.section.cluster or "",
        protected=view.section.protected,
        freeze=tuple(one.window for one in view.section.freeze),
        namespaces={name: _namespace(name, view.namespaces[name]) for name in sorted(view.namespaces)},
        registries={key: view.registries[key] for key in sorted(view.registries)},
        services=add_namespaces(services, view),
        repository=view.repository,
        plain_http=view.plain_http,
        accept=view.section.accept,
        network=view.network,
        tests=view.tests,
        files=view.files,
    )


def _namespace(name: str, section: NamespaceSection) -> ResolvedNamespace:
    labels = {**section.labels, ENFORCE_LABEL: section.pod_security}
    return ResolvedNamespace(
        name,
        section.pod_security,
        dict(sorted(labels.items())),
        section.before,
        annotations=dict(sorted(section.annotations.items())),
        pull_secrets=tuple(section.pull_secrets),
        network=section.network,
    )


def _service(
    service: Checked, view: View, cluster_domain: str, needed: set[str], configs: Mapping[str, ConfigContent]
) -> ResolvedService:
    tables = {path: resolve_env(env, service, view.services, cluster_domain) for path, env in service.env_tables}
    return ResolvedService(
        key=service.key,
        archetype=service.archetype,
        model=service.model,
        env=tables.pop(("env",), {}),
        init_env={str(path[1]): env for path, env in tables.items() if path[0] == "init_containers"},
        sidecar_env={str(path[1]): env for path, env in tables.items() if path[0] == "sidecars"},
        collector=str(tables.get(("skywalking",), {}).get("collector", "")),
        config={key: configs[one.from_] for key, one in getattr(service.model, "config", {}).items()},
        depends_on=tuple(sorted(needed - {service.key})),
    )
