"""The real pip, asked what it makes of things. Runs as a child: one JSON question a line, one answer.

Questions: ``{"ask": "argv", "argv": […], "environ": {…}, "files": {"global": […], …}}`` and
``{"ask": "requirements", …}``, ``{"ask": "requirement", …}``, ``{"ask": "config", …}``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import io
import json
import logging
import os
import sys
from typing import Any

from pip._internal import configuration
from pip._internal.cli import cmdoptions, main_parser, parser
from pip._internal.commands import create_command
from pip._internal.exceptions import PipError
from pip._internal.models.format_control import FormatControl
from pip._internal.models.release_control import ReleaseControl
from pip._internal.req import constructors, req_file

FILES: dict[configuration.Kind, list[str]] = {}
configuration.get_configuration_files = lambda: FILES


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


def parse(argv: list[str]) -> dict[str, Any]:
    command, arguments = main_parser.parse_command(list(argv))
    isolated = "--isolated" in arguments
    options, left = create_command(command, isolated=isolated).parser.parse_args(arguments)
    values = {name: plain(value) for name, value in vars(options).items()}
    return {"command": command, "isolated": isolated, "values": values, "arguments": left}


def ask_argv(question: dict[str, Any]) -> dict[str, Any]:
    FILES.clear()
    for kind in ("global", "user", "site"):
        FILES[configuration.Kind(kind)] = question.get("files", {}).get(kind, [])
    return parse(question["argv"])


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
    "config": ask_config,
    "requirement": ask_requirement,
    "requirements": ask_requirements,
}


def forget() -> None:
    """pip's option factories share their list defaults, which one parse would leave to the next."""
    for factory in vars(cmdoptions).values():
        if isinstance(factory, functools.partial) and isinstance(factory.keywords.get("default"), list):
            factory.keywords["default"] = []


def answer(question: dict[str, Any]) -> dict[str, Any]:
    forget()
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


BASE = {"_PIP_RUNNING_IN_SUBPROCESS": "1", "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"}
if __name__ == "__main__":
    parser.ConfigOptionParser.print_help = helped  # type: ignore[method-assign]
    parser.ConfigOptionParser.print_usage = lambda self, file=None: None  # type: ignore[method-assign]
    for text in sys.stdin:
        print(json.dumps(answer(json.loads(text))), flush=True)
