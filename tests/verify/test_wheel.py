"""Each attack on a wheel is refused by its rule, and its harmless twin passes."""

from __future__ import annotations

import dataclasses
import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepip.core.finding import Level
from safepip.core.index import WheelMetadata
from safepip.core.limits import Limits
from safepip.verify.wheel import Inspection, inspect
from support.wheels import make_wheel, metadata_of, sha256, wheel_filename

INFO = "demo-1.0.dist-info"


def look(content: bytes, filename: str = "demo-1.0-py3-none-any.whl", **keywords: object) -> Inspection:
    return inspect(io.BytesIO(content), filename, **keywords)  # type: ignore[arg-type]


def rules(content: bytes, filename: str = "demo-1.0-py3-none-any.whl", **keywords: object) -> set[str]:
    return {finding.rule for finding in look(content, filename, **keywords).findings if finding.denies}


def test_a_sound_wheel_has_no_findings() -> None:
    content = make_wheel(
        "demo",
        files={"demo/__init__.py": "x = 1\n", "demo/data.bin": b"\0" * 1000, "demo_extra.py": ""},
        data={
            "scripts/demo-tool": "#!python\n",
            "data/etc/jupyter/demo.json": "{}",
            "data/share/demo/x": "",
            "headers/demo.h": "",
            "purelib/more.py": "",
            "platlib/demo_ext.so": "",
        },
        entry_points={"console_scripts": {"demo": "demo:main"}, "gui_scripts": {"demo-gui": "demo:main"}},
    )
    seen = look(content)
    assert seen.findings == ()
    assert seen.project == "demo"
    assert {
        "library/demo/__init__.py",
        "library/more.py",
        "scripts/demo-tool",
        "data/share/demo/x",
    } <= seen.paths


# --- names: path-escape -------------------------------------------------------------------------

ESCAPES = [
    "../evil.py",
    "demo/../../evil.py",
    "/etc/evil",
    "./demo/evil.py",
    "demo//evil.py",
    "demo/./evil.py",
    "C:/evil.py",
    "c:evil.py",
    "demo\\evil.py",
    "..\\evil.py",
    "demo/\x1b[2Jevil.py",
    "demo/ev\x00il.py",
    "demo/new\nline.py",
    "demo/con",
    "demo/NUL.txt",
    "demo/aux.py",
    "demo/com1.txt",
    "demo/stream.py:hidden",
    "demo/dot.",
    "demo/space ",
]


@pytest.mark.parametrize("name", ESCAPES)
def test_escaping_names_are_refused(name: str) -> None:
    content = stored({name: b"", **plain()})
    assert rules(content) == {"path-escape"}


@pytest.mark.parametrize(
    "name", ["demo/..evil.py", "demo/a..b", "demo/.hidden", "demo/console.py", "demo/con_.py", "demo/aü.py"]
)
def test_odd_but_harmless_names_pass(name: str) -> None:
    assert look(make_wheel("demo", files={name: ""})).findings == ()


def test_device_names_do_not_matter_where_windows_is_not_meant() -> None:
    tag = "cp311-cp311-manylinux_2_17_x86_64"
    content = make_wheel("demo", tag=tag, files={"demo/aux.py": "", "demo/a:b": ""})
    assert look(content, wheel_filename("demo", tag=tag)).findings == ()


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o060666, 0o010666, 0o140666])
def test_links_and_special_files_are_refused(mode: int) -> None:
    files = {"demo/__init__.py": "", "demo/link": "/etc/passwd"}
    assert rules(make_wheel("demo", files=files, modes={"demo/link": mode})) == {"path-escape"}
    assert rules(make_wheel("demo", files=files, modes={"demo/link": 0o755})) == set()


@pytest.mark.parametrize("name", ["../tool", "/bin/tool", "sub\\tool", "a/b", "C:tool", ".."])
def test_entry_points_stay_in_the_scripts_folder(name: str) -> None:
    assert rules(make_wheel("demo", entry_points={"console_scripts": {name: "demo:x"}})) == {"path-escape"}
    assert rules(make_wheel("demo", entry_points={"other.group": {name.replace(":", ""): "demo:x"}})) == set()


# --- collisions and differentials: wheel-contents -----------------------------------------------


def test_the_same_name_twice() -> None:
    assert rules(make_wheel("demo", duplicates={"demo/__init__.py": "evil"})) == {"wheel-contents"}


