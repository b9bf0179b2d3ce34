"""The console script and ``python -m safepip``, whose working directory leaves the import path first."""

import sys


def cli() -> None:
    """Ctrl-C may come while modules are being loaded; it ends the run in pip's words then, too."""
    try:
        from safepip.cli.main import main

        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        code = _cancelled()
    except RuntimeError as error:
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        code = _cancelled()  # Python 3.11 wraps what happens while a class is made
    sys.exit(code)


def _cancelled() -> int:
    sys.stderr.write("ERROR: Operation cancelled by user\n")
    return 1


if __name__ == "__main__":
    # ``-m`` puts the working directory first on the path: a project with a folder named like one of
    # our dependencies would run before any check. ``-P`` and ``-I`` already leave it out.
    if not sys.flags.safe_path and sys.path:
        del sys.path[0]
    cli()
