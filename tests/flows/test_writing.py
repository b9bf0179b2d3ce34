"""``config set`` and ``config edit`` write nothing that policy refuses or would pass over."""

from __future__ import annotations

import os
import shlex
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from safepip.cli.main import main

CLEAN = "[global]\ntimeout = 60\n"


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's configuration file, in force and harmless."""
    path = tmp_path / "config/pip/pip.conf"
    path.parent.mkdir(parents=True)
    path.write_text(CLEAN, encoding="utf-8")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))  # what is kept is kept there
    monkeypatch.delenv("PIP_CONFIG_FILE")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "nobodys"))
    monkeypatch.chdir(tmp_path)
    return path


def config(*words: str) -> int:
    return main(["--python", sys.executable, "config", "--user", *words])


REFUSED = {
    "trusted host": ("trusted-host", "global.trusted-host", "mirror.example"),
    "one trusted host of several": ("trusted-host", "install.trusted-host", "mirror.example other.example"),
    "any spelling": ("trusted-host", "GLOBAL.Trusted_Host", "mirror.example"),
    "two dashes": ("trusted-host", "global.--trusted-host", "mirror.example"),
    "two dashes before all": ("trusted-host", "--global.trusted-host", "mirror.example"),
    "more dashes than pip drops at once": (
        "plaintext-index",
        "global.----index-url",
        "http://mirror.example/",
    ),
    "plaintext index": ("plaintext-index", "global.index-url", "http://mirror.example/simple"),
    "its alias": ("plaintext-index", "global.pypi-url", "HTTP://mirror.example/simple"),
    "as a variable's section": ("plaintext-index", ":env:.index-url", "http://mirror.example/simple"),
    "second of two indexes": (
        "plaintext-index",
        "global.extra-index-url",
        "https://a.example/simple http://b.example/simple",
    ),
    "on a line of its own": (
        "plaintext-index",
        "global.extra-index-url",
        "https://a.example/simple\nhttp://b.example/simple",
    ),
    "page of links": ("plaintext-index", "global.find-links", "http://mirror.example/links/"),
    "key that swallows its value": ("plaintext-index", "global.index-url = http://mirror.example/ #", "x"),
    "interpreter": ("interpreter-from-environment", "global.python", "./python"),
    "interpreter for one command": ("interpreter-from-environment", "list.python", "./python"),
    "old resolver": ("unsafe-option", "install.use-deprecated", "legacy-resolver"),
    "old roots": ("unsafe-option", "global.use_deprecated", "legacy-certs"),
    "keyring that is imported": ("unsafe-option", "global.keyring-provider", "import"),
}


@pytest.mark.parametrize(("rule", "key", "value"), REFUSED.values(), ids=REFUSED)
def test_what_policy_refuses_is_not_written(
    conf: Path, capsys: pytest.CaptureFixture[str], rule: str, key: str, value: str
) -> None:
    code = config("set", "--", key, value)

    said = capsys.readouterr().err
    assert (code, conf.read_text(encoding="utf-8")) == (10, CLEAN), said
    assert f"error[{rule}]" in said
    assert "--> command line" in said
    assert "= help: " in said


BENIGN = {
    "https": ("global.index-url", "https://mirror.example/simple"),
    "its alias": ("global.pypi-url", "https://mirror.example/simple"),
    "several": ("global.extra-index-url", "https://a.example/simple https://b.example/simple"),
    "on lines of their own": (
        "global.extra-index-url",
        "\nhttps://a.example/simple\nhttps://b.example/simple",
    ),
    "keyring that is asked": ("global.keyring-provider", "subprocess"),
    "stricter": ("install.require-hashes", "true"),
    "unknown to pip": ("global.colour", "http://mirror.example"),
    "unknown section": ("nobody.index-url", "http://mirror.example"),
}


@pytest.mark.parametrize(("key", "value"), BENIGN.values(), ids=BENIGN)
def test_everything_else_is(conf: Path, capfd: pytest.CaptureFixture[str], key: str, value: str) -> None:
    code = config("set", key, value)

    assert (code, capfd.readouterr().out) == (0, f"Writing to {conf}\n")
    assert value.rsplit(maxsplit=1)[-1] in conf.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("global.timeout", "60\rindex-url = http://mirror.example/simple"),
        ("global.timeout", "60\r\nindex-url = http://mirror.example/simple"),
        ("global.x = 1\nindex-url", "https://mirror.example/simple"),
        ("global]\ntimeout = 1\n[install.index-url", "https://mirror.example/simple"),
        ("global.timeout\rindex-url", "https://mirror.example/simple"),
    ],
)
def test_a_line_break_makes_no_second_setting(
    conf: Path, capsys: pytest.CaptureFixture[str], key: str, value: str
) -> None:
    code = config("set", key, value)

    assert (code, conf.read_text(encoding="utf-8")) == (1, CLEAN)
    assert "a line break would make several settings of it" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["global.", "global. http://mirror.example/simple #", "global.\thttp"])
