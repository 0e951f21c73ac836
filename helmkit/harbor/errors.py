"""What can go wrong with Harbor's management API, as errors of ours. See `helmkit.errors` for the exit codes.

UnreachableError (5)
├── CredentialsError    who we are is refused
└── NotHarborError      what answers is no Harbor, or something stands in front of it
HelmkitError (1)
└── HarborError         Harbor understood, and refuses
    ├── NotAllowedError     this account may not (also a ForbiddenError)
    ├── NotFoundError
    ├── ConflictError       there is one already
    ├── ImmutableTagError   an immutable tag would change
    ├── QuotaError          the project is full
    └── ReadOnlyError       the whole Harbor takes no changes at present
"""

from __future__ import annotations

from helmkit.errors import ForbiddenError, HelmkitError, UnreachableError


class CredentialsError(UnreachableError):
    """Harbor does not accept the user name and password, or needs some."""


class NotHarborError(UnreachableError):
    """The answer is not one that Harbor gives."""


class HarborError(HelmkitError):
    """Harbor refuses the request; `status` is its HTTP status."""

    def __init__(self, message: str, *, hint: str | None = None, status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class NotAllowedError(HarborError, ForbiddenError):
    """The account lacks a permission, or the project does not exist: Harbor tells only administrators apart."""


class NotFoundError(HarborError):
    """What was asked for does not exist."""


class ConflictError(HarborError):
    """What was to be made exists already."""


class ImmutableTagError(HarborError):
    """A rule of the project guards the tag: it can be neither moved nor deleted."""


class QuotaError(HarborError):
    """The project's storage quota has no room for it."""


class ReadOnlyError(HarborError):
    """An administrator put the whole Harbor into read-only mode."""
