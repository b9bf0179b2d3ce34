"""Attacks through pip's configuration files, each with its harmless twin.

The real pip reads the same files first, so that each attack is shown to be one.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Shell, publish, trusting
from safepip.pipcompat import places
from support.server import IndexServer
from threats.conftest import Oracle, Run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the other systems have other folders")


class Files:
    """The folders of one user, environment and system, and what the real pip makes of them."""

    def __init__(self, shell: Shell, oracle: Oracle) -> None:
        root = shell.folder.parent
        self.shared = root / "shared/pip/pip.conf"
        self.system = root / "etc/pip.conf"
        self.legacy = root / "home/.pip/pip.conf"
        self.user = root / "config/pip/pip.conf"
        self.site = shell.python.parent.parent / "pip.conf"
        self.environ = {"XDG_CONFIG_DIRS": str(root / "shared"), "XDG_CONFIG_HOME": str(root / "config")}
        self._home = {"HOME": str(root / "home")}
        self._oracle = oracle

    def write(self, **texts: str) -> None:
        for name, text in texts.items():
            path: Path = getattr(self, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def read_by_pip(self, *argv: str, environ: dict[str, str] | None = None) -> dict[str, Any]:
        """The values, or how it ended."""
        told = self._oracle(
            "argv",
            argv=list(argv),
            prefix=str(self.site.parent),
            system=str(self.system),
            environ={**self._home, **self.environ, **(environ or {})},
        )
        return dict(told.get("values", told))


@pytest.fixture
def files(shell: Shell, oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> Files:
    """Empty folders in the place of this machine's; nothing switches the files off."""
    monkeypatch.delenv("PIP_CONFIG_FILE")
    found = Files(shell, oracle)
    monkeypatch.setattr(places, "SYSTEM_FILE", str(found.system))
    for name, value in found.environ.items():
        monkeypatch.setenv(name, value)
    return found


LEVELS = ["shared", "system", "legacy", "user", "site"]


# --- Which files, and in which order -------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_a_file_at_any_level_is_judged(files: Files, safepip: Run, level: str) -> None:
    files.write(**{level: "[global]\nindex-url = http://e\n"})
    assert files.read_by_pip("install", "lib")["index_url"] == "http://e"

    ended = safepip("install", "lib")

    assert ended.code == 10
    assert f"--> {getattr(files, level)}:2:13" in ended.err
    assert "plaintext-index" in ended.err


@pytest.mark.parametrize("level", LEVELS)
def test_a_file_at_any_level_may_say_what_harms_nobody(
    files: Files, safepip: Run, index: IndexServer, level: str
) -> None:
    text = (
        f"[global]\nindex_url: {index.url}\ncert={index.ca_path}\ntimeout = 9\nretries = 1\nno-color = yes\n"
    )
    files.write(
        **{level: text + "disable-pip-version-check = 1\nprogress-bar = off\n[list]\nformat = columns\n"}
    )

    ended = safepip("install", "--dry-run", "lib")

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err
    assert "warning" not in ended.err


def test_a_section_of_a_weak_file_beats_the_strongest_file(
    files: Files, safepip: Run, index: IndexServer, tmp_path: Path
) -> None:
    files.write(system="[install]\nindex-url = http://e\n", site=f"[global]\nindex-url = {index.url}\n")
    named = tmp_path / "named.conf"
    named.write_text(f"[global]\nindex-url = {index.url}\n")
    strongest = {"PIP_CONFIG_FILE": str(named)}
    assert files.read_by_pip("install", "lib", environ=strongest)["index_url"] == "http://e"

    ended = safepip("install", "lib", environ=strongest)

    assert ended.code == 10
    assert f"--> {files.system}:2:13" in ended.err
    # What another command's section says is no business of this one.
    files.write(system="[download]\nindex-url = http://e\n")
    twin = safepip("install", "--dry-run", "lib", "--cert", index.ca_path, environ=strongest)
    assert (twin.code, twin.out) == (0, "Would install lib-2.0\n"), twin.err


def test_isolated_leaves_the_environments_own_file_in_force(files: Files, safepip: Run) -> None:
    files.write(site="[global]\nindex-url = http://site\n", user="[install]\nindex-url = http://user\n")
    assert files.read_by_pip("install", "lib", "--isolated")["index_url"] == "http://site"

    ended = safepip("install", "lib", "--isolated")

    assert ended.code == 10
    assert str(files.site) in ended.err
    assert str(files.user) not in ended.err


