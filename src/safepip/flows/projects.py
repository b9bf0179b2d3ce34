"""``-r pyproject.toml``: what a project says that it needs, read without a build (PEP 621)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from safepip.flows.scripts import check_python
from safepip.pipcompat.project_table import read_project

if TYPE_CHECKING:
    from safepip.core.ports import Environment, Files
    from safepip.core.subjects import RequirementLine
    from safepip.flows.settings import Settings
    from safepip.flows.sources import ProjectRequest


def project_requirements(
    request: ProjectRequest, files: Files, environment: Callable[[], Environment], settings: Settings
) -> tuple[RequirementLine, ...]:
    """The project's dependencies, and those of the extras that were asked for.

    Args:
        environment: of the target; asked for where the project says which Python it needs.

    Raises:
        RequirementFileError: the file cannot be read, or only a build could say what is asked.
        ResolutionError: the project is not for this Python.
    """
    project = read_project(request.location, request.extras, files)
    if project.requires_python is not None and not settings.ignore_requires_python:
        check_python(f"Package {project.name!r}", project.requires_python, environment(), settings)
    return project.dependencies
