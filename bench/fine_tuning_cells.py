"""When does fine-tuning pay? A head alone, the whole network fine-tuned, and one from scratch, on drawn cells.

python bench/fine_tuning_cells.py [--seeds 1] [--epochs 6] [--quick] [--json]
python bench/fine_tuning_cells.py --bears [--seeds 3] [--size 64] [--quick] [--json]

Cells under a microscope, four kinds, 64 pixels (`draw_cells`): pictures far from the photos that the body learnt
from. 50 to 400 of each kind to learn from, 100 of each kind to check with, others for each seed. Fine-tuning starts
from the fitted head and takes 3 epochs; scratch has random weights and more epochs; it runs for the first seed alone,
and up to 200 of each kind, since it takes longest. Small scratch is a network of four layers with 98,708 weights, 10
epochs, with 100 and 400 of each kind.
--bears asks another question: do cells gain more than bears where all else is the same? Drawn cells of three kinds and
the drawn bears: 100 of each kind to learn from, squares of one size, not augmented, 3 epochs, 54 steps, the
rates of the first trial. Each seed draws other cells, holds out other bears, and gives another order of the batches.
--quick is for trying the script: few pictures, one epoch."""
import os, sys, tempfile, warnings
from pathlib import Path
from time import perf_counter

from common import parser, report

warnings.filterwarnings('ignore')
os.environ.setdefault('CI', '1')  # no progress bars

def loaders(folder:Path, n:int):
    "DataLoaders of the first n pictures of each kind, and of all to check with."
    from fastai.vision.all import (CategoryBlock, DataBlock, GrandparentSplitter, ImageBlock, get_image_files,
        parent_label, set_seed)
    set_seed(0)  # the order of the batches is drawn from it
    files = [file for file in sorted(get_image_files(folder)) if 'valid' in file.parts[-3:] or int(file.stem) < n]
    block = DataBlock((ImageBlock, CategoryBlock), get_items=lambda _: files, get_y=parent_label,
        splitter=GrandparentSplitter())
    return block.dataloaders(folder, bs=16, num_workers=0)

def train(learn, epochs:int, rate, seed:int=0) -> list[float]:
    "Accuracy after each epoch with everything in motion."
    from fastai.torch_core import set_seed
    set_seed(seed)
    learn.unfreeze()
    with learn.no_bar(), learn.no_logging(): learn.fit_one_cycle(epochs, rate)
    return [float(values[2]) for values in learn.recorder.values]

def small_network(dls):
    "A Learner with four layers of convolutions and a head, none of it pretrained."
    from fastai.vision.all import AdaptiveConcatPool2d, ConvLayer, Flatten, Learner, accuracy, nn, set_seed
    set_seed(0)
    widths = (3, 16, 32, 64, 128)
    layers = [ConvLayer(before, after, stride=2) for before, after in zip(widths, widths[1:])]
    return Learner(dls, nn.Sequential(*layers, AdaptiveConcatPool2d(1), Flatten(), nn.Linear(256, dls.c)), metrics=accuracy)

def one_way(way:str, dls, epochs:int) -> list[float]:
    "Accuracies by epoch; the last one is the result."
    from bears_lib.train import bears_learner, fit_head
    if way == 'small scratch': return train(small_network(dls), epochs + 4, 1e-2)
    if way == 'scratch': return train(bears_learner(dls, pretrained=False), epochs, 3e-3)
    learn = fit_head(bears_learner(dls))
    if way == 'fine-tuned': return train(learn, min(3, epochs), slice(3e-4, 3e-3))
    with learn.no_bar(): return [float(learn.validate()[1])]

def alike(what:str, folder:Path, n:int, size:int, seed:int):
    "DataLoaders of cells or of bears that differ in nothing but the pictures: about n of each of three kinds to learn from."
    from fastai.vision.all import CategoryBlock, DataBlock, FuncSplitter, ImageBlock, Resize, parent_label, set_seed
    from bears_lib.gather import sample_bears
    from bears_lib.train import bears_dls
    if what == 'bears':  # its split keeps the copies of a photo on one side
        split = bears_dls(sample_bears(), valid_pct=1 - n/139, seed=seed)
        learnt, checked = list(split.train_ds.items), list(split.valid_ds.items)
    else:
        files = [file for file in sorted(folder.rglob('*.png')) if file.parent.name != 'side_two']
        learnt = [file for file in files if file.parts[-3] == 'train' and int(file.stem) < n]
        checked = [file for file in files if file.parts[-3] == 'valid']
    held_out = set(checked)
    set_seed(seed)
    block = DataBlock((ImageBlock, CategoryBlock), get_items=lambda _: learnt + checked, get_y=parent_label,
        splitter=FuncSplitter(held_out.__contains__), item_tfms=Resize(size))
    return block.dataloaders(folder, bs=16, num_workers=0)

