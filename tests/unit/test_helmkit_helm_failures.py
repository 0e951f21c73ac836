"""Helm's texts, as helm 4.3.1 and 3.22.0 wrote them against a real API server, become errors of ours."""

from __future__ import annotations

import pytest

from helmkit.errors import ForbiddenError, HelmkitError, TimedOutError, UnreachableError, UsageError
from helmkit.helm import (
    FieldConflictError,
    HelmFailedError,
    ImmutableFieldError,
    OwnershipError,
    ReleaseBusyError,
    ReleaseNotFoundError,
    RenderError,
)
from helmkit.helm.failures import clean_output, translate_failure

TEXTS: list[tuple[str, type[HelmkitError]]] = [
    ("Error: release: not found", ReleaseNotFoundError),
    ("Error: release has no 99 version", ReleaseNotFoundError),
    ("Error: uninstall: Release not loaded: nosuch: release: not found", ReleaseNotFoundError),
    ('Error: UPGRADE FAILED: "nosuch" has no deployed releases', ReleaseNotFoundError),
    ("Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress", ReleaseBusyError),
    ("Error: UPGRADE FAILED: release: already exists", ReleaseBusyError),
    (
        'Error: unable to continue with install: ConfigMap "a" in namespace "default" exists and cannot be imported'
        " into the current release: invalid ownership metadata; annotation validation error",
        OwnershipError,
    ),
    (
        "Error: UPGRADE FAILED: server-side apply failed for object default/a apps/v1, Kind=Deployment: Deployment.apps"
        ' "a" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"zz"}}: field is immutable',
        ImmutableFieldError,
    ),
    (
        'Error: UPGRADE FAILED: cannot patch "a" with kind StatefulSet: StatefulSet.apps "a" is invalid: spec:'
        " Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals' are forbidden",
        ImmutableFieldError,
    ),
    (
        "Error: UPGRADE FAILED: conflict occurred while applying object default/s4 apps/v1, Kind=Deployment: Apply"
        ' failed with 1 conflict: conflict with "kubectl-set" using apps/v1: .spec.template.spec.containers[name="c"]',
        FieldConflictError,
    ),
    (
        "Error: resource Deployment/default/a not ready. status: InProgress, message: Available: 0/1\n"
        "context deadline exceeded",
        TimedOutError,
    ),
    ("Error: context deadline exceeded", TimedOutError),
    (
        'Error: query: failed to query with labels: secrets is forbidden: User "reader" cannot list resource "secrets"'
        ' in API group "" in the namespace "default"',
        ForbiddenError,
    ),
    ('Error: kubernetes cluster unreachable: context "nope" does not exist', UsageError),
    (
        'Error: kubernetes cluster unreachable: Get "https://127.0.0.1:1/version": dial tcp 127.0.0.1:1: connect:'
        " connection refused",
        UnreachableError,
    ),
    (
        "Error: Kubernetes cluster unreachable: the server has asked for the client to provide credentials",
        UnreachableError,
    ),
    ('Error: create: failed to create: namespaces "nonexist" not found', HelmFailedError),
    (
        'Error: unable to build kubernetes objects from release manifest: resource mapping not found for name: "zz"'
        ' namespace: "" from "": no matches for kind "Bogus" in version "foo/v1"\nensure CRDs are installed first',
        HelmFailedError,
    ),
    ("Error: execution error at (c/templates/a.yaml:1:6): no", RenderError),
    ("Error: parse error at (c/templates/a.yaml:2): unclosed action started at c/templates/a.yaml:1", RenderError),
    (
        "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nc:\n"
        "- at '/a': got string, want integer",
        RenderError,
    ),
    ("Error: something entirely new", HelmFailedError),
]


@pytest.mark.parametrize(("text", "kind"), TEXTS)
def test_every_text_has_its_error_and_a_way_out(text: str, kind: type[HelmkitError]) -> None:
    error = translate_failure("upgrading release a in namespace shop", text.encode(), 1)
    assert type(error) is kind
    assert error.message.startswith("upgrading release a in namespace shop failed: ")
    assert error.hint
    assert "Error:" not in error.message


def test_log_lines_are_left_out() -> None:
    text = (
        b"WARNING: Kubernetes configuration file is group-readable. This is insecure. Location: /x\n"
        b"W1121 12:00:01.000123   42 warnings.go:70] spec.x: deprecated\n"
        b'level=WARN msg="upgrade failed" name=a error="long"\n'
        b'Release "a" does not exist. Installing it now.\n'
        b"Error: UPGRADE FAILED: the cause\nin two lines\n"
    )
    assert clean_output(text) == "the cause\nin two lines"


def test_secrets_do_not_get_through() -> None:
    patch = (
        'Error: UPGRADE FAILED: cannot patch "a" with kind Secret:  "" is invalid: patch: Invalid value:'
        ' "{\\"apiVersion\\":\\"v1\\",\\"data\\":{\\"password\\":\\"aHVudGVyMg==\\"}}": json: cannot unmarshal'
    )
    cleaned = clean_output(patch.encode())
    assert "aHVudGVyMg" not in cleaned
    assert "json: cannot unmarshal" in cleaned
    cleaned = clean_output(b"Error: Get https://joe:hunter2@example.org/x: Authorization: Bearer abc.def-g refused")
    assert "hunter2" not in cleaned
    assert "abc.def" not in cleaned
    assert "https://***@example.org/x" in cleaned


def test_endless_texts_are_cut() -> None:
    assert len(clean_output(b"x" * 100_000)) < 2100


def test_silence_and_signals_are_told() -> None:
    assert "exit code 7" in translate_failure("doing it", b"", 7).message
    assert "signal 9" in translate_failure("doing it", b"", -9).message
