"""All levels of pip's configuration on a real disk: what safepip reads is what the real pip reports."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safepip.core.errors import ConfigurationError, SafepipError
from safepip.flows.configuration import read_config
from safepip.pipcompat import conf, environ, places
from safepip.pipcompat.argv import parse
from safepip.pipcompat.effective import EffectiveConfig
from safepip.pipcompat.written import ConfigKind

from .cases import NOW, SIMPLE, same_values
from .conftest import Oracle

pytestmark = [
    pytest.mark.differential,
    pytest.mark.skipif(sys.platform != "linux", reason="the folders of the other systems are not this one's"),
]


NAMES = ("xdg1/pip", "xdg2/pip", "etc", "home/.pip", "home/.config/pip", "venv", "named")


@dataclass
class Levels:
    """A home, an environment and folders for the system's files below one folder."""

    root: Path

    @property
    def environ(self) -> dict[str, str]:
        return {
            "HOME": str(self.root / "home"),
            "XDG_CONFIG_DIRS": f"{self.root / 'xdg1'}:relative:{self.root / 'xdg2'}",
        }

    @property
    def prefix(self) -> str:
        return str(self.root / "venv")

    @property
    def question(self) -> dict[str, str]:
        """What the oracle needs to find the same files."""
        return {"prefix": self.prefix, "system": str(self.places["etc"])}

    @property
    def places(self) -> dict[str, Path]:
        """Every file, by a short name, weakest first."""
        return {name: self.root / name / "pip.conf" for name in NAMES}

    def write(self, files: dict[str, bytes]) -> None:
        for name, path in self.places.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if name in files:
                path.write_bytes(files[name])

    def read(self, argv: list[str], variables: dict[str, str], encoding: str = "utf-8") -> EffectiveConfig:
        """safepip's answer."""
        around = SimpleNamespace(
            platform="linux",
            environ=variables,
            home=variables["HOME"],
            text_encoding=encoding,
            exists=os.path.exists,
            is_dir=os.path.isdir,
        )
        world = SimpleNamespace(
            around=around,
            clock=SimpleNamespace(now=lambda: NOW),
            files=SimpleNamespace(read_bytes=lambda path: Path(path).read_bytes()),
        )
        target: Any = SimpleNamespace(prefix=self.prefix, base_prefix="/usr")
        return read_config(parse(argv), world, target)  # type: ignore[arg-type]

    def listed(self, variables: dict[str, str]) -> str:
        """What ``pip config list`` would print, from safepip's reading of the same files."""
        found = places.config_paths(
            "linux", variables, self.prefix, variables["HOME"], exists=os.path.exists, is_dir=os.path.isdir
        )
        values: dict[str, dict[str, str]] = {}
        for kind, path in sorted(found, key=lambda place: list(ConfigKind).index(place[0])):
            file = values.setdefault(path, {})
            if os.path.exists(path):  # noqa: PTH110 - to Path no name at all is the working directory
                text = Path(path).read_text(encoding="utf-8")
                file |= {f"{w.section}.{w.key}": w.text for w in conf.parse(text, path, kind=kind).written}
        values[":env:"] = {f"{w.section}.{w.key}": w.text for w in environ.parse(variables)}
        return "".join(
            f"{key}={value!r}\n" for _, file in sorted(values.items()) for key, value in sorted(file.items())
        )


@pytest.fixture
def levels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Levels:
    found = Levels(tmp_path)
    monkeypatch.setattr(places, "SYSTEM_FILE", str(found.places["etc"]))
    return found


