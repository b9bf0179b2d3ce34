"""The shape of one row in the generated table of pip's options (:mod:`safepip.pipcompat.options`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option as pip declares it (``pip._internal.cli.cmdoptions`` and the commands).

    Attributes:
        names: every spelling, short ones first; aliases and hidden names included.
        dest: the name of its value; several options may share one.
        action: optparse's word: ``store``, ``store_true``, ``store_false``, ``store_const``,
            ``append``, ``count``, ``help`` or ``callback``.
        type: ``string``, ``int``, ``float``, ``choice``, ``path`` or ``package_name``; None where the
            option takes no value.
        choices: what a ``choice`` may be.
        default: pip's default for ``dest``; list options have ``()``, objects have None.
        default_elsewhere: the default is the machine's or pip's own (cache folder, index); then
            ``default`` is None.
        const: what ``store_const`` stores.
        callback: name of pip's handler without ``_handle_``; None for other actions.
        metavar: how help names the value; None: by ``dest``.
        hidden: not shown in pip's help.
        help: first sentence of pip's help.
    """

    names: tuple[str, ...]
    dest: str
    action: str
    type: str | None = None
    choices: tuple[str, ...] = ()
    default: str | int | float | bool | tuple[str, ...] | None = None
    default_elsewhere: bool = False
    const: str | None = None
    callback: str | None = None
    metavar: str | None = None
    hidden: bool = False
    help: str = ""

    @property
    def takes_value(self) -> bool:
        """Whether the command line must give a value with it."""
        return self.type is not None

    @property
    def name(self) -> str:
        """Canonical long name without dashes, such as ``index-url`` for ``--pypi-url`` too."""
        return next(name for name in self.names if name.startswith("--"))[2:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One pip command.

    Attributes:
        summary: pip's one line about it.
        usage: pip's usage lines with ``%prog`` for the program and command.
        options: rows of the option table, general options included.
    """

    summary: str
    usage: tuple[str, ...]
    options: tuple[int, ...]
