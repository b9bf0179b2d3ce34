"""Requirement files: bytes to text, as pip decodes them, as long as nobody is misled by it."""

from __future__ import annotations

import codecs
import re

from safepip.core.errors import Refused
from safepip.pipcompat.reqtext import file_origin, misleading

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins like it
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
_PLAIN_CODEC = re.compile(r"utf-8(-sig)?|ascii|iso8859-\d+|cp125\d|koi8-[rtu]")
"""Where every ASCII byte is itself. Others that Python knows hide text (``utf-7``, ``unicode_escape``)."""


def decode(data: bytes, place: str, *, remote: bool = False) -> str:
    """The text of a requirement file.

    UTF-8, or what a byte order mark says. A coding comment (PEP 263) may say the same, or an 8-bit
    character set such as latin-1; in a remote file pip does not look for one.

    Raises:
        Refused: any other encoding, or bytes that are not of it.
    """
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], codec, place)
    return _decoded(data, "utf-8" if remote else _declared(data, place), place)


def _declared(data: bytes, place: str) -> str:
    for number, row in enumerate(data.split(b"\n", 2)[:2], start=1):
        if row.startswith(b"#") and (match := _CODING.search(row)):
            name = match[1].decode("ascii", "replace")
            try:
                known = codecs.lookup(name).name
            except LookupError:
                known = ""
            if not _PLAIN_CODEC.fullmatch(known):
                text = row.decode("latin-1").rstrip("\r")
                raise Refused(
                    [
                        misleading(
                            f"the file asks to be read as {name!r}, which can hide what it says",
                            file_origin(place, number, text, column=match.start(1), length=len(name)),
                            "save the file as UTF-8 and delete the coding comment",
                        )
                    ]
                )
            return known
    return "utf-8"


def _decoded(data: bytes, codec: str, place: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(codec, "replace")
        number, row = before.count("\n") + 1, before.rpartition("\n")[2]
        bad = data[error.start : error.end].hex(" ")
        raise Refused(
            [
                misleading(
                    f"the file is not {codec}, so what it says depends on who reads it: "
                    f"{error.reason} ({bad}) at byte {error.start}",
                    file_origin(place, number, f"{row}\ufffd", column=len(row), length=1),
                    "save the file as UTF-8",
                )
            ]
        ) from None
