"""Which environment is meant, and what it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.tags import sys_tags

from safepip.core.errors import ApplyError, SafepipError
from safepip.io.agent import Agent, Destination
from safepip.io.choice import Interpreter, choose
from safepip.io.extent import owned_paths
from safepip.io.target import environment, probe
from safepip.verify.wheel import installed_paths
from support.environments import Wheelhouse, interpreter, make_environment, pip_install


def own(prefix: Path, base: str = "/base", *, bundled: bool = False) -> Interpreter:
    return Interpreter(
        executable=str(prefix / "bin/python"), prefix=str(prefix), base_prefix=base, bundled=bundled
    )


def fake_environment(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").write_text("")
    return folder


# --- choosing -----------------------------------------------------------------------------------


def test_python_option_beats_everything(tmp_path: Path) -> None:
    named = fake_environment(tmp_path / "named")
    environ = {"VIRTUAL_ENV": str(fake_environment(tmp_path / "active"))}
    for option in (str(named), str(named / "bin/python")):
        choice = choose(option, environ, own(tmp_path))
        assert (choice.python, choice.reason) == (str(named / "bin/python"), "--python")


@pytest.mark.parametrize("option", ["nowhere", "empty"])
def test_python_option_that_names_nothing_is_an_error(tmp_path: Path, option: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SafepipError, match="Could not locate Python interpreter"):
        choose(str(tmp_path / option), {}, own(tmp_path))


def test_own_environment_beats_the_active_one(tmp_path: Path) -> None:
    environ = {"VIRTUAL_ENV": str(fake_environment(tmp_path / "active"))}
    choice = choose(None, environ, own(tmp_path))
    assert choice.own
    assert choice.python == str(tmp_path / "bin/python")


@pytest.mark.parametrize("mark", ["pipx_metadata.json", "uv-receipt.toml"])
def test_environment_made_for_a_tool_is_never_meant(tmp_path: Path, mark: str) -> None:
    (tmp_path / mark).write_text("")
    active = fake_environment(tmp_path / "active")
    assert choose(None, {"VIRTUAL_ENV": str(active)}, own(tmp_path)).python == str(active / "bin/python")


def test_zipapp_follows_the_active_environment_then_path(tmp_path: Path) -> None:
    active, programs = fake_environment(tmp_path / "active"), tmp_path / "programs"
    programs.mkdir()
    (programs / "python3").write_text("")
    (programs / "python3").chmod(0o755)
    carrier = own(tmp_path, bundled=True)
    assert choose(None, {"VIRTUAL_ENV": str(active), "PATH": str(programs)}, carrier).reason == "VIRTUAL_ENV"
    assert (
        choose(None, {"CONDA_PREFIX": str(active), "PATH": str(programs)}, carrier).reason == "CONDA_PREFIX"
    )
    assert choose(None, {"PATH": str(programs)}, carrier).python == str(programs / "python3")
    with pytest.raises(SafepipError, match="no Python environment"):
        choose(None, {"PATH": str(tmp_path / "none")}, carrier)


def test_relative_path_entries_choose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "python3").write_text("")
    (tmp_path / "python3").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SafepipError, match="no Python environment"):
        choose(None, {"PATH": os.pathsep.join(["", "."])}, own(tmp_path, bundled=True))


def test_virtual_env_beats_conda_and_own_base(tmp_path: Path) -> None:
    active, conda = fake_environment(tmp_path / "active"), fake_environment(tmp_path / "conda")
    base = own(tmp_path, base=str(tmp_path))
    environ = {"VIRTUAL_ENV": str(active), "CONDA_PREFIX": str(conda)}
    assert choose(None, environ, base).reason == "VIRTUAL_ENV"
    assert choose(None, {"CONDA_PREFIX": str(conda)}, base).reason == "CONDA_PREFIX"
    assert choose(None, {"CONDA_PREFIX": str(tmp_path / "none")}, base).own


def test_virtual_env_that_is_gone_is_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(SafepipError, match="VIRTUAL_ENV names"):
        choose(None, {"VIRTUAL_ENV": str(tmp_path / "gone")}, own(tmp_path, base=str(tmp_path)))


def test_folder_in_the_working_directory_never_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_environment(tmp_path / ".venv")
    monkeypatch.chdir(tmp_path)
    base = own(tmp_path / "own", base=str(tmp_path / "own"))
    environ = {"PIP_PYTHON": str(tmp_path / ".venv/bin/python")}
    assert choose(None, environ, base).python == str(tmp_path / "own/bin/python")


# --- probing ------------------------------------------------------------------------------------


def test_facts_are_what_the_interpreter_says_of_itself(tmp_path: Path) -> None:
    seen = probe(sys.executable, os.environ)
    assert dict(seen.markers) == {k: v for k, v in default_environment().items() if k != "extra"}
    assert list(seen.tags) == list(sys_tags())
    assert seen.prefix == sys.prefix
    assert seen.is_virtual == (sys.prefix != sys.base_prefix)
    assert seen.version == ".".join(map(str, sys.version_info[:3]))


def test_installed_distributions_are_read(tmp_path: Path) -> None:
    env, house = tmp_path / "env", Wheelhouse(tmp_path / "wheelhouse")
    python = make_environment(env)
    house.add("Some.Name", "1.5", requires=["dep"])
    house.add("dep")
    direct = house.add("direct")
    assert pip_install(python, house, "some-name", str(direct)).returncode == 0
    site = next(env.glob("lib/python*/site-packages"))
    (site / "~ip-1.0.dist-info").mkdir()
    (site / "old_style-0.9-py3.11.egg-info").write_text(
        "Metadata-Version: 1.0\nName: old-style\nVersion: 0.9\n"
    )
    (site / "odd-one.dist-info").mkdir()
    installed = probe(str(python), os.environ).installed
    assert set(installed) == {"some-name", "dep", "direct", "old-style", "odd"}
    found = installed["some-name"]  # type: ignore[index]  # a normalised name
    assert (found.name, found.version_text, found.requested, found.installer) == (
        "Some.Name",
        "1.5",
        True,
        "pip",
    )
    assert found.location == str(site)
    assert found.in_scheme
    assert b"Requires-Dist: dep" in found.metadata
    assert not installed["dep"].requested  # type: ignore[index]
    assert "direct-1.0" in (installed["direct"].direct_url or "")  # type: ignore[index]
    assert installed["odd"].version is None  # type: ignore[index]
    assert installed["old-style"].version_text == "0.9"  # type: ignore[index]


def test_pythonpath_counts_as_installed_but_is_no_place_to_replace(tmp_path: Path) -> None:
    folder = tmp_path / "lib/more-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: more\nVersion: 1.0\n")
    (tmp_path / "lib/json.py").write_text("raise SystemExit('imported')")
    python = make_environment(tmp_path / "env")
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path / "lib"), "", "relative"])}
    found = probe(str(python), environ).installed["more"]  # type: ignore[index]  # a normalised name
    assert not found.in_scheme


def test_owned_paths_agree_with_the_wheels_own(tmp_path: Path) -> None:
    house = Wheelhouse(tmp_path / "wheelhouse")
    python = make_environment(tmp_path / "env")
    data = {"scripts/tool-script": "x", "data/share/x": "", "purelib/more.py": ""}
    house.add("tool", files={"tool/__init__.py": ""}, data=data)
    assert pip_install(python, house, "tool").returncode == 0
    owned = owned_paths(probe(str(python), os.environ))
    members = ["tool/__init__.py", *(f"tool-1.0.data/{path}" for path in data)]
    assert installed_paths(members) <= owned["tool"]  # type: ignore[index]  # a normalised name


@pytest.mark.parametrize("text", ["[externally-managed]\nError=use apt\n", "[other]\n", "\xff"])
def test_externally_managed(tmp_path: Path, text: str) -> None:
    from safepip.io.target import _externally_managed

    (tmp_path / "EXTERNALLY-MANAGED").write_bytes(text.encode("latin-1"))
    message = _externally_managed(tmp_path)
    assert message == "use apt" if "Error" in text else "managed externally" in (message or "")
    assert _externally_managed(tmp_path / "other") is None


def script(path: Path, body: str) -> str:
    path.write_text("#!/bin/sh\n" + body)
    path.chmod(0o755)
    return str(path)


def test_old_interpreter_is_refused_in_a_sentence(tmp_path: Path) -> None:
    # Says what the guard says on an old Python: the mark is the third argument after the code.
    python = script(tmp_path / "old", 'printf \'%s{"unsupported": "3.8"}\\n\' "$6"')
    with pytest.raises(SafepipError, match=r"does not support python 3.8 \(requires >=3.10\)"):
        probe(python, os.environ)


def test_program_that_is_no_python_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SafepipError, match="does not work as a Python interpreter") as seen:
        probe(script(tmp_path / "broken", "echo broken >&2; exit 3"), os.environ)
    assert "broken" in seen.value.notes[0]
    with pytest.raises(SafepipError, match="cannot be started"):
        probe(str(tmp_path / "none"), os.environ)


@pytest.mark.parametrize(
    "noise",
    [
        'print(\'{"prefix": "/evil"}\')',
        "print('no end of line', end='', flush=True)",
        "import os; os.write(1, b'x' * 200_000)",
    ],
)
def test_what_the_target_prints_at_start_is_not_taken_for_facts(tmp_path: Path, noise: str) -> None:
    env = tmp_path / "env"
    python = make_environment(env)
    site = next(env.glob("lib/python*/site-packages"))
    (site / "noisy.pth").write_text(f"import sys; {noise}\n")
    assert probe(str(python), os.environ).prefix == str(env)


# --- the agent ----------------------------------------------------------------------------------


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    python = make_environment(tmp_path / "env")
    made = Agent(str(python), os.environ)
    yield made  # type: ignore[misc]  # a fixture
    made.close()


def test_nothing_stays_when_it_is_closed(agent: Agent) -> None:
    environment(agent)
    agent.warm()
    private = agent.private
    agent.close()
    assert not private.exists()
    assert agent._process.returncode is not None


def test_destinations_are_pips(agent: Agent, tmp_path: Path) -> None:
    scheme = agent.locate(Destination(prefix=str(tmp_path / "p")))
    assert scheme.scripts == str(tmp_path / "p/bin")
    with pytest.raises(ApplyError, match="'--user' and '--prefix'"):
        agent.locate(Destination(prefix="/x", user=True))


def test_pip_in_the_agent_reaches_no_network(agent: Agent, tmp_path: Path) -> None:
    """The same pip, told to ask an index on this machine that listens."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/simple"
        log = tmp_path / "log"
        code = agent.run([["install", "--retries", "0", "-i", url, "demo"]], log)
        with pytest.raises(TimeoutError):
            server.accept()
        # The same pip outside of the agent does connect, so the test can fail.
        arguments = ["download", "--retries", "0", "--timeout", "0.2", "-i", url, "demo"]
        with subprocess.Popen([sys.executable, "-m", "pip", *arguments], stdout=-3, stderr=-3) as pip:
            server.settimeout(20)
            server.accept()[0].close()
            pip.kill()
    assert code == 1
    assert "No matching distribution found for demo" in log.read_text()


