"""What ``safepip lock`` is made from: files, projects, scripts, folders, archives, other locks."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cli.conftest import Shell, publish, trusting
from cli.test_lock_command import fetched, lock, locked, versions
from support.sdists import make_sdist, sdist_filename, write_project
from support.server import IndexServer
from support.wheels import make_wheel, sha256, wheel_filename

PROJECT = """\
[project]
name = "mine"
version = "0.1"
requires-python = ">=3.11"
dependencies = ["app"]

[project.optional-dependencies]
color = ["color"]
all = ["mine[color]", 'lib<2; python_version >= "3"']

[dependency-groups]
test = ["lib==1.0"]
"""


@pytest.fixture
def project(shell: Shell, index: IndexServer) -> Shell:
    publish(index, "color")
    shell.write("pyproject.toml", PROJECT)
    return shell


# --- pyproject.toml -----------------------------------------------------------------------------------


def test_a_projects_dependencies_are_read_without_a_build(project: Shell, index: IndexServer) -> None:
    ended = lock(project, index, "-r", "pyproject.toml")

    assert (ended.code, versions(project)) == (0, {"app": "1.0", "lib": "2.0"}), ended.err


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("-r", "pyproject.toml[color]"), {"app": "1.0", "lib": "2.0", "color": "1.0"}),
        (("-r", "pyproject.toml[all]"), {"app": "1.0", "lib": "1.0", "color": "1.0"}),
        (("-r", "pyproject.toml", "--group", "test"), {"app": "1.0", "lib": "1.0"}),
        (("--group", "test"), {"lib": "1.0"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_extras_and_groups_bring_theirs(
    project: Shell, index: IndexServer, words: tuple[str, ...], found: dict[str, str]
) -> None:
    ended = lock(project, index, *words)

    assert (ended.code, versions(project)) == (0, found), ended.err


def test_what_only_a_build_knows_is_said_with_the_way_out(shell: Shell, index: IndexServer) -> None:
    shell.write("pyproject.toml", '[project]\nname = "mine"\nversion = "1"\ndynamic = ["dependencies"]\n')
    ended = lock(shell, index, "-r", "pyproject.toml")

    assert ended.code == 1
    assert "pyproject.toml:4:12" in ended.err
    assert "safepip lock ." in ended.err
    assert index.requests == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[tool.poetry]\nname = "mine"\n', "has no [project] table"),
        ('[project]\nname = "mine"\ndependencies = "app"\n', "not a list of requirements"),
        ('[project]\nname = "mine"\ndependencies = [1]\n', "not a list of requirements"),
        ('[project]\nname = "mine"\ndependencies = ["="]\n', "Invalid requirement"),
        ("[project]\nname = 1\n", "not a text"),
        ('[project]\nname = "mine"\nrequires-python = "three"\n', "not a version specifier"),
        ('[project]\nname = "mine"\ndynamic = "dependencies"\n', "not a list of keys"),
        ('[project]\nname = "mine"\noptional-dependencies = []\n', "not a table"),
        ("[project\n", "is no TOML"),
        ('[project]\nname = "mine"\n', "has no extra 'color'"),
    ],
)
def test_a_project_that_cannot_be_read_is_said_at_its_line(
    shell: Shell, index: IndexServer, text: str, said: str
) -> None:
    shell.write("pyproject.toml", text)
    ended = lock(shell, index, "-r", "pyproject.toml[color]")

    assert (ended.code, said in ended.err) == (1, True), ended.err
    assert "pyproject.toml" in ended.err
    assert index.requests == []


def test_a_project_for_another_python_is_not_locked_for_this_one(shell: Shell, index: IndexServer) -> None:
    shell.write(
        "pyproject.toml", '[project]\nname = "mine"\nrequires-python = ">=3.12"\ndependencies = ["lib"]\n'
    )
    names = "linux-x86_64-cp311,linux-x86_64-cp312"
    ended = lock(shell, index, "-r", "pyproject.toml", "--environment", names)

    assert ended.code == 1
    assert "requires a different Python: 3.11 not in '>=3.12'" in ended.err
    assert "linux-x86_64-cp311" in ended.err
    good = lock(shell, index, "-r", "pyproject.toml", "--environment", "linux-x86_64-cp312")
    assert (good.code, versions(shell)) == (0, {"lib": "2.0"}), good.err


def test_install_takes_a_project_for_a_requirement_file_as_pip_does(
    project: Shell, index: IndexServer
) -> None:
    ended = project.safepip("install", *trusting(index), "-r", "pyproject.toml")

    assert ended.code == 1
    assert "Invalid requirement" in ended.err


# --- Scripts, folders, archives -----------------------------------------------------------------------


def test_a_script_is_locked(shell: Shell, index: IndexServer) -> None:
    shell.write("report.py", '# /// script\n# dependencies = ["app"]\n# ///\nprint(1)\n')
    ended = lock(shell, index, "--requirements-from-script", "report.py")

    assert (ended.code, set(versions(shell))) == (0, {"app", "lib"}), ended.err


def test_a_folder_is_locked_by_its_path_with_what_it_needs(shell: Shell, index: IndexServer) -> None:
    write_project(shell.folder, "mine", requires=["lib"])
    ended = lock(shell, index, ".")

    assert ended.code == 0, ended.err
    lib, mine = locked(shell)["packages"]
    assert (mine["name"], mine["directory"]) == ("mine", {"path": "."})
    assert lib["version"] == "2.0"


@pytest.mark.parametrize("words", [(".",), ("-e", ".")])
def test_a_lock_with_a_folder_installs_from_any_place(
    shell: Shell, index: IndexServer, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Files with hashes stand beside it; a folder can have none."""
    write_project(shell.folder, "mine", requires=["lib"])
    assert lock(shell, index, *words).code == 0
    path = str(shell.folder / "pylock.toml")
    shell.folder = tmp_path

    asked = shell.safepip("install", *trusting(index), "--require-hashes", "-r", path)
    assert (asked.code, "error[unhashed-requirement]: mine has no hash" in asked.err) == (10, True), asked.err
    beside = shell.safepip("install", *trusting(index), "app", "-r", path)
    assert (beside.code, "error[unhashed-requirement]: app has no hash" in beside.err) == (10, True), (
        beside.err
    )
    ended = shell.safepip("install", *trusting(index), "-r", path)
    assert (ended.code, len(shell.installed())) == (0, 2), ended.err


