"""Whatever ends an installation early, the environment is as before."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from safepip.core.errors import ApplyError
from safepip.io import apply as apply_module
from safepip.io import journal as journal_module
from safepip.io.agent import Agent
from safepip.io.journal import FOLDER, Extent, Journal
from safepip.io.recovery import recover
from support.environments import Wheelhouse, apply, interpreter, make_environment, pip_install, tree

SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


@pytest.fixture
def house(tmp_path: Path) -> Wheelhouse:
    return Wheelhouse(tmp_path / "wheelhouse")


@pytest.fixture
def env(tmp_path: Path, house: Wheelhouse) -> Path:
    """An environment with an old ``tool`` and an unrelated ``other``, imported once."""
    folder = tmp_path / "env"
    make_environment(folder)
    house.add("other", files={"shared/other.py": "o = 1\n"})
    house.add(
        "tool",
        "1.0",
        files={
            "tool/__init__.py": "v = 1\n",
            "tool/old.py": "",
            "tool/sub/gone.py": "",
            "shared/tool.py": "",
        },
        entry_points={"console_scripts": {"tool": "tool:main"}},
        data={"data/share/tool.txt": "one"},
    )
    assert pip_install(interpreter(folder), house, "tool==1.0", "other").returncode == 0
    house.add(
        "tool",
        "2.0",
        files={"tool/__init__.py": "v = 2\n", "tool/new/fresh.py": "", "shared/tool.py": "x = 2\n"},
        entry_points={"console_scripts": {"tool": "tool:other", "tool-new": "tool:main"}},
        data={"data/share/tool.txt": "two"},
    )
    return folder


def blocked(house: Wheelhouse, env: Path) -> None:
    """A wheel that pip cannot finish: one of its files is a folder in the environment."""
    (env / SITE / "zz_last/module.py").mkdir(parents=True)
    (env / SITE / "zz_last/module.py/keep.txt").write_text("keep")
    house.add("zz-last", files={"zz_first.py": "", "zz_last/module.py": "m = 1\n", "zz_last/other.py": ""})


@pytest.mark.parametrize("flat", [False, True])
def test_pip_failing_in_the_middle_leaves_the_tree_as_it_was(
    house: Wheelhouse, env: Path, flat: bool
) -> None:
    blocked(house, env)
    before = tree(env)
    applied = apply(interpreter(env), house, house.step("tool"), house.step("zz-last"), flat=flat)
    assert applied.exit_code != 0
    assert any("ERROR" in line for line in applied.messages)
    assert tree(env) == before


def test_the_same_plan_succeeds_once_the_way_is_free(house: Wheelhouse, env: Path) -> None:
    blocked(house, env)
    assert apply(interpreter(env), house, house.step("tool"), house.step("zz-last")).exit_code != 0
    (env / SITE / "zz_last/module.py/keep.txt").unlink()
    (env / SITE / "zz_last/module.py").rmdir()
    assert apply(interpreter(env), house, house.step("tool"), house.step("zz-last")).exit_code == 0
    assert (env / SITE / "tool/new/fresh.py").exists()
    assert not (env / SITE / FOLDER).exists()


def test_target_folder_is_restored_with_what_upgrade_replaced(
    house: Wheelhouse, env: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out / "tool").mkdir(parents=True)
    (out / "tool/mine.txt").write_text("mine")
    (out / "zz_last").symlink_to(tmp_path)
    house.add("zz-last", files={"zz_last/module.py": ""})
    before = tree(out)
    arguments = ("--target", str(out), "--upgrade")

    def fail(*_arguments: object, **_keywords: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(apply_module, "set_right", fail)
        with pytest.raises(ApplyError, match="No space left"):
            apply(interpreter(env), house, house.step("tool"), arguments=arguments)
    assert tree(out) == before


def test_a_full_disk_after_pip_leaves_the_tree_as_it_was(
    house: Wheelhouse, env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_keywords: object) -> None:
        raise OSError(28, "No space left on device")

    before = tree(env)
    monkeypatch.setattr(apply_module, "set_right", fail)
    with pytest.raises(ApplyError, match="No space left"):
        apply(interpreter(env), house, house.step("tool"))
    assert tree(env) == before


def test_plan_that_pip_does_not_meet_is_undone(
    house: Wheelhouse, env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(env)
    monkeypatch.setattr(apply_module, "metadata_folders", lambda _library: iter(()))
    with pytest.raises(ApplyError, match=r"did not install tool 2\.0"):
        apply(interpreter(env), house, house.step("tool"))
    assert tree(env) == before


# --- signals ------------------------------------------------------------------------------------

DRIVER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[4:]
from support.environments import Wheelhouse, apply
house = Wheelhouse(Path(sys.argv[2]))
for path in sorted(Path(sys.argv[2]).glob(sys.argv[3])):
    house.add_bytes(path.read_bytes(), path.name)
print("applying", flush=True)
try:
    code = apply(Path(sys.argv[1]), house, *[house.step(str(name)) for name in house.wheels]).exit_code
except KeyboardInterrupt:
    code = 42
sys.exit(code)
"""


