"""Whether somebody who looks for help can talk to the desk now."""

from dataclasses import dataclass, field

from chat.queries import NOBODY_HERE, agents_there
from helpdesk.catalogue.document import Catalogue, TicketType
from helpdesk.desk import Desk
from triage.channel import Advice, advise_channel


@dataclass(frozen=True)
class ChatState:
    """Which departments have somebody who takes chats."""

    there: frozenset[str] = field(default_factory=frozenset)

    @property
    def open(self) -> bool:
        return bool(self.there)

    @property
    def reason(self) -> str:
        return "" if self.open else NOBODY_HERE

    def advise(self, catalogue: Catalogue, type: TicketType, private: bool = False) -> Advice:
        """The better way for this type, with when its department is there."""
        group = catalogue.group(type.group)
        hours = f" The {group.name} team works {_in_sentence(group.hours)}." if group else ""
        return advise_channel(
            type,
            type.group in self.there,
            holds_private_data=private,
            chat_closed_because=NOBODY_HERE + hours,
        )


def _in_sentence(hours: str) -> str:
    return hours[:1].lower() + hours[1:] if hours.startswith("Every") else hours


async def chat_state(desk: Desk) -> ChatState:
    return ChatState(frozenset(await agents_there(desk)))
