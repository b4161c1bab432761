"""The command line: `helpdesk up` for everything at once, and each part by itself."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from helpdesk.core.listening import listen
from helpdesk.core.logs import configure_logs
from helpdesk.core.services import ServiceError, services
from helpdesk.core.settings import Settings
from helpdesk.core.text import BadText
from helpdesk.permissions import Role
from helpdesk.supervisor import (
    CannotStart,
    Supervisor,
    follow_parent,
    follow_supervisor,
    leave_on_signals,
)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    leave_on_signals()
    follow_supervisor()
    try:
        settings = settings_from(options)
        configure_logs(settings)
        code: int = options.run(settings, options) or 0
    except ValidationError as errors:
        for error in errors.errors():
            print(f"helpdesk: setting {error['loc'][0]}: {error['msg']}", file=sys.stderr)
        return 2
    except (ServiceError, CannotStart) as fault:
        print(f"helpdesk: {fault}", file=sys.stderr)
        return 1
    return code


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="helpdesk", description="The support desk.")
    commands = top.add_subparsers(required=True, metavar="command")

    def command(name: str, run: Callable[..., int | None], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    up_ = command("up", up, "Start everything here: services, migrations, web and worker.")
    web_ = command("web", web, "Serve pages, the API and live connections.")
    for one in (up_, web_):
        one.add_argument("--host", help="address to listen on (HELPDESK_HOST)")
        one.add_argument("--port", type=int, help="port to listen on (HELPDESK_PORT)")
        one.add_argument("--workers", type=int, default=1, help="number of web processes")
    up_.add_argument(
        "--leave-with-parent",
        action="store_true",
        help="stop when the process that started this one is gone",
    )
    web_.add_argument("--shared", action="store_true", help=argparse.SUPPRESS)
    command("worker", worker, "Do what happens later: mail, timers, follow-up work.")
    command("migrate", migrate_, "Bring the database to the newest schema.")
    seed_ = command("seed", seed, "Fill an empty desk with demo people, tickets and chats.")
    seed_.add_argument("--tickets", type=int, help="how many (HELPDESK_DEMO_TICKETS)")
    command("doctor", doctor, "Check every part and say what to do about faults.")
    jobs_ = command("jobs", jobs, "List follow-up work that was given up, or try it again.")
    retry = jobs_.add_subparsers(metavar="command").add_parser("retry", help="Try it again.")
    retry.add_argument("id", type=int, nargs="*", help="numbers of the list; without, all of it")

    figures = commands.add_parser("reports", help="The figures of the dashboard.").add_subparsers(
        required=True, metavar="command"
    )
    anew = figures.add_parser("rebuild", help="Count every case again, from its history.")
    anew.set_defaults(run=reports_rebuild)

    learning = commands.add_parser("triage", help="Teach what suggests.").add_subparsers(
        required=True, metavar="command"
    )
    train = learning.add_parser("train", help="Fit the ranking of similar reports anew.")
    train.set_defaults(run=triage_train)
    source = train.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="directory with dup_NAME.docs/queries.jsonl")
    source.add_argument("--desk", action="store_true", help="calibrate on the agents' verdicts")
    train.add_argument("--out", type=Path, help="with --data: write to this directory instead")

    people = commands.add_parser("user", help="Manage accounts.").add_subparsers(
        required=True, metavar="command"
    )
    add = people.add_parser("add", help="Make an account; asks for a password unless given one.")
    add.set_defaults(run=user_add)
    add.add_argument("--email", required=True)
    add.add_argument("--name", required=True)
    add.add_argument("--role", action="append", required=True, choices=accounts_have())
    add.add_argument("--password")
    change = people.add_parser("change", help="Give an account other roles or departments.")
    change.set_defaults(run=user_change)
    change.add_argument("--email", required=True)
    change.add_argument("--role", action="append", choices=accounts_have(), help="instead of all")
    change.add_argument("--languages", type=keys, help="which they read, such as en,es")
    for one in (add, change):
        one.add_argument("--departments", type=keys, help="such as GEN,PAY; none: ''")
    return top


def keys(text: str) -> list[str]:
    return [key.strip().upper() for key in text.split(",") if key.strip()]


def accounts_have() -> list[str]:
    return [role.value for role in Role if role is not Role.GUEST]


def settings_from(options: argparse.Namespace) -> Settings:
    """The environment's settings, with the address of the command line."""
    given = {
        name: value
        for name in ("host", "port")
        if (value := getattr(options, name, None)) is not None
    }
    settings = Settings(**given)
    if "public_url" not in settings.model_fields_set:
        settings = settings.model_copy(update={"public_url": f"http://localhost:{settings.port}"})
    return settings


