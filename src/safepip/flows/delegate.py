"""Commands that pip applies as they are, on the right environment, with pip's own exit code.

pip still sees no instruction about the interpreter but ours: ``PIP_PYTHON``, and ``python =`` in a
configuration file, would run any program for every command, and are refused.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from safepip.core.errors import CommandError, Refused, UsageError
from safepip.core.origin import Layer, Origin, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from safepip.core.ports import Pip
    from safepip.pipcompat.argv import Invocation, OwnOptions
    from safepip.pipcompat.written import Written


_OF_NO_INTERPRETER = frozenset({None, "config", "help"})
"""Commands that are about no environment; with ``config`` one finds and mends what is refused elsewhere."""
_OF_AN_ENVIRONMENT = frozenset({"check", "freeze", "inspect", "list", "show", "uninstall"})


_FETCHING = MappingProxyType({"list": ("outdated", "uptodate"), "uninstall": ("requirement",)})
"""Command → keys with which it asks indexes, or reads files that may be remote."""


class FetchesByConfiguration(Exception):
    """A configuration file makes the command fetch, so it is not for pip to apply as it is."""


class Passing(Protocol):
    """The little of the world that these commands need; see :class:`safepip.flows.world.World`."""

    @property
    def environ(self) -> Mapping[str, str]: ...

    @property
    def pip(self) -> Pip: ...

    def python_for(self, option: str | None) -> str: ...

    def configuration(self, python: str) -> Sequence[tuple[str, bytes]]:
        """Path and content of each of pip's configuration files that is there and can be read."""

    def unfinished(self, python: str) -> Sequence[str]:
        """Libraries of this interpreter's environment into which an installation was cut short."""

    def recover(self, python: str) -> None:
        """Undo such an installation."""

    def noted(self, line: str) -> None:
        """Say something about the run."""


def delegate(invocation: Invocation, own: OwnOptions, world: Passing) -> int:
    """Run pip on the target with the user's own words. Returns its exit code.

    Raises:
        UsageError: an option of safepip's that could only be left out in silence.
        Refused, CommandError: a variable or a remote file that would make pip run or fetch something.
        FetchesByConfiguration: the command has to be judged and answered by safepip.
    """
    _refuse_own_options(invocation, own)
    refuse_chosen_interpreter(world.environ)
    _refuse_remote_files(invocation)
    python = world.python_for(own.python)
    if not invocation.wants_help and invocation.command not in _OF_NO_INTERPRETER:
        files = world.configuration(python)
        if own.python is None:
            _refuse_configured_interpreter(str(invocation.command), files)
        if _fetches(str(invocation.command), files):
            raise FetchesByConfiguration
    _mind_unfinished(invocation, python, world)
    return world.pip.run(invocation.argv, python=python, changes=invocation.command == "uninstall")


def _mind_unfinished(invocation: Invocation, python: str, world: Passing) -> None:
    """What a killed installation left is undone before anything changes; readers are told."""
    if invocation.command not in _OF_AN_ENVIRONMENT:
        return
    for library in world.unfinished(python):
        if invocation.command == "uninstall":
            world.recover(python)
            return
        world.noted(f"an installation into {library} is under way, or was cut short: the next one undoes it")


def _refuse_own_options(invocation: Invocation, own: OwnOptions) -> None:
    """Pip's answer is passed on as it is, so there is nothing to allow, and no report of another form."""
    said = {"--allow": own.allow, "--reason": own.reason, "--report-format": own.report_format != "text"}
    for option in (name for name, given in said.items() if given):
        command = invocation.command or "pip itself"
        raise UsageError(f"{option} has no meaning for {command}, which pip answers", reference="usage")


def refuse_chosen_interpreter(environ: Mapping[str, str]) -> None:
    """Raise Refused where a variable would choose the interpreter, in any spelling pip accepts."""
    for name in environ:
        if name.startswith("PIP_") and _is_python(name.removeprefix("PIP_")):
            raise _refusal(name)


def _is_python(spelled: str) -> bool:
    # Imported only where a variable of pip's is set: most command lines meet none.
    from safepip.pipcompat.written import normalize_key

    return normalize_key(spelled) == "python"


def _refuse_configured_interpreter(command: str, files: Sequence[tuple[str, bytes]]) -> None:
    """Raise Refused where a file would; what the command line says with ``--python`` has precedence."""
    for path, content in files:
        # Nearly no file speaks of an interpreter, and the others need not be understood here.
        for written in _written(path, content) if b"python" in content.lower() else ():
            if written.section in {"global", ":env:", command} and written.key == "python" and written.text:
                raise _refused(
                    f"{written.text} would be run in place of the environment's own interpreter",
                    written.origin,
                    help="delete it; name the interpreter with --python on the command line",
                )


def _fetches(command: str, files: Sequence[tuple[str, bytes]]) -> bool:
    """Whether a file may say so; what is in force, safepip finds out when it answers."""
    keys = _FETCHING.get(command, ())
    suspects = ((path, text) for path, text in files if any(key.encode() in text.lower() for key in keys))
    return any(
        written.section in {"global", ":env:", command} and written.key in keys and written.text
        for path, text in suspects
        for written in _written(path, text)
    )


def _written(path: str, content: bytes) -> Iterator[Written]:
    """What the file says; nothing where it is none, which pip will say in its own words."""
    from safepip.core.errors import ConfigurationError
    from safepip.pipcompat import conf

    try:
        yield from conf.parse(content.decode(errors="replace"), path).written
    except ConfigurationError:
        return


def _refusal(variable: str) -> Refused:
    return _refused(
        "an environment variable chooses the program that pip runs in",
        Origin(layer=Layer.OPERATOR, kind=Place.ENVIRONMENT, place=variable),
        help=f"unset {variable}; name the interpreter with --python on the command line",
    )


def _refused(message: str, origin: Origin, *, help: str) -> Refused:  # noqa: A002 - the field's name
    from safepip.core.finding import Finding

    finding = Finding(
        rule="interpreter-from-environment", message=message, origin=origin, subject="python", help=help
    )
    return Refused([finding])


def _refuse_remote_files(invocation: Invocation) -> None:
    """Refuse ``freeze -r URL``, which would make pip fetch; nothing but safepip fetches."""
    for option in invocation.options:
        if option.dest == "requirements" and option.text.lower().startswith(("http:", "https:", "ftp:")):
            raise CommandError(
                "a remote requirement file cannot be read here",
                origin=option.origin,
                hint="download it first, read it, and name the local file",
            )
