"""Every string of the console exists in both Chinese scripts, with the words agreed on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import guanlan
from guanlan.web import i18n

PACKAGES = Path(guanlan.__file__).parent
APPS = ("web", "core", "response", "fraud")

WORDS = {
    ("outcome", "approve"): ("放行", "放行"),
    ("outcome", "monitor"): ("观察", "觀察"),
    ("outcome", "review"): ("人工复核", "人工覆核"),
    ("outcome", "challenge"): ("加强验证", "加強驗證"),
    ("outcome", "limit"): ("限制", "限制"),
    ("outcome", "hold"): ("暂缓", "暫緩"),
    ("outcome", "decline"): ("拒绝", "拒絕"),
    (None, "Overview"): ("总览", "總覽"),
    (None, "Watch"): ("监测", "監測"),
    (None, "Strategy"): ("策略", "策略"),
    (None, "Settings"): ("设置", "設定"),
    (None, "Rule"): ("规则", "規則"),
    (None, "Scenario"): ("策略场景", "策略場景"),
    (None, "Feature"): ("特征", "特徵"),
    (None, "Backtests"): ("回测", "回測"),
    (None, "allow list"): ("白名单", "白名單"),
    (None, "watch list"): ("关注名单", "關注名單"),
    (None, "block list"): ("黑名单", "黑名單"),
    (None, "Data level"): ("数据级别", "資料級別"),
    (None, "masked"): ("脱敏", "遮罩"),
    (None, "Threshold"): ("阈值", "閾值"),
    (None, "Event"): ("行为记录", "行為紀錄"),
    (None, "unknown"): ("未知", "未知"),
}


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_nothing_is_left_untranslated(app: str, locale: str) -> None:
    assert i18n.untranslated(PACKAGES / app, locale) == []


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_no_catalogue_keeps_what_is_no_longer_said(app: str, locale: str) -> None:
    said = {(m.context, m.text) for m in i18n.messages_of(PACKAGES / app)}
    kept = {
        (entry.context, entry.id[0] if isinstance(entry.id, tuple) else entry.id)
        for entry in i18n.catalogue(PACKAGES / app, locale)
        if entry.id
    }
    assert kept <= said


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_every_placeholder_survives(app: str, locale: str) -> None:
    for entry in i18n.catalogue(PACKAGES / app, locale):
        source = entry.id if isinstance(entry.id, str) else entry.id[0]
        wanted = set(re.findall(r"%\(\w+\)s", source))
        texts = [entry.string] if isinstance(entry.string, str) else list(entry.string or ())
        for text in texts:
            assert set(re.findall(r"%\(\w+\)s", text)) == wanted, entry.id


def test_the_words_agreed_on() -> None:
    for index, locale in enumerate(i18n.LOCALES):
        found = {
            (entry.context, entry.id): entry.string
            for app in APPS
            for entry in i18n.catalogue(PACKAGES / app, locale)
        }
        for word, texts in WORDS.items():
            assert found[word] == texts[index], (locale, word)


def test_traditional_script_has_no_simplified_characters() -> None:
    simplified = set("决实时数据为这们来对过还没结级单项选择审阅设备记别码称录签标识览监测觉规则场")
    for app in APPS:
        for entry in i18n.catalogue(PACKAGES / app, "zh_Hant"):
            assert not set(str(entry.string)) & simplified, entry.string


def test_a_catalogue_is_compiled_when_it_is_newer(tmp_path: Path) -> None:
    folder = tmp_path / "app" / "locale" / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source = PACKAGES / "web" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    (folder / "django.po").write_bytes(source.read_bytes())
    assert i18n.compile_catalogues(tmp_path) == 1
    assert (folder / "django.mo").stat().st_size > 1000
    assert i18n.compile_catalogues(tmp_path) == 0
    with (folder / "django.po").open("rb") as file:
        assert len(read_po(file)) > 30


@pytest.mark.parametrize("locale", ["zh_Hans", "zh_Hant"])
def test_one_string_says_one_thing_in_every_catalogue(locale: str) -> None:
    """The catalogues are merged when they are loaded: of two words for one string only one is
    ever shown, and on the screens of both apps."""
    said: dict[tuple[str | None, str], set[str]] = {}
    for app in APPS:
        with (PACKAGES / app / "locale" / locale / "LC_MESSAGES" / "django.po").open("rb") as file:
            for message in read_po(file):
                if message.id and message.string:
                    key = (message.context, str(message.id))
                    said.setdefault(key, set()).add(str(message.string))
    assert {key: words for key, words in said.items() if len(words) > 1} == {}


@pytest.mark.parametrize("locale", ["zh_Hans", "zh_Hant"])
def test_no_english_sentence_stands_in_a_chinese_one(locale: str) -> None:
    found = []
    for app in APPS:
        with (PACKAGES / app / "locale" / locale / "LC_MESSAGES" / "django.po").open("rb") as file:
            for message in read_po(file):
                strings = message.string or ""
                text = strings if isinstance(strings, str) else " ".join(strings)
                if message.id and re.search(r"[A-Za-z]+( [a-z]+){3}", text):
                    found.append(text)
    assert found == []
