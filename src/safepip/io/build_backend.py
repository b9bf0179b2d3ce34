"""The build backend of one source, spoken to through its hooks (PEP 517, 660)."""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pyproject_hooks import (
    BackendUnavailable,
    BuildBackendHookCaller,
    HookMissing,
    UnsupportedOperation,
)

from safepip.core.build import BuildSystem, BuiltWheel, Source, config_settings
from safepip.core.errors import BuildError
from safepip.core.index import WheelMetadata
from safepip.io.build_process import Job, Processes
from safepip.io.log import file_digests
from safepip.io.regular import open_regular
from safepip.io.wheel_metadata import parse_metadata

T = TypeVar("T")
_WORDS = {
    "_supported_features": "Checking if build backend supports build_editable",
    "get_requires_for_build_wheel": "Getting requirements to build wheel",
    "get_requires_for_build_editable": "Getting requirements to build editable",
    "prepare_metadata_for_build_wheel": "Preparing metadata (pyproject.toml)",
    "prepare_metadata_for_build_editable": "Preparing editable metadata (pyproject.toml)",
    "build_wheel": "Building wheel for {name} (pyproject.toml)",
    "build_editable": "Building editable for {name} (pyproject.toml)",
}
"""What each hook does, as pip says it."""


class HookBackend:
    """Implements :class:`safepip.core.workshop.Backend`. Each call is one process.

    Args:
        folder: a new private one, for metadata and the wheel.
        python: the interpreter that the backend runs in.
        environ: its whole environment.
        writable: where alone it may write; none: anywhere.
        max_bytes: ceiling of a METADATA file.
    """

    def __init__(
        self,
        *,
        tree: Path,
        system: BuildSystem,
        source: Source,
        name: str,
        folder: Path,
        python: str,
        environ: Mapping[str, str],
        processes: Processes,
        writable: Sequence[str],
        max_bytes: int,
    ) -> None:
        self._tree = tree
        self._source = source
        self._name = name
        self._backend = system.backend
        self._folder = folder
        self._environ = environ
        self._processes = processes
        self._writable = writable
        self._max_bytes = max_bytes
        self._settings = config_settings(source.settings) or None
        self._prepared: Path | None = None
        self._caller = self._make_caller(system, python)

    def supports_editable(self) -> bool:
        """See the port."""
        # The one question that has no public method: pip and build ask it in this way, too.
        found: object = self._call(self._caller._supported_features)  # noqa: SLF001
        return isinstance(found, list) and "build_editable" in found

    def requires(self) -> tuple[str, ...]:
        """See the port."""
        hook = self._hook("get_requires_for_build_{}")
        found = self._call(lambda: hook(config_settings=self._settings))
        if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
            raise self._wrong("asks for requirements that are no list of texts")
        return tuple(found)

    def metadata(self) -> WheelMetadata:
        """See the port. Where the backend cannot say it beforehand, it builds, and that wheel is kept."""
        hook = self._hook("prepare_metadata_for_build_{}")
        folder = self._new_folder("metadata")
        name = self._call(lambda: hook(str(folder), config_settings=self._settings))
        self._prepared = folder / self._plain(name)
        content = self._small(self._prepared / "METADATA")
        if content is None:
            raise self._wrong("prepared no METADATA")
        return parse_metadata(content, "build", self._name)

    def build(self, name: str) -> BuiltWheel:
        """See the port."""
        self._name = name
        hook = self._hook("build_{}")
        prepared = str(self._prepared) if self._prepared is not None else None
        folder = self._new_folder("wheel")
        made = self._call(
            lambda: hook(str(folder), config_settings=self._settings, metadata_directory=prepared)
        )
        path = folder / self._plain(made)
        try:
            open_regular(path).close()
            digests, size = file_digests(path), path.stat().st_size
        except OSError as error:
            raise self._wrong(f"made no wheel: {error.strerror}") from None
        return BuiltWheel(path=path, digests=digests, size=size)

    def _make_caller(self, system: BuildSystem, python: str) -> BuildBackendHookCaller:
        try:
            return BuildBackendHookCaller(
                str(self._tree),
                system.backend,
                list(system.backend_path) or None,
                runner=self._run,  # type: ignore[arg-type]  # its parameters' names are not ours
                python_executable=python,
            )
        except ValueError as error:
            raise self._wrong(f"has a backend-path that is refused: {error}") from None

    def _hook(self, pattern: str) -> Callable[..., object]:
        found: Callable[..., object] = getattr(
            self._caller, pattern.format("editable" if self._source.editable else "wheel")
        )
        return found

    def _run(
        self, command: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None
    ) -> None:
        """Called back by the hook caller; its second to last word is the hook."""
        what = _WORDS.get(command[-2], "Asking the build backend").format(name=self._name)
        environ = {**self._environ, **(extra_environ or {})}
        # The last word is the folder that question and answer are passed in.
        folders = (*self._writable, command[-1]) if self._writable else ()
        self._processes.run(Job(command, cwd or str(self._tree), environ, what, folders))
        self._check_answer(Path(command[-1], "output.json"))

    def _check_answer(self, path: Path) -> None:
        """Raise BuildError where the hook caller had better not read it: the backend's process wrote it, which
        may have put a pipe, gigabytes or another form there.
        """
        content = self._small(path)
        try:
            answer = json.loads(content or b"")
        except (ValueError, RecursionError):
            answer = None
        if not _is_answer(answer):
            raise self._wrong("has a build backend that gives no answer")

    def _call(self, hook: Callable[[], T]) -> T:
        with self._in_our_words(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the backend's own, meant for its author
            return hook()

    @contextlib.contextmanager
    def _in_our_words(self) -> Iterator[None]:
        try:
            yield
        except BackendUnavailable as error:
            raise BuildError(
                f"Cannot import build backend {self._backend!r}.",
                reference="backend-unavailable",
                hint="name the package it comes from in build-system.requires",
                notes=((error.traceback.strip().splitlines() or [str(error)])[-1],),
            ) from None
        except HookMissing as error:
            raise self._wrong(f"has a build backend without the hook {error.hook_name}") from None
        except UnsupportedOperation as error:
            raise self._wrong("cannot be built here", notes=(error.traceback.strip(),)) from None
        except (OSError, ValueError) as error:
            raise self._wrong(f"could not be built: {error}") from None

    def _wrong(self, what: str, *, hint: str | None = None, notes: tuple[str, ...] = ()) -> BuildError:
        return BuildError(f"{self._name} {what}", reference="build-backend", hint=hint, notes=notes)

    def _new_folder(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir(parents=True, mode=0o700)
        return folder

    def _plain(self, name: object) -> str:
        """A name that a backend gave, if it is one. Raises BuildError."""
        if isinstance(name, str) and name.isprintable() and Path(name).parts == (name,) and name != "..":
            return name
        raise self._wrong(f"has a build backend that answers with {name!r}, which is no file's name")

    def _small(self, path: Path) -> bytes | None:
        try:
            with open_regular(path) as stream:
                content = stream.read(self._max_bytes + 1)
        except OSError:
            return None
        return content if len(content) <= self._max_bytes else None


def _is_answer(found: object) -> bool:
    """Whether it is what the hook caller's own script writes (``pyproject_hooks._in_process``)."""
    if not isinstance(found, dict) or "return_val" not in found:
        return False
    said = [found.get(key) or "" for key in ("traceback", "backend_error", "missing_hook_name")]
    warned = found.get("warnings", [])
    return all(isinstance(one, str) for one in said) and (
        isinstance(warned, list) and all(map(_is_warning, warned))
    )


def _is_warning(found: object) -> bool:
    kinds = {"message": str, "filename": str, "lineno": int}
    return isinstance(found, dict) and all(isinstance(found.get(key), kind) for key, kind in kinds.items())
