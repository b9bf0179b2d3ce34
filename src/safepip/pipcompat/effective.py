"""Everything that steers pip, put together in pip's order: what is in force, and what it shadows.

The order (``pip._internal.cli.parser.ConfigOptionParser``): pip's defaults, then the ``[global]``
sections of all files, then the command's sections, then ``[:env:]`` sections and variables, then the
command line. Only within one of these pools does the kind of file decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from safepip.core.errors import ConfigurationError
from safepip.core.origin import BUILT_IN, Effective, Origin, Sourced
from safepip.core.subjects import Setting
from safepip.pipcompat import table
from safepip.pipcompat.accumulate import Accumulator
from safepip.pipcompat.argv import Invocation
from safepip.pipcompat.environ import NO_OPTIONS
from safepip.pipcompat.environ import SECTION as VARIABLES
from safepip.pipcompat.option import Option
from safepip.pipcompat.options import COMMANDS
from safepip.pipcompat.written import ConfigFile, ConfigKind, Written

_NOBODY: tuple[Sourced[str], ...] = ()
_HARMLESS = frozenset(
    {
        "disable-pip-version-check",
        "format",
        "no-color",
        "no-input",
        "no-python-version-warning",
        "progress-bar",
        "quiet",
        "resume-retries",
        "retries",
        "timeout",
        "verbose",
    }
)
"""Options whose variables may contradict each other: the last one counts, as with pip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveConfig:
    """pip's options in force.

    Attributes:
        settings: everything that was said about an option of this command, shadowed or not; list
            options give one an element. Of a flag that pip stores inverted the value tells whether
            the flag holds: ``no-build-isolation = 0`` in a file gives ``true``.
        unknown: keys in files and variables that no pip command has; pip ignores them silently.
    """

    settings: tuple[Setting, ...] = ()
    unknown: tuple[Setting, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict, repr=False)
    held: Mapping[str, tuple[Sourced[str], ...]] = field(default_factory=dict, repr=False)
    shadowed: Mapping[str, tuple[Sourced[str], ...]] = field(default_factory=dict, repr=False)

    def value(self, dest: str) -> object:
        """What pip's ``options.<dest>`` would be, lists as tuples.

        None where the command has no such option, and where only the machine or pip knows the
        default (index, cache folder, source folder). Relative paths stay relative.
        """
        return self.values.get(dest)

    def origin(self, dest: str) -> Origin:
        """Where the value in force stands; the last element's place for lists."""
        said = self.items(dest)
        return said[-1].origin if said else BUILT_IN

    def items(self, dest: str) -> tuple[Sourced[str], ...]:
        """The texts in force, each with its place; empty where nobody said anything."""
        return self.held.get(dest, _NOBODY)

    def effective(self, dest: str) -> Effective[object]:
        """The value with everything it shadows, strongest first."""
        shadowed: list[Sourced[object]] = [
            Sourced(value=said.value, origin=said.origin) for said in self.shadowed.get(dest, _NOBODY)
        ]
        return Effective(value=self.value(dest), origin=self.origin(dest), shadowed=tuple(reversed(shadowed)))


def merge(
    invocation: Invocation,
    config_files: Sequence[ConfigFile],
    environ: Sequence[Written],
    *,
    now: datetime,
    expand_user: Callable[[str], str] = str,
) -> EffectiveConfig:
    """What ``create_command(name).parser.parse_args`` would give, with origins.

    Args:
        config_files: the kind decides; within one kind the first is the weakest.
        environ: what :func:`safepip.pipcompat.environ.parse` gives.
        now: aware; ages such as ``P3D`` are counted back from it.
        expand_user: replaces a leading ``~`` in the value of a path option.

    Raises:
        ConfiguredValueError: a value in a file or variable that the option cannot have (exit 3).
        UsageError: a file or variable says no truth value to a flag (exit 2).
        CommandError: a list of names that looks like an option.
        ConfigurationError: two variables that say different things about one option.
    """
    _refuse_conflicts(environ, _options(invocation.command), isolated=invocation.isolated)
    # pip reads the general options twice; the first time nothing is isolated, and a bad value ends it.
    main = Invocation(command=None)
    _configured(main, _Pools.fill(main, config_files, environ), now, expand_user)
    pools = _Pools.fill(invocation, config_files, environ)
    accumulator = _configured(invocation, pools, now, expand_user)
    for given in invocation.options:
        accumulator.give(given)
    return EffectiveConfig(
        settings=accumulator.settings(),
        unknown=tuple(_unknown(written) for written in pools.everything() if _is_unknown(written)),
        values=MappingProxyType(accumulator.frozen_values()),
        held=MappingProxyType(accumulator.held),
        shadowed=MappingProxyType(accumulator.shadowed),
    )