def head_and_tuned(what:str, folder:Path, n:int, size:int, seed:int, epochs:int) -> dict:
    "How many pictures the head alone and the fine-tuned network get right."
    from bears_lib.interpret import evaluate
    from bears_lib.train import bears_learner, fit_head
    dls = alike(what, folder, n, size, seed)
    learn = fit_head(bears_learner(dls))
    head = evaluate(learn).right
    train(learn, epochs, slice(3e-4, 3e-3), seed)
    tuned = evaluate(learn).right
    return {'learnt': len(dls.train_ds), 'n': len(head), 'head': int(head.sum()), 'tuned': int(tuned.sum()),
        'gained': int((tuned & ~head).sum()), 'lost': int((head & ~tuned).sum())}

def cells_and_bears(args, seeds:int, n:int, epochs:int, folders:list[Path]) -> None:
    "Cells and bears, all else the same: what fine-tuning gained and lost."
    from bears_lib.engine.core.common import accuracy_text
    rows, runs = [], {}
    for what in ('cells', 'bears'):
        runs[what] = each = [head_and_tuned(what, folders[seed], n, args.size, seed, epochs) for seed in range(seeds)]
        total = {key: sum(run[key] for run in each) for key in each[0]}
        rows.append({'pictures': what, 'pixels': args.size, 'head': accuracy_text(total['head'], total['n']),
            'fine-tuned': accuracy_text(total['tuned'], total['n']), 'gained': total['gained'], 'lost': total['lost'],
            'points by run': ' '.join(f'{100*(run["tuned"] - run["head"])/run["n"]:+.1f}' for run in each)})
    report(args, rows, runs=runs)

def main() -> None:
    from bears_lib.engine.core.common import accuracy_text
    from bears_lib.engine.lessons.cells import cells_folder
    options = parser(__doc__)
    options.add_argument('--seeds', type=int, default=1)
    options.add_argument('--epochs', type=int, default=6, help='for scratch')
    options.add_argument('--quick', action='store_true')
    options.add_argument('--bears', action='store_true', help='cells against bears, all else the same')
    options.add_argument('--size', type=int, default=64, help='with --bears: side of the squares, in pixels')
    args = options.parse_args()
    sizes, valid = ((10, 20), 10) if args.quick else ((50, 100, 200, 400), 100)
    seeds, epochs = (1, 1) if args.quick else (args.seeds, args.epochs)
    results: dict[tuple[str, int], list] = {}
    with tempfile.TemporaryDirectory() as work:
        folders = [cells_folder(Path(work)/str(seed), max(sizes), valid, seed) for seed in range(seeds)]
        if args.bears: return cells_and_bears(args, seeds, 20 if args.quick else 100, min(3, epochs), folders)
        todo = [(way, n, seed) for way in ('head', 'fine-tuned') for seed in range(seeds) for n in sizes]
        todo += [('scratch', n, 0) for n in sizes if n <= 200]
        todo += [('small scratch', n, 0) for n in sizes if n in (20, 100, 400)]
        for way, n, seed in todo:
            start = perf_counter()
            by_epoch = one_way(way, loaders(folders[seed], n), epochs)
            results.setdefault((way, n), []).append((by_epoch, perf_counter() - start))
            print(way, n, 'seed', seed, [round(each, 4) for each in by_epoch], file=sys.stderr, flush=True)
    rows, curves = [], {}
    for (way, n), runs in results.items():
        checked = 4*valid*len(runs)
        right = sum(round(by_epoch[-1]*4*valid) for by_epoch, _ in runs)
        rows.append({'way': way, 'pictures of each kind': n, 'accuracy': accuracy_text(right, checked), 'runs': len(runs),
            'seconds a run': f'{sum(seconds for _, seconds in runs)/len(runs):.0f}'})
        curves[f'{way} {n}'] = {'right': right, 'n': checked, 'by epoch': [by_epoch for by_epoch, _ in runs]}
    report(args, rows, curves=curves)

if __name__ == '__main__': main()
