from safepip.core.errors import (
    ConfigurationError,
    ExitCode,
    Refused,
    ResolutionError,
    SafepipError,
    UsageError,
)
from safepip.core.finding import Finding, Level
from safepip.report.console import render_error, render_finding, render_findings
from tests.report import samples
from tests.report.golden import assert_golden


def test_a_finding_has_the_documented_shape():
    assert_golden("console-finding.txt", render_finding(samples.plaintext_index(), color=False))


def test_the_command_line_is_shown_with_carets_under_the_argument():
    assert_golden("console-argument.txt", render_finding(samples.trusted_host(), color=False))


def test_related_places_follow_with_their_labels_and_one_gutter():
    assert_golden("console-related.txt", render_finding(samples.ambiguous_project(), color=False))


def test_a_stage_shows_all_findings_denials_last_then_one_summary():
    assert_golden("console-stage.txt", render_findings(samples.all_findings(), color=False))


def test_colour_repeats_what_the_words_say():
    import re

    coloured = render_findings(samples.all_findings(), color=True)
    assert "\x1b[1;31merror[plaintext-index]\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render_findings(samples.all_findings(), color=False)


def test_the_same_finding_at_several_places_is_one_block():
    findings = [samples.yanked_release(line) for line in (9, 3, 5, 7, 8, 6, 3)]
    text = render_findings(findings, color=False)
    assert text.count("warning[yanked-release]") == 1
    assert "--> requirements.txt:3:1\n" in text
    assert (
        "= note: and 5 more places: requirements.txt:5:1, requirements.txt:6:1, requirements.txt:7:1, requirements.txt:8:1, …"
        in text
    )


def test_findings_that_differ_are_not_folded():
    other = Finding(
        rule="yanked-release", message="other", origin=samples.yanked_release().origin, level=Level.WARN
    )
    text = render_findings([samples.yanked_release(), other], color=False)
    assert text.count("warning[yanked-release]") == 2


def test_of_many_findings_of_one_rule_those_in_the_middle_are_told_in_brief():
    findings = [
        Finding(
            rule="r", message=f"p{n} has none", origin=samples.in_file(line=n), level=Level.DENY, help="do"
        )
        for n in range(1, 10)
    ]
    text = render_findings(findings, color=False)
    assert text.count("= help: do") == 4
    assert "error[r]: p5 has none (requirements.txt:5)\nerror[r]: p6 has none (" in text
    assert all(f"p{n} has none" in text for n in range(1, 10))
    assert render_findings(findings[:6], color=False).count("= help: do") == 6


def test_warnings_alone_have_a_summary_without_a_refusal():
    text = render_findings([samples.yanked_release()], color=False)
    assert text.endswith("\nsafepip: 1 warning\n")
    assert "refused" not in text


def test_no_findings_are_no_output():
    off = Finding(rule="x", message="m", origin=samples.yanked_release().origin, level=Level.OFF)
    assert render_findings([], color=False) == ""
    assert render_findings([off], color=False) == ""


def test_an_error_looks_like_a_finding():
    error = ConfigurationError(
        "unknown key 'mod'",
        reference="unknown-key",
        origin=samples.in_file('mod = "files"', "mod", place="safepip.toml", line=104),
        hint="did you mean 'mode'?",
        notes=("read because it is the nearest safepip.toml",),
    )
    assert_golden("console-error.txt", render_error(error, color=False))


def test_an_error_without_reference_or_place_is_one_line():
    assert render_error(SafepipError("no such folder"), color=False) == "ERROR: no such folder\n"


def test_where_pip_ends_in_the_same_way_its_words_come_first():
    error = ResolutionError(
        "No matching distribution found for demo",
        reference="not-found",
        preface=("Could not find a version that satisfies the requirement demo (from versions: none)",),
        notes=("demo comes from corp and nowhere else",),
    )
    assert render_error(error, color=False).splitlines() == [
        "ERROR: Could not find a version that satisfies the requirement demo (from versions: none)",
        "ERROR: No matching distribution found for demo",
        "   = note: demo comes from corp and nowhere else",
    ]


def test_where_pip_ends_otherwise_the_kind_of_error_is_named():
    usage = UsageError("no such option: --indx", reference="unknown-option")
    assert render_error(usage, color=False).splitlines() == [
        "error[unknown-option]: no such option: --indx",
        "   = see: safepip explain unknown-option",
    ]


def test_an_error_of_several_lines_keeps_them_and_cannot_command_a_runner():
    error = ResolutionError(
        "no answer\n\nThe conflict is caused by:\n    demo 1.0 depends on x\n::error::owned"
    )
    assert render_error(error, color=False).splitlines() == [
        "ERROR: no answer",
        "",
        "  The conflict is caused by:",
        "      demo 1.0 depends on x",
        "  \\::error::owned",
    ]


def test_a_refusal_is_shown_as_its_findings():
    refused = Refused([samples.plaintext_index()], exit_code=ExitCode.VERIFICATION)
    assert render_error(refused, color=False) == render_findings([samples.plaintext_index()], color=False)
