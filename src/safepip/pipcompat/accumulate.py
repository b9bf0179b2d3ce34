"""How the values of one option from several sources become one, option by option as pip does it."""

from __future__ import annotations

import optparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError, ConfiguredValueError, UsageError
from safepip.core.origin import Sourced
from safepip.core.subjects import Setting
from safepip.pipcompat.callbacks import Piece, read_value, truth
from safepip.pipcompat.fold import GROWING, as_tuple, canonical, fold, initial
from safepip.pipcompat.grammar import convert
from safepip.pipcompat.option import Option
from safepip.pipcompat.written import Written

if TYPE_CHECKING:
    from safepip.pipcompat.argv import GivenOption


@dataclass(frozen=True, slots=True)
class _Said:
    """One element that somebody said, for :attr:`EffectiveConfig.settings`."""

    option: Option
    said: Sourced[str]


@dataclass(slots=True)
class Accumulator:
    """Values by ``dest``, and who said them. Configuration first, then the command line.

    Attributes:
        options: one option for each ``dest``, for the default.
        held: texts in force.
        shadowed: texts not in force, weakest first.
    """

    options: Mapping[str, Option]
    now: datetime
    expand_user: Callable[[str], str]
    values: dict[str, object] = field(default_factory=dict)
    held: dict[str, tuple[Sourced[str], ...]] = field(default_factory=dict)
    shadowed: dict[str, tuple[Sourced[str], ...]] = field(default_factory=dict)
    _late: dict[str, object] = field(default_factory=dict)
    """Values of callback options while configuration is read: pip applies them last."""
    _late_held: dict[str, tuple[Sourced[str], ...]] = field(default_factory=dict)
    _said: list[_Said] = field(default_factory=list)

    def __post_init__(self) -> None:
        for dest, option in self.options.items():
            self.values[dest] = initial(option)

    def shadow(self, option: Option, written: Written) -> None:
        """Note a value that another one of the same pool replaces."""
        if written.text:
            self._shadow(option.dest, self._say(option, texts_of(option, written)))

    def configure(self, option: Option, written: Written) -> None:
        """Take a value of a file or variable.

        Raises:
            ConfiguredValueError, UsageError, CommandError: as pip, which looks at every value, even
                at one that a stronger one replaces.
        """
        said = self._say(option, texts_of(option, written))
        dest = option.dest
        if option.action == "callback":
            piece = _located(written, lambda: read_value(option, option.names[-1], written.text))
            self._late[dest] = self._folded(option, piece, self._late.get(dest, self.values[dest]))
            before = self._late_held.get(dest, ())
            if option.callback in GROWING:
                said = before + said
            else:
                self._shadow(dest, before)
            self._late_held[dest] = said
        else:
            self._hold(dest, said)
            self.values[dest] = self._converted(option, written)

    def finish_configuration(self) -> None:
        """Let the callback options speak last, as pip does."""
        for dest, value in self._late.items():
            self._hold(dest, self._late_held[dest])
            self.values[dest] = value

    def give(self, given: GivenOption) -> None:
        """Take an option of the command line."""
        option, dest = given.option, given.option.dest
        said = self._say(option, [Sourced(value=given.text, origin=given.origin)])
        grows = option.action in {"append", "count"} or option.callback in GROWING
        self._hold(dest, self.held.get(dest, ()) + said if grows else said, replaces=not grows)
        self.values[dest] = self._given_value(given, self.values[dest])

    def frozen_values(self) -> dict[str, object]:
        """The values, with nothing in them that could be changed."""
        return {
            dest: tuple(value) if isinstance(value, list) else value for dest, value in self.values.items()
        }

    def settings(self) -> tuple[Setting, ...]:
        """Everything that was said, in the order it was met."""
        in_force = {id(said) for held in self.held.values() for said in held}
        return tuple(
            Setting(
                option=each.option.name,
                value=each.said.value,
                origin=each.said.origin,
                in_effect=id(each.said) in in_force,
            )
            for each in self._said
        )

    def _say(self, option: Option, said: Iterable[Sourced[str]]) -> tuple[Sourced[str], ...]:
        kept = tuple(said)
        self._said += [_Said(option, each) for each in kept]
        return kept

    def _hold(self, dest: str, said: tuple[Sourced[str], ...], *, replaces: bool = True) -> None:
        if replaces:
            self._shadow(dest, self.held.get(dest, ()))
        self.held[dest] = said

    def _shadow(self, dest: str, said: tuple[Sourced[str], ...]) -> None:
        self.shadowed[dest] = self.shadowed.get(dest, ()) + said

    def _converted(self, option: Option, written: Written) -> object:
        """The value of an option that is no callback, from configuration."""
        if option.action in {"store_true", "store_false"}:
            return _truth(written)
        if option.action == "count":
            return _count(written)
        if option.action == "append":
            return tuple(self._checked(option, word.value, written) for word in written.words)
        return self._checked(option, written.text, written)

    def _checked(self, option: Option, text: str, written: Written) -> object:
        try:
            return self._local(option, convert(option, written.key, text))
        except optparse.OptionValueError as error:
            raise ConfiguredValueError(
                f"An error occurred during configuration: {error}. Check your pip configuration files or "
                "environment variables for this value.",
                reference="configured-value",
                origin=written.origin,
            ) from None

    def _given_value(self, given: GivenOption, before: object) -> object:
        option = given.option
        if option.action == "callback":
            return self._folded(option, given.value, before)
        if option.action == "append":
            return (*as_tuple(before), self._local(option, given.value))
        if option.action == "count":
            return (before if isinstance(before, int) else 0) + 1
        if option.action == "store_const":
            return option.const
        return option.action == "store_true" if not option.takes_value else self._local(option, given.value)

    def _local(self, option: Option, value: object) -> object:
        """What optparse cannot convert without the machine."""
        if option.type == "path" and isinstance(value, str):
            return self.expand_user(value)
        if option.type == "package_name" and isinstance(value, str):
            return canonical(value)
        return value

    def _folded(self, option: Option, piece: object, before: object) -> object:
        """The value of a callback option after one more piece."""
        if isinstance(piece, timedelta):
            return self.now - piece
        if option.callback == "src" and isinstance(piece, str):
            return self.expand_user(piece)
        return fold(option, piece, before)


