"""The hashed requirements file: what it says, and what of people's own words stays in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepip.core.build import Source
from safepip.core.errors import CommandError
from safepip.core.index import Index, IndexKind
from safepip.core.locking import Answer
from safepip.core.plan import Step
from safepip.core.url import Url
from safepip.lock.hashed import HEADER, NotHashed, read_hashed
from safepip.lock.requirements import requirements_text
from tests.lock.answers import (
    BASE,
    answer,
    digests,
    direct,
    entry,
    from_file,
    from_project,
    sha256,
    step,
    wheel,
)

LINUX, WINDOWS = "linux-x86_64-cp311", "win-amd64-cp311"
ONE = "1" * 64
TWO = "2" * 64


def text_of(*answers: Answer, previous: str | None = None) -> str:
    return requirements_text(answers, base=BASE, previous=previous)


def simple(*names: str) -> Answer:
    """Each project in one version, with one file."""
    return answer(LINUX, *(step(name, "1.0") for name in names))


def demo(name: str = "demo") -> str:
    digest = sha256(f"{name}-1.0-py3-none-any.whl")
    return (
        f"{name}==1.0 \\\n    --hash=sha256:{digest}\n    # via -r requirements.in\n"
        "    # from https://index.example/simple\n"
    )


# --- What it says -------------------------------------------------------------------------------------


def test_a_requirement_has_every_files_hash_who_asked_and_the_index() -> None:
    files = [
        wheel("demo", "1.0", digests=digests(f"sha256:{TWO}", f"sha512:{'3' * 128}")),
        entry("demo-1.0.tar.gz", digests=digests(f"sha256:{ONE}")),
    ]
    text = text_of(
        answer(LINUX, step("demo", "1.0", from_project("flask"), from_file()), files={"demo": files})
    )

    assert text == (
        f"{HEADER}\ndemo==1.0 \\\n    --hash=sha256:{ONE} \\\n    --hash=sha256:{TWO}\n"
        "    # via -r requirements.in, flask\n    # from https://index.example/simple\n"
    )


def test_environments_that_differ_have_markers() -> None:
    text = text_of(
        answer(LINUX, step("demo", "1.0"), step("other", "1.0")),
        answer(WINDOWS, step("demo", "1.1"), step("other", "1.0")),
    )

    assert "\ndemo==1.0 ; sys_platform == 'linux' \\\n" in text
    assert "\ndemo==1.1 ; sys_platform == 'win32' \\\n" in text
    assert "\nother==1.0 \\\n" in text


def test_credentials_are_never_written() -> None:
    index = Index(name="corp", url=Url.parse("https://me:hunter2@index.example/simple"))
    one = direct("other", "1.0", "https://me:hunter2@files.example/other-1.0.tar.gz#sha256=1", sha="o")
    text = text_of(answer(LINUX, step("demo", "1.0", from_file("https://me:hunter2@h.example/r"), index=index), one))

    assert "hunter2" not in text
    assert "other @ https://files.example/other-1.0.tar.gz \\\n" in text
    assert "# from https://index.example/simple\n" in text
    assert "# via -r https://h.example/r\n" in text


def test_a_source_archive_in_a_subdirectory() -> None:
    source = Source(
        url="https://files.example/demo.tar.gz", subdirectory="python", digests=digests(f"sha256:{ONE}")
    )
    text = text_of(answer(LINUX, direct("demo", "1.0", source.url, source=source)))

    assert f"demo @ https://files.example/demo.tar.gz#subdirectory=python \\\n    --hash=sha256:{ONE}\n" in text


def test_a_folder_of_wheels_is_named_from_the_file() -> None:
    index = Index(name="wheels", url=Url.parse("file:///project/wheels"), kind=IndexKind.LOCAL_FOLDER)

    assert "# from wheels\n" in text_of(answer(LINUX, step("demo", "1.0", index=index)))


def test_a_folder_of_code_cannot_be_in_it() -> None:
    source = Source(url="file:///project/lib", directory=True)

    with pytest.raises(CommandError, match="demo is a folder") as caught:
        text_of(answer(LINUX, direct("demo", "1.0", source.url, source=source)))
    assert caught.value.reference == "lock-format"


def test_a_file_that_has_only_a_sha512_cannot_be_in_it() -> None:
    file = wheel("demo", "1.0", digests=digests(f"sha512:{'3' * 128}"))

    with pytest.raises(CommandError, match=r"demo 1\.0 has no sha256"):
        text_of(answer(LINUX, step("demo", "1.0", file=file)))


# --- What people wrote --------------------------------------------------------------------------------


def test_comments_and_blank_lines_stay_where_they_were() -> None:
    previous = (
        f"{HEADER}\n# Reviewed in spring.\n\n# the web\n{demo('app')}\n\n# the rest\n#   of it\n{demo('lib')}"
        "    # below 2.0, see the tracker\n\n# the end\n"
    )

    assert text_of(simple("app", "lib"), previous=previous) == previous


def test_they_follow_their_requirement_to_its_new_version_and_place() -> None:
    previous = f"{HEADER}\n# the web\n{demo('lib')}"
    new = answer(LINUX, step("app", "1.0"), step("lib", "2.0"))

    assert "\n# the web\nlib==2.0 \\\n" in text_of(new, previous=previous)
    assert text_of(new, previous=previous).startswith(f"{HEADER}\napp==1.0")


def test_comments_of_a_requirement_that_is_gone_stand_together_at_the_end() -> None:
    previous = f"{HEADER}\n# the web\n{demo('app')}    # not 2.0\n{demo('lib')}# the end\n"
    text = text_of(simple("lib"), previous=previous)

    assert text == (
        f"{HEADER}\n{demo('lib')}# the end\n\n"
        "# app is not required any more; this was said about it:\n# the web\n# not 2.0\n"
    )
    assert text_of(simple("lib"), previous=text) == text


def test_each_of_several_versions_keeps_its_own() -> None:
    both = [answer(LINUX, step("demo", "1.0")), answer(WINDOWS, step("demo", "2.0"))]
    first = text_of(*both)
    noted = first.replace("demo==1.0", "# old\ndemo==1.0").replace("demo==2.0", "# new\ndemo==2.0")

    assert text_of(*both, previous=noted) == noted
    assert "# old\n# new\ndemo==2.0 \\\n" in text_of(answer(LINUX, step("demo", "2.0")), previous=noted)


def test_a_comment_beside_a_hash_moves_below() -> None:
    previous = demo().replace("\n    # via", "  # checked by hand\n    # via")
    text = text_of(simple("demo"), previous=previous)

    assert text == f"{HEADER}\n{demo()}    # checked by hand\n"


def test_a_comment_beside_a_hash_that_looks_generated_is_kept_too() -> None:
    previous = demo().replace("\n    # via", "  # from our mirror\n    # via")
    text = text_of(simple("demo"), previous=previous)

    assert text == f"{HEADER}\n{demo()}    # note: from our mirror\n"
    assert text_of(simple("demo"), previous=text) == text


@pytest.mark.parametrize(
    "top",
    [
        "#\n# This file is autogenerated by pip-compile with Python 3.11\n# by the following command:\n#\n"
        "#    pip-compile --generate-hashes\n#\n",
        "# This file was autogenerated by uv via the following command:\n#    uv pip compile --generate-hashes\n",
    ],
)
def test_outputs_of_pip_compile_and_uv_are_taken_over(top: str) -> None:
    body = f"# ours\ndemo==1.0 \\\n    --hash=sha256:{ONE}\n    # via\n    #   flask\n    #   -r requirements.in\n"

    assert text_of(simple("demo"), previous=top + body) == f"{HEADER}\n# ours\n{demo()}"


def test_windows_line_ends_and_a_byte_order_mark_make_no_difference() -> None:
    previous = f"{HEADER}\n# the web\n{demo()}"

    assert text_of(simple("demo"), previous="\ufeff" + previous.replace("\n", "\r\n")) == previous


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("flask\n", 1, "has no hash"),
        (f"{demo()}flask==1.0\n", 5, "flask has no hash"),
        (f"flask>=1.0 --hash=sha256:{ONE}\n", 1, "not pinned to one version"),
        (f"flask==1.* --hash=sha256:{ONE}\n", 1, "not pinned to one version"),
        (f"# x\n-i https://index.example\nflask==1.0 --hash=sha256:{ONE}\n", 2, "the option -i"),
        ("flask==1.0 --hash=md5:zz\n", 1, "not a md5 digest"),
        (f"flask==1.0 --hash=sha256:{ONE} --config-settings a=b\n", 1, "the option --config-settings"),
        ("[project]\n", 1, "package name"),
    ],
)
def test_what_is_no_hashed_file_is_not_taken_over(text: str, line: int, problem: str) -> None:
    with pytest.raises(NotHashed, match=problem) as caught:
        read_hashed(text)
    assert caught.value.line == line


NAMES = ("app", "lib", "tool", "zoo")
COMMENT = st.sampled_from(["# a", "#b", "#  c", "# via d", "# from e", "#", "", "# Made it", "# f \\", "#    g"])
LINES = st.lists(COMMENT, max_size=3)


@st.composite
def edited(draw: st.DrawFn) -> tuple[list[Step], str]:
    """A file that was made, and edited since: comments before, in and after any requirement."""
    names = sorted(draw(st.sets(st.sampled_from(NAMES), min_size=1)))
    lines = [*draw(st.sampled_from([[HEADER], []])), *draw(LINES)]
    for name in names:
        lines += [*draw(LINES), demo(name).rstrip("\n")]
        lines += [f"    {line}" for line in draw(LINES) if line and not line.startswith(("# via", "# from"))]
    steps = [step(name, "1.0") for name in draw(st.sets(st.sampled_from(NAMES))) | set(names[1:])]
    return steps, "\n".join([*lines, *draw(LINES)]) + "\n"


def said(text: str) -> list[str]:
    """Every comment that is not generated, sorted."""
    lines = (line for line in text.split("\n") if line.lstrip().startswith("#") and line != HEADER)
    made = ("    # via -r requirements.in", "    # from https://index.example/simple")
    return sorted(line.strip() for line in lines if line not in made and "is not required any more" not in line)


@given(edited())
def test_no_comment_is_lost(case: tuple[list[Step], str]) -> None:
    steps, text = case

    assert said(text_of(answer(LINUX, *steps), previous=text)) == said(text)


@given(edited())
def test_making_it_again_changes_nothing(case: tuple[list[Step], str]) -> None:
    steps, text = case
    once = text_of(answer(LINUX, *steps), previous=text)

    assert text_of(answer(LINUX, *steps), previous=once) == once
