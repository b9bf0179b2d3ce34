"""Installing for real: from every server, in every ordinary way, with pip's own outcome."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from integration.conftest import World
from integration.environments import Target


def sha256_of(world: World, filename: str) -> str:
    return hashlib.sha256((world.public_index.root / "files" / filename).read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "site,path,project",
    [
        ("public", "/simple", "demo"),
        ("devpi", "/corp/private/+simple", "inside"),
        ("strong", "/simple", "served"),
    ],
)
def test_installs_from_each_server(world: World, target: Target, site, path, project):
    done = target.safepip("install", "--index-url", getattr(world, site).origin + path, project)
    assert done.exit_code == 0, done.said
    assert project in target.installed()
    assert "Successfully installed" in done.stdout


def test_an_index_that_gives_only_md5_is_refused(world: World, target: Target):
    done = target.safepip("install", "--index-url", world.weak.url, "served")
    assert done.exit_code == 10, done.said
    assert "error[weak-digest]" in done.stderr
    assert target.installed() == {}


@pytest.mark.parametrize(
    "arguments",
    [
        ["demo"],
        ["demo[more]==1.0"],
        ["--no-deps", "demo"],
        ["demo", "helper"],
    ],
)
def test_the_environment_equals_the_one_pip_makes(world: World, make, arguments):
    ours, theirs = make("ours"), make("theirs")
    options = ["--index-url", world.public.url]
    done = ours.safepip("install", *options, *arguments)
    assert done.exit_code == 0, done.said
    expected = theirs.pip("install", *options, *arguments)
    assert expected.exit_code == 0, expected.said
    assert ours.files() == theirs.files()


def test_an_upgrade_leaves_what_pip_leaves(world: World, make):
    ours, theirs = make("ours"), make("theirs")
    options = ["--index-url", world.public.url]
    for arguments in (["demo==1.0", "helper==1.2"], ["--upgrade", "demo"]):
        done = ours.safepip("install", *options, *arguments)
        assert done.exit_code == 0, done.said
        assert theirs.pip("install", *options, *arguments).exit_code == 0
    assert ours.installed() == {"demo": "2.0", "helper": "1.2"}
    assert ours.files() == theirs.files()


def test_what_is_installed_already_is_said_as_pip_says_it(world: World, target: Target):
    options = ["--index-url", world.public.url]
    assert target.safepip("install", *options, "demo").exit_code == 0
    before = target.files()
    again = target.safepip("install", *options, "demo")
    assert again.exit_code == 0, again.said
    assert "Requirement already satisfied: demo" in again.stdout
    assert target.files() == before


def test_the_installed_script_runs(world: World, target: Target):
    assert target.safepip("install", "--index-url", world.public.url, "demo").exit_code == 0
    assert target.run([str(target.folder / "bin" / "demo")]).stdout == "demo runs\n"


def test_a_dry_run_reports_and_changes_nothing(world: World, target: Target):
    before = target.files()
    report = target.home / "report.json"
    done = target.safepip(
        "install", "--index-url", world.public.url, "--dry-run", "--report", str(report), "demo"
    )
    assert done.exit_code == 0, done.said
    assert "Would install" in done.stdout
    names = {entry["metadata"]["name"] for entry in json.loads(report.read_text())["install"]}
    assert names == {"demo", "helper"}
    assert target.files() == before


def test_download_writes_the_verified_files(world: World, target: Target):
    folder = target.home / "wheels"
    done = target.safepip("download", "--index-url", world.public.url, "--dest", str(folder), "demo")
    assert done.exit_code == 0, done.said
    assert sorted(path.name for path in folder.iterdir()) == [
        "demo-2.0-py3-none-any.whl",
        "helper-1.2-py3-none-any.whl",
    ]


def test_a_hashed_requirement_file_installs(world: World, target: Target):
    lines = [
        f"demo==2.0 --hash=sha256:{sha256_of(world, 'demo-2.0-py3-none-any.whl')}",
        f"helper==1.2 --hash=sha256:{sha256_of(world, 'helper-1.2-py3-none-any.whl')}",
    ]
    (target.home / "requirements.txt").write_text("\n".join(lines) + "\n")
    done = target.safepip("install", "--index-url", world.public.url, "-r", "requirements.txt")
    assert done.exit_code == 0, done.said
    assert target.installed() == {"demo": "2.0", "helper": "1.2"}


def test_a_requirement_file_without_hashes_is_refused_with_its_line(world: World, target: Target):
    (target.home / "requirements.txt").write_text("# what we need\ndemo==2.0\n")
    done = target.safepip("install", "--index-url", world.public.url, "-r", "requirements.txt")
    assert done.exit_code == 10, done.said
    assert "error[unhashed-requirement]" in done.stderr
    assert "requirements.txt:2" in done.stderr
    assert target.installed() == {}


def test_a_hash_on_the_command_line_is_held(world: World, target: Target):
    good = sha256_of(world, "helper-1.2-py3-none-any.whl")
    done = target.safepip(
        "install", "--index-url", world.public.url, "helper==1.2", "--hash", f"sha256:{good}"
    )
    assert done.exit_code == 0, done.said
    assert target.installed() == {"helper": "1.2"}


def test_pass_through_commands_speak_for_pip(world: World, target: Target):
    assert target.safepip("install", "--index-url", world.public.url, "demo").exit_code == 0
    for arguments in (["list"], ["show", "demo"], ["freeze"], ["check"], ["show", "absent"]):
        ours = target.safepip(*arguments, certificate=False)
        theirs = target.run([*pip_command(target), *arguments])
        assert (ours.exit_code, ours.stdout) == (theirs.exit_code, theirs.stdout), ours.said
    gone = target.safepip("uninstall", "--yes", "demo", certificate=False)
    assert gone.exit_code == 0, gone.said
    assert target.installed() == {"helper": "1.2"}


def pip_command(target: Target) -> list[str]:
    import sys

    return [sys.executable, "-m", "pip", "--python", target.python]


def test_no_cache_is_shared_with_pip_and_the_second_install_asks_for_no_file(world: World, target: Target):
    options = ["--index-url", world.public.url]
    assert target.safepip("install", *options, "demo").exit_code == 0
    assert target.safepip("uninstall", "-y", "demo", "helper", certificate=False).exit_code == 0
    asked = len(files_asked(world))
    done = target.safepip("install", *options, "demo")
    assert done.exit_code == 0, done.said
    assert len(files_asked(world)) == asked
    assert not list(Path(target.home).rglob("http-v2"))


def files_asked(world: World) -> list[str]:
    return [line for line in world.nginx.asked(world.files) if line.split()[1].endswith(".whl")]
