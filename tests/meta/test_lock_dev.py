"""How the development lock is made: which files of a page belong to a version, and what is written."""

from __future__ import annotations

import pytest
from packaging.version import Version

from tasks import lock_dev

A, B, C = ("a" * 64, "b" * 64, "c" * 64)
PAGE = f"""
<a href="https://files.index.example/demo-1.0-py3-none-any.whl#sha256={B}">wheel</a>
<a href="../../demo-1.0.tar.gz#sha256={A}">sdist</a>
<a href="../../demo-1.0.1.tar.gz#sha256={C}">another version</a>
<a href="../../demo-1.0.zip#md5=00">no strong digest</a>
<a href="../../demo-1.0.exe#sha256={C}">an installer</a>
<a>no link</a>
"""


def served(monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    class Response:
        def read(self) -> bytes:
            return page.encode()

        def __enter__(self):
            return self

        def __exit__(self, *details: object) -> None:
            pass

    monkeypatch.setattr(lock_dev.urllib.request, "urlopen", lambda request, timeout: Response())


def test_every_file_of_the_version_counts_and_nothing_else(monkeypatch):
    served(monkeypatch, PAGE)
    assert lock_dev.digests("demo", Version("1.0"), "https://index.example/simple/") == [A, B]


def test_a_version_without_a_digest_ends_the_run(monkeypatch):
    served(monkeypatch, PAGE)
    with pytest.raises(SystemExit, match="lists no sha256"):
        lock_dev.digests("demo", Version("2.0"), "https://index.example/simple/")


def entry(name: str, version: str, *, requested: bool = False, requires: tuple[str, ...] = ()):
    metadata = {"name": name, "version": version, "requires_dist": list(requires)}
    return {"metadata": metadata, "requested": requested}


def test_the_lock_says_who_asked_and_names_no_index(monkeypatch):
    served(monkeypatch, PAGE)
    entries = [
        entry("Demo", "1.0"),
        entry("tool", "1.0", requested=True, requires=("demo>=1; extra == 'x'",)),
    ]
    text = lock_dev.render("requirements/dev.in", entries, "https://index.example/simple/")
    block = f"==1.0 \\\n    --hash=sha256:{A} \\\n    --hash=sha256:{B}\n    # via "
    assert text.endswith(f"demo{block}tool\ntool{block}requirements/dev.in\n")
    assert "index.example" not in text


def test_an_index_over_plaintext_is_refused(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://index.example/simple")
    with pytest.raises(SystemExit, match="https"):
        lock_dev.index_url()
