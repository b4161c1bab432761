"""The chat as other sites show it, on a page of this machine: /widget/demo."""

from urllib.parse import urlsplit

from chat.widget.commands import make_widget
from chat.widget.queries import DEMO
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM


async def show_widget(desk: Desk) -> None:
    url = urlsplit(desk.settings.public_url)
    names = [url.hostname or "localhost", "127.0.0.1", "localhost"]
    port = f":{url.port}" if url.port else ""
    origins = dict.fromkeys(f"{url.scheme}://{name}{port}" for name in names)
    async with desk.transaction(SYSTEM) as tx:
        await make_widget(
            tx, "Talk to us", "We answer while you wait, or by e-mail.", list(origins), DEMO
        )
