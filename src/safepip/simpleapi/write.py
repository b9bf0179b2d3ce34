"""The pages of a static index, in HTML and JSON (PEP 503, 629, 658, 691, 700, 714).

Files stand beside the page of their project and are linked by their names alone, so that the pages hold
below any URL, and as ``file:``. Equal files give equal bytes, in whatever order they come.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from urllib.parse import quote

from packaging.utils import NormalizedName

from safepip.core.mirror import MirroredFile

HTML_PAGE = "index.html"
JSON_PAGE = "index.json"
_VERSION = "1.1"
"""Of the simple API: the first with sizes and times (PEP 700)."""


def pages(files: Iterable[MirroredFile]) -> Mapping[str, bytes]:
    """Every page by its path below the index's root, those of projects before the list of projects."""
    ordered = sorted(files, key=lambda file: (file.project, file.version, file.filename))
    by_project = {project: list(group) for project, group in groupby(ordered, lambda file: file.project)}
    written: dict[str, bytes] = {}
    for project, group in by_project.items():
        written[f"{project}/{JSON_PAGE}"] = _json(_project(project, group))
        written[f"{project}/{HTML_PAGE}"] = _html(f"Links for {project}", map(_anchor, group))
    written[JSON_PAGE] = _json(_root(by_project))
    written[HTML_PAGE] = _html("Simple index", (f'<a href="{name}/">{name}</a>' for name in by_project))
    return written


def _root(projects: Iterable[NormalizedName]) -> dict[str, Any]:
    return {"meta": {"api-version": _VERSION}, "projects": [{"name": name} for name in projects]}


def _project(project: NormalizedName, files: Sequence[MirroredFile]) -> dict[str, Any]:
    return {
        "meta": {"api-version": _VERSION},
        "name": project,
        "versions": list(dict.fromkeys(str(file.version) for file in files)),
        "files": [dict(_keys(file)) for file in files],
    }


def _keys(file: MirroredFile) -> Iterator[tuple[str, Any]]:
    yield "filename", file.filename
    yield "url", quote(file.filename)
    yield "hashes", {"sha256": file.sha256}
    yield "size", file.size
    if file.upload_time is not None:
        yield "upload-time", _time(file.upload_time)
    if file.requires_python is not None:
        yield "requires-python", file.requires_python
    if file.metadata_sha256 is not None:
        yield "core-metadata", {"sha256": file.metadata_sha256}


def _time(moment: datetime) -> str:
    """``yyyy-mm-ddThh:mm:ss[.ffffff]Z``."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _anchor(file: MirroredFile) -> str:
    attributes = f'href="{quote(file.filename)}#sha256={file.sha256}"'
    if file.requires_python is not None:
        attributes += f' data-requires-python="{html.escape(file.requires_python)}"'
    if file.metadata_sha256 is not None:
        attributes += f' data-core-metadata="sha256={file.metadata_sha256}"'
    return f"<a {attributes}>{html.escape(file.filename)}</a>"


def _json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, separators=(",", ":")) + "\n").encode()


def _html(title: str, anchors: Iterable[str]) -> bytes:
    lines = (
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta name="pypi:repository-version" content="{_VERSION}">',
        f"<title>{title}</title>",
        "</head>",
        "<body>",
        f"<h1>{title}</h1>",
        *(f"{anchor}<br>" for anchor in anchors),
        "</body>",
        "</html>",
    )
    return ("\n".join(lines) + "\n").encode()
