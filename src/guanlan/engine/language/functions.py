"""The functions of the language: one frozen registry of types, meaning and sentences."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct

from guanlan.engine.language.env import Type

EARTH_RADIUS_KM = 6371.0088
"""Mean radius R1 of the IUGG."""

ANY = frozenset(Type)
NUMERIC = frozenset({Type.INT, Type.NUMBER})
QUANTITY = NUMERIC | {Type.MONEY, Type.DURATION}
ORDERED = QUANTITY | {Type.TIME}
TEXT = frozenset({Type.STRING})
INSTANT = frozenset({Type.TIME})

Special = Literal["money", "duration", "coalesce", "known", "in_list", "matches", "zone"]


class Phrase(Struct, frozen=True):
    """A text or template in the console's languages; {0}, {1} … stand for the arguments.

    Of a function whose last argument repeats, {0} is all of them, listed.
    """

    en: str
    zh: str
    zh_hant: str

    def get(self, lang: str) -> str:
        return {"zh-Hans": self.zh, "zh-Hant": self.zh_hant}.get(lang, self.en)


class Function(Struct, frozen=True, kw_only=True):
    """One function.

    `parameters` are the types each argument may have; with `repeats` the last may be given
    again and again. `result` None means: the common type of the arguments. A result is unknown
    when an argument is; `may_fail` says that it can be unknown even so. `special` functions
    are given their meaning by the checker, all others by `run`, or by `template` where Python
    itself says it shorter (`run` and `template` must agree, which the tests prove).
    """

    name: str
    call: str  # as shown to people: round(x, digits)
    parameters: tuple[frozenset[Type], ...]
    least: int  # number of arguments that must be given
    result: Type | None
    doc: Phrase
    sentence: Phrase
    negative: Phrase | None = None  # of a yes/no function: the sentence for its opposite
    repeats: bool = False
    may_fail: bool = False
    run: Callable[..., Any] | None = None
    template: str = ""
    special: Special | None = None


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float | None:
    """Great-circle distance in km by the haversine formula; None off the map.

    Latitudes -90..90 and longitudes -180..180 in degrees.

    >>> round(distance_km(31.2304, 121.4737, 39.9042, 116.4074))
    1067
    """
    if not (
        -90 <= lat1 <= 90 and -90 <= lat2 <= 90 and -180 <= lon1 <= 180 and -180 <= lon2 <= 180
    ):
        return None
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    h = (
        math.sin((phi2 - phi1) / 2) ** 2
        + math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(h)))


def _contains(text: str, part: str) -> bool:
    return part in text


def _duration(name: str, zh: str, hant: str) -> Function:
    return Function(
        name=name,
        call=f"{name}(n)",
        parameters=(NUMERIC,),
        least=1,
        result=Type.DURATION,
        doc=Phrase(f"A duration of n {name}.", f"n {zh}的时长。", f"n {hant}的時長。"),
        sentence=Phrase("{0} " + name, "{0} " + zh, "{0} " + hant),
        special="duration",
    )


_FUNCTIONS = (
    Function(
        name="money",
        call='money(220), money("220.50")',
        parameters=(NUMERIC | TEXT,),
        least=1,
        result=Type.MONEY,
        doc=Phrase(
            "A constant amount in major units of the scenario's currency.",
            "以场景币种的主单位（如元）表示的固定金额。",
            "以場景幣別的主單位（如元）表示的固定金額。",
        ),
        sentence=Phrase("{0}", "{0}", "{0}"),
        special="money",
    ),
    _duration("seconds", "秒", "秒"),
    _duration("minutes", "分钟", "分鐘"),
    _duration("hours", "小时", "小時"),
    _duration("days", "天", "天"),
    Function(
        name="abs",
        call="abs(x)",
        parameters=(QUANTITY,),
        least=1,
        result=None,
        doc=Phrase("x without its sign.", "x 的绝对值。", "x 的絕對值。"),
        sentence=Phrase("the absolute value of {0}", "{0}的绝对值", "{0}的絕對值"),
        run=abs,
    ),
    Function(
        name="min",
        call="min(a, b, …)",
        parameters=(ORDERED, ORDERED),
        least=2,
        repeats=True,
        result=None,
        doc=Phrase("The smallest of the values.", "各值中最小的一个。", "各值中最小的一個。"),
        sentence=Phrase("the smallest of {0}", "{0}中的最小值", "{0}中的最小值"),
        run=min,
    ),
    Function(
        name="max",
        call="max(a, b, …)",
        parameters=(ORDERED, ORDERED),
        least=2,
        repeats=True,
        result=None,
        doc=Phrase("The largest of the values.", "各值中最大的一个。", "各值中最大的一個。"),
        sentence=Phrase("the largest of {0}", "{0}中的最大值", "{0}中的最大值"),
        run=max,
    ),
    Function(
        name="round",
        call="round(x)",
        parameters=(QUANTITY,),
        least=1,
        result=None,
        doc=Phrase(
            "The nearest int (of money: whole minor units, of a duration: microseconds); "
            "a half goes to the even neighbour.",
            "最接近的整数（金额仍为金额，取整到最小单位；时长取整到微秒）；恰为一半时取偶数。",
            "最接近的整數（金額仍為金額，取整到最小單位；時長取整到微秒）；恰為一半時取偶數。",
        ),
        sentence=Phrase("{0} rounded", "{0}（取整）", "{0}（取整）"),
        run=round,
    ),
    Function(
        name="len",
        call="len(text)",
        parameters=(TEXT,),
        least=1,
        result=Type.INT,
        doc=Phrase("Number of characters of a text.", "文本的字符数。", "文字的字元數。"),
        sentence=Phrase("the length of {0}", "{0}的长度", "{0}的長度"),
        run=len,
    ),
    Function(
        name="lower",
        call="lower(text)",
        parameters=(TEXT,),
        least=1,
        result=Type.STRING,
        doc=Phrase("The text in small letters.", "转成小写的文本。", "轉成小寫的文字。"),
        sentence=Phrase("{0} in small letters", "{0}（小写）", "{0}（小寫）"),
        run=str.lower,
        template="{0}.lower()",
    ),
    Function(
        name="upper",
        call="upper(text)",
        parameters=(TEXT,),
        least=1,
        result=Type.STRING,
        doc=Phrase("The text in capital letters.", "转成大写的文本。", "轉成大寫的文字。"),
        sentence=Phrase("{0} in capital letters", "{0}（大写）", "{0}（大寫）"),
        run=str.upper,
        template="{0}.upper()",
    ),
    Function(
        name="contains",
        call="contains(text, part)",
        parameters=(TEXT, TEXT),
        least=2,
        result=Type.BOOL,
        doc=Phrase(
            "Whether the part occurs in the text; capitals count.",
            "文本是否包含该片段（区分大小写）。",
            "文字是否包含該片段（區分大小寫）。",
        ),
        sentence=Phrase("{0} contains {1}", "{0}包含{1}", "{0}包含{1}"),
        negative=Phrase("{0} does not contain {1}", "{0}不包含{1}", "{0}不包含{1}"),
        run=_contains,
        template="({1} in {0})",
    ),
    Function(
        name="starts_with",
        call="starts_with(text, part)",
        parameters=(TEXT, TEXT),
        least=2,
        result=Type.BOOL,
        doc=Phrase(
            "Whether the text begins with the part; capitals count.",
            "文本是否以该片段开头（区分大小写）。",
            "文字是否以該片段開頭（區分大小寫）。",
        ),
        sentence=Phrase("{0} begins with {1}", "{0}以{1}开头", "{0}以{1}開頭"),
        negative=Phrase("{0} does not begin with {1}", "{0}不以{1}开头", "{0}不以{1}開頭"),
        run=str.startswith,
        template="{0}.startswith({1})",
    ),
    Function(
        name="ends_with",
        call="ends_with(text, part)",
        parameters=(TEXT, TEXT),
        least=2,
        result=Type.BOOL,
        doc=Phrase(
            "Whether the text ends with the part; capitals count.",
            "文本是否以该片段结尾（区分大小写）。",
            "文字是否以該片段結尾（區分大小寫）。",
        ),
        sentence=Phrase("{0} ends with {1}", "{0}以{1}结尾", "{0}以{1}結尾"),
        negative=Phrase("{0} does not end with {1}", "{0}不以{1}结尾", "{0}不以{1}結尾"),
        run=str.endswith,
        template="{0}.endswith({1})",
    ),
    Function(
        name="matches",
        call='matches(text, r"pattern")',
        parameters=(TEXT, TEXT),
        least=2,
        result=Type.BOOL,
        doc=Phrase(
            "Whether the pattern (RE2 syntax, a constant) occurs anywhere in the text; "
            "^ and $ tie it to the ends.",
            "正则表达式（RE2 语法，须为常量）是否出现在文本中；用 ^ 和 $ 限定首尾。",
            "正規表示式（RE2 語法，須為常數）是否出現在文字中；用 ^ 和 $ 限定首尾。",
        ),
        sentence=Phrase(
            "{0} matches the pattern {1}", "{0}匹配正则表达式 {1}", "{0}符合正規表示式 {1}"
        ),
        negative=Phrase(
            "{0} does not match the pattern {1}",
            "{0}不匹配正则表达式 {1}",
            "{0}不符合正規表示式 {1}",
        ),
        special="matches",
    ),
    Function(
        name="hour",
        call="hour(time)",
        parameters=(INSTANT,),
        least=1,
        result=Type.INT,
        doc=Phrase(
            "Hour of the day, 0 to 23, in the scenario's time zone.",
            "场景时区中的小时，0 到 23。",
            "場景時區中的小時，0 到 23。",
        ),
        sentence=Phrase("the hour of {0}", "{0}的小时数", "{0}的小時數"),
        special="zone",
    ),
    Function(
        name="weekday",
        call="weekday(time)",
        parameters=(INSTANT,),
        least=1,
        result=Type.INT,
        doc=Phrase(
            "Day of the week, 0 = Monday to 6 = Sunday, in the scenario's time zone.",
            "场景时区中的星期，0 为星期一，6 为星期日。",
            "場景時區中的星期，0 為星期一，6 為星期日。",
        ),
        sentence=Phrase("the weekday of {0}", "{0}的星期", "{0}的星期"),
        special="zone",
    ),
    Function(
        name="distance_km",
        call="distance_km(lat1, lon1, lat2, lon2)",
        parameters=(NUMERIC, NUMERIC, NUMERIC, NUMERIC),
        least=4,
        result=Type.NUMBER,
        may_fail=True,
        doc=Phrase(
            "Kilometres between two places on the globe (haversine), from degrees; unknown "
            "when a coordinate is off the map.",
            "地球上两点间的公里数（半正矢公式，参数为度）；坐标超出范围时为未知。",
            "地球上兩點間的公里數（半正矢公式，參數為度）；座標超出範圍時為未知。",
        ),
        sentence=Phrase(
            "the distance in km from ({0}, {1}) to ({2}, {3})",
            "（{0}，{1}）到（{2}，{3}）的公里数",
            "（{0}，{1}）到（{2}，{3}）的公里數",
        ),
        run=distance_km,
    ),
    Function(
        name="coalesce",
        call="coalesce(x, default)",
        parameters=(ANY, ANY),
        least=2,
        repeats=True,
        result=None,
        doc=Phrase(
            "The first of the values that is known.",
            "各值中第一个已知的值。",
            "各值中第一個已知的值。",
        ),
        sentence=Phrase("{0} (if unknown, {1})", "{0}（未知时取{1}）", "{0}（未知時取{1}）"),
        special="coalesce",
    ),
    Function(
        name="known",
        call="known(x)",
        parameters=(ANY,),
        least=1,
        result=Type.BOOL,
        doc=Phrase(
            "Whether x has a value; itself never unknown.",
            "x 是否有值；结果本身不会未知。",
            "x 是否有值；結果本身不會未知。",
        ),
        sentence=Phrase("{0} is known", "{0}已知", "{0}已知"),
        negative=Phrase("{0} is unknown", "{0}未知", "{0}未知"),
        special="known",
    ),
    Function(
        name="in_list",
        call='in_list(role, "list")',
        parameters=(TEXT, TEXT),
        least=2,
        result=Type.BOOL,
        doc=Phrase(
            "Whether the entity is in a list of the scenario at this moment.",
            "该实体此刻是否在场景的某个名单中。",
            "該實體此刻是否在場景的某個名單中。",
        ),
        sentence=Phrase("{0} is in the list {1}", "{0}在名单{1}中", "{0}在名單{1}中"),
        negative=Phrase("{0} is not in the list {1}", "{0}不在名单{1}中", "{0}不在名單{1}中"),
        special="in_list",
    ),
)


def _frozen(functions: tuple[Function, ...]) -> Mapping[str, Function]:
    registry: dict[str, Function] = {}
    for function in functions:
        if function.name in registry:
            raise ValueError(f"function {function.name} is registered twice")
        registry[function.name] = function
    return MappingProxyType(registry)


FUNCTIONS: Mapping[str, Function] = _frozen(_FUNCTIONS)
"""Every function by name. Nothing can be added at run time."""
