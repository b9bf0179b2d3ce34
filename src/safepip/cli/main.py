"""Arguments in, exit code out. The only place that ends the process."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from safepip.core.errors import ExitCode, SafepipError

if TYPE_CHECKING:
    from safepip.cli.wiring.world import RealWorld
    from safepip.pipcompat.argv import Invocation, OwnOptions


def cli() -> NoReturn:
    """The console script."""
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Run one command line.

    Returns:
        pip's exit codes where pip has one, safepip's own (:class:`ExitCode`) otherwise.
    """
    from safepip.cli.wiring.world import RealWorld

    world = RealWorld()
    try:
        return _run(argv, world)
    except SafepipError as error:
        return world.fail(error)
    except KeyboardInterrupt:
        return world.cancelled()
    except BrokenPipeError:
        # As pip: the reader of our output went away; nothing may be written to it any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return ExitCode.BROKEN_STDOUT
    except Exception as error:  # noqa: BLE001 - the last line of defence: a bug is reported as one
        return world.report_bug(error)
    finally:
        world.close()


def _run(argv: Sequence[str], world: RealWorld) -> int:
    from safepip.cli.commands import flow_for

    own, invocation = read_arguments(argv)
    world.begin(own, invocation)
    return flow_for(invocation)(invocation, own, world)


def read_arguments(argv: Sequence[str]) -> tuple[OwnOptions, Invocation]:
    """Split off safepip's own options first, matched exactly; pip's grammar for the rest."""
    from safepip.pipcompat.argv import parse, split_own

    own, rest = split_own(argv)
    return own, parse(rest)