@pytest.mark.parametrize(
    "names",
    [
        ("demo/a.py", "demo/A.py"),
        ("demo/a.py", "DEMO/a.py"),
        ("demo/ü.py", "demo/u\u0308.py"),
        ("demo/x", "demo/x/y.py"),
    ],
)
def test_colliding_names(names: tuple[str, str]) -> None:
    assert rules(make_wheel("demo", files=dict.fromkeys(names, ""))) == {"wheel-contents"}
    assert rules(make_wheel("demo", files={names[0]: "", "other/A.py": ""})) == set()


def test_bytes_before_the_archive() -> None:
    content = make_wheel("demo")
    assert rules(b"#!/bin/sh\n" + content) == {"wheel-contents"}
    assert rules(content) == set()


def test_bytes_after_the_archive() -> None:
    assert rules(make_wheel("demo") + b"PK\5\6" + b"\0" * 18) == {"wheel-contents"}
    assert rules(make_wheel("demo") + b"more") == {"wheel-contents"}


def test_archive_comment() -> None:
    stream = io.BytesIO(make_wheel("demo"))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.comment = b"hello"
    assert rules(stream.getvalue()) == {"wheel-contents"}


@pytest.mark.parametrize(
    ("offset", "form", "value"),
    [(6, "<H", 0x2), (8, "<H", 0), (14, "<L", 1), (18, "<L", 3), (22, "<L", 3), (30, "<4s", b"evil")],
    ids=["flags", "method", "crc", "packed", "size", "name"],
)
def test_local_header_that_disagrees_with_the_directory(offset: int, form: str, value: object) -> None:
    content = bytearray(make_wheel("demo"))
    struct.pack_into(form, content, offset, value)  # the first member's local header is at 0
    assert rules(bytes(content)) == {"wheel-contents"}


def test_member_that_only_streaming_readers_see() -> None:
    content = make_wheel("demo")
    hidden = stored({"demo/hidden.py": b"evil"})
    local = hidden[: hidden.index(b"PK\1\2")]
    begin = content.index(b"PK\1\2")
    end = bytearray(content[begin:])
    struct.pack_into("<L", end, len(end) - 6, begin + len(local))
    assert rules(content[:begin] + local + bytes(end)) == {"wheel-contents"}


def test_truncated_file() -> None:
    content = make_wheel("demo")
    for cut in (0, 10, len(content) // 2, len(content) - 1):
        assert rules(content[:cut]) == {"wheel-contents"}


def test_changed_byte_in_the_data() -> None:
    content = bytearray(make_wheel("demo", files={"demo/__init__.py": bytes(range(256)) * 40}))
    content[120] ^= 1
    assert "wheel-contents" in rules(bytes(content))


def test_encrypted_member() -> None:
    content = bytearray(make_wheel("demo"))
    begin = content.index(b"PK\1\2")
    for place in (6, begin + 8):
        content[place] |= 1
    assert rules(bytes(content)) == {"wheel-contents"}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_not_every_reader_knows(method: int) -> None:
    assert rules(stored(plain(), method)) == {"wheel-contents"}
    assert rules(stored(plain(), zipfile.ZIP_STORED)) == set()


def test_ceilings() -> None:
    content = make_wheel("demo", files={"demo/zero": b"\0" * 3_000_000})
    assert rules(content) == set()
    assert rules(content, limits=Limits(wheel_unpacked_max_bytes=2_000_000)) == {"wheel-contents"}
    assert rules(content, limits=Limits(wheel_entries_max=2)) == {"wheel-contents"}


def test_bomb_by_ratio() -> None:
    content = make_wheel("demo", files={"demo/zero": b"\0" * (65 << 20)})
    assert rules(content) == {"wheel-contents"}
    assert rules(content, limits=Limits(wheel_ratio_max=2000)) == set()


def test_member_that_unpacks_to_more_than_it_says() -> None:
    content = bytearray(make_wheel("demo", files={"demo/__init__.py": b"\0" * 100_000}))
    begin = content.index(b"PK\1\2")
    for place in (22, begin + 24):
        struct.pack_into("<L", content, place, 10)
    assert rules(bytes(content)) == {"wheel-contents"}


def test_writers_that_stream_pass() -> None:
    """Sizes after the data, as written by tools that cannot seek back."""

    class Unseekable(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

        def seek(self, *_: int) -> int:
            raise OSError

    stream = Unseekable()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in plain().items():
            archive.writestr(name, content)
    assert stream.getvalue()[6] & 8
    assert rules(stream.getvalue()) == set()


def test_large_members_are_read_in_pieces_and_still_checked() -> None:
    body = bytes(range(256)) * 40_000
    assert rules(make_wheel("demo", files={"demo/big": body})) == set()
    assert rules(make_wheel("demo", files={"demo/big": body}, changed={"demo/big": body[::-1]})) == {
        "record-mismatch"
    }
    broken = bytearray(stored(plain({"demo/big": body})))
    broken[5000] ^= 1
    assert "wheel-contents" in rules(bytes(broken))


def test_sixty_four_bit_sizes_pass() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in plain().items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(content)
    assert rules(stream.getvalue()) == set()


@given(position=st.integers(0, 10_000), value=st.integers(0, 255))
def test_any_changed_byte_is_noticed_or_harmless(position: int, value: int) -> None:
    """No damage raises anything, and what is admitted still unpacks to the same files."""
    content = bytearray(make_wheel("demo", files={"demo/__init__.py": "x = 1\n" * 20}))
    before = unpacked(bytes(content))
    content[position % len(content)] = value
    seen = look(bytes(content))
    if not any(finding.denies for finding in seen.findings):
        assert unpacked(bytes(content)) == before


# --- RECORD -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        {"unlisted": {"demo/extra.py": "evil"}},
        {"changed": {"demo/__init__.py": "evil"}},
        {"missing": ["demo/__init__.py"]},
        {"record": b""},
        {"record": b"\xff\xfe"},
        {"record": b'"unclosed'},
        {"record": b"a,b,c,d\n"},
        {"record": b"demo/__init__.py,sha256=!!!,1\n"},
    ],
    ids=["unlisted", "changed", "missing", "empty", "undecodable", "unclosed", "columns", "digest"],
)
def test_record_is_complete_and_true(broken: dict[str, object]) -> None:
    assert rules(make_wheel("demo", **broken)) == {"record-mismatch"}


