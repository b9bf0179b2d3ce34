"""The real pip, asked what it makes of things. Runs as a child: one JSON question a line, one answer.

Questions: ``{"ask": "argv", "argv": […], "environ": {…}, "files": {"global": […], …}}``, and ``output``
(what a command prints), ``matches`` (what abbreviations mean), ``places`` (where configuration is looked
for), ``config``, ``requirement``, ``requirements``. A whole command line is answered by a process of its
own, because parsing one leaves traces in pip: lists of defaults, parsers, environment variables.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import io
import json
import logging
import optparse
import os
import sys
from typing import Any, Self

from pip._internal import configuration
from pip._internal.cli import base_command, main_parser, parser
from pip._internal.cli.main import main as run_pip
from pip._internal.commands import commands_dict, create_command
from pip._internal.exceptions import PipError
from pip._internal.models.format_control import FormatControl
from pip._internal.models.release_control import ReleaseControl
from pip._internal.req import constructors, req_file
from pip._internal.utils import appdirs

FILES: dict[configuration.Kind, list[str]] = {}


class Helped(Exception):
    pass


def plain(value: Any) -> Any:
    if isinstance(value, FormatControl):
        return {"no_binary": sorted(value.no_binary), "only_binary": sorted(value.only_binary)}
    if isinstance(value, ReleaseControl):
        return {"all_releases": sorted(value.all_releases), "only_final": sorted(value.only_final)}
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return value


class Noted(base_command.Command):
    """What is put in the place of methods of pip's commands, so that they end where they would begin."""

    seen: dict[str, Any] = {}  # noqa: RUF012 - one of each process

    def parse_args(self, args: list[str]) -> Any:
        options, left = self.parser.parse_args(args)
        Noted.seen = {
            "command": self.name,
            "isolated": self.parser.config.isolated,
            "values": {name: plain(value) for name, value in vars(options).items()},
            "arguments": list(left),
        }
        return options, left

    def _run_wrapper(self, *_: Any) -> int:
        return 0


class SamePip:
    """``--python`` starts pip anew in another interpreter; here it is this one."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        os.environ.update(env)
        self.argv = command[2:]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wait(self) -> int:
        return run_pip(self.argv)


def look_for(question: dict[str, Any]) -> None:
    """The files that are named, else those of an environment with this prefix on this machine.

    ``system`` takes the place of the machine's own file, which may say anything.
    """
    if "prefix" in question:
        sys.prefix = question["prefix"]
        found = configuration.get_configuration_files()
        listed = found[configuration.Kind.GLOBAL]
        found[configuration.Kind.GLOBAL] = [*listed[:-1], question.get("system", listed[-1])]
        configuration.get_configuration_files = lambda: found
        return
    for kind in ("global", "user", "site"):
        FILES[configuration.Kind(kind)] = question.get("files", {}).get(kind, [])
    configuration.get_configuration_files = lambda: FILES


def ask_argv(question: dict[str, Any]) -> dict[str, Any]:
    """What pip's own entry point makes of a command line, until the command would begin its work."""
    look_for(question)
    base_command.Command.parse_args = Noted.parse_args  # type: ignore[method-assign]
    base_command.Command._run_wrapper = Noted._run_wrapper  # type: ignore[method-assign]
    base_command.setup_logging = lambda **_: logging.INFO
    main_parser.identify_python_interpreter = str
    main_parser.subprocess.Popen = SamePip  # type: ignore[misc, assignment]
    try:
        code = run_pip(question["argv"])
    except SystemExit as end:
        if end.code or not Noted.seen:
            raise
        code = 0
    assert code == 0, code
    return Noted.seen


def ask_output(question: dict[str, Any]) -> dict[str, Any]:
    """What a command prints on stdout."""
    look_for(question)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = run_pip(question["argv"])
    return {"code": code, "out": out.getvalue()}


def ask_matches(question: dict[str, Any]) -> dict[str, Any]:
    """For each long name of a command and each beginning of it: the name that is meant, or the mistake."""
    made = (
        create_command(question["command"]).parser
        if question["command"]
        else main_parser.create_main_parser()
    )
    return {"matches": {word: match(made, word) for word in question["words"]}}


