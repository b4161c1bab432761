"""The OpenAPI 3.1 document, made from the API's own models, and the same for people to read."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .alerts_api import APP_VERSION, AlertList
from .schemas import (
    CatalogueOut,
    ChatAvailability,
    HelpFound,
    HelpSuggested,
    MessageAdded,
    MessageIn,
    PreviewOut,
    ProblemOut,
    TicketDetails,
    TicketIn,
    TicketList,
    TicketOut,
    UploadOut,
)

VERSION = "1.0.0"
PREFIX = "#/components/schemas/"
DESCRIPTION = (
    "File tickets, follow them and send files to them. The fields and their rules are those of "
    "the report form; what a type asks for is in the catalogue. Times are in UTC."
)
PROBLEMS = {
    400: "The body is not JSON.",
    401: "No valid token or session.",
    403: "The account may not do this.",
    404: "There is no such ticket, or it is not yours.",
    409: "Not possible in the state the ticket is in, or one of yours is about the same.",
    413: "The file or the body is too large.",
    415: "The content type is not the one asked for.",
    422: "Fields are missing or wrong; errors names each.",
    429: "Too many requests or files; Retry-After says when to try again.",
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Up to 255 characters that you choose. The same key with the same body gives "
    "the first answer again and makes nothing new; with another body it is refused.",
    "schema": {"type": "string", "maxLength": 255},
}
REFERENCE = {
    "name": "reference",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "example": "HD-10001",
}
TICKET: dict[str, Any] = {
    "type": "tech_unsolved",
    "subject": "Invoice page stays empty after clearing the cache",
    "description": "I opened the invoice page on 1 June. I expected the list, but it is empty.",
    "severity": "normal",
    "answers": {
        "operating_system": "Windows 11",
        "browser": "Firefox 141",
        "articles_tried": "Browser, cache, notifications",
        "steps": "Open Reports, then Invoices.",
    },
    "lacking": {"screenshot": "The page is simply white"},
}
PAGE_QUERY = [
    {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 25},
    },
    {
        "name": "after",
        "in": "query",
        "description": "What next was on the page before.",
        "schema": {"type": "string"},
    },
]


def help_query(needed: bool, most: int) -> tuple[dict[str, Any], ...]:
    return (
        {
            "name": "q",
            "in": "query",
            "required": needed,
            "description": "Somebody's own words; a whole sentence is fine.",
            "schema": {"type": "string", "maxLength": 400},
            "example": "refund has not arrived",
        },
        {
            "name": "language",
            "in": "query",
            "description": "Articles that are not written in it come in English.",
            "schema": {"type": "string", "default": "en"},
        },
        {
            "name": "limit",
            "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": 20, "default": most},
        },
    )


TYPE_QUERY = {
    "name": "type",
    "in": "query",
    "description": "The key of a ticket type. Without it q is needed.",
    "schema": {"type": "string"},
}


DEPARTMENT_QUERY = {
    "name": "department",
    "in": "query",
    "description": "The key of one department, such as PAY.",
    "schema": {"type": "string"},
}
ABOUT_QUERY = TYPE_QUERY | {"description": "The key of a ticket type: its department is asked."}


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    id: str
    summary: str
    description: str
    answer: type[BaseModel]
    status: int = 200
    body: type[BaseModel] | None = None
    example: Any = None
    parameters: tuple[dict[str, Any], ...] = ()
    problems: tuple[int, ...] = ()
    public: bool = False
    multipart: dict[str, Any] = field(default_factory=dict)


OPERATIONS = (
    Operation(
        "POST", "/api/v1/tickets", "createTicket", "File a ticket",
        "Upload files first and name their ids under evidence, by the key of the checklist "
        "line. Every missing piece comes back as an error with its field. Of a matter that one of "
        "your tickets is about already, 409 names that ticket: add_to adds to it (200, no new "
        "ticket), not_duplicate says what is different.",
        TicketOut, 201, TicketIn, TICKET, (KEY,), (400, 401, 403, 409, 413, 415, 422, 429),
    ),
    Operation(
        "POST", "/api/v1/tickets/preview", "previewTicket", "Look before filing",
        "The body of a ticket, complete or not: which of your own tickets it may repeat, which "
        "known issues and articles may answer it, and what is missing. Nothing is stored.",
        PreviewOut, 200, TicketIn, TICKET, (), (400, 401, 403, 413, 415, 422, 429),
    ),
    Operation(
        "GET", "/api/v1/tickets", "listTickets", "List your own tickets",
        "The newest first, page by page.",
        TicketList, parameters=tuple(PAGE_QUERY), problems=(401, 403, 422),
    ),
    Operation(
        "GET", "/api/v1/tickets/{reference}", "getTicket", "Read a ticket",
        "With the messages and the evidence that you may see.",
        TicketDetails, parameters=(REFERENCE,), problems=(401, 403, 404),
    ),
    Operation(
        "POST", "/api/v1/tickets/{reference}/messages", "addMessage", "Add a message",
        "To a ticket of yours. A solved one opens again; a closed one takes no more.",
        MessageAdded, 201, MessageIn, {"body": "It happens in a private window too."},
        (REFERENCE, KEY), (400, 401, 403, 404, 409, 413, 415, 422),
    ),
    Operation(
        "POST", "/api/v1/uploads", "upload", "Upload a file",
        "One file. Its kind is found in its content; pictures lose their location data. It waits "
        "to be named by a ticket, and is swept when it is not.",
        UploadOut, 201, problems=(401, 403, 413, 422, 429),
        multipart={
            "type": "object",
            "required": ["id", "file"],
            "properties": {
                "id": {
                    "type": "string",
                    "format": "uuid",
                    "description": "Chosen by you, sent before the file: "
                    "a repeat under it stores nothing twice.",
                },
                "evidence_key": {"type": "string", "description": "For your own records."},
                "file": {"type": "string", "contentMediaType": "application/octet-stream"},
            },
        },
    ),
    Operation(
        "GET", "/api/v1/catalogue", "getCatalogue", "Read the catalogue",
        "Services, ticket types with their questions and evidence, severities and limits.",
        CatalogueOut, public=True,
    ),
    Operation(
        "GET", "/api/v1/alerts", "listAlerts", "Read the known issues",
        "What the same person sees on the pages: what is wrong now, and what is planned soon.",
        AlertList, parameters=(APP_VERSION,), public=True,
    ),
    Operation(
        "GET", "/api/v1/help/suggest", "suggestHelp", "Suggest answers",
        "What may answer a question before it becomes a ticket: known issues, then articles.",
        HelpSuggested, parameters=(*help_query(False, 3), TYPE_QUERY), problems=(422,), public=True,
    ),
    Operation(
        "GET", "/api/v1/help/search", "searchHelp", "Search the help centre",
        "Typing errors are forgiven and the last word may be unfinished.",
        HelpFound, parameters=help_query(True, 10), problems=(422,), public=True,
    ),
    Operation(
        "GET", "/api/v1/chat/availability", "chatAvailability", "Ask whether somebody can chat now",
        "By department: whether a chat can be started, and if not, why (outside_hours, holiday, "
        "all_away, full) and when it opens; the wait is a range, or null when nobody can say.",
        ChatAvailability, parameters=(DEPARTMENT_QUERY, ABOUT_QUERY), problems=(404,), public=True,
    ),
)  # fmt: skip


@cache
def document(server: str) -> dict[str, Any]:
    models = {m for op in OPERATIONS for m in (op.body, op.answer) if m} | {ProblemOut}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema(
        [(model, "validation") for model in ordered], ref_template=PREFIX + "{model}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Helpdesk API", "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": server}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made on your account page, shown once.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "__Host-session",
                    "description": "The session of a signed-in browser, from our own pages only.",
                },
            },
        },
    }


def _described(operation: Operation) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.description,
        "responses": {
            str(operation.status): {
                "description": "Done.",
                "content": {"application/json": {"schema": _ref(operation.answer)}},
            },
            **{str(status): _problem(status) for status in operation.problems},
        },
    }
    if operation.parameters:
        shown["parameters"] = list(operation.parameters)
    if operation.public:
        shown["security"] = []
    if operation.body:
        content = {"schema": _ref(operation.body), "example": operation.example}
        shown["requestBody"] = {"required": True, "content": {"application/json": content}}
    if operation.multipart:
        content = {"schema": operation.multipart}
        shown["requestBody"] = {"required": True, "content": {"multipart/form-data": content}}
    return shown


def _problem(status: int) -> dict[str, Any]:
    return {
        "description": PROBLEMS[status],
        "content": {"application/problem+json": {"schema": _ref(ProblemOut)}},
    }


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": PREFIX + model.__name__}


@dataclass(frozen=True)
class Row:
    name: str
    kind: str
    needed: bool
    text: str


@dataclass(frozen=True)
class Readable:
    """One operation for the page."""

    method: str
    path: str
    id: str
    summary: str
    description: str
    public: bool
    parameters: tuple[Row, ...]
    fields: tuple[Row, ...]
    answer: tuple[Row, ...]
    status: int
    problems: tuple[tuple[int, str], ...]
    example: str


def readable(described: dict[str, Any]) -> list[Readable]:
    schemas = described["components"]["schemas"]
    server = described["servers"][0]["url"]
    return [_readable(operation, schemas, server) for operation in OPERATIONS]


def _readable(operation: Operation, schemas: dict[str, Any], server: str) -> Readable:
    sent = schemas[operation.body.__name__] if operation.body else operation.multipart
    return Readable(
        operation.method,
        operation.path,
        operation.id,
        operation.summary,
        operation.description,
        operation.public,
        tuple(
            Row(p["name"], _kind(p["schema"]), p.get("required", False), p.get("description", ""))
            for p in operation.parameters
        ),
        _rows(sent),
        _rows(schemas[operation.answer.__name__]),
        operation.status,
        tuple((status, PROBLEMS[status]) for status in operation.problems),
        _curl(operation, server),
    )


def _rows(schema: dict[str, Any]) -> tuple[Row, ...]:
    needed = schema.get("required", [])
    return tuple(
        Row(name, _kind(one), name in needed, one.get("description", ""))
        for name, one in schema.get("properties", {}).items()
    )


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(PREFIX)
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_kind(schema['additionalProperties'])}"
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _curl(operation: Operation, server: str) -> str:
    path = operation.path.replace("{reference}", "HD-10001")
    lines = [f"curl {server}{path}"]
    if not operation.public:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if KEY in operation.parameters:
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    if operation.multipart:
        lines += ["-F id=$(uuidgen)", "-F evidence_key=team_log", "-F file=@team.log"]
    if operation.body:
        text = orjson.dumps(operation.example, option=orjson.OPT_INDENT_2).decode()
        lines += ['-H "Content-Type: application/json"', f"-d '{text}'"]
    return " \\\n  ".join(lines)
