"""Where a lock says that its files are."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from safepip.core.digest import Digest
from safepip.core.errors import RequirementFileError

from .locks import HEAD, SHA256, UV, WHEEL, lock_of, only

REMOTE = "https://locks.example/app/pylock.toml"


def with_path(path: str) -> str:
    return HEAD + WHEEL.replace(
        'url = "https://files.example/demo-1.0-py3-none-any.whl"',
        f'name = "demo-1.0-py3-none-any.whl"\npath = {path!r}',
    )


def direct(table: str) -> str:
    return f'{HEAD}\n[[packages]]\nname = "demo"\n{table}\n'


def test_everything_that_the_lock_says_is_kept() -> None:
    found = only(lock_of(UV))
    assert (found.project, found.filename, found.size) == ("app", "app-1.0-py3-none-any.whl", 9)
    assert found.url == "https://files.example/app-1.0-py3-none-any.whl"
    assert found.upload_time == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert list(found.digests) == [Digest.of("sha256", SHA256)]
    assert found.index is not None
    assert (found.index.value, str(found.index.origin)) == (
        "https://index.example/simple",
        "pylock.toml:10:9",
    )
    assert str(found.origin) == "pylock.toml:12:11"


@pytest.mark.parametrize(
    "location, path, url",
    [
        ("/project/pylock.toml", "wheels/demo-1.0-py3-none-any.whl", "file:///project/wheels/demo-1.0-py3-none-any.whl"),
        ("/project/pylock.toml", "../wheels/a b.whl", "file:///wheels/a%20b.whl"),
        ("/project/pylock.toml", "/srv/demo.whl", "file:///srv/demo.whl"),
        ("/project/pylock.toml", "https://evil.example/x.whl", "file:///project/https%3A/evil.example/x.whl"),
        (REMOTE, "wheels/demo.whl", "https://locks.example/app/wheels/demo.whl"),
        (REMOTE, "../../../demo.whl", "https://locks.example/demo.whl"),
        ("file:///project/pylock.toml", "demo.whl", "file:///project/demo.whl"),
    ],
)  # fmt: skip
def test_a_path_is_taken_from_where_the_lock_is(location: str, path: str, url: str) -> None:
    lock = lock_of(with_path(path), location, remote=location == REMOTE)
    assert only(lock).url == url


@pytest.mark.parametrize(
    "location, path, message",
    [
        (REMOTE, "/etc/demo.whl", "Absolute paths are not supported in pylock files obtained from a URL: '/etc/demo.whl' in 'pylock.toml'"),
        (REMOTE, "file:///etc/demo.whl", "Path 'file:///etc/demo.whl' in pylock file obtained from a URL resolves outside its location: 'pylock.toml'"),
        (REMOTE, "//evil.example/demo.whl", "Absolute paths are not supported"),
        (REMOTE, "https://evil.example/demo.whl", "resolves outside its location"),
        (REMOTE, "http://locks.example/demo.whl", "resolves outside its location"),
        (REMOTE, "https://[/demo.whl", "is no path"),
        ("file:///project/pylock.toml", "/etc/demo.whl", "Absolute paths are not supported"),
    ],
)  # fmt: skip
def test_a_path_that_leaves_a_remote_lock_is_refused_in_pips_words(
    location: str, path: str, message: str
) -> None:
    with pytest.raises(RequirementFileError, match=re.escape(message)) as error:
        only(lock_of(with_path(path), location, remote=location == REMOTE))
    assert str(error.value.origin) == "pylock.toml:10:8"


def test_a_path_counts_before_a_url() -> None:
    text = HEAD + WHEEL.replace("url =", 'path = "demo-1.0-py3-none-any.whl"\nurl =')
    assert only(lock_of(text)).url == "file:///project/demo-1.0-py3-none-any.whl"


@pytest.mark.parametrize("name", ["demo-1.0-py3-none-any/../../x.whl", "demo-1.0-py3-none-any.a\\\\x.whl"])
def test_a_file_name_that_is_a_path_is_refused(name: str) -> None:
    text = HEAD + WHEEL.replace("url =", f'name = "{name}"\nurl =')
    with pytest.raises(RequirementFileError, match=r"is no file name|Invalid wheel filename"):
        only(lock_of(text))


def test_a_path_with_a_zero_byte_is_refused() -> None:
    text = with_path("x").replace("'x'", '"x\\u0000y"')
    with pytest.raises(RequirementFileError, match="is no path"):
        only(lock_of(text))


@pytest.mark.parametrize(
    "hashes, expected",
    [
        (f'sha256 = "{SHA256.upper()}"', [("sha256", SHA256)]),
        (f'sha256 = "{SHA256}", md5 = "{"b" * 32}"', [("sha256", SHA256), ("md5", "b" * 32)]),
        (f'sha256 = "{SHA256}", blake2b = "x"', [("sha256", SHA256)]),
        (f'sha256 = "{SHA256}", SHA256 = "{SHA256}"', [("sha256", SHA256)]),
        ('blake2b = "x"', []),
    ],
)
def test_digests_of_known_algorithms_are_kept(hashes: str, expected: list[tuple[str, str]]) -> None:
    found = only(lock_of(HEAD + WHEEL.replace(f'sha256 = "{SHA256}"', hashes))).digests
    assert [(one.algorithm.value, one.hex) for one in found] == expected


@pytest.mark.parametrize(
    "hashes, message",
    [
        ('sha256 = "abc"', "not a sha256 digest (64 hexadecimal digits): 'abc'"),
        (f'sha256 = "{"g" * 64}"', "not a sha256 digest"),
        (f'sha256 = "{SHA256}", SHA256 = "{"b" * 64}"', "two different sha256 digests for one file"),
    ],
)
def test_a_digest_that_is_none_is_refused_at_its_line(hashes: str, message: str) -> None:
    with pytest.raises(RequirementFileError, match=re.escape(message)) as error:
        only(lock_of(HEAD + WHEEL.replace(f'sha256 = "{SHA256}"', hashes)))
    assert error.value.origin is not None
    assert error.value.origin.line == 10


@pytest.mark.parametrize(
    "table, url",
    [
        (f'archive = {{url = "https://h.example/demo-1.0.tar.gz", hashes = {{sha256 = "{SHA256}"}}, subdirectory = "py"}}', "https://h.example/demo-1.0.tar.gz#subdirectory=py"),
        ('vcs = {type = "git", url = "https://h.example/demo", commit-id = "abc", requested-revision = "main"}', "git+https://h.example/demo@abc"),
        ('vcs = {type = "git", path = "repo", commit-id = "abc", subdirectory = "py"}', "git+file:///project/repo@abc#subdirectory=py"),
        ('directory = {path = "src/demo", editable = true}', "file:///project/src/demo"),
        ('directory = {path = "src", subdirectory = "demo"}', "file:///project/src/demo"),
    ],
)  # fmt: skip
def test_archives_repositories_and_directories_become_what_pip_makes_of_them(table: str, url: str) -> None:
    assert only(lock_of(direct(table))).url == url


def test_a_directory_in_a_remote_lock_is_refused_in_pips_words() -> None:
    with pytest.raises(
        RequirementFileError, match=re.escape("Directory entries are not supported in remote")
    ):
        only(lock_of(direct('directory = {path = "src"}'), REMOTE, remote=True))


@pytest.mark.parametrize(
    "name", ["../evil", "a/../../evil", "/etc", "a&md5=x", "C:\\x", "a\\..\\b", ".", ".."]
)
@pytest.mark.parametrize(
    "table",
    [
        f'archive = {{url = "https://h.example/demo-1.0.tar.gz", hashes = {{sha256 = "{SHA256}"}}, subdirectory = NAME}}',
        'directory = {path = "src", subdirectory = NAME}',
        'vcs = {type = "git", url = "https://h.example/demo", commit-id = "abc", subdirectory = NAME}',
    ],
    ids=["archive", "directory", "vcs"],
)
def test_a_subdirectory_that_leaves_its_place_is_refused(table: str, name: str) -> None:
    with pytest.raises(RequirementFileError, match="is no folder inside of it"):
        only(lock_of(direct(table.replace("NAME", f"'{name}'"))))


@pytest.mark.parametrize("name", ["py", "a/b", "a.b/c_d-e", "..a/b", "a/.b/"])
def test_a_subdirectory_inside_is_kept(name: str) -> None:
    table = f'directory = {{path = "src", subdirectory = "{name}"}}'
    assert only(lock_of(direct(table))).url == f"file:///project/src/{name}"


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_upload_time_outside_of_the_calendar_is_said(time: str) -> None:
    with pytest.raises(RequirementFileError, match=r"is before or after all times") as caught:
        only(lock_of(UV.replace("2026-01-02T03:04:05Z", time)))
    assert caught.value.origin is not None
    assert caught.value.origin.line


def test_an_upload_time_without_offset_is_one_in_utc() -> None:
    """PEP 751 asks for UTC; a time that cannot be compared with others would end the run."""
    found = only(lock_of(UV.replace("03:04:05Z", "03:04:05")))
    assert found.upload_time == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
