"""From numbered drafts to the bundled sample: names, metadata and planted faults."""

import csv
import hashlib
import io
import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from finish import jpeg

CLASSES = ("grizzly", "black", "teddy")
COLUMNS = "file_name,label,group,query,provider,image_url,page_url,author,license,sha256,phash,width,height,fetched_at".split(",")
GOOD = 133  # good pictures a class
SPARE = {"grizzly": 3, "black": 4, "teddy": 2}  # further ones, planted under a wrong label
WRONG = (
    ("black", "grizzly"),
    ("black", "grizzly"),
    ("teddy", "grizzly"),  # (what it shows, where it lies)
    ("grizzly", "black"),
    ("grizzly", "black"),
    ("teddy", "black"),
    ("grizzly", "teddy"),
    ("black", "teddy"),
    ("black", "teddy"),
)
COPIES = (
    ("grizzly", "grizzly", "quality"),
    ("grizzly", "grizzly", "smaller"),
    ("grizzly", "grizzly", "mirror"),
    ("black", "black", "brighter"),
    ("black", "black", "quality"),
    ("black", "black", "smaller"),
    ("teddy", "teddy", "mirror"),
    ("teddy", "teddy", "brighter"),
    ("grizzly", "black", "quality"),
    ("black", "grizzly", "brighter"),
)  # (from, to, how)
LEFT_OUT = {"grizzly": (24, 33, 122), "black": (31, 45, 107), "teddy": ()}  # numbers whose drawing failed to show its animal
PAGE = b"<!doctype html>\n<html><head><title>Moved</title></head>\n<body><p>This picture has moved.</p></body></html>\n"


def numbers(species: str) -> list[int]:
    "Numbers of the pictures of a class: the good ones, then the spare ones."
    need = GOOD + SPARE[species]
    return [i for i in range(need + len(LEFT_OUT[species])) if i not in LEFT_OUT[species]][:need]


def changed(data: bytes, how: str) -> bytes:
    "A near-duplicate of a picture."
    image = Image.open(io.BytesIO(data)).convert("RGB")
    if how == "smaller":
        image = image.resize((image.width * 15 // 16, image.height * 15 // 16), Image.Resampling.LANCZOS)
    elif how == "brighter":
        image = ImageEnhance.Brightness(image).enhance(1.12)
    elif how == "mirror":
        image = ImageOps.mirror(image)
    return jpeg(image, 62 if how == "quality" else 78)


def developed(data: bytes, seed: int) -> bytes:
    "A draft as it goes into the sample: a little brighter, with sensor grain, compressed once more like a web photo."
    image = ImageEnhance.Brightness(Image.open(io.BytesIO(data)).convert("RGB")).enhance(1.15)
    noisy = np.asarray(image, float) + np.random.default_rng(seed).normal(0, 7, (image.height, image.width, 3))
    return jpeg(Image.fromarray(np.clip(noisy + 0.5, 0, 255).astype("uint8")), 75)


class Sample:
    "The sample folder while it is being filled."

    def __init__(self, draft: Path, out: Path):
        self.draft, self.out, self.rows, self.faults = draft, out, [], []

    def store(self, data: bytes, folder: str) -> str:
        "Write a file under its content's name; returns the name within the sample."
        name = f"{folder}/{hashlib.sha256(data).hexdigest()[:16]}.jpg"
        (self.out / folder).mkdir(parents=True, exist_ok=True)
        (self.out / name).write_bytes(data)
        return name

    def add(self, data: bytes, folder: str, group: str, words: str) -> str:
        "Store a readable picture with its row of metadata."
        name = self.store(data, folder)
        width, height = Image.open(io.BytesIO(data)).size
        self.rows.append(
            dict(
                file_name=name,
                label=folder,
                group=group,
                query=words,
                provider="drawn",
                image_url="",
                page_url="",
                author="bears_lib authors",
                license="Apache-2.0",
                sha256="s:" + hashlib.sha256(data).hexdigest(),
                phash="",
                width=width,
                height=height,
                fetched_at="",
            )
        )
        return name

    def fault(self, name: str, kind: str, truth: str = ""):
        "Declare a planted fault."
        self.faults.append(dict(file_name=name, fault=kind, truth=truth))

    def drafted(self, species: str, index: int) -> tuple[bytes, str]:
        "A numbered picture and the words about it."
        path = self.draft / species / f"{index:04d}.jpg"
        return developed(path.read_bytes(), index), json.loads(path.with_suffix(".json").read_text(encoding='utf-8'))["words"]

    def add_good(self) -> dict:
        "All good pictures; returns their names by class."
        names = {}
        for species in CLASSES:
            names[species] = [
                self.add(data, species, f"{species}-{i:04d}", words)
                for i in numbers(species)[:GOOD]
                for data, words in [self.drafted(species, i)]
            ]
        return names

    def plant(self, names: dict):
        "Near-duplicates, wrong labels, a cut file and a page that is no photo."
        rng = np.random.default_rng(4)
        words = {r["file_name"]: r["query"] for r in self.rows}
        picks = {s: list(rng.permutation(GOOD)) for s in CLASSES}
        for source, folder, how in COPIES:
            original = names[source][picks[source].pop()]
            data = changed((self.out / original).read_bytes(), how)
            self.fault(self.add(data, folder, "", words[original]), "near-duplicate", original)
        spare = {s: numbers(s)[GOOD:] for s in CLASSES}
        for shown, folder in WRONG:
            i = spare[shown].pop()
            data, _ = self.drafted(shown, i)
            self.fault(self.add(data, folder, "", ""), "wrong-label", shown)
        whole = jpeg(ImageOps.mirror(Image.open(self.out / names["black"][picks["black"].pop()])), 80)
        self.fault(self.store(whole[: len(whole) * 2 // 5], "black"), "unreadable")
        self.fault(self.store(PAGE, "teddy"), "not-a-photo")

    def write_tables(self):
        "metadata.csv and faults.csv, sorted by file name."
        tables = {"metadata.csv": (COLUMNS, self.rows), "faults.csv": (["file_name", "fault", "truth"], self.faults)}
        for name, (columns, rows) in tables.items():
            with open(self.out / name, "w", newline="", encoding="utf-8") as f:
                table = csv.DictWriter(f, columns, lineterminator="\n")
                table.writeheader()
                table.writerows(sorted(rows, key=lambda r: r["file_name"]))


def pack(draft: Path, out: Path) -> int:
    "Fill the sample folder from the drafts; returns its size in bytes."
    for species in CLASSES:
        shutil.rmtree(out / species, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    sample = Sample(draft, out)
    sample.plant(sample.add_good())
    sample.write_tables()
    return sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
