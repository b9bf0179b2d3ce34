"""JSON pages: what is read, what is kept out, what makes the whole page no answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepip.core.digest import Algorithm
from safepip.core.index import FileEntry, Listing, ProjectStatus
from safepip.core.limits import Limits
from safepip.core.url import Url
from safepip.simpleapi.negotiate import JSON_TYPE, parse_page
from safepip.simpleapi.page import PageError

PAGE = Url.parse("https://index.example/simple/demo/")
SHA = "a" * 64


def listing(document: object, content_type: str = JSON_TYPE, limits: Limits = Limits()) -> Listing:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parse_page(body, content_type, PAGE, "demo", index_name="corp", limits=limits)


def page(*files: object, **keys: object) -> dict[str, object]:
    return {"meta": {"api-version": "1.1"}, "name": "demo", "files": list(files), **keys}


def file(filename: str = "demo-1.0-py3-none-any.whl", **keys: object) -> dict[str, object]:
    return {"filename": filename, "url": f"../../files/{filename}", "hashes": {"sha256": SHA}, **keys}


def only(document: object) -> FileEntry:
    (entry,) = listing(document).files
    return entry


def test_every_key_of_a_file_is_read():
    entry = only(
        page(
            file(
                **{
                    "size": 7,
                    "upload-time": "2024-01-02T03:04:05.678901Z",
                    "requires-python": ">=3.8",
                    "yanked": "broken",
                    "core-metadata": {"sha256": "b" * 64},
                    "provenance": "https://index.example/p",
                }
            )
        )
    )
    assert entry.filename == "demo-1.0-py3-none-any.whl"
    assert entry.url == "https://index.example/files/demo-1.0-py3-none-any.whl"
    assert entry.digests.by_algorithm == {Algorithm.SHA256: SHA}
    assert entry.size == 7
    assert entry.upload_time == datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    assert entry.requires_python == ">=3.8"
    assert entry.yanked == "broken"
    assert entry.sidecar is not None
    assert entry.sidecar.by_algorithm == {Algorithm.SHA256: "b" * 64}
    assert entry.provenance == "https://index.example/p"
    assert entry.where == "/files/0"
    assert entry.page == "https://index.example/simple/demo/"


def test_every_key_of_a_page_is_read():
    found = listing(
        {
            **page(file()),
            "meta": {"api-version": "1.4", "tracks": ["https://other.example/simple/demo/"], "_private": 1},
            "versions": ["1.0", "not a version"],
            "project-status": {"status": "archived", "reason": "done"},
            "alternate-locations": ["https://alt.example/simple/demo/"],
            "namespaces": [{"name": "acme", "owned": True}],
            "unknown": 1,
        }
    )
    assert (found.project, found.index) == ("demo", "corp")
    assert found.versions == ("1.0", "not a version")
    assert (found.status, found.status_reason) == (ProjectStatus.ARCHIVED, "done")
    assert found.tracks == ("https://other.example/simple/demo/",)
    assert found.alternate_locations == ("https://alt.example/simple/demo/",)
    assert found.namespaces == ("acme",)
    assert found.notes == ()


@pytest.mark.parametrize(
    "given_value, expected", [(False, None), (True, ""), ("", None), ("reason", "reason")]
)
def test_yanked(given_value, expected):
    assert only(page(file(yanked=given_value))).yanked == expected


@pytest.mark.parametrize(
    "keys, offered",
    [
        ({}, False),
        ({"core-metadata": False}, False),
        ({"core-metadata": True}, True),
        ({"core-metadata": False, "dist-info-metadata": True}, False),
        ({"dist-info-metadata": True}, True),
        ({"data-dist-info-metadata": True}, False),
        ({"core-metadata": {}}, False),
    ],
    ids=str,
)
def test_core_metadata_counts_and_the_old_name_only_without_it(keys, offered):
    assert (only(page(file(**keys))).sidecar is not None) is offered


def test_digests_of_unknown_algorithms_are_ignored_and_case_does_not_count():
    entry = only(page(file(hashes={"SHA256": SHA.upper(), "blake2b": "ff", "md5": "0" * 32})))
    assert entry.digests.by_algorithm == {Algorithm.SHA256: SHA, Algorithm.MD5: "0" * 32}


@pytest.mark.parametrize(
    "broken",
    [
        {"filename": "other-1.0-py3-none-any.whl"},
        {"filename": 5},
        {"url": None},
        {"url": "https://index.example/files/dem\to-1.0-py3-none-any.whl"},
        {"url": "https://index.example\\@evil.example/demo-1.0-py3-none-any.whl"},
        {"url": "https://index.example/files/%2e%2e%2fdemo-1.0-py3-none-any.whl"},
        {"url": "https://index.example/files/demo-1.0-py3-none-any.whl/"},
        {"hashes": None},
        {"hashes": []},
        {"hashes": {"sha256": "short"}},
        {"hashes": {"sha256": 5}},
        {"hashes": {"sha256": SHA, "SHA256": "b" * 64}},
        {"size": "7"},
        {"size": -1},
        {"size": True},
        {"upload-time": "yesterday"},
        {"upload-time": "2024-01-02T03:04:05"},
        {"upload-time": 5},
        {"yanked": 1},
        {"requires-python": 3},
        {"core-metadata": "true"},
        {"core-metadata": {"sha256": "x"}},
        {"provenance": 5},
        "no table",
    ],
    ids=str,
)
def test_a_malformed_file_is_kept_out_and_its_neighbour_stays(broken):
    bad = {**file("bad-1.0-py3-none-any.whl"), **broken} if isinstance(broken, dict) else broken
    found = listing(page(bad, file()))
    assert [entry.filename for entry in found.files] == ["demo-1.0-py3-none-any.whl"]
    (note,) = found.notes
    assert " (/files/0): left out: " in note


@pytest.mark.parametrize(
    "link", ["http://index.example/f/", "git+https://index.example/", "file:///etc/", "//evil.example/"]
)
def test_links_are_kept_as_they_are_and_judged_when_they_are_used(link):
    name = "demo-1.0-py3-none-any.whl"
    assert only(page(file(url=link + name))).url.endswith(f"{link}{name}")


def test_a_fragment_is_no_part_of_the_url():
    entry = only(page(file(url="/f/demo-1.0-py3-none-any.whl#subdirectory=../..&sha256=" + "c" * 64)))
    assert entry.url == "https://index.example/f/demo-1.0-py3-none-any.whl"
    assert entry.digests.by_algorithm == {Algorithm.SHA256: SHA}


@pytest.mark.parametrize(
    "document, reason",
    [
        (b"{", "no JSON"),
        (b"<html></html>", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no JSON object"),
        (b"\xff\xfe{}", "no valid utf-8"),
        (page() | {"meta": {"api-version": "2.0"}}, "version 2.0"),
        (page() | {"meta": {"api-version": "9.0"}}, "version 9.0"),
        (page() | {"meta": {"api-version": "1"}}, "unreadable API version"),
        (page() | {"meta": {"api-version": 1.0}}, "meta.api-version"),
        (page() | {"meta": []}, "meta"),
        (page() | {"name": "other"}, "page of 'other'"),
        (page() | {"name": None}, "name"),
        (page() | {"files": None}, "files"),
        (page() | {"files": {}}, "files"),
        (page() | {"versions": "1.0"}, "versions"),
        (page() | {"versions": [1]}, "versions"),
        (page() | {"project-status": "active"}, "project-status"),
        (page() | {"project-status": {"status": "frozen"}}, "unknown project status 'frozen'"),
        (page() | {"namespaces": [{}]}, "namespaces"),
    ],
    ids=str,
)
def test_a_malformed_page_is_no_answer(document, reason):
    with pytest.raises(PageError, match=reason):
        listing(document)


def test_one_name_for_two_files_is_no_answer():
    with pytest.raises(PageError, match="twice"):
        listing(page(file(), file(hashes={"sha256": "b" * 64})))


def test_the_same_file_listed_twice_is_one_file():
    assert len(listing(page(file(), file())).files) == 1


def test_a_newer_minor_version_is_noted():
    found = listing(page(file()) | {"meta": {"api-version": "1.99"}})
    assert len(found.files) == 1
    assert found.notes == ("the page speaks version 1.99 of the simple API; safepip knows 1.5",)


def test_a_page_without_version_is_version_one():
    assert listing(page(file()) | {"meta": {}}).notes == ()


def test_more_files_than_the_ceiling_are_no_answer():
    files = [file(f"demo-1.{number}-py3-none-any.whl") for number in range(4)]
    assert len(listing(page(*files), limits=Limits(listed_files_max=4)).files) == 4
    with pytest.raises(PageError, match="more than 3 files"):
        listing(page(*files), limits=Limits(listed_files_max=3))


def test_many_malformed_files_make_few_notes():
    found = listing(page(*[{"filename": number} for number in range(20)], file()))
    assert len(found.notes) == 6
    assert found.notes[-1] == "and 15 more files left out"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FILE_KEYS = st.sampled_from(
    [
        "filename",
        "url",
        "hashes",
        "size",
        "upload-time",
        "yanked",
        "requires-python",
        "core-metadata",
        "provenance",
    ]
)
PAGE_KEYS = st.sampled_from(["meta", "name", "files", "versions", "project-status", "namespaces"])


@pytest.mark.property
@given(file_keys=st.dictionaries(FILE_KEYS, JSON), page_keys=st.dictionaries(PAGE_KEYS, JSON, max_size=1))
def test_no_json_makes_the_parser_fail_otherwise_than_with_a_page_error(file_keys, page_keys):
    try:
        found = listing(page(file() | file_keys) | page_keys)
    except PageError:
        return
    assert all(entry.url.rpartition("/")[2].partition("?")[0] for entry in found.files)
