"""The one place where a registry's refusals become errors of ours: what was done, where, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from helmkit.errors import ForbiddenError, HelmkitError, TimedOutError, UnreachableError
from helmkit.http.exchange import ConnectionLostError, Reply
from helmkit.oci.errors import ArtifactNotFoundError, ImmutableTagError, QuotaError, RegistryError

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that may be gone the next time. (500: blob storages answer so when they are busy.)"""

_SAID_LIMIT = 500


@dataclass(frozen=True)
class Purpose:
    """What a request is for, so that its failure can be explained."""

    doing: str
    """`pushing harbor.example/charts/shop:1.4.2`."""
    repository: str
    write: bool = False

    @property
    def scope(self) -> str:
        """Return the right it needs, as token services name it; empty for none in particular."""
        return scope_of(self.repository, write=self.write) if self.repository else ""

    @property
    def project(self) -> str:
        """Return the first part of the repository: in Harbor that is the project."""
        return self.repository.partition("/")[0]


def scope_of(repository: str, *, write: bool) -> str:
    """Return the right to read or write a repository, as token services name it."""
    return f"repository:{repository}:{'pull,push' if write else 'pull'}"


def said(reply: Reply) -> str:
    """Return the registry's own words, each once: Harbor's registry side says everything twice."""
    words = dict.fromkeys(f"{code}: {_once(text)}" if text else code for code, text in reply.errors or ())
    return "; ".join(words)[:_SAID_LIMIT] or f"status {reply.status}"


def explain(reply: Reply, purpose: Purpose, host: str) -> HelmkitError:
    """Return the error that an answer stands for."""
    if reply.status == 401:
        return explain_stranger(said(reply), purpose, host)
    if reply.status == 413:
        message = f"{purpose.doing} failed: something in front of {host} takes no uploads of that size"
        return RegistryError(message, hint="Raise the limit of the proxy there (nginx: client_max_body_size).")
    if reply.errors is None and reply.is_page:
        message = f"{purpose.doing} failed: {host} answered with a web page (status {reply.status})"
        return UnreachableError(message, hint="Is it the registry's address? A proxy or portal may have answered.")
    message = f"{purpose.doing} failed: {host} says: {said(reply)}"
    words = said(reply).lower()
    match reply.status:
        case 400 if "blob_unknown" in words:
            hint = "The registry lost what was just uploaded (its garbage collection, or a cache): push again."
            return RegistryError(message, hint=hint)
        case 403:
            return _forbidden(message, words, purpose)
        case 404:
            return _missing(message, words, purpose)
        case 412 if "immutable" in words:
            hint = "The tag is immutable there; publish under a new version: `chartgen bump`."
            return ImmutableTagError(message, hint=hint)
        case 429:
            hint = "Too many requests: wait a minute and run it again; it goes on from there."
            return UnreachableError(message, hint=hint)
        case code if code in PASSING:
            return UnreachableError(message, hint="The registry is overloaded or restarting; try again later.")
    return RegistryError(message, hint="The message is the registry's own; its logs may say more.")


def explain_stranger(words: str, purpose: Purpose, host: str) -> UnreachableError:
    """Return the error for a registry that does not let us in."""
    message = f"{purpose.doing} failed: {host} does not let us in: {words}"
    # Harbor answers 401 for a project that does not exist and for a push without the right to push, too.
    where = f"the project {purpose.project!r} exists" if purpose.project else "the address is right"
    right = "push there" if purpose.write else "do this"
    hint = (
        f"Log in with `helm registry login {host}` (a robot with its whole name: 'robot$project+name'); check that"
        f" {where} and that the account may {right}."
    )
    return UnreachableError(message, hint=hint)


def explain_loss(
    error: ConnectionLostError, purpose: Purpose, host: str, base: str
) -> UnreachableError | TimedOutError:
    """Return the error for a registry that does not answer."""
    scheme = "plain HTTP" if base.startswith("http://") else "HTTPS"
    if error.timed_out:
        message = f"{purpose.doing} failed: {host} did not answer in time over {scheme}"
        return TimedOutError(message, hint="The registry is slow or overloaded; run it again, it goes on from there.")
    message = f"{purpose.doing} failed: {host} does not answer over {scheme}: {error}"
    if "certificate" in str(error).lower():
        hint = "Trust the authority that signed it, if it is a private one: --ca-file or SSL_CERT_FILE."
        return UnreachableError(message, hint=hint)
    return UnreachableError(message, hint="Check the address; a registry without TLS needs --plain-http.")


def _once(text: str) -> str:
    half = (len(text) - 2) // 2
    return text[:half] if half > 0 and text == f"{text[:half]}: {text[:half]}" else text


def _forbidden(message: str, words: str, purpose: Purpose) -> HelmkitError:
    if "read only" in words:
        return ForbiddenError(message, hint="An administrator must end the registry's read-only mode.")
    if "quota" in words or "upper limit" in words:
        hint = (
            f"The storage quota of project {purpose.project!r} is used up. Raise it (`chartgen harbor ensure` with"
            " [harbor] quota), or delete old versions; what was uploaded is not sent again."
        )
        return QuotaError(message, hint=hint)
    right = "push" if purpose.write else "pull"
    hint = f"Ask for the right to {right} in project {purpose.project!r}; its quota may also be used up."
    return ForbiddenError(message, hint=hint)


def _missing(message: str, words: str, purpose: Purpose) -> HelmkitError:
    if purpose.write and ("name_unknown" in words or "project" in words):
        hint = f"Make the project {purpose.project!r} first: `chartgen harbor ensure`."
        return ArtifactNotFoundError(message, hint=hint)
    return ArtifactNotFoundError(message, hint="Check the repository, the version, and what was pushed.")
