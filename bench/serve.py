"""A saved model at work, beside a fastai `Learner` with the same backbone: one photo, many photos, and a cold start.

python bench/serve.py [PHOTOS] [--n 500] [--repeat 5] [--app] [--json]

PHOTOS is a folder of photos; without it the drawn sample is used. --app adds the app under load (bench/serve_app.py)."""
import os, subprocess, sys, tempfile, warnings
from pathlib import Path
from statistics import median
from time import perf_counter

from common import contender, finish, parser, report
from predict import measure

warnings.filterwarnings('ignore')

cold_ours = 'import sys; from bears_lib.deploy import Classifier; Classifier(sys.argv[1] + "/model")(sys.argv[2])'
cold_fastai = 'import sys; from fastai.vision.all import *; load_learner(sys.argv[1] + "/export.pkl").predict(sys.argv[2])'

def make(folder:str) -> None:
    "Train on the drawn sample; save the same model both ways."
    from bears_lib.deploy import save_model
    from bears_lib.gather import sample_bears
    from bears_lib.train import bears_dls, bears_learner, fit_head
    learn = fit_head(bears_learner(bears_dls(sample_bears())))
    save_model(learn, f'{folder}/model')
    learn.path = Path(folder)
    learn.export('export.pkl')
    finish()

def warm(folder:str, photos:list[str], rounds:int) -> None:
    "Both ways in one process, in turn, so that whatever else the machine does slows both."
    from fastai.vision.all import load_learner
    from bears_lib.deploy import Classifier
    learn, ask = load_learner(f'{folder}/export.pkl'), Classifier(f'{folder}/model')
    def batch(photos): return learn.get_preds(dl=learn.dls.test_dl(photos, bs=64, num_workers=os.cpu_count()))
    ways = {'one': (ask, learn.predict, photos[:30]), 'many': (ask.many, batch, [photos]*rounds)}
    seconds: dict = {}
    with learn.no_bar(), learn.no_logging():
        for name, (ours, theirs, items) in ways.items():
            ours(items[0] if name == 'one' else photos[:4]), theirs(items[0] if name == 'one' else photos[:4])
            for item in items:
                for way, do in (('ours', ours), ('fastai', theirs)):
                    start = perf_counter()
                    do(item)
                    seconds.setdefault(f'{name} {way}', []).append(perf_counter() - start)
    finish(**{name: median(each) for name, each in seconds.items()})

def row(what:str, ours:float, theirs:float, goal:float, unit:str) -> dict:
    return {'what': what, 'ours': f'{ours:.3g} {unit}', 'fastai': f'{theirs:.3g} {unit}', 'ratio': f'{theirs/ours:.1f}', 'goal': f'{goal:g}', 'reached': 'yes' if theirs/ours >= goal else 'NO'}

def main() -> None:
    options = parser(__doc__)
    options.add_argument('photos', nargs='?', default='')
    options.add_argument('--n', type=int, default=500, help='photos to look at together')
    options.add_argument('--repeat', type=int, default=5, help='cold starts')
    options.add_argument('--rounds', type=int, default=3, help='times that all photos are looked at')
    options.add_argument('--app', action='store_true', help='the app under load as well')
    options.add_argument('--folder', help='where the models are')
    args = options.parse_args()
    if args.run == 'make': return make(args.folder)
    from bears_lib.engine.core.folders import read_folder, sample_folder
    found = [str(photo.path) for photo in read_folder(args.photos or sample_folder()).photos]
    photos = (found*(args.n//len(found) + 1))[:args.n]
    if args.run == 'warm': return warm(args.folder, photos, args.rounds)
    with tempfile.TemporaryDirectory() as folder:
        contender('make', '--folder', folder)
        one = contender('warm', *([args.photos] if args.photos else []), '--folder', folder, '--n', str(args.n), '--rounds', str(args.rounds))
        colds = [[measure(sys.executable, '-c', code, folder, photos[0]) for code in (cold_ours, cold_fastai)] for _ in range(args.repeat)]
        cold = [{key: median(pair[i][key] for pair in colds) for key in ('seconds', 'peak_mb')} for i in (0, 1)]
        rows = [row('one photo, warm, decoding included', one['one ours']*1000, one['one fastai']*1000, 4, 'ms'), row(f'{args.n} photos together', one['many ours'], one['many fastai'], 3, 's'),
                row('cold start to the first prediction', cold[0]['seconds'], cold[1]['seconds'], 5, 's'), row('its peak memory', cold[0]['peak_mb'], cold[1]['peak_mb'], 5, 'MB')]
        report(args, rows, 'Medians; fastai: learn.predict, learn.get_preds, load_learner. The goal is a ratio.')
        if args.app: subprocess.run([sys.executable, str(Path(__file__).with_name('serve_app.py')), *(['--json'] if args.json else [])], check=True)

if __name__ == '__main__': main()
