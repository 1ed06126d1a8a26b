"""What the acts on plans, their runs and drills, and on lessons are called in the audit log."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanlan.core.audit.acts import declare_acts

declare_acts(
    {
        "drill.cancel": _("Cancel a drill"),
        "drill.end": _("End a drill"),
        "drill.inject": _("Throw something into a drill"),
        "drill.observe": _("Write down what was seen in a drill"),
        "drill.plan": _("Plan a drill"),
        "drill.remind": _("Remind of a drill"),
        "drill.start": _("Start a drill"),
        "lesson.action": _("Have something done because of a lesson"),
        "lesson.add": _("Write down a lesson"),
        "lesson.done": _("Finish an action of a lesson"),
        "lesson.drop": _("Drop an action of a lesson"),
        "lesson.remind": _("Remind of an action of a lesson"),
        "lesson.reopen": _("Reopen an action of a lesson"),
        "lesson.verify": _("Verify an action of a lesson"),
        "plan.abort": _("Abort a run of a plan"),
        "plan.add": _("Make an emergency plan"),
        "plan.again": _("Try a step of a plan again"),
        "plan.approve": _("Approve an emergency plan"),
        "plan.bring_back": _("Put an emergency plan in use again"),
        "plan.call": _("Call what a step of a plan names"),
        "plan.change": _("Change a draft of a plan"),
        "plan.decide": _("Record what a condition waits for"),
        "plan.draft": _("Begin a draft of a plan"),
        "plan.install": _("Install a plan of the platform"),
        "plan.record": _("Record variables of a run"),
        "plan.refuse": _("Refuse an emergency plan"),
        "plan.retire": _("Take an emergency plan out of use"),
        "plan.run": _("Move a run of a plan on"),
        "plan.start": _("Start an emergency plan"),
        "plan.step": _("Move a step of a plan on"),
        "plan.submit": _("Submit an emergency plan"),
        "plan.take": _("Take a step of a plan"),
    }
)
