"""What pip is given, and what is set right in the metadata it wrote.

pip gets a folder with exactly the verified files, requirement files that name each by version and
digest, and a command line that leaves it nothing to look for.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.utils import NormalizedName

from safepip.core.build import origin_of
from safepip.core.digest import Algorithm
from safepip.core.plan import Plan, Step
from safepip.core.ports import ApplyOptions
from safepip.core.value import value
from safepip.io.agent import Destination

_FIXED = (
    "--no-index",
    "--only-binary",
    ":all:",
    "--require-hashes",
    "--no-cache-dir",
    "--disable-pip-version-check",
    "--no-input",
    "--no-color",
    "--progress-bar",
    "off",
    # No connection is made, so no trust store need be read for one.
    "--use-deprecated",
    "legacy-certs",
)

_UNINSTALL = ("--yes", "--disable-pip-version-check", "--no-input", "--no-color")
_OF_UNINSTALL = frozenset({"--break-system-packages", "--root-user-action"})
"""What of the options of an installation pip takes for a removal too."""
_AFRESH = frozenset({"--force-reinstall", "--ignore-installed"})
"""With one of these pip takes nothing for installed."""


@value
class Handover:
    """The folder for one run of pip.

    Attributes:
        wheels: the files under their own names, in the order of the plan's steps.
        flat: whether pip is told every step and to follow no dependencies.
    """

    folder: Path
    wheels: tuple[Path, ...]
    flat: bool

    @classmethod
    def write(
        cls, folder: Path, plan: Plan, files: Mapping[NormalizedName, Path], options: ApplyOptions
    ) -> Handover:
        """Raises OSError: the disk is full."""
        store = folder / "wheels"
        store.mkdir(parents=True)
        wheels = [store / step.file.filename for step in plan.steps]
        for step, wheel in zip(plan.steps, wheels, strict=True):
            _put(files[step.project], wheel)
        flat = options.flat or not _pip_would_agree(plan, afresh=not _AFRESH.isdisjoint(options.arguments))
        lines = [_requirement(step, wheel) for step, wheel in zip(plan.steps, wheels, strict=True)]
        asked = [flat or step.requested for step in plan.steps]
        for name, wanted in (("roots.txt", True), ("rest.txt", False)):
            text = "".join(line for line, is_root in zip(lines, asked, strict=True) if is_root is wanted)
            (folder / name).write_text(text, encoding="utf-8")
        return cls(folder=folder, wheels=tuple(wheels), flat=flat)

    def argv(self, options: ApplyOptions, *, user: bool, compiles: bool = True) -> list[str]:
        """The whole command line; nothing in it is the user's text.

        ``compiles``: whether pip makes the bytecode, where the options ask for any.
        """
        chosen = [*options.arguments]
        if not compiles and "--no-compile" not in chosen:
            chosen.append("--no-compile")
        if user and "--user" not in chosen:
            chosen.append("--user")
        if self.flat:
            chosen += [name for name in ("--no-deps", "--force-reinstall") if name not in chosen]
        roots, rest = str(self.folder / "roots.txt"), str(self.folder / "rest.txt")
        links = ["--find-links", str(self.folder / "wheels")]
        return ["install", *_FIXED, *_volume(options), *links, *chosen, "-r", roots, "-c", rest]


def uninstall_argv(plan: Plan, options: ApplyOptions) -> list[str]:
    """The whole command line that removes what the plan says is to go."""
    arguments = options.arguments
    chosen = [
        word
        for place, word in enumerate(arguments)
        if word in _OF_UNINSTALL or (place and arguments[place - 1] == "--root-user-action")
    ]
    names = sorted(one.project for one in plan.removed)
    return ["uninstall", *_UNINSTALL, *_volume(options), *chosen, "--", *names]


def _volume(options: ApplyOptions) -> list[str]:
    """Everything below a warning is safepip's to print."""
    return ["-v"] * options.verbose or ["-q"] * max(1, options.quiet)


def destination(arguments: Sequence[str]) -> Destination:
    """Where the forwarded options send the installation; the last one of a kind counts."""
    values: dict[str, str] = {}
    user: bool | None = None
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if name in {"--target", "--prefix", "--root"}:
            values[name[2:]] = value if equals else next(rest, "")
        elif name in {"--user", "--no-user"}:
            user = name == "--user"
    return Destination(
        target=values.get("target"), prefix=values.get("prefix"), root=values.get("root"), user=user
    )


