"""What kinds of errors there are: one row each. The page about errors and ``safepip explain`` follow it.

A finding has a rule; an error has a reference. Where an error is the same thing as a finding it has the
rule's name, and no row here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from safepip.core.value import value


@value
class Reference:
    """One kind of error.

    Attributes:
        codes: exit codes that it may end in.
        meaning: a sentence or two.
        remedy: what to do; empty where there is nothing.
    """

    codes: tuple[int, ...]
    meaning: str
    remedy: str = ""


_ROWS = """\
audit-log | 12 | The audit log cannot be written, so nothing is done that could not be noted in it. | Make room or correct the permissions, or name another file in `log.file`.
backend-unavailable | 1 | A build backend that cannot be imported. | Name the package it comes from in `build-system.requires`.
bad-archive | 13 | A source archive that cannot be read, or holds what no archive of sources holds. | Ask for another version.
bad-policy | 12 | A policy file says something unknown, or two of them contradict each other. | The message points to the line, and names the nearest key that is known.
broken-installation | 1 | Files of safepip itself are missing. | Install safepip again.
bug | 70 | A failure that nobody foresaw. Nothing was handed to pip unverified. | Run again with `-v` and report it.
build-backend | 1 | A package's build backend does not do what the standard asks of it (PEP 517). | It is a mistake of the package; ask for another version, or a wheel.
build-dependencies | 1 | What building needs is missing from the environment, or does not go together, without build isolation. | Install it there, or leave `--no-build-isolation` out.
build-environment | 1 | No environment to build in could be made. | Install the `venv` module of that Python.
build-needs-itself | 1 | To build a package the package itself is needed, or the chain is too long. | Have the index offer a wheel of one of them.
bytecode | 1 | Compiling failed; the environment is as it was. | Try again with `--no-compile`.
cancelled | 1 | Ctrl-C, or a signal to end. What was begun has been undone.
changed-meanwhile | 1 | Another command has changed the environment while this one was planning. | Run it again.
configuration | 1, 12 | A configuration file of pip that cannot be read or written. | Correct the file or its permissions; `PIP_CONFIG_FILE` set to the null device reads none.
configured-value | 2, 3 | A value of a configuration file or variable that the option cannot have. | Correct the value at the place that is shown.
conflicting-variables | 12 | Two variables set one option to different values; pip would go by their order. | Unset one of them.
dependency-group | 1 | A dependency group, or the `pyproject.toml` it stands in, that cannot be read (PEP 735). | Correct the line that is shown.
disk | 1 | The disk, or a permission, failed. The environment is as it was. | Check room and permissions.
editable-repository | 1 | A repository that is to be installed in editable mode. | Clone it, look at it, and install the folder with `-e`.
externally-managed-environment | 1 | The system's package manager owns this environment (PEP 668). | Use a virtual environment.
git | 1 | git is not there, or too old to be told what it may do. | Install git 2.31 or newer.
inconsistent-name | 1 | A source calls itself something else than the requirement does. | Correct the name.
invalid-build-requirement | 1 | A package names a build requirement that is none. | It is a mistake of the package; ask for another version.
invalid-pyproject-build-system-requires | 1 | `build-system.requires` is no list of requirements (PEP 518). | Correct the `pyproject.toml`.
invalid-pyproject-toml | 1 | A `pyproject.toml` that is no TOML, or whose `build-system` is wrong. | Correct it.
invalid-requirement | 1 | A requirement that cannot be read. | The message points to the line or argument.
invalid-version | 1 | A source has a version that is none (PEP 440). | Correct it, or ask for another one.
journal | 1 | An installation was cut short, and what it kept cannot be used to undo it. | Make the environment anew.
lock-environments | 1 | Environments that no marker tells apart need different packages, so that no installer could choose. | Lock each of them into a file of its own.
lock-file | 1 | A lock file that cannot be read, or is not for this environment (PEP 751). | Lock again.
lock-format | 1 | Something that cannot be written into a lock of that form: a folder or repository into a hashed requirements file, an archive without a sha256, or a URL that shows a secret. | Write a `pylock.toml`, give it a hash, or give credentials in another way.
lock-input | 1 | The file that `lock` would write is one that it reads. | Write to another one with `-o`.
lock-outdated | 14 | `lock --check`: the file is not there, or is not what locking would write now. The notes say what differs. | Run the same command without `--check`.
log | 1 | The file of `--log` cannot be written. | Name another one.
mirror | 1 | The folder of a mirror holds something else or cannot be written, or a lock names what no index can hold. | The message says which.
missing-command | 1 | A command that this version does not have. It is refused rather than handed to a pip that nobody guards.
missing-pyproject-build-system-requires | 1 | A `build-system` table without `requires` (PEP 518). | Add it.
no-editable-hook | 1 | A build backend that cannot install in editable mode (PEP 660). | Leave `-e` out, or use another backend.
no-project | 1 | A folder or archive that holds no Python project. | Check the path.
no-such-commit | 1, 13 | A repository has no such commit, none that a branch or tag leads to, or passes something else for it. | `git ls-remote URL` lists what its branches and tags are now.
not-found | 1 | No file of the project fits the requirement. The notes say what there is, and which index was asked. | `safepip explain PROJECT` shows what each index has.
output | 1 | Standard output cannot be written: the disk behind it is full, or it is closed. | Make room, or write it elsewhere.
outside-file | 1 | What an installed package claims as its own lies outside of the environment, and pip would remove it with the package. | Look at the package's RECORD; correct it, or remove the package by hand.
pip | 1 | pip itself failed while files were put in place. The environment is as it was.
pip-configuration | 12 | A configuration file of pip that cannot be parsed. | Correct the line that is shown.
plan-not-met | 1 | pip did something else than planned; everything has been put back. | It is a defect of safepip: report it.
policy | 12 | A policy file cannot be read, or the machine's could be changed by anybody. | Correct its permissions; one that cannot be read is never skipped.
project-table | 1 | A `pyproject.toml` that does not say what the project needs: it leaves it to the build, lacks the extra, or cannot be read. | The message points to the line; `safepip lock .` lets the build say it.
proxy | 12 | A proxy that cannot be used. | Write it as `http://HOST:PORT` or `https://HOST:PORT`.
record | 12 | The record of first uses cannot be read, so what it says is not known. | Find out why; if it is damaged, delete it.
repository-download | 1 | A repository among what `download` is to save: it has no file. | Build a wheel of it with `safepip wheel`, or clone it.
repository-unavailable | 11 | git got no answer from a repository; the notes are its last words. | Check the address, and the credentials in netrc or a keyring.
requirement-file | 1 | A requirement or constraint file that cannot be read. | The message says which, and who named it.
requires-python | 1 | The environment's Python is not the one that something asks for. | Ask for another version, or use another Python.
resolution-impossible | 1 | What is asked for contradicts itself. | Loosen the versions that the notes name.
resolution-too-deep | 1 | There is too much to try. | Give more of the requirements a version.
script | 1 | A script whose inline metadata cannot be read (PEP 723). | Correct the line that is shown.
subdirectory | 1 | An archive without the folder that `#subdirectory=` names. | Correct the URL.
subprocess-exited-with-error | 1 | A package's own build failed; the notes are its last words. | Ask for a wheel, or look at what it needs.
target | 1 | The environment to work on cannot be found, or its Python cannot be asked. | `--python` takes the path of an interpreter or of a virtual environment.
trusted-policies | 12 | The list of policies that you trust cannot be read or written. | Correct its permissions, or delete it and trust again.
unknown-command | 1 | No command of pip or safepip.
unreadable-source | 1 | A file of a source that cannot be read. | Check the archive.
usage | 1, 2 | A command line that cannot be read, or asks for two things at once. | The message points to the argument where one is to blame.
"""
"""Reference | exit codes | meaning | remedy, if there is one; sorted."""


def _reference(codes: str, meaning: str, remedy: str = "") -> Reference:
    return Reference(codes=tuple(map(int, codes.split(", "))), meaning=meaning, remedy=remedy)


REFERENCES: Mapping[str, Reference] = MappingProxyType(
    {name: _reference(*rest) for name, *rest in (row.split(" | ") for row in _ROWS.splitlines())}
)
"""By reference. A test holds this to the code that raises errors."""
