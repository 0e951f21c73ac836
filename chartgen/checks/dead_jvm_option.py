"""Options that newer JVMs ignore or do not start with (T097)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject
from chartgen.checks.reading.hosts import env_texts

_DEAD = re.compile(
    r"-XX:(?:Max)?PermSize=\S*|-XX:[+-](?:UseCGroupMemoryLimitForHeap|AggressiveOpts|CMSPermGenSweepingEnabled)"
)


def check(subject: Subject) -> Iterator[Hit]:
    """Find such options in variables, command and arguments."""
    model = subject.service.model
    texts = [((("env", name)), text) for name, text in env_texts(subject)]
    for part in ("command", "args"):
        texts += [((part, str(number)), word) for number, word in enumerate(getattr(model, part, None) or [])]
    for path, text in texts:
        for option in _DEAD.findall(text):
            yield Hit(f"{path[0]}.{path[1]} says {option}", (path[0],) if path[0] != "env" else path)


RULE = Rule(
    "dead-jvm-option",
    "warning",
    "The permanent generation is gone since Java 8: the option is ignored with a warning there, and from Java 17 "
    "on the JVM does not start (T097). The others went with Java 11 to 13.",
    "Take the option away; -XX:MaxMetaspaceSize bounds what replaced the permanent generation.",
    check,
)
