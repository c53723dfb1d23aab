"""Drawing one numbered picture into the draft folder: what a worker process does."""

import json
import os
import tempfile
from pathlib import Path

import numpy as np
from breeds import BREEDS

SEEDS = {"grizzly": 101, "black": 202, "teddy": 303} | {breed: 500 + i for i, breed in enumerate(BREEDS)}


def draw_one(job: tuple) -> str:
    """Draw picture `index` of a class unless it is there already; returns what happened in a line.

    With `mask` its mask is drawn too, beside it: a PNG of the same name, whose numbers are those of parts.PARTS.
    """
    species, index, draft, mask = job
    out = Path(draft) / species / f"{index:04d}.jpg"
    if out.exists() and (out.with_suffix(".png").exists() or not mask):
        return f"{out.name} of {species} is there"
    from finish import jpeg
    from PIL import Image

    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        image, words, parts = draw(species, index, os.path.join(scratch, "light.exr"), mask)
    quality = int(np.random.default_rng([SEEDS[species], index, 7]).integers(74, 87))
    out.with_suffix(".json").write_text(json.dumps({"words": words}), encoding="utf-8")
    if mask:
        Image.fromarray(parts).save(out.with_suffix(".png"), optimize=True)
    beside = out.with_suffix(".part")
    beside.write_bytes(jpeg(image, quality))
    beside.rename(out)
    return f"{species} {index}: {words}"


def draw(species: str, index: int, scratch: str, mask: bool) -> tuple:
    "The picture of a class with this number, the words about it, and its mask or None."
    import pets
    import stage
    import teddy
    import wild

    make = teddy.picture if species == "teddy" else pets.picture if species in BREEDS else wild.picture
    image, words = make(species, SEEDS[species], index, scratch)
    return image, words, stage.render_mask(scratch) if mask else None
