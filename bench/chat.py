"""W5 chat (saturation, and latency at a fixed rate), W6 idle sockets, W7 everybody comes back."""

import asyncio
import time
from collections.abc import Callable

import uvloop

from bench import cpu, figures
from bench.product import Product, Seat
from bench.raw import Raw, RawSeat
from bench.stack import Meter, Server, running

Subject = Raw | Product
AnySeat = RawSeat | Seat
Figures = dict[str, dict[str, float]]  # by workload
CONVERSATIONS = 200
RATES = (10, 100, 1_000)  # messages a second
FEWEST_MESSAGES = 60
IDLE_SOCKETS = 5_000
WARM_SOCKETS = 50
RETURNING = 1_000
MOST_CONVERSATIONS = (IDLE_SOCKETS + WARM_SOCKETS) // 2 + 1
PADDING = "x" * 90
# What looks like the number of a card is looked at closely; people seldom write any.
AS_LETTERS = str.maketrans("0123456789.", "abcdefghij-")
AS_FIGURES = str.maketrans("abcdefghij-", "0123456789.")


def measure_saturation(subject: Subject, database: str, seconds: float) -> Figures:
    with running([server := subject.start_chat(database)]):
        return {"w5-saturation": uvloop.run(_saturate(subject, server, seconds))}


def measure_rates(subject: Subject, database: str, seconds: float) -> Figures:
    with running([server := subject.start_chat(database)]):
        return {
            f"w5-{rate}": uvloop.run(
                _at_rate(subject, server, rate, max(seconds, FEWEST_MESSAGES / rate))
            )
            for rate in RATES
        }


def measure_idle(subject: Subject, database: str, seconds: float) -> Figures:
    with running([server := subject.start_chat(database)]):
        return {"w6": uvloop.run(_idle(subject, server))}


def measure_return(subject: Subject, database: str, seconds: float) -> Figures:
    with running([server := subject.start_chat(database)]):
        return {"w7": uvloop.run(_return(subject, server))}


async def _saturate(subject: Subject, server: Server, seconds: float) -> dict[str, float]:
    """In each conversation one message is under way: who hears it answers."""
    taken: list[float] = []
    counting = stopped = False
    sides: tuple[list[AnySeat], list[AnySeat]] = ([], [])

    def say(conversation: int, side: int) -> None:
        now = f"{time.perf_counter():.7f}".translate(AS_LETTERS)
        sides[side][conversation].say(f"{side} {now} {PADDING}")

    def heard(conversation: int, side: int) -> Callable[[str], None]:
        own = str(side)

        def answer(body: str) -> None:
            author, sent, _ = body.split(" ", 2)
            if author == own:
                return
            if counting:
                taken.append(time.perf_counter() - float(sent.translate(AS_FIGURES)))
            if not stopped:
                say(conversation, side)

        return answer

    for side in (0, 1):
        for n in range(CONVERSATIONS):
            sides[side].append(await subject.join(server, n, side, heard(n, side)))
    for n in range(CONVERSATIONS):
        say(n, 0)
    await asyncio.sleep(1)
    meter, counting = Meter(subject.stack, [server]), True
    await asyncio.sleep(seconds)
    counting = False
    result = meter.per_operation(max(1, len(taken))) | figures.latencies(taken)
    stopped = True
    await asyncio.sleep(0.5)
    await _drop(sides[0] + sides[1])
    return result


async def _at_rate(subject: Subject, server: Server, rate: int, seconds: float) -> dict[str, float]:
    """Message n is due at start + n / rate and its latency counts from then, sent late or not."""
    due: list[float] = []
    taken: list[tuple[int, float]] = []

    def heard(body: str) -> None:
        number = int(body.partition(" ")[0])
        taken.append((number, time.perf_counter() - due[number]))

    listeners = [await subject.join(server, n, 1, heard) for n in range(CONVERSATIONS)]
    senders = [await subject.join(server, n, 0) for n in range(CONVERSATIONS)]
    await asyncio.sleep(0.5)
    warm = max(20, rate // 2)
    total = warm + int(rate * seconds)
    start = time.perf_counter() + 0.05
    for number in range(total):
        due.append(start + number / rate)
        early = due[number] - time.perf_counter()
        await asyncio.sleep(max(early, 0))
        senders[number % CONVERSATIONS].say(f"{number} {PADDING}")
    for _ in range(500):
        if len(taken) == total:
            break
        await asyncio.sleep(0.02)
    await _drop(senders + listeners)
    result = figures.latencies(latency for number, latency in taken if number >= warm)
    return result | {"undelivered": total - len(taken)}


async def _idle(subject: Subject, server: Server) -> dict[str, float]:
    """Memory of the server for each open socket that nobody writes on."""
    seats = await _fill(subject, server, range(IDLE_SOCKETS, IDLE_SOCKETS + WARM_SOCKETS))
    await asyncio.sleep(1)
    before = cpu.pss_kib(server.pid)
    seats += await _fill(subject, server, range(IDLE_SOCKETS))
    await asyncio.sleep(2)
    grown = cpu.pss_kib(server.pid) - before
    await _drop(seats)
    return {"kib_per_socket": grown / IDLE_SOCKETS, "sockets": IDLE_SOCKETS}


async def _return(subject: Subject, server: Server) -> dict[str, float]:
    """Every connection is cut at once; every client connects again and asks what it missed."""
    seats = await _fill(subject, server, range(RETURNING))
    await asyncio.sleep(1)
    await _drop(seats)
    meter = Meter(subject.stack, [server])
    began = time.perf_counter()
    taken: list[float] = []

    async def come_back(number: int) -> AnySeat:
        seat = await subject.join(server, number // 2, number % 2, resume=True)
        taken.append(time.perf_counter() - began)
        return seat

    back = await asyncio.gather(*(come_back(number) for number in range(RETURNING)))
    result = meter.per_operation(RETURNING) | figures.latencies(taken)
    await _drop(list(back))
    return result | {"all_s": max(taken)}


async def _fill(subject: Subject, server: Server, numbers: range) -> list[AnySeat]:
    seats: list[AnySeat] = []
    for first in range(numbers.start, numbers.stop, 100):
        some = range(first, min(first + 100, numbers.stop))
        seats += await asyncio.gather(*(subject.join(server, n // 2, n % 2) for n in some))
    return seats


async def _drop(seats: list[AnySeat]) -> None:
    for seat in seats:
        seat.drop()
    await asyncio.sleep(0.3)
