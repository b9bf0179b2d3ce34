"""safepip's own options are exact, and never what pip would read as a value."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepip.core.errors import UsageError
from safepip.pipcompat.argv import parse
from safepip.pipcompat.own import OwnOptions, split_own

from .cases import command_lines

SHA = "a" * 64


def policy(argv: list[str]) -> tuple[str | None, list[str]]:
    own, rest = split_own(argv)
    return (own.policies[-1].value if own.policies else None, list(rest))


@pytest.mark.parametrize(
    "argv, expected, rest",
    [
        (["--policy", "p.toml", "install", "x"], "p.toml", ["install", "x"]),
        (["install", "--policy=p.toml", "x"], "p.toml", ["install", "x"]),
        (["list", "--policy", "p.toml"], "p.toml", ["list"]),
        (["install", "x", "--policy", "a", "--policy", "b"], "b", ["install", "x"]),
        (["--policy", "p.toml", "scan", "--diff"], "p.toml", ["scan", "--diff"]),
        # not ours: a value, behind --, abbreviated, glued into a cluster, of a command that pip lacks
        (["install", "--log", "--policy", "x"], None, ["install", "--log", "--policy", "x"]),
        (["--log", "--policy", "install"], None, ["--log", "--policy", "install"]),
        (["install", "--pypi", "--policy", "x"], None, ["install", "--pypi", "--policy", "x"]),
        (["install", "-qi", "--policy", "x"], None, ["install", "-qi", "--policy", "x"]),
        (["install", "--", "--policy", "x"], None, ["install", "--", "--policy", "x"]),
        (["install", "--polic", "x"], None, ["install", "--polic", "x"]),
        (["scan", "--policy", "x"], None, ["scan", "--policy", "x"]),
        # ours: the value is glued, so the next word is free
        (["install", "-qihttps://a.example", "--policy", "p"], "p", ["install", "-qihttps://a.example"]),
        (["install", "--log=x", "--policy", "p"], "p", ["install", "--log=x"]),
    ],
)
def test_policy_is_taken_exactly(argv: list[str], expected: str | None, rest: list[str]):
    assert policy(argv) == (expected, rest)


def test_every_policy_that_is_named_counts():
    own, _ = split_own(["--policy", "strict.toml", "install", "demo", "--policy=lax.toml"])
    assert [said.value for said in own.policies] == ["strict.toml", "lax.toml"]


def test_rest_keeps_the_positions_that_were_typed():
    _, rest = split_own(
        ["--policy", "p.toml", "install", "--hash", f"sha256:{SHA}", "demo", "-i", "http://a.example"]
    )
    invocation = parse(rest)
    assert [(argument.value, argument.origin.line) for argument in invocation.arguments] == [("demo", 6)]
    assert invocation.options[0].origin.line == 8
    assert invocation.argv == ("install", "demo", "-i", "http://a.example")


def test_hash_belongs_to_guarded_commands_only():
    own, _ = split_own(["install", "demo==1", "--hash", f"sha256:{SHA}", f"--hash=sha512:{'b' * 128}"])
    assert [str(digest.value) for digest in own.hashes] == [f"sha256:{SHA}", f"sha512:{'b' * 128}"]
    own, rest = split_own(["list", "--hash", f"sha256:{SHA}"])
    assert own == OwnOptions()
    with pytest.raises(UsageError, match="no such option: --hash"):
        parse(rest)


def test_allow_needs_a_reason():
    with pytest.raises(UsageError, match="--reason"):
        split_own(["install", "demo", "--allow", "fresh-release:demo"])
    own, _ = split_own(
        ["install", "demo", "--allow", "fresh-release:demo", "--allow=yanked-release", "--reason", "why"]
    )
    assert [(allowed.rule, allowed.subject) for allowed in own.allow] == [
        ("fresh-release", "demo"),
        ("yanked-release", None),
    ]
    assert own.reason is not None
    assert own.reason.value == "why"


@pytest.mark.parametrize(
    "argv",
    [
        ["install", "--policy"],
        ["install", "--report-format", "xml"],
        ["install", "--hash", "sha256:12"],
        ["install", "--hash", SHA],
        ["install", "--allow", ":demo", "--reason", "x"],
    ],
)
def test_bad_own_values_are_usage_errors(argv: list[str]):
    with pytest.raises(UsageError):
        split_own(argv)


def test_explain_is_a_flag_and_takes_no_value():
    own, rest = split_own(["install", "--explain", "demo"])
    assert own.explain
    assert list(rest) == ["install", "demo"]
    own, rest = split_own(["install", "--explain=yes", "demo"])
    assert not own.explain
    with pytest.raises(UsageError, match="no such option: --explain"):
        parse(rest)


def test_python_before_the_command_is_known_and_left_to_pip():
    own, rest = split_own(["--python", ".venv", "install", "x"])
    assert own.python == ".venv"
    assert list(rest) == ["--python", ".venv", "install", "x"]
    assert split_own(["install", "x"])[0].python is None


@pytest.mark.property
@settings(max_examples=300, deadline=None)
@given(argv=command_lines(), glued=st.booleans())
def test_an_own_option_in_front_changes_nothing_of_what_pip_reads(argv: list[str], glued: bool):
    words = ["--policy=p.toml"] if glued else ["--policy", "p.toml"]
    own, rest = outcome([*words, *argv])
    plain, left = outcome(argv)
    assert rest == left
    if isinstance(own, OwnOptions) and isinstance(plain, OwnOptions):
        assert [policy.value for policy in own.policies] == [
            "p.toml",
            *(policy.value for policy in plain.policies),
        ]
        # Places differ by what stands in front.
        assert replace(own, policies=(), allow=(), hashes=()) == replace(
            plain, policies=(), allow=(), hashes=()
        )


def outcome(argv: list[str]) -> tuple[OwnOptions | str, list[str]]:
    """What is ours and what is left, or the words of a refusal."""
    try:
        own, rest = split_own(argv)
    except UsageError as error:
        return error.message, []
    return own, list(rest)
