"""Attacks through the command line, each with its harmless twin.

Where an attack is about what pip does, the real pip is asked first: what it makes of the words (the
oracle), or what it does with them.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from pathlib import Path

import pytest

from cli.conftest import Shell, publish, trusting
from support.certificates import other_ca_path
from support.server import Certificate, IndexServer, Response
from support.wheels import make_wheel, wheel_filename
from threats.conftest import Oracle, Run

FILE = wheel_filename("lib", "2.0")
LIB_2 = hashlib.sha256(make_wheel("lib", "2.0")).hexdigest()
OTHERS = make_wheel("lib", "2.0", files={"lib_was_replaced.py": ""})
"""What an attacker would have installed in its place."""


def read_by_pip(oracle: Oracle, *argv: str, environ: dict[str, str] | None = None) -> dict[str, object]:
    """The values that the real pip takes from a command line."""
    answer = oracle("argv", argv=list(argv), environ={"PIP_CONFIG_FILE": os.devnull, **(environ or {})})
    return dict(answer["values"])


# --- How options are written ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "meant", "rule"),
    [
        (["--trusted-h", "e"], ("trusted_hosts", ["e"]), "trusted-host"),
        (["--trus=e"], ("trusted_hosts", ["e"]), "trusted-host"),
        (["--index", "http://e"], ("index_url", "http://e"), "plaintext-index"),
        (["--pypi=http://e"], ("index_url", "http://e"), "plaintext-index"),
        (["--extra", "http://e"], ("extra_index_urls", ["http://e"]), "plaintext-index"),
        (["--find=http://e"], ("find_links", ["http://e"]), "plaintext-index"),
        (
            ["--use-d", "legacy-resolver"],
            ("deprecated_features_enabled", ["legacy-resolver"]),
            "unsafe-option",
        ),
    ],
)
def test_a_shortened_option_is_judged_by_what_it_means(
    oracle: Oracle, safepip: Run, words: list[str], meant: tuple[str, list[str] | str], rule: str
) -> None:
    dest, value = meant
    # Some lists pip holds twice.
    assert read_by_pip(oracle, "install", "lib", *words)[dest] in (value, [value[0]] * 2)

    ended = safepip("install", "lib", *words)

    assert ended.code == 10
    assert f"error[{rule}]" in ended.err


def test_a_shortened_option_that_harms_nobody_works(safepip: Run, index: IndexServer) -> None:
    ended = safepip(
        "install", "--dry", "lib", "--force-r", "--verb", "--pypi", index.url, "--cer", index.ca_path
    )

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err


def test_an_ambiguous_beginning_is_refused_in_pips_words(pip: Run, safepip: Run) -> None:
    said = "ambiguous option: --up (--upgrade, --upgrade-strategy, --uploaded-prior-to?)"

    for ended in (pip("install", "--up", "lib"), safepip("install", "--up", "lib")):
        assert ended.code == 2
        assert said in ended.err


@pytest.mark.parametrize("cluster", ["-ihttp://e", "-qihttp://e", "-qqvUihttp://e", "-Ufhttp://e"])
def test_a_value_glued_to_a_cluster_of_short_options_is_seen(
    oracle: Oracle, safepip: Run, cluster: str
) -> None:
    values = read_by_pip(oracle, "install", "lib", cluster)
    assert "http://e" in (values["index_url"], *values["find_links"])  # type: ignore[misc]

    ended = safepip("install", "lib", cluster)

    assert ended.code == 10
    assert "plaintext-index" in ended.err
    assert "^^^^^^^^" in ended.err


def test_short_options_in_one_word_work(shell: Shell, safepip: Run, index: IndexServer) -> None:
    shell.write("r.txt", f"lib==2.0 --hash=sha256:{LIB_2}\n")

    ended = safepip("install", "--dry-run", "-qqUrr.txt", f"-i{index.url}", "--cert", index.ca_path)

    assert ended.code == 0, ended.err


@pytest.mark.parametrize("words", [("-i", "-r"), ("-i=http://e",), ("--index-url", "--")])
def test_a_value_that_looks_like_an_option_stays_a_value(
    oracle: Oracle, safepip: Run, words: tuple[str, ...]
) -> None:
    value = words[-1].removeprefix("-i") if len(words) == 1 else words[-1]
    assert read_by_pip(oracle, "install", *words, "lib")["index_url"] == value

    ended = safepip("install", *words, "lib")

    assert ended.code == 2
    assert f"index URL {value!r} is neither a URL nor an existing path" in ended.err


def test_a_requirement_file_named_like_an_option_is_read(
    shell: Shell, safepip: Run, index: IndexServer
) -> None:
    shell.write("-x", f"lib==2.0 --hash=sha256:{LIB_2}\n")

    ended = safepip("install", "--dry-run", "-r", "./-x", *trusting(index))

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err


def test_behind_the_end_of_options_everything_is_a_requirement(safepip: Run, index: IndexServer) -> None:
    ended = safepip("install", *trusting(index), "--", "lib", "-i", "http://e")

    assert ended.code == 1
    assert "Invalid requirement: '-i'" in ended.err
    assert safepip("install", "--dry-run", *trusting(index), "--", "lib").out == "Would install lib-2.0\n"


def test_the_word_isolated_counts_where_pip_sees_it_and_is_said(
    shell: Shell, oracle: Oracle, safepip: Run, index: IndexServer
) -> None:
    """As the value of another option it drops what was mandated by the environment."""
    mandated = {"PIP_REQUIRE_HASHES": "1"}
    line = ("install", "--dry-run", "lib", "--log", "--isolated")
    assert read_by_pip(oracle, *line, environ=mandated)["require_hashes"] in (None, False)

    ended = safepip(*line, *trusting(index), environ=mandated)

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n")
    assert "--isolated counts wherever it stands" in ended.err


def test_isolated_as_the_option_it_is_needs_no_word(safepip: Run, index: IndexServer) -> None:
    line = ("install", "--dry-run", "lib", *trusting(index))

    assert "wherever it stands" not in safepip(*line, "--isolated").err
    # Shortened, it is no word that pip looks for.
    ended = safepip(*line, "--isola", environ={"PIP_REQUIRE_HASHES": "1"})
    assert ended.code == 10
    assert "unhashed-requirement" in ended.err


@pytest.mark.parametrize(
    ("before", "rule"),
    [(("--trusted-host", "e"), "trusted-host"), (("--use-deprecated", "legacy-certs"), "unsafe-option")],
)
def test_what_stands_before_the_command_is_judged_too(
    safepip: Run, before: tuple[str, ...], rule: str
) -> None:
    ended = safepip(*before, "install", "lib")

    assert ended.code == 10
    assert f"error[{rule}]" in ended.err


def test_the_command_as_a_value_before_the_command(shell: Shell, safepip: Run, index: IndexServer) -> None:
    """pip takes out the first word that is the command's name, although it is the name of the log."""
    ended = safepip("-q", "--log", "install", "install", "--dry-run", "lib", *trusting(index))

    assert ended.code == 0, ended.err
    assert (shell.folder / "install").exists()


