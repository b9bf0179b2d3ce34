"""Requirement and constraint files, nested and remote ones included, read as pip reads them.

Files are asked for through a port; nothing is fetched or opened here.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from safepip.core.errors import Refused, RequirementFileError
from safepip.core.finding import Finding
from safepip.core.limits import Limits
from safepip.core.origin import Sourced
from safepip.core.subjects import RequirementKind, RequirementLine, Setting
from safepip.pipcompat.address import is_archive, is_url, looks_like_path, scheme_of
from safepip.pipcompat.callbacks import is_remote
from safepip.pipcompat.reqdecode import decode
from safepip.pipcompat.reqline import LineReader, NestedFile, RequirementText
from safepip.pipcompat.reqsource import Files, Source, content_of, reaches_local, refuse_lock
from safepip.pipcompat.reqtext import LogicalLine, logical_lines, variables_in
from safepip.pipcompat.requirement import parse_requirement

_LOCATIONS = frozenset({"index-url", "extra-index-url", "find-links"})
_LOCAL = "a remote file names something on this machine"

_Said = Source | RequirementLine | tuple[Setting, ...]
"""What a line is: another file, a requirement, or options."""


Hide = Callable[[str, str], None]


def _show(_variable: str, _value: str) -> None:
    """Nobody prints anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementFile:
    """What a file and everything it names say, in pip's order.

    Attributes:
        lines: requirements and constraints; a ``-r`` inside a constraint file yields requirements.
        settings: options, each with its line; among them the remote files that a file names.
    """

    lines: tuple[RequirementLine, ...]
    settings: tuple[Setting, ...]


@dataclass(slots=True)
class _Reader:
    files: Files
    environ: Mapping[str, str]
    limits: Limits
    hide: Hide
    lines: list[RequirementLine] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    """What is wrong in the file that is being read."""
    count: int = 0
    """Files read so far."""
    reader: LineReader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = LineReader(self.findings.append)

    def read(self, source: Source) -> None:
        """Read one file and, where they stand, the files it names: none, if the file itself is refused."""
        for said in self._understood(source):
            match said:
                case Source():
                    if said.remote:
                        self.settings.append(_as_setting(said))
                    self.read(said)
                case RequirementLine():
                    self.lines.append(said)
                case settings:
                    self.settings += settings

    def _understood(self, source: Source) -> list[_Said]:
        """What each line says. Raises Refused with everything that is wrong in the file."""
        self._count(source)
        text = decode(content_of(source, self.files), source.place, remote=source.remote)
        environ = {} if source.remote else self.environ
        found: list[_Said] = []
        try:
            longest = self.limits.requirement_line_max_chars
            for line in logical_lines(text, source.place, environ, self.findings.append, longest=longest):
                found += self._line(source, line)
        except RequirementFileError:
            # pip cannot read the file either; but what a person cannot see goes first.
            self._stop_if_refused()
            raise
        self._stop_if_refused()
        return found

    def _line(self, source: Source, line: LogicalLine) -> list[_Said]:
        """One line; none where it is refused."""
        try:
            if source.remote:
                self._check_variables(line)
            for variable, value in line.secrets:
                self.hide(variable, value)
            match self.reader.read(line):
                case NestedFile() as nested:
                    return [source.nested(nested, deepest=self.limits.nesting_max)]
                case RequirementText() as requirement:
                    return [self._requirement(source, requirement)]
                case options:
                    return [tuple(self._setting(source, setting) for setting in options.settings)]
        except Refused as refused:
            self.findings += refused.findings
            return []
        except RequirementFileError as error:
            error.message = line.masked(error.message)
            error.hint = None if error.hint is None else line.masked(error.hint)
            raise

    def _stop_if_refused(self) -> None:
        if self.findings:
            raise Refused(self.findings)

    def _count(self, source: Source) -> None:
        self.count += 1
        if self.count > self.limits.requirement_files_max:
            raise RequirementFileError(
                f"more than {self.limits.requirement_files_max} requirement files are named, one by another",
                reference="requirement-file",
                origin=source.origin,
                hint="name each file once",
            )

    def _requirement(self, source: Source, written: RequirementText) -> RequirementLine:
        if source.remote and _looks_local(written):
            raise reaches_local(_LOCAL, written.origin)
        line = parse_requirement(
            written.text,
            written.origin,
            editable=written.editable,
            constraint=source.constraint,
            hash_options=written.hashes,
            config_settings=written.config_settings,
            from_file=True,
            # What a stranger's file names is not even looked for on this machine.
            is_dir=lambda path: not source.remote and _holds(self.files.is_dir, path),
            exists=lambda path: not source.remote and _holds(self.files.exists, path),
        )
        local = line.kind is RequirementKind.PATH or scheme_of(line.target or "").endswith("file")
        if source.remote and local:
            raise reaches_local(_LOCAL, written.origin)
        return line

    def _setting(self, source: Source, setting: Setting) -> Setting:
        if setting.option in _LOCATIONS and source.remote and not _is_remote_place(setting.value):
            raise reaches_local(_LOCAL, setting.origin)
        path = setting.value if setting.option == "find-links" and not is_url(setting.value) else ""
        if path and not source.remote:
            beside = str(PurePath(source.location).parent / path)
            if _holds(self.files.exists, beside):
                return replace(setting, value=beside)
        return setting

    def _check_variables(self, line: LogicalLine) -> None:
        """Pip would put the machine's own variables into what a stranger wrote."""
        for name in variables_in(line.text):
            if self.environ.get(name):
                raise reaches_local(
                    f"a remote file uses the variable {name} of this machine", line.origin(f"${{{name}}}")
                )


