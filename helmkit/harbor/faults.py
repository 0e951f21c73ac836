"""The one place where Harbor's refusals become errors of ours: what was done, on what, why, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from helmkit.errors import HelmkitError, UnreachableError
from helmkit.harbor.errors import (
    ConflictError,
    CredentialsError,
    HarborError,
    ImmutableTagError,
    NotAllowedError,
    NotFoundError,
    NotHarborError,
    QuotaError,
    ReadOnlyError,
)

ROBOT_HINT = (
    "A robot logs in with its whole name, such as 'robot$charts+publisher'; a shell needs single quotes for it."
)


@dataclass(frozen=True)
class Deed:
    """What is being done, for errors: `listing versions`, of what, and the right it takes."""

    doing: str
    project: str = ""
    repository: str = ""
    version: str = ""
    permission: str = ""
    """As Harbor names it, `artifact:list` for example."""

    def __str__(self) -> str:
        """Return it as the beginning of a sentence."""
        place = "/".join(filter(None, (self.project, self.repository))) + (f":{self.version}" if self.version else "")
        return f"{self.doing} {place}".rstrip()


@dataclass(frozen=True)
class Refusal:
    """An answer that is not a success, taken apart."""

    host: str
    account: str
    """Who asked; empty when anonymous."""
    status: int
    content_type: str
    body: bytes

    @property
    def is_json(self) -> bool:
        """Whether it claims to be JSON."""
        return "json" in self.content_type

    @property
    def code(self) -> str:
        """Harbor's own code, such as `PRECONDITION`; empty when there is none."""
        return self._first()[0]

    @property
    def text(self) -> str:
        """Harbor's own words, once: its registry side says everything twice."""
        words = self._first()[1]
        half = (len(words) - 2) // 2
        return words[:half] if half > 0 and words == f"{words[:half]}: {words[:half]}" else words

    def _first(self) -> tuple[str, str]:
        try:
            errors = msgspec.json.decode(self.body, type=_Body).errors if self.is_json else []
        except msgspec.MsgspecError:
            errors = []
        return (errors[0].code, errors[0].message.strip()) if errors else ("", "")


class _Item(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Body(msgspec.Struct):
    errors: list[_Item] = []


def explain(deed: Deed, refusal: Refusal) -> HelmkitError:
    """Return the error that a refused request stands for."""
    if refusal.body and not refusal.is_json and (b"<html" in refusal.body[:512].lower() or refusal.status == 404):
        return _page(deed, refusal)
    makers: dict[int, Callable[[Deed, Refusal], HelmkitError]] = {
        401: _unauthorized,
        403: _forbidden,
        404: _missing,
        409: _conflict,
        412: _precondition,
        429: _busy,
    }
    if refusal.status in makers:
        return makers[refusal.status](deed, refusal)
    if refusal.status >= 500:
        message = f"{deed} failed: Harbor at {refusal.host} has a fault of its own (HTTP {refusal.status})"
        return UnreachableError(
            _with_words(message, refusal), hint="Try again; if it stays, look at Harbor's core log."
        )
    message = f"{deed} failed: Harbor at {refusal.host} rejects the request (HTTP {refusal.status})"
    return HarborError(_with_words(message, refusal), status=refusal.status)


def _with_words(message: str, refusal: Refusal) -> str:
    return f"{message}: {refusal.text}" if refusal.text else message


def _page(deed: Deed, refusal: Refusal) -> HelmkitError:
    message = f"{deed} failed: {refusal.host} answers with a web page in place of data (HTTP {refusal.status})"
    hint = "Is this Harbor's own address? A login page or a proxy in front of it must let /api/v2.0/ and /v2/ through."
    return NotHarborError(message, hint=hint)


def _unauthorized(deed: Deed, refusal: Refusal) -> HelmkitError:
    if not refusal.account:
        message = f"{deed} failed: Harbor at {refusal.host} shows this to nobody without a login"
        return CredentialsError(message, hint=f"Log in: helm registry login {refusal.host}")
    message = f"{deed} failed: Harbor at {refusal.host} does not accept the password of {refusal.account!r}"
    hint = f"Log in again (helm registry login {refusal.host}); it may be expired, disabled or deleted. {ROBOT_HINT}"
    return CredentialsError(message, hint=hint)


def _forbidden(deed: Deed, refusal: Refusal) -> HelmkitError:
    words = refusal.text.lower()
    if "read only" in words:
        message = f"{deed} failed: Harbor at {refusal.host} is in read-only mode"
        return ReadOnlyError(message, hint="An administrator must end it (Administration, Configuration).", status=403)
    if "quota" in words or "upper limit" in words:
        message = f"{deed} failed: the storage quota of project {deed.project!r} is used up: {refusal.text}"
        hint = "Raise the quota (`chartgen harbor ensure` with [harbor] quota), or delete old artifacts."
        return QuotaError(message, hint=hint, status=403)
    who = repr(refusal.account) if refusal.account else "the anonymous caller"
    message = f"{deed} failed: {who} may not do this on Harbor at {refusal.host}"
    project = f" in project {deed.project!r}, if that exists" if deed.project else ""
    need = f"It needs the right {deed.permission}{project}." if deed.permission else f"It needs more rights{project}."
    return NotAllowedError(message, hint=f"{need} `chartgen harbor doctor` shows what an account may do.", status=403)


def _missing(deed: Deed, refusal: Refusal) -> HelmkitError:
    message = _with_words(f"{deed} failed: Harbor at {refusal.host} has no such thing", refusal)
    return NotFoundError(message, hint="`chartgen browse` lists what there is.", status=404)


def _conflict(deed: Deed, refusal: Refusal) -> HelmkitError:
    return ConflictError(_with_words(f"{deed} failed: there is one already", refusal), status=409)


def _precondition(deed: Deed, refusal: Refusal) -> HelmkitError:
    if "immutable" in refusal.text:
        hint = "Published versions never change: publish a new one (chartgen bump)."
        message = _with_words(f"{deed} failed: an immutable rule of project {deed.project!r} forbids it", refusal)
        return ImmutableTagError(message, hint=hint, status=412)
    return HarborError(_with_words(f"{deed} failed: Harbor at {refusal.host} refuses it", refusal), status=412)


def _busy(deed: Deed, refusal: Refusal) -> HelmkitError:
    message = f"{deed} failed: {refusal.host} still answers 'too many requests'"
    return UnreachableError(message, hint="Wait a minute and run it again.")
