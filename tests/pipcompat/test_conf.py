"""pip.conf is read as configparser reads it, with places; the files are looked for where pip looks."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safepip.core.errors import ConfigurationError
from safepip.pipcompat import conf
from safepip.pipcompat.places import config_paths
from safepip.pipcompat.written import ConfigKind, normalize_key

from .conftest import Oracle

LINES = st.one_of(
    st.sampled_from(
        [
            "[global]", "[install]", "[DEFAULT]", "[:env:]", "[a]b]", "  [global]", "[]", "[x", "",
            "   ", "# note", "; note", "  # note", "index-url = https://a.example", "Index_URL: b", "--index-url=c",
            "key=", "=value", "no value", "  continued", "    more = x", "\tx", "a = b # c", "a=b=c", "----a=b",
            "\ufeff[global]", "[global] tail", "extra = \\", "a : b = c", "a = \x0b b", "a\x1c= b", "a = b\x85c",
        ]
    ),
    st.text(alphabet="[]=:# ;ab_-\t", max_size=8),
)  # fmt: skip
TEXTS = st.builds(
    lambda lines, end: end.join(lines), st.lists(LINES, max_size=8), st.sampled_from(["\n", "\r\n", "\r"])
)


class Reference(configparser.RawConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return normalize_key(optionstr)


def reference(text: str, path: Path) -> dict[str, str] | None:
    """What pip stores of a file; None where it refuses the file."""
    path.write_bytes(text.encode())
    parser = Reference()
    try:
        parser.read(path, encoding="utf-8")
    except configparser.Error:
        return None
    return {
        f"{section}.{normalize_key(key)}": value
        for section in parser.sections()
        for key, value in parser.items(section)
    }


def assert_located(error: ConfigurationError) -> None:
    assert error.origin is not None
    assert error.origin.line is not None


@pytest.mark.property
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS)
def test_same_values_and_order_as_configparser(text: str, tmp_path: Path):
    expected = reference(text, tmp_path / "pip.conf")
    try:
        found = conf.parse(text, "pip.conf")
    except ConfigurationError as error:
        assert_located(error)
        assert expected is None
        return
    assert expected is not None
    ours: dict[str, str] = {}
    for written in found.written:
        ours[f"{written.section}.{written.key}"] = written.text
    assert list(ours.items()) == list(expected.items())
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for piece in (piece for written in found.written for piece in written.pieces if piece.value):
        origin = piece.origin
        assert origin.line is not None
        assert origin.column is not None
        assert rows[origin.line - 1][origin.column - 1 :].startswith(piece.value)


@pytest.mark.differential
def test_same_values_as_pip(oracle: Oracle, tmp_path: Path):
    text = (
        "[DEFAULT]\ntimeout = 5\n[global]\nIndex_URL = https://a.example\nextra-index-url =\n  b\n\n  c # d\n"
    )
    path = tmp_path / "pip.conf"
    path.write_text(text)
    ours = {f"{w.section}.{w.key}": w.text for w in conf.parse(text, str(path)).written}
    assert oracle("config", path=str(path))["values"] == ours


def test_words_of_a_list_each_know_their_line():
    file = conf.parse(
        "[global]\nextra-index-url = https://a.example\n    https://b.example  https://c.example\n", "p"
    )
    words = file.sections["global"]["extra-index-url"].words
    assert [(word.value, word.origin.line, word.origin.column) for word in words] == [
        ("https://a.example", 2, 19),
        ("https://b.example", 3, 5),
        ("https://c.example", 3, 24),
    ]


@pytest.mark.parametrize(
    "text, line, words",
    [
        ("[global]\nindex-url = a\nindex_url = b\n", 3, "already exists"),
        ("[global]\n[global]\n", 2, "already exists"),
        ("index-url = a\n", 1, "no section headers"),
        ("\ufeff[global]\n", 1, "no section headers"),
        ("[global]\nnonsense\n", 2, "neither a section"),
    ],
)
def test_bad_files_name_the_line(text: str, line: int, words: str):
    with pytest.raises(ConfigurationError, match=words) as caught:
        conf.parse(text, "pip.conf")
    assert caught.value.origin is not None
    assert (caught.value.origin.place, caught.value.origin.line) == ("pip.conf", line)


def paths(platform: str, environ: dict[str, str], *, existing: set[str] = frozenset()):
    return config_paths(
        platform,
        environ,
        "/venv",
        "/home/me",
        exists=existing.__contains__,
        is_dir=existing.__contains__,
    )


def test_linux_order():
    assert paths("linux", {}) == [
        (ConfigKind.GLOBAL, "/etc/xdg/pip/pip.conf"),
        (ConfigKind.GLOBAL, "/etc/pip.conf"),
        (ConfigKind.USER, "/home/me/.pip/pip.conf"),
        (ConfigKind.USER, "/home/me/.config/pip/pip.conf"),
        (ConfigKind.SITE, "/venv/pip.conf"),
    ]


def test_xdg_folders_count_where_they_are_absolute():
    environ = {"XDG_CONFIG_DIRS": "/a:relative: /b ", "XDG_CONFIG_HOME": "/c"}
    assert [path for _, path in paths("linux", environ)] == [
        "/a/pip/pip.conf",
        "/b/pip/pip.conf",
        "/etc/pip.conf",
        "/home/me/.pip/pip.conf",
        "/c/pip/pip.conf",
        "/venv/pip.conf",
    ]
    assert paths("linux", {"XDG_CONFIG_HOME": "relative"}) == paths("linux", {})


def test_named_file_takes_the_place_of_the_users_if_it_exists():
    environ = {"PIP_CONFIG_FILE": "/mine.conf"}
    assert ConfigKind.USER in [kind for kind, _ in paths("linux", environ)]
    kinds = [kind for kind, _ in paths("linux", environ, existing={"/mine.conf"})]
    assert ConfigKind.USER not in kinds
    assert kinds[-1] is ConfigKind.ENV


def test_null_device_means_no_file_at_all():
    assert paths("linux", {"PIP_CONFIG_FILE": "/dev/null"}) == []
    assert paths("win32", {"PIP_CONFIG_FILE": "nul"}) == []
    assert paths("linux", {"PIP_CONFIG_FILE": "//dev/null"}) != []


def test_macos_prefers_an_existing_application_support_folder():
    assert (ConfigKind.USER, "/home/me/.config/pip/pip.conf") in paths("darwin", {})
    support = "/home/me/Library/Application Support/pip"
    assert (ConfigKind.USER, f"{support}/pip.conf") in paths("darwin", {}, existing={support})
    assert paths("darwin", {})[0] == (ConfigKind.GLOBAL, "/Library/Application Support/pip/pip.conf")


HOMEBREW = "/opt/homebrew/opt/python@3.13/Frameworks/Python.framework/Versions/3.13"
FOLDERS = st.sampled_from(["", "/a", "/a/", "/a:/b", "relative:/b: /c ", ":", " /a", "relative"])


@pytest.mark.property
@pytest.mark.differential
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    system=st.tuples(
        st.sampled_from(["linux", "darwin"]),
        st.sampled_from(["/usr", HOMEBREW, HOMEBREW.replace("/opt/homebrew", "/usr/local"), HOMEBREW + "/x"]),
    ),
    environ=st.fixed_dictionaries(
        {},
        optional={
            "XDG_CONFIG_DIRS": FOLDERS,
            "XDG_CONFIG_HOME": FOLDERS,
            "XDG_DATA_DIRS": FOLDERS,
            "XDG_DATA_HOME": FOLDERS,
            "PIP_CONFIG_FILE": st.sampled_from(["/missing.conf", "", "/etc/passwd"]),
        },
    ),
)
def test_files_are_looked_for_where_pip_looks(
    system: tuple[str, str], environ: dict[str, str], oracle: Oracle, tmp_path: Path
):
    platform, base = system
    environ = {**environ, "HOME": str(tmp_path)}
    (tmp_path / "Library/Application Support/pip").mkdir(parents=True, exist_ok=True)
    theirs = oracle("places", platform=platform, prefix="/venv", base_prefix=base, environ=environ)
    ours = config_paths(
        platform,
        environ,
        "/venv",
        str(tmp_path),
        base_prefix=base,
        exists=os.path.exists,
        is_dir=os.path.isdir,
    )
    assert [[kind.value, path] for kind, path in ours] == theirs["places"]


def test_a_python_of_homebrews_has_a_file_of_its_own():
    found = config_paths(
        "darwin", {}, "/venv", "/Users/me", base_prefix=HOMEBREW, exists=bool, is_dir=lambda path: False
    )
    assert [path for kind, path in found if kind is ConfigKind.GLOBAL] == [
        "/opt/homebrew/share/pip/pip.conf",
        "/Library/Application Support/pip/pip.conf",
    ]


@pytest.mark.parametrize(
    ("override", "folder"),
    [
        (r"D:\Config", r"D:\Config"),
        (r"\\host\share\x", r"\\host\share\x"),
        ("Config", r"C:\ProgramData"),
        ("", r"C:\ProgramData"),
    ],
)
def test_a_windows_folder_may_be_replaced_by_a_full_path_only(override: str, folder: str):
    environ = {"PROGRAMDATA": r"C:\ProgramData", "WIN_PD_OVERRIDE_COMMON_APPDATA": override}
    found = config_paths("win32", environ, r"C:\venv", r"C:\Users\me", exists=bool, is_dir=bool)
    assert found[0] == (ConfigKind.GLOBAL, folder + r"\pip\pip.ini")


def test_windows_folders():
    environ = {"ALLUSERSPROFILE": r"C:\ProgramData", "APPDATA": r"C:\Users\me\AppData\Roaming"}
    found = config_paths("win32", environ, r"C:\venv", r"C:\Users\me", exists=bool, is_dir=bool)
    assert [path for _, path in found] == [
        r"C:\ProgramData\pip\pip.ini",
        r"C:\Users\me\pip\pip.ini",
        r"C:\Users\me\AppData\Roaming\pip\pip.ini",
        r"C:\venv\pip.ini",
    ]