def read(
    entry: Sourced[str],
    *,
    constraint: bool,
    files: Files,
    environ: Mapping[str, str],
    limits: Limits = Limits(),
    hide: Hide = _show,
) -> RequirementFile:
    """Read a requirement or constraint file and all that it names.

    Args:
        entry: path or URL, and who names it.
        environ: the variables that ``${NAME}`` in local files may stand for.
        hide: is told each of them that stands in a URL behind its host, and its value.

    Raises:
        RequirementFileError: pip cannot open or parse it either; names file and line.
        Refused: everything in one file that pip would ignore, or that a reader would not see; a remote
            file without HTTPS, or that reaches for this machine. Also what ``files.fetch_text`` raises.
    """
    # pip compares nested files by their full path; a path relative to the working directory will do.
    location = entry.value if is_remote(entry.value) else os.path.normpath(entry.value)
    source = Source(
        location=entry.value, constraint=constraint, origin=entry.origin, ancestors={location: None}
    )
    refuse_lock(source)
    reader = _Reader(files, environ, limits, hide)
    reader.read(source)
    return RequirementFile(lines=tuple(reader.lines), settings=tuple(reader.settings))


def _holds(question: Callable[[str], bool], path: str) -> bool:
    """As pip asks: what cannot be the name of a file is no file."""
    try:
        return question(path)
    except (OSError, ValueError):
        return False


def _as_setting(source: Source) -> Setting:
    """The line that names a remote file, for the rules about URLs."""
    option = "constraint" if source.constraint else "requirement"
    return Setting(option=option, value=source.location, origin=source.origin, in_requirement_file=True)


def _looks_local(written: RequirementText) -> bool:
    """Whether a requirement is a path by its looks; pip would ask the disk."""
    name = written.text.partition(";")[0].strip()
    if is_url(name):
        return False
    before, at, _ = name.partition("@")
    if written.editable:
        return not at and not scheme_of(name)
    return looks_like_path(before) or (not at and is_archive(name.partition("[")[0]))


def _is_remote_place(text: str) -> bool:
    return is_url(text) and not scheme_of(text).endswith("file")
