"""What the help centre is divided into, and the command that makes it so."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import select

from helpdesk.desk import Transaction
from helpdesk.help.models import HelpCategory


@dataclass(frozen=True, slots=True)
class Category:
    key: str
    title: str
    summary: str
    icon: str


DEFAULT: Sequence[Category] = (
    Category(
        "account", "Your account", "Register, verify, sign in, and close your account.", "user"
    ),
    Category(
        "getting-paid",
        "Getting paid",
        "When money for your work arrives, and what to do when it is late.",
        "download",
    ),
    Category(
        "paying", "Paying", "Deposits, milestones, refunds, and charges on your card.", "card"
    ),
    Category(
        "contracts",
        "Contracts and hiring",
        "Hire, get hired, change a contract, and end one well.",
        "file",
    ),
    Category(
        "disputes",
        "Problems with a contract",
        "Quality, scope, deadlines, and what to try before a dispute.",
        "scales",
    ),
    Category(
        "technical",
        "Apps and the site",
        "The team app, browsers, notifications, and known faults.",
        "bug",
    ),
    Category("safety", "Safety", "Scams, account takeovers, private data, and conduct.", "shield"),
    Category(
        "contact",
        "Working with support",
        "Tickets and live chat, what to have at hand, and how we answer.",
        "lifebuoy",
    ),
)


async def ensure_categories(
    tx: Transaction, categories: Sequence[Category] = DEFAULT
) -> dict[str, HelpCategory]:
    """Add those that are missing, and change nothing that is there."""
    found = {category.key: category for category in (await tx.db.exec(select(HelpCategory))).all()}
    for position, category in enumerate(categories):
        if category.key not in found:
            found[category.key] = HelpCategory(
                key=category.key,
                title=category.title,
                summary=category.summary,
                icon=category.icon,
                position=position,
            )
            tx.db.add(found[category.key])
    await tx.db.flush()
    return found