def test_of_several_index_urls_the_last_one_counts(oracle: Oracle, safepip: Run, index: IndexServer) -> None:
    line = ("install", "lib", "-i", index.url, "-i", "http://e")
    assert read_by_pip(oracle, *line)["index_url"] == "http://e"

    assert "plaintext-index" in safepip(*line).err
    twice = safepip("install", "--dry-run", "lib", "-i", index.url, *trusting(index))
    assert (twice.code, twice.out) == (0, "Would install lib-2.0\n")


def test_another_index_does_not_take_the_place_of_an_extra_one(
    oracle: Oracle, safepip: Run, index: IndexServer
) -> None:
    line = ("install", "lib", "--extra-index-url", "http://e", *trusting(index))
    assert read_by_pip(oracle, *line)["extra_index_urls"] == ["http://e"]

    ended = safepip(*line)

    assert (ended.code, index.requests) == (10, [])
    assert "plaintext-index" in ended.err


# --- Options of newer and older pips -------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "guess"),
    [
        (("install", "lib", "--index-ulr=https://index.example"), "did you mean --index-url?"),
        (("install", "lib", "--global-option=x"), "--help lists the options"),
        (("list", "--formta", "json"), "did you mean --format?"),
        (("freeze", "--polcy", "x"), "did you mean --policy?"),
        (("--isolatde", "list"), "did you mean --isolated?"),
    ],
)
def test_an_option_that_pip_does_not_have_is_never_passed_on(
    safepip: Run, line: tuple[str, ...], guess: str
) -> None:
    ended = safepip(*line)

    assert (ended.code, ended.out) == (2, "")
    assert "no such option: --" in ended.err
    assert f"= help: {guess}" in ended.err
    assert "^^^^^^" in ended.err


