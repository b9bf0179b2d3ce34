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


def _row(*codes: int, meaning: str, remedy: str = "") -> Reference:
    return Reference(codes=codes, meaning=meaning, remedy=remedy)


REFERENCES: Mapping[str, Reference] = MappingProxyType(
    {
        "audit-log": _row(
            12,
            meaning="The audit log cannot be written, so nothing is done that could not be noted in it.",
            remedy="Make room or correct the permissions, or name another file in `log.file`.",
        ),
        "backend-unavailable": _row(
            1,
            meaning="A build backend that cannot be imported.",
            remedy="Name the package it comes from in `build-system.requires`.",
        ),
        "bad-archive": _row(
            13,
            meaning="A source archive that cannot be read, or holds what no archive of sources holds.",
            remedy="Ask for another version.",
        ),
        "bad-policy": _row(
            12,
            meaning="A policy file says something unknown, or two of them contradict each other.",
            remedy="The message points to the line, and names the nearest key that is known.",
        ),
        "broken-installation": _row(
            1, meaning="Files of safepip itself are missing.", remedy="Install safepip again."
        ),
        "bug": _row(
            70,
            meaning="A failure that nobody foresaw. Nothing was handed to pip unverified.",
            remedy="Run again with `-v` and report it.",
        ),
        "build-backend": _row(
            1,
            meaning="A package's build backend does not do what the standard asks of it (PEP 517).",
            remedy="It is a mistake of the package; ask for another version, or a wheel.",
        ),
        "build-dependencies": _row(
            1,
            meaning="What building needs is missing from the environment, or does not go together, without build isolation.",
            remedy="Install it there, or leave `--no-build-isolation` out.",
        ),
        "build-environment": _row(
            1,
            meaning="No environment to build in could be made.",
            remedy="Install the `venv` module of that Python.",
        ),
        "build-needs-itself": _row(
            1,
            meaning="To build a package the package itself is needed, or the chain is too long.",
            remedy="Have the index offer a wheel of one of them.",
        ),
        "bytecode": _row(
            1,
            meaning="Compiling failed; the environment is as it was.",
            remedy="Try again with `--no-compile`.",
        ),
        "cancelled": _row(1, meaning="Ctrl-C, or a signal to end. What was begun has been undone."),
        "changed-meanwhile": _row(
            1,
            meaning="Another command has changed the environment while this one was planning.",
            remedy="Run it again.",
        ),
        "configuration": _row(
            1,
            12,
            meaning="A configuration file of pip that cannot be read or written.",
            remedy="Correct the file or its permissions; `PIP_CONFIG_FILE` set to the null device reads none.",
        ),
        "configured-value": _row(
            2,
            3,
            meaning="A value of a configuration file or variable that the option cannot have.",
            remedy="Correct the value at the place that is shown.",
        ),
        "conflicting-variables": _row(
            12,
            meaning="Two variables set one option to different values; pip would go by their order.",
            remedy="Unset one of them.",
        ),
        "dependency-group": _row(
            1,
            meaning="A dependency group, or the `pyproject.toml` it stands in, that cannot be read (PEP 735).",
            remedy="Correct the line that is shown.",
        ),
        "disk": _row(
            1,
            meaning="The disk, or a permission, failed. The environment is as it was.",
            remedy="Check room and permissions.",
        ),
        "externally-managed-environment": _row(
            1,
            meaning="The system's package manager owns this environment (PEP 668).",
            remedy="Use a virtual environment.",
        ),
        "inconsistent-name": _row(
            1,
            meaning="A source calls itself something else than the requirement does.",
            remedy="Correct the name.",
        ),
        "invalid-build-requirement": _row(
            1,
            meaning="A package names a build requirement that is none.",
            remedy="It is a mistake of the package; ask for another version.",
        ),
        "invalid-pyproject-build-system-requires": _row(
            1,
            meaning="`build-system.requires` is no list of requirements (PEP 518).",
            remedy="Correct the `pyproject.toml`.",
        ),
        "invalid-pyproject-toml": _row(
            1,
            meaning="A `pyproject.toml` that is no TOML, or whose `build-system` is wrong.",
            remedy="Correct it.",
        ),
        "invalid-requirement": _row(
            1,
            meaning="A requirement that cannot be read.",
            remedy="The message points to the line or argument.",
        ),
        "invalid-version": _row(
            1,
            meaning="A source has a version that is none (PEP 440).",
            remedy="Correct it, or ask for another one.",
        ),
        "journal": _row(
            1,
            meaning="An installation was cut short, and what it kept cannot be used to undo it.",
            remedy="Make the environment anew.",
        ),
        "lock-file": _row(
            1,
            meaning="A lock file that cannot be read, or is not for this environment (PEP 751).",
            remedy="Lock again.",
        ),
        "log": _row(1, meaning="The file of `--log` cannot be written.", remedy="Name another one."),
        "missing-command": _row(
            1,
            meaning="A command that this version does not have. It is refused rather than handed to a pip that nobody guards.",
        ),
        "missing-pyproject-build-system-requires": _row(
            1, meaning="A `build-system` table without `requires` (PEP 518).", remedy="Add it."
        ),
        "no-editable-hook": _row(
            1,
            meaning="A build backend that cannot install in editable mode (PEP 660).",
            remedy="Leave `-e` out, or use another backend.",
        ),
        "no-project": _row(
            1, meaning="A folder or archive that holds no Python project.", remedy="Check the path."
        ),
        "not-found": _row(
            1,
            meaning="No file of the project fits the requirement. The notes say what there is, and which index was asked.",
            remedy="`safepip explain PROJECT` shows what each index has.",
        ),
        "pip": _row(
            1, meaning="pip itself failed while files were put in place. The environment is as it was."
        ),
        "pip-configuration": _row(
            12,
            meaning="A configuration file of pip that cannot be parsed.",
            remedy="Correct the line that is shown.",
        ),
        "plan-not-met": _row(
            1,
            meaning="pip did something else than planned; everything has been put back.",
            remedy="It is a defect of safepip: report it.",
        ),
        "policy": _row(
            12,
            meaning="A policy file cannot be read, or the machine's could be changed by anybody.",
            remedy="Correct its permissions; one that cannot be read is never skipped.",
        ),
        "proxy": _row(
            12,
            meaning="A proxy that cannot be used.",
            remedy="Write it as `http://HOST:PORT` or `https://HOST:PORT`.",
        ),
        "record": _row(
            12,
            meaning="The record of first uses cannot be read, so what it says is not known.",
            remedy="Find out why; if it is damaged, delete it.",
        ),
        "requirement-file": _row(
            1,
            meaning="A requirement or constraint file that cannot be read.",
            remedy="The message says which, and who named it.",
        ),
        "requires-python": _row(
            1,
            meaning="The environment's Python is not the one that something asks for.",
            remedy="Ask for another version, or use another Python.",
        ),
        "resolution-impossible": _row(
            1,
            meaning="What is asked for contradicts itself.",
            remedy="Loosen the versions that the notes name.",
        ),
        "resolution-too-deep": _row(
            1, meaning="There is too much to try.", remedy="Give more of the requirements a version."
        ),
        "script": _row(
            1,
            meaning="A script whose inline metadata cannot be read (PEP 723).",
            remedy="Correct the line that is shown.",
        ),
        "subdirectory": _row(
            1, meaning="An archive without the folder that `#subdirectory=` names.", remedy="Correct the URL."
        ),
        "subprocess-exited-with-error": _row(
            1,
            meaning="A package's own build failed; the notes are its last words.",
            remedy="Ask for a wheel, or look at what it needs.",
        ),
        "target": _row(
            1,
            meaning="The environment to work on cannot be found, or its Python cannot be asked.",
            remedy="`--python` takes the path of an interpreter or of a virtual environment.",
        ),
        "trusted-policies": _row(
            12,
            meaning="The list of policies that you trust cannot be read or written.",
            remedy="Correct its permissions, or delete it and trust again.",
        ),
        "unknown-command": _row(1, meaning="No command of pip or safepip."),
        "unreadable-source": _row(
            1, meaning="A file of a source that cannot be read.", remedy="Check the archive."
        ),
        "usage": _row(
            1,
            2,
            meaning="A command line that cannot be read, or asks for two things at once.",
            remedy="The message points to the argument where one is to blame.",
        ),
    }
)
"""By reference, sorted. A test holds this to the code that raises errors."""
