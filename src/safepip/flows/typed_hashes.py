"""Which ``--hash`` belongs to which requirement on the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from safepip.core.digest import Digest, DigestError
from safepip.core.errors import UsageError

if TYPE_CHECKING:
    from safepip.core.origin import Sourced
    from safepip.pipcompat.argv import OwnOptions

Hashed = tuple["Sourced[str]", tuple[Digest, ...]]
"""A requirement as typed, and the hashes of its own."""
_QUOTED = re.compile(r"\s--hash(?=[\s=]|\Z)")
"""A requirement and its hashes as one quoted argument, like a line of a requirement file."""
_OPTION = re.compile(r"\s+--hash(?:=|\s+)(\S+)")


def with_hashes(arguments: Sequence[Sourced[str]], own: OwnOptions) -> list[Hashed]:
    """Each requirement with its hashes: those inside its own quotes, else the options meant for it.

    Options belong to the only requirement; or to the one that they stand behind, where every
    requirement has some behind it; or, one each, to the requirements in order.

    Raises:
        UsageError: they cannot be told apart, or what stands in quotes is no hash.
    """
    split = [_split(argument) for argument in arguments]
    bare = [argument for argument, hashes in split if not hashes]
    given = iter(_told_apart(bare, own.hashes))
    return [(argument, hashes or next(given)) for argument, hashes in split]


def _split(argument: Sourced[str]) -> Hashed:
    found = _QUOTED.search(argument.value)
    if found is None:
        return argument, ()
    text, options = argument.value[: found.start()], argument.value[found.start() :]
    digests: list[Digest] = []
    place = 0
    while place < len(options.rstrip()):
        option = _OPTION.match(options, place)
        if option is None:
            raise _unreadable(
                argument, f"behind a requirement in quotes only --hash may stand: {options.strip()}"
            )
        try:
            digests.append(Digest.parse(option[1]))
        except DigestError as error:
            raise _unreadable(argument, f"option --hash: {error}") from None
        place = option.end()
    return replace(argument, value=text), tuple(digests)


def _unreadable(argument: Sourced[str], why: str) -> UsageError:
    return UsageError(why, reference="usage", origin=argument.origin)


def _told_apart(
    arguments: Sequence[Sourced[str]], hashes: Sequence[Sourced[Digest]]
) -> list[tuple[Digest, ...]]:
    """For each of the requirements its options."""
    given = tuple(said.value for said in hashes)
    if not given:
        return [()] * len(arguments)
    if len(arguments) == 1:
        return [given]
    behind = _behind(arguments, hashes)
    if behind is not None and all(behind):
        return behind
    if len(arguments) == len(given):
        return [(digest,) for digest in given]
    raise UsageError(
        f"{len(given)} --hash options do not fit {len(arguments)} requirements",
        reference="usage",
        origin=hashes[0].origin,
        hint="write each requirement's hashes behind it, or give exactly one for each, in order",
    )


def _behind(
    arguments: Sequence[Sourced[str]], hashes: Sequence[Sourced[Digest]]
) -> list[tuple[Digest, ...]] | None:
    """The options behind each requirement and before the next; None where one stands before all of them."""
    places = [argument.origin.line or 0 for argument in arguments]
    found: list[list[Digest]] = [[] for _ in places]
    for said in hashes:
        before = sum(place < (said.origin.line or 0) for place in places)
        if before == 0:
            return None
        found[before - 1].append(said.value)
    return [tuple(digests) for digests in found]