# --- Where packages come from --------------------------------------------------------------------


def test_an_index_url_that_exists_as_a_folder_is_still_a_url(
    shell: Shell, pip: Run, safepip: Run, index: IndexServer
) -> None:
    """A checked-out tree may hold a folder ``https:``, which pip would take the packages from."""
    folder = shell.folder / "https:" / f"localhost:{index.port}" / "simple" / "lib"
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(OTHERS)
    (folder / "index.html").write_text(f'<a href="{FILE}">{FILE}</a>')
    line = ("install", "lib==2.0", *trusting(index))
    pip(*line, "--target", "pips")
    assert (shell.folder / "pips/lib_was_replaced.py").exists()
    assert index.requests == []

    ended = safepip(*line, "--target", "ours")

    assert ended.code == 0, ended.err
    assert f"/files/{FILE}" in index.paths_asked()
    assert not (shell.folder / "ours/lib_was_replaced.py").exists()


def test_a_listed_index_may_be_named_with_or_without_a_slash(
    shell: Shell, safepip: Run, index: IndexServer
) -> None:
    shell.write("p.toml", f'[[index]]\nname = "main"\nurl = "{index.url}"\nca-bundle = "{index.ca_path}"\n')
    line = ("install", "--dry-run", "lib", "--policy", "p.toml", "-i")

    assert safepip(*line, index.url).code == 0
    assert safepip(*line, index.url + "/").code == 0
    other = safepip(*line, f"{index.origin}/other")
    assert other.code == 10
    assert "unlisted-index" in other.err


def test_a_trusted_host_opens_no_unverified_connection(pip: Run, safepip: Run) -> None:
    with IndexServer(certificate=Certificate.SELF_SIGNED) as server:
        publish(server, "lib", "2.0")
        line = ("install", "--dry-run", "lib", "-i", server.url, "--retries", "0")
        named = ("--trusted-host", "localhost")
        assert pip(*line, *named).code == 0
        asked = len(server.requests)
        typed = safepip(*line, *named)
        from_environment = safepip(*line, environ={"PIP_TRUSTED_HOST": "localhost"})

        assert (typed.code, "trusted-host" in typed.err) == (10, True)
        assert (from_environment.code != 0, "tls-failure" in from_environment.err) == (True, True)
        assert len(server.requests) == asked


def test_a_named_bundle_is_the_only_one(pip: Run, safepip: Run, index: IndexServer) -> None:
    """pip lets the environment's bundle take the place of the one that was named."""
    line = ("install", "--dry-run", "lib", "-i", index.url, "--retries", "0", "--cert", other_ca_path())
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        assert pip(*line, environ={variable: index.ca_path}).code == 0
        ended = safepip(*line, environ={variable: index.ca_path})
        assert ended.code != 0
        assert "tls-failure" in ended.err

    ended = safepip(
        "install", "--dry-run", "lib", *trusting(index), environ={"REQUESTS_CA_BUNDLE": other_ca_path()}
    )
    assert ended.code == 0, ended.err