def test_pip_in_the_agent_starts_no_program(tmp_path: Path) -> None:
    programs, mark = tmp_path / "programs", tmp_path / "started"
    programs.mkdir()
    script(programs / "git", f"touch {mark}; exit 1")
    python = make_environment(tmp_path / "env")
    agent = Agent(str(python), os.environ | {"PATH": f"{programs}{os.pathsep}{os.defpath}"})
    try:
        assert agent.run([["install", "git+https://files.example/demo"]], tmp_path / "log") == 1
    finally:
        agent.close()
    assert "pip may not use subprocess.Popen" in (tmp_path / "log").read_text()
    assert not mark.exists()


def test_closing_its_input_ends_it(agent: Agent) -> None:
    agent.facts()
    assert agent._process.stdin is not None
    agent._process.stdin.close()
    assert agent._process.wait(10) == 0


@pytest.mark.skipif(os.name != "posix", reason="other Pythons are looked for in POSIX places")
def test_other_python_versions_work_as_targets(tmp_path: Path) -> None:
    """Whatever this machine has beside its own: at least safepip's own base interpreter."""
    found = {Path(sys.base_prefix, "bin/python3")}
    found |= {Path("/usr/bin", f"python3.{minor}") for minor in range(10, 20)}
    for python in filter(Path.exists, sorted(found)):
        said = subprocess.run(
            [python, "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert probe(str(python), os.environ).version == said.stdout.strip()


def test_interpreter_of_a_made_environment_is_found(tmp_path: Path) -> None:
    python = make_environment(tmp_path / "env")
    assert (
        choose(str(tmp_path / "env"), {}, own(tmp_path)).python
        == str(python)
        == str(interpreter(tmp_path / "env"))
    )


@pytest.mark.skipif(os.name != "posix", reason="scripts that stand in for an interpreter")
def test_a_version_managers_shim_is_asked_which_interpreter_it_starts(tmp_path: Path) -> None:
    shim = tmp_path / "python3"
    shim.write_text(f'#!/usr/bin/env sh\nexec {sys.executable} "$@"\n')
    shim.chmod(0o755)

    choice = choose(str(shim), os.environ, Interpreter.running())

    assert choice.python == sys.executable
    assert probe(choice.python, os.environ).prefix == sys.prefix


@pytest.mark.skipif(os.name != "posix", reason="scripts that stand in for an interpreter")
def test_a_script_that_starts_no_interpreter_is_said_to_be_one(tmp_path: Path) -> None:
    script = tmp_path / "python3"
    script.write_text("#!/bin/sh\nexit 3\n")
    script.chmod(0o755)

    with pytest.raises(SafepipError, match="does not work as a Python interpreter"):
        choose(str(script), os.environ, Interpreter.running())