@pytest.mark.parametrize("digest", ["", "md5=abc", "sha1=abc"])
def test_record_needs_strong_digests(digest: str) -> None:
    record = record_of(make_wheel("demo"))
    rows = [f"demo/__init__.py,{digest}," if row.startswith("demo/") else row for row in record.splitlines()]
    assert rules(make_wheel("demo", record="\n".join(rows).encode())) == {"record-mismatch"}


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_every_strong_algorithm_counts(algorithm: str) -> None:
    import base64
    import hashlib

    body = b"__version__ = '1.0'\n"
    digest = base64.urlsafe_b64encode(hashlib.new(algorithm, body).digest()).rstrip(b"=").decode()
    rows = record_of(make_wheel("demo")).splitlines()[1:]
    record = "\n".join([f"demo/__init__.py,{algorithm}={digest},{len(body)}", *rows]).encode()
    assert rules(make_wheel("demo", record=record)) == set()
    assert rules(make_wheel("demo", record=record.replace(digest[:5].encode(), b"AAAAA"))) == {
        "record-mismatch"
    }


def test_hexadecimal_digests_count_as_what_they_are() -> None:
    body = b"__version__ = '1.0'\n"
    rows = record_of(make_wheel("demo")).splitlines()[1:]
    record = "\n".join([f"demo/__init__.py,sha256={sha256(body)},", *rows]).encode()
    assert rules(make_wheel("demo", record=record)) == set()
    assert rules(make_wheel("demo", record=record.replace(sha256(body).encode(), b"0" * 64))) == {
        "record-mismatch"
    }


def test_signatures_need_no_row() -> None:
    assert rules(make_wheel("demo", unlisted={f"{INFO}/RECORD.jws": "{}"})) == set()


# --- metadata -----------------------------------------------------------------------------------


def offered(**changes: object) -> WheelMetadata:
    base = WheelMetadata(
        name="demo",
        version="1.0",
        requires_dist=("Dep.One [B,a] >=1,<2 ; python_version>'3'", "two"),
        requires_python=">=3.8",
        provides_extra=frozenset({"x"}),
        raw=b"",
        source="sidecar",
    )
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]


def test_metadata_is_what_was_resolved_with() -> None:
    content = make_wheel(
        "demo",
        requires=["dep-one[a,b]<2,>=1; python_version > '3'", "two"],
        requires_python=">=3.8",
        extras=["x"],
    )
    assert rules(content, expected=offered()) == set()
    assert rules(content, expected=offered(raw=metadata_of(content), requires_dist=())) == set()
    for change in (
        {"requires_dist": ("two",)},
        {"requires_dist": ("dep-one[a,b]<2,>=1; python_version > '3'", "two", "three")},
        {"requires_python": None},
        {"requires_python": ">=3.9"},
        {"provides_extra": frozenset()},
        {"name": "other"},
        {"version": "1.1"},
    ):
        assert rules(content, expected=offered(**change)) == {"metadata-mismatch"}, change


