"""Configuration, environment and command line together give what pip makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safepip.core.errors import (
    CommandError,
    ConfigurationError,
    ConfiguredValueError,
    SafepipError,
    UsageError,
)
from safepip.core.origin import BUILT_IN, Place
from safepip.pipcompat import conf, environ
from safepip.pipcompat.argv import parse
from safepip.pipcompat.effective import EffectiveConfig, merge
from safepip.pipcompat.options import OPTIONS
from safepip.pipcompat.written import ConfigKind

from .cases import NOW, SIMPLE, VALUES, command_lines, expand_user, same_error, same_values
from .conftest import Oracle

KINDS = {"global": ConfigKind.GLOBAL, "user": ConfigKind.USER, "site": ConfigKind.SITE}


def effective(
    argv: list[str], files: dict[str, str] | None = None, variables: dict[str, str] | None = None
) -> EffectiveConfig:
    read = [conf.parse(text, f"/{kind}.conf", kind=KINDS[kind]) for kind, text in (files or {}).items()]
    return merge(
        parse(argv),
        read,
        environ.parse(variables or {}),
        now=NOW,
        expand_user=expand_user,
    )


def compare(
    argv: list[str], files: dict[str, str], variables: dict[str, str], oracle: Oracle, folder: Path
) -> None:
    paths = {}
    for kind, text in files.items():
        path = folder / f"{kind}.conf"
        path.write_text(text, encoding="utf-8")
        paths[kind] = [str(path)]
    theirs = oracle("argv", argv=argv, files=paths, environ={**variables, "HOME": "/home/user"})
    try:
        invocation = parse(argv)
    except SafepipError:
        assert theirs["exit"] in {1, 2, 3}
        return
    try:
        ours = effective(argv, files, variables)
    except SafepipError as error:
        if error.reference == "conflicting-variables":
            return
        if "exit" not in theirs and "help" not in theirs:
            raise
        if not isinstance(error, ConfigurationError) and "exit" in theirs:
            same_error(error, theirs)
        return
    if theirs.get("help") or invocation.wants_version:
        return
    assert "values" in theirs, theirs
    same_values(ours.values, theirs["values"])


NAMES = sorted(
    {name[2:] for option in OPTIONS for name in option.names if name.startswith("--")}
    - {"python", "version", "help"}
)
KEYS = st.builds(
    lambda name, style: [name, name.replace("-", "_"), name.upper(), f"--{name}", "nonsense"][style],
    st.sampled_from(NAMES),
    st.sampled_from([0, 0, 0, 1, 2, 3, 4]),
)
TEXTS = st.one_of(VALUES, st.sampled_from(["1", "0", "true", "no", "5", "a b", "x\n  y"])).filter(
    lambda text: text.isprintable() or "\n" in text
)
SECTIONS = st.sampled_from(["global", "global", "install", "list", ":env:", "DEFAULT", "download", "x.y"])
CONFIGS = st.dictionaries(SECTIONS, st.dictionaries(KEYS, TEXTS, max_size=3), max_size=3).map(
    lambda sections: "".join(
        f"[{name}]\n" + "".join(f"{key} = {text}\n" for key, text in values.items())
        for name, values in sections.items()
    )
)


@st.composite
def variable_names(draw: st.DrawFn) -> str:
    """One option in a spelling of the environment, or nearly."""
    name = draw(st.sampled_from(NAMES))
    if draw(st.booleans()):
        return "PIP_" + name.replace("-", "_").upper()
    letters = [draw(st.sampled_from([each, each.upper()])) for each in name]
    spelled = "".join(draw(st.sampled_from("-_")) if each == "-" else each for each in letters)
    prefix = draw(st.sampled_from(["PIP_", "PIP_", "PIP_", "pip_", "PIP-", "_PIP_"]))
    return prefix + draw(st.sampled_from(["", "", "__", "--", "-_", "_", "___"])) + spelled


VARIABLES = st.dictionaries(variable_names(), VALUES.filter(lambda text: "\0" not in text), max_size=3)


@pytest.mark.property
@pytest.mark.differential
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    argv=st.one_of(SIMPLE, SIMPLE, command_lines()),
    files=st.fixed_dictionaries({}, optional={"global": CONFIGS, "user": CONFIGS, "site": CONFIGS}),
    variables=VARIABLES,
)
def test_same_as_pip_on_generated_configurations(
    argv: list[str], files: dict[str, str], variables: dict[str, str], oracle: Oracle, tmp_path: Path
):
    compare(argv, files, variables, oracle, tmp_path)


@pytest.mark.differential
@pytest.mark.parametrize(
    "argv, files, variables",
    [
        (["install", "x"], {"global": "[install]\nindex-url = a\n", "user": "[global]\nindex-url = b\n"}, {}),
        (["install", "x"], {"global": "[global]\nindex-url = a\n", "site": "[global]\npypi_url = b\n"}, {}),
        (["install", "x"], {"user": "[DEFAULT]\nindex-url = a\n"}, {}),
        (["install", "x"], {"user": "[DEFAULT]\nindex-url = a\n[global]\ntimeout = 3\n"}, {}),
        (["install", "x"], {"user": "[:env:]\nindex-url = a\n[install]\nindex-url = b\n"}, {}),
        (["install", "x"], {"user": "[global]\nindex-url = a\n"}, {"PIP_INDEX_URL": ""}),
        (["install", "x"], {}, {"PIP_INDEX_URL": "a", "PIP_pypi_url": ""}),
        (["install", "x"], {}, {"PIP_PYPI_URL": "a", "PIP___INDEX_URL": "a"}),
        (["install", "x"], {}, {"PIP_--INDEX-URL": "a"}),
        (["install", "x"], {}, {"PIP_-_Index-Url": "a"}),
        (["install", "x"], {}, {"PIP_INDEX-URL": "a"}),
        (["install", "x"], {}, {"PIP_-INDEX-URL": "a"}),
        (["install", "x"], {}, {"pip_index_url": "a", "Pip_Index_Url": "b"}),
        (["install", "x"], {}, {"PIP_INDEX": "a", "PIP_I": "b", "PIP_": "c"}),
        (["install", "x"], {}, {"PIP_VERSION": "1", "PIP_HELP": "1", "PIP___HELP": "0"}),
        (["install", "x"], {}, {"PIP_ISOLATED": "1", "PIP_INDEX_URL": "a"}),
        (["install", "x"], {}, {"PIP_NO_COMPILE": "1"}),
        (["install", "x"], {}, {"PIP_NO_COMPILE": "0"}),
        (["install", "x"], {}, {"PIP_NO_USER": "0"}),
        (["install", "x"], {}, {"PIP_NO_WARN_CONFLICTS": "1", "PIP_NO_WARN_SCRIPT_LOCATION": "off"}),
        (["install", "x"], {}, {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "no", "PIP_NO_REQUIRE_HASHES": "t"}),
        (["install", "x"], {}, {"PIP_REQUIRE_HASHES": "f"}),
        (["install", "x"], {}, {"PIP_USER": "1", "PIP_NO_USER": "1"}),
        (["install", "x"], {}, {"PIP_NO_USER": "1", "PIP_USER": "1"}),
        (["install", "x"], {}, {"PIP_NO_CACHE_DIR": "1", "PIP_CACHE_DIR": "/c"}),
        (["install", "x"], {}, {"PIP_CACHE_DIR": "/c", "PIP_NO_CACHE_DIR": "0"}),
        (["install", "x"], {}, {"PIP_ONLY_BINARY": ":all:", "PIP_NO_BINARY": "x"}),
        (["install", "x"], {}, {"PIP_NO_BINARY": "x", "PIP_ONLY_BINARY": ":all:"}),
        (["install", "x"], {}, {"PIP_FIND_LINKS": "a\tb\n c  d"}),
        (["install", "x"], {}, {"PIP_INDEX_URL": "a b\nc"}),
        (["install", "x"], {}, {"PIP_INDEX_URL": " "}),
        (["install", "x"], {}, {"PIP_FIND_LINKS": " "}),
        (["install", "x"], {"user": "[global]\nfind-links = a\n"}, {"PIP_FIND_LINKS": " "}),
        (["install", "x"], {}, {"PIP_NO_BUILD_ISOLATION": "0"}),
        (["install", "x"], {}, {"PIP_NO_BUILD_ISOLATION": "1"}),
        (["install", "x"], {}, {"PIP_NO_USER": "1"}),
        (["install", "x"], {}, {"PIP_USER": "0"}),
        (["install", "x"], {}, {"PIP_NO_CACHE_DIR": "false"}),
        (["install", "x"], {"user": "[install]\ncache-dir=/c\n[global]\nno-cache-dir=1\n"}, {}),
        (["install", "x", "--cache-dir", "/d"], {"user": "[global]\nno-cache-dir=1\n"}, {}),
        (["install", "x"], {}, {"PIP_NO_CACHE_DIR": "maybe"}),
        (["install", "x", "--extra-index-url", "c"], {"user": "[global]\nextra-index-url = a\n  b\n"}, {}),
        (["install", "x"], {"user": "[global]\nextra-index-url = a\n"}, {"PIP_EXTRA_INDEX_URL": "b c"}),
        (["install", "x", "--no-binary", "a"], {}, {"PIP_NO_BINARY": "b", "PIP_ONLY_BINARY": "b,a"}),
        (["install", "x"], {}, {"PIP_ONLY_BINARY": "b", "PIP_NO_BINARY": ":all:"}),
        (["install", "x"], {}, {"PIP_TIMEOUT": "soon"}),
        (["install", "x"], {}, {"PIP_DEFAULT_TIMEOUT": "9", "PIP_TIMEOUT": "99"}),
        (["install", "x"], {}, {"PIP_TIMEOUT": "99", "PIP_DEFAULT_TIMEOUT": "9"}),
        (["install", "x"], {}, {"PIP_REQUIRE_HASHES": "perhaps"}),
        (["install", "x"], {}, {"PIP_VERBOSE": "3"}),
        (["install", "x", "-v"], {}, {"PIP_VERBOSE": "yes"}),
        (["install", "x"], {}, {"PIP_VERBOSE": "-1"}),
        (["install", "x"], {}, {"PIP_PROGRESS_BAR": "pretty"}),
        (["install", "x"], {}, {"PIP_EXISTS_ACTION": "w x"}),
        (["install", "x"], {}, {"PIP_PYTHON_VERSION": "3.x"}),
        (["install", "x"], {}, {"PIP_CONFIG_SETTINGS": "a"}),
        (["install", "x", "-Ca=c"], {}, {"PIP_CONFIG_SETTINGS": "a=b"}),
        (["install", "x", "--group=b"], {}, {"PIP_GROUP": "a"}),
        (["install", "x"], {}, {"PIP_UPLOADED_PRIOR_TO": "2024-02-03T00:00:00Z"}),
        (["install", "x"], {}, {"PIP_SRC": "~/src", "PIP_CERT": "~/ca.pem"}),
        (["list", "--isolated"], {"user": "[global]\nformat=json\n", "site": "[list]\nlocal=1\n"}, {"PIP_USER": "1"}),
        (["list", "--isol"], {"user": "[global]\nformat=json\n"}, {"PIP_USER": "1"}),
        (["list"], {"user": "[list]\nexclude = Foo_Bar baz\n"}, {}),
        (["completion"], {"user": "[completion]\nbash = 1\n"}, {}),
    ],
)  # fmt: skip
def test_same_as_pip(
    argv: list[str], files: dict[str, str], variables: dict[str, str], oracle: Oracle, tmp_path: Path
):
    compare(argv, files, variables, oracle, tmp_path)


def test_every_value_is_listed_with_its_place_and_the_winner_in_effect():
    config = effective(
        ["install", "x", "--trusted", "cli.example"],
        {
            "global": "[global]\nindex-url = https://a.example\ntrusted-host =\n    old.example\n",
            "user": "[install]\nindex_url = https://b.example\n",
        },
        {"PIP_TRUSTED_HOST": "one.example two.example"},
    )
    assert [(s.option, s.value, s.in_effect, str(s.origin)) for s in config.settings] == [
        ("index-url", "https://a.example", False, "/global.conf:2:13"),
        ("trusted-host", "old.example", False, "/global.conf:4:5"),
        ("index-url", "https://b.example", True, "/user.conf:2:13"),
        ("trusted-host", "one.example", True, "$PIP_TRUSTED_HOST"),
        ("trusted-host", "two.example", True, "$PIP_TRUSTED_HOST"),
        ("trusted-host", "cli.example", True, "command line, argument 4"),
    ]
    assert config.value("index_url") == "https://b.example"
    assert str(config.origin("index_url")) == "/user.conf:2:13"
    assert [said.value for said in config.items("trusted_hosts")] == [
        "one.example",
        "two.example",
        "cli.example",
    ]
    assert [said.value for said in config.effective("index_url").shadowed] == ["https://a.example"]


def test_shadowed_within_one_section_is_still_listed():
    config = effective(
        ["install", "x"],
        {"global": "[global]\ntrusted-host = a\n", "user": "[global]\ntrusted-host = b\n"},
    )
    assert [(s.value, s.in_effect) for s in config.settings] == [("a", False), ("b", True)]


@pytest.mark.parametrize(
    "variables",
    [
        {"PIP_INDEX_URL": "a", "PIP_index_url": "b"},
        {"PIP_INDEX_URL": "a", "PIP_index_url": ""},
        {"PIP_INDEX_URL": "a", "PIP_PYPI_URL": "b"},
        {"PIP_INDEX_URL": "", "PIP_PYPI_URL": "a", "PIP___PYPI_URL": "b"},
        {"PIP_NO_BINARY": "a", "PIP_no_binary": "b"},
    ],
)
def test_two_variables_for_one_option_are_no_matter_of_their_order(variables: dict[str, str]):
    for ordered in (variables, dict(reversed(variables.items()))):
        with pytest.raises(ConfigurationError, match="to different values") as caught:
            effective(["install", "x"], {}, ordered)
        assert caught.value.origin is not None
        assert caught.value.origin.kind is Place.ENVIRONMENT


@pytest.mark.parametrize(
    "argv, variables",
    [
        (["install", "x"], {"PIP_INDEX_URL": "a", "PIP_PYPI_URL": "a"}),
        (["install", "x"], {"PIP_INDEX_URL": "a", "PIP_PYPI_URL": ""}),
        (["install", "x"], {"PIP_NO_BINARY": "a", "PIP_ONLY_BINARY": "b"}),
        (["install", "x", "--isolated"], {"PIP_INDEX_URL": "a", "PIP_PYPI_URL": "b"}),
        (["list"], {"PIP_TARGET": "a", "PIP___TARGET": "b"}),
        (["install", "x"], {"PIP_DEFAULT_TIMEOUT": "9", "PIP_TIMEOUT": "99"}),
    ],
)
def test_variables_that_agree_or_do_not_count_are_no_conflict(argv: list[str], variables: dict[str, str]):
    effective(argv, {}, variables)


def test_inverted_flags_tell_whether_the_flag_holds():
    off = effective(["install", "x"], {}, {"PIP_NO_BUILD_ISOLATION": "0"})
    on = effective(["install", "x"], {}, {"PIP_NO_BUILD_ISOLATION": "1"})
    assert (off.value("build_isolation"), off.settings[0].value) == (False, "true")
    assert (on.value("build_isolation"), on.settings[0].value) == (True, "false")


def test_unknown_keys_are_told_apart_from_keys_of_other_commands():
    config = effective(
        ["list"],
        {"user": "[global]\nindex-ulr = https://a.example\nrequire-hashes = 1\n[instal]\nno-index = 1\n"},
        {"PIP_CONFIG_FILE": "x", "PIP_TRUSTEDHOST": "e"},
    )
    assert [setting.option for setting in config.unknown] == ["index-ulr", "trustedhost", "no-index"]
    assert config.settings == ()


def test_python_from_the_environment_counts_even_when_isolated():
    config = effective(
        ["list", "--isolated"], {}, {"PIP_PYTHON": "/evil", "PIP_INDEX_URL": "http://a.example"}
    )
    assert [(s.option, s.in_effect) for s in config.settings] == [
        ("index-url", False),
        ("python", True),
        ("isolated", True),
    ]


def test_nobody_said_anything():
    config = effective(["install", "x"])
    assert config.items("index_url") == ()
    assert config.origin("index_url") is BUILT_IN
    assert config.value("index_url") is None
    assert config.value("retries") == 5
    assert config.value("no_such_dest") is None


@pytest.mark.parametrize(
    "variables, error, exit_code",
    [
        ({"PIP_TIMEOUT": "soon"}, ConfiguredValueError, 3),
        ({"PIP_NO_INDEX": "perhaps"}, UsageError, 2),
        ({"PIP_ONLY_BINARY": "-x"}, CommandError, 1),
    ],
)
def test_bad_values_name_their_variable(variables: dict[str, str], error: type[SafepipError], exit_code: int):
    with pytest.raises(error) as caught:
        effective(["install", "x"], {}, variables)
    assert caught.value.exit_code == exit_code
    assert caught.value.origin is not None
    assert caught.value.origin.kind is Place.ENVIRONMENT
    assert {caught.value.origin.place} == set(variables)