def test_an_editable_folder_stays_one(shell: Shell, index: IndexServer) -> None:
    write_project(shell.folder / "own", "mine")
    ended = lock(shell, index, "-e", "./own")

    assert ended.code == 0, ended.err
    assert locked(shell)["packages"][0]["directory"] == {"editable": True, "path": "own"}
    refused = lock(shell, index, "-e", "./own", "--format", "requirements")
    assert (refused.code, "pylock.toml" in refused.err) == (1, True)


def test_a_url_needs_its_hash_and_is_locked_with_it(shell: Shell, index: IndexServer) -> None:
    url = f"{index.origin}/files/{wheel_filename('lib', '2.0')}"
    bare = lock(shell, index, f"lib @ {url}")
    assert (bare.code, (shell.folder / "pylock.toml").exists()) == (10, False)

    digest = sha256(make_wheel("lib", "2.0"))
    ended = lock(shell, index, f"lib @ {url}#sha256={digest}")

    assert ended.code == 0, ended.err
    package = locked(shell)["packages"][0]
    assert package["archive"]["url"] == url
    assert package["archive"]["hashes"] == {"sha256": digest}


def test_a_folder_of_wheels_is_read_for_its_hashes(shell: Shell, index: IndexServer) -> None:
    folder = shell.folder / "wheels"
    folder.mkdir()
    (folder / wheel_filename("own")).write_bytes(make_wheel("own", requires=["lib"]))
    words = ("own", "--find-links", "wheels")

    ended = lock(shell, index, *words)

    assert ended.code == 0, ended.err
    _, own = locked(shell)["packages"]
    assert own["wheels"][0]["path"] == f"wheels/{wheel_filename('own')}"
    assert own["wheels"][0]["hashes"] == {"sha256": sha256(make_wheel("own", requires=["lib"]))}
    # The user's own files may change: they are what the user says they are.
    (folder / wheel_filename("own")).write_bytes(make_wheel("own", requires=["lib<2"]))
    again = lock(shell, index, *words)
    assert (again.code, versions(shell)["lib"]) == (0, "1.0"), again.err


