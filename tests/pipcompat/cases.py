"""What the comparisons with the real pip have in common."""

from __future__ import annotations

import datetime as dt
import os.path
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from safepip.core.errors import SafepipError
from safepip.pipcompat.fold import FormatControl, ReleaseControl
from safepip.pipcompat.options import COMMANDS, OPTIONS

NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
ELSEWHERE = {option.dest for option in OPTIONS if option.default_elsewhere}
"""Values whose default only the machine knows."""


SHARED = {"features_enabled", "deprecated_features_enabled"}
"""Lists that pip's first and second reading of the general options share, so that it holds them twice."""


def expand_user(path: str) -> str:
    """As ``os.path.expanduser`` with ``HOME=/home/user``."""
    return "/home/user" + path[1:] if path == "~" or path.startswith("~/") else path


def plain(value: object) -> object:
    """A value as the oracle writes it."""
    if isinstance(value, FormatControl | ReleaseControl):
        return {name: sorted(getattr(value, name)) for name in value.__slots__}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return value.isoformat() if isinstance(value, dt.datetime) else value


def same_values(ours: Mapping[str, object], theirs: Mapping[str, Any]) -> None:
    """Every value equals pip's, apart from defaults that only the machine knows."""
    for dest, said in theirs.items():
        mine, expected = plain(ours[dest]), said
        if mine is None and dest in ELSEWHERE:
            continue
        if dest == "src_dir":
            mine = os.path.normpath(Path.cwd() / str(mine))
        if dest == "uploaded_prior_to" and mine == (NOW - dt.timedelta(days=3)).isoformat():
            continue  # P3D, counted back from another now
        if dest in SHARED:
            mine, expected = sorted(set(mine)), sorted(set(expected))
        assert mine == expected, dest
    assert set(ours) - {"version"} <= set(theirs)


def same_error(error: SafepipError, theirs: Mapping[str, Any]) -> None:
    """Exit code and first words."""
    assert theirs.get("exit") == error.exit_code, (error.message, theirs)
    said = " ".join(str(theirs["said"]).split())
    assert " ".join(error.message.split()) in said or " ".join(error.message.split())[:60] in said


VALUES = st.one_of(
    st.sampled_from(
        [
            "x", "install", "list", "--isolated", "--", "-", "-r", "-i", "--index-url", "=", "=x", "1", "0", "2.5",
            "true", "no", "", "a b", "only-if-needed", "eager", "P3D", "2024-01-01T00:00:00Z", "3.11", "311", "3.x",
            "a=b", ":all:", ":none:", "Foo,bar", "dev", "./pyproject.toml:dev", "x.toml:dev", "off", "ignore",
            "https://index.example/simple", "s", "fast-deps", "legacy-certs", "json", "~/x", "sha256", "é",
        ]
    ),
    st.text(alphabet="abc-=:~./ 1", max_size=6),
)  # fmt: skip


@st.composite
def option_words(draw: st.DrawFn) -> list[str]:
    """One option of any command in any spelling pip might accept, now and then one it does not."""
    option = draw(st.sampled_from(OPTIONS))
    name = draw(st.sampled_from(option.names))
    if name.startswith("--"):
        if draw(st.booleans()):
            name = name[: draw(st.integers(min_value=3, max_value=len(name)))]
        if draw(st.integers(0, 9)) == 0:
            name += "x"
        form = draw(st.integers(0, 4))
        if form == 0:
            return [f"{name}={draw(VALUES)}"]
        return [name, draw(VALUES)] if option.takes_value and form > 1 else [name]
    if draw(st.booleans()):
        name = "-" + draw(st.sampled_from(["q", "v", "qv", "U", "qU", ""])) + name[1:]
    if option.takes_value:
        value = draw(VALUES)
        return [name + value] if draw(st.booleans()) else [name, value]
    return [name]


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """A command line, mostly one that pip reads."""
    command = draw(st.sampled_from([*COMMANDS, "install", "install", "install"]))
    words = st.lists(st.one_of(option_words(), VALUES.map(lambda value: [value])), max_size=4)
    before = [word for group in draw(st.lists(option_words(), max_size=1)) for word in group]
    after = [word for group in draw(words) for word in group]
    # pip would start another process for it.
    return [word for word in [*before, command, *after] if not word.startswith("--py")]
