"""The metadata block of a script (PEP 723): what it needs, each requirement with its line.

The words are pip's (``pip._internal.req.pep723``, ``RequirementCommand.get_requirements``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from safepip.core.errors import CommandError, Refused, RequirementFileError
from safepip.core.origin import Origin, Sourced
from safepip.core.subjects import RequirementLine
from safepip.core.toml import Embedding, TomlError, TomlText
from safepip.pipcompat.dependency import parse_dependency
from safepip.pipcompat.reqtext import file_origin, misleading

_BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
"""The expression that PEP 723 gives."""
_HIDDEN_BREAK = re.compile("[\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
"""Characters at which one reader breaks a line and another does not."""


class Files(Protocol):
    """What is asked of the disk; :class:`safepip.core.ports.Files` has it."""

    def read_bytes(self, path: str) -> bytes:
        """Raises OSError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a script's block says.

    Attributes:
        requires_python: a specifier, as written; None where it does not say.
        set_aside: settings of other tools on where packages come from; they have no effect.
    """

    dependencies: tuple[RequirementLine, ...]
    requires_python: Sourced[str] | None = None
    set_aside: tuple[Origin, ...] = ()


def read_script(said: Sourced[str], files: Files) -> Script:
    """Read the block of the script that somebody named.

    Raises:
        CommandError: no such block, or several (pip's words).
        RequirementFileError: a block that cannot be read.
        Refused: one that different readers read differently.
    """
    path = said.value
    try:
        text = files.read_bytes(path).decode()
    except OSError as error:
        raise CommandError(
            f"Could not install packages due to an OSError: {error}",
            reference="script",
            origin=said.origin,
        ) from None
    except UnicodeDecodeError as error:
        raise _error(f"{path!r} is not UTF-8: {error}", said.origin) from None
    block = _toml(text.replace("\r\n", "\n").replace("\r", "\n"), said)
    return Script(
        dependencies=tuple(_dependencies(block, path)),
        requires_python=_requires_python(block, path),
        set_aside=tuple(_set_aside(block)),
    )


def _toml(text: str, said: Sourced[str]) -> TomlText:
    path = said.value
    blocks = [match for match in _BLOCK.finditer(text) if match["type"] == "script"]
    if len(blocks) > 1:
        raise CommandError(
            f"Multiple 'script' blocks found in {path!r}", reference="script", origin=said.origin
        )
    if not blocks:
        raise CommandError(
            f"File does not contain 'script' metadata: {path!r}", reference="script", origin=said.origin
        )
    first = text.count("\n", 0, blocks[0].start("content")) + 1
    rows = blocks[0]["content"].removesuffix("\n").split("\n")
    for number, row in enumerate(rows, start=first):
        if hidden := _HIDDEN_BREAK.search(row):
            found = misleading(
                f"the line contains the character {hidden[0]!r}, at which pip begins a new line",
                file_origin(path, number, row, column=hidden.start(), length=1),
                "delete the character",
            )
            raise Refused([found])
    indents = [2 if row.startswith("# ") else 1 for row in rows]
    content = "\n".join(row[indent:] for row, indent in zip(rows, indents, strict=True))
    try:
        return TomlText(content, place=path, within=Embedding(rows=rows, first=first, indents=indents))
    except TomlError as error:
        raise CommandError(
            f"Failed to parse TOML in {path!r}",
            reference="script",
            origin=error.origin,
            notes=(error.message,),
        ) from None


def _dependencies(block: TomlText, path: str) -> list[RequirementLine]:
    written = block.table.get("dependencies", [])
    if not isinstance(written, list) or not all(isinstance(one, str) for one in written):
        # pip takes a string for the list of its characters, and asks for each.
        raise _error(f"dependencies of {path!r} must be a list of strings", block.origin(("dependencies",)))
    return [
        parse_dependency(text, block.origin(("dependencies", place))) for place, text in enumerate(written)
    ]


def _requires_python(block: TomlText, path: str) -> Sourced[str] | None:
    written = block.table.get("requires-python", "")
    origin = block.origin(("requires-python",))
    if not isinstance(written, str):
        raise _error(f"requires-python of {path!r} must be a string", origin)
    if not written:
        return None
    try:
        SpecifierSet(written)
    except InvalidSpecifier as error:
        raise _error(f"requires-python of {path!r}: {error}", origin) from None
    return Sourced(value=written, origin=origin)


_ELSEWHERE = ("index", "index-url", "extra-index-url", "default-index", "find-links", "sources")


def _set_aside(block: TomlText) -> list[Origin]:
    """Where ``[tool.uv]`` and its like name indexes: pip reads none of it, nor does safepip."""
    tool = block.table.get("tool")
    tables: Mapping[str, Any] = tool if isinstance(tool, Mapping) else {}
    return [
        block.origin(("tool", name, key), of_key=True)
        for name, table in tables.items()
        if isinstance(table, Mapping)
        for key in _ELSEWHERE
        if key in table
    ]


def _error(message: str, origin: Origin) -> RequirementFileError:
    return RequirementFileError(message, reference="script", origin=origin)
