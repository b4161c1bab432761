"""What requesters say about the answers, by type, department and agent."""

from collections.abc import Mapping, Sequence

from helpdesk.catalogue.queries import current
from helpdesk.desk import Desk

from . import queries
from .months import Month
from .suppression import WHOLE, Cell, Row, rows_to_show
from .tables import Figure, Report, Share, Table, Value

COLUMNS = ("Answers", "Mean of 1 to 5", "Completely or mostly solved")
OF_CHATS = ("Answers", "Mean of 1 to 5", "Very good or good")


async def satisfaction(desk: Desk, month: Month) -> Report:
    """Figures of few answers are left out, and whatever they could be calculated from."""
    minimum = desk.settings.rating_minimum
    rows = await desk.search_pool.fetch(queries.RATED, month.start, month.end)
    cells = [Cell(*row) for row in rows]
    shown = rows_to_show(cells, minimum)
    names = await names_of(desk, cells)
    # Other people about another question: neither can be calculated from the other.
    chats = await desk.search_pool.fetch(queries.CHATS_RATED, month.start, month.end)
    of_chats = [Cell(*row) for row in chats]
    shown_of_chats = rows_to_show(of_chats, minimum)
    names_of_chats = await names_of(desk, of_chats)

    def table(kind: str, caption: str) -> Table:
        return Table(
            f"{kind}s",
            caption,
            (kind.replace("group", "department").capitalize(), *COLUMNS),
            listed(cells, kind, names, shown),
            empty="Nobody has answered.",
        )

    def chat_table(kind: str, caption: str) -> Table:
        return Table(
            f"chat-{kind}s",
            caption,
            (kind.replace("group", "department").capitalize(), *OF_CHATS),
            listed(of_chats, kind, names_of_chats, shown_of_chats),
            empty="Nobody has answered.",
        )

    answers, mean, good = figures([cell for cell in cells if WHOLE in shown])
    note = (
        f"Nobody’s figures are shown below {minimum} answers, nor figures from which they could be "
        "calculated. A rating counts in the month it was given."
    )
    return Report(
        "satisfaction",
        "Satisfaction",
        "Did the answers solve it, as the requesters see it?",
        (
            Figure("Answers", str(answers) if answers else "Too few"),
            Figure("Mean of 1 to 5", f"{mean:.1f}" if answers else "–"),
            Figure("Completely or mostly solved", f"{good.percent} %" if answers else "–", note),
        ),
        (
            table("agent", "Satisfaction by agent"),
            table("group", "Satisfaction by department"),
            table("type", "Satisfaction by type of ticket"),
            chat_table("agent", "Chats by agent: how was it?"),
            chat_table("group", "Chats by department: how was it?"),
        ),
    )


def listed(
    cells: Sequence[Cell], kind: str, names: Mapping[Row, str], shown: frozenset[Row]
) -> list[Sequence[Value]]:
    """Those with figures first, by how many answered; then those without, by name."""
    of_row: dict[Row, list[Cell]] = {}
    for cell in cells:
        for row in cell.rows:
            if row[0] == kind:
                of_row.setdefault(row, []).append(cell)
    told = [(names[row], *figures(some)) for row, some in of_row.items() if row in shown]
    told.sort(key=lambda one: (-one[1], one[0]))
    hidden = sorted(names[row] for row in of_row if row not in shown)
    return [*told, *((name, None, None, None) for name in hidden)]


def figures(cells: Sequence[Cell]) -> tuple[int, float, Share]:
    answers = sum(cell.answers for cell in cells)
    points, good = sum(cell.points for cell in cells), sum(cell.good for cell in cells)
    return answers, round(points / answers, 1) if answers else 0.0, Share(good, answers)


async def names_of(desk: Desk, cells: Sequence[Cell]) -> dict[Row, str]:
    agents = list({cell.agent_id for cell in cells if cell.agent_id is not None})
    catalogue = (await current(desk)).catalogue
    names: dict[Row, str] = {}
    for cell in cells:
        type = catalogue.type(cell.type_key)
        names["type", cell.type_key] = type.title if type else cell.type_key
    for id, name in await desk.search_pool.fetch(queries.GROUPS):
        names["group", id] = name
    for id, name in await desk.search_pool.fetch(queries.NAMES, agents):
        names["agent", id] = name
    return names
