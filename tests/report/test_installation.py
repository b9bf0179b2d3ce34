import json
import subprocess
import sys
from dataclasses import replace

import pytest
from packaging.markers import default_environment
from pip import __version__ as pip_version

from safepip.core.digest import Digest, Digests
from safepip.core.index import FileEntry
from safepip.core.plan import Plan
from safepip.report import lines
from safepip.report.installation import installation_report, metadata_json, report_text
from support.wheels import make_wheel, metadata_of, sha256, wheel_filename
from tests.report.samples import environment, step

METADATA = """\
Metadata-Version: 2.4
Name: Demo.Kit
Version: 1.0
Dynamic: Keywords
Platform: any
Summary: Ünicode, too
Keywords: a, b c ,d
Home-page: https://demo.example
Author: Ann
License: first line
        second line
          third line
License-Expression: MIT
License-File: LICENSE
License-File: NOTICE
Classifier: A :: B
Classifier: C
Requires-Dist: idna>=2
Requires-Dist: six ; extra == "x"
Requires-Python: >=3.8
Project-URL: Docs, https://docs.example
Provides-Extra: x
Description-Content-Type: text/markdown
Import-Name: demo_kit

# Demo

Body, with “quotes”.
"""
SPACED = "Metadata-Version: 2.1\nName: idna\nVersion: 3.10\nKeywords: a b  c\nDescription: one\n        two\n"


def pip(*arguments: str) -> str:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def wheelhouse(tmp_path):
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, version, metadata in (("Demo.Kit", "1.0", METADATA), ("idna", "3.10", SPACED)):
        (folder / wheel_filename(name, version)).write_bytes(
            make_wheel(name, version, metadata=metadata.encode())
        )
    return folder


def local_step(folder, name, version, **fields):
    path = folder / wheel_filename(name, version)
    file = FileEntry(filename=path.name, url=path.as_uri())
    return step(name, version, raw=metadata_of(path.read_bytes()), file=file, **fields)


@pytest.mark.differential
def test_report_and_lines_are_those_of_pip(wheelhouse, tmp_path):
    report_path = tmp_path / "report.json"
    said = pip(
        "install", "--no-index", "--find-links", str(wheelhouse), "--target", str(tmp_path / "target"),
        "--report", str(report_path), "demo_KIT[x]", "idna", "--no-deps",
    )  # fmt: skip
    steps = (
        local_step(
            wheelhouse,
            "Demo.Kit",
            "1.0",
            requested=True,
            requested_extras=frozenset({"x"}),
            asked=["demo_KIT[x]"],
        ),
        local_step(wheelhouse, "idna", "3.10", requested=True, asked=["idna"]),
    )
    digests = {
        each.project: Digests.of(
            [Digest.of("sha256", sha256((wheelhouse / each.file.filename).read_bytes()))]
        )
        for each in steps
    }

    ours = installation_report(
        Plan(steps=steps), environment(**default_environment()), pip_version=pip_version, digests=digests
    )

    assert report_text(ours) == report_path.read_text(encoding="utf-8")
    assert lines.successfully_installed(Plan(steps=steps)) in said.splitlines()


@pytest.mark.differential
def test_would_install_and_already_satisfied_are_those_of_pip(wheelhouse, tmp_path, monkeypatch):
    said = pip(
        "install",
        "--no-index",
        "--find-links",
        str(wheelhouse),
        "--dry-run",
        "-I",
        "--no-deps",
        "idna",
        "demo-kit",
    )
    plan = Plan(steps=(local_step(wheelhouse, "idna", "3.10"), local_step(wheelhouse, "Demo.Kit", "1.0")))
    assert lines.would_install(plan) in said.splitlines()


def test_an_empty_report_has_the_frame_of_pip():
    report = installation_report(Plan(steps=()), environment(python_version="3.11"), pip_version="26.3")
    assert report == {
        "version": "1",
        "pip_version": "26.3",
        "install": [],
        "environment": {"python_version": "3.11"},
    }


def test_index_files_carry_the_strongest_digest_of_the_page():
    digests = Digests.of(
        [Digest.of("sha256", "ab" * 32), Digest.of("sha512", "cd" * 64), Digest.of("md5", "ef" * 16)]
    )
    plain = step("demo")
    plan = Plan(steps=(replace(plain, file=replace(plain.file, digests=digests)),))
    (installed,) = installation_report(plan, environment(), pip_version="26.3")["install"]
    assert installed["download_info"] == {
        "url": "https://files.example/demo-1.0-py3-none-any.whl",
        "archive_info": {"hashes": {"sha512": "cd" * 64}, "hash": "sha512=" + "cd" * 64},
    }


def test_without_a_known_digest_none_is_made_up():
    plain = step("demo")
    plan = Plan(steps=(replace(plain, file=replace(plain.file, digests=Digests())),))
    (installed,) = installation_report(plan, environment(), pip_version="26.3")["install"]
    assert installed["download_info"]["archive_info"] == {}


@pytest.mark.parametrize(
    "url, reported",
    [
        ("https://bob:hunter2@h.example/x.whl#sha256=00", "https://h.example/x.whl"),
        ("https://${USER}:${PW}@h.example/x.whl", "https://${USER}:${PW}@h.example/x.whl"),
        ("https://h.example/x.whl?a=b", "https://h.example/x.whl?a=b"),
        ("file:///w/x.whl", "file:///w/x.whl"),
    ],
)
def test_no_secret_of_a_url_is_reported(url, reported):
    plain = step("demo")
    plan = Plan(steps=(replace(plain, file=replace(plain.file, url=url)),))
    (installed,) = installation_report(plan, environment(), pip_version="26.3")["install"]
    assert installed["download_info"]["url"] == reported


def test_yanked_direct_and_extras_are_told():
    plain = step("demo", requested=False, requested_extras=frozenset({"x"}), direct=True)
    plan = Plan(steps=(replace(plain, file=replace(plain.file, yanked="")),))
    (installed,) = installation_report(plan, environment(), pip_version="26.3")["install"]
    assert installed["is_yanked"]
    assert installed["is_direct"]
    assert not installed["requested"]
    assert "requested_extras" not in installed


def test_on_stdout_the_report_is_ascii_and_the_same_json():
    raw = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nSummary: \x1b[2J##[add-mask]é\x7f\x9b\n".encode()
    report = installation_report(Plan(steps=(step("demo", raw=raw),)), environment(), pip_version="26.3")
    text = report_text(report, to_stdout=True)
    assert json.loads(text) == report
    assert text.isascii()
    assert "##" not in text
    assert text.replace("\n", "").isprintable()


def test_undecodable_metadata_is_no_error():
    assert metadata_json(b"Name: caf\xe9\nVersion: 1\n")["name"] == "caf\ufffd"
