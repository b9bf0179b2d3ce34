"""Values that the tests of rendering share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from safepip.core.digest import AcceptableDigests, Digest, Digests
from safepip.core.finding import Finding, Level, Location, Severity
from safepip.core.index import FileEntry, Index, WheelMetadata
from safepip.core.origin import BUILT_IN, Layer, Origin, Place
from safepip.core.plan import Asker, Plan, Route, RouteReason, Satisfied, Step
from safepip.core.ports import Environment
from safepip.core.url import Url

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
SHA = "sha256:" + "ab" * 32


def in_file(
    text: str | None = None, part: str | None = None, *, place: str = "requirements.txt", line: int | None = 1
) -> Origin:
    """A place in a project's file; ``part`` is what of ``text`` it covers."""
    column = text.index(part) + 1 if text is not None and part is not None else None
    return Origin(
        layer=Layer.PROJECT,
        kind=Place.FILE,
        place=place,
        line=line,
        column=column,
        length=None if part is None else len(part),
        text=text,
    )


def in_arguments(text: str, part: str, position: int = 2) -> Origin:
    return Origin(
        layer=Layer.OPERATOR,
        kind=Place.ARGUMENT,
        place="command line",
        line=position,
        column=text.index(part) + 1,
        length=len(part),
        text=text,
    )


def in_environment(name: str, value: str) -> Origin:
    return Origin(
        layer=Layer.OPERATOR, kind=Place.ENVIRONMENT, place=name, column=1, length=len(value), text=value
    )


def on_page(url: str, line: int | None = None, text: str | None = None) -> Origin:
    return Origin(layer=Layer.INDEX, kind=Place.INDEX, place=url, line=line, text=text)


def plaintext_index() -> Finding:
    line = "--index-url http://mirror.example/simple"
    return Finding(
        rule="plaintext-index",
        message="index URL uses http: anyone on the way can read and change what is installed",
        origin=in_file(line, "http://mirror.example/simple"),
        subject="mirror.example",
        decided_by="safepip's default (no setting allows plaintext)",
        help="delete the line; name the index in pip.conf or safepip.toml with https",
    )


def trusted_host() -> Finding:
    line = "safepip install --trusted-host mirror.example flask"
    return Finding(
        rule="trusted-host",
        message="--trusted-host switches certificate checks off for mirror.example",
        origin=in_arguments(line, "--trusted-host mirror.example", 2),
        subject="mirror.example",
        help="leave it out; give the index's CA bundle with --cert or ca-bundle",
    )


def ambiguous_project() -> Finding:
    return Finding(
        rule="ambiguous-project",
        message="acme-sdk is served by 2 indexes with different files",
        origin=in_file("acme-sdk>=2  # ours", "acme-sdk>=2", line=12),
        subject="acme-sdk",
        notes=("corp: newest is 2.4, uploaded 2026-10-02", "pypi: newest is 99.0, uploaded 2026-11-20"),
        related=(
            Location(
                origin=in_file(
                    'url = "https://corp.example/simple"',
                    "https://corp.example/simple",
                    place="safepip.toml",
                    line=3,
                ),
                label="serves it",
            ),
            Location(origin=BUILT_IN, label="serves it, too"),
        ),
        help='add packages = ["acme-*"] to the index that is meant in safepip.toml',
    )


def yanked_release(line: int = 3) -> Finding:
    return Finding(
        rule="yanked-release",
        message="demo 1.0 was yanked: broken on Windows",
        origin=in_file("demo==1.0", "demo==1.0", line=line),
        subject="demo",
        level=Level.WARN,
        severity=Severity.LOW,
        decided_by="policy.toml:9",
        help="choose another version",
    )


def credentials_in_url() -> Finding:
    value = "https://bob:hunter2@index.example/simple"
    return Finding(
        rule="credentials-in-url",
        message="PIP_INDEX_URL holds a password",
        origin=in_environment("PIP_INDEX_URL", value),
        level=Level.WARN,
        severity=Severity.MEDIUM,
        help="use netrc, keyring or ${VAR}",
    )


def unavailable_index() -> Finding:
    return Finding(
        rule="index-unavailable",
        message="corp did not answer: connection refused",
        origin=on_page("https://corp.example/simple/demo/"),
        subject="corp",
        help="try again; nothing is concluded from silence",
    )


def all_findings() -> list[Finding]:
    return [
        ambiguous_project(),
        plaintext_index(),
        yanked_release(30),
        trusted_host(),
        yanked_release(3),
        credentials_in_url(),
        unavailable_index(),
    ]


def step(
    name: str = "Demo",
    version: str = "1.0",
    *,
    asked: Iterable[str] = (),
    raw: bytes | None = None,
    **fields: Any,
) -> Step:
    """A step whose file is listed by ``pypi``; ``asked`` are requirement texts."""
    project = canonicalize_name(name)
    filename = f"{project.replace('-', '_')}-{version}-py3-none-any.whl"
    index = Index(name="pypi", url=Url.parse("https://index.example/simple"), built_in=True)
    file = fields.pop("file", None) or FileEntry(
        filename=filename,
        url=f"https://files.example/{filename}",
        digests=Digests.of([Digest.parse(SHA)]),
        size=102_900,
    )
    raw = raw or f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    return Step(
        name=name,
        project=project,
        version=Version(version),
        route=fields.pop("route", None)
        or Route(project=project, indexes=(index,), reason=RouteReason.ONLY_INDEX),
        index="pypi",
        file=file,
        askers=tuple(Asker(text=text) for text in asked),
        metadata=WheelMetadata(
            name=name,
            version=version,
            requires_dist=(),
            requires_python=None,
            provides_extra=frozenset(),
            raw=raw,
        ),
        **fields,
    )


def plan() -> Plan:
    corp = Index(name="corp", url=Url.parse("https://bob:hunter2@corp.example/simple"))
    sdk = canonicalize_name("acme-sdk")
    return Plan(
        steps=(
            step("idna", "3.10"),
            step(
                "Acme.SDK",
                "2.4",
                route=Route(project=sdk, indexes=(corp,), reason=RouteReason.PATTERN, pattern="acme-*"),
                acceptable=AcceptableDigests.of([Digest.parse(SHA)]),
                requested=True,
                requested_extras=frozenset({"http"}),
            ),
        ),
        satisfied=(
            Satisfied(
                project=canonicalize_name("six"),
                version=Version("1.17"),
                text="six",
                location="/env/lib",
                needed_by=("Acme.SDK",),
            ),
        ),
        replaced={sdk: Version("2.3")},
        notes=("wheelhouse serves idna, exclusively",),
    )


def environment(**markers: str) -> Environment:
    return Environment(
        python="/env/bin/python",
        prefix="/env",
        version="3.11.7",
        markers=markers,
        tags=(),
        installed={},
        paths={},
    )
