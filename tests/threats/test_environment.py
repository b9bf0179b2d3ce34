"""Attacks through environment variables, each with its harmless twin.

The real pip shows first that a variable does what the attack needs: what it reads (the oracle), or
what it does.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from cli.conftest import Shell, publish, trusting
from safepip.io.agent import minimal_environment
from safepip.io.pip import environment_for_pip
from support.certificates import other_ca_path
from support.server import Certificate, IndexServer
from support.wheels import make_wheel, wheel_filename
from threats.conftest import Oracle, Run

LIB_2 = hashlib.sha256(make_wheel("lib", "2.0")).hexdigest()
POSIX = pytest.mark.skipif(os.name != "posix", reason="the programs are shell scripts")


def read_by_pip(oracle: Oracle, *argv: str, environ: dict[str, str]) -> dict[str, object]:
    """The values that the real pip takes from variables."""
    answer = oracle("argv", argv=list(argv), environ={"PIP_CONFIG_FILE": os.devnull, **environ})
    return dict(answer["values"])


# --- Spellings -----------------------------------------------------------------------------------

SPELLINGS = [
    "PIP_INDEX_URL", "PIP_index_url", "PIP_Index_Url", "PIP_INDEX-URL", "PIP___INDEX_URL", "PIP_--INDEX-URL",
    "PIP_-_Index_URL", "PIP_PYPI_URL", "PIP___pypi-url",
]  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="names are upper case on Windows")
@pytest.mark.parametrize("name", SPELLINGS)
def test_an_index_is_judged_however_its_variable_is_spelled(oracle: Oracle, safepip: Run, name: str) -> None:
    environ = {name: "http://e/simple"}
    assert read_by_pip(oracle, "install", "lib", environ=environ)["index_url"] == "http://e/simple"

    ended = safepip("install", "lib", environ=environ)

    assert ended.code == 10
    assert f"--> ${name}" in ended.err
    assert "plaintext-index" in ended.err


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "PIP_PYPI_URL", "PIP___INDEX_URL"])
def test_an_index_that_harms_nobody_may_be_named_by_any_of_them(
    safepip: Run, index: IndexServer, name: str
) -> None:
    ended = safepip("install", "--dry-run", "lib", environ={name: index.url, "PIP_CERT": index.ca_path})

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err


def test_a_name_that_is_nearly_one_of_pips_does_nothing(safepip: Run, index: IndexServer) -> None:
    nearly = {"pip_index_url": "http://e", "PIP_-INDEX_URL": "http://e", "PIP_INDEX": "http://e"}

    ended = safepip("install", "--dry-run", "lib", *trusting(index), environ=nearly)

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err
    assert "warning[unknown-option]" in ended.err


def test_the_order_of_two_variables_decides_nothing(oracle: Oracle, safepip: Run, index: IndexServer) -> None:
    two = {"PIP_PYPI_URL": index.url, "PIP_INDEX_URL": "https://index.example/simple"}
    seen = [
        read_by_pip(oracle, "install", "lib", environ=dict(order))["index_url"]
        for order in (two.items(), reversed(two.items()))
    ]
    assert seen[0] != seen[1]

    ended = safepip("install", "lib", environ=two)

    assert (ended.code, index.requests) == (12, [])
    assert "PIP_PYPI_URL" in ended.err
    assert "PIP_INDEX_URL" in ended.err


# --- What is asked for, and how ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        (("PIP_REQUIREMENT", "r.txt"), "plaintext-link"),
        (("PIP_CONSTRAINT", "r.txt"), "plaintext-link"),
        (("PIP_REQUIREMENT", "http://e/r.txt"), "plaintext-link"),
        (("PIP_EDITABLE", "git+https://e/lib#egg=lib"), "unpinned-vcs"),
    ],
)
def test_what_the_environment_adds_is_under_the_same_rules(
    shell: Shell, oracle: Oracle, safepip: Run, said: tuple[str, str], rule: str
) -> None:
    variable, value = said
    shell.write("r.txt", "lib @ http://e/lib-2.0-py3-none-any.whl\n")
    dest = {"PIP_REQUIREMENT": "requirements", "PIP_CONSTRAINT": "constraints", "PIP_EDITABLE": "editables"}
    values = read_by_pip(oracle, "install", "lib", environ={variable: value})
    assert values[dest[variable]] == [value]

    ended = safepip("install", "lib", environ={variable: value})

    assert ended.code == 10
    assert f"error[{rule}]" in ended.err


def test_constraints_of_the_environment_count_and_are_said(
    shell: Shell, safepip: Run, index: IndexServer
) -> None:
    shell.write("c.txt", "lib<2\n")

    ended = safepip("install", "--dry-run", "lib", *trusting(index), environ={"PIP_CONSTRAINT": "c.txt"})

    assert (ended.code, ended.out) == (0, "Would install lib-1.0\n"), ended.err
    assert "constrained by c.txt ($PIP_CONSTRAINT)" in ended.err


@pytest.mark.parametrize("value", ["0", "off", "no", "False", "f", "N"])
def test_no_word_for_no_switches_hash_checking_off(
    shell: Shell, oracle: Oracle, safepip: Run, index: IndexServer, value: str
) -> None:
    shell.write("r.txt", "lib==2.0\n")
    for variable in ("PIP_REQUIRE_HASHES", "PIP_NO_REQUIRE_HASHES"):
        line = ("install", "--dry-run", "-r", "r.txt", *trusting(index))
        assert not read_by_pip(oracle, *line, environ={variable: value})["require_hashes"]
        ended = safepip(*line, environ={variable: value})
        assert ended.code == 10
        assert "unhashed-requirement" in ended.err


@pytest.mark.parametrize("value", ["1", "on", "Yes", "T", "y"])
def test_every_word_for_yes_switches_hash_checking_on(safepip: Run, index: IndexServer, value: str) -> None:
    ended = safepip("install", "lib", *trusting(index), environ={"PIP_REQUIRE_HASHES": value})

    assert ended.code == 10
    assert "hashes are required for everything" in ended.err


@pytest.mark.parametrize(("value", "code"), [("perhaps", 2), ("2", 2), ("", 0)])
def test_a_word_that_is_neither_is_refused_as_by_pip(
    oracle: Oracle, safepip: Run, index: IndexServer, value: str, code: int
) -> None:
    line = ("install", "--dry-run", "lib", *trusting(index))
    environ = {"PIP_REQUIRE_HASHES": value}
    theirs = oracle("argv", argv=list(line), environ={"PIP_CONFIG_FILE": os.devnull, **environ})
    assert theirs.get("exit", 0) == code

    assert safepip(*line, environ=environ).code == code


def test_a_flag_that_is_denied_twice_means_what_it_means_to_pip(
    oracle: Oracle, shell: Shell, safepip: Run, index: IndexServer
) -> None:
    """``PIP_NO_COMPILE=0`` means not to compile: pip takes the word for the setting itself."""
    for value, compiled in (("0", False), ("1", True)):
        environ = {"PIP_NO_COMPILE": value}
        assert bool(read_by_pip(oracle, "install", "lib", environ=environ)["compile"]) is compiled
        ended = safepip("install", "lib", "--target", f"out{value}", *trusting(index), environ=environ)
        assert ended.code == 0, ended.err
        assert any((shell.folder / f"out{value}").rglob("*.pyc")) is compiled


def test_the_order_of_file_kinds_in_the_environment_lets_no_source_in(
    oracle: Oracle, safepip: Run, index: IndexServer
) -> None:
    hole = {"PIP_ONLY_BINARY": ":all:", "PIP_NO_BINARY": "lib"}
    control = read_by_pip(oracle, "install", "lib", environ=hole)["format_control"]
    assert control == {"no_binary": ["lib"], "only_binary": [":all:"]}
    index.add_file(b"no archive, and never opened", "lib-3.0.tar.gz")

    through = safepip("install", "--dry-run", "lib", *trusting(index), environ=hole)
    closed = safepip("install", "--dry-run", "lib", *trusting(index), environ=dict(reversed(hole.items())))

    assert through.code != 0
    assert "/files/lib-3.0.tar.gz" not in index.paths_asked()
    assert (closed.code, closed.out) == (0, "Would install lib-2.0\n"), closed.err


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("PIP_OUTDATED", "1", ("list", "--extra-index-url", "http://e")),
        ("PIP___outdated", "yes", ("list", "-i", "http://e")),
        ("PIP_UPTODATE", "on", ("list", "-i", "http://e")),
        ("PIP_REQUIREMENT", "http://e/r.txt", ("uninstall", "-y", "lib")),
        ("PIP___REQUIREMENT", "http://e/r.txt", ("uninstall", "-y", "lib")),
    ],
)
def test_a_variable_that_makes_a_command_fetch_makes_it_judged(
    safepip: Run, variable: str, value: str, line: tuple[str, ...]
) -> None:
    ended = safepip(*line, environ={variable: value})

    assert ended.code == 10
    assert "plaintext" in ended.err


def test_a_variable_that_says_no_leaves_a_command_as_it_is(shell: Shell) -> None:
    ended = shell.safepip("list", "-i", "http://e", environ={"PIP_OUTDATED": "0", "PIP_REQUIREMENT": ""})

    assert ended.code == 0, ended.err


# --- Which program runs --------------------------------------------------------------------------


@pytest.fixture
def impostor(tmp_path: Path) -> Path:
    """A program that would be started in place of the interpreter."""
    program = tmp_path / "impostor"
    program.write_text(f'#!/bin/sh\necho ran >> "{tmp_path}/ran"\nexit 0\n')
    program.chmod(0o755)
    return program


@POSIX
@pytest.mark.parametrize("name", ["PIP_PYTHON", "PIP_python", "PIP___PYTHON", "PIP_--Python"])
@pytest.mark.parametrize("line", [("list",), ("list", "--isolated"), ("install", "lib")])
def test_no_variable_chooses_the_program_that_pip_runs_in(
    shell: Shell, impostor: Path, tmp_path: Path, name: str, line: tuple[str, ...]
) -> None:
    import subprocess

    environ = {**os.environ, name: str(impostor)}
    for module in ("pip", "safepip"):
        ended = subprocess.run(
            [sys.executable, "-m", module, *line],
            cwd=shell.folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        ran = (tmp_path / "ran").read_text()
        assert ran == "ran\n"
    assert ended.returncode == 10
    assert f"--> ${name}" in ended.stderr


def test_the_command_line_may_choose_it(shell: Shell) -> None:
    ended = shell.safepip("list", "--format=freeze")

    assert ended.code == 0, ended.err


@pytest.mark.parametrize(
    "name",
    [
        "_PIP_IN_BUILD_IGNORE_CONSTRAINTS",
        "_PIP_STANDALONE_CERT",
        "_PIP_USE_IMPORTLIB_METADATA",
        "_pip_anything",
    ],
)
def test_no_signal_between_pips_processes_reaches_a_pip_of_ours(name: str, tmp_path: Path) -> None:
    environ = {name: "1", "PATH": "/bin", "HOME": "/home/me"}

    assert name not in environment_for_pip(environ)
    assert name not in minimal_environment(environ, tmp_path)
    assert environment_for_pip(environ)["HOME"] == "/home/me"


def test_a_signal_between_pips_processes_does_not_lift_constraints(
    shell: Shell, pip: Run, safepip: Run, index: IndexServer
) -> None:
    shell.write("c.txt", "lib<2\n")
    line = ("install", "--dry-run", "lib", "-c", "c.txt", *trusting(index))
    environ = {"_PIP_IN_BUILD_IGNORE_CONSTRAINTS": "1"}
    assert "Would install lib-2.0" in pip(*line, environ=environ).out

    assert safepip(*line, environ=environ).out == "Would install lib-1.0\n"


def test_a_shells_request_for_completions_does_not_end_a_command(shell: Shell, pip: Run) -> None:
    asking = {"PIP_AUTO_COMPLETE": "1", "COMP_WORDS": "pip li", "COMP_CWORD": "1"}
    assert pip("list", environ=asking).code == 1

    assert shell.safepip("list", environ=asking).code == 0


@POSIX
def test_no_program_of_path_runs_for_an_install(
    shell: Shell, pip: Run, safepip: Run, index: IndexServer, programs: Path
) -> None:
    found = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    pip("install", "--dry-run", "lib", *trusting(index), environ=found)
    ran = (programs.parent / "ran").read_text()
    assert "lsb_release" in ran

    ended = safepip("install", "lib", *trusting(index), environ=found)

    assert (ended.code, shell.installed()) == (0, {"lib-2.0"}), ended.err
    assert (programs.parent / "ran").read_text() == ran


@POSIX
def test_no_keyring_of_path_runs_unasked(safepip: Run, programs: Path, tmp_path: Path) -> None:
    with IndexServer(credentials=("user", "password")) as server:
        publish(server, "lib", "2.0")
        line = ("install", "--dry-run", "lib", "--no-input", *trusting(server))
        found = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        unasked = safepip(*line, environ=found)
        assert not (tmp_path / "ran").exists()
        asked = safepip(*line, "--keyring-provider", "subprocess", environ=found)

    assert unasked.code != 0
    assert asked.code != 0
    assert "keyring" in (tmp_path / "ran").read_text()


@pytest.mark.parametrize(
    "name",
    [
        "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONPYCACHEPREFIX", "PYTHONPLATLIBDIR",
        "PYTHONEXECUTABLE", "PYTHONBREAKPOINT", "PYTHON_KEYRING_BACKEND", "LD_PRELOAD", "LD_AUDIT", "GCONV_PATH",
        "DYLD_INSERT_LIBRARIES", "OPENSSL_CONF", "OPENSSL_MODULES", "SSLKEYLOGFILE", "SSL_CERT_FILE", "NETRC",
        "HTTPS_PROXY", "https_proxy", "PIP_INDEX_URL", "PIP_TARGET", "GIT_SSH_COMMAND", "GIT_CONFIG_COUNT",
        "ENSUREPIP_OPTIONS", "PIP_BUILD_TRACKER", "_PYPROJECT_HOOKS_BUILD_BACKEND", "UNIXCONFDIR", "EDITOR",
    ],
)  # fmt: skip
def test_the_pip_that_applies_meets_no_variable_of_the_user(name: str, tmp_path: Path) -> None:
    assert name not in minimal_environment({name: "1", "HOME": "/home/me"}, tmp_path)


@pytest.mark.parametrize("name", ["HOME", "APPDATA", "USERPROFILE", "SYSTEMROOT", "SOURCE_DATE_EPOCH"])
def test_what_an_interpreter_needs_is_kept(name: str, tmp_path: Path) -> None:
    assert minimal_environment({name: "/there"}, tmp_path)[name] == "/there"


def test_files_are_unpacked_where_nobody_else_may_look(tmp_path: Path) -> None:
    environ = minimal_environment({"TMPDIR": "/shared", "TEMP": "/shared", "TMP": "/shared"}, tmp_path)

    assert {environ[name] for name in ("TMPDIR", "TEMP", "TMP")} == {str(tmp_path / "tmp")}


def test_no_code_of_pythonpath_runs_while_a_plan_is_applied(
    shell: Shell, index: IndexServer, tmp_path: Path
) -> None:
    shell.write(
        "shadow/sitecustomize.py",
        f"import sys\nopen({str(tmp_path / 'ran')!r}, 'a').write(sys.executable + '\\n')\n",
    )
    shell.write("shadow/wheel.py", "raise SystemExit(3)\n")

    ended = shell.safepip(
        "install", "lib", *trusting(index), environ={"PYTHONPATH": str(shell.folder / "shadow")}
    )

    assert (ended.code, shell.installed()) == (0, {"lib-2.0"}), ended.err
    # safepip's own interpreter is the user's to start; the target's never saw it.
    assert str(shell.python) not in (tmp_path / "ran").read_text().splitlines()


# --- Trust, proxies, credentials, folders --------------------------------------------------------


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_bundle_of_the_environment_does_not_join_the_one_that_was_named(
    pip: Run, safepip: Run, index: IndexServer, variable: str
) -> None:
    line = ("install", "--dry-run", "lib", "-i", index.url, "--retries", "0", "--cert", other_ca_path())
    assert pip(*line, environ={variable: index.ca_path}).code == 0

    ended = safepip(*line, environ={variable: index.ca_path})

    assert ended.code != 0
    assert "tls-failure" in ended.err


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_bundle_of_the_environment_counts_where_none_was_named(
    safepip: Run, index: IndexServer, variable: str
) -> None:
    ended = safepip("install", "--dry-run", "lib", "-i", index.url, environ={variable: index.ca_path})

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err


def test_a_proxy_of_the_environment_cannot_read_along(safepip: Run) -> None:
    """It sees a tunnel; a certificate of its own is not the index's."""
    with IndexServer(certificate=Certificate.SELF_SIGNED) as server:
        publish(server, "lib", "2.0")
        ended = safepip(
            "install", "--dry-run", "lib", "-i", server.url, "--retries", "0",
            environ={"HTTPS_PROXY": "", "NO_PROXY": "*"},
        )  # fmt: skip
        assert server.requests == []

    assert ended.code != 0
    assert "tls-failure" in ended.err


