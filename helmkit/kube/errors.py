"""What can go wrong when the Kubernetes API is asked for something.

    NotFoundError         1  the object, or its kind, does not exist
    AlreadyExistsError    1  an object of that name exists
    ConflictError         1  the object is not the one expected: it changed, or it was made anew
    RejectedError         1  the API server or an admission check does not accept the object
    ExpiredError          1  a resource version is too old; handled inside this package

Beside them, from `helmkit.errors`: UnreachableError (also for credentials that are not accepted), ForbiddenError and
UsageError. Errors of lightkube and httpx2 never leave this package.
"""

from __future__ import annotations

from helmkit.errors import HelmkitError


class NotFoundError(HelmkitError):
    """The object does not exist, or the cluster does not know its kind."""


class AlreadyExistsError(HelmkitError):
    """An object of that kind and name exists in the namespace."""


class ConflictError(HelmkitError):
    """The object is not the one expected: somebody changed it meanwhile, or deleted it and made a new one."""


class RejectedError(HelmkitError):
    """The API server, a quota or an admission check does not accept the object."""


class ExpiredError(HelmkitError):
    """The resource version asked for is too old; list again."""
