"""Reports as people type them, and browsers that keep a visitor's cookies."""

import io
import re
from html import unescape
from typing import Any
from uuid import uuid4

import httpx2
from PIL import Image

from tests.people import Cast

LOG = b"2026-06-01 09:58:00 tracker stopped after sleep\n" * 40


def png(colour: str = "navy") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(stream, "PNG")
    return stream.getvalue()


def technical(**changes: str) -> dict[str, str]:
    """A complete report that needs an account and no contract."""
    return {
        "draft": str(uuid4()),
        "service": "technical_support",
        "type": "tech_unsolved",
        "subject": "Invoice page stays empty after clearing the cache",
        "description": "I opened the invoice page yesterday. I expected a list, but it is empty.",
        "severity": "normal",
        "answers.operating_system": "Windows 11",
        "answers.browser": "Firefox 141",
        "answers.articles_tried": "Browser, cache, notifications",
        "answers.steps": "Open Reports, then Invoices.",
        **changes,
    }


def payment(**changes: str) -> dict[str, str]:
    """A complete report about a contract, a milestone and a transaction."""
    return {
        "draft": str(uuid4()),
        "service": "payments",
        "type": "payment_not_received",
        "contract": "C-1001",
        "milestone": "2",
        "subject": "Milestone 2 was approved but the payment never came",
        "description": "I handed over the files on 20 May. It was approved, but nothing was paid.",
        "severity": "normal",
        "answers.transaction_date": "2026-05-25",
        "answers.amount": "500.00",
        "answers.amount.currency": "USD",
        "answers.transaction_id": "T-77",
        **changes,
    }


def question(**changes: str) -> dict[str, str]:
    """A complete report that works signed out."""
    return {
        "draft": str(uuid4()),
        "service": "customer_service",
        "type": "guidance",
        "subject": "How do I split one project into milestones?",
        "description": "I want to pay in three parts, and do not see where to set that up.",
        "severity": "low",
        "name": "Gwen Guest",
        "email": "gwen@example.org",
        "time_zone": "Europe/Lisbon",
        **changes,
    }


def without(report: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in report.items() if name not in names}


class Visiting(httpx2.AsyncClient):
    """Keeps cookies as a browser on localhost does, which takes secure ones without TLS."""

    def __init__(self, site: str, **options: Any) -> None:
        super().__init__(base_url=site, headers={"origin": site}, timeout=30, **options)
        self.kept: dict[str, str] = {}

    async def request(self, *arguments: Any, **options: Any) -> httpx2.Response:
        headers = dict(options.pop("headers", None) or {})
        headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.kept.items())
        answer = await super().request(*arguments, headers=headers, **options)
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.kept[name] = value
        return answer


async def visiting(cast: Cast, site: str, who: str = "") -> Visiting:
    browser = Visiting(site)
    if who:
        name, _, token = (await cast.session(who)).partition("=")
        browser.kept[name] = token
    return browser


def errors_in(page: str) -> dict[str, str]:
    """What the error summary says, by the field each line leads to."""
    found = re.search(r'id="error-summary".*?</ul>', page, re.S)
    lines = re.findall(r'<a href="#([^"]+)">(.*?)</a>', found.group() if found else "", re.S)
    return {unescape(name): unescape(words) for name, words in lines}


def typed_in(page: str, name: str) -> str:
    """What the page shows in a field."""
    quoted = re.escape(name)
    area = re.search(rf'<textarea[^>]*name="{quoted}"[^>]*>\n?(.*?)</textarea>', page, re.S)
    if area:
        return unescape(area.group(1))
    field = re.search(rf'<input[^>]*name="{quoted}"[^>]*value="([^"]*)"', page)
    return unescape(field.group(1)) if field else ""
