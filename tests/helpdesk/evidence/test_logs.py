"""Logs in pages and searched, read by ranges only."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helpdesk.core.settings import Settings
from helpdesk.core.storage import open_storage
from helpdesk.evidence.logs import HITS, READ, SHOWN, LineIndex, Log, harmless


async def stored(home: Path, content: bytes, piece: int = 100_003) -> Log:
    storage = open_storage(Settings(data_dir=home))
    index = LineIndex()

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(content), piece):
            index.feed(content[at : at + piece])
            yield content[at : at + piece]

    found = await storage.put(chunks())
    return Log.of(storage, found.sha256, found.size, index.details)


def numbered(count: int, width: int = 0) -> bytes:
    return b"".join(b"line %d %s\n" % (number, b"x" * width) for number in range(1, count + 1))


async def test_every_line_is_found_by_its_number(tmp_path: Path) -> None:
    log = await stored(tmp_path, numbered(50_000, 20))
    assert log.lines == 50_000
    for first in (1, 2, 1_999, 25_000, 49_990, 50_000):
        lines = await log.page(first, 5)
        assert lines[0].number == first
        assert lines[0].text.startswith(f"line {first} ")
        assert [line.number for line in lines] == list(range(first, min(first + 5, 50_001)))


@pytest.mark.parametrize(
    ("content", "lines"),
    [(b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\n\n\n", 3), (b"a\r\nb\r\n", 2)],
)
async def test_lines_are_counted_as_people_count_them(
    tmp_path: Path, content: bytes, lines: int
) -> None:
    log = await stored(tmp_path, content)
    assert log.lines == lines
    assert len(await log.page(1)) == lines


async def test_one_line_of_many_megabytes_is_shown_cut_and_stepped_over(tmp_path: Path) -> None:
    log = await stored(tmp_path, b"first\n" + b"y" * 5_000_000 + b"\nthird\n" + numbered(10))
    first, long, third, fourth = (await log.page(1))[:4]
    assert (first.text, first.cut) == ("first", False)
    assert (len(long.text), long.cut) == (SHOWN, True)
    assert (third.number, third.text, third.cut) == (3, "third", False)
    assert fourth.text.startswith("line 1")


async def test_a_file_without_any_line_break_is_one_line(tmp_path: Path) -> None:
    log = await stored(tmp_path, b"z" * (READ * 3))
    (only,) = await log.page(1)
    assert log.lines == 1
    assert only.cut


async def test_the_index_stays_small_whatever_the_lines(tmp_path: Path) -> None:
    for content in (b"\n" * 3_000_000, numbered(100_000), b"q" * 3_000_000):
        index = LineIndex()
        index.feed(content)
        assert len(index.details["marks"]) <= 3_000_000 // 65_536 + 2


async def test_search_finds_lines_with_their_numbers_whatever_the_case(tmp_path: Path) -> None:
    content = numbered(60_000, 30).replace(b"line 31234 ", b"ERROR 31234 ")
    log = await stored(tmp_path, content)
    found = await log.search("error")
    assert [line.number for line in found.hits] == [31_234]
    assert found.next_start is None
    assert found.hits[0].text.startswith("ERROR 31234")


async def test_search_goes_on_where_it_stopped_and_shows_each_line_once(tmp_path: Path) -> None:
    log = await stored(tmp_path, numbered(40_000, 40))
    numbers: list[int] = []
    start, line = 0, 0
    for _ in range(1_000):
        found = await log.search("line", start, line)
        assert len(found.hits) <= HITS
        numbers += [hit.number for hit in found.hits]
        if found.next_start is None or len(numbers) > 3_000:
            break
        start, line = found.next_start, found.next_line
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 3_000


async def test_words_across_two_blocks_are_found_once(tmp_path: Path) -> None:
    for shift in range(6):
        content = b"a" * (1024 * 1024 - 3 - shift) + b"needle and more\nneedle\n"
        log = await stored(tmp_path / str(shift), content)
        assert [line.number for line in (await log.search("needle")).hits] == [1, 2]


async def test_a_long_line_with_many_hits_is_shown_once(tmp_path: Path) -> None:
    log = await stored(tmp_path, b"needle " * 500_000 + b"\nneedle\n")
    assert [line.number for line in (await log.search("NEEDLE")).hits] == [1, 2]


def test_hostile_text_is_shown_harmlessly() -> None:
    assert harmless("\x1b[31mred\x1b[0m") == "red"
    assert harmless("\x1b]0;title\x07x") == "x"
    assert harmless("a\0b\x07") == "a\u2400b\u2407"
    assert "\u202e" not in harmless("a\u202eb")
    assert harmless("a\u202eb") == "a⟨U+202E⟩b"
    assert len(harmless("e" + "\u0301" * 500)) < 20
    assert harmless("<b>&") == "<b>&"  # the page escapes it
