"""Watch safepip work: an environment of its own, a real install, four refusals.

Run by ``make demo`` with any Python 3.11 or newer; needs an index for pip, nothing else. Everything it
makes lies below build/demo. Exit 1 when something was not installed, or not refused.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "demo"
SAFEPIP = FOLDER / "safepip"
SCRATCH = FOLDER / "scratch"
WRONG_HASH = "sha256:" + "0" * 64
SETTINGS = {"PIP_INDEX_URL": "global.index-url", "PIP_CERT": "global.cert", "PIP_PROXY": "global.proxy"}
REFUSED, VERIFICATION = 10, 13


def bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else text


def say(title: str, *lines: str) -> None:
    print("\n" + bold(title), *lines, sep="\n", flush=True)


def quietly(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, cwd=ROOT, env=environment())


def prepare() -> None:
    """The environment that safepip lives in, from the hashed lock, and an empty one beside it."""
    say(
        "1. safepip in an environment of its own",
        f"   {SAFEPIP.relative_to(ROOT)}, every file checked by hash",
    )
    shutil.rmtree(FOLDER, ignore_errors=True)
    quietly(sys.executable, "-m", "venv", SAFEPIP)
    pip: list[object] = [
        SAFEPIP / "bin" / "python",
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
    ]
    quietly(*pip, "--only-binary", ":all:", "--require-hashes", "-r", "requirements/demo.txt")
    quietly(*pip, "--no-index", "--no-deps", "--no-build-isolation", ".")
    quietly(sys.executable, "-m", "venv", "--without-pip", SCRATCH)


def environment() -> dict[str, str]:
    """The machine's default index and certificates; no local folder or second index of its configuration.

    So the demonstration is the same everywhere: what it installs comes over HTTPS.
    """
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("PIP_") or name in SETTINGS
    }
    for name, key in SETTINGS.items():
        if name not in kept and (value := configured(key)):
            kept[name] = value
    kept.pop("VIRTUAL_ENV", None)
    path = f"{SAFEPIP / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PATH": path}


@cache
def configured(key: str) -> str:
    """A value of pip's configuration files, empty where they have none."""
    command = [sys.executable, "-m", "pip", "config", "get", key]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def run(*words: str, shown: str | None = None) -> int:
    """Run a command in the demo's folder as a person would, its output straight to the terminal."""
    print(bold("\n$ " + (shown or shlex.join(words))), flush=True)
    own = {f"XDG_{kind}_HOME": str(FOLDER / kind.lower()) for kind in ("CACHE", "DATA", "STATE")}
    sees = {**environment(), **own}
    done = subprocess.run(words, cwd=FOLDER, env=sees, stdin=subprocess.DEVNULL, check=False)
    return done.returncode


def install(*arguments: str, shown: str | None = None) -> int:
    hidden = f"safepip --python scratch install {shown}" if shown else None
    return run("safepip", "--python", "scratch", "install", *arguments, shown=hidden)


def show_install() -> list[str]:
    """Real packages from the machine's own index. Returns what went wrong."""
    say("2. Install real packages", "   over verified HTTPS, every file checked before pip touches it")
    if install("flask", "requests") != 0:
        return ["flask and requests were not installed"]
    code = 'import flask, requests; print("both can be imported")'
    return ["flask or requests cannot be imported"] if run("scratch/bin/python", "-c", code) else []


def show_refusals() -> list[str]:
    """The four classic mistakes. Returns those that were not refused."""
    say("3. Refuse the four classic mistakes", "   each with the rule, the place, the reason and the remedy")
    plaintext = install("--index-url", "http://index.example/simple", "requests")
    trusted = install("--trusted-host", "index.example", "requests")
    ambiguous = name_on_two_indexes()
    wrong = install("six==1.17.0", "--hash", WRONG_HASH, shown="six==1.17.0 --hash sha256:000…000")
    wanted = {
        "a plaintext index": (plaintext, REFUSED),
        "--trusted-host": (trusted, REFUSED),
        "a name on two indexes": (ambiguous, REFUSED),
        "a wrong hash": (wrong, VERIFICATION),
    }
    return [f"{what}: exit {got}, expected {code}" for what, (got, code) in wanted.items() if got != code]


def name_on_two_indexes() -> int:
    """Two local HTTPS indexes with a private authority: the company's, and one where a stranger
    registered the same name with a higher version."""
    sys.path.insert(0, str(ROOT))
    from tests.support.server import IndexServer
    from tests.support.wheels import make_wheel, wheel_filename

    with IndexServer() as company, IndexServer() as stranger:
        company.add_wheel(make_wheel("acme-billing", "1.4"), wheel_filename("acme-billing", "1.4"))
        stranger.add_wheel(make_wheel("acme-billing", "99.0"), wheel_filename("acme-billing", "99.0"))
        shutil.copy(company.ca_path, FOLDER / "ca.pem")
        indexes = ("--index-url", stranger.url, "--extra-index-url", company.url)
        return install("--cert", "ca.pem", *indexes, "acme-billing")


def main(arguments: list[str]) -> int:
    if arguments != ["--inside"]:
        prepare()
        inside = [str(SAFEPIP / "bin" / "python"), str(Path(__file__).resolve()), "--inside"]
        return subprocess.run(inside, check=False).returncode
    problems = [*show_install(), *show_refusals()]
    if problems:
        say("The demo did not go as it should:", *(f"   {problem}" for problem in problems))
        return 1
    say(
        "Done: two packages installed, four mistakes refused.",
        "   Everything written lies below build/demo.",
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