def slow_wheels(house: Wheelhouse) -> None:
    """Enough modules that bytecode compilation takes a second or two."""
    source = "\n".join(f"def f{n}(a, b={n}):\n    return [a, b, {{'x': a}}]\n" for n in range(200))
    house.add("aa-slow", files={f"aa_slow/m{n}.py": source for n in range(60)})


def start(house: Wheelhouse, env: Path) -> subprocess.Popen[str]:
    root = Path(__file__).parents[1]
    paths = [str(root), str(root.parent / "src")]
    command = [
        sys.executable,
        "-c",
        DRIVER,
        str(interpreter(env)),
        str(house.folder),
        "[at]*-[12].0-*",
        *paths,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "applying\n"
    deadline = time.monotonic() + 20
    while not (env / SITE / "aa_slow/__pycache__").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.005)
    return process


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_installation_leaves_the_tree_as_it_was(
    house: Wheelhouse, env: Path, number: signal.Signals
) -> None:
    slow_wheels(house)
    before = tree(env)
    with start(house, env) as process:
        process.send_signal(number)
        assert process.wait(20) == 42
    assert tree(env) == before


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize("pause", [0.0, 0.002, 0.02])
def test_a_second_interrupt_does_not_stop_the_putting_back(
    house: Wheelhouse, env: Path, pause: float
) -> None:
    slow_wheels(house)
    before = tree(env)
    with start(house, env) as process:
        for _ in range(20):
            process.send_signal(signal.SIGINT)
            time.sleep(pause)
        process.wait(20)
    assert tree(env) == before


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_killed_installation_is_undone_by_the_next_one(house: Wheelhouse, env: Path) -> None:
    slow_wheels(house)
    before = tree(env)
    with start(house, env) as process:
        process.kill()
    assert (env / SITE / FOLDER / "journal.json").exists()
    wait_for_agents(env)
    agent = Agent(str(interpreter(env)), os.environ)
    try:
        said = recover(agent.facts())
    finally:
        agent.close()
    assert len(said) == 1
    assert "cut short" in said[0]
    assert tree(env) == before


