from dataclasses import replace

from safepip.core.plan import Asker, Plan
from safepip.report.explain import render_plan
from tests.report import samples
from tests.report.golden import assert_golden


def test_each_step_is_shown_with_its_reasons():
    plan = samples.plan()
    first, second = plan.steps
    first = replace(
        first,
        file=replace(first.file, yanked="broken"),
        askers=(
            Asker(text="idna<4", project=second.project),
            Asker(text="idna", origin=samples.in_file("idna", "idna")),
        ),
    )
    assert_golden("plan.txt", render_plan(replace(plan, steps=(first, second))))


def test_an_empty_plan_says_nothing():
    assert render_plan(Plan(steps=())) == ""
