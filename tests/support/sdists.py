"""Projects whose build backend is in their own tree, so that building them needs nothing else.

The backend writes a mark into the file named by its project, whenever any of its code runs.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_BACKEND = """\
import base64, hashlib, json, os, pathlib, sys, zipfile

FACTS = json.loads(pathlib.Path(__file__).with_name("facts.json").read_text())
NAME, VERSION, MARK = FACTS["name"], FACTS["version"], FACTS["mark"]
DIST = NAME.replace("-", "_").lower() + "-" + VERSION
LINES = ["Metadata-Version: 2.1", "Name: " + NAME, "Version: " + VERSION]
LINES += ["Requires-Dist: " + text for text in FACTS["requires"]]
LINES += ["Provides-Extra: " + text for text in FACTS["extras"]]
FILES = {"METADATA": "\\n".join(LINES) + "\\n\\n",
         "WHEEL": "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}


def mark(what):
    if MARK:
        with open(MARK, "a") as file:
            file.write(what + "\\n")


mark("imported")
exec(FACTS["code"])


def get_requires_for_build_wheel(config_settings=None):
    mark("requires")
    return FACTS["asks"]


def prepare_metadata_for_build_wheel(folder, config_settings=None):
    mark("metadata")
    inside = pathlib.Path(folder, DIST + ".dist-info")
    inside.mkdir()
    for name, text in FILES.items():
        inside.joinpath(name).write_text(text)
    return inside.name


def _write(folder, files):
    files |= {DIST + ".dist-info/" + name: text for name, text in FILES.items()}
    rows = ""
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows += f"{name},sha256={digest},{len(text.encode())}\\n"
    files[DIST + ".dist-info/RECORD"] = rows + DIST + ".dist-info/RECORD,,\\n"
    wheel = pathlib.Path(folder, DIST + "-py3-none-any.whl")
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
    return wheel.name


def build_wheel(folder, config_settings=None, metadata_directory=None):
    mark("built " + json.dumps(config_settings))
    exec(FACTS["at_build"])
    return _write(folder, {path: pathlib.Path(path).read_text() for path in FACTS["modules"]})
"""
_EDITABLE = """

prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel
get_requires_for_build_editable = get_requires_for_build_wheel


def build_editable(folder, config_settings=None, metadata_directory=None):
    mark("built editable")
    return _write(folder, {"__editable__." + DIST + ".pth": os.getcwd() + "\\n"})
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSpec:
    """What a project is.

    Attributes:
        needs: ``build-system.requires``; ``asks``: what the backend asks for besides.
        mark: file that the backend writes to whenever it runs; empty: none.
        code: runs when the backend is imported; ``at_build``: while it builds.
        static: whether PKG-INFO is final (PEP 643).
        pkg_info: PKG-INFO of a source distribution instead of the generated one.
    """

    name: str
    version: str = "1.0"
    requires: Sequence[str] = ()
    extras: Sequence[str] = ()
    needs: Sequence[str] = ()
    asks: Sequence[str] = ()
    mark: str = ""
    code: str = ""
    at_build: str = ""
    editable: bool = True
    static: bool = False
    pkg_info: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def module(self) -> str:
        return self.name.replace("-", "_").lower()

    @property
    def stem(self) -> str:
        return f"{self.module}-{self.version}"


def project_files(spec: ProjectSpec) -> dict[str, str]:
    """Path → text of everything in the project's folder."""
    import json

    facts = {
        "name": spec.name,
        "version": spec.version,
        "requires": list(spec.requires),
        "extras": list(spec.extras),
        "asks": list(spec.asks),
        "mark": spec.mark,
        "code": spec.code,
        "at_build": spec.at_build,
        "modules": [f"{spec.module}/__init__.py"],
    }
    needs = json.dumps(list(spec.needs))
    return {
        "pyproject.toml": (
            f'[build-system]\nrequires = {needs}\nbuild-backend = "backend"\nbackend-path = ["tools"]\n'
        ),
        "tools/backend.py": _BACKEND + (_EDITABLE if spec.editable else ""),
        "tools/facts.json": json.dumps(facts),
        f"{spec.module}/__init__.py": f"__version__ = {spec.version!r}\n",
        **spec.files,
    }


def write_project(folder: Path, name: str, version: str = "1.0", **spec: object) -> Path:
    """The project's folder, made; keywords are the attributes of :class:`ProjectSpec`."""
    made = ProjectSpec(name=name, version=version, **spec)  # type: ignore[arg-type]  # keywords of tests
    for path, text in project_files(made).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def make_sdist(name: str, version: str = "1.0", *, zipped: bool = False, **spec: object) -> bytes:
    """The bytes of a source distribution. Equal specs give equal bytes."""
    made = ProjectSpec(name=name, version=version, **spec)  # type: ignore[arg-type]  # keywords of tests
    files = {f"{made.stem}/{path}": text.encode() for path, text in project_files(made).items()}
    files[f"{made.stem}/PKG-INFO"] = _pkg_info(made).encode()
    return _zip(files) if zipped else make_tar(files)


def sdist_filename(name: str, version: str = "1.0") -> str:
    return f"{ProjectSpec(name=name, version=version).stem}.tar.gz"


def make_tar(files: Mapping[str, bytes], *others: tarfile.TarInfo) -> bytes:
    """A tar.gz of files, and of members that have no content."""
    stream = io.BytesIO()
    import gzip

    with (
        gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in others:
            archive.addfile(member)
    return stream.getvalue()


def _zip(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), content)
    return stream.getvalue()


def _pkg_info(spec: ProjectSpec) -> str:
    if spec.pkg_info is not None:
        return spec.pkg_info
    lines = [
        f"Metadata-Version: {'2.2' if spec.static else '2.1'}",
        f"Name: {spec.name}",
        f"Version: {spec.version}",
    ]
    lines += [f"Requires-Dist: {text}" for text in spec.requires]
    lines += [f"Provides-Extra: {text}" for text in spec.extras]
    return "\n".join(lines) + "\n\n"