def _put(stored: Path, wheel: Path) -> None:
    """The stored file under its wheel name, without a second copy of its bytes where possible."""
    try:
        os.link(stored, wheel)
    except OSError:
        if os.name == "posix":
            wheel.symlink_to(stored.absolute())  # another file system; a GPU wheel may be gigabytes
        else:
            shutil.copyfile(stored, wheel)


def _requirement(step: Step, wheel: Path) -> str:
    """By the name that was asked for: pip names the folder of a package's headers so."""
    extras = f"[{','.join(sorted(step.requested_extras))}]" if step.requested_extras else ""
    return f"{step.asked_name}{extras}=={step.version} --hash=sha256:{_sha256(step, wheel)}\n"


def _sha256(step: Step, wheel: Path) -> str:
    known = step.file.digests.by_algorithm.get(Algorithm.SHA256)
    if known is not None:
        return known
    with wheel.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _pip_would_agree(plan: Plan, *, afresh: bool) -> bool:
    """Whether pip, given the requested steps and the rest as constraints, installs every step.

    It passes over what no requested step leads to and, unless all is to be installed ``afresh``, what
    is installed in the same version.
    """
    if not afresh and any(plan.replaced.get(step.project) == step.version for step in plan.steps):
        return False
    reached = {step.project for step in plan.steps if step.requested}
    steps = {step.project: step for step in plan.steps if step.project not in reached}
    while fresh := [
        project for project, step in steps.items() if any(asker.project in reached for asker in step.askers)
    ]:
        reached.update(fresh)
        for project in fresh:
            del steps[project]
    return not steps and bool(reached)


def set_right(step: Step, metadata_folder: Path, wheel: Path, *, flat: bool) -> None:
    """Make ``REQUESTED``, ``direct_url.json`` and RECORD what pip writes for this step.

    In a flat list pip takes everything for requested; and a direct file reached it by name.
    """
    mark = metadata_folder / "REQUESTED"
    added: dict[str, bytes] = {}
    removed: set[str] = set()
    if flat and not step.requested and mark.exists():
        mark.unlink()
        removed.add(f"{metadata_folder.name}/REQUESTED")
    if step.direct:
        text = direct_url(step, _sha256(step, wheel)).encode()
        _write_like(metadata_folder / "direct_url.json", text, metadata_folder / "INSTALLER")
        added[f"{metadata_folder.name}/direct_url.json"] = text
    if added or removed:
        _rewrite_record(metadata_folder / "RECORD", added, removed)


def direct_url(step: Step, sha256: str) -> str:
    """``direct_url.json`` (PEP 610) as pip writes it. What was built is told by its source, not by the wheel."""
    if step.source is not None:
        return json.dumps(origin_of(step.source), sort_keys=True)
    url, _, fragment = step.file.url.partition("#")
    algorithm, _, digest = fragment.partition("=")
    if algorithm not in {known.value for known in Algorithm} or not digest:
        algorithm, digest = "sha256", sha256
    archive = {"hash": f"{algorithm}={digest}", "hashes": {algorithm: digest}}
    return json.dumps({"archive_info": archive, "url": _without_userinfo(url)}, sort_keys=True)


def _without_userinfo(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return scheme + separator + host.rpartition("@")[2] + slash + path


def _rewrite_record(record: Path, added: Mapping[str, bytes], removed: set[str]) -> None:
    """As pip writes it: sorted rows, the platform-independent CSV of PEP 376."""
    with record.open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.reader(stream) if row and row[0] not in removed | added.keys()]
    for path, content in added.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append([path, f"sha256={digest}", str(len(content))])
    text = io.StringIO(newline="")
    csv.writer(text).writerows(sorted(rows))
    _write_like(record, text.getvalue().encode(), record)


def _write_like(path: Path, content: bytes, model: Path) -> None:
    """Replace a file at once, with the permission bits of ``model``."""
    draft = path.with_name(path.name + ".safepip")
    draft.write_bytes(content)
    shutil.copymode(model, draft)
    draft.replace(path)
