"""pip's command line is read as pip reads it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from safepip.core.errors import CommandError, SafepipError, UsageError
from safepip.core.origin import Place
from safepip.pipcompat.argv import Invocation, parse
from safepip.pipcompat.effective import merge
from safepip.pipcompat.options import COMMANDS

from .cases import NOW, command_lines, expand_user, same_error, same_values
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
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(argv=command_lines())
def test_same_as_pip_on_generated_command_lines(argv: list[str], oracle: Oracle):
    compare(argv, oracle)


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


def test_unknown_option_is_named_in_pips_words():
    with pytest.raises(UsageError, match=r"^no such option: --trusted-hosts$") as caught:
        parse(["install", "--trusted-hosts", "e", "x"])
    assert caught.value.reference == "unknown-option"


def test_python_after_the_command_is_refused_and_before_it_is_read():
    with pytest.raises(CommandError, match="must be placed before the pip subcommand"):
        parse(["list", "--python", ".venv"])
    assert given_values(parse(["--python", ".venv", "list"]), "python") == [".venv"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_parses_without_options(command: str):
    expected = None if command == "help" else command
    assert parse([command]).command == expected
