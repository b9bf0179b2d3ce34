"""What an earlier lock says: versions to keep, files that must not change, differences to tell."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from safepip.core.build import Commit, Source
from safepip.core.errors import RequirementFileError
from safepip.core.index import Index
from safepip.core.locking import Answer
from safepip.core.url import Url
from safepip.lock.changes import Change, Changes, changes
from safepip.lock.document import merge
from safepip.lock.previous import Format, Previous, previous_of, read_previous, republished
from safepip.lock.requirements import requirements_text
from safepip.lock.write import pylock_bytes
from tests.lock.answers import (
    BASE,
    POLICY,
    answer,
    choice,
    digests,
    direct,
    entry,
    sha256,
    step,
    wheel,
)
from tests.lock.locks import PDM, PIP, UV

LINUX, WINDOWS = "linux-x86_64-cp311", "win-amd64-cp311"
FORMS = list(Format)


def written(form: Format, *answers: Answer) -> bytes:
    if form is Format.REQUIREMENTS:
        return requirements_text(answers, base=BASE).encode()
    return pylock_bytes(merge(answers, base=BASE, policy_digest=POLICY))


def locked(*answers: Answer, form: Format = Format.PYLOCK) -> Previous:
    return read_previous(written(form, *answers), form, place="out")


def versions(previous: Previous) -> dict[str, list[str]]:
    return {name: sorted(map(str, found)) for name, found in previous.versions.items()}


# --- Reading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_a_project_has_the_versions_of_all_environments(form: Format) -> None:
    previous = locked(
        answer(LINUX, step("demo", "1.0"), step("lib", "1.0")),
        answer(WINDOWS, step("demo", "2.0")),
        form=form,
    )

    assert versions(previous) == {"demo": ["1.0", "2.0"], "lib": ["1.0"]}


@pytest.mark.parametrize("form", FORMS)
def test_what_was_written_says_the_same_when_it_is_read(form: Format) -> None:
    source = Source(url="https://files.example/demo.tar.gz", digests=digests(f"sha256:{sha256('s')}"))
    answers = [answer(LINUX, step("lib", "1.0"), direct("demo", "1.0", source.url, source=source))]
    if form is Format.PYLOCK:
        made = previous_of(merge(answers, base=BASE, policy_digest=POLICY))
    else:
        made = previous_of(requirements_text(answers, base=BASE))

    assert made == locked(*answers, form=form)
    assert not changes(made, locked(*answers, form=form))


def test_what_builds_need_is_told_from_what_is_installed() -> None:
    demo = step("demo", "1.0", file=entry("demo-1.0.tar.gz"))
    previous = locked(answer(LINUX, demo, builds={"demo": choice(step("setuptools", "80.0"))}))

    assert versions(previous) == {"demo": ["1.0"]}
    assert previous.build_versions == {"setuptools": frozenset({Version("80.0")})}
    assert "setuptools-80.0-py3-none-any.whl" in previous.files


@pytest.mark.parametrize("text", [PIP, UV, PDM])
def test_locks_of_other_tools_are_read(text: str) -> None:
    previous = read_previous(text.encode(), Format.PYLOCK, place="pylock.toml")

    assert versions(previous)["app"] == ["1.0"]
    assert "app-1.0-py3-none-any.whl" in previous.files


def test_a_folder_has_no_version() -> None:
    source = Source(url="file:///project/lib", directory=True)
    previous = locked(answer(LINUX, direct("lib", "1.0", source.url, source=source)))

    assert previous.versions == {}
    assert [(pin.project, pin.place) for pin in previous.pins] == [("lib", "lib")]


@pytest.mark.parametrize(
    ("form", "data", "reason"),
    [
        (Format.PYLOCK, b"flask==3.0\n", "Invalid value"),
        (Format.PYLOCK, b"[project]\nname = 'x'\n", "lock-version"),
        (Format.PYLOCK, b"\xff", "utf-8"),
        (Format.REQUIREMENTS, b"\xff", "utf-8"),
        (Format.REQUIREMENTS, b"# mine\nflask>=3\n", "flask has no hash"),
        (Format.REQUIREMENTS, written(Format.PYLOCK, answer(LINUX)), "Expected"),
    ],
)
def test_what_is_no_lock_is_not_written_over(form: Format, data: bytes, reason: str) -> None:
    with pytest.raises(RequirementFileError, match="out is no lock that safepip can read") as caught:
        read_previous(data, form, place="out")
    assert reason in caught.value.message
    assert caught.value.reference == "lock-file"
    assert caught.value.hint == "delete it, or write to another file with -o"


def test_the_line_that_is_no_pin_is_shown() -> None:
    with pytest.raises(RequirementFileError) as caught:
        read_previous(b"# mine\nflask>=3\n", Format.REQUIREMENTS, place="requirements.txt")
    assert caught.value.origin is not None
    assert str(caught.value.origin) == "requirements.txt:2:1"
    assert caught.value.origin.text == "flask>=3"


def test_an_upload_time_without_offset_is_one_in_utc() -> None:
    """Else the clock of whoever locks would decide what is written again."""
    kept = read_previous(UV.replace("03:04:05Z", "03:04:05").encode(), Format.PYLOCK, place="pylock.toml")

    assert kept.facts["app-1.0-py3-none-any.whl"].upload_time == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_an_upload_time_outside_of_the_calendar_makes_it_unreadable() -> None:
    text = UV.replace("2026-01-02T03:04:05Z", "0001-01-01T00:00:00+14:00")

    with pytest.raises(RequirementFileError, match="no lock that safepip can read"):
        read_previous(text.encode(), Format.PYLOCK, place="pylock.toml")


@pytest.mark.parametrize("packages", ["build-packages = 5", "build-packages = [{ name = 'Not Normal' }]"])
def test_damaged_build_tables_make_it_unreadable(packages: str) -> None:
    text = f'lock-version = "1.0"\ncreated-by = "safepip"\npackages = []\n[tool.safepip]\n{packages}\n'

    with pytest.raises(RequirementFileError, match="no lock that safepip can read"):
        read_previous(text.encode(), Format.PYLOCK, place="out")


# --- Files that changed -------------------------------------------------------------------------------


def test_other_bytes_behind_a_name_are_found() -> None:
    before = locked(answer(LINUX, step("demo", "1.0"), step("lib", "1.0")))
    other = wheel("demo", "1.0", content="other")
    (found,) = republished(before, [answer(LINUX, step("demo", "1.0", file=other), step("lib", "1.0"))])

    assert (found.project, str(found.version), found.now) == ("demo", "1.0", other)
    assert found.before.sha256 == sha256("demo-1.0-py3-none-any.whl")
    assert found.index.name == "pypi"


def test_in_what_builds_need_too_and_in_files_that_were_not_chosen() -> None:
    def answer_with(content: str) -> Answer:
        demo = step("demo", "1.0", file=entry("demo-1.0.tar.gz"))
        needed = choice(
            step("setuptools", "80.0"),
            files={
                "setuptools": [wheel("setuptools", "80.0"), entry("setuptools-80.0.tar.gz", content=content)]
            },
        )
        return answer(LINUX, demo, builds={"demo": needed})

    assert [one.now.filename for one in republished(locked(answer_with("")), [answer_with("x")])] == [
        "setuptools-80.0.tar.gz"
    ]
    assert republished(locked(answer_with("")), [answer_with("")]) == ()


def test_new_files_and_new_versions_are_no_change_of_old_ones() -> None:
    before = locked(answer(LINUX, step("demo", "1.0")))
    more = [wheel("demo", "1.0"), entry("demo-1.0.tar.gz")]

    assert republished(before, [answer(LINUX, step("demo", "1.0"), files={"demo": more})]) == ()
    assert republished(before, [answer(LINUX, step("demo", "2.0"))]) == ()


# --- Differences --------------------------------------------------------------------------------------


def change(name: str, before: str = "", after: str = "", *, build: bool = False) -> Change:
    old, new = (tuple(map(Version, text.split())) for text in (before, after))
    return Change(project=canonicalize_name(name), before=old, after=new, build=build)


@pytest.mark.parametrize("form", FORMS)
def test_differences_are_told_by_kind(form: Format) -> None:
    old = locked(
        answer(LINUX, *(step(name, "1.0") for name in ("gone", "moved", "same", "files"))), form=form
    )
    new = locked(
        answer(
            LINUX,
            step("moved", "2.0"),
            step("same", "1.0"),
            step("files", "1.0", file=wheel("files", "1.0", content="x")),
            step("more", "1.0"),
        ),
        answer(
            WINDOWS,
            step("moved", "1.0"),
            step("same", "1.0"),
            step("files", "1.0", file=wheel("files", "1.0", content="x")),
        ),
        form=form,
    )
    found = changes(old, new)

    assert found == Changes(
        added=(change("more", after="1.0"),),
        removed=(change("gone", "1.0"),),
        changed=(change("moved", "1.0", "1.0 2.0"),),
        other_files=(change("files", "1.0", "1.0"),),
    )
    assert found


def test_builds_and_indexes_count_where_both_locks_say_them() -> None:
    def answer_with(version: str, index: str) -> Answer:
        demo = step("demo", "1.0", index=Index(name="i", url=Url.parse(index)), file=entry("demo-1.0.tar.gz"))
        return answer(LINUX, demo, builds={"demo": choice(step("setuptools", version))})

    old = answer_with("70.0", "https://index.example/simple")
    new = answer_with("80.0", "https://other.example/simple")
    assert changes(locked(old), locked(new)) == Changes(
        changed=(change("setuptools", "70.0", "80.0", build=True),),
        other_files=(change("demo", "1.0", "1.0"),),
    )
    assert not changes(locked(old, form=Format.REQUIREMENTS), locked(new, form=Format.REQUIREMENTS))


def test_another_commit_is_another_place() -> None:
    def at(commit_id: str) -> Answer:
        source = Source(url="https://git.example/demo", vcs=Commit(system="git", requested="", id=commit_id))
        return answer(LINUX, direct("demo", "1.0", source.url, source=source))

    assert changes(locked(at("a" * 40)), locked(at("b" * 40))).other_files == (change("demo"),)


def test_markers_alone_are_no_change_of_versions_or_files() -> None:
    one, two = (answer(name, step("demo", "1.0")) for name in (LINUX, WINDOWS))

    assert not changes(locked(one), locked(one, two))