@pytest.mark.parametrize(
    "text",
    [
        b"Metadata-Version: 2.1\nName: other\nVersion: 1.0\n\n",
        b"Metadata-Version: 2.1\nName: demo\nVersion: 1.1\n\n",
        b"Metadata-Version: 2.1\nName: demo\nName: demo\nVersion: 1.0\n\n",
        b"Metadata-Version: 2.1\n\nName: demo\nVersion: 1.0\n",
    ],
    ids=["name", "version", "twice", "none"],
)
def test_metadata_is_the_file_names(text: bytes) -> None:
    assert rules(make_wheel("demo", metadata=text)) == {"metadata-mismatch"}


def test_metadata_folder_is_one_and_the_file_names() -> None:
    assert rules(make_wheel("demo", dist_info="other-1.0.dist-info")) >= {"metadata-mismatch"}
    assert rules(make_wheel("demo", dist_info="demo-2.0.dist-info")) >= {"metadata-mismatch"}
    assert rules(make_wheel("demo", dist_info="Demo-1.0.0.dist-info")) == set()
    assert rules(make_wheel("demo", files={"other-1.0.dist-info/METADATA": "x"})) == {"metadata-mismatch"}
    assert rules(make_wheel("demo", files={"demo/_vendor/other-1.0.dist-info/METADATA": "x"})) == set()


def test_file_name_that_is_none() -> None:
    assert rules(make_wheel("demo"), "demo.whl") == {"metadata-mismatch"}


WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"


@pytest.mark.parametrize(
    ("inside", "claimed", "agrees"),
    [
        ("py3-none-any", "py3-none-any", True),
        ("py3-none-any", "py3-none-manylinux1_x86_64", True),
        ("cp311-cp311-linux_x86_64", "cp311-cp311-manylinux2014_x86_64", True),
        ("py2.py3-none-any", "py2.py3-none-any", True),
        ("py3-none-any", "cp311-none-any", True),
        ("cp311-cp311-linux_x86_64", "py3-none-any", False),
        ("cp311-cp311-linux_x86_64", "cp312-cp312-linux_x86_64", False),
        ("cp311-cp311-linux_aarch64", "cp311-cp311-manylinux2014_x86_64", False),
        ("cp311-cp311-win_amd64", "cp311-cp311-linux_x86_64", False),
        ("py2-none-any", "cp311-none-any", False),
    ],
)
def test_tags_claim_no_more_than_was_built(inside: str, claimed: str, agrees: bool) -> None:
    content = make_wheel("demo", tag=claimed, wheel_file=f"{WHEEL}Tag: {inside}\n".encode())
    assert rules(content, wheel_filename("demo", tag=claimed)) == (set() if agrees else {"wheel-contents"})


def test_wheel_version_that_nobody_knows() -> None:
    assert rules(make_wheel("demo", wheel_file=b"Wheel-Version: 2.0\nTag: py3-none-any\n")) == {
        "wheel-contents"
    }
    assert rules(make_wheel("demo", wheel_file=b"Wheel-Version: 1.9\nTag: py3-none-any\n")) == set()
    assert rules(make_wheel("demo", wheel_file=b"")) == {"metadata-mismatch", "wheel-contents"}


# --- what a wheel has no business with ----------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "scripts/python",
        "scripts/python3.11",
        "scripts/python.exe",
        "scripts/pip",
        "scripts/pip3",
        "scripts/pip3.11.exe",
        "scripts/Pip-script.py",
        "scripts/safepip",
        "scripts/activate",
        "scripts/Activate.ps1",
        "scripts/locale.py",
        "scripts/json/__init__.py",
        "data/pip.conf",
        "data/etc/pip.conf",
        "data/pip.ini",
        "data/pyvenv.cfg",
        "data/lib/python3.11/site-packages/sitecustomize.py",
        "data/lib/python3.11/json.py",
        "data/Lib/site-packages/evil.py",
        "data/bin/python",
        "data/bin/pip",
        "data/Scripts/pip.exe",
        "data/python311._pth",
        "data/python3.dll",
        "unknown/file",
        "file",
    ],
)
def test_data_files_that_are_somebody_elses(path: str) -> None:
    assert rules(make_wheel("demo", data={path: "x"})) == {"wheel-contents"}