def wait_for_agents(env: Path) -> None:
    """The orphaned agent ends by itself when its input closes."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        running = 0
        for command_line in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                running += command_line.read_bytes().startswith(str(env).encode())
        if not running:
            return
        time.sleep(0.02)
    pytest.fail("the agent outlived its parent")


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the journal's folder is the lock")
@pytest.mark.parametrize("changes", [True, False])
def test_a_plan_made_before_another_command_ended_is_not_applied(
    house: Wheelhouse, env: Path, changes: bool
) -> None:
    """The lock stands for the other command, which ends just before this one gets it."""
    import fcntl

    library = env / SITE
    taken = os.open(library, os.O_RDONLY)
    fcntl.flock(taken, fcntl.LOCK_EX)

    def end_the_other() -> None:
        if changes:
            shutil.rmtree(library / "other-1.0.dist-info")
        os.close(taken)

    timer = threading.Timer(1.0, end_the_other)
    timer.start()
    try:
        if changes:
            with pytest.raises(ApplyError, match="another command has changed the environment"):
                apply(interpreter(env), house, house.step("tool"))
        else:
            assert apply(interpreter(env), house, house.step("tool")).exit_code == 0
    finally:
        timer.join()
    assert (library / "tool-1.0.dist-info").exists() is changes
    assert not (library / FOLDER).exists()


# --- the journal itself -------------------------------------------------------------------------


def test_undo_restores_content_modes_and_links(tmp_path: Path) -> None:
    library = tmp_path / "lib"
    (library / "pkg").mkdir(parents=True)
    (library / "pkg/a.py").write_text("a")
    (library / "pkg/run").write_text("run")
    (library / "pkg/run").chmod(0o755)
    (library / "link").symlink_to("pkg/a.py")
    (library / "paths.pth").write_text("/old\n")
    before = tree(library)
    names = ["pkg/a.py", "pkg/run", "link", "paths.pth", "new/deep/b.py", "pkg/c.py"]
    files = frozenset(str(library / name) for name in names)
    journal = Journal.begin(str(library), Extent(files=files))
    for path in (library / "pkg/a.py", library / "pkg/run", library / "link"):
        path.unlink()
    (library / "pkg").rmdir()
    (library / "paths.pth").write_text("/new\n")
    (library / "new/deep").mkdir(parents=True)
    (library / "new/deep/b.py").write_text("b")
    (library / "~kg").mkdir()
    (library / "link").mkdir()
    journal.undo()
    assert tree(library) == before


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("place", ["", "new/deeper"])
def test_journal_that_cannot_begin_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, place: str
) -> None:
    (tmp_path / "old.py").write_text("old")
    before = tree(tmp_path)

    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(journal_module, "write_durably", fail)
    with pytest.raises(type(error)):
        Journal.begin(str(tmp_path / place), Extent(files=frozenset({str(tmp_path / "old.py")})))
    assert tree(tmp_path) == before


def test_undo_removes_what_a_killed_pip_moved_aside(tmp_path: Path) -> None:
    """pip renames the folder that it removes, beside it; Python writes bytecode under another name first."""
    library = tmp_path / "lib"
    cache = library / "pkg/__pycache__"
    cache.mkdir(parents=True)
    (library / "pkg/__init__.py").write_text("old")
    for name in ("~other", "notes.tmp"):
        (library / name).write_text("was there before")
    before = tree(tmp_path)
    files = frozenset({str(library / "pkg/__init__.py"), str(cache / "__init__.cpython-311.pyc")})
    journal = Journal.begin(str(library), Extent(files=files, roots=(str(library),)))
    (library / "pkg").rename(library / "~kg")
    cache.mkdir(parents=True)
    (cache / "__init__.cpython-311.pyc.139639293520336").write_text("half")
    (library / "pkg/RECORDabc.tmp").write_text("half")
    journal.undo()
    assert tree(tmp_path) == before


def test_committed_journal_undoes_nothing(tmp_path: Path) -> None:
    """Ctrl-C between the end of the commit and the next statement ends in ``undo``."""
    new = tmp_path / "new.py"
    journal = Journal.begin(str(tmp_path), Extent(files=frozenset({str(new)})))
    new.write_text("new")
    journal.commit()
    journal.undo()
    assert new.read_text() == "new"


def test_committed_journal_leaves_nothing(tmp_path: Path) -> None:
    library = tmp_path / "lib"
    Journal.begin(str(library), Extent(files=frozenset({str(library / "a.py")}))).commit()
    assert not library.exists()
    assert Journal.pending(str(library), [str(library)]) is None


@pytest.mark.parametrize("place", ["saved", "absent", "new_folders", "trees"])
def test_foreign_journal_reaches_nothing_outside(tmp_path: Path, place: str) -> None:
    library, victim = tmp_path / "lib", tmp_path / "victim.txt"
    victim.write_text("keep")
    Journal.begin(str(library), Extent(files=frozenset()))
    notes = library / FOLDER / "journal.json"
    content = json.loads(notes.read_text())
    for path in (str(victim), f"{library}/../victim.txt"):
        content[place] = [path]
        notes.write_text(json.dumps(content))
        with pytest.raises(ApplyError, match="outside of this environment"):
            Journal.pending(str(library), [str(library)])
    assert victim.read_text() == "keep"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', '{"format": 1, "more": []}'])
def test_unreadable_journal_stops(tmp_path: Path, text: str) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "journal.json").write_text(text)
    with pytest.raises(ApplyError, match="cut short here"):
        Journal.pending(str(tmp_path), [str(tmp_path)])


def test_journal_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    library = tmp_path / "lib"
    library.mkdir()
    (library / FOLDER).symlink_to(elsewhere)
    with pytest.raises(ApplyError, match="it is a link"):
        Journal.pending(str(library), [str(tmp_path)])


def test_what_was_brought_back_is_undone_like_the_rest(tmp_path: Path) -> None:
    shared, gone = tmp_path / "ns/__init__.py", tmp_path / "ns/old.py"
    shared.parent.mkdir()
    for path in (shared, gone):
        path.write_text(path.name)
    before = tree(tmp_path)
    extent = Extent(files=frozenset({str(shared), str(gone)}), roots=(str(tmp_path),))
    journal = Journal.begin(str(tmp_path), extent)
    shutil.rmtree(shared.parent)

    journal.put_back({str(shared), str(tmp_path / "never-there.py")})

    assert (shared.read_text(), gone.exists()) == ("__init__.py", False)
    journal.undo()
    assert tree(tmp_path) == before
