"""Every ceiling on what the world may send, with its unit and its reason."""

from __future__ import annotations

from safepip.core.value import value


@value
class Limits:
    """Units are in the names. The defaults suit the largest projects on PyPI with room to spare."""

    page_max_bytes: int = 100 * 1024 * 1024
    """An index page, decoded. The largest real ones are near 30 MB."""
    sidecar_max_bytes: int = 10 * 1024 * 1024
    """Core metadata; a long description makes some of them large."""
    file_max_bytes: int = 20 * 1024 * 1024 * 1024
    """One artifact; GPU wheels reach several GB."""
    remote_text_max_bytes: int = 50 * 1024 * 1024
    """A remote requirement, constraint or lock file: a lock of a thousand projects has 10 MB."""
    local_text_max_bytes: int = 100 * 1024 * 1024
    """Such a file of this machine, a configuration file, a script: what one names may be a device."""
    policy_max_bytes: int = 1024 * 1024
    """A policy file, or CA bundle that it names, that was found and not named by the user."""
    listed_files_max: int = 100_000
    """Files on one page."""
    redirects_max: int = 10
    tags_per_filename_max: int = 4096
    """Expanded compatibility tags of one file name: a tag bomb is refused."""
    wheel_entries_max: int = 200_000
    """Members of one wheel."""
    wheel_unpacked_max_bytes: int = 50 * 1024 * 1024 * 1024
    wheel_ratio_max: int = 1000
    """Unpacked to packed size of one wheel member larger than 1 MiB: a zip bomb is refused."""
    sdist_entries_max: int = 200_000
    """Members of one source archive."""
    sdist_unpacked_max_bytes: int = 8 * 1024 * 1024 * 1024
    sdist_ratio_max: int = 1000
    """Unpacked to packed size of one source archive larger than 64 MiB: a bomb is refused."""
    build_max_seconds: float = 4 * 3600.0
    """One hook of a build backend: the largest real builds take an hour or two."""
    build_output_max_bytes: int = 256 * 1024 * 1024
    """What one hook may print."""
    repository_max_bytes: int = 16 * 1024 * 1024 * 1024
    """History and tree of one repository on disk; the largest real ones have a few GB."""
    repository_max_seconds: float = 3600.0
    """One thing that git is asked to do: the largest take minutes on a slow line."""
    repository_output_max_bytes: int = 64 * 1024 * 1024
    """What git may say once: a list of 200 000 paths, with room."""
    build_nesting_max: int = 10
    """Builds of what a build needs, inside each other."""
    nesting_max: int = 50
    """Requirement files inside requirement files."""
    requirement_files_max: int = 1000
    """Requirement files in one run, however they name each other: two lines in each double the work."""
    requirement_line_max_chars: int = 200_000
    """One line of a requirement file with its continuations: two thousand hashes fit."""
    resolve_rounds_max: int = 200_000
    """As pip."""
    connect_timeout_seconds: float = 15.0
    read_timeout_seconds: float = 15.0
    """pip's default ``--timeout``; the option overrides both."""
    page_max_seconds: float = 600.0
    """One page, sidecar or remote text from first to last byte: a server that drips ends here."""
    file_pace_bytes: int = 64 * 1024
    file_pace_seconds: float = 120.0
    """So much of a file must come in so much time: a server that drips ends here, a slow line does not."""
    retries: int = 5
    """pip's default ``--retries``."""
    retry_after_max_seconds: float = 60.0
    backoff_seconds: float = 0.25
    """First pause; doubles each time (as pip's urllib3 settings)."""
    page_workers: int = 16
    """Parallel index pages and sidecars (measured: more gains nothing at 30 ms)."""
    file_workers: int = 8
    """Parallel downloads (measured: 8 streams reach 90 % of a 200 Mbit/s link)."""
    inspect_workers: int = 2
    """Wheels inspected at a time; inflating releases the interpreter lock."""
