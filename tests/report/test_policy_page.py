"""Policy pages: texts by others stay harmless, secrets stay hidden, JSON holds the same facts."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from safepip.core.origin import BUILT_IN, Layer, Origin, Place
from safepip.core.policy_page import EntryInForce, FileInForce, KeyInForce, PolicyPage, TrustedState
from safepip.core.trusted import TrustedPolicy
from safepip.report.policy_page import (
    checked_text,
    page_json,
    page_text,
    revoked_json,
    revoked_text,
    trust_json,
    trust_text,
    trusted_json,
    trusted_text,
    written_json,
    written_text,
)

NASTY = "a\x1b[31m\u202eb\n::error::c"
SECRET = "https://me:s3cret@index.example/simple"
PLACE = Origin(layer=Layer.PROJECT, kind=Place.FILE, place=f"{NASTY}.toml", line=1, column=1, text=NASTY)
ENTRY = TrustedPolicy(
    path=f"/{NASTY}/safepip.toml",
    content="sha256:aa",
    files=((f"/{NASTY}.pem", "sha256:bb"),),
    since=datetime(2026, 11, 21, tzinfo=UTC),
)


def page() -> PolicyPage:
    return PolicyPage(
        fingerprint="sha256:cc",
        files=(
            FileInForce(
                path=f"/{NASTY}",
                layer="project",
                sha256="00",
                content="sha256:aa",
                trusted=False,
                doubt=NASTY,
                set_aside=(NASTY, f'[[index]] url = "{SECRET}"'),
            ),
        ),
        keys=(
            KeyInForce(path="hashes.mode", value="files", origin=BUILT_IN),
            KeyInForce(path="log.file", value=None, origin=BUILT_IN),
            KeyInForce(path="urls.allow", value=[NASTY], origin=PLACE),
        ),
        levels=(KeyInForce(path="rules.x", value="deny", origin=PLACE),),
        indexes=(EntryInForce(said={"name": "corp", "url": SECRET, "packages": []}, origin=PLACE),),
        exemptions=(EntryInForce(said={"rule": "x", "reason": NASTY}, origin=PLACE, state="ended"),),
    )


def texts() -> list[str]:
    state = TrustedState(entry=ENTRY, state=NASTY)
    return [
        page_text(page()),
        page_json(page(), ()),
        trust_text(ENTRY, [NASTY, SECRET]),
        trust_json(ENTRY, [NASTY, SECRET], ()),
        trusted_text([state]),
        trusted_json([state]),
        written_text(NASTY),
        written_json(NASTY, ()),
        revoked_text(NASTY),
        revoked_json(NASTY),
        checked_text([NASTY]),
    ]


def test_nothing_of_others_acts_on_a_terminal_or_a_build_service() -> None:
    for text in texts():
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert not any(line.startswith("::") for line in text.splitlines())


def test_no_secret_is_printed() -> None:
    for text in texts():
        assert "s3cret" not in text


def test_what_nobody_set_is_told_from_what_is_empty() -> None:
    text = page_text(page())
    assert "  log.file     -" in text
    assert "    packages  []" in text
    facts = json.loads(page_json(page(), ()))
    assert facts["keys"]["log.file"] == {"value": None, "default": True, "place": None}
    assert facts["indexes"][0]["said"]["packages"] == []


def test_every_report_says_what_it_is() -> None:
    kinds = [json.loads(text)["kind"] for text in texts() if text.startswith("{")]
    assert kinds == ["policy", "trusted-policy", "trusted-policies", "written-policy", "revoked-policy"]
    for text in texts():
        if text.startswith("{"):
            facts = json.loads(text)
            assert (facts["version"], facts["tool"]["name"]) == ("1", "safepip")


def test_nothing_to_tell_is_told() -> None:
    assert trusted_text([]) == "No project's policy is trusted.\n"
    assert checked_text([]) == "No policy file takes part.\n"
    assert "It only refuses" in trust_text(ENTRY, [])
