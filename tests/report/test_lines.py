import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from safepip.core.kept import Saved
from safepip.core.plan import Plan, Satisfied
from safepip.report import lines
from tests.report.samples import step


def satisfied(text="idna>=2", location="/project/env/lib", needed_by=()):
    return Satisfied(
        project=canonicalize_name("idna"),
        version=Version("3.10"),
        text=text,
        location=location,
        needed_by=needed_by,
    )


@pytest.mark.parametrize(
    "kept, line",
    [
        (satisfied(), "Requirement already satisfied: idna>=2 in ./env/lib (3.10)"),
        (satisfied(location="/usr/lib"), "Requirement already satisfied: idna>=2 in /usr/lib (3.10)"),
        (
            satisfied(needed_by=("requests", "-r r.txt (line 1)")),
            "Requirement already satisfied: idna>=2 in ./env/lib (from requests->-r r.txt (line 1)) (3.10)",
        ),
        (
            satisfied(text="idna@ https://bob:pw@host.example/idna.whl"),
            "Requirement already satisfied: idna@ https://****@host.example/idna.whl in ./env/lib (3.10)",
        ),
    ],
)
def test_already_satisfied(kept, line):
    assert lines.already_satisfied(kept, cwd="/project") == line


def test_would_install_sorts_metadata_names_as_pip_does():
    plan = Plan(steps=(step("zope", "1"), step("Flask", "3"), step("abc", "2"), step("abc", "10")))
    assert lines.would_install(plan) == "Would install Flask-3 abc-10 abc-2 zope-1"


def test_successfully_installed_names_what_was_asked_for():
    plan = Plan(
        steps=(
            step("idna", "3.10", asked=["idna<4,>=2.5"]),
            step("Flask", "3.1.2", asked=["fLASK[async]>=3 ; python_version > '3'", "flask"]),
            step("Demo", "1.0", asked=["./demo-1.0-py3-none-any.whl"]),
        )
    )
    assert lines.successfully_installed(plan) == "Successfully installed Demo-1.0 fLASK-3.1.2 idna-3.10"


def test_an_empty_plan_has_no_closing_line():
    assert lines.would_install(Plan(steps=())) is None
    assert lines.successfully_installed(Plan(steps=())) is None
    assert lines.successfully_downloaded(()) is None


def test_download_lines():
    assert lines.successfully_downloaded((step("B"), step("a"))) == "Successfully downloaded B a"
    assert lines.saved(Saved(path="/project/wheels/a.whl"), cwd="/project") == "Saved ./wheels/a.whl"
    assert lines.saved(Saved(path="/other/a.whl"), cwd="/project") == "Saved /other/a.whl"


def test_a_name_cannot_write_escape_sequences():
    plan = Plan(steps=(step("Demo", "1.0", asked=["\x1b[2J"]),))
    assert lines.successfully_installed(plan) == "Successfully installed Demo-1.0"
    assert lines.saved(Saved(path="/w/\x1b[2J\n::error::.whl"), cwd="/w") == "Saved ./␛[2J␊::error::.whl"


@pytest.mark.parametrize(
    "size", [0, 1, 999, 1000, 1001, 9_999, 10_000, 10_001, 102_900, 999_999, 1_000_001, 22_049_999]
)
def test_sizes_are_rounded_as_pip_rounds_them(size):
    from pip._internal.utils.misc import format_size

    assert lines.size_text(size) == format_size(size)


@pytest.mark.parametrize("path", ["/project/x", "/project", "/project/a/b", "/other", "relative"])
def test_paths_are_displayed_as_pip_displays_them(path, tmp_path, monkeypatch):
    from pip._internal.utils.misc import display_path

    monkeypatch.chdir(tmp_path)
    path = path.replace("/project", str(tmp_path))
    assert lines.display_path(path, str(tmp_path)) == display_path(path)