@pytest.mark.parametrize(
    "path",
    [
        "scripts/python-demo",
        "scripts/pip-demo",
        "scripts/demo.py",
        "scripts/locale",
        "data/etc/jupyter/jupyter_server_config.d/demo.json",
        "data/share/man/man1/demo.1",
        "data/bin/demo",
        "data/lib/pkgconfig/demo.pc",
        "data/lib/libdemo.so",
        "data/include/demo.h",
        "headers/demo.h",
        "purelib/demo2.py",
    ],
)
def test_data_files_of_ones_own(path: str) -> None:
    assert look(make_wheel("demo", data={path: "x"})).findings == ()


def test_foreign_data_folder() -> None:
    assert rules(make_wheel("demo", files={"other-1.0.data/scripts/x": ""})) == {"wheel-contents"}


@pytest.mark.parametrize("name", ["pip", "pip3.11", "python3", "pythonw", "activate", "locale.py", "safepip"])
def test_entry_points_that_replace_programs(name: str) -> None:
    assert rules(make_wheel("demo", entry_points={"console_scripts": {name: "demo:x"}})) == {"wheel-contents"}


def test_pip_may_be_pip() -> None:
    content = make_wheel(
        "pip",
        files={"pip/__init__.py": "", "pip/__main__.py": ""},
        entry_points={"console_scripts": {"pip": "pip:main", "pip3": "pip:main"}},
    )
    assert rules(content, "pip-1.0-py3-none-any.whl") == set()
    assert rules(make_wheel("demo", files={"pip/__init__.py": ""})) == {"wheel-contents"}


def test_metadata_that_claims_another_package() -> None:
    assert rules(make_wheel("demo", files={"other-1.0.egg-info/PKG-INFO": ""})) == {"wheel-contents"}
    assert rules(make_wheel("demo", files={"demo-1.0.egg-info/PKG-INFO": ""})) == set()


def test_bytecode() -> None:
    timed, checked, unchecked = (bytes(4) + bytes([flags, 0, 0, 0]) + bytes(8) for flags in (0, 3, 1))
    source, cached = "demo/m.py", "demo/__pycache__/m.cpython-311.pyc"
    assert rules(make_wheel("demo", files={source: "", cached: timed})) == set()
    assert rules(make_wheel("demo", files={source: "", cached: checked})) == set()
    assert rules(make_wheel("demo", files={source: "", cached: unchecked})) == {"wheel-contents"}
    assert rules(make_wheel("demo", files={cached: timed})) == {"wheel-contents"}
    assert rules(make_wheel("demo", files={source: "", "demo/m.pyc": timed})) == {"wheel-contents"}


@pytest.mark.parametrize(
    "path", ["demo.pth", "sitecustomize.py", "usercustomize/__init__.py", "sitecustomize.so"]
)
def test_startup_hooks_warn(path: str) -> None:
    for content in (make_wheel("demo", files={path: ""}), make_wheel("demo", data={f"purelib/{path}": ""})):
        seen = look(content)
        assert [(finding.rule, finding.level) for finding in seen.findings] == [("startup-hook", Level.WARN)]
        assert len(seen.startup_hooks) == 1
    assert look(make_wheel("demo", files={f"demo/{path}": ""})).findings == ()


def test_findings_name_the_members_and_hide_control_characters() -> None:
    (finding,) = look(stored({"demo/\x1b[2Jevil.py": b"", **plain()})).findings
    assert finding.subject == "demo"
    assert finding.origin.place == "demo-1.0-py3-none-any.whl"
    assert finding.help
    assert finding.notes == ("demo/\\x1b[2Jevil.py",)


def test_many_members_make_one_finding() -> None:
    (finding,) = look(make_wheel("demo", unlisted={f"demo/{n}.py": "" for n in range(50)})).findings
    assert finding.rule == "record-mismatch"
    assert finding.notes[-1] == "and 45 more"


# --- making archives by hand --------------------------------------------------------------------


def plain(more: dict[str, bytes] | None = None) -> dict[str, bytes]:
    """The members of a sound wheel."""
    return unpacked(make_wheel("demo", files={"demo/__init__.py": b"", **(more or {})}))


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def record_of(content: bytes) -> str:
    return unpacked(content)[f"{INFO}/RECORD"].decode()


def stored(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip with exactly these names, which zipfile's own clean-up would change."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo("x")
            member.filename = name
            member.compress_type = method
            archive.writestr(member, content)
    return stream.getvalue()
