"""``safepip explain`` as a command: real files, a real environment, a real index."""

from __future__ import annotations

import json
import re

import pytest

from cli.conftest import Shell, trusting
from report.golden import assert_golden
from safepip.cli.own_help import OWN_COMMAND_HELP
from safepip.pipcompat.own import OWN_COMMANDS
from support.server import IndexServer
from support.wheels import make_wheel, wheel_filename


def test_everything_in_force_of_a_real_environment(shell: Shell) -> None:
    conf = shell.write("pip.conf", "[global]\nindex-url = https://nexus.example/simple\ntimeout = 7\n")
    ended = shell.safepip("explain", environ={"PIP_CONFIG_FILE": str(conf)})

    assert ended.code == 0
    assert f"python  {shell.python}" in ended.out
    assert ", --python" in ended.out
    assert re.search(rf"^  env +{re.escape(str(conf))}$", ended.out, re.MULTILINE)
    assert f"{conf}:3:11 (operator)" in ended.out


def test_a_rule_needs_no_environment(shell: Shell) -> None:
    shell.python = shell.folder / "nowhere"
    ended = shell.safepip("explain", "plaintext-index")

    assert ended.code == 0
    assert_golden("explain-rule.txt", ended.out)


def test_a_setting(shell: Shell) -> None:
    shell.write("pip.conf", "[global]\nextra-index-url =\n    https://me:s3cret@one.example/simple\n")
    conf = {"PIP_CONFIG_FILE": "pip.conf", "PIP_NO_INDEX": "1"}
    ended = shell.safepip("explain", "--extra-index-url", environ=conf)

    assert ended.code == 0
    assert_golden("explain-setting.txt", ended.out)


def test_a_project_of_a_real_index(shell: Shell, index: IndexServer) -> None:
    index.add_wheel(make_wheel("app", "2.0"), wheel_filename("app", "2.0"), yanked="broken")
    ended = shell.safepip("explain", "app", *trusting(index))

    assert ended.code == 0
    assert "comes from       pypi" in ended.out
    assert "newest admitted  1.0 (app-1.0-py3-none-any.whl)" in ended.out
    assert ended.err.startswith("safepip: asking pypi")
    assert "app-1.0" not in shell.installed()


def test_a_project_offline_makes_no_request(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("explain", "--offline", "app", *trusting(index))

    assert ended.code == 0
    assert index.requests == []


def test_an_index_that_does_not_answer_ends_in_11(shell: Shell, index: IndexServer) -> None:
    index.fail(index.page_path("app"), 503)
    ended = shell.safepip("explain", "app", "--retries", "0", *trusting(index), "--report-format", "json")

    assert ended.code == 11
    assert json.loads(ended.out)["page"]["outcome"] == "undecided"


def test_nothing_of_an_untrusted_folder_takes_effect_and_all_of_it_is_shown(shell: Shell) -> None:
    shell.write("pip.conf", "[global]\nindex-url = https://evil.example/simple\n")
    shell.write("safepip.toml", '[[index]]\nname = "evil"\nurl = "https://evil.example/simple"\n')
    ended = shell.safepip("explain")

    assert ended.code == 0
    indexes = ended.out.partition("Indexes\n")[2].partition("\n\n")[0]
    assert "evil" not in indexes
    assert 'set aside: [[index]] name = "evil"' in ended.out


@pytest.mark.parametrize("argv", [("explain", "--help"), ("help", "explain")])
def test_its_help(shell: Shell, argv: tuple[str, ...]) -> None:
    ended = shell.safepip(*argv)

    assert ended.code == 0
    assert ended.out == OWN_COMMAND_HELP["explain"]


def test_every_option_of_its_own_is_told() -> None:
    for option in OWN_COMMANDS["explain"]:
        assert f"\n  {option} " in OWN_COMMAND_HELP["explain"]
