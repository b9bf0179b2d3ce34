"""Requirement files say what pip reads in them, and nothing that a person would not see."""

from __future__ import annotations

import codecs
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safepip.core.errors import Refused, RequirementFileError, SafepipError
from safepip.core.limits import Limits
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.core.subjects import RequirementKind
from safepip.pipcompat.reqfile import RequirementFile, read

from .conftest import Oracle

SHA, OTHER = "a" * 64, "b" * 64
HERE = Origin(layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line", line=3)


@dataclass
class Disk:
    """A few files, and what the network would give."""

    texts: dict[str, str | bytes]
    remote: dict[str, str] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()

    def read_bytes(self, path: str) -> bytes:
        if path not in self.texts:
            raise FileNotFoundError(2, os.strerror(2), path)
        text = self.texts[path]
        return text if isinstance(text, bytes) else text.encode()

    def exists(self, path: str) -> bool:
        return path in self.texts or path in self.folders

    def is_dir(self, path: str) -> bool:
        return path in self.folders

    def fetch_text(self, url: str) -> bytes:
        return self.remote[url].encode()


def read_text(
    text: str | bytes,
    *,
    constraint: bool = False,
    environ: dict[str, str] | None = None,
    name: str = "r.txt",
    limits: Limits = Limits(),
    **others: str | bytes,
) -> RequirementFile:
    disk = Disk({name: text, **{key.replace("_txt", ".txt"): value for key, value in others.items()}})
    return read(
        Sourced(value=name, origin=HERE),
        constraint=constraint,
        files=disk,
        environ=environ or {},
        limits=limits,
    )


def read_remote(url: str, remote: dict[str, str], environ: dict[str, str] | None = None) -> RequirementFile:
    disk = Disk({}, remote=remote, folders=frozenset({"./app", "app"}))
    return read(Sourced(value=url, origin=HERE), constraint=False, files=disk, environ=environ or {})


def texts(found: RequirementFile) -> list[str]:
    return [line.text for line in found.lines]


def options(found: RequirementFile) -> list[tuple[str, str]]:
    return [(setting.option, setting.value) for setting in found.settings]


def refused(text: str | bytes, words: str, **more: str | bytes) -> RequirementFileError:
    with pytest.raises(RequirementFileError, match=words) as caught:
        read_text(text, **more)  # type: ignore[arg-type]
    assert caught.value.origin is not None
    return caught.value


# --- what pip reads -------------------------------------------------------------------------------


ROWS = st.one_of(
    st.sampled_from(
        [
            "demo==1.0", "demo", "other>=2  # note", "# comment", "  # comment", "", "a==1#x", "demo \\", "==1.0", "\\demo",
            f"demo==1 --hash=sha256:{SHA}", f"    --hash=sha256:{OTHER}", f"    --hash=sha256:{OTHER} \\", "-i https://a.example",
            "-ihttps://a.example", "--ind https://a.example", "--pypi=https://a.example", '--"extra"-index-url https://b.example',
            "--trusted h.example", "--no-index", "--pre", "--only-binary :all:", "--no-binary=a,b", "--require-hashes",
            "-r nested.txt", "-c limits.txt", "-rnested.txt", "--use-feature fast-deps", "${NAME}==1", "demo==${EMPTY}1",
            "--bogus", "--index-url 'x", "demo; python_version > '3'", "demo -C a=b", "-e git+https://h.example/d@a#egg=d",
            "--prefer-binary --pre", "--find-links https://f.example", "--hash=md5:x", "demo\t>=1", "  demo2  ",
        ]
    ),
    st.text(alphabet="ab-=#\\ $'{}", max_size=6),
)  # fmt: skip
FILES = st.lists(ROWS, max_size=6).map("\n".join)


@pytest.mark.property
@pytest.mark.differential
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=FILES, nested=FILES, limits=FILES)
def test_same_as_pip_wherever_we_read_a_file(
    text: str, nested: str, limits: str, oracle: Oracle, tmp_path: Path
):
    """We may refuse more; what we do read, pip reads the same way, and what pip cannot read we refuse."""
    variables = {"NAME": "demo", "EMPTY": ""}
    for name, content in {"r.txt": text, "nested.txt": nested, "limits.txt": limits}.items():
        (tmp_path / name).write_bytes(content.encode())
    path = str(tmp_path / "r.txt")
    theirs = oracle("requirements", path=path, environ=variables, cwd=str(tmp_path))
    try:
        ours = read(Sourced(value=path, origin=HERE), constraint=False, files=RealFiles(), environ=variables)
    except SafepipError as error:
        assert_exit_1(error)
        return
    assert "lines" in theirs, theirs
    expected = [line for line in theirs["lines"] if line["requirement"] is not None]
    assert [(line.text, line.editable, line.constraint, line.origin.place) for line in ours.lines] == [
        (line["requirement"].strip(), line["editable"], line["constraint"], line["file"]) for line in expected
    ]
    for mine, their in zip(ours.lines, expected, strict=True):
        hashes = {a: sorted(h) for a, h in their["options"].get("hashes", {}).items()}
        assert {a.value: sorted(h) for a, h in mine.hashes.by_algorithm.items()} == hashes
    said = {dest for line in theirs["lines"] if line["requirement"] is None for dest in line["options"]}
    assert bool(said) == bool(ours.settings)


