"""Which roots of trust a connection is verified with. One context for each :class:`Trust`.

Every context verifies certificate and host name, speaks TLS 1.2 or newer, and takes its roots from
exactly one place, which :func:`describe` names:

* the bundle of the trust setting, and no other root;
* else ``SSL_CERT_FILE``/``SSL_CERT_DIR``, where the policy lets the environment choose;
* else the operating system's store: through truststore where the system itself verifies (macOS,
  Windows), else by OpenSSL with the system's files. truststore would do the same there, but reads
  them again at every handshake (measured: 23 ms of processor time each, against 1.5 ms);
* else certifi's roots, where the system has none at all (slim containers).

``VERIFY_X509_STRICT`` (on by default from Python 3.13 in ``ssl.create_default_context``) stays off:
it refuses private authorities without key identifiers, as pip does not. A bundle's certificates
are trusted as they stand (``VERIFY_X509_PARTIAL_CHAIN``), so an intermediate is enough.
``SSLKEYLOGFILE`` has no effect.
"""

from __future__ import annotations

import hashlib
import re
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path

from safepip.core.errors import ConfigurationError
from safepip.core.index import Trust
from safepip.core.origin import Layer, Origin, Place
from safepip.core.value import value

_SYSTEM_FILES = (
    "/etc/ssl/cert.pem",  # Alpine, Arch, Fedora, BSD
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # newer Fedora and RHEL
    "/etc/pki/tls/cert.pem",  # older ones
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu
    "/etc/ssl/ca-bundle.pem",  # SUSE
)
_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.[0-9]+\Z", re.IGNORECASE)


@value
class Roots:
    """Where roots are read from.

    Attributes:
        file: PEM file; None: none.
        folder: folder of certificates under their hashed names; None: none.
        name: for people: ``the CA bundle /etc/ssl/company.pem and no other root``.
        exclusive: whether somebody named them, so that nothing else counts.
    """

    name: str
    file: str | None = None
    folder: str | None = None
    exclusive: bool = False


def choose_roots(trust: Trust, environ: Mapping[str, str], platform: str = sys.platform) -> Roots:
    """Which roots count.

    Raises:
        ConfigurationError: a bundle that does not exist or cannot be read.
    """
    if trust.ca_bundle is not None:
        return _bundle(trust.ca_bundle)
    if trust.honour_environment and (named := _from_environment(environ)):
        return named
    if platform in {"darwin", "win32"}:
        return Roots(name="the operating system's trust store")
    return _system_roots() or _certifi_roots()


def describe(trust: Trust, environ: Mapping[str, str]) -> str:
    """The roots in words, for ``explain``, reports and messages."""
    return choose_roots(trust, environ).name


def fingerprint(trust: Trust, environ: Mapping[str, str]) -> str:
    """Which roots count, down to the bytes of a named file: equal texts mean equal roots.

    A folder of certificates, and the system's store, are told by their names.
    """
    roots = choose_roots(trust, environ)
    digest = hashlib.sha256(Path(roots.file).read_bytes()).hexdigest() if roots.file else ""
    return f"{roots.name} {digest}"


def make_context(trust: Trust, environ: Mapping[str, str]) -> ssl.SSLContext:
    """A client context for the trust setting.

    Raises:
        ConfigurationError: a bundle or client certificate that cannot be used.
    """
    roots = choose_roots(trust, environ)
    if roots.file is None and roots.folder is None:
        import truststore

        context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = _openssl_context(roots, trust.ca_digest)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if trust.client_cert is not None:
        _load_client_cert(context, trust.client_cert)
    return context