# --- Hashes and file kinds -----------------------------------------------------------------------


def test_hash_checking_is_not_switched_off(shell: Shell, pip: Run, safepip: Run, index: IndexServer) -> None:
    publish(index, "app", "2.0", requires=["lib"])
    app = hashlib.sha256(make_wheel("app", "2.0", requires=["lib"])).hexdigest()
    shell.write("r.txt", f"app==2.0 --hash=sha256:{app}\n")
    line = ("install", "--dry-run", "-r", "r.txt", *trusting(index))
    assert pip(*line, "--no-require-hashes").code == 0

    off = safepip(*line, "--no-require-hashes")
    both = safepip(*line, "--no-require-hashes", "--require-hashes")

    assert (off.code, "unhashed-requirement" in off.err) == (10, True), off.err
    assert (both.code, "mutually exclusive" in both.err) == (1, True), both.err


def test_a_file_hashed_throughout_needs_no_option(shell: Shell, safepip: Run, index: IndexServer) -> None:
    shell.write("r.txt", f"lib==2.0 --hash=sha256:{LIB_2}\n")

    assert safepip("install", "--dry-run", "-r", "r.txt", *trusting(index)).code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--only-binary", ":all:", "--no-binary", "lib"),
        ("--only-binary", ":all:", "--only-binary", ":none:", "--no-binary", "lib"),
        ("--no-binary", ":all:"),
    ],
)
def test_no_order_of_file_kinds_lets_a_source_be_built(
    oracle: Oracle, safepip: Run, index: IndexServer, words: tuple[str, ...]
) -> None:
    control = read_by_pip(oracle, "install", "lib", *words)["format_control"]
    assert control["no_binary"] in (["lib"], [":all:"])  # type: ignore[index]
    index.add_file(b"no archive, and never opened", "lib-3.0.tar.gz")

    ended = safepip("install", "--dry-run", "lib", *words, *trusting(index))

    assert ended.code != 0
    assert "/files/lib-3.0.tar.gz" not in index.paths_asked()
    wheels_only = safepip("install", "--dry-run", "--only-binary", "lib", "lib", *trusting(index))
    assert (wheels_only.code, wheels_only.out) == (0, "Would install lib-2.0\n")


def test_a_feature_that_is_not_used_changes_nothing(safepip: Run, index: IndexServer) -> None:
    ended = safepip("install", "--dry-run", "lib", "--use-feature", "fast-deps", *trusting(index))

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err


# --- Requirements that say where they are --------------------------------------------------------


@pytest.mark.parametrize(
    "requirement",
    [
        f"http://e/{FILE}",
        f"HTTP://e/{FILE}",
        f"ftp://e/{FILE}",
        f"lib @ http://e/{FILE}",
        f"lib@http://e/{FILE}",
        f"lib [x] @ Http://e/{FILE} ; python_version > '3'",
        "git+http://e/lib",
        "git+git://e/lib",
        "bzr+ftp://e/lib",
        "svn+http://e/lib",
    ],
)
def test_no_requirement_is_fetched_in_the_clear(safepip: Run, requirement: str) -> None:
    ended = safepip("install", requirement)

    assert ended.code == 10
    assert "plaintext-link" in ended.err or "unpinned-vcs" in ended.err


def test_a_wheel_at_an_https_url_with_its_digest_is_taken(safepip: Run, index: IndexServer) -> None:
    url = f"{index.origin}/files/{FILE}#sha256={LIB_2}"

    ended = safepip("install", "--dry-run", url, "--cert", index.ca_path)

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err


