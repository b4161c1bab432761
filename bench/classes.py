"""python -m bench.classes DATA [banking77 clinc150]: how often a type is suggested right.

DATA is a directory with `class_NAME.train.jsonl`, and `.val.jsonl` where a set has one: a text and
its label in each line; the label `oos` is out of scope. Without a second file every fifth text is
held out.
"""

import sys
import time
import zlib
from pathlib import Path

import numpy as np
import orjson

from triage.engine.embedders import load_embedder
from triage.text.kernel import Classes, Numbers, calibration_error
from triage.text.types import SURE, Classifier, rows_of, train

OUT_OF_SCOPE = "oos"
SETS = ("banking77", "clinc150")
FEW = 10  # of each class, for the small training
KEPT = 60  # of each class, as a desk keeps them
MOST = 11_000  # examples that fit the memory of an ordinary machine, all compared with all
Rows = list[tuple[str, str]]


def main(arguments: list[str]) -> int:
    if not arguments or not Path(arguments[0]).is_dir():
        print("Skipped: name the directory of the sets.")
        return 0
    for name in arguments[1:] or SETS:
        path = Path(arguments[0], f"class_{name}.train.jsonl")
        if not path.is_file():
            print(f"{name}: skipped, there is no {path}.")
            continue
        teaching, asked = split(path)
        whole = ("all", teaching)
        if len(teaching) > MOST:
            whole = (f"{KEPT} of each class", few(teaching, KEPT))
        for title, examples in (whole, (f"{FEW} of each class", few(teaching, FEW))):
            print(f"{name}, {title}: {measured(examples, asked)}", flush=True)
    return 0


def read(path: Path) -> Rows:
    lines = map(orjson.loads, path.read_bytes().splitlines())
    return [(row["text"], str(row["label"])) for row in lines]


def split(path: Path) -> tuple[Rows, Rows]:
    rows = [row for row in read(path) if row[1] != OUT_OF_SCOPE]
    other = path.with_name(path.name.replace(".train.", ".val."))
    if other.is_file():
        return rows, read(other)
    held = [zlib.crc32(text.encode()) % 5 == 0 for text, _ in rows]
    return (
        [row for row, out in zip(rows, held, strict=True) if not out],
        [row for row, out in zip(rows, held, strict=True) if out],
    )


def few(rows: Rows, most: int) -> Rows:
    kept: dict[str, int] = {}
    chosen = []
    for text, label in sorted(rows, key=lambda row: zlib.crc32(row[0].encode())):
        kept[label] = kept.get(label, 0) + 1
        chosen += [(text, label)] if kept[label] <= most else []
    return chosen


def measured(examples: Rows, asked: Rows) -> str:
    began = time.perf_counter()
    classifier, _ = train(examples, load_embedder(), "bench")
    trained = time.perf_counter() - began
    began = time.perf_counter()
    likely = probabilities(classifier, [text for text, _ in asked])
    cost = (time.perf_counter() - began) / len(asked) * 1e3
    place = {label: n for n, label in enumerate(classifier.trained.labels)}
    of: Classes = np.array([place.get(label, -1) for _, label in asked])
    inside = of >= 0
    right = (likely.argmax(axis=1) == of)[inside]
    sure = likely.max(axis=1) >= SURE
    told = [
        f"right {100 * right.mean():.1f} %",
        f"calibration error {calibration_error(likely[inside], of[inside]):.3f}",
        f"sure of {100 * sure[inside].mean():.1f} %",
        f"right when sure {100 * right[sure[inside]].mean():.1f} %",
    ]
    if not inside.all():
        told.append(f"not sure out of scope {100 * (~sure[~inside]).mean():.1f} %")
    kind = classifier.trained.embedder or "words alone"
    return f"{', '.join(told)} ({kind}, trained in {trained:.0f} s, {cost:.1f} ms a text)"


def probabilities(classifier: Classifier, texts: list[str]) -> Numbers:
    parts = [
        classifier.trained.probabilities(
            rows_of(texts[at : at + 500], classifier.trained.rarity, classifier.embedder)
        )
        for at in range(0, len(texts), 500)
    ]
    return np.vstack(parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
