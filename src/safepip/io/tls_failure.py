"""A failed handshake in words: what is wrong, which roots were used, what to do."""

from __future__ import annotations

import contextlib
import socket
import ssl

from safepip.core.finding import Finding
from safepip.core.origin import Origin
from safepip.core.url import Url
from safepip.core.value import value
from safepip.io.certificate import CertificateFacts, read_certificate

_PROBE_SECONDS = 3.0


@value
class Diagnosis:
    """``what`` completes "https://host: …"; ``help`` is an instruction."""

    what: str
    help: str


_UNKNOWN_ISSUER = Diagnosis(
    what="its certificate was issued by a CA that is not trusted (unknown CA, or a missing intermediate certificate)",
    help="if the CA is your company's, name its certificate as the index's ca-bundle; "
    "else the server must send its intermediate certificates",
)
_BY_VERIFY_CODE = {
    9: Diagnosis(
        what="its certificate is not valid yet",
        help="check this machine's clock, then the server's certificate",
    ),
    10: Diagnosis(
        what="its certificate has expired",
        help="the server needs a new certificate; check this machine's clock",
    ),
    18: Diagnosis(
        what="its certificate is self-signed and not among the trusted roots",
        help="if this server is meant, put its certificate in a file and name that as the index's ca-bundle",
    ),
    19: Diagnosis(
        what="its certificate chain ends in a root that is not trusted (unknown CA)",
        help="if the CA is your company's, name its certificate as the index's ca-bundle",
    ),
    20: _UNKNOWN_ISSUER,
    21: _UNKNOWN_ISSUER,
    62: Diagnosis(
        what="its certificate is for another host (wrong host)",
        help="check the spelling of the host; the server needs a certificate for this name",
    ),
    64: Diagnosis(
        what="its certificate is for another address (wrong host)",
        help="use the host's name in place of its address, or a certificate with the address",
    ),
}
_BY_REASON = {
    "WRONG_VERSION_NUMBER": Diagnosis(
        what="it does not speak TLS on this port", help="check the port; plain http is never used"
    ),
    "HTTP_REQUEST": Diagnosis(
        what="it does not speak TLS on this port", help="check the port; plain http is never used"
    ),
}
_OLD_TLS = Diagnosis(
    what="it speaks no TLS version newer than 1.1", help="the server must offer TLS 1.2 or newer"
)
_OLD_REASONS = frozenset({"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "VERSION_TOO_LOW"})
_WEAK = Diagnosis(
    what="its key or signature is too weak for this system",
    help="the server needs a newer certificate and ciphers",
)
_WEAK_REASONS = frozenset(
    {"DH_KEY_TOO_SMALL", "EE_KEY_TOO_SMALL", "CA_MD_TOO_WEAK", "SSLV3_ALERT_HANDSHAKE_FAILURE"}
)
_WANTS_CLIENT = Diagnosis(
    what="it asks for a client certificate, or refuses the one it got",
    help="name a PEM file with certificate and key as the index's client-cert",
)
_CLIENT_REASONS = frozenset({
    "TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_BAD_CERTIFICATE", "TLSV1_ALERT_UNKNOWN_CA",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN", "SSLV3_ALERT_CERTIFICATE_EXPIRED",
})  # fmt: skip


def is_tls_failure(error: ssl.SSLError) -> bool:
    """Whether the handshake was refused, as against a connection that broke off during it."""
    return not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError)


def diagnose(error: ssl.SSLError) -> Diagnosis:
    """What is wrong, from OpenSSL's codes or, where the system verified, from its words."""
    reason = error.reason or ""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _BY_VERIFY_CODE.get(getattr(error, "verify_code", 0)) or _in_its_words(error)
    if reason in _OLD_REASONS:
        return _OLD_TLS
    if reason in _CLIENT_REASONS:
        return _WANTS_CLIENT
    if reason in _WEAK_REASONS:
        return _WEAK
    return _BY_REASON.get(reason) or _in_its_words(error)


def _in_its_words(error: ssl.SSLError) -> Diagnosis:
    words = getattr(error, "verify_message", "") or error.reason or str(error)
    return Diagnosis(what=f"TLS failed: {words}", help="check the server's certificate and the roots in use")


def tls_finding(
    error: ssl.SSLError, url: Url, roots: str, origin: Origin, presented: CertificateFacts | None
) -> Finding:
    """The ``tls-failure`` finding.

    Args:
        roots: the roots in words, from :func:`safepip.io.tls.describe`.
        presented: what the server showed; None if it is not known.
    """
    diagnosis = diagnose(error)
    return Finding(
        rule="tls-failure",
        message=f"{url.scheme}://{url.netloc} cannot be trusted: {diagnosis.what}",
        origin=origin,
        subject=url.host,
        help=diagnosis.help,
        decided_by="safepip's default (no setting turns verification off)",
        notes=(*(presented.lines() if presented else ()), f"verified against {roots}"),
    )


def presented_certificate(url: Url) -> CertificateFacts | None:
    """What the server shows, for a message about a connection that was already refused.

    The handshake is not verified, because the point is to see what failed. Nothing is sent over the
    connection and nothing is read from it. None where it cannot be had.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(OSError, ValueError):
        address = (url.host, url.port or 443)
        with (
            socket.create_connection(address, timeout=_PROBE_SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=url.host) as tls,
        ):
            return read_certificate(tls.getpeercert(binary_form=True) or b"")
    return None
