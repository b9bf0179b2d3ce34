"""Completion in shells: pip's words, ours beside them, and nothing that is no word."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell
from safepip.flows.policy_command import ACTIONS
from safepip.pipcompat.own import OWN_COMMANDS


def complete(line: str) -> list[str]:
    """The words that a shell gets for the last word of ``line``."""
    asking = {"PIP_AUTO_COMPLETE": "1", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    run = subprocess.run(
        [sys.executable, "-m", "safepip"],
        env={**os.environ, **asking, "VIRTUAL_ENV": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stderr) == (1, ""), "as pip ends, and silently: some shells show stderr"
    return run.stdout.split()


def test_pips_commands_stand_beside_ours_and_no_text_of_help() -> None:
    words = complete("safepip ")

    assert {"install", "list", *OWN_COMMANDS} <= set(words)
    assert all(word.isalpha() for word in words)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("safepip ins", ["install", "inspect"]),
        ("safepip exp", ["explain"]),
        ("safepip --pol", ["--policy"]),
        ("safepip install --no-comp", ["--no-compile"]),
        ("safepip install --polic", ["--policy"]),
        ("safepip list --polic", []),
        ("safepip policy ", list(ACTIONS)),
        ("safepip policy sh", ["show"]),
        ("safepip policy check sh", []),
        ("safepip policy trust --r", ["--reason", "--report-format", "--revoke"]),
        ("safepip explain --off", ["--offline"]),
        ("safepip lock --upg", ["--upgrade", "--upgrade-package"]),
        ("safepip lock --environ", ["--environment"]),
        ("safepip install --environ", []),
        ("safepip explain ins", []),
    ],
)
def test_a_word_goes_on_as_what_may_stand_there(line: str, words: list[str]) -> None:
    assert complete(line) == words


def test_without_a_line_to_complete_help_is_shown_as_pip_does(shell: Shell) -> None:
    ended = shell.safepip("--help", environ={"PIP_AUTO_COMPLETE": "1"})

    assert ended.code == 0
    assert "Commands:" in ended.out


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_script_serves_both_names(shell: Shell, name: str) -> None:
    ended = shell.safepip("completion", f"--{name}")

    pips, ours = ended.out.split(f"# pip {name} completion end")[:2]
    assert ended.code == 0
    assert "safepip" not in pips
    assert ours.strip().count("\n") == 0
    assert "safepip" in ours


@pytest.mark.parametrize("arguments", [("--powershell",), ("--bash", "--powershell"), ()])
def test_what_can_have_one_name_only_has_pips(shell: Shell, arguments: tuple[str, ...]) -> None:
    ended = shell.safepip("completion", *arguments)

    assert ended.code == 0
    assert "safepip" not in ended.out
    assert ended.err.count("You must pass") == (0 if arguments else 1)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not on this machine")
def test_bash_completes_with_the_script(shell: Shell, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "safepip"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m safepip "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    asked = """
        eval "$(safepip completion --bash)"
        COMP_WORDS=(safepip policy sh); COMP_CWORD=2
        complete -p safepip >/dev/null && { _pip_completion safepip; echo "${COMPREPLY[@]}"; }
    """
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        ["bash", "-c", asked],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert Ended(run.returncode, run.stdout, run.stderr) == Ended(0, "show\n", "")
