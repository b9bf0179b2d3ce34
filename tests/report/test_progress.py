import io
import subprocess
import sys
import threading

import pytest

from safepip.core.events import (
    DownloadAdvanced,
    DownloadBegan,
    DownloadFinished,
    Found,
    Noted,
    ProjectListed,
    StageBegan,
)
from safepip.report.progress import DrawnProgress, LineProgress, Progress, RawProgress, progress_on
from tests.report import samples

DEMO = "demo-1.0-py3-none-any.whl"
IDNA = "idna-3.10-py3-none-any.whl"
RUN = [
    StageBegan(stage="resolving"),
    ProjectListed(project="demo", index="pypi"),
    ProjectListed(project="idna", index="pypi"),
    Noted(text="wheelhouse serves idna, exclusively"),
    Found(finding=samples.yanked_release()),
    StageBegan(stage="downloading", total=2),
    DownloadBegan(filename=DEMO, size=2_000_000, cached=False),
    DownloadBegan(filename=IDNA, size=70_000, cached=True),
    DownloadAdvanced(filename=DEMO, received=500_000),
    DownloadAdvanced(filename=DEMO, received=1_500_000),
    DownloadFinished(filename=DEMO),
    StageBegan(stage="verifying", total=2),
    StageBegan(stage="installing", total=1),
]


class FakeClock:
    """Moves on by a second whenever it is read."""

    def __init__(self, step: float = 1.0) -> None:
        self.now = 0.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


