"""From numbered drafts to the folders of the package of pets."""

import csv
import json
import shutil
from pathlib import Path

from breeds import BREEDS

CLASSES = tuple(BREEDS)
GOOD = 30  # pictures a breed
LEFT_OUT = {"pug": (4,), "newfoundland": (0,)}  # numbers whose drawing failed to show its animal, by breed


def numbers(breed: str) -> list[int]:
    "Numbers of the pictures of a breed."
    left_out = LEFT_OUT.get(breed, ())
    return [i for i in range(GOOD + len(left_out)) if i not in left_out]


def pack(draft: Path, out: Path) -> int:
    "Fill `pictures`, `masks` and metadata.csv from the drafts; returns their size in bytes."
    rows = []
    for kind in ("pictures", "masks"):
        shutil.rmtree(out / kind, ignore_errors=True)
    for breed in CLASSES:
        for i in numbers(breed):
            drawn = draft / breed / f"{i:04d}.jpg"
            for kind, source in (("pictures", drawn), ("masks", drawn.with_suffix(".png"))):
                if source.exists():
                    (out / kind / breed).mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, out / kind / breed / f"{breed}_{i}{source.suffix}")
            words = json.loads(drawn.with_suffix(".json").read_text(encoding="utf-8"))["words"]
            rows.append((f"{breed}/{breed}_{i}.jpg", BREEDS[breed].kind, breed, words))
    with open(out / "metadata.csv", "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([("file_name", "animal", "breed", "description"), *rows])
    return sum(p.stat().st_size for kind in ("pictures", "masks") for p in (out / kind).rglob("*") if p.is_file())
