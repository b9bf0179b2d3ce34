"""A requirement is a name, a URL, a version control address or a path, as pip decides it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from safepip.core.digest import Digest
from safepip.core.errors import CommandError, Refused, RequirementFileError
from safepip.core.origin import Layer, Origin, Place
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.pipcompat.requirement import parse_requirement

from .conftest import Oracle

HERE = Origin(layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line", line=1)
SHA, OTHER = "a" * 64, "b" * 64
GOOD = f"sha256:{SHA}"


def parse(text: str, **options: Any) -> RequirementLine:
    options.setdefault("is_dir", lambda path: False)
    options.setdefault("exists", lambda path: False)
    return parse_requirement(text, HERE, **options)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "pyproject.toml").touch()
    (folder / "empty").mkdir()
    (folder / "demo").mkdir()
    (folder / "demo" / "setup.py").touch()
    (folder / "demo-1.0-py3-none-any.whl").touch()
    (folder / "demo-1.0.tar.gz").touch()
    (folder / "bad.whl").touch()
    (folder / "requirements.txt").write_text("demo\n")
    monkeypatch.chdir(folder)
    return folder


LINES = [
    "demo", "Demo.Pkg[x,Y]>=1,<2; python_version > '3'", "demo==1.0", "demo ===1.0", "demo @ https://h.example/d-1.zip",
    "demo@https://h.example/demo-1.0-py3-none-any.whl ; python_version<'3'", "demo[a] @ git+https://h.example/d@abc",
    "https://h.example/demo-1.0-py3-none-any.whl", "HTTPS://h.example/demo.zip#egg=demo",
    f"https://h.example/demo.zip#egg=demo&sha256={SHA}", "https://h.example/x.zip; python_version<'3'",
    "https://h.example/x.zip;python_version", "git+ssh://git@h.example/d.git@main#egg=demo&subdirectory=sub",
    "ftp://h.example/x.zip", "file:///x/demo-1.0.tar.gz", "./app", "app", "./app[x]", "./demo", "demo/", ".", "./empty",
    "demo-1.0-py3-none-any.whl", "./demo-1.0.tar.gz", "demo-1.0.tar.gz[x]", "demo-1.0.tar.gz ; python_version<'3'",
    "bad.whl", "demo=1.0", "demo 1.0", "demo>=", "requirements.txt", "./requirements.txt", "./nothing", "demo[", "demo;",
    "demo; nonsense", "", "-x", "demo ; extra == 'x'", "https://h.example/x y.zip", "https://h.example/bad.whl",
    "https://h.example/x.zip#egg=de mo", "demo @ ./app", "demo @ file:///x/app", "http://[bad/x.zip", "demo\t>=1",
]  # fmt: skip


@pytest.mark.differential
@pytest.mark.parametrize("text", LINES)
def test_lines_as_pip(text: str, oracle: Oracle, project: Path):
    same_as_pip(text, oracle, project)


OTHER_WORDS = {"https://h.example/x.zip#egg=de mo", "http://[bad/x.zip"}
"""Refused by both, by pip with a page of text or a traceback."""
EDITABLES = [
    ".", "./app", "app", "app[x]", "./empty", "demo", "git+https://h.example/d@abc#egg=demo", "git+https://h.example/d",
    "git:https://h.example/d#egg=demo", "demo @ git+https://h.example/d", "demo[x] @ git+https://h.example/d ; python_version>'3'",
    "https://h.example/x.zip", "demo @ https://h.example/x.zip", "file:///x/app#egg=demo", "demo @ file:///x/app", "nothing",
]  # fmt: skip


@pytest.mark.differential
@pytest.mark.parametrize("text", EDITABLES)
def test_editables_as_pip(text: str, oracle: Oracle, project: Path):
    same_as_pip(text, oracle, project, editable=True)


def assert_same_words(text: str, message: str, theirs: dict[str, Any]) -> None:
    assert theirs["exit"] == 1, theirs
    assert text in OTHER_WORDS or " ".join(message.split())[:50] in " ".join(theirs["said"].split())


def same_as_pip(text: str, oracle: Oracle, folder: Path, *, editable: bool = False) -> None:
    theirs = oracle("requirement", text=text, editable=editable, cwd=str(folder))
    try:
        ours = parse(text, editable=editable, is_dir=os.path.isdir, exists=os.path.exists)
    except CommandError as error:
        assert_same_words(text, error.message, theirs)
        return
    assert "exit" not in theirs, theirs
    if ours.requirement is not None:
        assert ours.requirement.name == Requirement(theirs["requirement"]).name
    assert (ours.kind is RequirementKind.NAMED) == (theirs["link"] is None)
    assert (ours.kind is RequirementKind.VCS) == theirs["vcs"]
    marker = ours.requirement.marker if ours.requirement is not None and ours.marker is None else ours.marker
    assert (None if marker is None else str(marker)) == theirs["markers"]
    extras = ours.extras or (ours.requirement.extras if ours.requirement is not None else ())
    assert sorted(extras) == theirs["extras"]
    if not editable:
        assert {a.value: sorted(h) for a, h in ours.hashes.by_algorithm.items()} == theirs["hashes"]


def test_a_bare_name_is_a_name_even_where_a_folder_has_it(project: Path):
    line = parse("demo", is_dir=os.path.isdir, exists=os.path.exists)
    assert line.kind is RequirementKind.NAMED
    assert parse("./demo", is_dir=os.path.isdir, exists=os.path.exists).kind is RequirementKind.PATH


def test_a_wheel_in_the_folder_is_a_path_without_a_slash(project: Path):
    line = parse("demo-1.0-py3-none-any.whl", is_dir=os.path.isdir, exists=os.path.exists)
    assert (line.kind, line.target) == (RequirementKind.PATH, "demo-1.0-py3-none-any.whl")


def test_a_missing_wheel_is_an_error_in_pips_words():
    with pytest.raises(CommandError, match=r"\[Errno 2\] No such file or directory: 'x.whl'"):
        parse("x.whl")


@pytest.mark.parametrize(
    "url, target",
    [("file:///a%20b/x.tar.gz", "/a b/x.tar.gz"), ("file://localhost/x.zip#egg=x", "/x.zip")],
)
def test_file_urls_are_paths(url: str, target: str):
    line = parse(url)
    assert (line.kind, line.target) == (RequirementKind.PATH, target)


def test_file_url_of_another_machine_is_refused():
    with pytest.raises(CommandError, match="non-local file URIs"):
        parse("file://evil.example/share/x.zip")


@pytest.mark.parametrize(
    "url",
    [
        f"https://h.example/x.zip?a=1&md5={'c' * 32}&b=2#sha256={SHA}",
        f"https://h.example/x.zip#md5={'c' * 32}&sha256={SHA}",
        f"https://h.example/x.zip#sha256={SHA}&sha256={OTHER}",
        f"https://h.example/x.zip#sha256={SHA}#egg=x",
        "https://h.example/x.zip?a=1&egg=other#egg=x",
    ],
)
@pytest.mark.parametrize("form", ["{}", "demo @ {}"])
def test_url_that_two_readers_read_differently_is_refused(url: str, form: str):
    with pytest.raises(Refused) as caught:
        parse(form.format(url))
    (finding,) = caught.value.findings
    assert (finding.rule, finding.origin) == ("ambiguous-url", HERE)
    assert finding.help


@pytest.mark.parametrize("form", ["{}", "demo @ {}"])
def test_a_digest_that_no_file_can_have_is_an_invalid_requirement(form: str):
    with pytest.raises(CommandError, match="Invalid requirement"):
        parse(form.format("https://h.example/x.zip#sha256=12"))


@pytest.mark.parametrize("form", ["{}", "demo @ {}"])
def test_ordinary_query_and_digest_pass(form: str):
    line = parse(form.format(f"https://h.example/x.zip?a=1&b=2#sha256={SHA}"))
    assert line.hashes.strong
    assert line.target == f"https://h.example/x.zip?a=1&b=2#sha256={SHA}"


def test_fragment_and_option_must_agree():
    url = f"demo @ https://h.example/x.zip#sha256={SHA}"
    with pytest.raises(Refused) as caught:
        parse(url, hash_options=[Digest.parse(f"sha256:{OTHER}")])
    assert "none of the --hash options" in caught.value.findings[0].message
    line = parse(url, hash_options=[Digest.parse(GOOD), Digest.parse(f"sha256:{OTHER}")])
    assert {a.value: h for a, h in line.hashes.by_algorithm.items()} == {"sha256": {SHA}}


def test_weak_fragment_is_kept_beside_a_strong_option():
    line = parse(f"demo @ https://h.example/x.zip#md5={'c' * 32}", hash_options=[Digest.parse(GOOD)])
    assert {a.value for a in line.hashes.by_algorithm} == {"md5", "sha256"}


@pytest.mark.parametrize(
    "text, words",
    [
        ("demo[x]", "Constraints cannot have extras"),
        ("https://h.example/x.zip", "Unnamed requirements"),
        ("not-there.zip", "Unnamed requirements"),
    ],
)
def test_constraints_are_names(text: str, words: str):
    with pytest.raises(CommandError, match=words):
        parse(text, constraint=True)
    with pytest.raises(CommandError, match="Editable requirements are not allowed as constraints"):
        parse("app @ git+https://h.example/app", constraint=True, editable=True)
    with pytest.raises(CommandError, match="Editable requirements are not allowed as constraints"):
        parse("./app", constraint=True, editable=True, is_dir=lambda path: True)
    assert parse("demo<2", constraint=True).constraint


def test_who_wrote_it_decides_the_kind_of_error():
    with pytest.raises(CommandError, match=r"Invalid requirement: 'demo=1'") as typed:
        parse("demo=1")
    assert typed.value.hint == "= is not a valid operator. Did you mean == ?"
    with pytest.raises(RequirementFileError, match=r"Invalid requirement: 'demo=1'"):
        parse("demo=1", from_file=True)
