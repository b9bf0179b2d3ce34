"""Lock files made to order, of wheels made to order."""

from __future__ import annotations

from collections.abc import Mapping

from support.sdists import make_sdist, sdist_filename
from support.server import IndexServer
from support.wheels import make_wheel, sha256, wheel_filename

HEAD = 'lock-version = "1.0"\ncreated-by = "hand"\n'


def lock(*packages: str, head: str = "") -> str:
    """The text of a ``pylock.toml``; ``head`` are further keys of its top."""
    return HEAD + head + "".join(packages)


def package(
    server: IndexServer,
    name: str,
    version: str = "1.0",
    *,
    keys: str = "",
    url: str | None = None,
    hashes: str | None = None,
    file_keys: str = "",
    **spec: object,
) -> str:
    """One package with its wheel, as ``publish(server, name, version, **spec)`` serves it.

    Args:
        keys: further lines of the package's table; ``file_keys`` of its wheel's.
        url: instead of the true one. hashes: instead of the sha256, as ``algorithm = "hex", …``.
    """
    filename = wheel_filename(name, version)
    content = make_wheel(name, version, **spec)
    return f"""
[[packages]]
name = "{name}"
version = "{version}"
{keys}
[[packages.wheels]]
name = "{filename}"
url = "{url or f"{server.origin}/files/{filename}"}"
hashes = {{{hashes or f'sha256 = "{sha256(content)}"'}}}
{file_keys}
"""


def source_package(
    server: IndexServer,
    name: str,
    version: str = "1.0",
    *,
    builds: Mapping[str, str] | str | None = None,
    keys: str = "",
    **spec: object,
) -> str:
    """One package with its source distribution, as ``make_sdist(name, version, **spec)`` makes it.

    Args:
        builds: version by name of what the lock says its build needs, or such a list as TOML.
        keys: further lines of the package's table.
    """
    filename = sdist_filename(name, version)
    digest = sha256(make_sdist(name, version, **spec))
    return f"""
[[packages]]
name = "{name}"
version = "{version}"
sdist = {{name = "{filename}", url = "{server.origin}/files/{filename}", hashes = {{sha256 = "{digest}"}}}}
{keys}
{build_requires(builds)}
"""


def build_requires(needs: Mapping[str, str] | str | None) -> str:
    """The table below a package that says what its build needs; nothing where that is not said."""
    if needs is None:
        return ""
    if not isinstance(needs, str):
        entries = (f'{{name = "{name}", version = "{version}"}}' for name, version in needs.items())
        needs = f"[{', '.join(entries)}]"
    return f"[packages.tool.safepip]\nbuild-requires = {needs}\n"


def for_builds(*packages: str) -> str:
    """The same packages as what builds need."""
    return (
        "".join(packages)
        .replace("[packages.", "[tool.safepip.build-packages.")
        .replace("[[packages", "[[tool.safepip.build-packages")
    )