KEYS = st.sampled_from(
    ["index-url", "Index_URL", "--index_url", "pypi-url", "INDEX-URL", "extra-index-url", "no-index", "timeout",
     "default_timeout", "find-links", "trusted-host", "no-build-isolation", "no-compile", "require-hashes",
     "verbose", "no-binary", "only_binary", "constraint", "format", "isolated", "index-ulr", "cache-dir",
     "no-cache-dir", "uploaded-prior-to", "config-settings", "progress-bar", "user", "no-user"]
)  # fmt: skip
TEXTS = st.sampled_from(
    ["a", "b", "https://index.example/simple", "1", "0", "yes", "off", "", "5", "a b", "a ; b", "a # b", "a=b",
     ":all:", "x,y", "json", "off", "P3D", "2024-01-01", "é", "%(home)s", "${HOME}"]
)  # fmt: skip
SEPARATORS = st.sampled_from([" = ", "=", ": ", ":", " : ", "  =", "= "])
MORE = st.lists(st.sampled_from(["  c", "\td", "   # no comment?", "", "    ; e", "  f = g"]), max_size=2)
SETTINGS = st.builds(
    lambda key, separator, text, more: "\n".join([f"{key}{separator}{text}", *more]),
    KEYS,
    SEPARATORS,
    TEXTS,
    MORE,
)
NAMED = st.sampled_from(
    ["global", "global", "install", "install", "list", "download", ":env:", "DEFAULT", "Global", " global",
     "install ", "x.y", "INSTALL"]
)  # fmt: skip
SECTIONS = st.dictionaries(NAMED, st.lists(SETTINGS, max_size=3), max_size=3)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A configuration file, mostly a good one."""
    lines = []
    for name, values in draw(SECTIONS).items():
        lines += [f"[{name}]", *values]
        if draw(st.integers(0, 19)) == 0:
            lines.append(draw(st.sampled_from(["nonsense", "[global]", "= x", "[open", "\ufeffkey = 1"])))
    end = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    mark = "\ufeff" if draw(st.integers(0, 29)) == 0 else ""
    return (mark + "\n".join([*lines, ""])).replace("\n", end).encode()


FILES = st.fixed_dictionaries({}, optional={name: files() for name in NAMES})
VARIABLES = st.fixed_dictionaries(
    {},
    optional={
        "PIP_CONFIG_FILE": st.sampled_from(["named", "missing", "", "null", "//dev/null"]),
        "PIP_INDEX_URL": TEXTS,
        "PIP_NO_COMPILE": TEXTS,
        "PIP_EXTRA_INDEX_URL": TEXTS,
    },
)


def environment(levels: Levels, variables: dict[str, str]) -> dict[str, str]:
    named = {
        "named": str(levels.places["named"]),
        "null": os.devnull,
        "missing": str(levels.root / "missing"),
    }
    return levels.environ | {name: named.get(value, value) for name, value in variables.items()}


@pytest.mark.property
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(argv=SIMPLE, contents=FILES, variables=VARIABLES)
def test_values_of_every_command_are_what_pip_reports(
    argv: list[str], contents: dict[str, bytes], variables: dict[str, str], levels: Levels, oracle: Oracle
):
    levels.write(contents)
    variables = environment(levels, variables)
    theirs = oracle("argv", argv=argv, **levels.question, environ=variables)
    ours: EffectiveConfig | SafepipError
    try:
        ours = levels.read(argv, variables)
    except SafepipError as error:
        ours = error
    if isinstance(ours, SafepipError):
        assert theirs.get("exit"), (ours.message, theirs)
        assert ours.origin is not None
    else:
        same_values(ours.values, theirs["values"])


@pytest.mark.property
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=FILES, variables=VARIABLES)
def test_what_stands_in_every_file_is_what_pip_config_lists(
    contents: dict[str, bytes], variables: dict[str, str], levels: Levels, oracle: Oracle
):
    levels.write(contents)
    variables = environment(levels, variables)
    theirs = oracle("output", argv=["config", "list"], **levels.question, environ=variables)
    try:
        ours = levels.listed(variables)
    except ConfigurationError:
        assert theirs["exit"] == 2
        return
    # Else a value that `config` itself refuses. By the two others a file changes how `config` answers.
    speaks = any(key in text for text in contents.values() for key in (b"isolated", b"verbose"))
    if "exit" not in theirs and not speaks:
        assert theirs == {"code": 0, "out": ours}


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("null", None),
        ("//dev/null", b"user"),
        ("missing", b"user"),
        ("", b"user"),
        ("named", b"named"),
    ],
)
def test_only_the_null_device_by_its_own_name_switches_every_file_off(
    named: str, said: bytes | None, levels: Levels, oracle: Oracle
):
    levels.write(
        {
            "xdg1/pip": b"[global]\nindex-url = xdg\n",
            "home/.config/pip": b"[global]\nindex-url = user\n",
            "named": b"[global]\nindex-url = named\n",
        }
    )
    # To pip //dev/null is a file like another, and one that exists: the user's are skipped.
    expected = "xdg" if named == "//dev/null" else said and said.decode()
    variables = environment(levels, {"PIP_CONFIG_FILE": named})

    ours = levels.read(["install", "x"], variables)
    theirs = oracle("argv", argv=["install", "x"], **levels.question, environ=variables)

    assert ours.value("index_url") == expected
    assert named == "null" or theirs["values"]["index_url"] == expected


def test_a_relative_name_of_a_file_is_seen_from_the_working_directory(
    levels: Levels, oracle: Oracle, monkeypatch: pytest.MonkeyPatch
):
    levels.write({"named": b"[global]\nindex-url = named\n"})
    monkeypatch.chdir(levels.root)
    variables = levels.environ | {"PIP_CONFIG_FILE": "named/pip.conf"}

    ours = levels.read(["install", "x"], variables)
    theirs = oracle("argv", argv=["install", "x"], **levels.question, environ=variables, cwd=str(levels.root))

    assert ours.value("index_url") == theirs["values"]["index_url"] == "named"


def test_files_are_decoded_as_the_locale_says(levels: Levels):
    levels.write({"venv": "[global]\nindex-url = https://m\u00fcnchen.example\n".encode("latin-1")})

    assert (
        levels.read(["install", "x"], levels.environ, "latin-1").value("index_url")
        == "https://münchen.example"
    )
    with pytest.raises(ConfigurationError, match="could not be loaded") as caught:
        levels.read(["install", "x"], levels.environ)
    assert caught.value.origin is not None
    assert caught.value.origin.place == str(levels.places["venv"])


def test_a_byte_order_mark_is_an_error_and_no_empty_file(levels: Levels, oracle: Oracle):
    levels.write({"venv": "\ufeff[global]\nindex-url = a\n".encode()})

    assert oracle("argv", argv=["list"], **levels.question, environ=levels.environ)["exit"] == 2
    with pytest.raises(ConfigurationError, match="no section headers"):
        levels.read(["list"], levels.environ)


def test_a_file_that_cannot_be_opened_is_not_absent(levels: Levels, oracle: Oracle):
    """pip goes on as if it were not there, and so without the index that it names."""
    levels.write({})
    levels.places["etc"].mkdir()
    assert oracle("argv", argv=["list"], **levels.question, environ=levels.environ)["command"] == "list"

    with pytest.raises(ConfigurationError, match="could not be loaded") as caught:
        levels.read(["list"], levels.environ)

    assert caught.value.origin is not None
    assert caught.value.origin.place == str(levels.places["etc"])
    levels.places["etc"].rmdir()
    assert levels.read(["list"], levels.environ).settings == ()