def _configured(
    invocation: Invocation, pools: _Pools, now: datetime, expand_user: Callable[[str], str]
) -> Accumulator:
    """Defaults, files and variables, without the command line."""
    options = _options(invocation.command)
    accumulator = Accumulator({option.dest: option for option in options.values()}, now, expand_user)
    for written in pools.shadowed:
        if option := options.get(f"--{written.key}"):
            accumulator.shadow(option, written)
    for written in pools.in_order():
        if option := options.get(f"--{written.key}"):
            accumulator.configure(option, written)
    accumulator.finish_configuration()
    return accumulator


def _refuse_conflicts(environ: Iterable[Written], options: Mapping[str, Option], *, isolated: bool) -> None:
    """Two spellings of one option: pip goes by the order of the environment, which nobody sees."""
    said: dict[tuple[str, ...], list[Written]] = {}
    for written in environ:
        option = options.get(f"--{written.key}")
        if option is None or option.name in _HARMLESS or (isolated and option.dest != "python"):
            continue
        earlier = said.setdefault(option.names, [])
        for first in earlier:
            # To pip an empty value is silence, unless it takes the place of an equal key.
            if first.text != written.text and ((first.text and written.text) or first.key == written.key):
                raise _conflict(option, first, written)
        earlier.append(written)


def _conflict(option: Option, first: Written, second: Written) -> ConfigurationError:
    return ConfigurationError(
        f"{first.origin.place} and {second.origin.place} set {option.name} to different values",
        reference="conflicting-variables",
        origin=second.origin,
        hint="unset one of them; pip would go by their order in the environment",
    )


def _options(command: str | None) -> Mapping[str, Option]:
    if command is not None:
        return table.by_name(command)
    return {name: option for option in table.main_options() for name in option.names}


@dataclass(slots=True)
class _Pools:
    """Values by section, as pip collects them: a later one takes the place of an earlier equal key."""

    pools: dict[str, dict[str, Written]]
    shadowed: list[Written] = field(default_factory=list)
    outside: list[Written] = field(default_factory=list)
    """In sections that this command does not read."""

    @classmethod
    def fill(
        cls, invocation: Invocation, config_files: Iterable[ConfigFile], environ: Iterable[Written]
    ) -> _Pools:
        pools = cls({"global": {}, invocation.command or "global": {}, VARIABLES: {}})

        def counts(written: Written) -> bool:
            # pip's first parser is never isolated, and --python is its business.
            return not invocation.isolated or written.key == "python"

        # pip keeps files by path: one that is named twice keeps its first place.
        files = {file.place: file for file in sorted(config_files, key=_strength)}
        for file in files.values():
            for written in file.written:
                pools.add(written, counts=counts(written) or file.kind is not ConfigKind.USER)
        for written in environ:
            pools.add(written, counts=counts(written))
        return pools

    def add(self, written: Written, *, counts: bool) -> None:
        section, _, key = f"{written.section}.{written.key}".partition(".")
        pool = self.pools.get(section)
        if pool is None or key != written.key:
            self.outside.append(written)
        elif not counts:
            self.shadowed.append(written)
        else:
            if key in pool:
                self.shadowed.append(pool[key])
            pool[key] = written

    def in_order(self) -> Iterable[Written]:
        """What counts, weakest first. An empty value lets the weaker pool speak."""
        return (written for pool in self.pools.values() for written in pool.values() if written.text)

    def everything(self) -> Iterable[Written]:
        return (*self.shadowed, *(w for pool in self.pools.values() for w in pool.values()), *self.outside)


def _strength(file: ConfigFile) -> int:
    return list(ConfigKind).index(file.kind)


def _is_unknown(written: Written) -> bool:
    if written.section not in {"global", VARIABLES, *COMMANDS}:
        return True
    return written.key not in table.long_names() and written.key not in NO_OPTIONS


def _unknown(written: Written) -> Setting:
    return Setting(option=written.key, value=written.text, origin=written.origin, in_effect=False)
