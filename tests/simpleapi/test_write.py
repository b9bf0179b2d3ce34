"""Pages that are written say to a reader what they were made from, in both forms and in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from safepip.core.index import FileEntry
from safepip.core.limits import Limits
from safepip.core.mirror import MirroredFile
from safepip.core.url import Url
from safepip.simpleapi.negotiate import JSON_TYPE, parse_page
from safepip.simpleapi.write import pages

BASES = (
    "https://index.example/simple/",
    "https://index.example:8443/a/b/simple/",
    "file:///srv/a%20b/simple/",
)
WORDS = st.text("abcxyz019", min_size=1, max_size=6)
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
SPECIFIERS = st.sampled_from(
    (
        None,
        ">=3.8",
        "<4,>=3.8",
        "!=3.9.*,>=3.8",
        '==="><script>alert(1)</script>',
        "===a'b&amp;c",
        "===\u2028é",
    )
)
TIMES = st.none() | st.integers(0, 4 * 10**15).map(
    lambda passed: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=passed)
)


@st.composite
def mirrored(draw: st.DrawFn) -> MirroredFile:
    project = "-".join(draw(st.lists(WORDS, min_size=1, max_size=3)))
    version = Version(
        draw(st.sampled_from(("1.0", "1.10", "1.9", "2!1", "1.0+cpu.1", "1.0rc1", "1.0.post1")))
    )
    stem = f"{project.replace('-', '_')}-{version}"
    name = stem + draw(
        st.sampled_from((".tar.gz", ".zip", "-py3-none-any.whl", "-1-cp311-cp311-linux_x86_64.whl"))
    )
    return MirroredFile(
        project=canonicalize_name(project),
        version=version,
        filename=name,
        sha256=draw(DIGESTS),
        size=draw(st.integers(0, 1 << 40)),
        upload_time=draw(TIMES),
        requires_python=draw(SPECIFIERS),
        metadata_sha256=draw(DIGESTS) if name.endswith(".whl") else None,
    )


FILES = st.lists(mirrored(), max_size=8, unique_by=lambda file: (file.project, file.filename))


def read(body: bytes, kind: str, base: str, project: NormalizedName) -> tuple[FileEntry, ...]:
    page = Url.parse(f"{base}{project}/")
    listing = parse_page(body, kind, page, project, index_name="mirror", limits=Limits())
    assert listing.notes == ()
    return listing.files


@pytest.mark.property
@given(FILES, st.sampled_from(BASES))
def test_the_readers_find_what_was_written(files: list[MirroredFile], base: str) -> None:
    written = pages(files)
    for project in {file.project for file in files}:
        wanted = {file.filename: file for file in files if file.project == project}
        for name, kind in ((f"{project}/index.json", JSON_TYPE), (f"{project}/index.html", "text/html")):
            found = read(written[name], kind, base, project)
            assert [entry.filename for entry in found] == [
                file.filename for file in sorted(wanted.values(), key=lambda f: (f.version, f.filename))
            ]
            for entry in found:
                file = wanted[entry.filename]
                assert entry.digests.sha256 == file.sha256
                assert entry.requires_python == file.requires_python
                assert (entry.sidecar.sha256 if entry.sidecar else None) == file.metadata_sha256
                assert Url.parse(entry.url).filename == file.filename
                assert entry.url.startswith(f"{base}{project}/")
                if kind == JSON_TYPE:
                    assert (entry.size, entry.upload_time) == (file.size, file.upload_time)


@pytest.mark.property
@given(FILES, st.randoms(use_true_random=False))
def test_the_order_of_the_files_changes_no_byte(files: list[MirroredFile], chance: object) -> None:
    shuffled = list(files)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    assert pages(files) == pages(shuffled)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)


@pytest.mark.property
@given(FILES)
def test_nothing_of_a_file_becomes_markup(files: list[MirroredFile]) -> None:
    for name, body in pages(files).items():
        if name.endswith(".html"):
            parser = _Tags()
            parser.feed(body.decode())
            assert parser.tags <= {"html", "head", "meta", "title", "body", "h1", "a", "br"}


def test_an_empty_mirror_has_pages_too() -> None:
    assert set(pages([])) == {"index.html", "index.json"}


def test_a_page_of_a_project_comes_before_the_list_that_names_it() -> None:
    file = MirroredFile(
        project=canonicalize_name("demo"),
        version=Version("1.0"),
        filename="demo-1.0.tar.gz",
        sha256="0" * 64,
        size=1,
    )
    assert list(pages([file])) == ["demo/index.json", "demo/index.html", "index.json", "index.html"]
