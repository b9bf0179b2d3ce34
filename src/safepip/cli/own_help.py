"""What ``--help`` of a guarded command says after pip's own help."""

from __future__ import annotations

OWN_HELP = """
safepip's Own Options (matched exactly, never abbreviated):
  --policy <file>             A policy file that counts in full; also
                              SAFEPIP_POLICY, for every command.
  --hash <alg>:<hex>          A hash for the one requirement on the command
                              line, for the one that it stands behind, or one
                              for each, in order.
  --allow <rule>[:<subject>]  Let findings of this rule pass in this run, where
                              no stronger policy forbids it.
  --reason <text>             Why; every --allow needs one.
  --report-format <format>    How findings and the plan are reported: text,
                              json, sarif, github.
  --explain                   Print the plan with its reasons and change
                              nothing.
"""

LOCK_HELP = """
safepip's Own Options of lock:
  --environment <name>        An environment to lock for, such as
                              linux-x86_64-cp311; several with commas between
                              them, or by saying it again. Without it, those of
                              the policy, else the one at hand.
  --format <format>           pylock (default), or requirements: a
                              requirements file with hashes, by default
                              requirements.lock.txt.
  --check                     Write nothing; exit code 14 if the file is not
                              what locking would write.
  --upgrade                   Keep no version that the file has.
  --upgrade-package <name>[==<version>]
                              Let this project move, to this version if one is
                              given.

  -r pyproject.toml stands for the project's dependencies, with [extra] for
  those of an extra as well.
"""
"""What follows for ``lock``."""

OWN_COMMAND_HELP = {
    "explain": """
Usage:
  safepip explain [options] [RULE | SETTING | PROJECT]

Description:
  Without a word: everything that is in force, and where each value was set.

  RULE      Its page, its level here, and who set it, such as
            `plaintext-index`; or the name of an error.
  SETTING   The value in force and what it shadows: an option of pip by any of
            its names (`index-url`, `--index-url`, `PIP_INDEX_URL`,
            `global.index-url`), or a key of the policy (`hashes.mode`).
  PROJECT   Which index it would come from and why, what each index has, what
            policy would refuse.

  A word that is several of these is the first of them; `rule:`, `setting:`,
  `error:` or `project:` before it says which.
  Nothing is changed. Only a project's name is sent anywhere, and only to
  indexes that `install` would ask.
  Other options are those of `install`: they count as they would there.

Options:
  --offline                   Send nothing: say which indexes would be asked.
  --policy <file>             A policy file that counts in full; also
                              SAFEPIP_POLICY.
  --report-format <format>    text or json.
""",
    "mirror": """
Usage:
  safepip mirror [options] --to <dir> <pylock.toml> ...
  safepip mirror [options] --to <dir> --wheelhouse <pylock.toml> ...

Description:
  Fetch and verify every file that locks name, for every environment, extra
  and group, and write a static index that pip, uv and safepip install from:
  over https behind any web server, or as file: URL. <dir>/simple is the URL
  of the index.

  A mirror that is there is added to: what it lists already stays, after it
  has been hashed again. Nothing is written before everything is verified.

Options:
  --to <dir>                  The folder to write to.
  --wheelhouse                Write the files alone into <dir>, for
                              --find-links.
  --policy <file>             A policy file that counts in full; also
                              SAFEPIP_POLICY.
  --allow <rule>[:<subject>]  Let findings of this rule pass in this run, where
                              no stronger policy forbids it.
  --reason <text>             Why; every --allow needs one.
  --report-format <format>    text, json, sarif, github.

  pip's general options, those of indexes, and --only-binary and --no-binary
  are taken too.
""",
    "policy": """
Usage:
  safepip policy init [--output <file>] [--force]
  safepip policy show
  safepip policy check [<file> ...]
  safepip policy trust [<file>] [--revoke]
  safepip policy trust --list
  safepip policy schema

Description:
  Write, show, check and trust policy files.

  init      Write a first policy from the configuration of pip, what is
            installed and what is locked, and say what it would refuse today.
            Asks nothing, of nobody.
  show      Print the policy in force with the line that set each key, every
            file with whether it is trusted, what is set aside, and exemptions.
  check     Read files strictly and print everything that is wrong; without a
            file, all that take part. Exit code 12 for what is no policy; 14
            for exemptions that have ended, and keys that a stronger file does
            not let through.
  trust     Let all of this project's policy count for you, here, until it says
            something else.
  schema    Print the JSON schema, for editors.

Options:
  --output <file>             Where init writes (default: safepip.toml).
  --force                     Let init write over a file.
  --revoke                    Take trust back.
  --list                      List the policies that you trust.
  --policy <file>             A policy file that counts in full; also
                              SAFEPIP_POLICY.
  --report-format <format>    text or json.

  The options of safepip install are taken too: they are part of what is
  configured.
""",
    "sync": """
Usage:
  safepip sync [options] <pylock.toml>[<extra>,...] ...
  safepip sync [options] <hashed requirements file> ...

Description:
  Make the environment equal the lock: install what it names, in its versions,
  and remove everything else. All of it happens or nothing does.

  What is removed is told before anything changes. Kept are pip (before Python
  3.12 also setuptools and wheel), and what safepip itself runs on if it
  stands in this environment, unless the lock has them in another version.

Options:
  --dry-run                   Say what would be removed and installed, and
                              change nothing.
  --group <lock>:<group>      A group of a lock, such as pylock.toml:docs.
  --explain                   Print the plan with its reasons and change
                              nothing.
  --policy <file>             A policy file that counts in full; also
                              SAFEPIP_POLICY.
  --allow <rule>[:<subject>]  Let findings of this rule pass in this run, where
                              no stronger policy forbids it.
  --reason <text>             Why; every --allow needs one.
  --report-format <format>    text, json, sarif, github.

  Other options are those of safepip install, as far as they make sense for
  what is locked. --python, before the command, chooses the environment.
""",
}
"""What ``--help`` of a command prints that pip does not have."""

OWN_COMMANDS_HELP = """
safepip's Own Commands (safepip help <command> says more):
  explain                     Say what is in force and where it was set, and
                              where a project would come from.
  mirror                      Write a static index of the files of locks.
  policy                      Write, show, check and trust policy files.
  sync                        Make an environment equal a lock.
"""
"""What follows pip's list of its commands."""


def own_help(command: str) -> str:
    """What follows pip's help of a guarded command."""
    return OWN_HELP + (LOCK_HELP if command == "lock" else "")
