"""Who gets credentials: only the exact HTTPS origin they belong to."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import replace

import pytest

from safepip.core.index import Index
from safepip.core.url import Credentials, Url
from safepip.io.credentials import CredentialStore, basic_authorization, find_netrc, keyring_program

NETRC = """
machine index.example login netrc-user password netrc-pw
machine files.example login files-user password files-pw
default login everybody password default-pw
"""


@pytest.fixture
def netrc(tmp_path):
    path = tmp_path / "netrc"
    path.write_text(NETRC)
    return path


def index(url: str = "https://index.example/simple", **fields) -> Index:
    return Index(name="corp", url=Url.parse(url), **fields)


def who(store: CredentialStore, url: str, of: Index) -> str | None:
    found = store.for_index(Url.parse(url), of)
    return found.username if found else None


def test_userinfo_of_the_index_comes_before_netrc(netrc):
    store = CredentialStore(netrc_path=netrc)
    assert who(store, "https://index.example/f.whl", index("https://me:pw@index.example/simple")) == "me"
    assert who(store, "https://index.example/f.whl", index()) == "netrc-user"


@pytest.mark.parametrize(
    "url",
    [
        "https://files.example/f",
        "https://index.example:444/f",
        "http://index.example/f",
        "https://x.example/f",
    ],
)
def test_no_other_origin_gets_any(netrc, url):
    assert who(CredentialStore(netrc_path=netrc), url, index("https://me:pw@index.example/simple")) is None


def test_a_listed_file_host_gets_what_netrc_says_about_it_by_name(netrc):
    store = CredentialStore(netrc_path=netrc)
    listing = index(file_hosts=frozenset({"files.example", "other.example"}))
    assert who(store, "https://files.example/f", listing) == "files-user"
    assert who(store, "https://other.example/f", listing) is None
    assert who(store, "http://files.example/f", listing) is None


def test_the_default_entry_is_for_indexes_only(netrc):
    store = CredentialStore(netrc_path=netrc)
    named = Url.parse("https://texts.example/requirements.txt")
    assert (
        who(store, "https://unknown.example/simple/x/", index("https://unknown.example/simple"))
        == "everybody"
    )
    assert store.for_url(named, named) is None
    direct = replace(index("https://unknown.example/wheels"), direct=True)
    assert who(store, "https://unknown.example/wheels/x.whl", direct) is None


def test_a_named_url_gets_its_own_and_its_redirects_nothing(netrc):
    store = CredentialStore(netrc_path=netrc)
    named = Url.parse("https://me:pw@texts.example/r.txt")
    assert store.for_url(Url.parse("https://texts.example/other"), named) == named.credentials
    assert store.for_url(Url.parse("https://index.example/r.txt"), named) is None


def test_plain_http_gets_nothing_from_netrc(netrc):
    assert (
        who(CredentialStore(netrc_path=netrc), "http://index.example/x", index("http://index.example/simple"))
        is None
    )


@pytest.mark.parametrize("text", ["machine", "\x00", "nonsense here"])
def test_an_unreadable_netrc_counts_for_nothing(tmp_path, text):
    path = tmp_path / "netrc"
    path.write_text(text)
    assert who(CredentialStore(netrc_path=path), "https://index.example/x", index()) is None
    assert who(CredentialStore(netrc_path=tmp_path / "none"), "https://index.example/x", index()) is None


def test_netrc_is_found_as_pip_finds_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_netrc({}) is None
    (tmp_path / "_netrc").write_text("")
    assert find_netrc({}) == tmp_path / "_netrc"
    (tmp_path / ".netrc").write_text("")
    assert find_netrc({}) == tmp_path / ".netrc"
    assert str(find_netrc({"NETRC": "/named"})) == "/named"


def test_keyring_is_asked_once_for_the_url_then_for_the_host():
    asked = []

    def keyring(service, username):
        asked.append((service, username))
        return Credentials(username="user", password="pw") if service == "index.example" else None

    store = CredentialStore(keyring=keyring)
    of = index("https://me@index.example/simple")
    assert store.after_refusal(of, of.url.credentials)
    assert not store.after_refusal(of, Credentials(username="user", password="pw"))
    assert asked == [("https://index.example/simple", "me"), ("index.example", "me")]
    assert who(store, "https://index.example/f", of) == "user"


def test_pages_that_were_refused_together_all_learn_what_was_found():
    store = CredentialStore(keyring=lambda _service, _username: Credentials(username="user", password="pw"))

    assert store.after_refusal(index(), None)
    assert store.after_refusal(index(), None)


def test_the_person_is_asked_after_the_keyring_once_and_never_where_a_password_is_known():
    asked = []

    def ask(host, username):
        asked.append((host, username))
        return Credentials(username=username or "typed", password="pw")

    store = CredentialStore(keyring=lambda _service, _username: None, ask=ask)
    assert store.after_refusal(index(), None)
    assert store.after_refusal(index(), None)
    assert not store.after_refusal(index(), Credentials(username="typed", password="pw"))
    assert asked == [("index.example", None)]
    named = index("https://me@other.example:8443/simple")
    assert store.after_refusal(named, named.url.credentials)
    assert asked[1:] == [("other.example:8443", "me")]
    whole = index("https://me:wrong@third.example/simple")
    assert not store.after_refusal(whole, whole.url.credentials)
    assert len(asked) == 2


def test_what_was_found_for_one_index_is_not_sent_for_another_of_the_same_host():
    def keyring(service, _username):
        first = service == "https://index.example/one/simple"
        return Credentials(username="keyring-one", password="pw") if first else None

    store = CredentialStore(keyring=keyring, ask=lambda _host, _username: None)
    one, two = (
        index(f"https://{userinfo}index.example/{path}/simple")
        for userinfo, path in (("", "one"), ("me:pw@", "two"))
    )
    assert store.after_refusal(one, None)
    assert who(store, "https://index.example/one/f", one) == "keyring-one"
    assert who(store, "https://index.example/two/f", two) == "me"
    assert not store.after_refusal(two, two.url.credentials)


def test_the_person_is_asked_once_for_a_realm_and_again_for_another():
    asked = []

    def ask(host, _username):
        asked.append(host)
        return Credentials(username=f"typed-{len(asked)}", password="pw")

    store = CredentialStore(ask=ask)
    first, second, third = (index(f"https://index.example/{path}/simple") for path in ("one", "two", "three"))
    assert store.after_refusal(first, None, 'Basic realm="a"')
    assert store.after_refusal(second, None, 'Basic realm="a"')
    assert store.after_refusal(third, None, 'Basic realm="b"')
    assert asked == ["index.example", "index.example"]
    assert who(store, "https://index.example/f", second) == "typed-1"
    assert who(store, "https://index.example/f", third) == "typed-2"


def test_a_keyring_that_was_checked_out_is_not_run(tmp_path, monkeypatch):
    program = tmp_path / "keyring"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for path in (".", "", os.pathsep, os.path.relpath(tmp_path)):
        assert keyring_program(path) is None
    assert keyring_program(os.pathsep.join([".", str(tmp_path)])) is not None


def test_keyring_is_never_asked_for_plain_http_or_without_the_option():
    assert not CredentialStore().after_refusal(index(), None)
    assert not CredentialStore(keyring=_never).after_refusal(index("http://localhost/simple"), None)


def test_the_keyring_program(tmp_path):
    program = tmp_path / "keyring"
    program.write_text(
        f"#!{sys.executable}\nimport sys, json\n"
        "print(json.dumps({'username': sys.argv[-1], 'password': ' '.join(sys.argv[1:4])}))\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    ask = keyring_program(str(tmp_path))
    assert ask is not None
    assert ask("https://index.example/simple", "me") == Credentials(
        username="me", password="--mode=creds --output=json get"
    )
    program.write_text(f"#!{sys.executable}\nraise SystemExit(1)\n")
    assert ask("https://index.example/simple", None) is None
    assert keyring_program(str(tmp_path / "nothing")) is None


def test_the_authorization_header():
    assert basic_authorization(Credentials(username="user", password="pw")) == "Basic dXNlcjpwdw=="
    assert basic_authorization(Credentials(username="token", password=None)) == "Basic dG9rZW46"


def _never(_service, _username):
    raise AssertionError("keyring was asked")
