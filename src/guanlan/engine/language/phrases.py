"""The words of sentences in the languages of the console, and how they are put together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from guanlan.engine.language.env import Type
from guanlan.engine.language.functions import Phrase

LANGUAGES = ("en", "zh-Hans", "zh-Hant")

AND = Phrase(" and ", "，且", "，且")
OR = Phrase(" or ", "，或", "，或")
COMMA = Phrase(", ", "、", "、")
BRACKETS = Phrase("({0})", "（{0}）", "（{0}）")
QUOTES = Phrase("“{0}”", "“{0}”", "「{0}」")
NOT = Phrase("not {0}", "并非{0}", "並非{0}")
ALWAYS = Phrase("in every case", "任何情况下", "任何情況下")
NEVER = Phrase("in no case", "任何情况下都不", "任何情況下都不")
YES = Phrase("yes", "是", "是")
NO = Phrase("no", "否", "否")
IS_TRUE = Phrase("{0} is true", "{0}为是", "{0}為是")
IS_FALSE = Phrase("{0} is false", "{0}为否", "{0}為否")
NOT_SO = Phrase("it is not so that {0}", "并非{0}", "並非{0}")
IS_NOT = r"\g<0> not"
ONE_OF = Phrase("{0} is one of {1}", "{0}为{1}之一", "{0}為{1}之一")
NONE_OF = Phrase("{0} is none of {1}", "{0}不是{1}中的任何一个", "{0}不是{1}中的任何一個")
WITHIN = Phrase("{0} is {1} and {2}", "{0}{1}且{2}", "{0}{1}且{2}")
MINUS = "−"
_SIGNS: Mapping[str, str] = MappingProxyType({"+": "+", "-": MINUS, "*": "×", "/": "÷", "%": "mod"})

WEEKDAYS = (
    Phrase("Monday", "星期一", "星期一"),
    Phrase("Tuesday", "星期二", "星期二"),
    Phrase("Wednesday", "星期三", "星期三"),
    Phrase("Thursday", "星期四", "星期四"),
    Phrase("Friday", "星期五", "星期五"),
    Phrase("Saturday", "星期六", "星期六"),
    Phrase("Sunday", "星期日", "星期日"),
)
UNITS: Mapping[str, Phrase] = MappingProxyType(
    {
        "days": Phrase("{0} days", "{0}天", "{0}天"),
        "hours": Phrase("{0} h", "{0}小时", "{0}小時"),
        "minutes": Phrase("{0} min", "{0}分钟", "{0}分鐘"),
        "seconds": Phrase("{0} s", "{0}秒", "{0}秒"),
    }
)

_EQUAL = Phrase("{1}", "为{1}", "為{1}")
_UNEQUAL = Phrase("not {1}", "不为{1}", "不為{1}")
_NUMBERS: Mapping[str, Phrase] = MappingProxyType(
    {
        "==": Phrase("{1}", "等于{1}", "等於{1}"),
        "!=": Phrase("not {1}", "不等于{1}", "不等於{1}"),
        ">": Phrase("more than {1}", "大于{1}", "大於{1}"),
        ">=": Phrase("at least {1}", "不小于{1}", "不小於{1}"),
        "<": Phrase("less than {1}", "小于{1}", "小於{1}"),
        "<=": Phrase("at most {1}", "不大于{1}", "不大於{1}"),
    }
)
_AMOUNTS: Mapping[str, Phrase] = MappingProxyType(
    {
        **_NUMBERS,
        ">": Phrase("more than {1}", "超过{1}", "超過{1}"),
        ">=": Phrase("at least {1}", "不少于{1}", "不少於{1}"),
        "<": Phrase("less than {1}", "少于{1}", "少於{1}"),
        "<=": Phrase("at most {1}", "不超过{1}", "不超過{1}"),
    }
)
_TIMES: Mapping[str, Phrase] = MappingProxyType(
    {
        "==": _EQUAL,
        "!=": _UNEQUAL,
        ">": Phrase("after {1}", "晚于{1}", "晚於{1}"),
        ">=": Phrase("at or after {1}", "不早于{1}", "不早於{1}"),
        "<": Phrase("before {1}", "早于{1}", "早於{1}"),
        "<=": Phrase("at or before {1}", "不晚于{1}", "不晚於{1}"),
    }
)
_OTHERS: Mapping[str, Phrase] = MappingProxyType({"==": _EQUAL, "!=": _UNEQUAL})
_EACH_OTHER: Mapping[str, Phrase] = MappingProxyType(
    {
        "==": Phrase("the same as {1}", "与{1}相同", "與{1}相同"),
        "!=": Phrase("different from {1}", "与{1}不同", "與{1}不同"),
    }
)
_SENTENCE = Phrase("{0} is {1}", "{0}{1}", "{0}{1}")


class Comparing(Struct, frozen=True):
    """How one kind of values is compared in one language.

    `counted` whole numbers are spoken of like amounts; `named` is said of what is compared
    with a constant, not with another value.
    """

    lang: str
    type: Type
    counted: bool = True
    named: bool = True

    def predicate(self, op: str, right: str) -> str:
        """ "more than ¥5" / "超过 ¥5": what follows "is"."""
        match self.type:
            case Type.MONEY | Type.DURATION:
                table = _AMOUNTS
            case Type.INT:
                table = _AMOUNTS if self.counted else _NUMBERS
            case Type.NUMBER:
                table = _NUMBERS
            case Type.TIME:
                table = _TIMES
            case _:
                table = _OTHERS if self.named else _EACH_OTHER
        return fill(table[op].get(self.lang), "", right)

    def clause(self, left: str, op: str, right: str) -> str:
        return fill(_SENTENCE.get(self.lang), left, self.predicate(op, right))


_PLACE = re.compile(r"\{([0-9])\}")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
# Signs that stand close to a number; brackets and quotes bring their own room.
_LATIN = re.compile(r"[A-Za-z0-9¥$€£₩₹฿₫₱%−]")


def glue(*parts: str) -> str:
    """The parts in a row, with a blank where Chinese meets Latin letters or digits."""
    text = ""
    for part in parts:
        if text and part:
            meeting = text[-1], part[0]
            if any(_CHINESE.match(a) and _LATIN.match(b) for a, b in (meeting, meeting[::-1])):
                text += " "
        text += part
    return text


def fill(template: str, *values: str) -> str:
    """The template with {0}, {1} … replaced, glued as Chinese and Latin need it."""
    pieces = _PLACE.split(template)
    return glue(*(values[int(piece)] if i % 2 else piece for i, piece in enumerate(pieces)))


def computed(left: str, op: str, right: str) -> str:
    """`left op right` with blanks around the sign, except beside Chinese brackets."""
    before = "" if left.endswith("）") else " "
    after = "" if right.startswith("（") else " "
    return f"{left}{before}{_SIGNS[op]}{after}{right}"
