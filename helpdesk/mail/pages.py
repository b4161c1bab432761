"""The local mailbox, for whoever runs a desk without a mail server."""

from starlette.responses import Response

from helpdesk.permissions import Can
from helpdesk.web import Problem, WebRequest, page, reading, render

from .queries import PAGE, find_mail, newest_mails

LARGEST = 2**63 - 1


async def show_mailbox(request: WebRequest) -> Response:
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    async with reading(request) as db:
        mails = await newest_mails(db, before)
    following = f"/admin/mailbox?before={mails[PAGE - 1].id}" if len(mails) > PAGE else ""
    return render(
        request,
        "mail/mailbox.html",
        mails=mails[:PAGE],
        following=following,
        newest="/admin/mailbox" if before else "",
        has_server=bool(request.state["desk"].settings.smtp_url),
    )


async def show_mail(request: WebRequest) -> Response:
    """A mail that went to its owner is theirs to read: only one that was kept here is shown."""
    mail_id = request.path_params["id"]
    async with reading(request) as db:
        mail = await find_mail(db, mail_id) if mail_id <= LARGEST else None
    if mail is None:
        raise Problem(404, "Not found")
    return render(request, "mail/mail.html", mail=mail)


routes = [
    page("/admin/mailbox", show_mailbox, can=Can.READ_MAILBOX),
    page("/admin/mailbox/{id:int}", show_mail, can=Can.READ_MAILBOX),
]
