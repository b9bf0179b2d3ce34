"""pip's command line is read as pip reads it."""

from __future__ import annotations

import optparse
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safepip.core.errors import CommandError, SafepipError, UsageError
from safepip.core.origin import Place
from safepip.pipcompat import table
from safepip.pipcompat.argv import Invocation, OwnOptions, parse, split_own
from safepip.pipcompat.effective import merge
from safepip.pipcompat.grammar import Parser
from safepip.pipcompat.options import COMMANDS

from .cases import NOW, command_lines, expand_user, lines_of, same_error, same_values
from .conftest import Oracle


def given_values(invocation: Invocation, dest: str) -> list[str]:
    return [option.text for option in invocation.options if option.dest == dest]


def compare(argv: list[str], oracle: Oracle) -> None:
    theirs = oracle("argv", argv=argv, environ={"PIP_CONFIG_FILE": "/dev/null", "HOME": "/home/user"})
    try:
        ours = parse(argv)
        config = merge(ours, [], [], now=NOW, expand_user=expand_user)
    except SafepipError as error:
        same_error(error, theirs)
        return
    if ours.wants_help:
        assert theirs.get("help"), (ours, theirs)
        return
    if ours.wants_version:
        assert theirs["exit"] == 0
        return
    assert ours.command == theirs["command"], theirs
    assert ours.isolated == theirs["isolated"]
    assert [argument.value for argument in ours.arguments] == theirs["arguments"]
    same_values(config.values, theirs["values"])


