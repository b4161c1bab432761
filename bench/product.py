"""Our own desk as a subject of the measurements."""

from bench.raw import Raw, RawSeat


class Seat(RawSeat): ...


class Product(Raw):
    name = "helpdesk"
