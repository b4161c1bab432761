"""The report form over HTTP: what it refuses, and that nothing typed is lost."""

from tests.people import Cast

LOG = b"2026-06-01 09:58:00 tracker stopped after sleep\n" * 40


def team_app_report(**changes: str) -> dict[str, str]:
    return {
        "service": "technical_support",
        "type": "tech_unsolved",
        "subject": "Invoice page stays empty after clearing the cache",
        "description": "I opened the invoice page yesterday. I expected a list, but it is empty.",
        "severity": "normal",
        "answers.operating_system": "Windows 11",
        "answers.browser": "Firefox 141",
        "answers.articles_tried": "Clear the cache",
        "answers.steps": "Open the invoices page.",
        **changes,
    }


async def test_a_report_in_one_step_is_a_ticket(site: str, cast: Cast) -> None:
    async with await cast.browser(site, "cora") as cora:
        answer = await cora.post("/report/send", data=team_app_report())
        assert answer.status_code == 303, answer.text
        page = await cora.get(answer.headers["location"])
    assert page.status_code == 200
    assert "HD-10001" in page.text


async def test_the_form_shows(site: str, cast: Cast) -> None:
    async with await cast.browser(site, "cora") as cora:
        for path in ("/contact", "/contact?service=payments", "/report",
                     "/report?service=payments&type=payment_dispute"):
            page = await cora.get(path)
            assert page.status_code == 200, page.text
