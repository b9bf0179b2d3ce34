"""A private certificate authority and server certificates, good and bad in one chosen way."""

from __future__ import annotations

import atexit
import shutil
import ssl
import tempfile
import warnings
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Certificate(Enum):
    """What kind of certificate a server shows."""

    GOOD = "good"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    WRONG_HOST = "wrong-host"
    UNKNOWN_CA = "unknown-ca"
    SELF_SIGNED = "self-signed"
    MISSING_INTERMEDIATE = "missing-intermediate"


@cache
def authority() -> trustme.CA:
    """The authority that tests trust; one for the whole run."""
    return trustme.CA(organization_name="safepip test authority")


@cache
def other_authority() -> trustme.CA:
    """An authority that nobody trusts."""
    return trustme.CA(organization_name="somebody else's authority")


@cache
def _folder() -> str:
    """One folder for all certificate files of a test process; gone with it."""
    folder = tempfile.mkdtemp(prefix="safepip-test-ca-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def ca_path() -> str:
    """A PEM file with the certificate of :func:`authority`."""
    path = Path(_folder()) / "ca.pem"
    authority().cert_pem.write_to_path(path)
    return str(path)


@cache
def other_ca_path() -> str:
    """A PEM file with the certificate of :func:`other_authority`."""
    path = Path(_folder()) / "other.pem"
    other_authority().cert_pem.write_to_path(path)
    return str(path)


@cache
def client_certificate_path() -> str:
    """A PEM file with a client certificate of :func:`authority` and its key, for mTLS."""
    path = Path(_folder()) / "client.pem"
    authority().issue_cert("client@index.example").private_key_and_cert_chain_pem.write_to_path(path)
    return str(path)


def server_context(
    kind: Certificate = Certificate.GOOD,
    *hosts: str,
    newest: ssl.TLSVersion | None = None,
    asks_client: bool = False,
) -> ssl.SSLContext:
    """A server's TLS context for the hosts (``localhost`` and ``127.0.0.1`` if none is given).

    ``newest`` caps the TLS version, ``asks_client`` demands a client certificate of the authority.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder) / "server.pem"
        pem.write_bytes(_pem(kind, hosts or ("localhost", "127.0.0.1")))
        context.load_cert_chain(pem)
    if newest is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old versions are the point
            context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, newest
    if asks_client:
        context.verify_mode = ssl.CERT_REQUIRED
        authority().configure_trust(context)
    return context


def _pem(kind: Certificate, hosts: tuple[str, ...]) -> bytes:
    now = datetime.now(UTC)
    match kind:
        case Certificate.SELF_SIGNED:
            return _self_signed(hosts)
        case Certificate.WRONG_HOST:
            leaf = authority().issue_cert("elsewhere.example")
        case Certificate.UNKNOWN_CA:
            leaf = other_authority().issue_cert(*hosts)
        case Certificate.EXPIRED:
            leaf = authority().issue_cert(
                *hosts, not_before=now - timedelta(days=90), not_after=now - timedelta(days=1)
            )
        case Certificate.NOT_YET_VALID:
            leaf = authority().issue_cert(*hosts, not_before=now + timedelta(days=30))
        case Certificate.MISSING_INTERMEDIATE:
            leaf = authority().create_child_ca().issue_cert(*hosts)
            return leaf.private_key_pem.bytes() + leaf.cert_chain_pems[0].bytes()
        case _:
            leaf = authority().issue_cert(*hosts)
    return leaf.private_key_and_cert_chain_pem.bytes()


def _self_signed(hosts: tuple[str, ...]) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "self-signed.example")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts if not host[0].isdigit()])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key_pem + certificate.public_bytes(serialization.Encoding.PEM)
