"""Who is told what in a run. In a drill only those who take part, and each text says so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Final

from django.db.models import Q

from guanlan.core import outbox
from guanlan.core.access.naming import role_name
from guanlan.core.models import User
from guanlan.core.outbox.sending import Urgency
from guanlan.core.outbox.templates import Value
from guanlan.response.models import DrillParticipant, PlanRun
from guanlan.response.plans.cacao import Text

_MARKS: Final = {
    "en": ("DRILL · ", "This is a drill: touch no real system and no customer.\n\n"),
    "zh-hans": ("【演练】", "这是演练：不要操作真实系统，不要联系客户。\n\n"),
    "zh-hant": ("【演練】", "這是演練：不要操作真實系統，不要聯絡客戶。\n\n"),
}


def _both(
    name: str,
    names: Mapping[str, int],
    texts: Mapping[str, tuple[str, str]],
    title: Mapping[str, str] | None = None,
) -> None:
    """Register a template for real, and one that says that it is a drill."""
    words = {"role": role_name} if "role" in names else {}
    lines = ("what_en", "what_hans", "what_hant")
    outbox.template(name, names=names, texts=texts, lines=lines, words=words, title=title)
    marked = {
        lang: (_MARKS[lang][0] + subject, _MARKS[lang][1] + body)
        for lang, (subject, body) in texts.items()
    }
    outbox.template(
        f"{name}.drill",
        names=names,
        texts=marked,
        lines=lines,
        words=words,
        title={lang: _MARKS[lang][0] + said for lang, said in (title or {}).items()},
    )


_NAMES: Final = {
    "plan_en": 2, "plan_hans": 2, "plan_hant": 2, "step_en": 2, "step_hans": 2, "step_hant": 2,
}  # fmt: skip
_both(
    "plan.step",
    {**_NAMES, "what_en": 2, "what_hans": 2, "what_hant": 2, "minutes": 2},
    {
        "en": (
            "To do within {minutes} min: {step_en}",
            "A step of the emergency plan “{plan_en}” waits for you.\n\n{what_en}",
        ),
        "zh-hans": (
            "请在 {minutes} 分钟内完成：{step_hans}",
            "应急预案“{plan_hans}”有一个步骤等您完成。\n\n{what_hans}",
        ),
        "zh-hant": (
            "請在 {minutes} 分鐘內完成：{step_hant}",
            "應急預案「{plan_hant}」有一個步驟等您完成。\n\n{what_hant}",
        ),
    },
)
_both(
    "plan.overdue",
    {**_NAMES, "role": 2},
    {
        "en": (
            "Overdue: {step_en}",
            "In the emergency plan “{plan_en}” the time for this step has passed ({role}).",
        ),
        "zh-hans": ("步骤逾期：{step_hans}", "应急预案“{plan_hans}”的这个步骤已超时（{role}）。"),
        "zh-hant": ("步驟逾期：{step_hant}", "應急預案「{plan_hant}」的這個步驟已逾時（{role}）。"),
    },
)
_both(
    "plan.nobody",
    {**_NAMES, "role": 2},
    {
        "en": (
            "Nobody to do it: {step_en}",
            "“{plan_en}”: nobody holds the role {role}. Do it, or give the role to somebody.",
        ),
        "zh-hans": (
            "无人可执行：{step_hans}",
            "应急预案“{plan_hans}”的这个步骤属于角色 {role}，但无人担任。请代为执行或指派。",
        ),
        "zh-hant": (
            "無人可執行：{step_hant}",
            "應急預案「{plan_hant}」的這個步驟屬於角色 {role}，但無人擔任。請代為執行或指派。",
        ),
    },
)
_both(
    "plan.stuck",
    _NAMES,
    {
        "en": (
            "A person must decide: {step_en}",
            "The emergency plan “{plan_en}” cannot go on by itself at this step.",
        ),
        "zh-hans": ("需要人工决定：{step_hans}", "应急预案“{plan_hans}”在此步骤无法自动继续。"),
        "zh-hant": ("需要人工決定：{step_hant}", "應急預案「{plan_hant}」在此步驟無法自動繼續。"),
    },
)
_both(
    "plan.note",
    {**_NAMES, "what_en": 2, "what_hans": 2, "what_hant": 2},
    {
        "en": ("{plan_en}: {step_en}", "{what_en}"),
        "zh-hans": ("{plan_hans}：{step_hans}", "{what_hans}"),
        "zh-hant": ("{plan_hant}：{step_hant}", "{what_hant}"),
    },
    {"en": "News of a plan", "zh-hans": "预案通知", "zh-hant": "預案通知"},
)
_both(
    "plan.ended",
    _NAMES,
    {
        "en": ("The plan has run to its end: {plan_en}", "All its steps are over."),
        "zh-hans": ("预案执行完毕：{plan_hans}", "所有步骤均已结束。"),
        "zh-hant": ("預案執行完畢：{plan_hant}", "所有步驟均已結束。"),
    },
)
outbox.template(
    "plan.review",
    names={"plan": 2, "who": 2},
    texts={
        "en": ("For review: {plan}", "{who} submits a version of the emergency plan “{plan}”."),
        "zh-hans": ("请评审：{plan}", "{who} 提交了应急预案“{plan}”的一个版本。"),
        "zh-hant": ("請審閱：{plan}", "{who} 提交了應急預案「{plan}」的一個版本。"),
    },
)


def people_in(role: str, now: dt.datetime) -> list[User]:
    """The active people who hold a role everywhere at `now`, by name."""
    held = Q(role_assignments__role=role, role_assignments__since__lte=now) & (
        Q(role_assignments__until=None) | Q(role_assignments__until__gt=now)
    )
    return list(User.objects.filter(held, is_active=True).distinct().order_by("username"))


class Circle:
    """Those who may be told of a run: for a drill its participants, else the people of roles."""

    def __init__(self, run: PlanRun, now: dt.datetime) -> None:
        self.run = run
        self.now = now
        self.drill = run.mode == PlanRun.Mode.DRILL
        self._taking_part: list[DrillParticipant] = []
        self._leader: User | None = None
        if self.drill:
            drill = getattr(run, "drill", None)
            if drill is not None:
                self._leader = drill.leader
                self._taking_part = list(
                    drill.participants.select_related("person").filter(person__is_active=True)
                )

    @property
    def inside(self) -> frozenset[int]:
        """Ids of those whom a drill may reach."""
        people = {one.person_id for one in self._taking_part}
        return frozenset(people | ({self._leader.pk} if self._leader else set()))

    def of_role(self, role: str) -> list[User]:
        """Those who do what belongs to a role."""
        if self.drill:
            return [one.person for one in self._taking_part if one.role == role]
        return people_in(role, self.now)

    def leaders(self) -> list[User]:
        """Those who decide when a run cannot go on by itself."""
        if self.drill:
            return [self._leader] if self._leader else []
        found = outbox.people_who_may("manage", "response.planrun")
        starter = self.run.started_by
        return [*found, *([starter] if starter and starter.is_active else [])]

    def named(self, username: str) -> list[User]:
        """The person of this name, where they may be told."""
        found = User.objects.filter(username=username, is_active=True)
        return [one for one in found if not self.drill or one.pk in self.inside]

    def send(
        self,
        template: str,
        to: Collection[User],
        plan: Text,
        step: Text,
        *,
        dedup: str,
        urgency: Urgency = "urgent",
        what: Text | None = None,
        **more: Value,
    ) -> int:
        """Tell these people; how many. In a drill nobody is told who does not take part."""
        if self.drill:
            to = [one for one in to if one.pk in self.inside]
        if not to:
            return 0
        texts = {"plan": plan, "step": step} | ({} if what is None else {"what": what})
        context: dict[str, Value] = {
            f"{name}_{short}": text.get(lang)
            for name, text in texts.items()
            for short, lang in (("en", "en"), ("hans", "zh-hans"), ("hant", "zh-hant"))
        }
        outbox.send(
            f"{template}.drill" if self.drill else template,
            to=to,
            context=context | more,
            urgency="normal" if self.drill else urgency,
            about=self.run,
            dedup=dedup,
            now=self.now,
        )
        return len(set(to))
