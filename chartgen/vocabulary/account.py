"""A ServiceAccount of a service's own, and what it may do."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from chartgen.vocabulary.scalars import Entry, ObjectName, Text


class Account(Entry):
    """A ServiceAccount made with the service."""

    name: ObjectName | None = None
    """Default: the service's name."""
    annotations: dict[str, Text] = {}
    """For example the role of a cloud provider."""
    token: bool | None = None
    """Whether pods get its token (T156). Default: when `rbac` gives it rights."""


class Rule(Entry):
    """One rule of a Role, or of a ClusterRole with `cluster = true`."""

    groups: Annotated[list[Text], Field(min_length=1)] = [""]
    """API groups; "" is the core one."""
    resources: list[Text] = []
    names: list[Text] = []
    """Only objects of these names. Default: all."""
    urls: list[Annotated[Text, Field(pattern=r"^(/.*|\*)$")]] = []
    """Paths that are no resources, for example `/metrics`, instead of resources; needs `cluster = true`."""
    verbs: Annotated[list[Text], Field(min_length=1)]
    cluster: bool = False
    """In all namespaces, and for kinds that belong to none."""

    @model_validator(mode="after")
    def _one_object(self) -> Self:
        if bool(self.resources) == bool(self.urls):
            msg = "needs either resources = […] or urls = […]"
            raise ValueError(msg)
        if self.urls and not self.cluster:
            msg = "urls belong to no namespace; add cluster = true"
            raise ValueError(msg)
        if self.urls and (self.names or self.groups != [""]):
            msg = "urls have neither names nor groups"
            raise ValueError(msg)
        return self
