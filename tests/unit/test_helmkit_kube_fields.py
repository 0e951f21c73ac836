"""Managed fields as real API servers write them: united, cut out, taken over."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from helmkit.kube.fields import extract_fields, merge_fields, owned_fields, take_over

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"app": "web"}, "annotations": {"deployment.kubernetes.io/revision": "2"}},
    "spec": {
        "replicas": 3,
        "progressDeadlineSeconds": 600,
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "main",
                        "image": "app:1",
                        "env": [
                            {"name": "OLD", "value": "1"},
                            {"name": "NEW", "value": "2"},
                            {"name": "X", "value": ""},
                        ],
                        "ports": [{"containerPort": 80, "protocol": "TCP"}],
                        "resources": {},
                    }
                ]
            }
        },
    },
    "status": {"readyReplicas": 3},
}


def entry(manager: str, operation: str, fields: dict[str, Any], **more: str) -> dict[str, Any]:
    found = {"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsType": "FieldsV1"}
    return {**found, "fieldsV1": fields, **more}


def container(**fields: Any) -> dict[str, Any]:
    return {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"main"}': fields}}}}}


def live(*entries: dict[str, Any]) -> dict[str, Any]:
    item = copy.deepcopy(DEPLOYMENT)
    item["metadata"]["managedFields"] = list(entries)
    return item


SCALE = entry("kubectl", "Update", {"f:spec": {"f:replicas": {}}}, subresource="scale")
APPLIED = entry(
    "kubectl-client-side-apply",
    "Update",
    merge_fields(
        {"f:metadata": {"f:labels": {".": {}, "f:app": {}}}},
        container(
            **{
                ".": {},
                "f:name": {},
                "f:image": {},
                "f:resources": {},
                "f:env": {".": {}, 'k:{"name":"OLD"}': {".": {}, "f:name": {}, "f:value": {}}},
                "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
            }
        ),
    ),
    time="2026-01-01T00:00:00Z",
)
SET = entry(
    "kubectl-set",
    "Update",
    container(**{"f:env": {'k:{"name":"NEW"}': {".": {}, "f:value": {}}}}),
    time="2026-01-02T00:00:00Z",
)
STATUS = entry("kube-controller-manager", "Update", {"f:status": {"f:readyReplicas": {}}}, subresource="status")


def people(manager: str, subresource: str) -> bool:
    return subresource != "status" and manager != "kube-controller-manager"


def test_what_people_set_is_cut_out_and_nothing_else() -> None:
    item = live(SCALE, APPLIED, SET, STATUS)
    found = extract_fields(item, owned_fields(item, people))
    assert found == {
        "metadata": {"labels": {"app": "web"}},
        "spec": {
            "replicas": 3,
            "template": {
                "spec": {
                    "containers": [
                        {
                            "name": "main",
                            "image": "app:1",
                            "env": [{"name": "OLD", "value": "1"}, {"name": "NEW", "value": "2"}],
                            "ports": [{"containerPort": 80, "protocol": "TCP"}],
                            "resources": {},
                        }
                    ]
                }
            },
        },
    }


def test_all_of_it_becomes_one_appliers_and_the_controllers_keep_theirs() -> None:
    item = live(SCALE, APPLIED, SET, STATUS)
    own, *rest = take_over(item, "helm", people)
    assert rest == [STATUS]
    assert (own["manager"], own["operation"], own["time"]) == ("helm", "Apply", "2026-01-02T00:00:00Z")
    assert own["fieldsV1"] == owned_fields(item, people)
    again = live(own, STATUS)
    assert take_over(again, "helm", people) == [own, STATUS]


def test_what_helm_3_owned_by_update_becomes_an_appliers_too() -> None:
    (own,) = take_over(live(entry("helm", "Update", {"f:spec": {"f:replicas": {}}})), "helm", lambda *_: False)
    assert (own["operation"], own["fieldsV1"]) == ("Apply", {"f:spec": {"f:replicas": {}}})


def test_fields_the_object_no_longer_has_own_nothing() -> None:
    gone = entry(
        "old", "Update", {"f:spec": {"f:strategy": {"f:type": {}}}} | {"f:metadata": {"f:labels": {"f:app": {}}}}
    )
    (own,) = take_over(live(gone), "helm", people)
    assert own["fieldsV1"] == {"f:metadata": {"f:labels": {"f:app": {}}}}


def test_an_object_without_managers_stays_as_it_is() -> None:
    assert take_over(live(), "helm", people) == []
    assert take_over(live(STATUS), "helm", people) == [STATUS]


def test_sets_and_places_are_entries_too() -> None:
    item = {"finalizers": ["a", "b"], "list": [1, 2, 3]}
    fields: dict[str, Any] = {"f:finalizers": {".": {}, 'v:"b"': {}}, "f:list": {"i:0": {}, "i:2": {}}}
    assert extract_fields(item, fields) == {"finalizers": ["b"], "list": [1, 3]}


def test_who_owns_all_of_a_map_owns_it_also_beside_who_owns_a_part() -> None:
    assert merge_fields({"f:a": {}}, {"f:a": {"f:b": {}}}) == {"f:a": {}}
    assert merge_fields({"f:a": {"f:b": {}}}, {"f:a": {}}) == {"f:a": {}}
    assert merge_fields({"f:a": {".": {}}}, {"f:a": {".": {}, "f:b": {}}}) == {"f:a": {".": {}, "f:b": {}}}


names = st.sampled_from(["a", "b", "c"])
keys = names.map("f:".__add__)
leaves = st.integers() | st.text(max_size=3)
values = st.recursive(leaves, lambda below: st.dictionaries(names, below, min_size=1), max_leaves=8)
inner: st.SearchStrategy[dict[str, Any]] = st.deferred(lambda: st.just({}) | st.dictionaries(keys, inner, max_size=2))
tries = st.dictionaries(keys, inner, min_size=1)
"""At the top an empty trie is nobody's, not everything."""


@given(st.dictionaries(names, values), tries, tries)
def test_the_union_cuts_out_what_each_cuts_out(
    value: dict[str, Any], one: dict[str, Any], other: dict[str, Any]
) -> None:
    whole = extract_fields(value, merge_fields(one, other))
    for fields in (one, other):
        assert _within(extract_fields(value, fields), whole)


def _within(part: Any, whole: Any) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and _within(below, whole[key]) for key, below in part.items())
    return bool(part == whole)
