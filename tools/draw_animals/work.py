"""Drawing one numbered picture into the draft folder: what a worker process does."""

import json
import os
import tempfile
from pathlib import Path

import numpy as np

SEEDS = {"grizzly": 101, "black": 202, "teddy": 303}


def draw_one(job: tuple) -> str:
    "Draw picture `index` of a class unless it is there already; returns what happened in a line."
    species, index, draft = job
    out = Path(draft) / species / f"{index:04d}.jpg"
    if out.exists():
        return f"{out.name} of {species} is there"
    import teddy
    import wild
    from finish import jpeg

    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        draw = teddy.picture if species == "teddy" else wild.picture
        image, words = draw(species, SEEDS[species], index, os.path.join(scratch, "light.exr"))
    quality = int(np.random.default_rng([SEEDS[species], index, 7]).integers(74, 87))
    out.with_suffix(".json").write_text(json.dumps({"words": words}), encoding='utf-8')
    beside = out.with_suffix(".part")
    beside.write_bytes(jpeg(image, quality))
    beside.rename(out)
    return f"{species} {index}: {words}"
