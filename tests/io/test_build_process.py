"""What a build backend's process may have, see and leave behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import safepip
from safepip.core.errors import BuildError
from safepip.core.limits import Limits
from safepip.io.build_environ import scrubbed_environment
from safepip.io.build_process import Job, Processes

POSIX = pytest.mark.skipif(os.name != "posix", reason="process groups")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has namespaces")
_SOURCES = str(Path(safepip.__file__).parents[1])


@pytest.fixture
def private(tmp_path: Path) -> Path:
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir(exist_ok=True)
    return tmp_path


def run(
    private: Path, code: str, limits: Limits = Limits(), folders: Sequence[str] = (), **environ: str
) -> Processes:
    processes = Processes(private, sys.executable, limits)
    whole = scrubbed_environment({**os.environ, **environ}, private, Path(sys.executable).parent)
    processes.run(Job([sys.executable, "-c", code], str(private), whole, "Building x", folders))
    return processes


def test_secrets_and_settings_of_installers_stay_outside(private: Path) -> None:
    given = {
        "GITHUB_TOKEN": "t",
        "SETUPTOOLS_API_TOKEN": "t",
        "AWS_SECRET_ACCESS_KEY": "t",
        "PIP_INDEX_URL": "https://index.example/simple",
        "pip_extra_index_url": "https://index.example/simple",
        "UV_INDEX": "https://index.example/simple",
        "SSH_AUTH_SOCK": "/agent",
        "HTTPS_PROXY": "http://user:pass@proxy.example",
        "PYTHONPATH": "/evil",
        "PYTHONSTARTUP": "/evil.py",
        "LD_PRELOAD": "/evil.so",
        "NETRC": "/netrc",
        "CFLAGS": "-O2",
        "PATH": "/usr/bin",
        "LC_ALL": "C.UTF-8",
        "SETUPTOOLS_SCM_PRETEND_VERSION": "1.0",
    }

    made = scrubbed_environment(given, private, Path("/room/bin"))

    assert made["CFLAGS"] == "-O2"
    assert made["SETUPTOOLS_SCM_PRETEND_VERSION"] == "1.0"
    assert made["PATH"] == f"/room/bin{os.pathsep}/usr/bin"
    assert made["HOME"] == str(private / "home")
    assert made["TMPDIR"] == str(private / "tmp")
    assert made["PIP_NO_INDEX"] == "1"
    assert made["PIP_CONFIG_FILE"] == os.devnull
    assert set(given) & set(made) == {"CFLAGS", "PATH", "LC_ALL", "SETUPTOOLS_SCM_PRETEND_VERSION"}


def test_a_pip_inside_reaches_no_index(private: Path) -> None:
    code = (
        "import subprocess, sys\n"
        "ended = subprocess.run([sys.executable, '-m', 'pip', 'download', 'six'], capture_output=True, text=True)\n"
        "open('said', 'w').write(ended.stderr)\n"
        "sys.exit(0 if ended.returncode else 1)\n"
    )

    run(private, code, PIP_INDEX_URL="https://index.example/simple")

    assert "from versions: none" in (private / "said").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a way to close the network")
def test_there_is_no_network_but_the_loopback(private: Path) -> None:
    code = (
        "import socket\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname()).close()\n"
        "try:\n"
        "    socket.create_connection(('192.0.2.1', 80), timeout=5)\n"
        "except OSError as error:\n"
        "    open('why', 'w').write(str(error.errno))\n"
    )

    processes = run(private, code)

    if processes.open_because:
        assert processes.open_because in {os.strerror(1), os.strerror(22), os.strerror(28)}
    else:
        assert (private / "why").read_text() == "101"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a way to close the network")
def test_where_the_kernel_does_not_allow_it_the_build_goes_on_and_that_is_said(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pkgutil

    source = pkgutil.get_data("safepip.io", "in_build.py")
    assert source is not None
    broken = source.replace(b"failed = libc.unshare(APART)", b"failed = libc.unshare(-1)")
    assert broken != source
    monkeypatch.setattr(pkgutil, "get_data", lambda *_: broken)

    processes = run(private, "open('ran', 'a').write('x')")

    assert processes.open_because
    assert (private / "ran").read_text() == "x"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a way to confine a process to folders")
def test_code_of_others_writes_in_its_own_folders_only(private: Path) -> None:
    (private / "own").mkdir()
    (private / "kept").write_text("kept")
    code = (
        "import os\n"
        "open('own/made', 'w').write('x')\n"
        "os.mkdir('own/folder'); os.rename('own/made', 'own/folder/made')\n"
        "open('/dev/null', 'w').write('x')\n"
        "import multiprocessing; multiprocessing.Lock()\n"
        "assert open('kept').read() == 'kept'\n"
        "os.chmod('own/folder', 0o700); os.utime('own/folder')\n"
        "os.chdir('own'); open('here', 'w').close(); os.chmod('here', 0o600); os.chdir('..')\n"
        "tried = [lambda: open('kept', 'w'), lambda: open('new', 'w'), lambda: os.remove('kept'),\n"
        "         lambda: os.rename('own/folder', 'folder'), lambda: os.truncate('kept', 0),\n"
        "         lambda: os.symlink('a', 'b'), lambda: os.link('kept', 'own/kept'),\n"
        "         lambda: os.chmod('kept', 0o777), lambda: os.utime('kept'), lambda: os.chown('kept', 1, 1)]\n"
        "done = []\n"
        "for number, act in enumerate(tried):\n"
        "    try: act(); done.append(number)\n"
        "    except OSError: pass\n"
        "open('own/done', 'w').write(str(done))\n"
    )

    processes = run(private, code, folders=[str(private / "own")])

    if processes.free_because:
        assert "old" in processes.free_because or processes.free_because == os.strerror(95)
    else:
        assert (private / "own" / "done").read_text() == "[]"
        assert (private / "kept").read_text() == "kept"


def test_the_users_own_code_writes_where_it_wants(private: Path) -> None:
    run(private, "open('new', 'w').write('x')")

    assert (private / "new").read_text() == "x"


def test_a_failure_shows_the_last_words(private: Path) -> None:
    with pytest.raises(BuildError, match="Building x did not run successfully") as failure:
        run(private, "for n in range(200): print('line', n)\nraise SystemExit(3)")

    assert failure.value.notes[0] == "exit code: 3"
    shown = failure.value.notes[1].splitlines()
    assert (shown[0], shown[-2], shown[-1]) == ("[last 60 lines of output]", "  line 199", "[end of output]")


def test_a_backend_that_takes_too_long_is_ended(private: Path) -> None:
    began = time.monotonic()

    with pytest.raises(BuildError) as failure:
        run(private, "import time; time.sleep(60)", Limits(build_max_seconds=0.3))

    assert failure.value.notes[0] == "it took longer than 0.3 seconds"
    assert time.monotonic() - began < 20


def test_a_backend_that_fills_the_disk_is_ended(private: Path) -> None:
    code = "import sys\nwhile True: sys.stdout.write('x' * 100000)"

    with pytest.raises(BuildError) as failure:
        run(private, code, Limits(build_output_max_bytes=1_000_000))

    assert failure.value.notes[0] == "it printed more than 1000000 bytes"


_BEATS = (
    "import time\n"
    "for _ in range(600):\n"
    "    with open('beat', 'a') as file: file.write('x')\n"
    "    time.sleep(0.05)\n"
)
"""Shows that it runs, for half a minute."""


@POSIX
@pytest.mark.parametrize("own_session", [False, pytest.param(True, marks=LINUX)])
def test_nothing_that_a_backend_started_goes_on(private: Path, own_session: bool) -> None:
    code = (
        "import os, subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {_BEATS!r}], start_new_session={own_session})\n"
        "while not os.path.exists('beat'): time.sleep(0.05)\n"
    )

    run(private, code)

    assert _ends(private / "beat")


@POSIX
def test_ctrl_c_ends_the_backend(private: Path) -> None:
    def interrupt() -> None:
        for _ in range(200):
            if (private / "beat").exists():
                break
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run(private, _BEATS)
    thread.join()

    assert _ends(private / "beat")


@LINUX
def test_a_backend_ends_with_a_safepip_that_is_killed(private: Path) -> None:
    code = (
        "import sys\nfrom safepip.core.limits import Limits\n"
        "from safepip.io.build_process import Job, Processes\nfrom pathlib import Path\n"
        f"private = {str(private)!r}\n"
        f"job = Job([sys.executable, '-c', {_BEATS!r}], private, {{}}, 'Building x')\n"
        "Processes(Path(private), sys.executable, Limits()).run(job)\n"
    )
    whole = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": _SOURCES})
    try:
        for _ in range(200):
            if (private / "beat").exists():
                break
            time.sleep(0.05)
        assert whole.poll() is None
    finally:
        whole.kill()
        whole.wait()

    assert (private / "beat").exists()
    assert _ends(private / "beat")


@LINUX
def test_a_backend_ended_by_a_signal_is_said(private: Path) -> None:
    with pytest.raises(BuildError) as failure:
        run(private, "import os, signal; os.kill(os.getpid(), signal.SIGTERM)")

    assert failure.value.notes[0] == "it was ended by signal 15"


@LINUX
def test_a_build_sees_and_signals_its_own_processes_only(private: Path) -> None:
    code = (
        "import os, subprocess, sys\n"
        "own = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\n"
        "own.terminate(); assert own.wait() == -15\n"
        f"try: os.kill({os.getpid()}, 0); said = 'reached'\n"
        "except OSError as error: said = error.strerror\n"
        "open('said', 'w').write(said)\n"
        "own_view = os.readlink('/proc/self') == str(os.getpid())  # not every container may mount one\n"
        "open('seen', 'w').write(' '.join(os.listdir('/proc')) if own_view else '')\n"
    )

    processes = run(private, code)

    if not processes.open_because:
        assert (private / "said").read_text() == os.strerror(3)
        assert str(os.getpid()) not in (private / "seen").read_text().split()


@LINUX
def test_a_build_finds_no_socket_of_a_service(private: Path) -> None:
    """Of an agent, a container engine, a session bus: each would do outside what is asked of it inside."""
    with tempfile.TemporaryDirectory(dir="/tmp") as short, socket.socket(socket.AF_UNIX) as service:
        service.bind(f"{short}/agent")
        service.listen()
        code = (
            "import socket\n"
            "own = socket.socket(socket.AF_UNIX); own.bind('own.socket'); own.listen()\n"
            "socket.socket(socket.AF_UNIX).connect('own.socket')\n"
            f"try: socket.socket(socket.AF_UNIX).connect('{short}/agent'); said = 'reached'\n"
            "except OSError as error: said = error.strerror\n"
            "open('said', 'w').write(said)\n"
        )

        processes = run(private, code)

    assert (private / "said").read_text() == ("reached" if processes.open_because else os.strerror(111))


@LINUX
def test_shared_memory_of_others_is_out_of_reach(private: Path) -> None:
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as theirs:
        code = (
            "import multiprocessing, os\n"
            "multiprocessing.Lock()\n"
            f"open('seen', 'w').write(str(os.path.exists({theirs.name!r})))\n"
        )

        processes = run(private, code)

    assert (private / "seen").read_text() == str(bool(processes.open_because))


@LINUX
def test_code_of_others_writes_to_no_device_but_harmless_ones(private: Path) -> None:
    (private / "own").mkdir()
    code = (
        "import os\n"
        "for name in ('null', 'zero', 'full', 'stdout', 'stderr'): os.close(os.open(f'/dev/{name}', os.O_WRONLY))\n"
        "found = [f'/dev/{name}' for name in os.listdir('/dev')\n"
        "         if name not in ('null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx', 'pts', 'stdout', 'stderr')]\n"
        "opened = []\n"
        "for path in found:\n"
        "    if os.path.isdir(path) or os.path.islink(path): continue\n"
        "    try: os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK)); opened.append(path)\n"
        "    except OSError: pass\n"
        "open('own/opened', 'w').write(str(opened))\n"
    )

    processes = run(private, code, folders=[str(private / "own")])

    if not processes.free_because:
        assert (private / "own" / "opened").read_text() == "[]"


def _ends(beat: Path) -> bool:
    """Whether what writes to the file stops within a few seconds."""
    for _ in range(20):
        before = beat.stat().st_size
        time.sleep(0.3)
        if beat.stat().st_size == before:
            return True
    return False


def hears(private: Path, code: str, limits: Limits = Limits()) -> list[str]:
    heard: list[str] = []
    processes = Processes(private, sys.executable, limits, heard.append, shown=True)
    whole = scrubbed_environment(os.environ, private, Path(sys.executable).parent)
    processes.run(Job([sys.executable, "-u", "-c", code], str(private), whole, "Building x"))
    return heard


def test_who_listens_hears_every_line_once(private: Path) -> None:
    heard = hears(
        private, "import time\nfor n in range(3): print('line', n); time.sleep(0.3)\nprint('end', end='')"
    )

    assert heard == ["Running command Building x", "line 0", "line 1", "line 2", "end"]


def test_who_listens_hears_while_the_backend_runs(private: Path) -> None:
    """The backend goes on when its first line has been heard, and not before."""
    code = (
        "import os, time\nprint('begun')\nwhile not os.path.exists('go'): time.sleep(0.05)\nprint('went on')"
    )
    heard: list[str] = []

    def hear(line: str) -> None:
        heard.append(line)
        if line == "begun":
            (private / "go").touch()

    whole = scrubbed_environment(os.environ, private, Path(sys.executable).parent)
    job = Job([sys.executable, "-u", "-c", code], str(private), whole, "Building x")
    Processes(private, sys.executable, Limits(build_max_seconds=20), hear, shown=True).run(job)

    assert heard[1:] == ["begun", "went on"]


def test_bytes_that_are_no_text_and_endless_lines_are_heard_in_pieces(private: Path) -> None:
    heard = hears(
        private, "import os\nos.write(1, b'\\xe2' + b'\\x82\\xac\\xff\\r\\n' + b'x' * 25_000 + b'\\n')"
    )

    assert heard[1] == "€\N{REPLACEMENT CHARACTER}"
    assert [len(line) for line in heard[2:]] == [10_000, 10_000, 5_000]


def test_what_is_heard_has_an_end(private: Path) -> None:
    heard = hears(private, "import sys\nfor _ in range(20_000): sys.stdout.write('x' * 999 + '\\n')")

    assert sum(map(len, heard)) < 17 << 20
    assert heard[-1] == "[more than 16777216 bytes; what follows is left out]"


def test_a_failure_that_was_heard_is_not_shown_twice(private: Path) -> None:
    processes = Processes(private, sys.executable, Limits(), lambda _: None, shown=True)
    whole = scrubbed_environment(os.environ, private, Path(sys.executable).parent)

    with pytest.raises(BuildError) as failure:
        processes.run(
            Job([sys.executable, "-c", "raise SystemExit('why')"], str(private), whole, "Building x")
        )

    assert failure.value.notes == ("exit code: 1", "[see above for output]")
