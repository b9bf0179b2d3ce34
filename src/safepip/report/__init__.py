"""Values to text: what people, scripts and code hosts read.

Everything here is a pure function from values of :mod:`safepip.core` to text, except
:mod:`~safepip.report.progress`, which draws while the run goes on. All texts that were written by
others pass :func:`~safepip.report.visible.shown` (people) or
:func:`~safepip.report.facts.json_text` (programs): no secret, no escape sequence and no workflow
command of theirs reaches a terminal or a log.
"""
