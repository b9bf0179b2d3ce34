"""Whatever a finding holds: no secret, no control character and no command leaves through any format."""

import json
import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safepip.core.errors import ConfigurationError
from safepip.core.finding import Finding, Level, Location
from safepip.core.origin import Layer, Origin, Place
from safepip.report.choose import FORMATS, reporter_for
from safepip.report.facts import Outcome
from safepip.report.log import Run, artifacts, decision, render_log
from tests.report import samples

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""These values are large, and a busy machine is no failure."""

SECRET = "s3cr3t"
OWN_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
EVIL = st.text(
    alphabet=st.one_of(
        st.sampled_from("\x1b\x07\r\n\x9b\u202e\u200b:#[]@/%,{}\udcff\x85\u2028"), st.characters()
    ),
    max_size=12,
)
PART = st.text(
    alphabet=st.characters(exclude_characters="/?#@\n\r", exclude_categories=["Zs", "Zl", "Zp", "Cc"]),
    max_size=6,
)


@st.composite
def texts(draw):
    """Text by others, with a secret in the userinfo of a URL and anything around it."""
    url = f"https://{draw(PART)}{SECRET}{draw(PART)}@index.example/{SECRET.upper()}"
    return draw(EVIL) + " " + url + " " + draw(EVIL)


@st.composite
def origins(draw):
    text = draw(st.none() | texts())
    return Origin(
        layer=draw(st.sampled_from(Layer)),
        kind=draw(st.sampled_from(Place)),
        place=draw(texts()),
        line=draw(st.none() | st.integers(1, 99)),
        column=draw(st.none() | st.integers(1, 60)),
        length=draw(st.none() | st.integers(0, 60)),
        text=text,
        key=draw(st.none() | texts()),
    )


@st.composite
def findings(draw):
    return Finding(
        rule=draw(st.sampled_from(["plaintext-index", "x"])),
        message=draw(texts()),
        origin=draw(origins()),
        level=draw(st.sampled_from([Level.WARN, Level.DENY])),
        subject=draw(st.none() | texts()),
        help=draw(st.none() | texts()),
        decided_by=draw(texts()),
        notes=tuple(draw(st.lists(texts(), max_size=2))),
        related=tuple(
            Location(origin=draw(origins()), label=draw(texts())) for _ in range(draw(st.integers(0, 1)))
        ),
    )


def outcome(found: list[Finding]) -> Outcome:
    first = found[0]
    error = ConfigurationError(
        first.message, reference="r", origin=first.origin, hint=first.help, notes=first.notes
    )
    plain = samples.plan()
    dirty = replace(
        plain.steps[0], file=replace(plain.steps[0].file, url=first.message, filename=first.message)
    )
    return Outcome(
        verdict="refused",
        exit_code=10,
        findings=tuple(found),
        error=error,
        plan=replace(plain, steps=(dirty,)),
    )


def assert_harmless(text: str) -> None:
    assert SECRET not in text
    assert "##[" not in text
    for line in text.split("\n"):
        assert all(
            unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in line
        )


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "github"])
@UNHURRIED
@given(found=st.lists(findings(), min_size=1, max_size=3))
def test_no_format_leaks_or_acts(name, found):
    text = reporter_for(name, version="0.1.0")(outcome(found))
    assert_harmless(text)
    assert not any(line.lstrip().startswith("::") for line in text.split("\n"))
    if name != "text":
        json.loads(text)


@UNHURRIED
@given(found=st.lists(findings(), min_size=1, max_size=3))
def test_annotations_leak_nothing_and_are_only_ours(found):
    text = reporter_for("github", version="0.1.0")(outcome(found))
    assert_harmless(text)
    lines = text.removesuffix("\n").split("\n")
    assert len(lines) == len(found) + 1
    assert all(re.match(r"::(error|warning) [^:]*::", line) for line in lines)


def test_a_backslash_in_an_address_uncovers_no_password_in_an_annotation():
    origin = Origin(layer=Layer.MACHINE, kind=Place.FILE, place=f"https://{SECRET}\\@index.example/x")
    finding = Finding(rule="x", message="no", origin=origin, level=Level.WARN, decided_by="y")
    text = reporter_for("github", version="0.1.0")(
        Outcome(verdict="refused", exit_code=10, findings=(finding,))
    )
    assert_harmless(text)
    assert "file=https%3A//****@index.example/x" in text


@UNHURRIED
@given(found=st.lists(findings(), min_size=1, max_size=3), width=st.integers(1, 200))
def test_colours_are_only_ours(found, width):
    text = reporter_for("text", version="0.1.0", color=True, width=width)(outcome(found))
    assert_harmless(OWN_COLOURS.sub("", text))


@UNHURRIED
@given(found=st.lists(findings(), min_size=1, max_size=3))
def test_the_log_leaks_nothing(found):
    plan = outcome(found).plan
    assert plan is not None
    records = [*(decision(each, exemption=each.message) for each in found), *artifacts(plan)]
    text = render_log(records, Run(time=samples.NOW, policy="", command=found[0].message))
    assert_harmless(text)
    assert text.count("\n") == len(records)


def test_the_twin_without_userinfo_is_shown():
    finding = Finding(rule="x", message=f"see https://index.example/{SECRET}", origin=samples.in_file())
    for name in FORMATS:
        assert SECRET in reporter_for(name, version="0.1.0")(
            Outcome(verdict="refused", exit_code=10, findings=(finding,))
        )
