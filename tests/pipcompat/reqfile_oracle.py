"""What the real pip reads in a requirement file. Runs as a child: one JSON question a line, one answer.

A question names ``path`` and ``cwd``, and may say ``constraint`` and ``environ``. The answer has the lines
that pip acts on, in its order, or why it ends: ``said``, or ``crashed`` where that is a traceback.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pip._internal.cli import cmdoptions
from pip._internal.exceptions import PipError
from pip._internal.models.format_control import FormatControl
from pip._internal.models.release_control import ReleaseControl
from pip._internal.req import req_file
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.req.req_install import check_invalid_constraint_type

BASE = {"HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"}


def plain(value: Any) -> Any:
    """An option's value as JSON; empty controls as None."""
    if isinstance(value, FormatControl):
        held = {"no_binary": sorted(value.no_binary), "only_binary": sorted(value.only_binary)}
        return held if any(held.values()) else None
    if isinstance(value, ReleaseControl):
        held = {"all_releases": sorted(value.all_releases), "only_final": sorted(value.only_final)}
        return held if any(held.values()) else None
    return value


def requirement(line: req_file.ParsedLine) -> dict[str, Any]:
    """A line as pip's resolver is given it."""
    parsed = req_file.handle_requirement_line(line)
    made = install_req_from_parsed_requirement(
        parsed, user_supplied=True, config_settings=(parsed.options or {}).get("config_settings")
    )
    if line.constraint and (problem := check_invalid_constraint_type(made)):
        raise PipError(problem)
    return {
        "requirement": parsed.requirement,
        "editable": parsed.is_editable,
        "name": made.name,
        "link": made.link.url if made.link else None,
        "hashes": {name: sorted(made.hash_options[name]) for name in made.hash_options},
        "config_settings": made.config_settings or {},
    }


def links(line: req_file.ParsedLine) -> list[str]:
    """Where pip would look for the folders that a line names."""
    finder: Any = SimpleNamespace(
        find_links=[],
        index_urls=[],
        release_control=line.opts.release_control,
        search_scope=SimpleNamespace(no_index=False),
        set_prefer_binary=lambda: None,
    )
    req_file.handle_option_line(line.opts, line.filename, line.lineno, finder)
    return finder.search_scope.find_links


def read(question: dict[str, Any]) -> dict[str, Any]:
    parser = req_file.RequirementsFileParser(None, line_parser)  # type: ignore[arg-type]
    lines = []
    for line in parser.parse(question["path"], question.get("constraint", False)):
        place = {"file": line.filename, "line": line.lineno, "constraint": line.constraint}
        options = {name: plain(value) for name, value in vars(line.opts).items() if plain(value)}
        said = requirement(line) if line.requirement is not None else {}
        # An empty one is the file's own folder; safepip keeps it empty, which its next stage refuses.
        if options.get("find_links", [""])[0] and not said:
            options["find_links"] = links(line)
        lines.append({**place, **said, "options": options})
    return {"lines": lines}


def line_parser(line: str) -> Any:
    """pip's own, without what it keeps of the lines before (``--use-feature``)."""
    forget()
    return req_file.get_line_parser(None)(line)


def forget() -> None:
    """pip's option factories share their list defaults, which one parse leaves to the next."""
    for factory in vars(cmdoptions).values():
        if isinstance(factory, functools.partial) and isinstance(factory.keywords.get("default"), list):
            factory.keywords["default"] = []


def answer(question: dict[str, Any]) -> dict[str, Any]:
    os.environ.clear()
    os.environ.update(BASE | question.get("environ", {}))
    os.chdir(question["cwd"])
    try:
        return read(question)
    except PipError as error:
        return {"said": str(error)}
    except (ValueError, LookupError, OSError, RecursionError) as error:
        return {"crashed": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    logging.disable()
    # optparse prints usage on stderr, which nobody reads.
    with Path(os.devnull).open("w") as nowhere:
        sys.stderr = nowhere
        for text in sys.stdin:
            print(json.dumps(answer(json.loads(text))), flush=True)
