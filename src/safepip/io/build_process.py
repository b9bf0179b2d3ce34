"""One hook of a build backend in a process of its own: scrubbed, without a network, bounded, and ended whole."""

from __future__ import annotations

import contextlib
import os
import pkgutil
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from safepip.core.errors import BuildError, SafepipError
from safepip.core.limits import Limits
from safepip.io.in_build import NOT_RUN

# What compilers and build tools are steered by, and systems need to start programs at all. Whatever is
# not here stays out: tokens above all, and everything that steers pip or another installer.
_KEPT = frozenset(
    """
    PATH PATHEXT COMSPEC SYSTEMROOT SYSTEMDRIVE WINDIR NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE
    PROCESSOR_IDENTIFIER PROGRAMDATA PROGRAMFILES PROGRAMFILES(X86) PROGRAMW6432 COMMONPROGRAMFILES
    COMMONPROGRAMFILES(X86) VCINSTALLDIR VSINSTALLDIR VSCMD_ARG_TGT_ARCH VCTOOLSINSTALLDIR WINDOWSSDKDIR
    WINDOWSSDKVERSION UNIVERSALCRTSDKDIR UCRTVERSION INCLUDE LIB LIBPATH DISTUTILS_USE_SDK MSSDK
    LANG LANGUAGE TZ TERM NO_COLOR
    CC CXX CPP CC_FOR_BUILD F77 F90 FC AR AS LD NM RANLIB STRIP LDSHARED LDCXXSHARED BLDSHARED CCSHARED
    CFLAGS CXXFLAGS CPPFLAGS FFLAGS FCFLAGS F90FLAGS LDFLAGS ARFLAGS LIBS OPT BASECFLAGS
    C_INCLUDE_PATH CPLUS_INCLUDE_PATH CPATH LIBRARY_PATH LD_LIBRARY_PATH DYLD_LIBRARY_PATH LD_RUN_PATH
    PKG_CONFIG PKG_CONFIG_PATH PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
    ARCHFLAGS MACOSX_DEPLOYMENT_TARGET SDKROOT DEVELOPER_DIR _PYTHON_HOST_PLATFORM
    MAKE MAKEFLAGS CMAKE CMAKE_GENERATOR CMAKE_ARGS CMAKE_PREFIX_PATH CMAKE_BUILD_PARALLEL_LEVEL
    CMAKE_BUILD_TYPE CMAKE_C_COMPILER CMAKE_CXX_COMPILER NINJA MESON SKBUILD_CMAKE_ARGS
    CARGO_BUILD_TARGET CARGO_TARGET_DIR RUSTC RUSTFLAGS RUSTUP_HOME RUSTUP_TOOLCHAIN
    BLAS LAPACK ATLAS CUDA_HOME CUDA_PATH JAVA_HOME SOURCE_DATE_EPOCH CROSS_COMPILE
    """.split()
)
_KEPT_PREFIXES = (
    "LC_",
    "SETUPTOOLS_",
    "SETUPTOOLS_SCM_PRETEND_VERSION",
    "HATCH_BUILD_",
    "PDM_BUILD_",
    "FLIT_",
)
_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|AUTH", re.IGNORECASE)
_SHOWN_LINES = 60
"""The last words of a backend that failed; its traceback stands there."""
_WATCHED_SECONDS = 0.25


