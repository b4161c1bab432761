"""A request looks only at the routes whose first part is that of its path: there are hundreds."""

from collections.abc import Sequence
from typing import Any

from starlette.routing import BaseRoute, Router
from starlette.types import Lifespan, Receive, Scope, Send


def first_part(path: str) -> str:
    """`/desk/tickets/HD-1` → `desk`."""
    return path[1:].partition("/")[0]


class Routes(Router):
    """As Starlette's router: the order counts among routes that begin alike."""

    def __init__(self, routes: Sequence[BaseRoute], lifespan: Lifespan[Any]) -> None:
        super().__init__(routes, lifespan=lifespan)
        parts: dict[str, list[BaseRoute]] = {}
        for route in routes:
            parts.setdefault(first_part(getattr(route, "path", "")), []).append(route)
        anywhere = [route for part, found in parts.items() if "{" in part for route in found]
        if anywhere:
            raise ValueError(f"routes must begin with a fixed part: {anywhere}")
        self.parts = {part: Router(found) for part, found in parts.items()}
        self.elsewhere = Router([])

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await super().app(scope, receive, send)
        scope.setdefault("router", self)
        part = self.parts.get(first_part(scope["path"]), self.elsewhere)
        await part.app(scope, receive, send)