@pytest.mark.parametrize("spelled", ["./{}", "{}", "file://{here}/{}", "lib @ file://{here}/{}"])
def test_a_wheel_of_the_users_own_is_taken(shell: Shell, safepip: Run, spelled: str) -> None:
    (shell.folder / FILE).write_bytes(make_wheel("lib", "2.0"))

    ended = safepip("install", "--dry-run", "--no-index", spelled.format(FILE, here=shell.folder))

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err


@pytest.mark.skipif(os.name != "posix", reason="the programs are shell scripts")
@pytest.mark.parametrize(
    "words",
    [
        ("git+https://localhost:9/lib",),
        ("git+ssh://localhost:9/lib",),
        ("git+file:///nowhere",),
        ("hg+https://localhost:9/lib",),
        ("svn+ssh://localhost:9/lib",),
        ("-e", "git+https://localhost:9/lib#egg=lib"),
        ("-e", "lib @ git+https://localhost:9/lib"),
    ],
)
def test_no_version_control_program_runs_unasked(
    pip: Run, safepip: Run, programs: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    found = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    pip("install", *words, environ=found)
    ran = (tmp_path / "ran").read_text()
    assert set(ran.split()) & {"git", "hg", "svn"}

    ended = safepip("install", *words, environ=found)

    assert ended.code == 10
    assert "unpinned-vcs" in ended.err
    assert (tmp_path / "ran").read_text() == ran


@pytest.mark.parametrize(
    "tail", [f"?sha256={LIB_2}", f"?x=1&sha256={LIB_2}", f"#egg=lib&sha256={'0' * 64}", "#md5=" + "0" * 32]
)
def test_a_digest_that_is_none_of_the_file_does_not_count(
    safepip: Run, index: IndexServer, tail: str
) -> None:
    ended = safepip("install", "--dry-run", f"{index.origin}/files/{FILE}{tail}", "--cert", index.ca_path)

    assert ended.code != 0


# --- Files that are read -------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["-r", "-c", "-rr.txt"])
def test_a_requirement_file_never_comes_in_the_clear(
    shell: Shell, pip: Run, safepip: Run, index: IndexServer, option: str
) -> None:
    with IndexServer(plaintext=True) as server:
        server.answer("/r.txt", Response(body=b"lib\n", content_type="text/plain"))
        index.redirect("/moved.txt", f"{server.origin}/r.txt")
        for url in (f"{server.origin}/r.txt", f"{index.origin}/moved.txt"):
            shell.write("r.txt", f"-r {url}\n")
            words = (option,) if option == "-rr.txt" else (option, url)
            line = ("install", "--dry-run", "lib", *words, *trusting(index))
            assert pip(*line).code == 0
            asked = len(server.requests)
            assert asked

            ended = safepip(*line)

            assert ended.code in {10, 11}, ended.err
            assert "plaintext-link" in ended.err
            assert len(server.requests) == asked


@pytest.mark.skipif(os.name != "posix", reason="there are no named pipes")
def test_a_requirement_file_may_be_a_pipe(shell: Shell, safepip: Run, index: IndexServer) -> None:
    pipe = shell.folder / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(f"lib==2.0 --hash=sha256:{LIB_2}\n",))
    writer.start()
    try:
        ended = safepip("install", "--dry-run", "-r", str(pipe), *trusting(index))
    finally:
        writer.join()

    assert (ended.code, ended.out) == (0, "Would install lib-2.0\n"), ended.err


def test_a_dash_is_the_name_of_a_file(shell: Shell, safepip: Run) -> None:
    ended = safepip("install", "-r", "-")

    assert ended.code == 1
    assert "Could not open requirements file" in ended.err


# --- What is written, and where ------------------------------------------------------------------


