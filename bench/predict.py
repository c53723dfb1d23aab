"""`bears-predict` from a cold start with one photo, beside fastai's way (load_learner, then predict) with the same network.

python bench/predict.py PHOTO [--json]"""
import os, subprocess, sys, tempfile, warnings
from pathlib import Path
from time import perf_counter

from common import parser, report

warnings.filterwarnings('ignore')

def measure(*command:str) -> dict:
    "Wall seconds and peak memory of one process, from its start to its end."
    start = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status: sys.exit(f'{command} failed')
    return {'seconds': perf_counter() - start, 'peak_mb': round(usage.ru_maxrss/1024)}

def main() -> None:
    options = parser(__doc__)
    options.add_argument('photo')
    options.add_argument('--repeat', type=int, default=5)
    args = options.parse_args()
    from bears_lib.deploy import save_model
    from bears_lib.gather import sample_bears
    from bears_lib.train import bears_dls, bears_learner, fit_head
    with tempfile.TemporaryDirectory() as folder:
        learn = fit_head(bears_learner(bears_dls(sample_bears(), batch_tfms=[])))
        save_model(learn, f'{folder}/model')
        learn.path = Path(folder)
        learn.export('export.pkl')
        script = 'import sys; from fastai.vision.all import *; load_learner(sys.argv[1]).predict(sys.argv[2])'
        contenders = {'bears-predict': (str(Path(sys.executable).with_name('bears-predict')), f'{folder}/model', args.photo),
                      'load_learner, predict': (sys.executable, '-c', script, f'{folder}/export.pkl', args.photo)}
        best = {name: sorted((measure(*command) for _ in range(args.repeat)), key=lambda run: run['seconds'])[args.repeat//2] for name, command in contenders.items()}
    report(args, [{'way': name, 'seconds': f'{run["seconds"]:.2f}', 'peak MB': run['peak_mb']} for name, run in best.items()], 'Medians, process start to end.', results=best)

if __name__ == '__main__': main()
