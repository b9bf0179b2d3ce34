"""Every instruction that reaches pip, each with its origin: arguments, environment, files.

Reads through ports only and judges nothing; :mod:`safepip.rules` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from safepip.core.digest import AcceptableDigests
from safepip.core.errors import CommandError, UsageError
from safepip.core.finding import Finding
from safepip.core.origin import Sourced
from safepip.core.subjects import RequirementKind, RequirementLine, Setting
from safepip.pipcompat.effective import EffectiveConfig
from safepip.pipcompat.requirement import parse_requirement
from safepip.resolve.request import FormatControl, ReleaseControl

if TYPE_CHECKING:
    from safepip.flows.settings import Settings
    from safepip.flows.world import Target, World
    from safepip.pipcompat.argv import Invocation, OwnOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What was said, by whom.

    Attributes:
        file_settings: options inside requirement and constraint files.
        findings: what could already be told while reading (unknown keys).
    """

    config: EffectiveConfig
    roots: tuple[RequirementLine, ...] = ()
    constraints: tuple[RequirementLine, ...] = ()
    file_settings: tuple[Setting, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def no_index(self) -> bool:
        """Whether a file says ``--no-index``: it only takes away, so it counts."""
        return any(setting.option == "no-index" for setting in self.file_settings)


def gather(invocation: Invocation, own: OwnOptions, world: World, target: Target) -> Gathered:
    """Everything in pip's order: constraints, arguments, editables, requirement files.

    Raises:
        RequirementFileError, ConfiguredValueError, UsageError, CommandError: in pip's words where
            pip has some.
    """
    config = read_config(invocation, world, target)
    constraint_files = [_read(path, True, world) for path in config.items("constraints")]
    requirement_files = [_read(path, False, world) for path in config.items("requirements")]
    typed = [
        *_with_hashes([_argument(argument, config, world) for argument in invocation.arguments], own),
        *(_argument(editable, config, world, editable=True) for editable in config.items("editables")),
    ]
    lines = [line for read in (*constraint_files, *requirement_files) for line in read.lines]
    roots = (*typed, *_grouped(config, world), *(line for line in lines if not line.constraint))
    if not (roots or config.items("requirements")):
        raise _nothing_to_do(invocation, config)
    return Gathered(
        config=config,
        roots=roots,
        constraints=tuple(line for line in lines if line.constraint),
        file_settings=tuple(s for read in (*constraint_files, *requirement_files) for s in read.settings),
    )