def assert_exit_1(error: SafepipError) -> None:
    assert error.exit_code == 1


class RealFiles:
    def read_bytes(self, path: str) -> bytes:
        return Path(path).read_bytes()

    def exists(self, path: str) -> bool:
        return Path(path).exists()

    def is_dir(self, path: str) -> bool:
        return Path(path).is_dir()

    def fetch_text(self, url: str) -> bytes:
        raise AssertionError(url)


def test_requirements_options_and_places():
    found = read_text(
        f"# header\n--index-url https://a.example/simple\ndemo==1.0 \\\n    --hash=sha256:{SHA} \\\n"
        f"    --hash=sha256:{OTHER}\n-f wheels\n"
    )
    assert [(s.option, s.value, str(s.origin), s.in_requirement_file) for s in found.settings] == [
        ("index-url", "https://a.example/simple", "r.txt:2:13", True),
        ("find-links", "wheels", "r.txt:6:4", True),
    ]
    (line,) = found.lines
    assert (line.text, str(line.origin), line.from_file) == ("demo==1.0", "r.txt:3:1", True)
    assert [digest.hex for digest in line.hash_options] == [SHA, OTHER]
    assert line.origin.layer is Layer.PROJECT


@pytest.mark.parametrize(
    "row, option, value",
    [
        ("--ind http://e.example", "index-url", "http://e.example"),
        ("--pypi-url http://e.example", "index-url", "http://e.example"),
        ("-ihttp://e.example", "index-url", "http://e.example"),
        ('--"extra"-index-url http://e.example', "extra-index-url", "http://e.example"),
        ("--trusted e.example", "trusted-host", "e.example"),
        ("\\--index-url \\", "index-url", "http://e.example"),
    ],
)
def test_disguised_options_are_seen(row: str, option: str, value: str):
    text = row + "\nhttp://e.example\n" if row.endswith("\\") else row
    assert options(read_text(text)) == [(option, value)]


def test_find_links_beside_the_file_are_found_there():
    disk = Disk({"sub/r.txt": "-f wheels\n"}, folders=frozenset({"sub/wheels"}))
    found = read(Sourced(value="sub/r.txt", origin=HERE), constraint=False, files=disk, environ={})
    assert options(found) == [("find-links", "sub/wheels")]


# --- encodings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        "dem\u00f6 # x".encode().replace("\u00f6".encode(), b"o"),
        codecs.BOM_UTF8 + b"demo",
        codecs.BOM_UTF16_LE + "demo".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "demo".encode("utf-16-be"),
        codecs.BOM_UTF32_LE + "demo".encode("utf-32-le"),
        codecs.BOM_UTF32_BE + "demo".encode("utf-32-be"),
        b"# -*- coding: utf-8 -*-\ndemo",
        b"# coding=latin-1\ndemo # \xe9",
        b"# caf\xc3\xa9\r\ndemo\r\n",
    ],
)
def test_plain_encodings_are_read(data: bytes):
    assert texts(read_text(data)) == ["demo"]


@pytest.mark.parametrize(
    "codec", ["utf-7", "unicode_escape", "rot13", "cp037", "no-such-codec", "raw_unicode_escape"]
)
def test_encodings_that_hide_text_are_refused(codec: str):
    error = refused(f"# -*- coding: {codec} -*-\ndemo\n".encode(), "can hide what it says")
    assert error.origin is not None
    assert error.origin.line == 1


def test_bytes_that_are_not_utf8_name_the_line():
    error = refused(b"demo\n# \xff\n", "not utf-8")
    assert error.origin is not None
    assert error.origin.line == 2


# --- hidden line breaks ------------------------------------------------------------------------------


