"""Arguments in, exit code out."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from safepip import __version__
from safepip.cli.commands import WITHOUT_TARGET, Treatment, flow_for, own_command_meant, treatment_of
from safepip.core.errors import ExitCode, SafepipError
from safepip.pipcompat.argv import OwnOptions, parse, split_own
from safepip.pipcompat.own import GUARDED

if TYPE_CHECKING:
    from safepip.cli.wiring.world import RealWorld
    from safepip.pipcompat.argv import Invocation


_GARBAGE_OBJECTS = 100_000
"""How many objects more than were freed have to be there before Python looks for garbage."""


def main(argv: Sequence[str]) -> int:
    """Run one command line.

    Returns:
        pip's exit codes where pip has one, safepip's own (:class:`ExitCode`) otherwise.
    """
    own = OwnOptions()
    try:
        own, rest = split_own(argv)
        invocation = parse(rest)
        treatment = treatment_of(invocation, os.environ)
        if treatment is Treatment.APPLIED and (code := _pass_through(invocation, own)) is not None:
            return code
        if treatment is Treatment.OWN and (invocation.wants_help or invocation.command == "help"):
            return _own_help(own_command_meant(invocation) or "")
    except SafepipError as error:
        world = _world()
        world.speak_as(own)
        return world.fail(error)
    except BrokenPipeError:
        return _reader_is_gone()
    return _run(invocation, own, _world())


def _pass_through(invocation: Invocation, own: OwnOptions) -> int | None:
    """A command that pip applies as it is; None where that is not for pip to do after all.

    The fast lane: see ``tests/cli/test_start_up.py``.
    """
    from safepip.cli.wiring.passing import PassingWorld
    from safepip.flows.delegate import FetchesByConfiguration, delegate

    if (code := _complete(invocation, own)) is not None:
        return code
    if invocation.wants_version:
        # stdout is pip's line, which other programs read.
        sys.stderr.write(f"safepip {__version__}\n")
    if not _adds_to_help(invocation):
        try:
            return delegate(invocation, own, PassingWorld())
        except FetchesByConfiguration:
            return None
    from safepip.cli.own_help import OWN_COMMANDS_HELP, own_help

    code = delegate(invocation, own, PassingWorld(stays=True))
    if code == ExitCode.OK:
        asked = _help_asked_about(invocation)
        _tell(own_help(asked) if asked else OWN_COMMANDS_HELP)
    return code


def _complete(invocation: Invocation, own: OwnOptions) -> int | None:
    """What a shell asks, or the script with which it asks; None where this is neither."""
    asked = "PIP_AUTO_COMPLETE" in os.environ and not invocation.argv
    if not asked and (invocation.command != "completion" or invocation.wants_help):
        return None
    from safepip.cli import completing

    if invocation.command == "completion":
        return completing.script(invocation, own)
    return completing.answer(invocation, os.environ) if completing.asks(os.environ) else None


def _adds_to_help(invocation: Invocation) -> bool:
    """Whether pip is to print help of which it does not know all: of its commands, or of a guarded one."""
    if invocation.wants_version or not (invocation.wants_help or invocation.command in {None, "help"}):
        return False
    asked = _help_asked_about(invocation)
    return not asked or asked in GUARDED


def _help_asked_about(invocation: Invocation) -> str:
    """The command that help is asked about; empty for pip as a whole."""
    if invocation.command != "help":
        return invocation.command or ""
    return invocation.arguments[0].value if invocation.arguments else ""


def _own_help(command: str) -> int:
    from safepip.cli.own_help import OWN_COMMAND_HELP

    _tell(OWN_COMMAND_HELP[command])
    return ExitCode.OK


def _tell(text: str) -> None:
    """Write to stdout now, so that a reader who is gone is noticed here and not when Python ends."""
    sys.stdout.write(text)
    sys.stdout.flush()


def _run(invocation: Invocation, own: OwnOptions, world: RealWorld) -> int:
    # Modules and index pages are many objects that stay: looking through them for garbage again and
    # again costs a twentieth of the run and finds next to none.
    gc.set_threshold(_GARBAGE_OBJECTS)
    _end_tidily_when_terminated()
    world.begin(own, invocation)
    try:
        if invocation.command not in WITHOUT_TARGET:
            world.expect_target(own.python)
        code = flow_for(str(invocation.command))(invocation, own, world)
        world.audit.write()
        world.succeed(own, code)
        return code
    except SafepipError as error:
        return world.fail(error)
    except KeyboardInterrupt:
        return world.cancelled()
    except BrokenPipeError:
        return _reader_is_gone()
    except Exception as error:  # noqa: BLE001 - the last line of defence: a bug is reported as one
        if isinstance(error.__cause__, KeyboardInterrupt):
            return world.cancelled()  # Python 3.11 wraps what happens while a class is made
        return world.report_bug(error)
    finally:
        world.close()


def _reader_is_gone() -> int:
    """As pip: nothing may be written any more, also not what is still in a buffer."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stderr.write("ERROR: Pipe to stdout was broken\n")
    return ExitCode.BROKEN_STDOUT


def _end_tidily_when_terminated() -> None:
    """Let SIGTERM and SIGHUP end the run as Ctrl-C does: private folders go, the target's process too."""
    import signal

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # What is ignored already (nohup) stays ignored.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, interrupt)


def _world() -> RealWorld:
    from safepip.cli.wiring.world import RealWorld

    return RealWorld()
