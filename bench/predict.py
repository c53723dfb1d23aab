"""`bears-predict` from a cold start with one photo, beside fastai's way (load_learner, then predict) with the same network.

python bench/predict.py PHOTO [--json]"""
import json, subprocess, sys, tempfile, warnings
from pathlib import Path

from common import parser, program, report

warnings.filterwarnings('ignore')

launcher = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps({'seconds': time.perf_counter() - start, 'peak_mb': round(usage.ru_maxrss/1024), 'status': status}))
"""

def measure(*command:str) -> dict:
    "Wall seconds and peak memory of one process, from its start to its end; a small launcher starts it, since a child inherits its parent's peak."
    run = json.loads(subprocess.run([sys.executable, '-S', '-c', launcher, *command], capture_output=True, text=True, check=True).stdout)
    if run['status']: sys.exit(f'{command} failed')
    return run

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
        contenders = {'bears-predict': (program('bears-predict'), f'{folder}/model', args.photo),
                      'load_learner, predict': (sys.executable, '-c', script, f'{folder}/export.pkl', args.photo)}
        best = {name: sorted((measure(*command) for _ in range(args.repeat)), key=lambda run: run['seconds'])[args.repeat//2] for name, command in contenders.items()}
    report(args, [{'way': name, 'seconds': f'{run["seconds"]:.2f}', 'peak MB': run['peak_mb']} for name, run in best.items()], 'Medians, process start to end.', results=best)

if __name__ == '__main__': main()