def scrubbed_environment(environ: Mapping[str, str], private: Path, programs: Path) -> dict[str, str]:
    """The environment of a backend: what building needs, own folders, and no index for a pip inside.

    Args:
        private: with the folders ``home`` and ``tmp``.
        programs: folder of the interpreter's programs, which come first.
    """
    kept = {name: said for name, said in environ.items() if _is_kept(name)}
    home, temporary = str(private / "home"), str(private / "tmp")
    path = os.pathsep.join(filter(None, (str(programs), kept.get("PATH", os.defpath))))
    return kept | {
        "PATH": path,
        "HOME": home,
        "USERPROFILE": home,
        "APPDATA": home,
        "LOCALAPPDATA": home,
        "TMPDIR": temporary,
        "TMP": temporary,
        "TEMP": temporary,
        "PYTHONNOUSERSITE": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_NO_INPUT": "1",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_OFFLINE": "1",
        "UV_NO_CONFIG": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _is_kept(name: str) -> bool:
    upper = name.upper()
    return (upper in _KEPT or upper.startswith(_KEPT_PREFIXES)) and not _SECRET.search(upper)


class Processes:
    """Runs backend processes one after the other, and remembers what could not be closed to them.

    Args:
        private: a folder of this run's own, for what they print.
        python: an interpreter that the launcher may run in.
    """

    def __init__(self, private: Path, python: str, limits: Limits) -> None:
        self._private = private
        self._python = python
        self._limits = limits
        self.open_because = "" if sys.platform == "linux" else f"{sys.platform} has no way to"
        self.ran = False

    def run(self, command: Sequence[str], *, cwd: str, environ: Mapping[str, str], what: str) -> None:
        """Wait for the command to end.

        Args:
            what: what it does, in pip's words: ``Building wheel for x (pyproject.toml)``.

        Raises:
            BuildError: it failed, took too long or said too much; with its last words.
        """
        self.ran = True
        log = self._private / "output.log"
        if not self.open_because:
            code = self._run_in("closed", command, cwd, environ, what, log)
            if code != NOT_RUN or (refusal := self._refusal()) is None:
                return _check(code, log, what)
            self.open_because = refusal
        return _check(self._run_in("open", command, cwd, environ, what, log), log, what)

    def _refusal(self) -> str | None:
        """Why the network could not be closed; None where it was."""
        with contextlib.suppress(OSError):
            told = (self._private / "network").read_text(encoding="utf-8")
            return None if told == "closed" else told.removeprefix("not closed: ")
        return "its state could not be read"

    def _run_in(
        self, mode: str, command: Sequence[str], cwd: str, environ: Mapping[str, str], what: str, log: Path
    ) -> int:
        launched = list(command)
        if sys.platform == "linux":
            source = pkgutil.get_data("safepip.io", "in_build.py")
            if source is None:
                raise SafepipError("safepip's own files are incomplete", reference="broken-installation")
            status = str(self._private / "network")
            launched = [self._python, "-I", "-S", "-c", source.decode(), status, mode, *command]
        with log.open("wb") as output:
            process = subprocess.Popen(
                launched,
                cwd=cwd,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in a terminal reaches safepip only, which then ends everything that was started.
                start_new_session=True,
            )
            return self._wait(process, log, what)

    def _wait(self, process: subprocess.Popen[bytes], log: Path, what: str) -> int:
        watch = _Watch(process, log, self._limits)
        watch.start()
        try:
            code = process.wait()
        finally:
            watch.stop()
            end_group(process)
        if watch.why:
            raise _failure(what, watch.why, _last_words(log))
        return code


class _Watch(threading.Thread):
    """Ends a process that takes too long or fills the disk; ``why`` says so."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, limits: Limits) -> None:
        super().__init__(name="safepip-build-watch", daemon=True)
        self._process = process
        self._log = log
        self._limits = limits
        self._over = threading.Event()
        self.why = ""

    def run(self) -> None:
        """Until the process is over."""
        deadline = time.monotonic() + self._limits.build_max_seconds
        while not self._over.wait(_WATCHED_SECONDS):
            if time.monotonic() > deadline:
                self.why = f"it took longer than {self._limits.build_max_seconds:g} seconds"
            elif _size(self._log) > self._limits.build_output_max_bytes:
                self.why = f"it printed more than {self._limits.build_output_max_bytes} bytes"
            if self.why:
                end_group(self._process)
                return

    def stop(self) -> None:
        self._over.set()
        self.join()


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and whatever it left running."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        with contextlib.suppress(OSError):
            process.kill()
    process.wait()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _check(code: int, log: Path, what: str) -> None:
    if code < 0:
        raise _failure(what, f"it was ended by signal {-code}", _last_words(log))
    if code:
        raise _failure(what, f"exit code: {code}", _last_words(log))


def _failure(what: str, why: str, words: Sequence[str]) -> BuildError:
    return BuildError(
        f"{what} did not run successfully",
        reference="subprocess-exited-with-error",
        notes=(why, *words),
        hint="this comes from the package's own build, and is likely not a problem with safepip",
    )


def _last_words(log: Path) -> tuple[str, ...]:
    with log.open("rb") as stream:
        stream.seek(max(0, _size(log) - (64 << 10)))
        lines = stream.read().decode(errors="replace").splitlines()
    shown = lines[-_SHOWN_LINES:]
    count = (
        f"[{len(shown)} lines of output]"
        if len(shown) == len(lines)
        else f"[last {len(shown)} lines of output]"
    )
    return ("\n".join([count, *(f"  {line.rstrip()}" for line in shown), "[end of output]"]),) if shown else ("[no output]",)