def test_configuration_that_a_variable_leads_to_is_judged(
    shell: Shell, oracle: Oracle, safepip: Run, index: IndexServer
) -> None:
    """pip reads it even with ``--isolated``."""
    named = shell.write("named.conf", "[global]\nindex-url = http://e\n")
    theirs = oracle(
        "argv",
        argv=["install", "lib", "--isolated"],
        prefix="/nowhere",
        environ={"PIP_CONFIG_FILE": str(named)},
    )
    assert theirs["values"]["index_url"] == "http://e"
    for more in ((), ("--isolated",)):
        ended = safepip("install", "lib", *more, environ={"PIP_CONFIG_FILE": str(named)})
        assert ended.code == 10
        assert "named.conf:2:13" in ended.err
    shell.write("named.conf", f"[global]\nindex-url = {index.url}\ncert = {index.ca_path}\ntimeout = 9\n")
    ended = safepip("install", "--dry-run", "lib", environ={"PIP_CONFIG_FILE": "named.conf"})
    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err


@pytest.mark.skipif(sys.platform != "linux", reason="the other systems have other folders")
@pytest.mark.parametrize("variable", ["XDG_CONFIG_DIRS", "XDG_CONFIG_HOME", "HOME"])
def test_a_folder_that_a_variable_moves_is_judged(
    shell: Shell, oracle: Oracle, safepip: Run, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.delenv("PIP_CONFIG_FILE")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    name = ".pip" if variable == "HOME" else "pip"
    conf = shell.write(f"moved/{name}/pip.conf", "[install]\nindex-url = http://e\n")
    environ = {variable: str(shell.folder / "moved")}
    theirs = oracle("argv", argv=["install", "lib"], prefix="/nowhere", environ=environ)
    assert theirs["values"]["index_url"] == "http://e"

    ended = safepip("install", "lib", environ=environ)

    assert ended.code == 10
    assert f"{conf.parent.name}/pip.conf:2:13" in ended.err


def test_a_default_of_netrc_is_not_given_to_strangers(
    shell: Shell, pip: Run, safepip: Run, index: IndexServer
) -> None:
    """pip gives it to every host it meets, file hosts and redirect targets among them."""
    netrc = shell.write("netrc", "default login me password hunter2\n")
    netrc.chmod(0o600)
    with IndexServer() as stranger:
        content = make_wheel("lib", "2.0")
        stranger.add_wheel(content, wheel_filename("lib", "2.0"))
        index.redirect("/r.txt", f"{stranger.origin}/r.txt")
        line = ("download", "--no-deps", f"{stranger.origin}/files/lib-2.0-py3-none-any.whl#sha256={LIB_2}")
        environ = {"NETRC": str(netrc)}
        assert pip(*line, "--cert", index.ca_path, "-d", "pips", environ=environ).code == 0
        assert "Authorization" in stranger.requests[-1].headers
        stranger.requests.clear()
        ended = safepip(*line, "--cert", index.ca_path, "-d", "ours", environ=environ)
        given = [request for request in stranger.requests if "Authorization" in request.headers]

    assert ended.code == 0, ended.err
    assert given == []
