"""Requirement and constraint files, nested and remote ones included, read as pip reads them.

Files are asked for through a port; nothing is fetched or opened here.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Protocol
from urllib.parse import urljoin

from safepip.core.errors import Refused, RequirementFileError
from safepip.core.finding import Finding
from safepip.core.limits import Limits
from safepip.core.origin import Origin, Sourced
from safepip.core.subjects import RequirementKind, RequirementLine, Setting
from safepip.core.url import Url, UrlError
from safepip.pipcompat.address import is_url, local_path
from safepip.pipcompat.callbacks import is_lock_name, is_remote
from safepip.pipcompat.reqline import NestedFile, RequirementText, parse_line
from safepip.pipcompat.reqtext import LogicalLine, decode, logical_lines, variables_in
from safepip.pipcompat.requirement import parse_requirement

_LOCATIONS = frozenset({"index-url", "extra-index-url", "find-links"})
_SCHEME = re.compile(r"^(http|https|file):", re.IGNORECASE)
_LOCAL_SCHEME = re.compile(r"^file:", re.IGNORECASE)


class Files(Protocol):
    """What is asked of the world; :class:`safepip.core.ports.Files` has it."""

    def read_bytes(self, path: str) -> bytes:
        """Raises OSError."""

    def exists(self, path: str) -> bool: ...

    def is_dir(self, path: str) -> bool: ...

    def fetch_text(self, url: str) -> bytes:
        """A remote file over verified HTTPS. Raises Refused, Undecided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementFile:
    """What a file and everything it names say, in pip's order.

    Attributes:
        lines: requirements and constraints; a ``-r`` inside a constraint file yields requirements.
        settings: options; each with its line.
    """

    lines: tuple[RequirementLine, ...]
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """One file on the way down.

    Attributes:
        location: path or URL, resolved against the file that names it.
        origin: who names it.
        ancestors: the files above, each with the one that named it.
    """

    location: str
    constraint: bool
    origin: Origin
    ancestors: Mapping[str, str | None]

    @property
    def remote(self) -> bool:
        """Whether it comes over the network."""
        return is_remote(self.location) and not _LOCAL_SCHEME.match(self.location)

    @property
    def place(self) -> str:
        """What messages call it: no credentials."""
        if not self.remote:
            return self.location
        try:
            return Url.parse(self.location).without_secrets
        except UrlError:
            return self.location.partition(":")[0] + "://…"


@dataclass(slots=True)
class _Reader:
    files: Files
    environ: Mapping[str, str]
    limits: Limits
    lines: list[RequirementLine] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)

    def read(self, source: _Source) -> None:
        """Read one file and, where they stand, the files it names."""
        text = decode(self._content(source), source.place, remote=source.remote)
        environ = {} if source.remote else self.environ
        for line in logical_lines(text, source.place, environ):
            if source.remote:
                self._check_variables(line)
            match parse_line(line):
                case NestedFile() as nested:
                    self.read(self._nested(source, nested))
                case RequirementText() as requirement:
                    self.lines.append(self._requirement(source, requirement))
                case options:
                    self.settings += [self._setting(source, setting) for setting in options.settings]

    def _content(self, source: _Source) -> bytes:
        if source.remote:
            data = self.files.fetch_text(_https(source))
            if len(data) > self.limits.remote_text_max_bytes:
                raise RequirementFileError(
                    f"the file is larger than {self.limits.remote_text_max_bytes} bytes",
                    reference="requirement-file-size",
                    origin=source.origin,
                )
            return data
        try:
            path = local_path(source.location) if _LOCAL_SCHEME.match(source.location) else source.location
            return self.files.read_bytes(path)
        except (OSError, ValueError) as error:
            kind = "constraint" if source.constraint else "requirements"
            raise RequirementFileError(
                f"Could not open {kind} file: {error}", reference="requirement-file", origin=source.origin
            ) from None

    def _nested(self, source: _Source, nested: NestedFile) -> _Source:
        location = _resolved(source, nested)
        if location in source.ancestors:
            first = source.ancestors[location]
            raise RequirementFileError(
                f"{location} recursively references itself in {source.location}"
                + (f" and again in {first}" if first else ""),
                reference="requirement-file",
                origin=nested.origin,
                hint="delete one of the lines",
            )
        if len(source.ancestors) >= self.limits.nesting_max:
            raise RequirementFileError(
                f"more than {self.limits.nesting_max} requirement files inside each other",
                reference="requirement-file",
                origin=nested.origin,
            )
        found = _Source(
            location=location,
            constraint=nested.constraint,
            origin=nested.origin,
            ancestors={**source.ancestors, location: source.location},
        )
        _refuse_lock(found)
        return found

    def _requirement(self, source: _Source, written: RequirementText) -> RequirementLine:
        line = parse_requirement(
            written.text,
            written.origin,
            editable=written.editable,
            constraint=source.constraint,
            hash_options=written.hashes,
            config_settings=written.config_settings,
            from_file=True,
            is_dir=lambda path: _holds(self.files.is_dir, path),
            exists=lambda path: _holds(self.files.exists, path),
        )
        if source.remote and line.kind is RequirementKind.PATH:
            raise _local_from_remote(written.origin)
        return line

    def _setting(self, source: _Source, setting: Setting) -> Setting:
        if source.remote and setting.option in _LOCATIONS and not is_url(setting.value):
            raise _local_from_remote(setting.origin)
        if source.remote and _LOCAL_SCHEME.match(setting.value):
            raise _local_from_remote(setting.origin)
        if setting.option == "find-links" and not source.remote:
            beside = str(PurePath(source.location).parent / setting.value)
            if _holds(self.files.exists, beside):
                return replace(setting, value=beside)
        return setting

    def _check_variables(self, line: LogicalLine) -> None:
        """Pip would put the machine's own variables into what a stranger wrote."""
        for name in variables_in(line.text):
            if self.environ.get(name):
                raise RequirementFileError(
                    f"a remote file uses the variable {name} of this machine",
                    reference="remote-variable",
                    origin=line.origin(f"${{{name}}}"),
                    hint="download the file, read it, and name the local copy",
                )


