"""python -m bench.language DATA: how often the language of a short text is told right.

DATA is a directory with `lang.jsonl`: a text and its language (ISO 639-1) in each line.
"""

import sys
import time
from collections import defaultdict
from pathlib import Path

import orjson

from triage.text.language import is_there, language_of

SAME = {"no": "nb", "nn": "nb"}
LENGTHS = ((20, "up to 20"), (50, "21 to 50"), (100, "51 to 100"), (10**9, "longer"))


def main(arguments: list[str]) -> int:
    path = Path(arguments[0], "lang.jsonl") if arguments else None
    if path is None or not path.is_file():
        print(f"Skipped: there is no {path or 'lang.jsonl'}. Name its directory.")
        return 0
    if not is_there():
        print("Skipped: the detector (eldc) is not installed.")
        return 0
    rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    for title, careful in (("as the form looks", False), ("as the worker looks", True)):
        print(f"\n{title}: {measured(rows, careful)}")
    return 0


def measured(rows: list[dict[str, str]], careful: bool) -> str:
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
    worst = sorted(codes.items(), key=lambda pair: pair[1])[:8]
    everything = [right for rights in by_code.values() for right in rights]
    lines = [
        f"{share(everything):.1f} % of {len(rows)} texts, {cost:.0f} µs each",
        f"  mean of {len(codes)} languages {sum(codes.values()) / len(codes):.1f} %",
        f"  tagged {100 * len(tagged) / len(rows):.1f} %, of which right {share(tagged):.1f} %",
        *(f"  {name} characters: {share(by_length[name]):.1f} %" for _, name in LENGTHS),
        "  worst: " + ", ".join(f"{code} {rate:.0f}" for code, rate in worst),
    ]
    return "\n".join(lines)


def share(rights: list[bool]) -> float:
    return 100 * sum(rights) / max(len(rights), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
