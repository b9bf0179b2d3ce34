"""Lock files made to order, of wheels made to order."""

from __future__ import annotations

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
