"""The bill of materials: what is written is read, older and newer ones as promised."""

from __future__ import annotations

import json
from typing import Any

import pytest

from helmkit.bom import (
    SCHEMA,
    BillOfMaterials,
    EnvironmentEntry,
    FieldChange,
    Migration,
    NamespaceEntry,
    ServiceEntry,
    parse_bom,
    render_bom,
)
from helmkit.errors import HelmkitError

MIGRATION = Migration(
    id="1.5.0 StatefulSet/zk",
    kind="claim-growth",
    object="StatefulSet/zk",
    changes=(FieldChange("spec.volumeClaimTemplates", "data 2Gi", "data 4Gi"),),
    from_version="1.5.0",
)
SERVICE = ServiceEntry(
    release="gateway",
    namespace="shop",
    archetype="spring-service",
    chart="gateway",
    version="1.4.2",
    content_digest="sha256:a",
    values_digest="sha256:b",
    images=("h:5000/gateway:1",),
    depends_on=("nacos",),
    startup_budget=300,
    migrations=(MIGRATION,),
)
BOM = BillOfMaterials(
    schema=SCHEMA,
    platform="shop",
    version="1.4.2",
    environments={
        "prod": EnvironmentEntry(
            services={"gateway": SERVICE},
            namespaces={"shop": NamespaceEntry(labels={"a": "ü"}, gate="call the bank")},
            cluster="5f0c",
            protected=True,
        )
    },
)


def changed(**fields: Any) -> bytes:
    return json.dumps({**json.loads(render_bom(BOM)), **fields}).encode()


def test_what_is_written_is_read() -> None:
    assert parse_bom(render_bom(BOM), "bom.json") == BOM
    assert render_bom(BOM) == render_bom(parse_bom(render_bom(BOM), "bom.json"))
    assert render_bom(BOM).endswith(b"}\n")


def test_the_text_is_sorted_and_says_only_what_differs_from_the_defaults() -> None:
    data = json.loads(render_bom(BOM))
    assert list(data) == sorted(data)
    assert "default_environment" not in data
    assert "irreversible" not in render_bom(BOM).decode()


def test_a_newer_minor_is_read_and_a_newer_major_refused() -> None:
    assert parse_bom(changed(schema="1.7", invented={"x": 1}), "bom.json").platform == "shop"
    with pytest.raises(HelmkitError, match=r"schema 2\.0") as caught:
        parse_bom(changed(schema="2.0", environments=None), "bom.json")
    assert "newer" in str(caught.value.hint)


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"schema": "x"}', changed(environments=[]), changed(schema=1)])
def test_what_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(HelmkitError, match="the-file") as caught:
        parse_bom(text, "the-file")
    assert caught.value.hint