def read(
    entry: Sourced[str],
    *,
    constraint: bool,
    files: Files,
    environ: Mapping[str, str],
    limits: Limits = Limits(),
) -> RequirementFile:
    """Read a requirement or constraint file and all that it names.

    Args:
        entry: path or URL, and who names it.
        environ: the variables that ``${NAME}`` in local files may stand for.

    Raises:
        RequirementFileError: it cannot be opened, decoded or parsed, or says something that pip
            would ignore or a reader would not see; names file and line.
        Refused: a remote file without HTTPS. Also what ``files.fetch_text`` raises.
    """
    # pip compares nested files by their full path; a path relative to the working directory will do.
    location = entry.value if is_remote(entry.value) else os.path.normpath(entry.value)
    source = _Source(
        location=entry.value, constraint=constraint, origin=entry.origin, ancestors={location: None}
    )
    _refuse_lock(source)
    reader = _Reader(files, environ, limits)
    reader.read(source)
    return RequirementFile(lines=tuple(reader.lines), settings=tuple(reader.settings))


def _holds(question: Callable[[str], bool], path: str) -> bool:
    """As pip asks: what cannot be the name of a file is no file."""
    try:
        return question(path)
    except (OSError, ValueError):
        return False


def _resolved(source: _Source, nested: NestedFile) -> str:
    """Where a nested file is: against the URL or the folder of the file that names it."""
    if _SCHEME.match(source.location):
        try:
            location = urljoin(source.location, nested.path)
        except ValueError as error:
            raise RequirementFileError(
                f"not a URL: {nested.path}: {error}", reference="requirement-file", origin=nested.origin
            ) from None
        if source.remote and not location.lower().startswith(("http:", "https:")):
            raise _local_from_remote(nested.origin)
        return location
    if _SCHEME.match(nested.path):
        return nested.path
    return os.path.normpath(PurePath(source.location).parent / nested.path)


def _https(source: _Source) -> str:
    try:
        url = Url.parse(source.location)
    except UrlError as error:
        raise RequirementFileError(
            f"the URL of a requirement file {error}", reference="requirement-file", origin=source.origin
        ) from None
    if url.scheme == "https":
        return source.location
    raise Refused(
        [
            Finding(
                rule="plaintext-link",
                message="a requirement file is read over http: anyone on the way can change what it says",
                origin=source.origin,
                subject=url.host,
                help="use https, or download the file and name the local copy",
            )
        ]
    )


def _refuse_lock(source: _Source) -> None:
    if is_lock_name(source.location):
        raise RequirementFileError(
            "lock files (pylock.toml) cannot be read with -r by this version of safepip",
            reference="lock-file",
            origin=source.origin,
            hint="name a requirements file with hashes instead",
        )


def _local_from_remote(origin: Origin) -> RequirementFileError:
    return RequirementFileError(
        "a remote file names something on this machine",
        reference="remote-names-local",
        origin=origin,
        hint="download the file, read it, and name the local copy",
    )
