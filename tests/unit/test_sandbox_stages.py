"""The kwok stages as text: complete, and asking for failures only where meant."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from sandbox.objects import PROVISIONER, initial_objects
from sandbox.stages import TAG_WORDS, render_stages, tag_pattern


def stages() -> dict[str, Any]:
    return {stage["metadata"]["name"]: stage["spec"] for stage in yaml.safe_load_all(render_stages())}


def test_stages_are_complete_yaml() -> None:
    assert {"pod-start", "pod-ready", "pod-crash", "claim-provision", "node-ready"} <= set(stages())
    assert not re.search(r"@[A-Z:a-z]+@", render_stages()), "a shared word was not filled in"


def test_every_stage_that_changes_a_pod_leaves_terminating_ones_alone() -> None:
    for name, spec in stages().items():
        if spec["resourceRef"]["kind"] == "Pod":
            (rule,) = [e["jq"] for e in spec["selector"]["matchExpressions"] if "deletionTimestamp" in e["jq"]["key"]]
            assert rule["operator"] == ("Exists" if name == "pod-delete" else "DoesNotExist"), name


def test_provisioner_is_the_one_of_the_storage_classes() -> None:
    assert PROVISIONER in str(stages()["claim-provision"])
    classes = [body for _, body in initial_objects("v1.0.0") if body["kind"] == "StorageClass"]
    assert {body["provisioner"] for body in classes} == {PROVISIONER}


@pytest.mark.parametrize("word", TAG_WORDS)
@pytest.mark.parametrize(
    ("image", "meant"),
    [
        ("app:{}", True),
        ("host:5000/team/app:{}", True),
        ("app:1.4.2-{}", True),
        ("app:{}.2", True),
        ("app:v1_{}-rc@sha256:00", True),
        ("{}:1", False),
        ("team/{}/app:1", False),
        ("host:5000/{}", False),
        ("app:un{}", False),
        ("app:{}s", False),
    ],
)
def test_only_a_whole_word_of_the_tag_asks_for_a_failure(word: str, image: str, meant: bool) -> None:
    assert bool(re.search(tag_pattern("|".join(TAG_WORDS)), image.format(word))) is meant
