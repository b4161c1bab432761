"""The description of the API is sound, and what it describes is what is answered."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest
from starlette.routing import Route

from helpdesk.contact import openapi
from helpdesk.rooms import ROUTES
from tests.articles import publish
from tests.helpdesk.contact.reports import LOG
from tests.helpdesk.contact.test_api import program
from tests.people import Cast

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
TYPES = {"string", "integer", "number", "boolean", "array", "object", "null"}


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [ref for child in node.values() for ref in references(child)]
    if isinstance(node, list):
        return [ref for child in node for ref in references(child)]
    return []


def fits(value: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> bool:
    """Enough of JSON Schema for the answers we give."""
    if "$ref" in schema:
        return fits(value, schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "anyOf" in schema:
        return any(fits(value, one, schemas) for one in schema["anyOf"])
    kinds: dict[str, Any] = {
        "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list,
        "object": dict, "null": type(None),
    }  # fmt: skip
    if not isinstance(value, kinds[schema["type"]]):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if schema["type"] == "array":
        return all(fits(one, schema["items"], schemas) for one in value)
    if "properties" in schema:
        known = set(schema["properties"])
        return set(schema.get("required", [])) <= set(value) <= known and all(
            fits(value[name], schema["properties"][name], schemas) for name in value
        )
    return True


async def the_document(site: str) -> dict[str, Any]:
    async with httpx2.AsyncClient(base_url=site) as client:
        answer = await client.get("/api/openapi.json")
    assert answer.status_code == 200
    document: dict[str, Any] = answer.json()
    return document


async def test_the_document_has_the_shape_of_openapi_3_1(site: str, cast: Cast) -> None:
    document = await the_document(site)
    assert document["openapi"] == "3.1.0"
    assert {"title", "version"} <= document["info"].keys()
    ids = []
    for path, item in document["paths"].items():
        assert path.startswith("/")
        assert item.keys() <= METHODS
        for operation in item.values():
            ids.append(operation["operationId"])
            assert operation["summary"]
            assert operation["responses"]
            named = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}
            for status, response in operation["responses"].items():
                assert status.isdigit()
                assert response["description"]
    assert len(ids) == len(set(ids))
    schemas = document["components"]["schemas"]
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas
    for schema in schemas.values():
        assert schema["type"] in TYPES
    used = {name for requirement in document["security"] for name in requirement}
    assert used == document["components"]["securitySchemes"].keys()


def test_every_route_of_the_api_is_described() -> None:
    described = {(op.method, op.path) for op in openapi.OPERATIONS}
    served = {
        (method, route.path)
        for route in ROUTES
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
        if route.path.startswith("/api/v1/")
    }
    assert served == described


@pytest.mark.parametrize("operation", openapi.OPERATIONS, ids=lambda op: op.id)
async def test_every_operation_answers_as_described(
    site: str, cast: Cast, operation: openapi.Operation
) -> None:
    document = await the_document(site)
    schemas = document["components"]["schemas"]
    described = document["paths"][operation.path][operation.method.lower()]["responses"]
    async with await program(cast, site) as client:
        await publish(cast.desk)
        made = await client.post("/api/v1/tickets", json=openapi.TICKET)
        path = operation.path.replace("{reference}", made.json()["reference"])
        asked = [p for p in operation.parameters if p["in"] == "query" and "example" in p]
        options: dict[str, Any] = {"params": {p["name"]: p["example"] for p in asked}}
        if operation.body:
            options["json"] = operation.example
        if operation.multipart:
            options["data"] = {"id": str(uuid4()), "evidence_key": "log"}
            options["files"] = {"file": ("team.log", LOG)}
        answer = await client.request(operation.method, path, **options)
        assert answer.status_code == operation.status, answer.text
        schema = described[str(answer.status_code)]["content"]["application/json"]["schema"]
        assert fits(answer.json(), schema, schemas), answer.text
    if operation.public:
        return
    async with httpx2.AsyncClient(base_url=site, headers={"origin": site}) as stranger:
        refused = await stranger.request(operation.method, path, **options)
    assert refused.status_code in (401, 403)
    problem = described[str(refused.status_code)]["content"]["application/problem+json"]["schema"]
    assert fits(refused.json(), problem, schemas), refused.text


async def test_the_readable_page_lists_every_operation(site: str, cast: Cast) -> None:
    async with httpx2.AsyncClient(base_url=site) as client:
        page = await client.get("/api/docs")
    assert page.status_code == 200
    for operation in openapi.OPERATIONS:
        assert f'id="{operation.id}"' in page.text
        assert operation.path in page.text
    assert "<script>" not in page.text