# --- How a file is written -----------------------------------------------------------------------


@pytest.mark.parametrize("level", ["system", "site"])
@pytest.mark.parametrize("more", [(), ("--isolated",)])
def test_a_section_that_pretends_to_be_the_environment_is_read_as_the_file_it_is(
    files: Files, safepip: Run, level: str, more: tuple[str, ...]
) -> None:
    """``[:env:]`` stands above ``[install]`` and looks like a variable in ``pip config list``."""
    files.write(
        **{level: "[:env:]\nindex-url = http://e\n[install]\nindex-url = https://index.example/simple\n"}
    )
    assert files.read_by_pip("install", "lib", *more)["index_url"] == "http://e"

    ended = safepip("install", "lib", *more)

    assert ended.code == 10
    assert f"--> {getattr(files, level)}:2:13" in ended.err


def test_the_environment_itself_beats_that_section(files: Files, safepip: Run, index: IndexServer) -> None:
    files.write(site="[:env:]\nindex-url = https://index.example/simple\n")

    ended = safepip(
        "install", "--dry-run", "lib", "--cert", index.ca_path, environ={"PIP_INDEX_URL": index.url}
    )

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err


def test_defaults_flow_into_every_section_that_stands_there(files: Files, safepip: Run) -> None:
    files.write(user="[DEFAULT]\nextra-index-url = http://e\n[install]\ntimeout = 9\n")
    assert files.read_by_pip("install", "lib")["extra_index_urls"] == ["http://e"]

    ended = safepip("install", "lib")

    assert ended.code == 10
    assert f"--> {files.user}:2:19" in ended.err


def test_defaults_alone_do_nothing(files: Files, safepip: Run, index: IndexServer) -> None:
    files.write(user="[DEFAULT]\nextra-index-url = http://e\n")
    assert files.read_by_pip("install", "lib")["extra_index_urls"] == []

    assert safepip("install", "--dry-run", "lib", *trusting(index)).code == 0


@pytest.mark.parametrize(
    "line",
    [
        "index-url = http://e",
        "--Index_URL: http://e",
        "INDEX-URL=http://e",
        "pypi_url : http://e",
        "index-url: https://index.example\n[install]\npypi-url = http://e",
    ],
)
def test_a_key_is_known_however_it_is_spelled(files: Files, safepip: Run, line: str) -> None:
    files.write(user=f"[global]\n{line}\n")
    assert files.read_by_pip("install", "lib")["index_url"].strip() == "http://e"

    ended = safepip("install", "lib")

    assert ended.code == 10
    assert f"--> {files.user}:" in ended.err
    assert "plaintext-index" in ended.err


@pytest.mark.parametrize(
    "value", ["https://a.example ; note", "https://a.example # note", "${INDEX}", "%(x)s"]
)
def test_nothing_of_a_value_is_a_comment_or_a_variable(files: Files, safepip: Run, value: str) -> None:
    files.write(user=f"[global]\nindex-url = {value}\n")
    assert files.read_by_pip("install", "lib")["index_url"] == value

    ended = safepip("install", "lib", environ={"INDEX": "https://index.example"})

    assert (ended.code, f"{files.user}:2:13" in ended.err) == (2, True), ended.err


@pytest.mark.parametrize("name", ["Global", " global", "global ", "INSTALL", "instal"])
def test_a_section_that_is_nearly_one_of_pips_is_said_and_does_nothing(
    files: Files, safepip: Run, index: IndexServer, name: str
) -> None:
    files.write(user=f"[{name}]\nindex-url = http://e\n")
    assert files.read_by_pip("install", "lib")["index_url"] != "http://e"

    ended = safepip("install", "--dry-run", "lib", *trusting(index))

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err
    assert "warning[unknown-option]" in ended.err
    assert f"--> {files.user}:2" in ended.err


@pytest.mark.parametrize(
    "text",
    [
        "[global]\nindex-url = https://a.example\nindex_url = https://b.example\n",
        "\ufeff[global]\nindex-url = https://a.example\n",
        "[global]\nnonsense\n",
        "index-url = https://a.example\n",
        "[global]\n[global]\n",
    ],
)
def test_a_file_that_cannot_be_read_is_not_left_out(files: Files, safepip: Run, text: str) -> None:
    files.write(user=text)
    assert files.read_by_pip("install", "lib")["exit"] == 2

    ended = safepip("install", "lib")

    assert ended.code == 12
    assert f"--> {files.user}:" in ended.err


