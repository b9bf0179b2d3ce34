"""Arguments that remember where the user typed them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from safepip.core.origin import Layer, Origin, Place

PROGRAM = "safepip"


@dataclass(frozen=True, slots=True)
class Arguments(Sequence[str]):
    """Some arguments of a command line, a sequence of text that knows its places.

    Attributes:
        tokens: the arguments.
        positions: 1-based position of each on the whole command line.
        whole: every argument as typed, without the program.
    """

    tokens: tuple[str, ...]
    positions: tuple[int, ...]
    whole: tuple[str, ...]

    @classmethod
    def of(cls, argv: Sequence[str]) -> Arguments:
        """A whole command line; :class:`Arguments` stay as they are."""
        if isinstance(argv, Arguments):
            return argv
        return cls(tuple(argv), tuple(range(1, len(argv) + 1)), tuple(argv))

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self.tokens[index]

    def __len__(self) -> int:
        return len(self.tokens)

    def __iter__(self) -> Iterator[str]:
        return iter(self.tokens)

    def select(self, indices: Sequence[int]) -> Arguments:
        """The arguments at these 0-based places, positions kept."""
        return Arguments(
            tuple(self.tokens[index] for index in indices),
            tuple(self.positions[index] for index in indices),
            self.whole,
        )


def argument_origin(whole: Sequence[str], position: int, value: str | None, key: str | None = None) -> Origin:
    """The place of one argument, or of the value at its end.

    Args:
        whole: every argument as typed.
        position: 1-based.
        value: what of the argument is meant; None: all of it.
    """
    token = whole[position - 1]
    shown = [PROGRAM, *(shlex.quote(argument) for argument in whole)]
    column = sum(len(word) + 1 for word in shown[:position]) + 1
    length = len(shown[position])
    if value and shown[position] == token and token.endswith(value):
        column, length = column + len(token) - len(value), len(value)
    return Origin(
        layer=Layer.OPERATOR,
        kind=Place.ARGUMENT,
        place="command line",
        line=position,
        column=column,
        length=length,
        text=" ".join(shown),
        key=key,
    )
