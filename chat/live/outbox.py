"""What waits to be sent to one socket: bounded, and without a task while the socket takes it."""

import asyncio
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import suppress
from typing import Any

LIMIT = 256 * 1024  # characters that may wait; who does not read is cut
ROOMY = 64 * 1024
CUT_PATIENCE = 5.0  # seconds for a close frame to get through

Message = dict[str, Any]
SendMessage = Callable[[Message], Coroutine[Any, Any, None]]


@types.coroutine
def carry_on(coroutine: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """The rest of a coroutine that was begun outside a task and has to wait."""
    go_on: Callable[[Any], Any]
    while True:
        try:
            given = yield waits_for
            go_on = coroutine.send
        except BaseException as fault:
            given, go_on = fault, coroutine.throw
        try:
            waits_for = go_on(given)
        except StopIteration:
            return


class Outbox:
    __slots__ = ("closed", "draining", "queue", "send", "size", "waiting")

    def __init__(self, send: SendMessage) -> None:
        self.send = send
        self.queue: deque[Message] | None = None  # made when the socket does not take it at once
        self.size = 0
        self.draining: asyncio.Task[None] | None = None
        self.closed = False
        self.waiting: asyncio.Future[None] | None = None

    def push(self, text: str) -> bool:
        """False: too much waits already. Then the caller cuts the socket."""
        if self.closed:
            return True
        message = {"type": "websocket.send", "text": text}
        if self.draining is None:
            self.begin(message)
            return True
        assert self.queue is not None
        self.queue.append(message)
        self.size += len(text)
        return self.size <= LIMIT

    def begin(self, message: Message) -> None:
        """Send now. Only what has to wait for the network becomes a task."""
        sending = self.send(message)
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return
        except Exception:  # the socket is gone; its receiving side will say so
            self.closed = True
            return
        self.queue = deque()
        self.draining = asyncio.ensure_future(self.drain(carry_on(sending, waits_for)))

    async def drain(self, begun: Awaitable[None]) -> None:
        try:
            with suppress(Exception):
                await begun
                while self.queue:
                    message = self.queue.popleft()
                    self.size -= len(message.get("text", ""))
                    if self.size <= ROOMY:
                        self.wake()
                    await self.send(message)
                return
            self.closed = True
        finally:
            self.draining = None
            self.queue = None
            self.size = 0
            self.wake()

    def wake(self) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)

    async def room(self) -> None:
        while self.size > ROOMY and not self.closed:
            self.waiting = asyncio.get_running_loop().create_future()
            await self.waiting

    def close(self, code: int, reason: str = "") -> None:
        """Nothing more is sent but the close frame; what waits is dropped."""
        if self.closed:
            return
        self.closed = True
        message = {"type": "websocket.close", "code": code, "reason": reason}
        if self.queue is not None:
            self.queue.clear()
            self.size = 0
            self.queue.append(message)
        else:
            self.begin(message)
        self.wake()