# --- What a file says ----------------------------------------------------------------------------

SECTIONS = ["global", "install", ":env:"]


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize(
    ("setting", "rule"),
    [
        (("index-url", "http://e"), "plaintext-index"),
        (("extra-index-url", "http://e"), "plaintext-index"),
        (("find-links", "http://e"), "plaintext-index"),
        (("requirement", "http://e/r.txt"), "plaintext-link"),
        (("constraint", "http://e/c.txt"), "plaintext-link"),
        (("editable", "git+https://e/x#egg=x"), "unpinned-vcs"),
    ],
)
def test_a_dangerous_key_is_refused_in_any_section_with_its_line(
    files: Files, safepip: Run, section: str, setting: tuple[str, str], rule: str
) -> None:
    files.write(site=f"[{section}]\n{setting[0]} = {setting[1]}\n")
    assert setting[1] in str(files.read_by_pip("install", "lib"))

    ended = safepip("install", "lib")

    assert ended.code == 10
    assert f"error[{rule}]" in ended.err
    assert f"--> {files.site}:2" in ended.err


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize(
    "line",
    [
        "trusted-host = localhost",
        "use-deprecated = legacy-resolver",
        "use-deprecated = legacy-certs",
        "keyring-provider = import",
    ],
)
def test_a_key_that_takes_protection_away_is_set_aside_in_any_section(
    files: Files, safepip: Run, index: IndexServer, section: str, line: str
) -> None:
    files.write(site=f"[{section}]\n{line}\n")
    rule = "trusted-host" if line.startswith("trusted-host") else "unsafe-option"

    ended = safepip("install", "--dry-run", "lib", *trusting(index))

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err
    assert f"warning[{rule}]" in ended.err
    assert "is set aside" in ended.err
    assert f"--> {files.site}:2" in ended.err


@pytest.mark.parametrize("section", SECTIONS)
def test_a_file_does_not_switch_hash_checking_off(
    files: Files, shell: Shell, safepip: Run, index: IndexServer, section: str
) -> None:
    shell.write("r.txt", "lib==2.0\n")
    files.write(site=f"[{section}]\nno-require-hashes = 1\n")
    assert files.read_by_pip("install", "lib")["no_require_hashes"]

    ended = safepip("install", "--dry-run", "-r", "r.txt", *trusting(index))

    assert ended.code == 10
    assert "unhashed-requirement" in ended.err
    files.write(site=f"[{section}]\nrequire-hashes = 1\n")
    assert safepip("install", "--dry-run", "lib", *trusting(index)).code == 10


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("target", "installing into"),
        ("prefix", "installing below the prefix"),
        ("root", "installing below the root"),
        ("report", "writing a report to"),
        ("log", "writing a log to"),
    ],
)
def test_a_place_that_a_file_names_is_said(
    files: Files, safepip: Run, index: IndexServer, key: str, told: str
) -> None:
    files.write(user=f"[install]\n{key} = elsewhere\n")

    ended = safepip("install", "--dry-run", "lib", *trusting(index))

    assert ended.code == 0, ended.err
    assert f"safepip: {told} elsewhere ({files.user}:2:" in ended.err


