"""Story A3: the request that is there already, for every way it is told."""

from uuid import UUID

from helpdesk.contact.commands import save_draft
from helpdesk.tickets.claims import about_of
from helpdesk.tickets.filing import Filed
from tests.helpdesk.contact.reports import payment
from tests.people import Cast
from tests.triage.twins.build import WITHDRAWAL, forget_words, indexed

TYPE = "payment_not_received"


async def hd_20(cast: Cast) -> Filed:
    """Nina's: payment_not_received, contract C-1002, transaction T-77."""
    forget_words(cast.desk)
    contract_id = cast.contracts["C-1002"].id
    answers = {"transaction_id": "T-77"}
    return await indexed(
        cast,
        "nina",
        WITHDRAWAL,
        type_key=TYPE,
        group_key="PAY",
        contract_id=contract_id,
        answers=answers,
        about=about_of(contract_id, answers),
    )


async def a_draft(cast: Cast, who: str = "nina", currency: str = "JPY", **changes: str) -> str:
    """A complete report that is not sent yet, about C-1002 or another contract."""
    report = payment(**{"contract": "C-1002", **changes})
    report |= {"answers.amount": "500", "answers.amount.currency": currency}
    id = report.pop("draft")
    async with cast.desk.transaction(await cast.actor(who)) as tx:
        await save_draft(tx, "", UUID(id), report)
    return id
