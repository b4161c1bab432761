"""How often the language of a short text is told right: while it is typed, and by the worker.

The set is `lang.jsonl`, somebody else's: a text and its language (ISO 639-1) in each line.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import orjson

from triage.engine.labelled import directory_of
from triage.text.language import is_there, language_of

SAME = {"no": "nb", "nn": "nb"}
LENGTHS = ((20, "up to 20"), (50, "21 to 50"), (100, "51 to 100"), (10**9, "longer"))


def measure_language(data: Path) -> Iterator[tuple[str, str, dict[str, float]]]:
    path = directory_of(data) / "lang.jsonl"
    if not path.is_file() or not is_there():
        return
    rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    for subject, careful in (("typing", False), ("helpdesk", True)):
        yield "language", subject, measured(rows, careful)


def measured(rows: list[dict[str, str]], careful: bool) -> dict[str, float]:
    language_of("the first text loads the models", careful)
    began = time.perf_counter()
    found = [language_of(row["text"], careful) for row in rows]
    cost = (time.perf_counter() - began) / len(rows) * 1e6
    by_length: dict[str, list[bool]] = defaultdict(list)
    by_code: dict[str, list[bool]] = defaultdict(list)
    tagged: list[bool] = []
    for row, told in zip(rows, found, strict=True):
        right = SAME.get(told.code, told.code) == SAME.get(row["lang"], row["lang"])
        place = next(name for most, name in LENGTHS if len(row["text"]) <= most)
        by_length[place].append(right)
        by_code[row["lang"]].append(right)
        tagged += [right] if told.sure else []
    codes = {code: share(rights) for code, rights in by_code.items()}
    everything = [right for rights in by_code.values() for right in rights]
    return {
        "texts": float(len(rows)),
        "right": share(everything),
        "mean_of_languages": sum(codes.values()) / len(codes),
        "tagged": 100 * len(tagged) / len(rows),
        "right_when_tagged": share(tagged),
        "us_a_text": cost,
        **{f"right_{name.replace(' ', '_')}": share(by_length[name]) for _, name in LENGTHS},
        **{f"right_{code}": codes[code] for code in sorted(codes, key=codes.__getitem__)[:8]},
    }


def share(rights: list[bool]) -> float:
    return 100 * sum(rights) / max(len(rights), 1)
