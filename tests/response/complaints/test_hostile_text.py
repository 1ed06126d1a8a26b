"""What strangers write is read in one go, whatever it is: none of it holds up the others."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanlan.response.complaints.markup import has_markup, text_of
from guanlan.response.complaints.parsing import BadLetter, read_letter, salvaged

SIZE = 256 << 10  # what is read of a letter's text; read anew from each sign it takes minutes
PIECES = ["<", "<a", "<a ", "<a b='", '<a "', "<!--", "<!", "<?", "</", "</p", "<p>", "<div>",
          "<script>", "<title>", "<b><i>", "&", "&#", "a", " ", "\n", "< "]  # fmt: skip


class Plain(HTMLParser):
    """By the standard library: what is said outside of tags, and outside of scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.said.append(data)


def elements(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = st.sampled_from(["p", "B", "div", "span", "style", "script", "td"])
    attributes = st.sampled_from(["", " class=x", " title='1 > 0'", ' alt="a\'s > <b>"', " on"])
    return st.builds(
        lambda name, given, said: f"<{name}{given}>{'' if name[0] == 's' else said}</{name}>",
        names, attributes, st.lists(inner, max_size=4).map("".join),
    )  # fmt: skip


WORDS = st.sampled_from(
    [
        "money",
        " gone ",
        "&lt;",
        "&amp;",
        "&#30340;",
        "退款",
        "1 < 2",
        "<br>",
        "<!-- a <b> c -->",
        "\n",
    ]
)


@given(st.lists(st.recursive(WORDS, elements, max_leaves=12)).map("".join))
def test_of_html_the_same_is_read_as_by_the_standard_library(html: str) -> None:
    parser = Plain()
    parser.feed(html)
    parser.close()
    plainly = "".join("".join(parser.said).split())
    assert re.sub(r"\s", "", text_of(html)) == plainly


@pytest.mark.parametrize("piece", PIECES)
def test_html_is_read_in_a_time_that_grows_as_its_length(piece: str) -> None:
    html = (piece * SIZE)[:SIZE]
    assert has_markup(html) is (piece in ("<p>", "<div>", "<script>", "<b><i>"))
    assert len(text_of("<p>" + html)) <= SIZE + 3


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<script>they took it", "they took it"),
        ("<!-- help", "<!-- help"),
        ("5 <6 and <b", "5 <6 and <b"),
        ("<a title='>' x=\"<p>\">gone</a>", "gone"),
        ("a&#99999999999999999999;b", "a�b"),
        (f"a&#{'9' * 5000};b", "a�b"),
        ("<SCRIPT>x</script >y", "y"),
    ],
)
def test_what_is_never_closed_is_text_and_what_is_no_character_is_none(
    html: str, said: str
) -> None:
    assert text_of(html) == said


@pytest.mark.parametrize("sign", ["(", ":", "<", '"', ",", "\\", "@", "[", ";"])
def test_a_sender_of_nothing_but_signs_is_refused_and_its_letter_kept(sign: str) -> None:
    raw = f"From: {sign * 5000}\r\nSubject: help\r\n\r\nThe refund never came".encode()
    with pytest.raises(BadLetter, match="sender"):
        read_letter(raw, 1000, 1000)
    kept = salvaged(raw, 1000, 1000)
    assert (kept.sender, kept.subject, kept.text) == ("", "help", "The refund never came")
