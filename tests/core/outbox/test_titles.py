"""What the messages of a template are called."""

from __future__ import annotations

import re

from django.utils import translation

import guanlan.site.urls  # noqa: F401 - everything is registered
from guanlan.core.outbox import templates


def test_every_template_is_called_something_in_every_language() -> None:
    for language in templates.LANGUAGES:
        with translation.override(language):
            for name, title in templates.titles().items():
                words = re.sub(r"[\W\d_]+", "", title)
                assert len(words) >= 2, (language, name, title)
                assert "{" not in title
                assert not title.endswith(("…", ":", "：")), (language, name, title)


def test_what_differs_from_one_to_the_next_is_left_out() -> None:
    with translation.override("en"):
        assert templates.title_of("case.given") == "Case … is yours"
        assert templates.title_of("alert.unreachable") == "Nobody reachable"
        assert templates.title_of("gone.since") == "gone.since"
    with translation.override("zh-hans"):
        assert templates.title_of("case.given") == "案件 … 已分配给您"
