"""Which certificates are accepted, and what is said about the others."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

import pytest

from safepip.core.errors import ConfigurationError, Refused
from safepip.core.finding import Finding
from safepip.core.index import Trust
from safepip.io.certificate import read_certificate
from safepip.io.tls import choose_roots, describe, make_context
from tests.support import certificates
from tests.support.certificates import Certificate
from tests.support.connected import http, request_for, trust
from tests.support.server import IndexServer, Response


def failure(
    server: IndexServer, trust_setting: Trust | None = None, environ: dict[str, str] | None = None
) -> Finding:
    request = request_for(server.origin + "/page", trust=trust_setting or trust())
    with http(environ=environ or {}) as client, pytest.raises(Refused) as caught:
        client.get(request)
    assert server.requests == []
    (finding,) = caught.value.findings
    assert finding.rule == "tls-failure"
    assert finding.help
    return finding


def works(
    server: IndexServer, trust_setting: Trust | None = None, environ: dict[str, str] | None = None
) -> bool:
    server.answer("/page", Response(body=b"hello"))
    with http(environ=environ or {}) as client:
        return client.get(request_for(server.origin + "/page", trust=trust_setting or trust())).status == 200


def test_a_good_certificate_is_accepted():
    with IndexServer() as server:
        assert works(server)


@pytest.mark.parametrize(
    "kind, what",
    [
        (Certificate.EXPIRED, "has expired"),
        (Certificate.NOT_YET_VALID, "not valid yet"),
        (Certificate.WRONG_HOST, "for another host"),
        (Certificate.UNKNOWN_CA, "unknown CA"),
        (Certificate.SELF_SIGNED, "self-signed"),
        (Certificate.MISSING_INTERMEDIATE, "missing intermediate"),
    ],
)
def test_a_bad_certificate_is_refused_with_what_the_server_showed(kind, what):
    with IndexServer(certificate=kind) as server:
        finding = failure(server)
    assert what in finding.message
    shown, issued, roots = finding.notes
    assert "the server showed a certificate for" in shown
    assert "issued by" in issued
    assert certificates.ca_path() in roots


def test_the_notes_name_hosts_issuer_and_dates_of_the_certificate():
    with IndexServer(certificate=Certificate.WRONG_HOST) as server:
        finding = failure(server)
    assert "elsewhere.example" in finding.notes[0]
    assert "safepip test authority" in finding.notes[1]
    assert "2000-01-01" in finding.notes[1]


def test_a_certificate_for_other_addresses_names_them():
    with IndexServer(hosts=("elsewhere.example", "192.0.2.1", "2001:db8::1")) as server:
        finding = failure(server)
    assert "for another host" in finding.message
    assert "a certificate for elsewhere.example, 192.0.2.1, 2001:db8::1 " in finding.notes[0]


def test_a_tls_failure_is_not_tried_again():
    with IndexServer(certificate=Certificate.EXPIRED) as server:
        failure(server)
        # One handshake that failed and one to see what was shown.
        assert server.connections == 2


def test_old_tls_is_refused():
    with IndexServer(newest_tls=ssl.TLSVersion.TLSv1_1) as server:
        assert "no TLS version newer than 1.1" in failure(server).message


def test_tls_1_2_is_accepted():
    with IndexServer(newest_tls=ssl.TLSVersion.TLSv1_2) as server:
        assert works(server)


def test_a_plaintext_server_behind_an_https_url_is_refused():
    with IndexServer(plaintext=True) as server:
        request = request_for(f"https://localhost:{server.port}/page")
        with http() as client, pytest.raises(Refused, match="refused") as caught:
            client.get(request)
    assert "does not speak TLS" in caught.value.findings[0].message


def test_a_bundle_is_exclusive():
    other = Trust(ca_bundle=certificates.other_ca_path())
    with IndexServer() as server:
        assert "unknown CA" in failure(server, other, {"SSL_CERT_FILE": certificates.ca_path()}).message
    with IndexServer(certificate=Certificate.UNKNOWN_CA) as server:
        assert works(server, other)


def test_the_environment_chooses_the_roots_only_where_it_may():
    environ = {"SSL_CERT_FILE": certificates.ca_path()}
    with IndexServer() as server:
        assert "unknown CA" in failure(server, Trust(honour_environment=False), environ).message
        assert works(server, Trust(honour_environment=True), environ)


def test_an_intermediate_in_the_bundle_is_enough(tmp_path):
    bundle = tmp_path / "intermediate.pem"
    with IndexServer(certificate=Certificate.SELF_SIGNED) as server:
        bundle.write_text(ssl.get_server_certificate(("localhost", server.port)))
        assert works(server, Trust(ca_bundle=str(bundle)))


def test_a_client_certificate_is_shown_where_it_is_asked_for():
    with IndexServer(asks_client=True) as server:
        assert "client certificate" in failure(server).message
        named = Trust(ca_bundle=certificates.ca_path(), client_cert=certificates.client_certificate_path())
        assert works(server, named)


def test_a_client_certificate_is_not_shown_to_redirect_targets():
    named = Trust(ca_bundle=certificates.ca_path(), client_cert=certificates.client_certificate_path())
    with IndexServer(asks_client=True) as other, IndexServer() as server:
        server.redirect("/r", other.origin + "/page")
        request = request_for(server.origin + "/r", trust=named, refuses_redirect=lambda _: None)
        with http() as client, pytest.raises(Refused) as caught:
            client.get(request)
    assert "client certificate" in caught.value.findings[0].message
    assert other.requests == []


# -- the roots in use ------------------------------------------------------------------------------


def test_the_roots_are_named():
    path = certificates.ca_path()
    assert describe(Trust(ca_bundle=path), {}) == f"the CA bundle {path} and no other root"
    assert describe(Trust(), {"SSL_CERT_FILE": path}) == f"$SSL_CERT_FILE ({path})"
    assert "trust store" in describe(Trust(honour_environment=False), {"SSL_CERT_FILE": path})
    assert choose_roots(Trust(), {}, "darwin").name == "the operating system's trust store"


def test_a_variable_that_names_nothing_is_passed_over():
    assert "SSL_CERT_FILE" not in describe(
        Trust(), {"SSL_CERT_FILE": "/nowhere/ca.pem", "SSL_CERT_DIR": "/nowhere"}
    )


def test_a_missing_bundle_is_an_error_and_no_fallback(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        make_context(Trust(ca_bundle=str(tmp_path / "missing.pem")), {})


def digest_of(path):
    return "sha256:" + hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_a_bundle_that_is_changed_after_it_was_trusted_is_not_used(tmp_path):
    """Between the check of a project's policy and the first connection, whoever may write there has time."""
    bundle = tmp_path / "ca.pem"
    bundle.write_text(f"# \u00e9\n{Path(certificates.ca_path()).read_text()}", encoding="utf-8")
    agreed = Trust(ca_bundle=str(bundle), ca_digest=digest_of(bundle))
    with IndexServer() as server:
        assert works(server, agreed)

    bundle.write_bytes(Path(certificates.other_ca_path()).read_bytes())
    with pytest.raises(ConfigurationError, match="has changed since"):
        make_context(agreed, {})
    bundle.unlink()
    bundle.mkdir()
    with pytest.raises(ConfigurationError, match="has changed since"):
        make_context(agreed, {})


def test_a_bundle_without_certificates_is_an_error(tmp_path):
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing here\n")
    with pytest.raises(ConfigurationError, match="no certificates"):
        make_context(Trust(ca_bundle=str(empty)), {})


def test_a_broken_client_certificate_is_an_error(tmp_path):
    broken = tmp_path / "client.pem"
    broken.write_text("nothing here\n")
    with pytest.raises(ConfigurationError, match="client certificate"):
        make_context(Trust(ca_bundle=certificates.ca_path(), client_cert=str(broken)), {})


def test_every_context_verifies_and_speaks_tls_1_2_or_newer(monkeypatch, tmp_path):
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    for setting in (Trust(), trust(), Trust(honour_environment=False)):
        context = make_context(setting, {})
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
        assert context.keylog_filename is None


@pytest.mark.parametrize("der", [b"", b"0", b"0\x84\xff\xff\xff\xff", b"0\x02\x30\x00", bytes(100)])
def test_a_malformed_certificate_is_a_value_error(der):
    with pytest.raises(ValueError, match=r"element|fields"):
        read_certificate(der)
