"""Secrets in clear text (T152): by a variable's name, in URLs, behind options, logins of curl and docker, private keys.

Found are texts of env, command, args and exec probes. Not meant, and let through:

- references: `$(NAME)`, which takes from another variable, and `${…}`, which Spring resolves itself;
- what is encrypted: `{cipher}…` and `ENC(…)`;
- names that speak of a secret but hold none: TOKEN_URI, PASSWORD_FILE, SECRET_NAME, TOKEN_TTL and the like, and
  plurals (MAX_TOKENS);
- switches, `true`, `no`, `1`: ALLOW_EMPTY_PASSWORD.

A message never repeats what it found.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from chartgen.manifest.checked import Checked
from chartgen.manifest.findings import Finding
from chartgen.manifest.keypath import KeyPath
from chartgen.vocabulary.env import EndpointReference, PeersReference
from chartgen.vocabulary.probes import Probe, Probes
from chartgen.vocabulary.workload import Workload

_WORDS = r"PASSWORD|PASSWD|PASSPHRASE|API_?KEY|CREDENTIALS?|PRIVATE_?KEY|ACCESS_?KEY|ENCRYPT_?KEY"
_SECRET_NAME = re.compile(rf"{_WORDS}|(?:SECRET|TOKEN)(?:_|$)|(?:^|_)PASS$|_PWD$")
_HARMLESS_NAME = re.compile(
    r"_(?:UR[IL]S?|FILES?|PATHS?|DIR|NAMES?|ID|TTL|EXPIR\w*|VALIDITY|TIMEOUT|AGE|SECONDS|MINUTES|HOURS|DAYS|LENGTH|SIZE"
    r"|TYPE|HEADER|PREFIX|ISSUER|ENABLED|DISABLED|ENDPOINT|HOST|PORT|ALGORITHM|POLICY|STORE|PROVIDER|REQUIRED|REALM)$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_REFERENCE = r"(?:\$\([^)]+\)|\$\{[^}]+\}|\{cipher\}|ENC\()"
_IS_REFERENCE = re.compile(r"(?:(?:\$\([^)]+\)|\$\{[^}]+\})+|\{cipher\}.*|ENC\(.*\))", re.DOTALL)
_SWITCHES = {"", "true", "false", "yes", "no", "0", "1"}
_URL = re.compile(rf"://[^\s/?#@:\"']*:(?!{_REFERENCE})[^\s/?#@\"']+@")
_OPTION = re.compile(
    r"(?i)(?:password|passwd|passphrase|(?<![a-z])secret|(?<![a-z])token|api[-_.]?key|access[-_.]?key|private[-_.]?key)"
    rf"(?:=|[\"']\s*:\s*)[\"']?(?!{_REFERENCE})(?!(?:true|false|yes|no)\b)[^\s&;,\"'$]"
)
_SWITCH = re.compile(
    rf"(?i)(?:^|\s)--?[\w.-]*(?:password|passwd|requirepass|masterauth)\s+(?!{_REFERENCE}|-)[\"']?[^\s\"'$-]"
)
_LOGIN = re.compile(
    rf"\bcurl\s(?:.*\s)?(?:-u|--user)[\s=]*[\"']?(?!{_REFERENCE})[^\s:\"'$/]+:(?!{_REFERENCE})[^\s\"'$]", re.DOTALL
)
_STORED_LOGIN = re.compile(
    r"""["']auth["']\s*:\s*["'][A-Za-z0-9+/]{7,}={1,2}["']|["']auth["']:\s*["'][A-Za-z0-9+/]{16,}["']"""
)
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def check(service: Checked) -> Iterator[Finding]:
    """Find secrets that stand in the release manifest instead of in a Secret."""
    for path, env in service.env_tables:
        for name, value in env.items():
            if isinstance(value, str):
                texts: list[tuple[KeyPath, str]] = [((*path, name), value)]
                if is_secret(name, value):
                    hint = f'take it from a Secret: {name} = {{ secret = "…", key = "…" }}'
                    yield service.finding((*path, name), "looks like a secret in clear text", hint)
                    continue
            elif isinstance(value, PeersReference | EndpointReference):
                texts = [((*path, name, "format"), value.format)]
            else:
                continue
            yield from _in_texts(service, texts)
    if isinstance(service.model, Workload):
        for path, words in _commands(service.model):
            yield from _in_texts(service, [((*path, number), word) for number, word in enumerate(words)])
            yield from _in_words(service, path, words)


def is_secret(name: str, text: str) -> bool:
    """Tell whether a variable called `name` holds a secret in clear text."""
    words = _CAMEL.sub("_", name).upper().replace("-", "_").replace(".", "_")
    if not _SECRET_NAME.search(words) or _HARMLESS_NAME.search(words):
        return False
    if "CREDENTIAL" in words and text.startswith(("/", "file:", "classpath:")):
        return False
    return text.lower() not in _SWITCHES and not _IS_REFERENCE.fullmatch(text)


def find_secret(text: str) -> str | None:
    """Return what kind of secret stands in clear text somewhere in `text`, or None."""
    if _URL.search(text):
        return "a password stands in a URL in clear text"
    if _OPTION.search(text) or _SWITCH.search(text):
        return "a secret stands behind an option in clear text"
    if _LOGIN.search(text) or _STORED_LOGIN.search(text):
        return "a user's password stands here in clear text"
    return "a private key stands here in clear text" if _PEM.search(text) else None


def _in_texts(service: Checked, texts: list[tuple[KeyPath, str]]) -> Iterator[Finding]:
    for path, text in texts:
        found = find_secret(text)
        if found:
            hint = 'say env.NAME = { secret = "…", key = "…" } and write $(NAME) here'
            yield service.finding(path, found, hint)


def _in_words(service: Checked, path: KeyPath, words: list[str]) -> Iterator[Finding]:
    """An option and its value as two words of a command."""
    hint = 'say env.NAME = { secret = "…", key = "…" } and write $(NAME) here'
    line = " ".join(words)
    if _LOGIN.search(line) and not any(_LOGIN.search(word) for word in words):
        yield service.finding(path, "a user's password stands here in clear text", hint)
    for number, (option, value) in enumerate(itertools.pairwise(words)):
        if " " not in option and _SWITCH.search(f"{option} {value}") and not find_secret(value):
            yield service.finding((*path, number + 1), "a secret stands behind an option in clear text", hint)


def _commands(model: Workload) -> Iterator[tuple[KeyPath, list[str]]]:
    yield ("command",), model.command or []
    yield ("args",), model.args or []
    for name, container in model.init_containers.items():
        yield ("init_containers", name, "command"), container.command
        yield ("init_containers", name, "args"), container.args
    for name, sidecar in model.sidecars.items():
        yield ("sidecars", name, "command"), sidecar.command
        yield ("sidecars", name, "args"), sidecar.args
        yield from _probe_commands(("sidecars", name, "probes"), sidecar.probes)
    yield ("deregister",), model.deregister or []
    yield ("jvm", "options"), model.jvm.options if model.jvm else []
    yield from _probe_commands(("probes",), getattr(model, "probes", None))


def _probe_commands(path: KeyPath, probes: object) -> Iterator[tuple[KeyPath, list[str]]]:
    if isinstance(probes, Probes):
        yield (*path, "exec"), probes.exec or []
        for kind in ("startup", "liveness", "readiness"):
            probe = getattr(probes, kind)
            if isinstance(probe, Probe):
                yield (*path, kind, "exec"), probe.exec or []
