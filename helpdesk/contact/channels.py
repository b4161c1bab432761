"""Whether somebody who looks for help can talk to the desk now, and if not, when."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chat.queries import NOBODY_HERE, agents_there
from helpdesk.calendars.hours import Hours
from helpdesk.calendars.queries import all_hours
from helpdesk.catalogue.document import Catalogue, TicketType
from helpdesk.desk import Desk
from helpdesk.sla.promises.words import opening_words
from triage.channel import Advice, advise_channel


@dataclass(frozen=True)
class ChatState:
    """Which departments have somebody who takes chats, and when the others open."""

    there: frozenset[str] = field(default_factory=frozenset)
    opening: Mapping[str, str] = field(default_factory=dict)  # in words, by closed department

    @property
    def open(self) -> bool:
        return bool(self.there)

    @property
    def reason(self) -> str:
        return "" if self.open else NOBODY_HERE

    def advise(self, catalogue: Catalogue, type: TicketType, private: bool = False) -> Advice:
        """The better way for this type, with when its department is there."""
        group = catalogue.group(type.group)
        closed = self.opening.get(type.group)
        because = f"{group.name} is closed and {closed}." if group and closed else NOBODY_HERE
        return advise_channel(
            type,
            type.group in self.there,
            holds_private_data=private,
            chat_closed_because=because,
        )


async def chat_state(desk: Desk, reader: str) -> ChatState:
    """`reader`: their time zone."""
    now = desk.clock.now()
    hours: Mapping[str, Hours] = await all_hours(desk)
    opening = {key: opening_words(one, now, reader) for key, one in hours.items()}
    return ChatState(
        frozenset(await agents_there(desk)),
        {key: words for key, words in opening.items() if words},
    )
