"""From a folder of photos to a trained classifier: our default beside fastai's fine_tune, and beside the floor.

python bench/train_speed.py PHOTOS [--test OTHER] [--json]

light   fit_photos, without torch: everything from the folder to the fitted head; its own photos are judged by cross-validation
ours    bears_dls, bears_learner, fit_head: the same as a fastai Learner
fastai  the same photos and split as ours, the same backbone and weights, vision_learner's head and fine_tune(3) at the course's 224 pixels
kept    the same with KeepNorms: the batch norms keep the averages that they came with
floor   decoding the same photos as `light` and sending them through ONNX Runtime once, and once more with their mirror images: nothing else

Seconds are without imports. Accuracy is that on the photos held back (valid) and, with --test, on a folder that no one trained on."""
import os, warnings
from time import perf_counter

from common import contender, finish, parser, report

warnings.filterwarnings('ignore')

def score(learn, photos:str) -> tuple[int, int]:
    "How many photos of another folder a learner gets right, and of how many."
    from bears_lib.engine.features.fastai_bridge import network_of, preprocess_of
    from bears_lib.engine.core.folders import read_folder
    from bears_lib.engine.predict.onnx_session import run_photos
    found = [photo for photo in read_folder(photos).photos if photo.label in learn.dls.vocab]
    chances = run_photos(network_of(learn), [photo.path for photo in found], preprocess_of(learn.dls))[0]
    return sum(learn.dls.vocab[i] == photo.label for i, photo in zip(chances.argmax(1), found)), len(found)

def judge(learn, seconds:float, test:str, **more) -> None:
    chances, truth = learn.get_preds()[:2]
    finish(seconds=seconds, valid=[int((chances.argmax(1) == truth).sum()), len(truth)], test=score(learn, test) if test else None, **more)

def ours(photos:str, test:str) -> None:
    from bears_lib.train import bears_dls, bears_learner, fit_head
    start = perf_counter()
    dls = bears_dls(photos)
    read = perf_counter()
    learn = bears_learner(dls)
    made = perf_counter()
    fit_head(learn)
    end = perf_counter()
    judge(learn, end - start, test, parts={'read and split': read - start, 'learner': made - read, 'fit_head': end - made})

def light(photos:str, test:str) -> None:
    "Without the cache of features, so that every run does the whole work."
    os.environ['BEARS_CACHE'] = 'off'
    from bears_lib.engine.core.folders import read_folder
    from bears_lib.engine.predict.onnx_session import run_photos
    from bears_lib.train import fit_photos
    start = perf_counter()
    fitted = fit_photos(photos)
    seconds = perf_counter() - start
    tested = None
    if test:
        found = [photo for photo in read_folder(test).photos if photo.label in fitted.labels]
        chances = run_photos(fitted.network, [photo.path for photo in found], fitted.body.preprocess)[0]
        tested = [sum(fitted.labels[i] == photo.label for i, photo in zip(chances.argmax(1), found)), len(found)]
    finish(seconds=seconds, valid=[fitted.judged.right, len(fitted.judged.truth)], test=tested)

def kept(photos:str, test:str) -> None: fastai(photos, test, keep=True)

def fastai(photos:str, test:str, keep:bool=False) -> None:
    from fastai.vision.all import CategoryBlock, DataBlock, ImageBlock, IndexSplitter, RandomResizedCrop, accuracy, aug_transforms, parent_label, set_seed, vision_learner
    import numpy as np
    from bears_lib.engine.features.backbone import default_arch, named_weights
    from bears_lib.engine.features.near_duplicates import read_photos
    from bears_lib.engine.features.split import split_photos
    set_seed(0)
    found = read_photos(photos).photos
    held = np.flatnonzero(split_photos(found))
    start = perf_counter()
    block = DataBlock((ImageBlock, CategoryBlock), get_y=parent_label, splitter=IndexSplitter(held), item_tfms=RandomResizedCrop(224, min_scale=0.5), batch_tfms=aug_transforms())
    learn = vision_learner(block.dataloaders([photo.path for photo in found]), default_arch, pretrained=False, metrics=accuracy)
    body = learn.model[0].model
    body.load_state_dict({name: named_weights()[name] for name in body.state_dict()})
    learn.dls.add_tfms([normalize()], 'after_batch')
    learn.freeze()
    if keep:
        from bears_lib.train import KeepNorms
        learn.add_cb(KeepNorms())
    learn.fine_tune(3)
    judge(learn, perf_counter() - start, test)

def normalize():
    from fastai.vision.all import Normalize
    return Normalize.from_stats((0.5,)*3, (0.5,)*3)

def floor(photos:str, mirrored:str='') -> None:
    from bears_lib.engine.core.folders import read_folder
    from bears_lib.engine.core.photos import Preprocess
    from bears_lib.engine.predict.onnx_session import run_photos
    from bears_lib.engine.predict.packaged_body import packaged_body
    found = read_folder(photos).photos
    start = perf_counter()
    run_photos(packaged_body(), [photo.path for photo in found], Preprocess(), mirror=mirrored == 'mirrored')
    finish(seconds=perf_counter() - start)

def main() -> None:
    options = parser(__doc__)
    options.add_argument('photos')
    options.add_argument('more', nargs='?', default='')
    options.add_argument('--test', default='', help='another folder of class folders, to test on')
    options.add_argument('--repeat', type=int, default=3, help='how often to run the two quick ones; the median counts')
    args = options.parse_args()
    if args.run: return {'light': light, 'ours': ours, 'fastai': fastai, 'kept': kept, 'floor': floor}[args.run](args.photos, args.more)
    def often(name:str, *words) -> dict: return median([contender(name, args.photos, *words) for _ in range(args.repeat)])
    results = {'fit_photos': often('light', args.test), 'bears_learner, fit_head': often('ours', args.test),
               'fastai fine_tune(3)': contender('fastai', args.photos, args.test),
               'the same with KeepNorms': contender('kept', args.photos, args.test),
               'floor': often('floor'), 'floor, mirror images too': often('floor', 'mirrored')}
    rows = [row(name, result) for name, result in results.items()]
    first, mine, theirs, theirs_kept, least, twice = (result['seconds'] for result in results.values())
    parts = ', '.join(f'{name} {seconds:.1f} s' for name, seconds in results['bears_learner, fit_head']['parts'].items())
    report(args, rows, f'fit_photos is {theirs/first:.0f} times faster than fine_tune(3), {theirs_kept/first:.0f} times with KeepNorms; fit_head {theirs/mine:.0f} times ({parts}). '
           f'fit_photos takes {first/least:.2f} times the floor, {first/twice:.2f} times that with mirror images', results=results)

def median(runs:list[dict]) -> dict: return sorted(runs, key=lambda run: run['seconds'])[len(runs)//2]

def row(name:str, result:dict) -> dict:
    from bears_lib.engine.core.common import accuracy_text
    scores = {key: accuracy_text(*result[key]) if result.get(key) else '' for key in ('valid', 'test')}
    return {'way': name, 'seconds': f'{result["seconds"]:.1f}', 'peak MB': result['peak_mb'], **scores}

if __name__ == '__main__': main()