@pytest.mark.parametrize("character", list("\v\f\x1c\x1d\x1e\x85\u2028\u2029\r"))
def test_hidden_line_break_is_refused_and_named(character: str):
    error = refused(f"demo\n# harmless{character}--index-url http://e.example\n", "ends a line for pip")
    assert error.origin is not None
    assert (error.origin.line, error.origin.column) == (2, 11)


def test_windows_line_ends_and_other_letters_pass():
    assert texts(read_text("demo\r\n# \u00e9\u4e2d\r\nother\r\n")) == ["demo", "other"]


# --- nothing that is written is ignored --------------------------------------------------


@pytest.mark.parametrize(
    "text, words",
    [
        ("demo --index-url https://a.example", "no effect on a requirement"),
        ("-e ./app --pre", "no effect on a requirement"),
        ("-e ./app -e ./other", "one line holds one requirement"),
        ("--no-index demo", "no effect behind an option"),
        ("-r a.txt -r b.txt", "no effect beside a file"),
        ("-r a.txt --pre", "no effect beside a file"),
        ("-f a -f b", "takes the first --find-links"),
        (f"--hash=sha256:{SHA}", "no requirement"),
        ("-C a=b", "no requirement"),
        (f"demo \\\n# why\n    --hash=sha256:{SHA}", "no requirement"),
        ("demo # note \\\nother", "comment that ends in a backslash"),
        ("demo\t--hash=sha256:" + SHA, "Invalid requirement"),
        ("demo --hash=sha256:12", "64 hexadecimal"),
        (f"demo --hash=md5:{'c' * 32}", "Allowed hash algorithms"),
        ("--cert x.pem", "no such option: --cert"),
        ("demo --hash", "requires 1 argument"),
        ("--index-url 'x", "Could not split options"),
    ],
)
def test_what_pip_would_ignore_or_refuse_is_refused(text: str, words: str):
    refused(text, words, a_txt="", b_txt="")


def test_their_plain_twins_pass():
    found = read_text(
        f"--pre\n--prefer-binary --no-index\ndemo; python_version > '3'\nother \\\n   --hash=sha256:{SHA}\n-r a.txt\n",
        a_txt="third -C a=b\n",
    )
    assert texts(found) == ["demo; python_version > '3'", "other", "third"]
    assert found.lines[-1].config_settings == ("a=b",)
    assert options(found) == [("pre", "true"), ("prefer-binary", "true"), ("no-index", "true")]


# --- nesting --------------------------------------------------------------------------------------


def test_requirements_inside_constraints_are_requirements():
    found = read_text("-c limits.txt\n", limits_txt="demo<2\n-r more.txt\n", more_txt="other\n")
    assert [(line.text, line.constraint, line.origin.place) for line in found.lines] == [
        ("demo<2", True, "limits.txt"),
        ("other", False, "more.txt"),
    ]


def test_paths_are_relative_to_the_file_that_names_them():
    disk = Disk({"a/r.txt": "-r ../b/s.txt\n", "b/s.txt": "-c t.txt\n", "b/t.txt": "demo<2\n"})
    found = read(Sourced(value="a/r.txt", origin=HERE), constraint=False, files=disk, environ={})
    assert [(line.text, line.origin.place) for line in found.lines] == [("demo<2", "b/t.txt")]


def test_recursion_is_an_error_in_pips_words():
    refused(
        "-r a.txt\n", "a.txt recursively references itself in a.txt and again in r.txt", a_txt="-r ./a.txt\n"
    )
    refused("-r a.txt\n", "r.txt recursively references itself in a.txt", a_txt="-r r.txt\n")


def test_the_same_file_twice_is_no_recursion():
    assert texts(read_text("-r a.txt\n-r a.txt\n", a_txt="demo\n")) == ["demo", "demo"]


def test_depth_is_bounded():
    nested = {f"f{number}_txt": f"-r f{number + 1}.txt\n" for number in range(20)}
    refused("-r f0.txt\n", "more than 5", limits=Limits(nesting_max=5), f20_txt="", **nested)  # type: ignore[arg-type]
    assert texts(read_text("-r f0.txt\n", f20_txt="demo", **nested)) == ["demo"]  # type: ignore[arg-type]


