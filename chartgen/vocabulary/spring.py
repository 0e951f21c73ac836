"""What makes a workload a Spring application: its version, profiles, registry and tracing agent."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from chartgen.vocabulary.env import EndpointReference
from chartgen.vocabulary.image import Image, ImageTag
from chartgen.vocabulary.jvm import Jvm
from chartgen.vocabulary.scalars import AbsolutePath, Entry, Text

_VERSION = re.compile(r"([1-9])\.(\d{1,2})(\..*)?")
_PROFILE = re.compile(r"[^\s,]+")

Discovery = Literal["eureka", "nacos", "none"]
"""Registry through which other services find this one."""


def _check_version(text: str) -> str:
    if not _VERSION.fullmatch(text):
        msg = f'{text!r} is not a version of Spring Boot; write it like "2.1" or "3.4.2"'
        raise ValueError(msg)
    return text


def _check_profile(text: str) -> str:
    if not _PROFILE.fullmatch(text):
        msg = f"{text!r} is not the name of a profile; profiles are a list of names without blanks and commas"
        raise ValueError(msg)
    return text


SpringBootVersion = Annotated[str, AfterValidator(_check_version)]
Profile = Annotated[Text, AfterValidator(_check_profile)]


def has_probe_groups(version: str) -> bool:
    """Tell whether this Spring Boot has health groups for probes and stops gracefully by itself (2.3 and later).

    >>> has_probe_groups("2.2.6.RELEASE"), has_probe_groups("2.3"), has_probe_groups("2.10")
    (False, True, True)
    """
    match = _VERSION.fullmatch(version)
    return match is not None and (int(match[1]), int(match[2])) >= (2, 3)


def _kind(value: object) -> str:
    return "text" if isinstance(value, str) else "endpoint"


Collector = Annotated[
    Annotated[Text, Tag("text")] | Annotated[EndpointReference, Tag("endpoint")],
    Discriminator(_kind),
]


class SkyWalking(Entry):
    """The SkyWalking Java agent, brought by an init container or already in the service's image.

    It is told by -javaagent in JAVA_TOOL_OPTIONS and by SW_AGENT_ variables; what the service states in `env` wins.
    """

    collector: Collector
    """Where traces go: `host:port`, several with commas, or a service: `{ endpoint = "skywalking", port = "grpc" }`."""
    service_name: Annotated[Text, Field(min_length=1)] | None = None
    """Default: the service's name."""
    namespace: Annotated[Text, Field(min_length=1)] | None = None
    """Keeps several platforms in one collector apart (SW_AGENT_NAMESPACE)."""
    image: Image | None = None
    """Image with the agent in /skywalking/agent, as Apache publishes it; an init container copies it."""
    version: ImageTag | None = None
    """Tag of that image."""
    path: AbsolutePath | None = None
    """Path of skywalking-agent.jar in the service's own image, instead of `image`."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.image is None) == (self.path is None):
            msg = "needs either image and version of the agent, or its path in the service's image"
            raise ValueError(msg)
        if (self.image is None) != (self.version is None):
            msg = "image and version belong together"
            raise ValueError(msg)
        return self


class SpringApplication(Entry):
    """What a workload says when it is a Spring application, or any program on a JVM."""

    spring_boot: SpringBootVersion | None = None
    """Version of Spring Boot as a text: "2.1", "3.4.2". From 2.3 on the probes ask its health groups and it is told to
    stop gracefully within `graceful`, by variables (MANAGEMENT_ENDPOINT_HEALTH_PROBES_ENABLED, SERVER_SHUTDOWN,
    SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE); before, startup and readiness ask /actuator/health and liveness for
    an open port (T058). What the service states itself wins. Default: spring-service takes the probes of 2.3 and sets
    no variables, statefulset-infra asks for an open port."""
    profiles: list[Profile] = []
    """Active Spring profiles, as SPRING_PROFILES_ACTIVE (T099). An image that wants another variable gets it by
    `env.CHANNEL = "$(SPRING_PROFILES_ACTIVE)"`."""
    discovery: Discovery = "none"
    """Registry through which callers find this service; the default of `drain` then covers their caches (T067).
    eureka: the server's response cache 30s, the clients' fetch 30s, the load balancer's cache 35s. nacos: the clients'
    poll when a push was lost 10s, the load balancer's cache 35s."""
    jvm: Jvm | None = None
    """Options of the JVM; `jvm = {}` gives the heap 75 % of the memory limit."""
    skywalking: SkyWalking | None = None
    """The SkyWalking agent."""
