"""Which format, and how a terminal is drawn on: choices, no output."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from safepip.report.facts import Outcome

FORMATS = ("text", "json", "sarif", "github")
Reporter = Callable[[Outcome], str]

_NO_TITLES: Mapping[str, str] = MappingProxyType({})


def reporter_for(
    name: str,
    *,
    version: str,
    color: bool = False,
    width: int | None = None,
    titles: Mapping[str, str] = _NO_TITLES,
    documentation_url: str | None = None,
) -> Reporter:
    """The function that renders an outcome as ``name``, one of :data:`FORMATS`.

    Args:
        name: the value of ``--report-format``.
        version: safepip's.
        color: for ``text``: whether to write ANSI colours.
        width: for ``text``: columns of the terminal; None where there is none.
        titles: for ``sarif``: a line for each rule id.
        documentation_url: for ``sarif``: folder of the rule pages; None leaves the links out.

    Raises:
        ValueError: no such format.
    """
    if name == "text":
        return lambda outcome: _text(outcome, color=color, width=width)
    if name == "json":
        from safepip.report.json import render_json

        return lambda outcome: render_json(outcome, version=version)
    if name == "sarif":
        from safepip.report.sarif import render_sarif

        return lambda outcome: render_sarif(
            outcome, version=version, titles=titles, documentation_url=documentation_url
        )
    if name == "github":
        from safepip.report.github import render_github

        return render_github
    raise ValueError(f"unknown report format {name!r}; choose from {', '.join(FORMATS)}")


def wants_color(*, is_terminal: bool, environ: Mapping[str, str], no_color: bool) -> bool:
    """Whether to write colours: never after ``--no-color`` or with ``NO_COLOR`` set, as pip.

    ``FORCE_COLOR`` asks for them where there is no terminal (build logs).
    """
    if no_color or environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return is_terminal and environ.get("TERM") != "dumb"


def wants_drawing(*, is_terminal: bool, environ: Mapping[str, str]) -> bool:
    """Whether lines may be redrawn: on a terminal that can, and not in CI, which keeps every frame."""
    in_ci = any(environ.get(name) for name in ("BUILD_BUILDID", "BUILD_ID", "CI", "PIP_IS_CI"))
    return is_terminal and environ.get("TERM") != "dumb" and not in_ci


def _text(outcome: Outcome, *, color: bool, width: int | None) -> str:
    from safepip.report.console import render_error, render_findings

    text = render_findings(
        outcome.findings,
        color=color,
        width=width,
        verdict=outcome.verdict,
        consequence=outcome.consequence,
    )
    return text if outcome.error is None else text + render_error(outcome.error, color=color, width=width)
