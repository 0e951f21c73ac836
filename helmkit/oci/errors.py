"""What can go wrong with a registry.

    RegistryError                1  the registry refuses, or its answer makes no sense
    ├── ArtifactNotFoundError    1  there is no such repository, tag or digest
    ├── DigestMismatchError      1  what came is not what was asked for
    ├── AlreadyPublishedError    1  the version exists with other content
    ├── ImmutableTagError        1  the tag cannot be moved
    ├── MixedContentError        1  charts would land among images of the same name
    └── QuotaError               1  the project's storage is used up

Beside them, from `helmkit.errors`: UnreachableError (also for credentials that are not accepted), ForbiddenError and
UsageError. Errors of httpx2 never leave this package.
"""

from __future__ import annotations

from helmkit.errors import ForbiddenError, HelmkitError


class RegistryError(HelmkitError):
    """The registry refuses, or its answer makes no sense."""


class ArtifactNotFoundError(RegistryError):
    """The registry says that there is no such repository, tag or digest."""


class DigestMismatchError(RegistryError):
    """The bytes that came do not have the digest that was asked for."""


class AlreadyPublishedError(RegistryError):
    """The version exists with other content. Published versions never change."""


class ImmutableTagError(RegistryError):
    """A rule of the registry guards the tag, also against the same content."""


class MixedContentError(RegistryError):
    """Charts would land among images of the same name (T092)."""


class QuotaError(RegistryError, ForbiddenError):
    """The project's storage is used up."""
