"""Reading just enough of a certificate to say in a message what a server presented.

Nothing is decided here: the certificate has already been refused. What it holds is the peer's
word, so the reader is bounded and every oddity is a ValueError.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime

from safepip.core.value import value

_VERSION, _EXTENSIONS, _DNS_NAME, _ADDRESS = 0xA0, 0xA3, 0x82, 0x87
_UTC_TIME, _TEXTS = 0x17, {0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii", 0x14: "latin-1"}
_NAMES = {b"\x55\x04\x03": "CN", b"\x55\x04\x0a": "O", b"\x55\x04\x0b": "OU", b"\x55\x04\x06": "C"}
_SUBJECT_ALT_NAME = b"\x55\x1d\x11"
_TEXT_MAX = 100


@value
class CertificateFacts:
    """What a certificate says. Names are ``CN=…, O=…``; times are aware; hosts are names and addresses."""

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    hosts: tuple[str, ...]

    def lines(self) -> tuple[str, ...]:
        """For the notes of a finding."""
        hosts = ", ".join(self.hosts[:5]) or "no host"
        return (
            f"the server showed a certificate for {hosts} (subject {self.subject or 'empty'})",
            f"issued by {self.issuer or 'nobody named'}, valid {self.not_before:%Y-%m-%d} to {self.not_after:%Y-%m-%d}",
        )


def read_certificate(der: bytes) -> CertificateFacts:
    """Read a DER certificate (RFC 5280 §4.1). Raises ValueError where it is malformed."""
    _, certificate = _one(der)
    _, signed = _one(certificate)
    fields = [field for field in _each(signed) if field[0] != _VERSION]
    if len(fields) < 5:  # serial number, algorithm, issuer, validity, subject
        raise ValueError("too few fields")
    (_, issuer), (_, validity), (_, subject) = fields[2:5]
    not_before, not_after = (_time(tag, content) for tag, content in _each(validity))
    extensions = next((content for tag, content in fields if tag == _EXTENSIONS), b"")
    return CertificateFacts(
        subject=_name(subject),
        issuer=_name(issuer),
        not_before=not_before,
        not_after=not_after,
        hosts=tuple(_hosts(extensions)),
    )


def _one(data: bytes) -> tuple[int, bytes]:
    for element in _each(data):
        return element
    raise ValueError("an element is missing")


def _each(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each DER element (X.690 §8.1)."""
    position = 0
    while position < len(data):
        if position + 2 > len(data):
            raise ValueError("an element is cut short")
        tag, length = data[position], data[position + 1]
        position += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[position : position + size], "big")
            position += size
        if position + length > len(data):
            raise ValueError("an element is cut short")
        yield tag, data[position : position + length]
        position += length


def _name(sequence: bytes) -> str:
    parts = []
    for _, group in _each(sequence):
        for _, pair in _each(group):
            (_, kind), (tag, value) = _each(pair)
            if kind in _NAMES:
                parts.append(f"{_NAMES[kind]}={_text(tag, value)}")
    return ", ".join(parts)


def _text(tag: int, value: bytes) -> str:
    text = value.decode(_TEXTS.get(tag, "latin-1"), "replace")
    return "".join(char if char.isprintable() else "?" for char in text[:_TEXT_MAX])


def _time(tag: int, content: bytes) -> datetime:
    text = content.decode("ascii")
    form = "%y%m%d%H%M%SZ" if tag == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(text, form).replace(tzinfo=UTC)


def _hosts(extensions: bytes) -> Iterator[str]:
    if not extensions:
        return
    _, listed = _one(extensions)
    for _, extension in _each(listed):
        parts = list(_each(extension))
        if parts[0][1] == _SUBJECT_ALT_NAME:
            _, names = _one(parts[-1][1])
            for tag, value in _each(names):
                if tag == _DNS_NAME:
                    yield _text(0x16, value)
                elif tag == _ADDRESS:
                    yield str(ipaddress.ip_address(value))
