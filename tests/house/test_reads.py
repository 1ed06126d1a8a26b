"""What a screen reads it reads for somebody: `Model.objects.for_user(subject)`, or `visible`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.tree import ROOT

SOURCE = ROOT / "src" / "guanlan"
MANAGERS = {"objects", "_default_manager", "_base_manager"}
SCOPED = {"for_user", "none"}
# The side of `fraud` that writes the projection, and what the command line asks for.
WRITING = {
    "indicators.py",  # numbers for nobody in particular; who may see them is asked of indicators
    "counted.py",  # the same, of indicators that people compose
    "measure_tests.py",  # how often measures worked; who may see it is asked of measures
    "labelling.py",
    "models.py",
    "projection.py",
    "projector.py",
    "raising.py",
    "rebuilding.py",
    "services.py",
}

OWN = "a person's own: asked by who is signed in"
SCOPE = "the scope itself is made here"
# (file, model) read without a subject, and why that is right.
BARE = {
    ("fraud/first_steps.py", "Invitation"): "whether there is any at all, never which",
    ("web/accounts/events.py", "SignedIn"): OWN,
    ("web/accounts/factors.py", "Authenticator"): OWN,
    ("web/accounts/factors.py", "User"): OWN,
    ("web/accounts/middleware.py", "SignedIn"): OWN,
    ("web/accounts/passkeys.py", "Authenticator"): OWN,
    ("web/accounts/recovery.py", "Authenticator"): OWN,
    ("web/discussion/sweeping.py", "Attachment"): "the job that finishes removals, for nobody",
    ("web/pages/accounts.py", "Authenticator"): OWN,
    ("web/pages/accounts.py", "SignedIn"): OWN,
    ("web/pages/accounts.py", "User"): "a forgotten password: nobody is signed in, nothing is told",
    ("web/pages/keys.py", "User"): OWN,
    ("web/accounts/others.py", "Authenticator"): "the factors of people one may see",
    ("web/pages/access.py", "AccessGrant"): OWN,
    ("web/pages/people.py", "Authenticator"): "the factors of people one may see",
    ("web/pages/people.py", "Invitation"): "who invited a person one may see",
    ("web/pages/people.py", "RoleAssignment"): "the roles of people one may see",
    ("web/pages/people.py", "LinkedIdentity"): "whether there is a link to be taken away",
    ("web/pages/person.py", "Authenticator"): "the factors of a person one may see",
    ("web/pages/person.py", "LinkedIdentity"): "whether there is a link to be taken away",
    ("web/resource/bulk.py", "BulkAct"): "the job's own mark of how far it is",
    ("web/resource/bulk.py", "resource.model"): "locks a row that is then read for somebody",
    ("web/resource/bulk.py", "whole"): "locks what a row belongs to, and reads nothing of it",
    ("web/resource/bulk.py", "User"): "who asked, and with whose rights it is done",
    ("web/pages/signin.py", "User"): "whether there is anybody at all, before the first sign-in",
    ("web/pages/audit.py", "AuditCursor"): "how far the log is copied: no row of it",
    ("web/pages/jobs.py", "Worker"): "how many processes run",
    ("web/resource/fields.py", "self.model"): SCOPE,
    ("web/resource/reading.py", "resource.model"): SCOPE,
    ("web/discussion/topics.py", "apps.get_model(noun)"): SCOPE,
    ("web/discussion/topics.py", "User"): "names that may be mentioned, kept if they may see it",
    ("web/discussion/showing.py", "User"): "names that comments one may see mention",
    ("web/discussion/commenting.py", "User"): "names that were typed",
    ("web/discussion/commenting.py", "Comment"): "one's own comment, refused to others",
    ("web/discussion/attaching.py", "Attachment"): "the room that all files take together",
    ("fraud/silence.py", "MinuteOutcome"): "the job that watches sources, for nobody",
    ("fraud/figures.py", "Decision"): "the newest time, from which windows are counted",
    ("fraud/figures.py", "Cursor"): "how far the log is projected",
    ("fraud/figures.py", "RuleName"): "names for the numbers in rows that were asked for",
    ("fraud/first_steps.py", "User"): "when the installation was founded",
    ("fraud/first_steps.py", "ApiKey"): "whether there is one at all",
    ("fraud/first_steps.py", "Backtest"): "whether there is one at all",
    ("fraud/first_steps.py", "Channel"): "whether there is one at all",
    ("fraud/programs.py", "Program"): "the titles by which rows are written",
    ("fraud/search.py", "Decision"): "the lists that call it ask the policy first",
    ("fraud/search.py", "RuleName"): "the number of a rule's name",
    ("fraud/search.py", "Entity"): "the number of a key that the subject was let ask by",
    ("response/pages/status_components.py", "StatusComponent"): "what the status page shows",
    ("response/pages/status_components.py", "StatusPost"): "whether a text one may see is shown",
    ("response/pages/status_components.py", "PublicMaintenance"): "what the status page shows",
    ("response/pages/drills.py", "User"): "names that were typed, and oneself",
    ("response/pages/lessons.py", "User"): "a name that was typed",
    ("response/pages/restriction_sinks.py", "NeverBlock"): "the row that was made just now",
    ("fraud/pages/decisions.py", "ListAct"): "counts in the decision whoever asks; none is shown",
}


def bare(source: str) -> list[tuple[str, int]]:
    """(model, line) of each read in a module that is for nobody."""
    tree = ast.parse(source)
    inside = {
        id(node.value): node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in MANAGERS:
            if inside.get(id(node)) not in SCOPED:
                found.append((ast.unparse(node.value), node.lineno))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "get_object_or_404", "get_list_or_404", "aget_object_or_404",
        ):  # fmt: skip
            of = node.args[0] if node.args else None
            if isinstance(of, ast.Name) and of.id[:1].isupper():
                found.append((of.id, node.lineno))
    return sorted(found, key=lambda pair: pair[1])


def modules() -> list[Path]:
    paths = [*SOURCE.glob("web/**/*.py"), *SOURCE.glob("fraud/**/*.py")]
    paths += SOURCE.glob("site/door/*.py")
    # Of response the screens and what they show; its services ask for the right themselves.
    paths += SOURCE.glob("response/pages/*.py")
    paths += SOURCE.glob("response/**/showing.py")
    return sorted(p for p in paths if "migrations" not in p.parts and p.name not in WRITING)


def test_the_rule_sees_what_it_looks_for() -> None:
    assert bare(
        "A.objects.all()\n"
        "A.objects.for_user(s).filter(a=1)\n"
        "m._default_manager.count()\n"
        "get_object_or_404(A, pk=1)\n"
        "get_object_or_404(A.objects.for_user(s), pk=1)\n"
        "sum(x for x in A.objects.values_list('n'))\n"
    ) == [("A", 1), ("m", 3), ("A", 4), ("A", 6)]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_screen_reads_for_somebody(path: Path) -> None:
    name = str(path.relative_to(SOURCE))
    found = bare(path.read_text("utf-8"))
    unexplained = [(model, line) for model, line in found if (name, model) not in BARE]
    assert unexplained == [], "read with .for_user(subject) or visible(...)"


def test_the_list_of_exceptions_holds_nothing_that_is_gone() -> None:
    there = {
        (str(path.relative_to(SOURCE)), model)
        for path in modules()
        for model, _line in bare(path.read_text("utf-8"))
    }
    assert set(BARE) - there == set()
