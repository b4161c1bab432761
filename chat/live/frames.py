"""What a tab may say on its socket. Anything else is a malformed frame."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

LARGEST_FRAME = 65_536  # bytes
MOST_STREAMS = 100
LARGEST_NUMBER = 2**53 - 1

StreamName = Annotated[str, StringConstraints(min_length=1, max_length=80)]
CaseName = Annotated[str, StringConstraints(pattern=r"^case:[1-9][0-9]{0,14}$")]
ChatFace = Annotated[str, StringConstraints(pattern=r"^chat:[1-9][0-9]{0,14}$")]
Face = Annotated[str, StringConstraints(pattern=r"^(chat|ticket):[1-9][0-9]{0,14}$")]
Number = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]


class Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Follow(Frame):
    """The streams this tab follows from now on, each with the last number it has seen."""

    t: Literal["follow"]
    streams: dict[StreamName, Number] = Field(max_length=MOST_STREAMS)
    # Of these, the ones to begin anew: a page that has just come needs what others have seen.
    again: list[StreamName] = Field(default=[], max_length=MOST_STREAMS)


class Say(Frame):
    t: Literal["send"]
    s: CaseName
    cid: UUID
    body: str
    face: ChatFace
    note: bool = False


class Typing(Frame):
    t: Literal["typing"]
    s: CaseName
    kind: Literal["reply", "note", ""]
    face: Face | None = None


class Read(Frame):
    t: Literal["read"]
    s: CaseName
    n: Number


class Pong(Frame):
    t: Literal["pong"]


Known = Follow | Say | Typing | Read | Pong
frames: TypeAdapter[Known] = TypeAdapter(Annotated[Known, Field(discriminator="t")])


def case_id_of(stream: str) -> int | None:
    """`case:42` → 42; nothing for any other text."""
    kind, _, number = stream.partition(":")
    plain = number.isascii() and number.isdigit() and number[0] != "0" and len(number) <= 15
    return int(number) if kind == "case" and plain else None