def test_a_source_archive_is_locked_only_where_its_build_is_admitted(
    shell: Shell, index: IndexServer
) -> None:
    content = make_sdist("demo", requires=["lib"], needs=["need"])
    index.add_file(content, sdist_filename("demo"))
    publish(index, "need")

    refused = lock(shell, index, "demo")
    assert (refused.code, "error[sdist-build]" in refused.err) == (10, True)
    assert fetched(index) == []

    shell.write("policy.toml", '[builds]\nsdists = ["demo"]\n[hashes]\nmode = "required"\n')
    ended = lock(shell, index, "demo", "--policy", "policy.toml")

    assert ended.code == 0, ended.err
    demo, lib = locked(shell)["packages"]
    assert demo["sdist"]["hashes"] == {"sha256": hashlib.sha256(content).hexdigest()}
    assert demo["tool"]["safepip"]["build-requires"] == [{"name": "need", "version": "1.0"}]
    assert lib["name"] == "lib"
    index.requests.clear()
    installed = shell.safepip("install", *trusting(index), "--policy", "policy.toml", "-r", "pylock.toml")
    assert (installed.code, shell.installed()) == (0, {"demo-1.0", "lib-2.0"}), installed.err
    assert [path for path in index.paths_asked() if path.startswith("/simple")] == []


# --- Other locks --------------------------------------------------------------------------------------


def test_a_lock_can_be_locked_anew_in_another_form(shell: Shell, index: IndexServer) -> None:
    assert lock(shell, index, "app").code == 0
    publish(index, "lib", "3.0")
    ended = lock(shell, index, "-r", "pylock.toml", "--format", "requirements", "-o", "requirements.txt")

    assert ended.code == 0, ended.err
    text = (shell.folder / "requirements.txt").read_text(encoding="utf-8")
    assert "lib==2.0" in text
    assert f"sha256:{sha256(make_wheel('lib', '2.0'))}" in text


@pytest.mark.parametrize(
    "words",
    [
        ("-r", "pylock.toml"),
        ("-r", "requirements.in", "-o", "requirements.in"),
        ("-r", "requirements.in", "-o", "./other/../requirements.in", "--format", "requirements"),
        ("-c", "requirements.in", "app", "-o", "requirements.in"),
        ("--group", "test", "-o", "pyproject.toml"),
        ("-r", "pyproject.toml[all]", "-o", "pyproject.toml"),
        ("--requirements-from-script", "report.py", "-o", "report.py"),
    ],
    ids=" ".join,
)
def test_no_input_is_written_over(project: Shell, index: IndexServer, words: tuple[str, ...]) -> None:
    assert lock(project, index, "app").code == 0
    project.write("requirements.in", "app\n")
    project.write("report.py", '# /// script\n# dependencies = ["app"]\n# ///\n')
    (project.folder / "other").mkdir()
    index.requests.clear()
    before = {path.name: path.read_bytes() for path in project.folder.iterdir() if path.is_file()}

    ended = lock(project, index, *words)

    assert (ended.code, "would be written over" in ended.err) == (1, True), ended.err
    assert before == {path.name: path.read_bytes() for path in project.folder.iterdir() if path.is_file()}
    assert index.requests == []


@pytest.mark.parametrize("option", ["-r", "-c"])
def test_no_file_that_an_input_names_is_written_over(shell: Shell, index: IndexServer, option: str) -> None:
    shell.write("requirements.in", f"app\n{option} base.txt\n")
    text = f"lib==2.0 --hash=sha256:{sha256(make_wheel('lib', '2.0'))}\n"
    shell.write("base.txt", text)

    ended = lock(shell, index, "-r", "requirements.in", "--format", "requirements", "-o", "base.txt")

    assert (ended.code, "would be written over" in ended.err) == (1, True), ended.err
    assert "--> base.txt:1" in ended.err
    assert (shell.folder / "base.txt").read_text(encoding="utf-8") == text
    assert index.requests == []


def test_a_link_to_an_input_is_that_input(shell: Shell, index: IndexServer) -> None:
    path = shell.write("requirements.in", "app\n")
    Path(shell.folder / "pylock.toml").symlink_to(path)

    ended = lock(shell, index, "-r", "requirements.in")

    assert (ended.code, path.read_text(encoding="utf-8")) == (1, "app\n"), ended.err
