"""What the comparisons with the real pip have in common."""

from __future__ import annotations

import datetime as dt
import os.path
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from safepip.core.errors import SafepipError
from safepip.pipcompat import table
from safepip.pipcompat.fold import FormatControl, ReleaseControl
from safepip.pipcompat.option import Option
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
            "https://index.example/simple", "s", "fast-deps", "--policy", "--hash", "--python", "-qi", "--explain", "legacy-certs", "json", "~/x", "sha256", "é",
        ]
    ),
    st.text(alphabet="abc-=:~./ 1", max_size=6),
)  # fmt: skip


GOOD = {
    "config_settings": ["a=b", "a=", "k=v=w"],
    "dependency_group": ["dev", "./pyproject.toml:dev", "pylock.toml:dev"],
    "merge_hash": ["sha256:ab"],
    "no_cache_dir": ["1"],
    "python_version": ["3", "311", "3.11", "3.11.2"],
    "uploaded_prior_to": ["P3D", "2024-01-01T00:00:00Z"],
    "int": ["0", "3", "-1", "0x10"],
    "float": ["1", "2.5", "-3", "1e3"],
}
"""Values that an option takes, by its callback or type."""


def good_values(option: Option) -> list[str]:
    return (
        [*option.choices] or GOOD.get(option.callback or "") or GOOD.get(option.type or "") or ["a", "B_c,d"]
    )


def values_for(option: Option) -> st.SearchStrategy[str]:
    """Mostly what the option takes, else anything, above all what looks like an option or a command."""
    good = st.sampled_from(good_values(option))
    return st.one_of(good, good, good, good, good, VALUES)


@st.composite
def long_words(draw: st.DrawFn, option: Option) -> list[str]:
    """One option by a long name, whole or shortened, with its value in either form or wrongly."""
    name = draw(st.sampled_from([name for name in option.names if name.startswith("--")]))
    whole = st.just(len(name))
    name = name[: draw(st.one_of(whole, whole, st.integers(min_value=3, max_value=len(name))))]
    form = draw(st.integers(0, 29))
    if form == 29:
        name += "x"
    if form == 28 or (option.takes_value and form > 14):
        return [f"{name}={draw(values_for(option))}"]
    return [name, draw(values_for(option))] if option.takes_value and form else [name]


@st.composite
def short_words(draw: st.DrawFn, options: Sequence[Option]) -> list[str]:
    """A cluster of short options, the last one with its value glued, apart or missing."""
    shorts = {name[1]: option for option in options for name in option.names if not name.startswith("--")}
    cluster = "-"
    for letter in draw(st.lists(st.sampled_from([*shorts, *shorts, "q", "v", "Z"]), min_size=1, max_size=4)):
        cluster += letter
        option = shorts.get(letter)
        if option is not None and option.takes_value:
            value = draw(values_for(option))
            return [cluster + value] if draw(st.booleans()) else [cluster, value]
    return [cluster]


def option_words(options: Sequence[Option]) -> st.SearchStrategy[list[str]]:
    return st.one_of(st.sampled_from(options).flatmap(long_words), short_words(options))


@st.composite
def lines_of(draw: st.DrawFn, command: str) -> list[str]:
    """A command line of one command, mostly one that pip reads."""
    anywhere = st.sampled_from(OPTIONS).flatmap(long_words)
    own = option_words(table.options_of(command))
    word = st.one_of(*[own] * 9, anywhere, VALUES.map(lambda value: [value]))
    before = [*joined(draw, st.lists(option_words(table.main_options()), max_size=2))]
    after = [*joined(draw, st.lists(word, max_size=5))]
    return [*before, command, *after]


def joined(draw: st.DrawFn, groups: st.SearchStrategy[list[list[str]]]) -> Iterator[str]:
    for group in draw(groups):
        yield from group


def command_lines() -> st.SearchStrategy[list[str]]:
    """A command line of any command."""
    return st.sampled_from([*COMMANDS, "install", "install", "install"]).flatmap(lines_of)


SIMPLE = st.sampled_from(
    [["install", "x"], ["list"], ["download", "x"], ["install", "x", "-i", "https://a.example", "--no-binary", "q"],
     ["list", "--isolated"], ["install", "--extra-index-url=b", "-v", "--user", "x"], ["wheel", "-Ca=b", "x"]]
)  # fmt: skip
"""Command lines that pip reads in every configuration."""
