import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepip.report import redact as redacting
from safepip.report.redact import hide, named_secrets, redact
from safepip.report.visible import shown

USERINFO = st.text(
    alphabet=st.characters(exclude_characters="/?#@", exclude_categories=["Cs", "Zs", "Cc", "Zl", "Zp"]),
    min_size=1,
)


@pytest.mark.parametrize(
    "text, masked",
    [
        ("https://bob:hunter2@host/simple", "https://****@host/simple"),
        ("https://ghp_token@host/simple", "https://****@host/simple"),
        ("https://:hunter2@host", "https://****@host"),
        ("HTTPS://bob:hunter2@host", "HTTPS://****@host"),
        ("//bob:hunter2@host/x", "//****@host/x"),
        ("git+https://bob:hunter2@host/repo@v1", "git+https://****@host/repo@v1"),
        ("https://bob:hun@ter2@host/", "https://****@host/"),
        ("https://bob:hun/ter2@host/x", "https://****@host/x"),
        ("https://bob:hun#ter2@host/x", "https://****@host/x"),
        ("https://bob:hun ter2@host/x", "https://****@host/x"),
        ("https:/bob:hunter2@host/x", "https:/****@host/x"),
        ("https:\\\\bob:hunter2@host/x", "https:\\\\****@host/x"),
        ("https://bob%40corp:hunter2@host", "https://****@host"),
        ("https://bob:${PASSWORD}@host", "https://****:${PASSWORD}@host"),
        ("https://${USER}:hunter2@host", "https://${USER}:****@host"),
        ("a https://x:y@h b https://z@i c", "a https://****@h b https://****@i c"),
        ("--proxy bob:hunter2@proxy.example:3128", "--proxy ****@proxy.example:3128"),
        ("--proxy=bob:hunter2@proxy.example:3128", "--proxy=****@proxy.example:3128"),
        ("proxy = CORP\\bob:hunter2@proxy:3128", "proxy = ****@proxy:3128"),
        ("https://h/x.whl?X-Amz-Signature=abc123&a=b", "https://h/x.whl?X-Amz-Signature=****&a=b"),
        (
            "https://h/x.whl?a=b&access_token=abc123#sha256=00",
            "https://h/x.whl?a=b&access_token=****#sha256=00",
        ),
        ("https://u:p@h/?sig=abc", "https://****@h/?sig=****"),
    ],
)
def test_masks(text, masked):
    assert redact(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "flask==3.1 ; python_version >= '3.9'",
        "https://host/simple",
        "https://@host/simple",
        "https://host:8443/repo@v1",
        "https://host:8443",
        "https://[::1]:8443/repo@v1",
        "https://cdn.example/@scope/x",
        "https://${USER}:${PASSWORD}@host/simple",
        "https://${TOKEN}@host/simple",
        "https://h/?token=${TOKEN}",
        "git+ssh://git@host/repo@v1",
        "git@host:org/repo",
        "name @ https://host/x.whl#sha256=00",
        "FROM python:3.12@sha256:00",
        "C:\\Users\\a@b\\requirements.txt",
        "write to ann@host.example",
        "https://host/x.whl?name=demo&size=3",
    ],
)
def test_leaves_alone_what_is_no_secret(text):
    assert redact(text) == text


@settings(deadline=None)
@given(USERINFO, st.sampled_from(["https://", "git+https://", "//", "see https://", "'https://"]))
def test_no_userinfo_survives(userinfo, before):
    secret = f"s3cret{userinfo}s3cret"
    assert "s3cret" not in redact(f"{before}{secret}@host.example/path")


@settings(deadline=None)
@given(USERINFO, st.text(alphabet="/?# \t:@\\", min_size=1, max_size=5))
def test_no_password_survives_even_where_the_url_cannot_be_read(userinfo, odd):
    assert "s3cret" not in redact(f"https://bob:a{userinfo}s3cret{odd}@host.example/path")


@settings(deadline=None)
@given(st.text())
def test_masking_twice_changes_nothing(text):
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize("unit", ["a", "//a:b", "a:b,", "https://a:b", "?token=", "token", "://", "//a:b "])
def test_a_hostile_line_costs_little_time(unit):
    text = "?" + unit * (50_000 // len(unit)) + "="
    began = time.process_time()
    redact(text + "@")
    assert time.process_time() - began < 1


def test_what_came_out_of_a_variable_is_shown_as_the_variable(monkeypatch):
    monkeypatch.setattr(redacting, "_NAMED", {})
    text = "https://files.example/hunter2/demo.whl gave no answer"
    assert shown(text) == redact(text) == text
    hide("${TOKEN}", "hunter2")
    assert shown(text) == redact(text) == "https://files.example/${TOKEN}/demo.whl gave no answer"
    assert redact("https://bob:hunter2@host/?token=hunter2") == "https://****@host/?token=****"
    assert shown("another text") == "another text"


def test_a_few_letters_are_no_secret(monkeypatch):
    monkeypatch.setattr(redacting, "_NAMED", {})
    hide("${MAJOR}", "3")
    assert redact("demo 3.1") == "demo 3.1"


def test_what_a_file_for_everybody_would_show_is_named(monkeypatch):
    monkeypatch.setattr(redacting, "_NAMED", {})
    hide("${TOKEN}", "hunter2")
    text = 'url = "https://files.example/hunter2/demo.whl"\nindex = "https://host/simple?api_key=abc&a=b"\n'
    assert named_secrets(text) == ("${TOKEN}", "api_key=****")
    assert named_secrets("https://host/${TOKEN}/demo.whl?token=${TOKEN}") == ()
    assert named_secrets('url = "ssh://deploy@host/demo.git"\nsha256 = "0123"') == ()