@pytest.mark.parametrize("constraint, kind", [(False, "requirements"), (True, "constraint")])
def test_missing_file_in_pips_words(constraint: bool, kind: str):
    with pytest.raises(RequirementFileError) as caught:
        read(Sourced(value="x.txt", origin=HERE), constraint=constraint, files=Disk({}), environ={})
    assert caught.value.message == f"Could not open {kind} file: [Errno 2] No such file or directory: 'x.txt'"
    assert caught.value.exit_code == 1
    assert caught.value.origin == HERE


@pytest.mark.parametrize(
    "name", ["pylock.toml", "pylock.dev.toml", "sub/pylock.toml[x]", "https://h.example/pylock.toml?x"]
)
def test_lock_files_are_refused_by_name(name: str):
    with pytest.raises(RequirementFileError, match="lock files"):
        read(Sourced(value=name, origin=HERE), constraint=False, files=Disk({}), environ={})
    with pytest.raises(RequirementFileError, match="lock files"):
        read_text("-r pylock.toml\n")


# --- variables ---------------------------------------------------------------------------------------


def test_variables_as_pip():
    environ = {"TOKEN": "s3cret", "lower": "x", "EMPTY": ""}
    found = read_text(
        "-i https://${TOKEN}@a.example\n# ${TOKEN}\ndemo @ https://h.example/${EMPTY}${lower}${NO}.zip\n",
        environ=environ,
    )
    assert options(found) == [("index-url", "https://s3cret@a.example")]
    assert texts(found) == ["demo @ https://h.example/${EMPTY}${lower}${NO}.zip"]
    assert found.settings[0].origin.text == "-i https://${TOKEN}@a.example"


# --- remote files -----------------------------------------------------------------------------


def test_remote_file_is_read_and_its_place_shows_no_password():
    url = "https://me:secret@h.example/r.txt"
    found = read_remote(url, {url: "demo\n-r more.txt\n", "https://me:secret@h.example/more.txt": "other\n"})
    assert [(line.text, line.origin.place) for line in found.lines] == [
        ("demo", "https://h.example/r.txt"),
        ("other", "https://h.example/more.txt"),
    ]


@pytest.mark.parametrize("url", ["http://h.example/r.txt", "HTTP://h.example/r.txt"])
def test_plaintext_remote_file_is_refused(url: str):
    with pytest.raises(Refused) as caught:
        read_remote(url, {url: "demo\n"})
    assert [finding.rule for finding in caught.value.findings] == ["plaintext-link"]


def test_remote_file_naming_a_plaintext_one_is_refused():
    with pytest.raises(Refused) as caught:
        read_remote(
            "https://h.example/r.txt", {"https://h.example/r.txt": "demo\n-r http://h.example/s.txt\n"}
        )
    assert str(caught.value.findings[0].origin) == "https://h.example/r.txt:2:4"


@pytest.mark.parametrize(
    "row",
    ["-r file:///etc/secret.txt", "-c file:/x", "-f file:///x", "-f wheels", "-i ../simple", "./app", "-e ./app",
     "demo @ file:///x.zip", "--extra-index-url FILE:///x"],
)  # fmt: skip
def test_remote_file_may_not_name_local_ones(row: str):
    with pytest.raises(
        RequirementFileError, match=r"names something on this machine|not installable|not a valid"
    ):
        read_remote("https://h.example/r.txt", {"https://h.example/r.txt": row})


def test_remote_file_may_not_read_this_machines_variables():
    remote = {"https://h.example/r.txt": "-i https://${TOKEN}@evil.example\n"}
    with pytest.raises(RequirementFileError, match="variable TOKEN"):
        read_remote("https://h.example/r.txt", remote, {"TOKEN": "s3cret"})
    assert options(read_remote("https://h.example/r.txt", remote)) == [
        ("index-url", "https://${TOKEN}@evil.example")
    ]


def test_remote_size_is_bounded():
    disk = Disk({}, remote={"https://h.example/r.txt": "demo\n" * 100})
    with pytest.raises(RequirementFileError, match="larger than 10 bytes"):
        read(
            Sourced(value="https://h.example/r.txt", origin=HERE),
            constraint=False,
            files=disk,
            environ={},
            limits=Limits(remote_text_max_bytes=10),
        )


def test_file_urls_are_local():
    disk = Disk(
        {"/x/r.txt": "-r more.txt\n./app\n", "/x/more.txt": "demo\n", "app/pyproject.toml": ""},
        folders=frozenset({"app"}),
    )
    found = read(Sourced(value="file:///x/r.txt", origin=HERE), constraint=False, files=disk, environ={})
    assert [line.kind for line in found.lines] == [RequirementKind.NAMED, RequirementKind.PATH]