@pytest.mark.property
@pytest.mark.differential
@pytest.mark.parametrize("command", COMMANDS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_same_as_pip_on_generated_command_lines(command: str, data: st.DataObject, oracle: Oracle):
    compare(data.draw(lines_of(command)), oracle)


@pytest.mark.property
@pytest.mark.differential
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(argv=command_lines())
def test_nothing_is_taken_out_of_a_command_line_that_pip_reads(argv: list[str], oracle: Oracle):
    theirs = oracle("argv", argv=argv, environ={"PIP_CONFIG_FILE": "/dev/null", "HOME": "/home/user"})
    if "values" in theirs:
        own, rest = split_own(argv)
        assert list(rest) == argv
        assert own == OwnOptions(python=own.python)


@pytest.mark.differential
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_beginning_of_every_long_option_means_the_same(command: str, oracle: Oracle):
    options = table.options_of(command) if command else table.main_options()
    names = {name for option in options for name in option.names if name.startswith("--")}
    words = sorted(
        {name[:length] for name in names for length in range(3, len(name) + 1)} | {"--x", "--policy"}
    )
    ours = Parser(options)
    assert {word: meaning(ours, word) for word in words} == oracle("matches", command=command, words=words)[
        "matches"
    ]


def meaning(parser: Parser, word: str) -> str:
    try:
        return str(parser._match_long_opt(word))
    except optparse.BadOptionError as error:
        return str(error)


@pytest.mark.differential
@pytest.mark.parametrize(
    "argv",
    [
        ["install", "-qqvUihttp://e", "x"],
        ["install", "-i=http://e", "x"],
        ["install", "-i", "-r", "x"],
        ["--log", "--isolated", "install", "x"],
        ["--proxy", "install", "install", "x"],
        ["install", "x", "--", "--isolated", "-i", "http://e"],
        ["--isol", "list"],
        ["--trusted-h", "e", "install", "x"],
        ["install", "--up", "x"],
        ["install", "--extra", "https://a.example", "--extra=https://b.example", "x"],
        ["install", "--index", "https://a.example"],
        ["install", "--pypi=https://a.example"],
        ["install", "--no-binary", ":all:", "--only-binary", "a,B_c", "--no-binary=:none:"],
        ["install", "-Ca=b", "-C", "a=c", "--config-settings=d=e"],
        ["install", "-C", "a"],
        ["install", "--only-binary", "-x"],
        ["install", "--retries", "x"],
        ["install", "--upgrade-strategy=never"],
        ["install", "--no-index=1"],
        ["install", "--index-url"],
        ["install", "--user", "--no-user", "--compile", "--no-compile"],
        ["insatll", "x"],
        ["zzz"],
        ["-i", "https://a.example", "install"],
        ["list", "--exclude", "Foo_Bar", "--path", "~/x"],
        ["search", "-i", "https://a.example", "x"],
        ["completion", "-b"],
        ["install", "--group", "x.toml:dev"],
        ["install", "--group", "sub/pylock.toml:dev", "--group=dev"],
        ["install", "--python-version", "3.1.2.3"],
        ["install", "--uploaded-prior-to", "soon"],
        ["-q", "--", "install", "-v", "x"],
        ["help"],
        ["help", "install"],
        ["--help", "--bogus"],
        ["--bogus", "--help"],
        ["install", "--help", "--bogus"],
        ["install", "-qh"],
        [],
        ["-V", "install"],
        ["install", "-V"],
        ["install", "-"],
    ],
    ids=" ".join,
)
def test_same_as_pip(argv: list[str], oracle: Oracle):
    compare(argv, oracle)


def test_abbreviated_option_keeps_its_canonical_name():
    invocation = parse(["install", "--pypi", "http://mirror.example/simple"])
    assert [(option.name, option.spelled) for option in invocation.options] == [("index-url", "--pypi-url")]


@pytest.mark.parametrize(
    "argv, position, shown",
    [
        (["install", "-i", "http://a.example", "x"], 3, "http://a.example"),
        (["install", "-qihttp://a.example", "x"], 2, "http://a.example"),
        (["--log", "install", "install", "--index-url=http://a.example"], 4, "http://a.example"),
        (["install", "x", "--extra-index-url", "http://a.example"], 4, "http://a.example"),
    ],
)
def test_values_know_where_they_stand(argv: list[str], position: int, shown: str):
    origin = next(option.origin for option in parse(argv).options if "index" in option.name)
    assert origin.kind is Place.ARGUMENT
    assert origin.line == position
    assert origin.text is not None
    assert origin.column is not None
    assert origin.length is not None
    assert origin.text[origin.column - 1 :][: origin.length] == shown


def test_positions_survive_a_command_that_is_also_a_value():
    invocation = parse(["--log", "install", "install", "demo"])
    assert [(argument.value, argument.origin.line) for argument in invocation.arguments] == [("demo", 4)]
    assert [(option.name, option.text, option.general) for option in invocation.options] == [
        ("log", "install", True)
    ]


def test_isolated_is_a_word_and_not_an_option():
    assert parse(["list", "--log", "--isolated"]).isolated
    assert not parse(["--isol", "list"]).isolated


@pytest.mark.parametrize(
    ("argv", "position", "word", "hint"),
    [
        (["install", "--trusted-hosts", "e", "x"], 2, "--trusted-hosts", "did you mean --trusted-host?"),
        (["list", "-q", "--fromat=json"], 3, "--fromat", "did you mean --format?"),
        (["--isolatde", "list"], 1, "--isolatde", "did you mean --isolated?"),
        (["show", "--report-fromat", "json", "x"], 2, "--report-fromat", "did you mean --report-format?"),
        (["freeze", "-qZ"], 2, "-Z", "--help lists the options"),
        (
            ["install", "--option-of-a-newer-pip=1", "x"],
            2,
            "--option-of-a-newer-pip",
            "--help lists the options",
        ),
    ],
)
def test_an_option_that_pip_does_not_have_is_named_where_it_stands(
    argv: list[str], position: int, word: str, hint: str
):
    with pytest.raises(UsageError) as caught:
        parse(argv)
    error = caught.value
    assert (error.reference, error.message, error.hint) == ("unknown-option", f"no such option: {word}", hint)
    assert error.notes == ("pip 26.3 has no such option; what safepip does not know is not passed on",)
    assert error.origin is not None
    assert (error.origin.kind, error.origin.line) == (Place.ARGUMENT, position)


@pytest.mark.parametrize(
    ("argv", "position"),
    [
        (["install", "x", "--index-url"], 3),
        (["install", "--retries", "many", "x"], 3),
        (["install", "--retries=many", "x"], 2),
        (["install", "--no-index=1", "x"], 2),
        (["install", "--up", "x"], 2),
        (["install", "-qqi"], 2),
        (["install", "x", "--only-binary", "-x"], 4),
        (["--timeout", "soon", "list"], 2),
    ],
)
def test_every_mistake_says_where_it_stands(argv: list[str], position: int):
    with pytest.raises((UsageError, CommandError)) as caught:
        parse(argv)
    assert caught.value.origin is not None
    assert caught.value.origin.line == position


def test_python_after_the_command_is_refused_and_before_it_is_read():
    with pytest.raises(CommandError, match="must be placed before the pip subcommand"):
        parse(["list", "--python", ".venv"])
    assert parse(["list", "--python", ".venv", "--help"]).wants_help
    assert given_values(parse(["--python", ".venv", "list"]), "python") == [".venv"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_parses_without_options(command: str):
    expected = None if command == "help" else command
    assert parse([command]).command == expected


@pytest.mark.parametrize(
    "moment", ["0001-01-01", "9999-12-31T23:00", "P999999999999D", "P999999999D", "P800000D"]
)
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Lima"])
def test_a_moment_that_no_calendar_has_is_an_error_of_the_option(
    moment: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        with pytest.raises(UsageError, match="--uploaded-prior-to error: invalid value"):
            merge(
                parse(["install", "--uploaded-prior-to", moment, "x"]),
                [],
                [],
                now=NOW,
                expand_user=expand_user,
            )
    finally:
        monkeypatch.undo()
        time.tzset()
