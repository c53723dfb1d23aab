"""Draw the bundled sample of bears, or the package of cats and dogs, with Blender.

    python tools/draw_animals bears --out bears_lib/data/sample
    python tools/draw_animals pets --masks --out bears_lib_pets

Needs Python 3.11 with `pip install bpy==5.0.1 numpy pillow` (Blender as a module; a contributor's tool,
never a dependency of bears_lib) and, on Debian, `apt-get install libxi6 libxxf86vm1 libxfixes3 libxrender1
libgl1 libxkbcommon0 libsm6 libegl1`. About 5 s a bear and 3 s a pet on 2 cores without a graphics card: 40 minutes
for the whole sample of bears, 20 for the pets.

Every picture depends on its class and number alone, so pictures can be drawn in any order, in parallel, and
singly. Numbered drafts are kept beside the output (`<out>-draft`); a run that was stopped goes on where it was.
When all drafts are there they are packed: the bears named by content, listed in metadata.csv, with the faults planted
that faults.csv declares; the pets by breed and number.

`--masks` draws a mask beside each picture: a PNG of the same size whose numbers say what a pixel shows
(0 background, 1 head, 2 body, 3 legs, 4 eyes and nose).

The bears' light comes from the sky pictures that Blender brings with it (`datafiles/studiolights/world`, CC0, by Greg
Zaal, polyhaven.com); they light the scene and are not seen in the picture. Everything in view is drawn by this program.
"""

import argparse
import multiprocessing
from pathlib import Path

import pet_package
import sample
from breeds import BREEDS
from work import draw_one


def main():
    "Read the command line, draw what is missing, pack when complete."
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=("bears", "pets"), help="which animals")
    p.add_argument("--out", type=Path, required=True, help="the folder to fill")
    p.add_argument("--draft", type=Path, help="where numbered pictures are kept (default: <out>-draft)")
    p.add_argument("--only", choices=(*sample.CLASSES, *BREEDS), help="draw this class only, and do not pack")
    p.add_argument("--first", type=int, help="draw only the first N pictures of each class, and do not pack")
    p.add_argument("--workers", type=int, default=2, help="processes, each with one thread")
    p.add_argument("--masks", action="store_true", help="draw a mask beside each picture")
    a = p.parse_args()
    kit = sample if a.what == "bears" else pet_package
    draft = a.draft or a.out.with_name(a.out.name + "-draft")
    wanted = {s: kit.numbers(s)[: a.first] for s in kit.CLASSES if a.only in (None, s)}
    jobs = [(s, some[k], str(draft), a.masks) for k in range(max(map(len, wanted.values()))) for s, some in wanted.items() if k < len(some)]
    with multiprocessing.get_context("spawn").Pool(a.workers, maxtasksperchild=50) as pool:
        for line in pool.imap_unordered(draw_one, jobs):
            print(line, flush=True)
    if a.only is None and a.first is None:
        print(f"{a.out}: {kit.pack(draft, a.out):,} bytes")


if __name__ == "__main__":
    main()