def match(made: Any, word: str) -> str:
    try:
        return str(made._match_long_opt(word))
    except optparse.BadOptionError as error:
        return str(error)


def ask_places(question: dict[str, Any]) -> dict[str, Any]:
    """Every configuration file pip would try, on this system or on macOS."""
    sys.prefix, sys.base_prefix = question["prefix"], question.get("base_prefix", "/usr")
    if question["platform"] == "darwin":
        from pip._vendor.platformdirs.macos import MacOS

        sys.platform = "darwin"
        appdirs._appdirs.PlatformDirs = MacOS  # type: ignore[misc, assignment]
    found = configuration.Configuration(isolated=False).iter_config_files()
    return {"places": [[kind.value, path] for kind, paths in found for path in paths]}


def ask_config(question: dict[str, Any]) -> dict[str, Any]:
    config = configuration.Configuration(isolated=True)
    loaded = config._load_file(configuration.Kind.USER, question["path"])
    del loaded
    return {"values": config.get_values_in_config(configuration.Kind.USER)[question["path"]]}


def ask_requirement(question: dict[str, Any]) -> dict[str, Any]:
    make = (
        constructors.install_req_from_editable
        if question.get("editable")
        else constructors.install_req_from_line
    )
    found = make(question["text"], constraint=question.get("constraint", False))
    return {
        "requirement": None if found.req is None else str(found.req),
        "link": None if found.link is None else found.link.url,
        "vcs": found.link is not None and found.link.is_vcs,
        "extras": sorted(found.extras),
        "markers": None if found.markers is None else str(found.markers),
        "hashes": found.hashes(trust_internet=True)._allowed if not question.get("editable") else {},
    }


def says(value: Any) -> bool:
    """Whether an option of a line was given; controls are there in any case."""
    value = plain(value)
    return any(value.values()) if isinstance(value, dict) else bool(value)


def ask_requirements(question: dict[str, Any]) -> dict[str, Any]:
    lines = []
    for line in req_file.RequirementsFileParser(None, req_file.get_line_parser(None)).parse(  # type: ignore[arg-type]
        question["path"], question.get("constraint", False)
    ):
        options = {name: plain(value) for name, value in vars(line.opts).items() if says(value)}
        lines.append(
            {
                "file": line.filename,
                "line": line.lineno,
                "requirement": line.requirement,
                "editable": line.is_editable,
                "constraint": line.constraint,
                "options": options,
            }
        )
    return {"lines": lines}


def helped(self: Any, file: Any = None) -> None:
    raise Helped


ASK = {
    "argv": ask_argv,
    "matches": ask_matches,
    "output": ask_output,
    "places": ask_places,
    "config": ask_config,
    "requirement": ask_requirement,
    "requirements": ask_requirements,
}


ALONE = {"argv", "output", "places"}
"""Questions that change what pip would say to the next one."""


def answer(question: dict[str, Any]) -> dict[str, Any]:
    os.environ.clear()
    os.environ.update(BASE | question.get("environ", {}))
    if "cwd" in question:
        os.chdir(question["cwd"])
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logging.getLogger().handlers[:] = [handler]
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            return ASK[question["ask"]](question)
        except Helped:
            return {"help": True}
        except SystemExit as end:
            return {"exit": end.code or 0, "said": said.getvalue()}
        except PipError as error:
            return {"exit": 1, "said": str(error)}
        except (ValueError, OSError) as error:
            return {"exit": 1, "said": str(error)}


def answer_apart(question: dict[str, Any]) -> str:
    """The answer of a process that begins as this one is now, and ends with it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            pipe.write(json.dumps(answer(question)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return text


BASE = {"HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"}
if __name__ == "__main__":
    parser.ConfigOptionParser.print_help = helped  # type: ignore[method-assign]
    parser.ConfigOptionParser.print_usage = lambda self, file=None: None  # type: ignore[method-assign]
    for name in commands_dict:
        create_command(name)  # imported once, and not by each process anew
    gc.freeze()
    for text in sys.stdin:
        asked = json.loads(text)
        print(answer_apart(asked) if asked["ask"] in ALONE else json.dumps(answer(asked)), flush=True)
