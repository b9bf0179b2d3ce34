"""Local folders as indexes."""

from __future__ import annotations

from pathlib import Path

import pytest

from safepip.core.index import Absent, Index, IndexKind
from safepip.core.url import Url
from tests.support.connected import connected
from tests.support.wheels import make_wheel

WHEEL = "demo-1.0-py3-none-any.whl"


def index_at(path: Path, kind: IndexKind) -> Index:
    return Index(name=str(path), url=Url.parse(path.as_uri()), kind=kind)


@pytest.fixture
def folder(tmp_path):
    wheels = tmp_path / "my wheels"
    wheels.mkdir()
    (wheels / WHEEL).write_bytes(make_wheel("demo"))
    (wheels / "demo-2.0.tar.gz").write_bytes(b"sdist")
    (wheels / "Other_Name-1.0-py3-none-any.whl").write_bytes(make_wheel("Other_Name"))
    (wheels / "notes.txt").write_text("demo")
    return wheels


def test_a_folder_serves_its_archives(folder):
    index = index_at(folder, IndexKind.LOCAL_FOLDER)
    with connected() as run:
        assert [file.filename for file in run.listing(index).files] == [WHEEL, "demo-2.0.tar.gz"]
        assert run.file(index, "other-name").url == (folder / "Other_Name-1.0-py3-none-any.whl").as_uri()
        assert run.answer(index, "third") == Absent()


def test_links_of_html_files_in_a_folder_are_not_followed(folder):
    (folder / "evil.html").write_text('<a href="http://evil.example/demo-9.9-py3-none-any.whl">demo</a>')
    with connected() as run:
        listing = run.listing(index_at(folder, IndexKind.LOCAL_FOLDER))
    assert [file.filename for file in listing.files] == [WHEEL, "demo-2.0.tar.gz"]


def test_metadata_comes_from_the_wheel_in_the_folder(folder):
    index = index_at(folder, IndexKind.LOCAL_FOLDER)
    with connected() as run:
        found = run.metadata(index, run.listing(index).files[0])
    assert (found.name, found.source) == ("demo", "wheel")


@pytest.mark.parametrize("kind", [IndexKind.LOCAL_FOLDER, IndexKind.LOCAL_SIMPLE])
def test_a_missing_root_is_no_answer(tmp_path, kind):
    with connected() as run:
        finding = run.refusal(index_at(tmp_path / "missing", kind))
    assert finding.rule == "index-unavailable"
    assert "missing" in finding.message


def test_a_missing_project_folder_means_absent(folder):
    with connected() as run:
        assert run.answer(index_at(folder, IndexKind.LOCAL_SIMPLE)) == Absent()


def test_a_simple_index_on_disk_lists_a_folder_without_a_page(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / WHEEL).write_bytes(make_wheel("demo"))
    index = index_at(tmp_path, IndexKind.LOCAL_SIMPLE)
    with connected() as run:
        assert run.file(index).filename == WHEEL
        assert run.metadata(index).name == "demo"


def test_a_simple_index_on_disk_reads_its_pages(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / WHEEL).write_bytes(make_wheel("demo"))
    (tmp_path / "demo" / "index.html").write_text(f'<a href="../{WHEEL}#sha256={"a" * 64}">{WHEEL}</a>')
    index = index_at(tmp_path, IndexKind.LOCAL_SIMPLE)
    with connected() as run:
        file = run.file(index)
        assert file.url == (tmp_path / WHEEL).as_uri()
        assert file.digests.strong
        assert run.metadata(index).name == "demo"


def test_a_malformed_local_page_is_no_answer(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "index.html").write_text("garbage")
    with connected() as run:
        assert run.refusal(index_at(tmp_path, IndexKind.LOCAL_SIMPLE)).rule == "index-unavailable"


def test_one_local_page_of_links(folder):
    page = folder / "links.html"
    page.write_text(f'<a href="{WHEEL}">get it</a>')
    with connected() as run:
        assert run.file(index_at(page, IndexKind.LOCAL_FOLDER)).url == (folder / WHEEL).as_uri()


def test_one_local_archive(folder):
    with connected() as run:
        index = index_at(folder / WHEEL, IndexKind.LOCAL_FOLDER)
        assert run.file(index).filename == WHEEL
        assert run.answer(index, "other-name") == Absent()


@pytest.mark.parametrize("kind", [IndexKind.LOCAL_SIMPLE, IndexKind.LOCAL_FOLDER])
def test_a_name_that_no_folder_can_have_is_absent(folder, kind):
    with connected() as run:
        assert run.answer(index_at(folder, kind), "a" * 300) == Absent()