class BrokenStream(io.StringIO):
    """A pipe whose reader went away."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def played(sink: Progress, stream: io.StringIO) -> str:
    with sink:
        for event in RUN:
            sink(event)
    return stream.getvalue()


def screen(text: str) -> list[str]:
    """The lines that a terminal shows in the end, for text that only returns the carriage."""
    lines = [""]
    column = 0
    for character in text:
        if character == "\r":
            column = 0
        elif character == "\n":
            lines.append("")
            column = 0
        else:
            line = lines[-1].ljust(column)
            lines[-1] = line[:column] + character + line[column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]


@pytest.fixture
def without_rich(monkeypatch):
    monkeypatch.setitem(sys.modules, "rich.console", None)
    monkeypatch.setitem(sys.modules, "rich.progress", None)


def test_lines_off_a_terminal():
    stream = io.StringIO()
    assert played(LineProgress(stream), stream).splitlines() == [
        "Resolving",
        "wheelhouse serves idna, exclusively",
        "Fetching 2 files",
        f"Downloading {DEMO} (2.0 MB)",
        f"Using cached {IDNA} (70 kB)",
        "Verifying 2 files",
        "Installing 1 package",
    ]


def test_verbose_lines_tell_who_answered():
    stream = io.StringIO()
    assert "demo: answered by pypi\n" in played(LineProgress(stream, verbosity=1), stream)


@pytest.mark.parametrize(
    "verbosity, said", [(-1, ["wheelhouse serves idna, exclusively"]), (-2, []), (-3, [])]
)
@pytest.mark.parametrize("bar", ["auto", "on", "off", "raw"])
def test_quiet_is_quiet(verbosity, said, bar):
    stream = io.StringIO()
    assert played(progress_on(stream, bar=bar, verbosity=verbosity, drawn=True), stream).splitlines() == said


def test_an_empty_stage_is_not_announced():
    stream = io.StringIO()
    LineProgress(stream)(StageBegan(stage="downloading", total=0))
    assert stream.getvalue() == ""


def test_raw_progress_is_pips():
    stream = io.StringIO()
    lines = played(RawProgress(stream, clock=FakeClock()), stream).splitlines()
    assert [line for line in lines if line.startswith("Progress")] == [
        "Progress 0 of 2000000",
        "Progress 0 of 2000000",
        "Progress 500000 of 2000000",
        "Progress 2000000 of 2000000",
        "Progress 2000000 of 2000000",
    ]


def test_raw_progress_is_not_spammed():
    stream = io.StringIO()
    with RawProgress(stream, clock=FakeClock(0.001)) as sink:
        sink(DownloadBegan(filename=DEMO, size=10_000, cached=False))
        for _ in range(1000):
            sink(DownloadAdvanced(filename=DEMO, received=10))
        sink(DownloadFinished(filename=DEMO))
    assert 3 <= stream.getvalue().count("Progress") <= 8
    assert stream.getvalue().endswith("Progress 10000 of 10000\n")


def test_a_download_that_began_again_never_exceeds_its_size():
    stream = io.StringIO()
    with RawProgress(stream, clock=FakeClock()) as sink:
        sink(DownloadBegan(filename=DEMO, size=100, cached=False))
        sink(DownloadAdvanced(filename=DEMO, received=80))
        sink(DownloadAdvanced(filename=DEMO, received=80))
    assert stream.getvalue().endswith("Progress 100 of 100\n")


def test_a_file_of_unknown_size_is_counted_as_it_comes():
    stream = io.StringIO()
    with RawProgress(stream, clock=FakeClock()) as sink:
        sink(DownloadBegan(filename=DEMO, size=None, cached=False))
        sink(DownloadAdvanced(filename=DEMO, received=80))
        sink(DownloadFinished(filename=DEMO))
    assert stream.getvalue().endswith("Progress 80 of 80\n")


def test_one_line_is_redrawn_and_gone_in_the_end(without_rich):
    stream = io.StringIO()
    text = played(DrawnProgress(stream, width=80, clock=FakeClock()), stream)
    assert "Resolving: 2 projects" in text
    assert "Fetching 1/2 files, 500 kB of 2.0 MB [#####...............]" in text
    assert "Installing 1 package" in text
    assert "\x1b" not in text
    assert screen(text) == ["wheelhouse serves idna, exclusively", ""]


@pytest.mark.parametrize("width", [1, 20, 40])
def test_the_line_never_wraps(without_rich, width):
    stream = io.StringIO()
    text = played(DrawnProgress(stream, width=width, clock=FakeClock()), stream)
    drawn = list(text.replace("wheelhouse serves idna, exclusively", "").split("\r"))
    assert max(map(len, drawn)) <= max(width - 1, 10)


def test_rich_draws_and_leaves_the_terminal_clean():
    stream = io.StringIO()
    text = played(DrawnProgress(stream, clock=FakeClock()), stream)
    # rich draws at its own times; what is certain is the last state, and the end.
    assert "Installing 1 package" in text
    assert "wheelhouse serves idna, exclusively" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l"), "the cursor is shown again"
    assert text.endswith("\x1b[2K"), "the line is erased"


def test_without_colour_rich_writes_none():
    stream = io.StringIO()
    text = played(DrawnProgress(stream, color=False, clock=FakeClock()), stream)
    assert "\x1b[3" not in text
    assert ";3" not in text


def test_a_short_run_draws_nothing_and_loads_no_rich():
    code = (
        "import io, sys\n"
        "from safepip.core.events import StageBegan\n"
        "from safepip.report.progress import progress_on\n"
        "stream = io.StringIO()\n"
        "with progress_on(stream, drawn=True) as sink: sink(StageBegan(stage='resolving'))\n"
        "assert stream.getvalue() == '' and not any(m.partition('.')[0] == 'rich' for m in sys.modules)\n"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=60, env={"PYTHONPATH": ":".join(sys.path)}
    )


def interrupted(stream: io.StringIO, error: type[BaseException]) -> None:
    with DrawnProgress(stream, clock=FakeClock()) as sink:
        sink(RUN[0])
        sink(RUN[1])
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_run_leaves_the_terminal_clean(without_rich, error):
    stream = io.StringIO()
    with pytest.raises(error):
        interrupted(stream, error)
    assert "Resolving" in stream.getvalue()
    assert screen(stream.getvalue()) == [""]


def test_verbose_drawing_keeps_a_line_for_each_file(without_rich):
    stream = io.StringIO()
    text = played(DrawnProgress(stream, verbosity=1, clock=FakeClock()), stream)
    assert f"Downloading {DEMO} (2.0 MB)" in screen(text)


def test_a_note_before_anything_is_drawn_is_a_plain_line():
    stream = io.StringIO()
    with DrawnProgress(stream, clock=FakeClock(0.0)) as sink:
        sink(Noted(text="early"))
    assert stream.getvalue() == "early\n"


def test_closing_twice_is_closing_once(without_rich):
    stream = io.StringIO()
    sink = DrawnProgress(stream, clock=FakeClock())
    sink(RUN[0])
    sink.close()
    text = stream.getvalue()
    sink.close()
    sink(RUN[1])
    assert stream.getvalue() == text


@pytest.mark.parametrize("kind", [LineProgress, RawProgress, DrawnProgress])
def test_a_broken_stream_ends_the_drawing_not_the_run(kind, without_rich):
    with kind(BrokenStream(), clock=FakeClock()) as sink:
        for event in RUN:
            sink(event)


def test_a_closed_stream_ends_the_drawing_not_the_run(without_rich):
    stream = io.StringIO()
    with DrawnProgress(stream, clock=FakeClock()) as sink:
        sink(RUN[0])
        stream.close()
        sink(RUN[1])


def test_many_threads_count_every_byte():
    stream = io.StringIO()
    sink = RawProgress(stream, clock=FakeClock())

    def download(number: int) -> None:
        name = f"demo-{number}.whl"
        sink(DownloadBegan(filename=name, size=1000, cached=False))
        for _ in range(100):
            sink(DownloadAdvanced(filename=name, received=10))
        sink(DownloadFinished(filename=name))

    threads = [threading.Thread(target=download, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sink.close()

    lines = stream.getvalue().splitlines()
    assert lines[-1] == "Progress 8000 of 8000"
    assert all(line.startswith(("Progress ", "Downloading ")) for line in lines)


@pytest.mark.parametrize("evil", ["\x1b[2J.whl", "a\nb.whl", "\r.whl", "##[add-mask].whl"])
def test_file_names_cannot_act_on_the_terminal(evil):
    stream = io.StringIO()
    with LineProgress(stream, verbosity=1) as sink:
        sink(DownloadBegan(filename=evil, size=None, cached=False))
        sink(ProjectListed(project="demo", index=evil))
        sink(Noted(text=f"::error::{evil}"))
        sink(StageBegan(stage=evil))
    assert stream.getvalue().count("\n") == 4
    assert not any(mark in stream.getvalue() for mark in ("\x1b", "\r", "##["))
    assert not any(line.startswith("::") for line in stream.getvalue().splitlines())


def test_rich_shows_markup_in_a_note_as_it_is():
    stream = io.StringIO()
    with DrawnProgress(stream, clock=FakeClock(), color=False) as sink:
        sink(RUN[0])
        sink(Noted(text="[bold]demo[/bold] :smile:"))
    assert "[bold]demo[/bold] :smile:" in stream.getvalue()


@pytest.mark.parametrize(
    "bar, drawn, kind",
    [
        ("auto", True, DrawnProgress),
        ("on", True, DrawnProgress),
        ("auto", False, LineProgress),
        ("on", False, LineProgress),
        ("off", True, LineProgress),
        ("raw", True, RawProgress),
        ("raw", False, RawProgress),
    ],
)
def test_which_progress_is_chosen(bar, drawn, kind):
    assert type(progress_on(io.StringIO(), bar=bar, drawn=drawn)) is kind