def _openssl_context(roots: Roots, digest: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if roots.exclusive:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        if digest is None:
            context.load_verify_locations(cafile=roots.file, capath=roots.folder)
        else:
            context.load_verify_locations(cadata=agreed(roots, digest))
    except (ssl.SSLError, OSError) as error:
        raise ConfigurationError(
            f"{roots.name}: no certificates could be read from it ({error})",
            reference="tls-failure",
            origin=_at(roots.file or roots.folder or roots.name),
            hint="the file must hold one or more PEM certificates",
        ) from None
    return context


def agreed(roots: Roots, digest: str) -> str:
    """The certificates of the bundle, whose very bytes were trusted: nobody changes it after the check.

    Raises:
        ConfigurationError: it holds other bytes, or is no file any more.
        OSError.
    """
    content = Path(roots.file).read_bytes() if roots.file else b""
    if f"sha256:{hashlib.sha256(content).hexdigest()}" != digest:
        raise ConfigurationError(
            f"{roots.name}: it has changed since the policy that names it was trusted",
            reference="tls-failure",
            origin=_at(roots.file or roots.folder or roots.name),
            hint="look at it, then: safepip policy trust",
        )
    return content.decode("ascii", errors="ignore")  # what stands between the certificates may be in any


def certificates(roots: Roots, digest: str | None) -> bytes:
    """The roots as one PEM text, for a program that is to believe these and no others.

    Args:
        digest: what the file has to hold (:attr:`Trust.ca_digest`); None: whatever it holds.

    Raises:
        ConfigurationError: as :func:`make_context`.
    """
    try:
        parts = []
        if roots.file is not None:
            parts = [Path(roots.file).read_bytes() if digest is None else agreed(roots, digest).encode()]
        if roots.folder is not None:
            entries = sorted(Path(roots.folder).iterdir())
            parts += [entry.read_bytes() for entry in entries if _HASHED_NAME.match(entry.name)]
        return b"\n".join(parts)
    except OSError as error:
        raise ConfigurationError(
            f"{roots.name}: no certificates could be read from it ({error})",
            reference="tls-failure",
            origin=_at(roots.file or roots.folder or roots.name),
            hint="name an existing PEM file, or remove the setting to use the system's roots",
        ) from None


def _bundle(path: str) -> Roots:
    name = f"the CA bundle {path} and no other root"
    place = Path(path)
    try:
        if place.is_dir():
            return Roots(name=name, folder=path, exclusive=True)
        with place.open("rb"):
            return Roots(name=name, file=path, exclusive=True)
    except OSError as error:
        raise ConfigurationError(
            f"the CA bundle {path} cannot be read: {error.strerror}",
            reference="tls-failure",
            origin=_at(path),
            hint="name an existing PEM file, or remove the setting to use the system's roots",
        ) from None


def _from_environment(environ: Mapping[str, str]) -> Roots | None:
    """``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` as OpenSSL reads them; names that do not exist are passed over."""
    file, folder = environ.get("SSL_CERT_FILE", ""), environ.get("SSL_CERT_DIR", "")
    found_file = file if file and Path(file).is_file() else None
    found_folder = folder if folder and Path(folder).is_dir() else None
    named = [
        f"${key}" for key, found in (("SSL_CERT_FILE", found_file), ("SSL_CERT_DIR", found_folder)) if found
    ]
    if not named:
        return None
    places = " and ".join(place for place in (found_file, found_folder) if place)
    return Roots(name=f"{' and '.join(named)} ({places})", file=found_file, folder=found_folder)


def _system_roots() -> Roots | None:
    """The places OpenSSL was built with, else those of other systems. The environment has no say."""
    built_in = ssl.get_default_verify_paths()
    file = built_in.openssl_cafile if Path(built_in.openssl_cafile).is_file() else None
    folder = built_in.openssl_capath if _holds_certificates(Path(built_in.openssl_capath)) else None
    if file is None and folder is None:
        file = next((place for place in _SYSTEM_FILES if Path(place).is_file()), None)
    if file is None and folder is None:
        return None
    return Roots(name=f"the system's trust store ({file or folder})", file=file, folder=folder)


def _certifi_roots() -> Roots:
    import certifi

    return Roots(name="certifi's roots, because this system has no trust store", file=certifi.where())


def _holds_certificates(folder: Path) -> bool:
    try:
        return any(_HASHED_NAME.match(entry.name) for entry in folder.iterdir())
    except OSError:
        return False


def _load_client_cert(context: ssl.SSLContext, path: str) -> None:
    try:
        context.load_cert_chain(path, password=_no_password)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise ConfigurationError(
            f"the client certificate {path} cannot be used: {error}",
            reference="tls-failure",
            origin=_at(path),
            hint="the file must hold a PEM certificate and its key, not encrypted",
        ) from None


def _at(path: str) -> Origin:
    return Origin(layer=Layer.OPERATOR, kind=Place.FILE, place=path)


def _no_password() -> str:
    """OpenSSL would ask on the terminal for the password of an encrypted key."""
    raise ValueError("its key is encrypted")
