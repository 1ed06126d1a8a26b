"""Names of the public holidays of mainland China, in the reader's language.

Notices name them in Simplified Chinese, and so they are kept, for a calendar can be compared with
its notice. A name that is not known here is shown as it was written.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from guanlan.response.terms import Words

HOLIDAYS: Final[dict[str, Words]] = {
    "元旦": pgettext_lazy("holiday", "New Year"),
    "春节": pgettext_lazy("holiday", "Spring Festival"),
    "清明节": pgettext_lazy("holiday", "Tomb-Sweeping Day"),
    "劳动节": pgettext_lazy("holiday", "Labour Day"),
    "端午节": pgettext_lazy("holiday", "Dragon Boat Festival"),
    "中秋节": pgettext_lazy("holiday", "Mid-Autumn Festival"),
    "国庆节": pgettext_lazy("holiday", "National Day"),
}
_BETWEEN: Final = "、"
_MADE_UP: Final = "调休"


def holiday_name(name: str) -> str:
    """The name of a holiday, of several that fall together, or of a day worked for one."""
    bare = name.removesuffix(_MADE_UP)
    parts = bare.split(_BETWEEN)
    if not all(part in HOLIDAYS for part in parts):
        return name
    text = _(", ").join(str(HOLIDAYS[part]) for part in parts)
    return _("for %(holiday)s") % {"holiday": text} if name.endswith(_MADE_UP) else text