def texts_of(option: Option, written: Written) -> list[Sourced[str]]:
    """The texts that a value of a file or variable stands for, each with its place."""
    if option.action == "append":
        return list(written.words)
    if option.action in {"store_true", "store_false"}:
        try:
            holds = truth(written.text) is (option.action == "store_true")
        except ValueError:
            # configure() raises on it; a shadowed one is shown as it is.
            return [Sourced(value=written.text, origin=written.origin)]
        return [Sourced(value=str(holds).lower(), origin=written.origin)]
    if option.callback == "no_cache_dir":
        return [Sourced(value="true", origin=written.origin)]
    return [Sourced(value=written.text, origin=written.origin)]


def _located(written: Written, read: Callable[[], Piece]) -> Piece:
    """Read a value; an error says where it stands."""
    try:
        return read()
    except (UsageError, CommandError) as error:
        error.origin = written.origin
        raise


def _truth(written: Written) -> bool:
    """What the text says; pip stores that even for options whose flag stores False."""
    try:
        return truth(written.text)
    except ValueError:
        raise UsageError(
            f"{written.text} is not a valid value for {written.key} option, please specify a boolean value "
            "like yes/no, true/false or 1/0 instead.",
            reference="configured-value",
            origin=written.origin,
        ) from None


def _count(written: Written) -> int:
    """A truth value first, then a number: ``1`` is both."""
    try:
        return int(truth(written.text))
    except ValueError:
        pass
    try:
        count = int(written.text)
    except ValueError:
        count = -1
    if count < 0:
        raise UsageError(
            f"{written.text} is not a valid value for {written.key} option, please instead specify either a "
            "non-negative integer or a boolean value like yes/no or false/true which is equivalent to 1/0.",
            reference="configured-value",
            origin=written.origin,
        )
    return count
