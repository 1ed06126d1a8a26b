"""The platform's own jobs: delivering messages, and throwing away what has served."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from guanlan.core import outbox
from guanlan.core.jobs.progress import Progress, Told
from guanlan.core.jobs.registry import job, job_name
from guanlan.core.jobs.running import on_failed
from guanlan.core.jobs.wanting import nudge
from guanlan.core.models import Attempt, Delivery, JobRun, Message, Remembered, SignedIn, Worker
from guanlan.core.outbox.delivering import deliver_due
from guanlan.core.outbox.reading import escalate_others, escalate_overdue
from guanlan.core.outbox.sending import on_sent
from guanlan.core.people.organisation import organisation

KEEP_RUNS: Final = timedelta(days=30)
KEEP_QUIET_RUNS: Final = timedelta(days=1)  # of jobs that run every minute and did well
KEEP_LETTERS: Final = timedelta(days=7)  # that could not be sent
KEEP_MESSAGES: Final = timedelta(days=400)

outbox.template(
    "job.failed",
    names={"job": 2, "error": 2},
    words={"job": job_name, "error": lambda text: gettext(text) if text else ""},
    texts={
        "en": ("Job failed: {job}", "{job}: failed for good: {error}. See Settings, Jobs."),
        "zh-hans": (
            "任务“{job}”失败",
            "任务“{job}”多次重试后仍失败：{error}。见“设置”中的“任务”。",
        ),
        "zh-hant": (
            "工作「{job}」失敗",
            "工作「{job}」多次重試後仍失敗：{error}。見「設定」中的「工作」。",
        ),
    },
)
outbox.template(
    "job.late",
    names={"job": 2},
    words={"job": job_name},
    texts={
        "en": ("Job is late: {job}", "{job}: was due and has not run. See Settings, Jobs."),
        "zh-hans": ("任务“{job}”延误", "任务“{job}”已到时间但尚未运行。见“设置”中的“任务”。"),
        "zh-hant": (
            "工作「{job}」延誤",
            "工作「{job}」已到時間但尚未執行。見「設定」中的「工作」。",
        ),
    },
)
outbox.template(
    "message.unanswered",
    names={"subject": 2, "person": 2},
    texts={
        "en": ("Unanswered: {subject}", "{person} has not acknowledged in time: {subject}"),
        "zh-hans": ("无人确认：{subject}", "{person} 未按时确认：{subject}"),
        "zh-hant": ("無人確認：{subject}", "{person} 未按時確認：{subject}"),
    },
)


@job("outbox.deliver", title=_("Delivery of messages"), every=60, retries=0, timeout=300)
def deliver(progress: Progress) -> Told:
    """Deliver what is due, round after round while there is any."""
    sent = failed = 0
    while True:
        more, not_sent = deliver_due(step=progress.check)
        sent, failed = sent + more, failed + not_sent
        if not more:
            break
    return Told(gettext_noop("%(sent)s sent, %(failed)s not"), {"sent": sent, "failed": failed})


@job("outbox.escalate", title=_("Escalation of messages"), every=60, retries=0)
def escalate(progress: Progress) -> Told:
    """Escalate what nobody has acknowledged in its time."""
    return Told(gettext_noop("%(n)s escalated"), {"n": escalate_overdue()})


@job("platform.clean", title=_("Clean-up of expired data"), every="17 3 * * *")
def clean(progress: Progress) -> Told:
    """Expired sessions, old attempts at doors, old runs, workers and messages."""
    now = timezone.now()
    quiet = JobRun.objects.filter(job__startswith="outbox.", state=JobRun.State.DONE)
    parts = (
        Session.objects.filter(expire_date__lt=now),
        Attempt.objects.filter(at__lt=now - timedelta(days=1)),
        SignedIn.objects.filter(started__lt=now - timedelta(days=1)),
        Remembered.objects.filter(expires__lte=now),
        quiet.filter(finished__lt=now - KEEP_QUIET_RUNS),
        JobRun.objects.filter(finished__lt=now - KEEP_RUNS),
        Worker.objects.filter(ended__lt=now - KEEP_RUNS),
        Delivery.objects.filter(finished__lt=now - KEEP_MESSAGES),
        Message.objects.filter(created__lt=now - KEEP_MESSAGES),
    )
    progress.of(len(parts))
    old_letters = Message.objects.filter(letter__isnull=False).filter(
        created__lt=now - KEEP_LETTERS
    )
    gone = old_letters.update(letter=None)
    for part in parts:
        gone += part.delete()[0]
        progress.advance()
    return Told(gettext_noop("%(n)s rows removed"), {"n": gone})


def tell_failure(run: JobRun) -> None:
    """Tell those who look after jobs, once a day for each job."""
    run.refresh_from_db()
    today = timezone.localdate(timezone=organisation().zone)
    outbox.send(
        "job.failed",
        to=outbox.people_who_may("manage", "core.job"),
        context={"job": run.job, "error": run.error},
        urgency="urgent",
        about=("core.jobrun", run.pk),
        dedup=f"job.failed {run.job} {today.isoformat()}",
    )


def tell_unanswered(message: Message) -> None:
    """Tell those who manage messages that one was not acknowledged in its time."""
    text = outbox.rendered(message.template, message.context, settings.LANGUAGE_CODE)
    person = message.recipient.get_username() if message.recipient else message.target
    others = [p for p in outbox.people_who_may("manage", "core.message") if p != message.recipient]
    outbox.send(
        "message.unanswered",
        to=others,
        context={"subject": text.subject, "person": person},
        urgency="urgent",
        about=(message.about_noun or "core.message", message.about_id or message.pk),
    )


def _nudge_delivery() -> None:
    nudge("outbox.deliver")


on_failed(tell_failure)
on_sent(_nudge_delivery)
escalate_others(tell_unanswered)
