"""Helm's error texts as errors of ours: the one place where they are told apart.

Helm has no error codes; every text here was seen from helm 4.3 or 3.22 (tests/unit/test_helmkit_helm_failures.py).
The first rule that matches wins, so the special ones come first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from helmkit.errors import ForbiddenError, HelmkitError, TimedOutError, UnreachableError, UsageError
from helmkit.helm.errors import (
    FieldConflictError,
    HelmFailedError,
    ImmutableFieldError,
    OwnershipError,
    ReleaseBusyError,
    ReleaseNotFoundError,
    RenderError,
)

_LENGTH = 2000
"""Longest text taken from helm, in characters."""


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    kind: type[HelmkitError]
    hint: str


def _rule(pattern: str, kind: type[HelmkitError], hint: str) -> _Rule:
    return _Rule(re.compile(pattern, re.IGNORECASE), kind, hint)


_RULES = (
    _rule(
        r"context .* does not exist",
        UsageError,
        "Name one of `kubectl config get-contexts` with --kube-context.",
    ),
    _rule(
        r"asked for the client to provide credentials|\bUnauthorized\b",
        UnreachableError,
        "The cluster does not accept your credentials: log in again, then repeat the command.",
    ),
    _rule(
        r"cluster unreachable|connection refused|no such host|i/o timeout|TLS handshake timeout|connection reset"
        r"|network is unreachable|x509: |etcdserver: |unable to connect to the server",
        UnreachableError,
        "Check the kubeconfig and the way to the cluster: `kubectl cluster-info`.",
    ),
    _rule(
        r"another operation \(install/upgrade/rollback\) is in progress|release: already exists",
        ReleaseBusyError,
        "Wait for the other helm to end; if none runs, the release is stuck: `relman doctor`.",
    ),
    _rule(
        r"release: not found|has no deployed releases|release has no \d+ version|no revision for release",
        ReleaseNotFoundError,
        "See what there is: `helm list --all-namespaces`, `helm history RELEASE`.",
    ),
    _rule(
        r"cannot be imported into the current release|invalid ownership metadata|cannot re-use a name",
        OwnershipError,
        "Remove the object, or take it over: `relman adopt`.",
    ),
    _rule(
        r"field is immutable|updates to statefulset spec|spec is immutable after creation|may not change once set",
        ImmutableFieldError,
        "The object must be made anew: acknowledge the change in the release manifest, so that relman migrates it.",
    ),
    _rule(
        r"conflict occurred while applying|apply failed with \d+ conflict|the object has been modified",
        FieldConflictError,
        "Somebody else changed the object (`kubectl get --show-managed-fields`); upgrading with force takes it back.",
    ),
    _rule(
        r"is forbidden: User \"|is forbidden: user '",
        ForbiddenError,
        "Ask for the missing right, or use another --kube-context.",
    ),
    _rule(
        r"exceeded quota",
        HelmFailedError,
        "The namespace's quota is used up: `kubectl describe quota`.",
    ),
    _rule(
        r"violates PodSecurity",
        HelmFailedError,
        "The namespace enforces a Pod Security level that the pod does not meet.",
    ),
    _rule(
        r"namespaces \"[^\"]*\" not found",
        HelmFailedError,
        "Create the namespace first.",
    ),
    _rule(
        r"no matches for kind|unable to recognize|the server could not find the requested resource",
        HelmFailedError,
        "The cluster does not know this kind: install its CRD, or check the cluster's version.",
    ),
    _rule(
        r"(pre|post)-(install|upgrade|rollback|delete) hooks? failed|BackoffLimitExceeded",
        HelmFailedError,
        "A hook of the chart failed; look at the logs of its Job or Pod.",
    ),
    _rule(
        r"context deadline exceeded|timed out waiting",
        TimedOutError,
        "Look at the pods' events, or give it a longer --timeout.",
    ),
    _rule(
        r"meet the specifications of the schema|execution error at|parse error|template: |error converting YAML"
        r"|failed to create typed patch object|validation: chart",
        RenderError,
        "The chart or its values are wrong; build it again with `chartgen build` and check it.",
    ),
)

_LOG_LINE = re.compile(
    r"^((time=\S+ )?level=\w+ msg=|WARNING: Kubernetes configuration file is |[IWE]\d{4} \d\d:\d\d:\d\d\.\d+ ).*\n?"
    r"|^Release \".*\" does not exist\. Installing it now\.\n?",
    re.MULTILINE,
)
_PREFIX = re.compile(r"^(Error: )?((UPGRADE|INSTALLATION|ROLLBACK) FAILED: )?")
# A failed client-side patch quotes the whole object, and a Secret's data with it.
_OBJECT = re.compile(r'(Invalid value: )"\{.*?[^\\]"(?=: |,|$)', re.DOTALL)
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")
_BEARER = re.compile(r"(?i)(bearer )[-._~+/0-9a-z]+=*")


def clean_output(stderr: bytes) -> str:
    """Return what helm said, without its log lines, secrets, quoted objects and endless tails."""
    text = _LOG_LINE.sub("", stderr.decode(errors="replace")).strip()
    text = _PREFIX.sub("", text, count=1)
    text = _OBJECT.sub(r"\1(an object)", text)
    text = _BEARER.sub(r"\1***", _USERINFO.sub("***@", text))
    return text if len(text) <= _LENGTH else text[:_LENGTH] + " …"


def translate_failure(doing: str, stderr: bytes, returncode: int) -> HelmkitError:
    """Return the error that a failed helm stands for.

    Args:
        doing: What was being done and on what: `upgrading release gateway in namespace shop`.
        stderr: What helm wrote.
        returncode: Its exit code; negative for a signal.
    """
    said = clean_output(stderr)
    for rule in _RULES:
        if rule.pattern.search(said):
            return rule.kind(f"{doing} failed: {said}", hint=rule.hint)
    if returncode < 0:
        message = f"{doing} failed: helm was ended by signal {-returncode}" + (f": {said}" if said else "")
        return HelmFailedError(message, hint="Look at the release's state, then repeat the command.")
    message = f"{doing} failed: {said or f'helm ended with exit code {returncode} and said nothing'}"
    return HelmFailedError(message, hint="The message is helm's own; its release history may say more.")
