"""Takes an upload as it arrives: sealed in pieces, never plain on a disk nor whole in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from guanlan.web.discussion.sniffing import HEAD, TEXT, Kind, Utf8, kind_of
from guanlan.web.discussion.storing import Writer

FIELD: Final = "file"

if TYPE_CHECKING:
    _Uploaded = UploadedFile[bytes]
else:  # generic in its types only
    _Uploaded = UploadedFile


class Received(_Uploaded):
    """A file that was sealed while it came; `fault` says why it is not taken, if it is not."""

    def __init__(self, writer: Writer, name: str, kind: Kind | None, fault: str) -> None:
        super().__init__(None, name, size=writer.size)
        self.writer = writer
        self.kind = kind
        self.fault = fault


class SealingHandler(FileUploadHandler):
    """The one upload handler of attachments. One file a request; others are not read."""

    def __init__(self, request: HttpRequest, limit: int) -> None:
        super().__init__(request)
        self.limit = limit
        self.writer: Writer | None = None
        self.kind: Kind | None = None
        self.fault = ""
        self._head = b""
        self._told = False
        self._text = Utf8()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.writer is not None or self.field_name != FIELD:
            self.fault = "many"
            raise StopUpload(connection_reset=True)
        self.writer = Writer()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        writer = self.writer
        if writer is None or self.fault:
            return
        if start + len(raw_data) > self.limit:
            self.fault = "size"
            raise StopUpload(connection_reset=True)
        if not self._told:
            self._head += raw_data
            if len(self._head) >= HEAD:
                self._tell()
        elif self.kind is TEXT and not self._text.goes_on(raw_data):
            self.fault = "kind"
        if not self.fault:
            writer.write(raw_data)

    def _tell(self) -> None:
        self._told = True
        self.kind = kind_of(self._head[:HEAD])
        if self.kind is None or (self.kind is TEXT and not self._text.goes_on(self._head)):
            self.fault = "kind"
        self._head = b""

    def file_complete(self, file_size: int) -> Received | None:
        if self.writer is None:
            return None
        if not (self.fault or self.writer.size or self._head):
            self.fault = "empty"
        elif not self._told:
            self._tell()
        if not self.fault and self.kind is TEXT and not self._text.goes_on(b"", last=True):
            self.fault = "kind"
        if not self.fault:
            self.writer.finish()
        return Received(self.writer, self.file_name or "", self.kind, self.fault)

    def upload_interrupted(self) -> None:
        if not self.fault:
            self.fault = "broken"
        self.discard()

    def discard(self) -> None:
        """Leave nothing behind of what was not kept."""
        if self.writer is not None:
            self.writer.discard()


class SealingSeveral(FileUploadHandler):
    """The upload handler of a form that takes several files at a field, before its sender is known.

    `limit` are the bytes of one file at most, `whole` those of all. With the first fault everything
    after it is read past and dropped, so that what else was typed arrives and can be shown again;
    past four times `whole` the connection is given up. `fault` is a word of `refusal_of`, or
    `most` (too many files) or `whole`.
    """

    def __init__(
        self, request: HttpRequest, field: str, *, most: int, limit: int, whole: int
    ) -> None:
        super().__init__(request)
        self.field = field
        self.most, self.limit, self.whole = most, limit, whole
        self.files: list[Received] = []
        self.fault = ""
        self._one: SealingHandler | None = None
        self._read = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._one = None
        if self.field_name != self.field:
            self._refuse("many")
        elif len(self.files) >= self.most:
            self._refuse("most")
        if self.fault:
            return
        self._one = SealingHandler(HttpRequest(), self.limit)
        self._one.new_file(FIELD, self.file_name, self.content_type, self.content_length)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._read += len(raw_data)
        if self._read > self.whole:
            self._refuse("whole")
        if self._read > 4 * self.whole:
            raise StopUpload(connection_reset=True)
        if self._one is None:
            return
        try:
            self._one.receive_data_chunk(raw_data, start)
        except StopUpload:
            self._refuse(self._one.fault)
        else:
            if self._one.fault:
                self._refuse(self._one.fault)

    def file_complete(self, file_size: int) -> Received | None:
        one, self._one = self._one, None
        received = None if one is None else one.file_complete(file_size)
        if received is None:
            return None
        self.files.append(received)
        if received.fault:
            self._refuse(received.fault)
            return None
        return received

    def upload_interrupted(self) -> None:
        self._refuse("broken")

    def _refuse(self, fault: str) -> None:
        self.fault = self.fault or fault
        self.discard()

    def discard(self) -> None:
        """Leave nothing behind of what was not kept."""
        for received in self.files:
            received.writer.discard()
        self.files.clear()
        if self._one is not None:
            self._one.discard()
            self._one = None