@pytest.mark.parametrize("section", ["global", ":env:"])
@pytest.mark.parametrize("line", [("install", "lib"), ("list", "--isolated")])
def test_no_file_chooses_the_program_that_pip_runs_in(
    files: Files, tmp_path: Path, section: str, line: tuple[str, ...]
) -> None:
    program = tmp_path / "impostor"
    program.write_text(f'#!/bin/sh\necho ran >> "{tmp_path}/ran"\n')
    program.chmod(0o755)
    files.write(shared=f"[{section}]\npython = {program}\n")
    ended = {
        module: subprocess.run(
            [sys.executable, "-m", module, *line], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        for module in ("pip", "safepip")
    }

    assert (tmp_path / "ran").read_text() == "ran\n"
    assert ended["safepip"].returncode == 10
    assert f"--> {files.shared}:2:10" in ended["safepip"].stderr


def test_isolation_that_a_file_claims_isolates_nothing(
    files: Files, safepip: Run, index: IndexServer
) -> None:
    files.write(user="[global]\nisolated = true\nrequire-hashes = true\n")
    assert files.read_by_pip("install", "lib")["require_hashes"]

    claimed = safepip("install", "--dry-run", "lib", *trusting(index))
    typed = safepip("install", "--dry-run", "lib", *trusting(index), "--isolated")

    assert (claimed.code, "unhashed-requirement" in claimed.err) == (10, True)
    assert (typed.code, typed.out) == (0, "Would install lib-2.0\n"), typed.err


@pytest.mark.parametrize("command", ["download", "wheel", "index", "list"])
def test_the_section_of_each_command_is_judged_for_that_command(
    files: Files, safepip: Run, index: IndexServer, command: str
) -> None:
    files.write(user=f"[{command}]\nextra-index-url = http://e\n")
    words = {"index": ("index", "versions", "lib"), "list": ("list", "--outdated")}.get(
        command, (command, "lib")
    )

    ended = safepip(*words, *trusting(index))

    assert ended.code == 10
    assert f"--> {files.user}:2:19" in ended.err
    assert safepip("install", "--dry-run", "lib", *trusting(index)).code == 0


@pytest.mark.parametrize(
    ("word", "code"), [("yes", 10), ("T", 10), ("1", 10), ("off", 0), ("", 0), ("maybe", 2)]
)
def test_a_word_of_a_file_is_as_true_as_to_pip(
    files: Files, safepip: Run, index: IndexServer, word: str, code: int
) -> None:
    files.write(user=f"[global]\nrequire-hashes = {word}\n")
    theirs = files.read_by_pip("install", "lib")
    assert theirs["exit"] == 2 if code == 2 else bool(theirs["require_hashes"]) is (code == 10)

    assert safepip("install", "--dry-run", "lib", *trusting(index)).code == code


def test_a_list_of_what_is_outdated_is_no_empty_one_because_a_file_asked_for_it(
    files: Files, shell: Shell, safepip: Run, index: IndexServer
) -> None:
    """A pip that is run as it is has no network, and would say that nothing is outdated."""
    safepip("install", "lib==1.0", *trusting(index))
    files.write(
        user=f"[list]\noutdated = yes\nformat = json\nindex-url = {index.url}\n[global]\ncert = {index.ca_path}\n"
    )

    assert '"latest_version": "2.0"' in shell.safepip("list").out
    files.write(user="[list]\noutdated = yes\nindex-url = http://e\n")
    refused = shell.safepip("list")
    assert (refused.code, "plaintext-index" in refused.err) == (10, True), refused.err


def test_a_file_that_a_file_names_for_removal_is_judged(files: Files, shell: Shell) -> None:
    files.write(user="[uninstall]\nrequirement = http://e/r.txt\n")

    ended = shell.safepip("uninstall", "-y", "lib")

    assert (ended.code, "plaintext-link" in ended.err) == (10, True), ended.err


def test_an_empty_value_lets_the_weaker_section_speak(files: Files, safepip: Run) -> None:
    files.write(user="[global]\nindex-url = http://e\n[install]\nindex-url =\n")
    assert files.read_by_pip("install", "lib", environ={"PIP_INDEX_URL": ""})["index_url"] == "http://e"

    ended = safepip("install", "lib", environ={"PIP_INDEX_URL": ""})

    assert ended.code == 10
    assert f"--> {files.user}:2:13" in ended.err


# --- A file that a package brings ----------------------------------------------------------------


def test_a_package_brings_no_configuration_of_pip(
    files: Files, shell: Shell, pip: Run, safepip: Run, index: IndexServer
) -> None:
    publish(index, "guest", data={"data/pip.conf": "[global]\nindex-url = http://e\n"})
    publish(index, "polite", data={"data/share/polite/pip.txt": "[global]\n"})
    assert pip("install", "guest", *trusting(index)).code == 0
    assert files.read_by_pip("install", "lib")["index_url"] == "http://e"
    assert pip("uninstall", "-y", "guest").code == 0

    ended = safepip("install", "guest", *trusting(index))

    assert (ended.code, files.site.exists()) == (13, False) or ended.code == 10, ended.err
    assert not files.site.exists()
    twin = safepip("install", "polite", *trusting(index))
    assert (twin.code, shell.installed()) == (0, {"polite-1.0"}), twin.err
