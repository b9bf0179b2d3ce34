"""A dependency specifier (PEP 508) that a project writes down: in a dependency group, in a script."""

from __future__ import annotations

from packaging.requirements import InvalidRequirement

from safepip.core.errors import RequirementFileError
from safepip.core.origin import Origin
from safepip.core.specifier import read_requirement
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.pipcompat.requirement import parse_requirement


def parse_dependency(text: str, origin: Origin) -> RequirementLine:
    """A name, or ``name @ URL``; never a path, whatever stands in the working directory.

    Compare ``install_req_from_req_string`` of ``pip._internal.req.constructors``.

    Raises:
        RequirementFileError: anything else, in pip's words.
    """
    try:
        requirement = read_requirement(text)
    except InvalidRequirement as error:
        raise RequirementFileError(
            f"Invalid requirement: {text!r}: {error}", reference="invalid-requirement", origin=origin
        ) from None
    if requirement.url is None:
        return RequirementLine(
            text=text,
            kind=RequirementKind.NAMED,
            requirement=requirement,
            origin=origin,
            extras=frozenset(requirement.extras),
        )
    return parse_requirement(text, origin, is_dir=_nothing, exists=_nothing)


def _nothing(_path: str) -> bool:
    return False
