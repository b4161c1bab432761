"""Reading a form that brings one file, as it arrives. Nothing of the file is kept here."""

from collections.abc import AsyncIterator
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from helpdesk.web import Problem, WebRequest

LONGEST_FIELD = 2_000  # bytes
MOST_PARTS = 12

NOT_A_FORM = Problem(422, "This is not a form with a file")
FIELDS_FIRST = Problem(422, "The file is missing", "Choose a file to upload.")


class UploadForm:
    """The fields that came before the file, the file's name, and its bytes."""

    def __init__(self, request: WebRequest) -> None:
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise NOT_A_FORM
        self.fields: dict[str, str] = {}
        self.name = ""
        self._stream = request.stream().__aiter__()
        self._file: list[bytes] = []
        self._header, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._field: str | None = None
        self._text = bytearray()
        self._parts = 0
        self._in_file = self._file_ended = self._ended = False
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except FormParserError:
            raise NOT_A_FORM from None

    async def open(self) -> None:
        """Read up to the file."""
        while not self._in_file:
            if not await self._feed():
                raise FIELDS_FIRST

    async def chunks(self) -> AsyncIterator[bytes]:
        while True:
            waiting, self._file = self._file, []
            for chunk in waiting:
                yield chunk
            if self._file_ended or not await self._feed():
                break
        while await self._feed():  # what comes behind the file does not matter
            self._file = []

    async def _feed(self) -> bool:
        if self._ended:
            return False
        try:
            chunk = await anext(self._stream)
        except StopAsyncIteration:
            self._ended = True
            return False
        if self._file_ended:
            return True
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise NOT_A_FORM from None
        return True

    def _callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_name,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise NOT_A_FORM
        self._headers = {}
        self._text.clear()
        self._field = None

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header, self._value = b"", b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if b"filename" in options and not self._file_ended:
            self.name = options[b"filename"].decode("utf-8", "replace")
            self._in_file = True
        elif b"name" in options:
            self._field = options[b"name"].decode("utf-8", "replace")

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            if not self._file_ended:
                self._file.append(data[start:end])
            return
        if len(self._text) + end - start > LONGEST_FIELD:
            raise NOT_A_FORM
        self._text += data[start:end]

    def _end(self) -> None:
        if self._in_file:
            self._file_ended = True
        elif self._field is not None:
            self.fields[self._field] = self._text.decode("utf-8", "replace")
