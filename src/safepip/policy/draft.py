"""A first policy file as text: what is known filled in, what only a person knows as comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from safepip.policy.wording import toml

_WIDTH = 100
_MOST_NAMES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftIndex:
    """One ``[[index]]`` to write.

    Attributes:
        url: without credentials; None: pip's own default index.
        said_by: the place that names it.
        packages: names that are known to come from it.
        alone: whether it is the only index, so that every name comes from it.
    """

    name: str
    url: str | None
    said_by: str
    packages: tuple[str, ...] = ()
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything that goes into the file.

    Attributes:
        day: when it is written, ISO.
        elsewhere: indexes that a stronger policy file lists, each with its place.
        left_out: places that a policy cannot list, each with the reason.
        all_hashed: whether each requirement file here has a hash on each line.
        undecided: names that are installed or locked and that no index above is known to serve.
        urls, repositories: patterns for what is installed from a URL or version control.
    """

    day: str
    indexes: Sequence[DraftIndex]
    elsewhere: Sequence[str] = ()
    left_out: Sequence[str] = ()
    all_hashed: bool = False
    undecided: Sequence[str] = ()
    urls: Sequence[str] = ()
    repositories: Sequence[str] = ()


def draft_text(draft: Draft) -> str:
    """The file; it parses, and says nothing that is not known."""
    lines = [
        f"# A policy for safepip, written on {draft.day} by `safepip policy init` from the configuration of pip,",
        "# what is installed and what is locked. No index was asked. `safepip policy check` reads it strictly,",
        "# `safepip policy show` says what is in force, `safepip policy schema` is for your editor.",
        "",
        *_indexes(draft),
        *_undecided(draft),
        *_hashes(draft),
        *_direct(draft),
        *_rest(),
    ]
    return "\n".join(lines) + "\n"


def _indexes(draft: Draft) -> Iterator[str]:
    yield "# Where packages come from. Once one index is listed, only listed ones exist."
    for what in draft.elsewhere:
        yield f"# Listed by a stronger policy already: {_safe(what)}"
    for what in draft.left_out:
        yield f"# Left out: {_safe(what)}"
    for index in draft.indexes:
        yield ""
        yield "[[index]]"
        yield f"name = {toml(index.name)}  # {_safe(index.said_by)}"
        if index.url is not None:
            yield f"url = {toml(index.url)}"
        yield from _packages(index)
    yield ""


def _packages(index: DraftIndex) -> Iterator[str]:
    if index.alone:
        yield 'packages = ["*"]'
    elif index.packages:
        yield "packages = ["
        yield from (f"    {toml(name)}," for name in index.packages)
        yield "]"
    else:
        yield '# packages = ["name", "prefix-*"]  # these names come from here and from nowhere else'


def _undecided(draft: Draft) -> Iterator[str]:
    if len(draft.indexes) < 2:
        return
    yield "# With several indexes, say which names each of them serves. A name that none claims is asked of"
    yield "# all of them, and refused where they offer different files. When every private name is claimed,"
    yield '# give the public index packages = ["*"].'
    names = list(draft.undecided[:_MOST_NAMES])
    if names:
        more = len(draft.undecided) - len(names)
        listed = ", ".join(names) + (f" and {more} more" if more else "")
        yield "# Installed or locked, and not claimed above:"
        yield from (f"#   {_safe(line)}" for line in wrap(listed, _WIDTH, break_on_hyphens=False))
    yield ""


def _hashes(draft: Draft) -> Iterator[str]:
    yield "[hashes]"
    if draft.all_hashed:
        yield "# Every requirement file here has its hashes, so everything may be asked to have one."
        yield 'mode = "required"'
    else:
        yield '# What requirement files and locks bring in needs a hash of yours. "required": everything does.'
        yield 'mode = "files"'
    yield ""


def _direct(draft: Draft) -> Iterator[str]:
    if draft.urls:
        yield "# Some packages here were installed from a URL. To allow only these places:"
        yield "# [urls]"
        yield f"# allow = {toml(list(draft.urls))}"
        yield ""
    if draft.repositories:
        yield "# Some packages here were installed from version control. To allow these repositories:"
        yield "# [vcs]"
        yield f"# allow = {toml(list(draft.repositories))}"
        yield ""


def _rest() -> Iterator[str]:
    yield "# [cooldown]"
    yield '# min-age = "3 days"  # how old a file must be; an explicit one holds for every index'
    yield ""
    yield "# [rules]"
    yield '# yanked-release = "deny"  # "off", "warn" or "deny"'
    yield ""
    yield "# [[allow]]  # an exemption from one rule; each needs a reason"
    yield '# rule = "fresh-release"'
    yield '# package = "acme-*"'
    yield '# reason = "first party, tested on release"'
    yield "# expires = 2027-01-31"


def _safe(text: str) -> str:
    """As it may stand in a TOML comment: no line break, nor any other control character."""
    return "".join(character if character.isprintable() else "?" for character in text)
