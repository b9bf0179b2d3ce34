"""Source archives that may not be unpacked, beside those that may."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version

from safepip.core.limits import Limits
from safepip.verify.sdist import BadSdist, Entry, Kind, check_entries, is_another, is_static, link_place

FILE, FOLDER = Kind.FILE, Kind.FOLDER


def check(*entries: Entry, packed_bytes: int = 1000, limits: Limits = Limits()) -> str:
    return check_entries(entries, packed_bytes, limits)


def file(name: str, size: int = 1) -> Entry:
    return Entry(name=name, kind=FILE, size=size)


def link(name: str, target: str, kind: Kind = Kind.SYMLINK) -> Entry:
    return Entry(name=name, kind=kind, target=target)


@pytest.mark.parametrize(
    "entries",
    [
        [file("demo-1.0/setup.py")],
        [file("./demo-1.0/setup.py"), Entry(name="./demo-1.0/", kind=FOLDER), Entry(name="./", kind=FOLDER)],
        [file("demo-1.0/a"), file("demo-1.0/a")],
        [file("demo-1.0/a/b"), link("demo-1.0/c", "a/b"), link("demo-1.0/a/d", "../a/b")],
        [file("demo-1.0/a"), link("demo-1.0/b", "demo-1.0/a", Kind.HARDLINK)],
        [file("demo-1.0/a"), link("demo-1.0/dangling", "nothing")],
    ],
)
def test_an_ordinary_archive_has_one_top_folder(entries: list[Entry]) -> None:
    assert check(*entries) == "demo-1.0"


@pytest.mark.parametrize(
    "entries, why",
    [
        ([], "0 top folders"),
        ([file("a/x"), file("b/x")], "2 top folders"),
        ([file("setup.py")], "no top folder"),
        ([file("/etc/passwd")], "absolute"),
        ([file("C:/x")], "absolute"),
        ([file("demo/../../x")], "'..'"),
        ([file("demo//x")], "empty parts"),
        ([file("demo\\x")], "backslashes"),
        ([file("demo/\x1b[2Jx")], "control characters"),
        ([Entry(name="demo/fifo", kind=Kind.OTHER)], "devices"),
        ([file("demo/a"), link("demo/a", "b")], "two members of one name"),
        ([link("demo/d", "e"), file("demo/d/x")], "below a symbolic link"),
        ([file("demo/d"), file("demo/d/x")], "below a file"),
        ([file("demo/a"), link("demo/b", "/etc/passwd")], "lead out"),
        ([file("demo/a"), link("demo/b", "../../etc/passwd")], "lead out"),
        ([file("demo/a"), link("demo/b", "..")], "lead out"),
        ([file("demo/a"), link("demo/b", "../demo2/x")], "lead out"),
        ([file("demo/a"), link("demo/b", "../etc/passwd", Kind.HARDLINK)], "lead out"),
        ([file("demo/a"), link("demo/b", "demo/c", Kind.HARDLINK)], "no file of it"),
        ([file("demo/a/b"), link("demo/l", "a"), link("demo/m", "l/b")], "through other links"),
        ([file("demo/a/b/c"), link("demo/l", "a/b/../b/c")], "through other links"),
        ([link("demo/a", "b"), link("demo/b", "demo/a", Kind.HARDLINK)], "no file of it"),
        ([file("demo/a", size=1 << 50)], "a size that nobody means"),
        ([file("demo/a", size=-1)], "a size that nobody means"),
        ([file("demo/a", size=65 << 20)], "a bomb"),
        ([file(f"demo/{number}", size=3 << 30) for number in range(4)], "unpacks to more than"),
    ],
)
def test_an_archive_that_means_harm_is_refused(entries: list[Entry], why: str) -> None:
    with pytest.raises(BadSdist, match=why):
        check(*entries)


def test_too_many_members_are_refused() -> None:
    with pytest.raises(BadSdist, match="more than 3 members"):
        check(*(file(f"demo/{number}") for number in range(4)), limits=Limits(sdist_entries_max=3))


_PARTS = st.sampled_from(["a", "b", "c", ".", "..", "", "demo", "/", "a/b", "..\\x"])
_PATHS = st.lists(_PARTS, min_size=1, max_size=5).map("/".join)


@pytest.mark.property
@given(
    st.lists(
        st.builds(
            lambda name, kind, target: Entry(name=f"demo/{name}", kind=kind, target=target),
            _PATHS,
            st.sampled_from([Kind.FILE, Kind.FOLDER, Kind.SYMLINK, Kind.HARDLINK]),
            _PATHS,
        ),
        max_size=6,
    )
)
def test_whatever_passes_stays_inside(entries: list[Entry]) -> None:
    try:
        top = check(*entries)
    except BadSdist:
        return
    for entry in entries:
        parts = entry.name.removeprefix("./").rstrip("/").split("/")
        assert parts[0] == top
        assert not {"..", ".", ""}.intersection(parts)
        if entry.kind in {Kind.SYMLINK, Kind.HARDLINK}:
            assert link_place(entry).split("/")[0] == top


@pytest.mark.parametrize(
    "text, static",
    [
        ("Metadata-Version: 2.2\nName: a\nVersion: 1\n\n", True),
        ("Metadata-Version: 2.4\nName: a\nVersion: 1\nDynamic: Description\n\n", True),
        ("Metadata-Version: 2.1\nName: a\nVersion: 1\n\n", False),
        ("Metadata-Version: 2.2\nName: a\nVersion: 1\nDynamic: requires-dist\n\n", False),
        (
            "Metadata-Version: 2.2\nName: a\nVersion: 1\nDynamic: Summary\nDynamic:  Provides-Extra \n\n",
            False,
        ),
        ("Metadata-Version: nonsense\nName: a\nVersion: 1\n\n", False),
        ("Name: a\nVersion: 1\n\n", False),
        ("", False),
    ],
)
def test_only_final_metadata_is_believed(text: str, static: bool) -> None:
    assert is_static(text.encode()) is static


@pytest.mark.parametrize(
    "text, another",
    [
        ("Metadata-Version: 1.0\nName: My_Project\nVersion: 1.0.0\n\n", False),
        ("Name: other\nVersion: 1.0\n\n", True),
        ("Name: my-project\nVersion: 1.1\n\n", True),
        ("Name: my-project\nVersion: nonsense\n\n", False),
        ("Name: my-project\n\n", False),
        ("Name: other\nName: my-project\nVersion: 1.0\n\n", False),
        ("", False),
    ],
)
def test_a_source_that_says_it_is_another_need_not_run_to_be_known(text: str, another: bool) -> None:
    """Where it does not say clearly what it is, the build has to."""
    assert is_another(text.encode(), canonicalize_name("my.project"), Version("1.0")) is another
