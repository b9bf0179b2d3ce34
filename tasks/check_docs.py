"""Hold the documentation to the project: links, examples, commands, exit codes.

Every relative link leads to a file (and heading) that exists; every page can be reached from
docs/README.md; TOML examples parse; ``safepip WORD`` in an example names a command that this version
has, ``make WORD`` a target; the exit codes page lists every code.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from safepip.cli.commands import TREATMENTS, Treatment
from safepip.core.errors import ExitCode
from safepip.pipcompat.own import OWN_COMMANDS

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
COMMAND = re.compile(
    r"(?:^|[/\s;&|])safepip((?: +-{1,2}\S+(?: +[^\s-]\S*)?)*?) +([a-z]+)(?=\s|$)", re.MULTILINE
)
MAKE = re.compile(r"^make ([a-z-]+)", re.MULTILINE)
VALUELESS = {"--version"}


def pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def anchors(text: str) -> set[str]:
    """Headings as link targets, written as forges write them."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(text)}


def links(page: Path) -> Iterator[tuple[str, Path, str]]:
    """Each relative link of a page: as written, file, heading."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in LINK.findall(text):
        path, _, heading = target.partition("#")
        if "://" not in target:
            yield target, (page.parent / path).resolve() if path else page, heading


def link_problems(page: Path) -> Iterator[str]:
    for written, path, heading in links(page):
        if not path.exists():
            yield f"{written} leads nowhere"
        elif heading and heading not in anchors(path.read_text(encoding="utf-8")):
            yield f"{written}: no such heading"


def example_problems(page: Path) -> Iterator[str]:
    for language, text in FENCE.findall(page.read_text(encoding="utf-8")):
        if language == "toml":
            try:
                tomllib.loads(text)
            except tomllib.TOMLDecodeError as error:
                yield f"example is no TOML: {error}"
        if language in {"sh", "yaml", "dockerfile"}:
            yield from (f"safepip {word}: no such command" for word in commands(text) if not works(word))
            yield from (
                f"make {word}: no such target" for word in MAKE.findall(text) if word not in targets()
            )


def commands(text: str) -> Iterator[str]:
    """The command words after ``safepip``, options before them skipped; ``pipx install safepip`` has none."""
    joined = re.sub(r"(^|\s)#.*$", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    for options, word in COMMAND.findall(joined):
        if not VALUELESS & set(options.split()):
            yield word


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def works(command: str) -> bool:
    return command in OWN_COMMANDS or TREATMENTS.get(command, Treatment.MISSING) is not Treatment.MISSING


def unreachable() -> Iterator[str]:
    """Pages that no chain of links from docs/README.md leads to."""
    seen: set[Path] = set()
    waiting = [ROOT / "docs" / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        waiting += [path for _, path, _ in links(page)]
    yield from (f"{page.relative_to(ROOT)}: no link leads here" for page in pages()[2:] if page not in seen)


def exit_code_problems() -> Iterator[str]:
    text = (ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| (\d+) \| (\w+) \|", text, re.MULTILINE))
    yield from (
        f"docs/reference/exit-codes.md: {number} {name} differs from core/errors.py"
        for number, name in listed ^ {(str(code.value), code.name) for code in ExitCode}
    )


def problems() -> list[str]:
    """Everything wrong, a sentence each."""
    found = [
        f"{page.relative_to(ROOT)}: {problem}"
        for page in pages()
        for check in (link_problems, example_problems)
        for problem in check(page)
    ]
    return [*found, *unreachable(), *exit_code_problems()]


def main() -> int:
    found = problems()
    print("\n".join(found) or f"documentation: {len(pages())} pages, all links and examples hold")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
