"""Records: they survive the trip, fit into a ConfigMap, and say in labels what a listing needs."""

from __future__ import annotations

import gzip
import random
import string

import msgspec
import pytest

from helmkit.errors import HelmkitError
from relman.core.history import prunable
from relman.core.record import (
    SCHEMA,
    CauseRecord,
    Content,
    Hold,
    ObjectMark,
    RecordRef,
    ReleaseState,
    ServiceRecord,
    SetRecord,
    Who,
)
from relman.core.record_codec import (
    SIZE_LIMIT,
    decode_record,
    encode_record,
    label_value,
    record_labels,
    summary_annotations,
)


def content(tag: str = "1") -> Content:
    return Content("gateway", "1.4.0", f"sha256:{tag}", "sha256:v", "1.4.0", app_version=tag, images=(f"x:{tag}",))


def record(**changes: object) -> SetRecord:
    marks = {"apps/v1/Deployment/gateway": ObjectMark("u", 3, ("kubectl@2026",))}
    state = ReleaseState("uid-2", 2, content(), good=True, objects=marks)
    service = ServiceRecord(
        release="gateway", action="upgrade", reason="version 1 -> 2", outcome="upgraded", before=state, now=state,
        wanted=content("2"), causes=(CauseRecord("crash", "it crashed", "log", ("Pod/x",), "look"),), time_limit=90,
    )  # fmt: skip
    base = SetRecord(
        schema=SCHEMA, platform="shop", namespace="ns", number=7, run="abc", action="upgrade", version="1.4.1+build",
        environment="prod", services={"gateway": service}, who=Who("system:admin", "anna@laptop", "https://ci/7", 42),
        holds=(Hold("gateway", content("3"), "2026", "anna", "slow"),), coordinator=RecordRef("home", "x"),
        why="faster",
    )  # fmt: skip
    return msgspec.structs.replace(base, **changes)


def test_a_record_comes_back_as_it_was() -> None:
    assert decode_record(encode_record(record()), "here") == record()


def test_equal_records_are_equal_bytes() -> None:
    assert encode_record(record()) == encode_record(record())


def test_fields_of_a_newer_minor_schema_are_ignored() -> None:
    data = msgspec.json.decode(gzip.decompress(encode_record(record())))
    packed = gzip.compress(msgspec.json.encode({**data, "schema": "1.7", "new": [1]}))
    assert decode_record(packed, "here").number == 7


def test_a_newer_major_schema_is_refused_with_what_to_do() -> None:
    packed = gzip.compress(b'{"schema": "2.0"}')
    with pytest.raises(HelmkitError, match="newer relman") as caught:
        decode_record(packed, "the record x")
    assert caught.value.hint


@pytest.mark.parametrize(
    "packed",
    [b"", b"nonsense", gzip.compress(b"{}"), gzip.compress(b'{"schema":"1.0"}')],
    ids=["empty", "nonsense", "no schema", "schema alone"],
)
def test_a_damaged_record_is_named(packed: bytes) -> None:
    with pytest.raises(HelmkitError, match="the record x is not a readable record"):
        decode_record(packed, "the record x")


def test_long_causes_are_shortened_until_the_record_fits() -> None:
    noise = random.Random(7)  # noqa: S311 - reproducible noise that gzip cannot shrink
    text = "".join(noise.choices(string.printable, k=2_000_000))
    service = msgspec.structs.replace(record().services["gateway"], causes=(CauseRecord("crash", "it crashed", text),))
    packed = encode_record(record(services={"gateway": service}))
    assert len(packed) <= SIZE_LIMIT
    cause = decode_record(packed, "here").services["gateway"].causes[0]
    assert cause.summary == "it crashed"
    assert cause.detail.endswith("…")


def test_a_set_of_five_hundred_services_fits() -> None:
    services = {f"service-{i:03d}": record().services["gateway"] for i in range(500)}
    assert len(encode_record(record(services=services))) < SIZE_LIMIT


def test_labels_carry_what_a_listing_selects_by_and_are_valid() -> None:
    labels = record_labels(record(outcome="done"))
    assert labels["relman.internal/version"] == "1.4.1_build"
    assert labels["relman.internal/number"] == "7"
    assert labels["relman.internal/good"] == "true"
    assert summary_annotations(record())["relman.internal/why"] == "faster"


@pytest.mark.parametrize(
    ("text", "label"), [("1.0+x", "1.0_x"), ("", ""), ("-a-", "a"), ("x" * 99, "x" * 63), ("é", "")]
)
def test_any_text_becomes_a_label_value(text: str, label: str) -> None:
    assert label_value(text) == label


def test_records_say_whether_they_were_good() -> None:
    assert record(outcome="done").finished_well
    assert not record(outcome="restored").finished_well
    bad = msgspec.structs.replace(record().services["gateway"], now=ReleaseState("u", 1))
    assert not record(outcome="done", services={"gateway": bad}).good


def _history(*good: bool) -> list[SetRecord]:
    """Return records newest first, the last argument being the oldest."""
    count = len(good)
    return [record(number=count - i, outcome="done" if one else "failed") for i, one in enumerate(good)]


def test_pruning_keeps_the_newest_records() -> None:
    assert prunable(_history(*[True] * 8), keep=5) == [3, 2, 1]


def test_pruning_never_takes_what_a_rollback_could_need() -> None:
    assert prunable(_history(*[False] * 6, True, False, True, False), keep=3) == [1]


def test_without_two_good_ones_pruning_keeps_as_many_as_it_knows() -> None:
    assert prunable(_history(False, False, False, True), keep=1) == []
