"""What ``--help`` of a guarded command says after pip's own help."""

from __future__ import annotations

OWN_HELP = """
safepip's Own Options (matched exactly, never abbreviated):
  --policy <file>             A policy file that counts in full; also SAFEPIP_POLICY, for every command.
  --hash <alg>:<hex>          A hash for the one requirement on the command line, or one for each, in order.
  --allow <rule>[:<subject>]  Let a finding of this rule pass in this run, where no stronger policy forbids it.
  --reason <text>             Why; every --allow needs one.
  --report-format <format>    How findings and the plan are reported: text, json, sarif, github.
  --explain                   Print the plan with its reasons and change nothing.
"""

OWN_COMMAND_HELP = {
    "explain": """
Usage:
  safepip explain [options] [RULE | SETTING | PROJECT]

Description:
  Say what is in force, where it was set, and where a project would come from.
""",
    "policy": """
Usage:
  safepip policy init [--output FILE] [--force]
  safepip policy show
  safepip policy check [FILE ...]
  safepip policy trust [FILE] [--revoke | --list]
  safepip policy schema

Description:
  Write, show, check and trust policy files.
""",
}
"""What ``--help`` of a command prints that pip does not have."""
