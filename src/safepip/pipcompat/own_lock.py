"""safepip's own options of ``lock``, beside those of every guarded command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safepip.core.errors import UsageError
from safepip.core.origin import Sourced

if TYPE_CHECKING:
    from packaging.requirements import Requirement

FORMATS = ("pylock", "requirements")
LOCK_FLAGS = frozenset({"--check", "--upgrade"})
LOCK_NAMES = LOCK_FLAGS | {"--environment", "--format", "--upgrade-package"}
"""Every one of them. ``--check`` is pip's abbreviation of ``--check-build-dependencies``; here it is this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockOptions:
    """What ``lock`` was told.

    Attributes:
        environments: every ``--environment``, in order, lists taken apart; empty: whatever the policy says.
        format: one of :data:`FORMATS`.
        check: compare with the file that is there, and write nothing.
        upgrade: keep no version of the file that is there.
        upgrade_packages: keep none of these projects' versions; a specifier holds as a constraint does.
    """

    environments: tuple[Sourced[str], ...] = ()
    format: str = FORMATS[0]
    check: bool = False
    upgrade: bool = False
    upgrade_packages: tuple[Sourced[Requirement], ...] = ()


def lock_options(values: Mapping[str, Sequence[Sourced[str]]]) -> LockOptions:
    """The options by their names. Raises UsageError for a value that one does not have."""
    return LockOptions(
        environments=tuple(_listed(values.get("--environment", ()))),
        format=_format(values.get("--format", ())),
        check="--check" in values,
        upgrade="--upgrade" in values,
        upgrade_packages=tuple(map(_package, values.get("--upgrade-package", ()))),
    )


def _listed(given: Iterable[Sourced[str]]) -> Iterator[Sourced[str]]:
    """One value or several with commas between them, each once."""
    seen: set[str] = set()
    for said in given:
        for name in said.value.split(","):
            if not name.strip():
                raise UsageError(
                    f"option --environment: no name in {said.value!r}", reference="usage", origin=said.origin
                )
            if name.strip() not in seen:
                seen.add(name.strip())
                yield Sourced(value=name.strip(), origin=said.origin)


def _format(given: Sequence[Sourced[str]]) -> str:
    if not given:
        return FORMATS[0]
    said = given[-1]
    if said.value not in FORMATS:
        choices = ", ".join(map(repr, FORMATS))
        raise UsageError(
            f"option --format: invalid choice: {said.value!r} (choose from {choices})",
            reference="usage",
            origin=said.origin,
        )
    return said.value


def _package(said: Sourced[str]) -> Sourced[Requirement]:
    from packaging.requirements import InvalidRequirement

    from safepip.core.specifier import read_requirement

    try:
        requirement = read_requirement(said.value)
    except InvalidRequirement:
        raise _no_package(said) from None
    if requirement.url or requirement.marker or requirement.extras:
        raise _no_package(said)
    return Sourced(value=requirement, origin=said.origin)


def _no_package(said: Sourced[str]) -> UsageError:
    return UsageError(
        f"option --upgrade-package takes NAME or NAME==VERSION, not {said.value!r}",
        reference="usage",
        origin=said.origin,
    )
