"""How kwok plays the kubelets: the stage files of stages/, with what they share filled in. Pure.

The files are kwok's own Stage objects with words between @ signs where the same text is needed many times: the rule
that reads a failure off an image's tag, and the shape of an event.

What can be asked for, by a tag or by the annotation `sandbox.relman.internal/fail` on the pod:

    tag word      annotation       what happens
    missing       image-missing    ErrImagePull, then ImagePullBackOff, with events
    crash         crash-loop       CrashLoopBackOff; a pod that must not restart fails
    slow          slow-start       ready 15 s after the pod's start
    never-ready   never-ready      runs, and is never ready

A tag means it if the word stands alone in it or is set off by `.`, `_` or `-`: `app:missing`, `app:1.4.2-crash`.
"""

from __future__ import annotations

from pathlib import Path

FAIL_ANNOTATION = "sandbox.relman.internal/fail"
TAG_WORDS = ("missing", "crash", "slow", "never-ready")

_FILES = Path(__file__).with_name("stages")
_ALL_WORDS = "|".join(TAG_WORDS)

_READY = """\
{{ $now := Now }}
conditions:
- {type: Ready, status: "True", reason: null, message: null, lastTransitionTime: {{ $now | Quote }}}
- {type: ContainersReady, status: "True", reason: null, message: null, lastTransitionTime: {{ $now | Quote }}}
containerStatuses:
{{ range .status.containerStatuses }}
- {{ set (set . "ready" true) "started" true | toJson }}
{{ end }}"""

_EVENT = """\
apiVersion: v1
kind: Event
metadata:
  name: {{ .metadata.name }}.{{ $reason | lower }}
  namespace: {{ .metadata.namespace | Quote }}
involvedObject:
  apiVersion: v1
  kind: Pod
  name: {{ .metadata.name | Quote }}
  namespace: {{ .metadata.namespace | Quote }}
  uid: {{ .metadata.uid | Quote }}
type: Warning
reason: {{ $reason }}
message: {{ $message | Quote }}
count: 1
firstTimestamp: {{ now | date "2006-01-02T15:04:05Z07:00" | Quote }}
lastTimestamp: {{ now | date "2006-01-02T15:04:05Z07:00" | Quote }}
source: {component: kubelet, host: {{ .spec.nodeName | Quote }}}"""

_FAULTS = f'(.metadata.annotations["{FAIL_ANNOTATION}"] // empty), (.spec.containers[].image | capture("{{TAG}}").word)'
_CRASHING = (
    f'(.metadata.annotations["{FAIL_ANNOTATION}"] == "crash-loop") as $all | '
    '((.status.containerStatuses[]? | select($all or (.image | test("{TAG}")))), '
    '(.status.initContainerStatuses[]? | select(.image | test("{TAG}")))) | '
    "select(.state.running) | .name"
)


def tag_pattern(words: str) -> str:
    """Return the regular expression of images whose tag holds one of the words (Go's syntax, which Python shares).

    Args:
        words: One word, or several with `|` between them.
    """
    return f":([^/:@]*[._-])?(?P<word>{words})([._-][^/:@]*)?(@[^/]*)?$"


def render_stages() -> str:
    """Return the kwok configuration: all stages, as one stream of YAML documents."""
    return "\n---\n".join(_fill_in(file.read_text()) for file in sorted(_FILES.glob("*.yaml")))


def _fill_in(text: str) -> str:
    shared = {
        "@FAULTS@": _FAULTS.replace("{TAG}", tag_pattern(_ALL_WORDS)),
        "@CRASHING@": _CRASHING.replace("{TAG}", tag_pattern("crash")),
        "@ANNOTATION@": FAIL_ANNOTATION,
        "@TAG:missing@": tag_pattern("missing"),
        "@TAG:crash@": tag_pattern("crash"),
        "@READY@": _indent(_READY),
        "@EVENT@": _indent(_EVENT),
    }
    for word, replacement in shared.items():
        text = text.replace(word, replacement)
    return text


def _indent(block: str) -> str:
    # Where the words stand, in block scalars of the stage files.
    return block.replace("\n", "\n" + " " * 8)