@pytest.mark.parametrize("action", ["w", "b", "i", "s", "a"])
def test_no_checkout_is_wiped_by_a_refused_editable(shell: Shell, safepip: Run, action: str) -> None:
    work = shell.write("src/lib/mine.py", "x = 1\n")

    ended = safepip(
        "install",
        "--dry-run",
        "-e",
        "git+https://localhost:9/lib#egg=lib",
        "--src",
        "src",
        environ={"PIP_EXISTS_ACTION": action},
    )

    assert ended.code == 10
    assert work.read_text() == "x = 1\n"


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("PIP_TARGET", "installing into"),
        ("PIP_ROOT", "installing below the root"),
        ("PIP_PREFIX", "installing below the prefix"),
        ("PIP_REPORT", "writing a report to"),
        ("PIP_LOG", "writing a log to"),
    ],
)
def test_a_place_that_the_environment_names_is_said(
    shell: Shell, safepip: Run, index: IndexServer, variable: str, told: str
) -> None:
    ended = safepip("install", "--dry-run", "lib", *trusting(index), environ={variable: "elsewhere"})

    assert ended.code == 0, ended.err
    assert f"safepip: {told} elsewhere (${variable})" in ended.err
    option = f"--{variable[4:].lower()}"
    assert told not in safepip("install", "--dry-run", "lib", *trusting(index), option, "elsewhere").err


def test_the_environment_that_was_named_is_the_one_that_changes(
    shell: Shell, pip: Run, index: IndexServer
) -> None:
    """A variable of pip's own makes its ``--python`` do nothing, so that another environment changes."""
    inner = {"_PIP_RUNNING_IN_SUBPROCESS": "1"}
    line = ("lib", *trusting(index))
    told = pip("install", "--dry-run", "--report", "-", "-q", *line, environ=inner)
    assert f'"sys_platform": "{sys.platform}"' in told.out

    assert shell.safepip("install", *line, environ=inner).code == 0
    assert shell.installed() == {"lib-2.0"}


# --- The plan that was judged --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "planned"),
    [
        (("--pre", "app"), "Would install app-1.0 lib-3.0rc1\n"),
        (("--no-deps", "app==1.0"), "Would install app-1.0\n"),
        (("--only-deps", "app"), "Would install lib-2.0\n"),
        (("app", "lib<2"), "Would install app-1.0 lib-1.0\n"),
    ],
)
def test_what_was_judged_is_what_is_installed(
    shell: Shell, safepip: Run, index: IndexServer, words: tuple[str, ...], planned: str
) -> None:
    publish(index, "lib", "3.0rc1")

    assert safepip("install", "--dry-run", *words, *trusting(index)).out == planned
    ended = safepip("install", *words, *trusting(index))

    assert ended.code == 0, ended.err
    assert shell.installed() == set(planned.split()[2:])


# --- Other commands that ask the network ---------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        ("index", "versions", "lib", "-i", "http://localhost:9"),
        ("list", "--outdated", "-i", "http://localhost:9"),
        ("list", "--upto", "--extra-index-url", "http://localhost:9"),
        ("download", "lib", "-i", "http://localhost:9"),
        ("wheel", "lib", "-f", "http://localhost:9"),
        ("uninstall", "-y", "-r", "http://localhost:9/r.txt"),
    ],
)
def test_no_command_asks_an_index_in_the_clear(safepip: Run, line: tuple[str, ...]) -> None:
    ended = safepip(*line)

    assert ended.code == 10
    assert "plaintext" in ended.err


@pytest.mark.parametrize(
    "line", [("search", "-i", "http://localhost:9", "lib"), ("freeze", "-r", "http://localhost:9/r.txt")]
)
def test_what_safepip_does_not_do_itself_is_not_fetched_by_pip(shell: Shell, line: tuple[str, ...]) -> None:
    ended = shell.safepip(*line)

    assert ended.code not in {0, 23}
    assert "Connection" not in ended.err


@pytest.mark.parametrize("line", [("list",), ("freeze",), ("check",), ("inspect",), ("config", "list")])
def test_commands_that_need_no_network_work(shell: Shell, line: tuple[str, ...]) -> None:
    assert shell.safepip(*line).code == 0
