"""People talk through two web processes while something goes wrong, and a checker reads the rest.

    python -m bench.chatcheck_run --chatcheck PATH --seconds 600 --conversations 200

PATH is a checkout of chatcheck, a checker of chat histories: no acknowledged message may be
lost, doubled or out of order. Without it nothing is checked, and that is said.
"""

import argparse
import asyncio
import os
import sys
import time
from functools import partial
from pathlib import Path

from bench.chat_people import LiveAdapter, People
from bench.cpu import free_port
from bench.product import Product
from bench.stack import running, services_running
from bench.torments import CROWD, TORMENTS, Scene, torment

KILLED = ("web", "worker", "valkey", "postgres")
ROUND_TRIP = 0.1  # of one message, about


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.chatcheck_run")
    parser.add_argument("--chatcheck", type=Path, required=True, help="a checkout of chatcheck")
    parser.add_argument("--conversations", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=45, help="about how long people talk")
    parser.add_argument("--pause", type=float, default=2.0, help="longest between two messages")
    parser.add_argument(
        "--with",
        dest="wrong",
        default=",".join(KILLED),
        help=f"what goes wrong, by commas: {', '.join((*KILLED, *TORMENTS))}",
    )
    options = parser.parse_args()
    if not (options.chatcheck / "chatcheck/check.py").exists():
        print(f"Skipped: there is no chatcheck in {options.chatcheck}.")
        return 0
    sys.path.insert(0, str(options.chatcheck))
    wrong = [name for name in options.wrong.split(",") if name]
    if unknown := set(wrong) - {*KILLED, *TORMENTS}:
        parser.error(f"nothing is known of {', '.join(sorted(unknown))}")
    os.environ["HELPDESK_LOG_LEVEL"] = "ERROR"
    with services_running() as stack:
        product = Product(stack)
        filled = max(3 * options.conversations, CROWD)
        database = asyncio.run(product.seed_chat(filled))
        ports = [free_port(), free_port()]
        servers = [product.start_web(f"web-{port}", database, port) for port in ports]
        with running(servers):
            scene = Scene(product, database, servers, product.start_worker(database))
            scene.conversations = options.conversations
            try:
                return asyncio.run(check(scene, wrong, options))
            finally:
                scene.worker.kill()


async def check(scene: Scene, wrong: list[str], options: argparse.Namespace) -> int:
    from chatcheck.check import check as judge  # type: ignore[import-not-found]
    from chatcheck.drive import Plan, run  # type: ignore[import-not-found]
    from chatcheck.history import Recorder  # type: ignore[import-not-found]

    people = People(options.conversations, scene.product.conversations)
    adapter = LiveAdapter(scene.servers, people)
    recorder = Recorder()
    plan = Plan(
        people.members,
        people.staff,
        messages=round(options.seconds / (options.pause / 2 + ROUND_TRIP)),
        pause=options.pause,
        patience=10.0,
        settle=60.0,
    )
    began = time.monotonic()
    await run(plan, adapter, recorder, partial(torment, scene, wrong, adapter))
    talked = time.monotonic() - began
    # Numbers count every event of a case, so messages alone have gaps.
    report = judge(recorder.events, people.members, people.staff, contiguous=False)
    print(f"{options.conversations} conversations, {len(people.ids)} people, {talked:.0f} s")
    print(", ".join(f"{count} {what}" for what, count in sorted(scene.done.items())))
    for note in scene.notes:
        print(note)
    print(f"{len(report.violations)} violations {dict(report.kinds)}")
    print(report.figures)
    for violation in report.violations[:20]:
        print(violation)
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
