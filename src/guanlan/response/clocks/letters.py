"""What stands in reports to regulators and in statements, to begin with.

A report is made of sections, each filled from a fact; what nobody knows yet says so, since a
report that is due goes out with what is known. Facts come from the app whose object the report is
about: `register_facts("response.incident", facts)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from guanlan.core.people.organisation import organisation
from guanlan.response.clocks.terms import Matter

Facts = Mapping[str, str]
ReportFacts = Callable[[Matter, str], Facts]  # (what it is about, language) -> section -> text
Texts = Mapping[str, str]

_facts: dict[str, ReportFacts] = {}

UNKNOWN: Final[Texts] = {
    "en": "[not yet known]", "zh-hans": "【尚不清楚】", "zh-hant": "【尚不清楚】",
}  # fmt: skip


def _t(en: str, hans: str, hant: str) -> Texts:
    return {"en": en, "zh-hans": hans, "zh-hant": hant}


SECTIONS: Final[Mapping[str, Texts]] = {
    "organisation": _t("Organisation", "报告单位", "報告單位"),
    "contact": _t("Contact", "联系人及联系方式", "聯絡人及聯絡方式"),
    "matter": _t("Matter", "事件名称", "事件名稱"),
    "known_at": _t("Known since", "发现或获知时间", "發現或獲知時間"),
    "occurred_at": _t("Occurred at", "发生时间", "發生時間"),
    "description": _t("What happened", "事件经过", "事件經過"),
    "grade": _t("Grade", "事件级别", "事件級別"),
    "systems": _t("Systems and services concerned", "涉及的系统与业务", "涉及的系統與業務"),
    "persons": _t("Persons concerned", "受影响人数", "受影響人數"),
    "data": _t("Data concerned", "涉及的数据种类与数量", "涉及的資料種類與數量"),
    "impact": _t("Impact and possible harm", "影响与可能的危害", "影響與可能的危害"),
    "measures": _t("Measures taken", "已采取的措施", "已採取的措施"),
    "cause": _t("Cause", "原因分析", "原因分析"),
    "progress": _t("Progress since the last report", "上次报告以来的进展", "上次報告以來的進展"),
    "next": _t("What is planned", "下一步措施", "下一步措施"),
    "loss": _t("Loss and cost", "损失情况", "損失情況"),
    "lessons": _t("Lessons and improvement", "教训与整改", "教訓與改善"),
    "responsibility": _t("Responsibility", "责任认定与处理", "責任認定與處理"),
    "criteria": _t("Classification criteria met", "满足的定级标准", "符合的定級標準"),
    "states": _t("Member states concerned", "涉及的成员国", "涉及的會員國"),
    "officer": _t("Data protection officer", "数据保护官", "資料保護長"),
    "delay": _t("Reasons for a delay", "延误理由", "延誤理由"),
    "advice": _t("What you can do", "您可以采取的措施", "您可以採取的措施"),
}
_HEAD: Final = ("organisation", "contact", "matter", "known_at", "occurred_at")
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "initial": (*_HEAD, "description", "grade", "systems", "persons", "data", "impact",
                "measures", "cause", "next"),
    "follow_up": (*_HEAD, "progress", "grade", "systems", "persons", "data", "impact",
                  "measures", "cause", "next"),
    "closing": (*_HEAD, "description", "grade", "persons", "data", "impact", "cause", "measures",
                "loss", "responsibility", "lessons"),
    "persons": ("organisation", "description", "data", "impact", "measures", "advice", "contact"),
}  # fmt: skip
# What a regulator asks for besides.
MORE: Final[Mapping[str, tuple[str, ...]]] = {
    "EU-DORA": ("criteria", "states"),
    "EU-DPA": ("officer", "delay"),
}
OPENINGS: Final[Mapping[str, Texts]] = {
    "initial": _t(
        "First report. Facts not yet known will follow.",
        "首次报告。尚不清楚的情况将后续补报。",
        "首次報告。尚不清楚的情況將後續補報。",
    ),
    "follow_up": _t("Follow-up report.", "后续报告。", "後續報告。"),
    "closing": _t("Closing report.", "总结报告。", "總結報告。"),
    "persons": _t(
        "We write to you because your personal information is concerned.",
        "因事件涉及您的个人信息，特此告知。",
        "因事件涉及您的個人資訊，特此告知。",
    ),
}
STATEMENTS: Final[Mapping[str, Texts]] = {
    "customers": _t(
        "What happened: …\nWhat it means for you: …\nWhat we do: …\nWhat you can do: …\n"
        "Where you reach us: …",
        "发生了什么：……\n对您的影响：……\n我们正在采取的措施：……\n您可以做什么：……\n联系方式：……",
        "發生了什麼：……\n對您的影響：……\n我們正在採取的措施：……\n您可以做什麼：……\n聯絡方式：……",
    ),
    "media": _t(
        "Statement of …\nWhat is established: …\nWhat is being examined: …\nNext information: …\n"
        "Contact for media: …",
        "……声明\n已查明的情况：……\n正在核查的情况：……\n下次通报时间：……\n媒体联系人：……",
        "……聲明\n已查明的情況：……\n正在查核的情況：……\n下次說明時間：……\n媒體聯絡人：……",
    ),
    "staff": _t(
        "What happened: …\nWhat to tell customers: …\nWhat not to say: …\nQuestions go to: …",
        "发生了什么：……\n如何答复客户：……\n不得对外表述：……\n问题请联系：……",
        "發生了什麼：……\n如何答覆客戶：……\n不得對外表述：……\n問題請聯絡：……",
    ),
    "partners": _t(
        "What happened: …\nWhat it means for our connection: …\nWhat we ask of you: …\nContact: …",
        "发生了什么：……\n对合作的影响：……\n需要贵方配合：……\n联系人：……",
        "發生了什麼：……\n對合作的影響：……\n需要貴方配合：……\n聯絡人：……",
    ),
}


def register_facts(noun: str, facts: ReportFacts) -> None:
    """Say where the facts of reports about objects of a noun come from. Raises ValueError for a
    noun that has some already."""
    if noun in _facts:
        raise ValueError(f"facts of {noun} are registered twice")
    _facts[noun] = facts


def first_text(matter: Matter, regulator: str, kind: str, language: str, given: Facts) -> str:
    """The text of a report as it begins: each section with its fact, or that it is not known.

    `given` is what the clock knows; what the matter's own app knows comes before it.
    """
    known = dict(given) | {"organisation": organisation().name, "matter": matter.label}
    if matter.noun in _facts:
        known |= {
            name: text for name, text in _facts[matter.noun](matter, language).items() if text
        }
    lines = [OPENINGS[kind][language], ""]
    for name in (*KINDS[kind], *(MORE.get(regulator, ()) if kind != "persons" else ())):
        lines += [f"## {SECTIONS[name][language]}", known.get(name) or UNKNOWN[language], ""]
    return "\n".join(lines).strip()


def unknown_in(text: str) -> int:
    """How many facts of a text are not yet known."""
    return sum(text.count(one) for one in {*UNKNOWN.values()})
