"""The table of functions in the handbook, made from the registry.

`python -m guanlan.engine.language.reference en` (or `zh-Hans`, `zh-Hant`) prints it.
"""

from __future__ import annotations

import sys

from guanlan.engine.language.env import Type
from guanlan.engine.language.functions import ANY, FUNCTIONS, NUMERIC, ORDERED, QUANTITY, Phrase
from guanlan.engine.language.phrases import LANGUAGES

_HEADS = (
    Phrase("Write", "写法", "寫法"),
    Phrase("Takes", "参数类型", "參數類型"),
    Phrase("Gives", "结果类型", "結果類型"),
    Phrase("Meaning", "含义", "含義"),
    Phrase("Reads", "读作", "讀作"),
)
_TYPES = {
    Type.BOOL: Phrase("bool", "布尔", "布林"),
    Type.INT: Phrase("int", "整数", "整數"),
    Type.NUMBER: Phrase("number", "数值", "數值"),
    Type.MONEY: Phrase("money", "金额", "金額"),
    Type.STRING: Phrase("string", "文本", "文字"),
    Type.TIME: Phrase("time", "时间", "時間"),
    Type.DURATION: Phrase("duration", "时长", "時長"),
}
_GROUPS = {
    ANY: Phrase("anything", "任意", "任意"),
    NUMERIC: Phrase("int or number", "整数或数值", "整數或數值"),
    QUANTITY: Phrase(
        "int, number, money or duration", "整数、数值、金额或时长", "整數、數值、金額或時長"
    ),
    ORDERED: Phrase("any but bool and string", "布尔、文本以外", "布林、文字以外"),
}
_SAME = Phrase("the arguments' type", "与参数相同", "與參數相同")
_EXAMPLES = ("a", "b", "c", "d")


def function_table(lang: str) -> str:
    """A Markdown table of every function, in "en", "zh-Hans" or "zh-Hant"."""
    rows = [[head.get(lang) for head in _HEADS], ["---"] * len(_HEADS)]
    for function in FUNCTIONS.values():
        taken: list[str] = []
        for parameter in function.parameters:
            group = _GROUPS.get(parameter)
            shown = [_TYPES[kind].get(lang) for kind in Type if kind in parameter]
            text = group.get(lang) if group is not None else " / ".join(shown)
            if text not in taken:
                taken.append(text)
        result = _SAME if function.result is None else _TYPES[function.result]
        reads = function.sentence.get(lang)
        for place, letter in enumerate(_EXAMPLES):
            reads = reads.replace(f"{{{place}}}", f"*{letter}*")
        rows.append(
            [
                f"`{function.call}`",
                ", ".join(taken),
                result.get(lang),
                function.doc.get(lang),
                reads,
            ]
        )
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


if __name__ == "__main__":
    wanted = sys.argv[1] if len(sys.argv) == 2 else ""
    if wanted not in LANGUAGES:
        raise SystemExit(f"usage: python -m {__spec__.name} {'|'.join(LANGUAGES)}")
    sys.stdout.write(function_table(wanted))
