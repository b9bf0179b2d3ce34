"""``python -m safepip``: the working directory leaves the import path before anything is imported."""

import sys

if __name__ == "__main__":
    # ``-m`` puts the working directory first on the path: a project with a folder named like one of
    # our dependencies would run before any check. ``-P`` and ``-I`` already leave it out.
    if not sys.flags.safe_path and sys.path:
        del sys.path[0]
    from safepip.cli.main import cli

    cli()
