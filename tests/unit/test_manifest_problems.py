"""Everything that can be wrong in a release manifest: what people read, word for word and with its place.

The cases stand in manifest_problems/*.txt: `=== title`, what follows [platform] in releases.toml (its first line is
line 4), `--- file` for whole other files, and after `>>>` every problem. BASE is included in all of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.manifest_samples import problems, sources

CASES = Path(__file__).with_name("manifest_problems")


def _read_cases() -> list[pytest.ParameterSet]:
    found = []
    for path in sorted(CASES.glob("*.txt")):
        for text in ("\n" + path.read_text()).split("\n=== ")[1:]:
            title, _, rest = text.partition("\n")
            given, _, expected = ("\n" + rest).partition("\n>>>\n")
            found.append(pytest.param(given[1:] + "\n", expected.strip("\n"), id=f"{path.stem}: {title}"))
    return found


def _files(given: str) -> dict[str, str | bytes]:
    main, *others = ("\n" + given).split("\n--- ")
    files = sources(main[1:] + "\n")
    for other in others:
        name, _, text = other.partition("\n")
        files[name] = text
    return files


@pytest.mark.parametrize(("given", "expected"), _read_cases())
def test_problems_are_said_with_place_and_remedy(given: str, expected: str) -> None:
    assert "\n".join(problems(_files(given))) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'[platform]\nname = "\xff"\n', "releases.toml:2:9: is not valid UTF-8\n    save the file as UTF-8"),
        (
            b"\xef\xbb\xbf[platform]\n",
            "releases.toml:1:1: is not TOML: invalid statement\n"
            "    the file begins with a byte order mark; save it without",
        ),
        (b"x = " + b"9" * 5000, "releases.toml: is not TOML: holds a number with too many digits"),
        (b"x = " + b"[" * 500, "releases.toml: is not TOML: nests brackets too deep"),
        (b"[" + b"a." * 50 + b"a]", "releases.toml: nests tables more than 40 deep"),
    ],
)
def test_files_that_are_not_toml_as_people_write_it(content: bytes, expected: str) -> None:
    assert problems({"releases.toml": content}) == [expected]


def test_all_problems_of_all_files_come_at_once() -> None:
    found = problems(sources('[services.x]\npreset = "app"\nreplicaz = 1\nspread = "far"\n', dev="[services.y]\n"))
    assert [line.split(": ")[0] for line in found] == [
        "releases.toml:6:1",
        "releases.toml:7:10",
        "values/dev.toml:1:11",
    ]


def test_a_typing_error_does_not_hide_what_other_checks_find() -> None:
    found = problems(sources('[services.x]\npreset = "app"\nreplicaz = 1\ndepends_on = ["nowhere"]\n'))
    assert [line.split(": ", 1)[1].partition("\n")[0] for line in found] == [
        'services.x: unknown key "replicaz"',
        'services.x.depends_on[0]: unknown service "nowhere"',
    ]


def test_a_preset_fault_names_a_few_of_those_that_use_it() -> None:
    services = "".join(f'[services.s{number}]\npreset = ["app", "bad"]\n' for number in range(9))
    (found,) = problems(sources("[presets.bad]\nreplicas = -1\n" + services))
    assert found == (
        "releases.toml:5:12: presets.bad.replicas: must be at least 0, not -1 (used by s0, s1, s2 and 6 more)"
    )