def test_a_key_that_would_continue_the_setting_above_it_is_not_written(
    conf: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    """pip's parser takes an indented line, or one with no name, as more of the value before."""
    above = "[global]\nextra-index-url = https://a.example/simple\n"
    conf.write_text(above, encoding="utf-8")

    code = config("set", key, "http://mirror.example/simple")

    assert (code, conf.read_text(encoding="utf-8")) == (1, above)
    assert "part of the setting above it" in capsys.readouterr().err


def test_a_password_is_warned_of_and_not_shown(conf: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = config("set", "global.index-url", "https://me:s3cret@mirror.example/simple")

    said = capfd.readouterr().err
    assert code == 0
    assert "warning[credentials-in-url]" in said
    assert "s3cret" not in said
    assert "s3cret" in conf.read_text(encoding="utf-8")


def test_an_index_that_policy_does_not_list_is_not_written(
    conf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[[index]]\nname = "corp"\nurl = "https://corp.example/simple"\n', encoding="utf-8")

    other = main(
        ["--policy", str(policy), "config", "set", "global.index-url", "https://other.example/simple"]
    )
    said = capsys.readouterr().err
    listed = main(
        ["--policy", str(policy), "config", "set", "global.index-url", "https://corp.example/simple"]
    )

    assert (other, listed) == (10, 0)
    assert "error[unlisted-index]" in said
    assert "corp.example" in conf.read_text(encoding="utf-8")


def test_the_index_that_stands_for_the_built_in_one_is_the_operators_to_set(
    conf: Path, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[[index]]\nname = "pypi"\npackages = ["*"]\n', encoding="utf-8")

    code = main(
        ["--policy", str(policy), "config", "set", "global.index-url", "https://proxy.example/simple"]
    )

    assert code == 0
    assert "proxy.example" in conf.read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [(), ("set",), ("set", "a.b"), ("set", "a", "b", "c"), ("frob",)])
def test_wrong_words_are_pips_to_refuse(
    conf: Path, capfd: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    ended = os.spawnl(
        os.P_WAIT,
        sys.executable,
        sys.executable,
        "-m",
        "safepip",
        "--python",
        sys.executable,
        "config",
        *words,
    )

    assert (ended, conf.read_text(encoding="utf-8")) == (1, CLEAN)
    assert capfd.readouterr().err.startswith("ERROR: ")


def editor(tmp_path: Path, text: str | None) -> str:
    """A command line that puts this text into the file it is given; None: it reads it only."""
    script = tmp_path / "editor.py"
    act = "p.read_text()" if text is None else f"p.write_text({text!r}, encoding='utf-8')"
    script.write_text(f"import pathlib, sys; p = pathlib.Path(sys.argv[1]); {act}\n", encoding="utf-8")
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}"


def test_what_an_editor_leaves_takes_the_files_place(conf: Path, tmp_path: Path) -> None:
    conf.chmod(0o600)
    text = CLEAN + "# mine\nindex-url = https://mirror.example/simple\n"

    code = config("--editor", editor(tmp_path, text), "edit")

    assert (code, conf.read_text(encoding="utf-8")) == (0, text)
    assert stat.S_IMODE(conf.stat().st_mode) == 0o600
    assert sorted(path.name for path in conf.parent.iterdir()) == ["pip.conf"]


def test_what_policy_refuses_is_not_put_there_and_not_lost(
    conf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = CLEAN + "trusted-host = mirror.example\n[install]\npypi_url = http://mirror.example/simple\n"

    code = config("--editor", editor(tmp_path, text), "edit")

    said = capsys.readouterr().err
    assert (code, conf.read_text(encoding="utf-8")) == (10, CLEAN)
    assert "error[trusted-host]: trusted-host would accept any certificate from mirror.example" in said
    assert f"{conf}:3:16" in said
    assert "error[plaintext-index]" in said
    kept = Path(next(line for line in said.splitlines() if "your text is kept in" in line).rpartition(" ")[2])
    assert kept.read_text(encoding="utf-8") == text


def test_what_stood_there_before_does_not_stop_an_edit(conf: Path, tmp_path: Path) -> None:
    conf.write_text("[global]\ntrusted-host = mirror.example\n", encoding="utf-8")
    text = "[global]\ntrusted-host = mirror.example\ntimeout = 9\n"

    assert config("--editor", editor(tmp_path, text), "edit") == 0
    assert conf.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    "text", ["timeout = 9\n", "[global]\ntimeout = 9\ntime_out\n", "[global]\na=1\na=2\n"]
)
def test_a_file_that_pip_could_not_read_is_not_put_there(
    conf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    code = config("--editor", editor(tmp_path, text), "edit")

    assert (code, conf.read_text(encoding="utf-8")) == (12, CLEAN)
    assert "Configuration file could not be loaded" in capsys.readouterr().err


def test_a_file_that_is_not_there_yet_is_made(conf: Path, tmp_path: Path) -> None:
    conf.unlink()
    conf.parent.rmdir()

    assert config("--editor", editor(tmp_path, CLEAN), "edit") == 0
    assert conf.read_text(encoding="utf-8") == CLEAN


def test_a_link_stays_a_link(conf: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.conf"
    conf.rename(real)
    conf.symlink_to(real)

    assert config("--editor", editor(tmp_path, CLEAN + "retries = 1\n"), "edit") == 0
    assert conf.is_symlink()
    assert real.read_text(encoding="utf-8") == CLEAN + "retries = 1\n"


def test_a_change_meanwhile_is_not_overwritten(
    conf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "both.sh"
    script.write_text(f"echo 'retries = 9' >> {shlex.quote(str(conf))}; echo 'retries = 1' >> \"$1\"\n")

    code = config("--editor", f"sh {shlex.quote(str(script))}", "edit")

    assert (code, conf.read_text(encoding="utf-8")) == (1, CLEAN + "retries = 9\n")
    assert "was changed by somebody else meanwhile" in capsys.readouterr().err


EDITORS = ("PIP_EDITOR", "VISUAL", "EDITOR")


@pytest.fixture
def no_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in EDITORS:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("weaker", range(3))
def test_the_editor_is_the_one_that_pip_would_start(
    conf: Path, tmp_path: Path, no_editor: None, monkeypatch: pytest.MonkeyPatch, weaker: int
) -> None:
    monkeypatch.setenv(EDITORS[weaker], editor(tmp_path, CLEAN + "retries = 1\n"))
    for name in EDITORS[weaker + 1 :]:
        monkeypatch.setenv(name, "false")

    assert config("edit") == 0
    assert "retries" in conf.read_text(encoding="utf-8")


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_variable_names_no_editor(
    conf: Path, tmp_path: Path, no_editor: None, monkeypatch: pytest.MonkeyPatch, empty: str
) -> None:
    """The shell would run the configuration file in its place."""
    monkeypatch.setenv("VISUAL", empty)
    assert config("edit") == 1
    monkeypatch.setenv("EDITOR", editor(tmp_path, CLEAN + "retries = 1\n"))
    assert config("edit") == 0
    assert "retries" in conf.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("edit",), "Could not determine editor to use."),
        (("--editor", "exit 3;", "edit"), "Editor Subprocess exited with exit code 3"),
        (("--editor", "true", "edit", "more"), "Got unexpected number of arguments, expected 0."),
        (("--site", "--editor", "true", "edit"), "Need exactly one file to operate upon"),
    ],
)
def test_what_is_wrong_is_said_in_pips_words(
    conf: Path, no_editor: None, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert (config(*words), conf.read_text(encoding="utf-8")) == (1, CLEAN)
    assert f"ERROR: {said}" in capsys.readouterr().err


def test_where_no_file_is_read_none_is_edited(
    conf: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)

    assert (config("--editor", "true", "edit"), conf.read_text(encoding="utf-8")) == (1, CLEAN)
    assert "ERROR: Could not determine appropriate file." in capsys.readouterr().err


def test_the_file_named_by_a_variable_is_the_one_that_is_edited(
    conf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    named = tmp_path / "named.conf"
    named.write_text(CLEAN, encoding="utf-8")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(named))

    assert config("--editor", editor(tmp_path, "[global]\n"), "edit") == 0
    assert (conf.read_text(encoding="utf-8"), named.read_text(encoding="utf-8")) == (CLEAN, "[global]\n")
    assert "Because PIP_CONFIG_FILE is set" in capsys.readouterr().err


def test_what_a_file_must_not_say_can_be_taken_out_of_it(conf: Path) -> None:
    conf.write_text("[global]\npython = ./python\ntrusted-host = mirror.example\n", encoding="utf-8")
    run = [sys.executable, "-m", "safepip", "--python", sys.executable, "config", "--user", "unset"]

    codes = [
        os.spawnv(os.P_WAIT, sys.executable, [*run, f"global.{key}"]) for key in ("python", "trusted-host")
    ]

    assert (codes, conf.read_text(encoding="utf-8")) == ([0, 0], "")
