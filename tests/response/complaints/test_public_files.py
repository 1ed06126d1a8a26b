"""Files of the public form: kept sealed beside the complaint, or refused in a sentence, and then
nothing of them stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from guanlan.core.people import limiting
from guanlan.core.people.limiting import Door
from guanlan.response.complaints import files
from guanlan.response.complaints.links import path_of
from guanlan.response.models import Complaint
from guanlan.web.discussion.models import Attachment
from tests.people import person

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"the picture of it" * 20
WORDS = "My card was charged twice"


@pytest.fixture(autouse=True)
def room(tmp_path: Path, settings: Any) -> Path:
    settings.DATA = tmp_path
    return tmp_path / "attachments"


@pytest.fixture
def customer(client: Client) -> Client:
    client.cookies["guanlan_language"] = "en"
    return client


def file(name: str = "receipt.png", data: bytes = PNG) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def send(client: Client, *enclosed: SimpleUploadedFile, **changed: Any) -> Any:
    values = {"form_key": "k", "text": WORDS, "email": "li@example.com"} | changed
    return client.post(reverse("complain"), values | {"enclosed": list(enclosed)})


def left(room: Path) -> list[Path]:
    return [path for path in room.rglob("*") if path.is_file()]


def test_the_form_takes_files_without_a_script(customer: Client) -> None:
    text = customer.get(reverse("complain")).content.decode()
    assert 'enctype="multipart/form-data"' in text
    assert 'type="file" name="enclosed"' in text
    assert "At most 5, each of 10.0\xa0MB, 25.0\xa0MB in all" in text


def test_files_are_kept_sealed_beside_the_complaint_and_only_ever_saved(
    customer: Client, room: Path
) -> None:
    answer = send(customer, file("../../截图.exe"), file("note.txt", b"what they told me"))
    row = Complaint.objects.get()
    assert answer.status_code == 302
    kept = Attachment.objects.filter(object_id=str(row.pk), noun="response.complaint")
    assert [(one.name, one.kind) for one in kept] == [
        ("截图.exe.png", "image/png"), ("note.txt", "text/plain"),
    ]  # fmt: skip
    assert not any(b"the picture of it" in path.read_bytes() for path in left(room))
    customer.force_login(person("customer_service", "li"))
    page = customer.get(reverse("complaint", args=[row.pk])).content.decode()
    assert "截图.exe.png" in page
    saved: Any = customer.get(reverse("attachment", args=[kept[0].pk]))
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert b"".join(saved.streaming_content) == PNG


@pytest.mark.parametrize(
    ("enclosed", "sentence"),
    [
        ([file(data=PNG + bytes(1000))], "A file is too large: at most 900\xa0bytes each."),
        ([file(data=PNG + bytes(n)) for n in range(400, 403)],
         "The files are too large: at most 2.0\xa0KB in all."),
        ([file(data=PNG + bytes([n])) for n in range(4)], "At most 3 files are taken."),
        ([file("a.png", b"<html><script>steal()</script>")], "This kind of file is not taken."),
        ([file("a.png", b"PK\x03\x04" + bytes(100))], "This kind of file is not taken."),
        ([file(), file("a.svg", b"<svg onload=x>")], "This kind of file is not taken."),
        ([file("a.txt", b"good words" * 50 + b"\0")], "This kind of file is not taken."),
        ([file("a.png", b"")], "Choose a file that is not empty."),
    ],
)  # fmt: skip
def test_what_is_not_taken_is_refused_in_a_sentence_and_what_was_typed_stays(
    customer: Client,
    room: Path,
    monkeypatch: pytest.MonkeyPatch,
    enclosed: list[SimpleUploadedFile],
    sentence: str,
) -> None:
    for name, value in (("LARGEST", 900), ("WHOLE", 2048), ("MOST", 3)):
        monkeypatch.setattr(files, name, value)
    for one in enclosed:
        one.seek(0)
    answer = send(customer, *enclosed)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert text.count('class="field-error"') == 1
    assert sentence in text
    assert WORDS in text
    assert "li@example.com" in text
    assert left(room) == []
    assert not Complaint.objects.exists()


def test_an_endless_upload_is_given_up_and_what_was_typed_before_stays(
    customer: Client, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "WHOLE", 100_000)
    answer = send(customer, file(data=PNG + bytes(1_000_000)))
    assert answer.status_code == 422
    assert WORDS in answer.content.decode()
    assert left(room) == []


def test_a_file_at_another_field_is_not_read(customer: Client, room: Path) -> None:
    answer = send(customer, text=WORDS, other=file())
    assert answer.status_code == 422
    assert left(room) == []


def test_with_another_fault_the_files_are_to_be_chosen_again(customer: Client, room: Path) -> None:
    answer = send(customer, file(), text="")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose your files again: nothing of them was kept." in text
    assert left(room) == []


def test_where_one_file_is_refused_at_the_end_nothing_of_any_stays(
    customer: Client, room: Path, settings: Any
) -> None:
    settings.ATTACHMENT_SCANNER = ["sh", "-c", "! grep -q virus"]
    answer = send(customer, file(), file("b.txt", b"a virus"))
    assert answer.status_code == 422
    assert "The virus scanner refused this file." in answer.content.decode()
    assert left(room) == []
    assert not Complaint.objects.exists()
    assert not Attachment.objects.exists()


def test_a_form_sent_twice_keeps_its_files_once(customer: Client, room: Path) -> None:
    for _n in range(2):
        assert send(customer, file()).status_code == 302
    assert Complaint.objects.count() == 1
    assert Attachment.objects.count() == len(left(room)) == 1


def test_a_day_has_so_many_megabytes_for_one_address(
    customer: Client, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limiting.DOORS, "complaint_mb", Door(3, 3, 24 * 60))
    big = PNG + bytes(2 << 20)
    assert send(customer, file(data=big)).status_code == 302
    answer = send(customer, file(data=big), form_key="another")
    assert answer.status_code == 422
    assert "Too much was sent from your network today" in answer.content.decode()
    assert len(left(room)) == 1
    assert send(customer, form_key="another").status_code == 302


def test_without_the_token_of_the_form_nothing_is_taken(room: Path) -> None:
    assert send(Client(enforce_csrf_checks=True), file()).status_code == 403
    assert left(room) == []


def test_the_customers_page_lists_what_the_customer_sent_and_nothing_of_staff(
    customer: Client,
) -> None:
    send(customer, file("receipt of 13800138000.png"), file("b & c.png", PNG[:-1] + b"!"))
    row = Complaint.objects.get()
    page = customer.get(path_of(row)).content.decode()
    assert "Files that you sent" in page
    assert "13800138000" not in page
    assert page.count(f"{len(PNG)}\xa0bytes") == 2
    assert "b &amp; c.png" in page
    first = Attachment.objects.order_by("pk")[:1].values("pk")
    Attachment.objects.filter(pk__in=list(first.values_list("pk", flat=True))).update(
        author=person("owner")
    )
    page = customer.get(path_of(row)).content.decode()
    assert page.count(f"{len(PNG)}\xa0bytes") == 1
