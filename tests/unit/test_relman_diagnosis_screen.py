"""The one screen that says why: grouping, order, text and its JSON twin."""

from __future__ import annotations

import json

from relman.core.diagnosis import (
    KINDS,
    Cause,
    ServiceReport,
    diagnosis_json,
    group_causes,
    headline,
    render_diagnosis,
    root_first,
)

SECRET = Cause(
    "missing-secret",
    "Secret db-creds does not exist",
    'secret "db-creds" not found',
    ("Pod/gateway-1",),
    "Create it (what is there: kubectl -n shop get secrets); pods pick it up by themselves.",
)
DEADLINE = Cause("deadline", "not ready within 90 s")


def crash(log: str, pod: str = "Pod/web-1") -> Cause:
    return Cause("crash", "container app exits with code 1", f"exit code 1, 3 restarts\n{log}", (pod,), "kubectl logs")


def test_root_first_orders_by_what_explains_what() -> None:
    causes = [DEADLINE, crash("boom"), Cause("probe-failed", "no answer"), SECRET]
    assert [cause.kind for cause in root_first(causes)] == ["missing-secret", "crash", "probe-failed", "deadline"]


def test_root_first_merges_what_several_pods_show() -> None:
    other = Cause("missing-secret", SECRET.summary, "", ("Pod/gateway-2",))
    (merged,) = root_first([other, SECRET])
    assert merged.objects == ("Pod/gateway-2", "Pod/gateway-1")
    assert merged.detail == SECRET.detail


def test_services_with_one_reason_are_one_group() -> None:
    groups = group_causes({"web": [DEADLINE], "gateway": [SECRET, DEADLINE], "product": [SECRET], "cart": []})
    assert [(group.cause.kind, group.services) for group in groups] == [
        ("missing-secret", ("gateway", "product")),
        ("deadline", ("web",)),
    ]
    assert groups[0].headline == "2 services fail for one reason: Secret db-creds does not exist"


def test_reasons_that_only_read_alike_stay_apart() -> None:
    slow = Cause("probe-failed", "readiness probe of container app fails: HTTP status 503")
    groups = group_causes({"a": [slow], "b": [slow], "c": [DEADLINE], "d": [DEADLINE]})
    assert [group.services for group in groups] == [("a",), ("b",), ("c",), ("d",)]


def test_crashes_are_one_reason_when_their_last_words_are_the_same() -> None:
    groups = group_causes(
        {
            "a": [crash("12:00:01 ERROR [main] no route to nacos-0:8848")],
            "b": [crash("12:00:07 ERROR [main] no route to nacos-0:8848")],
            "c": [crash("12:00:07 ERROR out of disk")],
            "d": [Cause("crash", "container app exits with code 1", "exit code 1, 3 restarts")],
            "e": [Cause("crash", "container app exits with code 1", "exit code 1, 3 restarts")],
        }
    )
    assert [group.services for group in groups] == [("a", "b"), ("c",), ("d",), ("e",)]


def test_headline_fits_helms_description() -> None:
    assert headline([SECRET, DEADLINE]) == "Secret db-creds does not exist (and 1 more)"
    assert headline([]) == ""
    long = headline([Cause("unknown", "x" * 500), DEADLINE], limit=100)
    assert len(long) == 100
    assert long.endswith("… (and 1 more)")


REPORTS = [
    ServiceReport("gateway", "failed", "", (SECRET, DEADLINE)),
    ServiceReport("product", "failed", "", (SECRET,)),
    ServiceReport("nacos", "restored", "back on 1.2.0"),
    ServiceReport("web", "not started", "because gateway failed"),
]


def test_the_screen() -> None:
    assert render_diagnosis(REPORTS, next_commands=["relman diff shop", "relman upgrade shop --to 1.4.2"]) == (
        "2 services fail for one reason: Secret db-creds does not exist\n"
        "    gateway, product\n"
        '    | secret "db-creds" not found\n'
        "    on Pod/gateway-1\n"
        "    → Create it (what is there: kubectl -n shop get secrets); pods pick it up by themselves.\n"
        "\n"
        "gateway  failed       Secret db-creds does not exist\n"
        "product  failed       Secret db-creds does not exist\n"
        "nacos    restored     back on 1.2.0\n"
        "web      not started  because gateway failed\n"
        "\n"
        "Next:\n"
        "    relman diff shop\n"
        "    relman upgrade shop --to 1.4.2\n"
    )


def test_a_long_log_keeps_its_verdict_and_its_end() -> None:
    log = "\n".join(f"line {number}" for number in range(20))
    screen = render_diagnosis([ServiceReport("web", "failed", "", (crash(log),))], detail_lines=5)
    assert screen.splitlines()[1:6] == [
        "    | exit code 1, 3 restarts",
        "    | … 17 lines left out",
        "    | line 17",
        "    | line 18",
        "    | line 19",
    ]


def test_what_no_screen_shows_is_cut() -> None:
    cause = Cause("crash", "exits", "exit code 1\n" + "x" * 100_000 + "\n" + "\n".join(map(str, range(500))) + "\nlast")
    assert len(cause.detail) < 2000
    assert cause.detail.startswith("exit code 1\n…\n")
    assert cause.detail.endswith("\n499\nlast")


def test_many_objects_are_counted() -> None:
    cause = Cause("quota", "quota q is full: cpu", objects=tuple(f"Pod/web-{n}" for n in range(9)))
    assert "on Pod/web-0, Pod/web-1, Pod/web-2 and 6 more" in render_diagnosis(
        [ServiceReport("web", "failed", "", (cause,))]
    )


def test_nothing_wrong_shows_the_states_alone() -> None:
    assert render_diagnosis([ServiceReport("web", "upgraded", "3 of 3 pods available")]) == (
        "web  upgraded  3 of 3 pods available\n"
    )
    assert render_diagnosis([]) == ""


def test_the_json_twin_has_everything() -> None:
    data = json.loads(json.dumps(diagnosis_json(REPORTS, next_commands=["relman diff shop"])))
    assert data["schema"] == "relman.diagnosis/v1"
    assert data["reasons"] == [{"services": ["gateway", "product"], "cause": SECRET.as_json()}]
    assert [service["service"] for service in data["services"]] == ["gateway", "product", "nacos", "web"]
    assert [cause["kind"] for cause in data["services"][0]["causes"]] == ["missing-secret", "deadline"]
    assert data["next"] == ["relman diff shop"]


def test_kinds_are_unique() -> None:
    assert len(set(KINDS)) == len(KINDS)
