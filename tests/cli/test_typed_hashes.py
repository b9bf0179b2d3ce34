"""``--hash`` on the command line, in every spelling."""

from __future__ import annotations

import pytest

from cli.conftest import Shell, trusting
from support.server import IndexServer
from support.wheels import make_wheel, sha256

APP = sha256(
    make_wheel("app", "1.0", requires=["lib>=1"], entry_points={"console_scripts": {"app": "app:main"}})
)
LIB = sha256(make_wheel("lib", "1.0"))
OTHER = "0" * 64


@pytest.mark.parametrize(
    "words",
    [
        ("lib==1.0", "--hash", f"sha256:{LIB}"),
        ("lib==1.0", f"--hash=sha256:{LIB}"),
        (f"--hash=sha256:{LIB}", "lib==1.0"),
        ("lib==1.0", f"--hash=SHA256:{LIB.upper()}"),
        ("lib==1.0", f"--hash=sha256:{OTHER}", f"--hash=sha256:{LIB}"),
        (f"lib==1.0 --hash=sha256:{LIB}",),
        (f"lib==1.0 --hash sha256:{LIB}",),
        (f"lib == 1.0   --hash=sha256:{OTHER}\t--hash=sha256:{LIB} ",),
        (f"lib==1.0 \n--hash=sha256:{LIB}",),
        (f"lib==1.0 ; python_version > '3' --hash=sha256:{LIB}",),
    ],
)
def test_one_requirement(shell: Shell, index: IndexServer, words: tuple[str, ...]) -> None:
    ended = shell.safepip("install", *trusting(index), *words)

    assert (ended.code, shell.installed()) == (0, {"lib-1.0"}), ended.err


@pytest.mark.parametrize(
    "words",
    [
        ("app==1.0", f"--hash=sha256:{APP}", "lib==1.0", f"--hash=sha256:{LIB}"),
        ("app==1.0", "lib==1.0", f"--hash=sha256:{APP}", f"--hash=sha256:{LIB}"),
        (f"--hash=sha256:{APP}", "app==1.0", f"--hash=sha256:{LIB}", "lib==1.0"),
        ("app==1.0", "--hash", f"sha256:{APP}", "lib==1.0", f"--hash=sha256:{OTHER}", f"--hash=sha256:{LIB}"),
        (f"app==1.0 --hash=sha256:{APP}", f"lib==1.0 --hash=sha256:{LIB}"),
        (f"app==1.0 --hash=sha256:{APP}", "lib==1.0", f"--hash=sha256:{LIB}"),
        ("app==1.0", f"--hash=sha256:{APP}", f"lib==1.0 --hash=sha256:{LIB}"),
    ],
)
def test_several_requirements(shell: Shell, index: IndexServer, words: tuple[str, ...]) -> None:
    required = shell.safepip("install", "--require-hashes", *trusting(index), *words)

    assert (required.code, shell.installed()) == (0, {"app-1.0", "lib-1.0"}), required.err


@pytest.mark.parametrize(
    "words",
    [
        ("lib==1.0", f"--hash=sha256:{OTHER}"),
        (f"lib==1.0 --hash=sha256:{OTHER}",),
        (f"lib==1.0 --hash=sha256:{LIB} --hash=sha512:{'0' * 128}",),
        ("app==1.0", f"--hash=sha256:{LIB}", "lib==1.0", f"--hash=sha256:{APP}"),
        (f"app==1.0 --hash=sha256:{LIB}", f"lib==1.0 --hash=sha256:{APP}"),
    ],
)
def test_another_file_is_refused(shell: Shell, index: IndexServer, words: tuple[str, ...]) -> None:
    ended = shell.safepip("install", *trusting(index), *words)

    assert (ended.code, shell.installed()) == (13, set()), ended.err
    assert "error[hash-mismatch]" in ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("app", "lib", f"--hash=sha256:{APP}"), "1 --hash options do not fit 2 requirements"),
        ((f"app==1.0 --hash=sha256:{APP}", f"--hash=sha256:{APP}"), "do not fit 0 requirements"),
        (("lib==1.0 --hash=sha256:12",), "not a sha256 digest"),
        (("lib==1.0 --hash=crc32:12",), "unknown hash algorithm 'crc32'"),
        (("lib==1.0 --hash",), "only --hash may stand"),
        ((f"lib==1.0 --hash=sha256:{LIB} --no-index",), "only --hash may stand"),
        ((f"lib==1.0 --hash=sha256:{LIB} app",), "only --hash may stand"),
    ],
)
def test_what_cannot_be_told_is_an_error(
    shell: Shell, index: IndexServer, words: tuple[str, ...], said: str
) -> None:
    ended = shell.safepip("install", *trusting(index), *words)

    assert (ended.code, shell.installed(), index.requests) == (2, set(), []), ended.err
    assert said in ended.err


@pytest.mark.parametrize("word", ["lib==1.0 --no-index", "lib==1.0 --pre --hash=sha256:", "lib --hashes"])
def test_other_options_in_quotes_are_no_requirement_as_with_pip(
    shell: Shell, index: IndexServer, word: str
) -> None:
    ended = shell.safepip("install", *trusting(index), word)

    assert (ended.code in {1, 2}, shell.installed()) == (True, set()), ended.err


def test_download_takes_them_too(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("download", *trusting(index), f"lib==1.0 --hash=sha256:{LIB}")

    assert ended.code == 0, ended.err
    assert (shell.folder / "lib-1.0-py3-none-any.whl").exists()


def test_a_weak_hash_is_not_enough(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("install", *trusting(index), f"lib==1.0 --hash=md5:{'0' * 32}")

    assert (ended.code, shell.installed()) == (10, set()), ended.err
