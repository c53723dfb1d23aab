"""How long the whole report on a folder takes, beside one pass of its photos through the body, and how much memory.

python bench/interpret.py PHOTOS [--count 480] [--json]

PHOTOS is repeated under new names until there are as many as asked for: 5000 shows the memory. The model is trained on the drawn bears, so PHOTOS must hold black, grizzly or teddy."""
import tempfile, time
from pathlib import Path

from common import contender, finish, parser, report


def one_pass(folder:str, model:str) -> None:
    from bears_lib.engine.predict.model_folder import read_model
    from bears_lib.engine.core.folders import read_folder
    from bears_lib.engine.predict.onnx_session import run_photos
    info, network = read_model(model)
    photos = [photo.path for photo in read_folder(folder).photos]
    start = time.perf_counter()
    run_photos(network, photos, info.preprocess)
    finish(seconds=time.perf_counter() - start)

def whole_report(folder:str, model:str) -> None:
    start = time.perf_counter()
    from bears_lib.interpret import bears_report
    result = bears_report(model, folder, to=f'{folder}/../report.html')
    finish(seconds=time.perf_counter() - start, kilobytes=result['bytes']//1000, n=result['n'])

def main() -> None:
    options = parser(__doc__)
    options.add_argument('photos')
    options.add_argument('--count', type=int, default=480)
    options.add_argument('--model')
    args = options.parse_args()
    if args.run: return {'one pass': one_pass, 'report': whole_report}[args.run](args.photos, args.model)
    from bears_lib.deploy import save_model
    from bears_lib.engine.core.folders import read_folder
    from bears_lib.gather import sample_bears
    from bears_lib.train import bears_dls, bears_learner, fit_head
    photos = read_folder(args.photos).photos
    with tempfile.TemporaryDirectory() as place:
        for i in range(args.count):
            photo = photos[i % len(photos)]
            copy = Path(place)/'photos'/photo.label/f'{i}{photo.path.suffix}'
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(photo.path.read_bytes())
        save_model(fit_head(bears_learner(bears_dls(sample_bears()))), f'{place}/model')
        results = {name: contender(name, f'{place}/photos', '--model', f'{place}/model') for name in ('one pass', 'report')}
    few, whole = (results[name]['seconds'] for name in ('one pass', 'report'))
    rows = [{'what': name, 'photos': args.count, 'seconds': f'{each["seconds"]:.1f}', 'peak MB': each['peak_mb'], 'page kB': each.get('kilobytes', '')} for name, each in results.items()]
    report(args, rows, f'The report takes {whole:.1f} s; three passes and 10 s are {3*few + 10:.1f} s.', results=results)

if __name__ == '__main__': main()
