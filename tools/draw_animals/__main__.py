"""Draw the bundled sample of bears with Blender.

    python tools/draw_animals --out bears_lib/data/sample

Needs Python 3.11 with `pip install bpy==5.0.1 numpy pillow` (Blender as a module; a contributor's tool,
never a dependency of bears_lib) and, on Debian, `apt-get install libxi6 libxxf86vm1 libxfixes3 libxrender1
libgl1 libxkbcommon0 libsm6 libegl1`. About 5 s a picture on 2 cores without a graphics card: 40 minutes for
the whole sample.

Every picture depends on its class and number alone, so pictures can be drawn in any order, in parallel, and
singly. Numbered drafts are kept beside the output (`<out>-draft`); a run that was stopped goes on where it was.
When all drafts are there they are packed: named by content, listed in metadata.csv, with the faults planted
that faults.csv declares.

Light comes from the sky pictures that Blender brings with it (`datafiles/studiolights/world`, CC0, by Greg Zaal,
polyhaven.com); they light the scene and are not seen in the picture. Everything in view is drawn by this program.
"""

import argparse
import multiprocessing
from pathlib import Path

import sample
from work import draw_one


def main():
    "Read the command line, draw what is missing, pack when complete."
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", type=Path, required=True, help="the sample folder")
    p.add_argument("--draft", type=Path, help="where numbered pictures are kept (default: <out>-draft)")
    p.add_argument("--only", choices=sample.CLASSES, help="draw this class only, and do not pack")
    p.add_argument("--first", type=int, help="draw only the first N pictures of each class, and do not pack")
    p.add_argument("--workers", type=int, default=2, help="processes, each with one thread")
    a = p.parse_args()
    draft = a.draft or a.out.with_name(a.out.name + "-draft")
    jobs = [(s, i, str(draft)) for s in sample.CLASSES if a.only in (None, s) for i in sample.numbers(s)[: a.first]]
    with multiprocessing.get_context("spawn").Pool(a.workers, maxtasksperchild=50) as pool:
        for line in pool.imap_unordered(draw_one, jobs):
            print(line, flush=True)
    if a.only is None and a.first is None:
        print(f"{a.out}: {sample.pack(draft, a.out):,} bytes")


if __name__ == "__main__":
    main()