def up(settings: Settings, options: argparse.Namespace) -> None:
    from helpdesk.first_run import prepare, welcome

    if options.leave_with_parent:
        follow_parent()
    listen(settings.host, settings.port).close()  # is it free?
    with services(settings) as running:
        prepare(running, 0 if settings.database_url else settings.demo_tickets)
        print(welcome(settings, running), flush=True)
        address = ["--host", settings.host, "--port", str(settings.port)]
        serving = ["web", *address, "--workers", str(options.workers)]
        Supervisor({"web": serving, "worker": ["worker"]}).run()


def web(settings: Settings, options: argparse.Namespace) -> None:
    if options.workers == 1:
        from helpdesk.server import run_web

        run_web(settings, options.shared)
        return
    listen(settings.host, settings.port).close()  # is it free?
    one = ["web", "--host", settings.host, "--port", str(settings.port), "--shared"]
    with services(settings):
        Supervisor({f"web {n + 1}": one for n in range(options.workers)}).run()


def worker(settings: Settings, options: argparse.Namespace) -> None:
    from helpdesk.worker import run

    run(settings)


def migrate_(settings: Settings, options: argparse.Namespace) -> None:
    from helpdesk.first_run import prepare

    with services(settings) as running:
        prepare(running, tickets=0)
        print("The database is at the newest schema.")


def seed(settings: Settings, options: argparse.Namespace) -> None:
    from helpdesk.first_run import prepare, welcome

    with services(settings) as running:
        prepare(running, options.tickets or settings.demo_tickets)
        print(welcome(settings, running))


def user_add(settings: Settings, options: argparse.Namespace) -> int:
    from helpdesk.first_run import add_account

    password = options.password or getpass.getpass("Password: ")
    with services(settings) as running:
        try:
            asyncio.run(
                add_account(
                    running,
                    options.email,
                    options.name,
                    options.role,
                    password,
                    options.departments,
                )
            )
        except BadText as fault:
            print(f"helpdesk: {fault}", file=sys.stderr)
            return 1
    print(f"{options.email} can sign in at {settings.public_url}.")
    return 0


def user_change(settings: Settings, options: argparse.Namespace) -> int:
    from helpdesk.first_run import change_account

    with services(settings) as running:
        try:
            languages = options.languages and [code.lower() for code in options.languages]
            change = change_account(
                running, options.email, options.role, options.departments, languages
            )
            print(asyncio.run(change))
        except BadText as fault:
            print(f"helpdesk: {fault}", file=sys.stderr)
            return 1
    return 0


def doctor(settings: Settings, options: argparse.Namespace) -> int:
    from helpdesk.doctor import examine

    return examine(settings)


def jobs(settings: Settings, options: argparse.Namespace) -> int:
    from helpdesk.jobs import retry_jobs, show_jobs

    if "id" in options:
        return retry_jobs(settings, options.id)
    show_jobs(settings)
    return 0


def reports_rebuild(settings: Settings, options: argparse.Namespace) -> None:
    from helpdesk.first_run import recount

    with services(settings) as running:
        cases = asyncio.run(recount(running))
        print(f"Counted {cases:,} cases again. Until now the old figures were shown.")


def triage_train(settings: Settings, options: argparse.Namespace) -> int:
    from helpdesk.training import train_on_data, train_on_desk

    if options.desk:
        return train_on_desk(settings)
    return train_on_data(settings, options.data, options.out)


if __name__ == "__main__":
    sys.exit(main())
