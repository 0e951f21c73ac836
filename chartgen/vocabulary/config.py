"""Configuration files that travel in the chart: a ConfigMap made of a file or a directory beside the manifest."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from chartgen.vocabulary.scalars import AbsolutePath, Entry, ObjectName, Text


def _check_inside(text: str) -> str:
    parts = text.split("/")
    if text.startswith("/") or "\\" in text or "\0" in text or ".." in parts:
        msg = f"{text!r} does not stay inside the release manifest's folder"
        raise ValueError(msg)
    if any(part in ("", ".") for part in parts):
        msg = f"{text!r} is not a plain path; write it like config/prometheus"
        raise ValueError(msg)
    return text


RelativePath = Annotated[Text, AfterValidator(_check_inside)]


class ConfigFiles(Entry):
    """Files that the pods see, as they stand beside the release manifest; nothing in them is a template.

    The pods restart when a file changes, and only then: a digest of the files is an annotation of theirs. A layer may
    name another directory. Files whose name begins with a dot are left out; a directory inside the directory needs a
    `config` of its own. One `config` holds 1 MiB at most. Secrets in files are refused like those in `env` (T152).
    """

    from_: Annotated[RelativePath, Field(alias="from")]
    """A directory or a file, from the folder of `releases.toml`: `config/prometheus`."""
    mount: AbsolutePath | None = None
    """Of a directory: where its files appear; nothing else is there. Of a file: the path of the file itself.
    Default: nowhere, only in containers that name it in `mounts`."""
    name: ObjectName | None = None
    """Name of the ConfigMap. Default: the service's name, a hyphen and the key."""
    executable: bool = False
    """They are scripts: mode 0755 instead of 0644."""
