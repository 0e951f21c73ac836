"""The Java virtual machine: how much of the memory limit its heap gets, and other options."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chartgen.vocabulary.scalars import Entry, Text

Percentage = Annotated[str, Field(pattern=r"^([1-9][0-9]?|100)%$")]


class Jvm(Entry):
    """Options of the JVM, handed over as JAVA_TOOL_OPTIONS, which every JVM reads whatever starts it (T053, T098).

    A JAVA_TOOL_OPTIONS that the service states itself stands behind these options, and so wins: it may be a text or a
    reference. One that comes whole from `env_from` is not seen and would be lost.
    """

    heap: Percentage | Literal[False] = "75%"
    """Share of the memory limit; the rest is for threads, classes and buffers. `false` leaves it to the JVM, which
    takes a quarter."""
    heap_option: Literal["MaxRAMPercentage", "Xmx"] = "MaxRAMPercentage"
    """`Xmx` is for Java 8 before 8u191, which does not know the container's limit: a size is computed."""
    options: list[Text] = []
    """More options, one each: `-XX:+ExitOnOutOfMemoryError`, `-Dkey=value`. An option with a space must be in
    single or double quotes, as the JVM wants it."""
