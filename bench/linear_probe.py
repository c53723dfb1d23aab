"""Fitting the head: ours beside scikit-learn's solver, as this library used it before, on the same folds.

python bench/linear_probe.py PHOTOS [--json]

The features are those of the default body; larger sets are copies with noise added. Seconds are those of the processor. `memory` is what a
fit needs above its features. The last column compares the probabilities of the last fit with those of the optimum, found in 64 bits with a tolerance a thousand times
smaller; it is left out
for the largest set, where that takes minutes. With the tolerance that it had before (1e-4), scikit-learn stopped short of the optimum."""
import tempfile
from pathlib import Path
from time import process_time

from common import contender, finish, parser, report

sizes, exact_up_to = (480, 4000, 12000), 4000
contenders = {'ours': None, 'scikit-learn as before': 1e-4, 'scikit-learn, as exact': 1e-6}  # with its tolerance

def grown(stored:str, n:int):
    "float32 features of shape (2, n, features), labels and groups."
    import numpy as np
    with np.load(stored) as found: features, labels = found['features'], found['labels']
    which, rng = np.arange(n) % len(labels), np.random.default_rng(0)
    grown = np.empty((len(features), n, features.shape[2]), np.float32)
    for view, looks in zip(grown, features): view[:] = looks[which]
    for start in range(len(labels), n, len(labels)): grown[:, start:start + len(labels)] += rng.normal(scale=0.5*features.std(), size=grown[:, start:start + len(labels)].shape).astype(np.float32)
    return grown, labels[which]

def with_scikit_learn(features, labels, tol:float=1e-4):
    "What `fit_linear` did before: five folds, three strengths, warm starts, and the last fit."
    import warnings
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits
    from bears_lib.engine.features.linear_probe import Head, _doubted, _enough, group_folds, strengths
    def fit_once(model, features, strength, labels):
        middle = features.mean((0, 1))
        model.set_params(C=strength/len(features)).fit((features - middle).reshape(-1, features.shape[2]), np.tile(labels, len(features)))
        return Head(model.coef_.astype(np.float32), (model.intercept_ - model.coef_ @ middle).astype(np.float32), strength)
    warnings.simplefilter('ignore')
    size = np.float32(np.sqrt(np.mean(np.square(features))))
    scaled, folds = features/size, group_folds(labels, range(len(labels)))
    part, chances = _enough(labels, folds, range(len(labels))), np.full((len(strengths), len(labels), labels.max() + 1), np.nan)
    with threadpool_limits(1):
        for train, test in folds:
            model, train, test = LogisticRegression(warm_start=True, tol=tol, max_iter=20000), train[part[train]], test[part[test]]
            for i, strength in enumerate(strengths): chances[i, test] = fit_once(model, scaled[:1, train], strength, labels[train]).probabilities(scaled[0, test])
        best = int(np.nanargmin(-np.nanmean(np.log(np.maximum(chances[:, np.arange(len(labels)), labels], 1e-7)), axis=1)))
        keep = np.setdiff1d(np.arange(len(labels)), _doubted(chances[best], labels))
        head = fit_once(LogisticRegression(warm_start=True, tol=tol, max_iter=20000), scaled[:, keep], strengths[best], labels[keep])
    return Head(head.weight/size, head.bias, head.strength), keep

def optimum(features, labels, strength:float):
    "The best weights of that strength, in 64 bits."
    import numpy as np
    from bears_lib.engine.features.linear_probe import _fit, _ready
    rows = _ready(features.astype(float))
    rows.values = rows.values.astype(float)
    start = np.zeros((rows.values.shape[2], 1, labels.max() + 1))
    return rows.head(_fit(rows.values, labels, np.ones((len(labels), 1)), strength, start, slope=1e-6)[:, 0], strength)

def run(name:str, stored:str, n:int) -> None:
    import resource
    import numpy as np
    import bears_lib.engine.features.linear_probe as probe
    features, labels = grown(stored, n)
    if name != 'ours': import sklearn.linear_model
    def peak() -> float: return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024
    before, start = peak(), process_time()
    if name == 'ours':
        head = probe.fit_linear(features, labels)
        keep = np.setdiff1d(np.arange(n), head.doubted)
    else: head, keep = with_scikit_learn(features, labels, contenders[name])
    seconds, memory = process_time() - start, peak() - before
    gap = ''
    if n <= exact_up_to: gap = f'{np.abs(head.probabilities(features[0]) - optimum(features[:, keep], labels[keep], head.strength).probabilities(features[0])).max():.1e}'
    finish(photos=n, solver=name, seconds=round(seconds, 2), memory=f'{memory:.0f} MB', strength=head.strength, to_the_optimum=gap)

def main() -> None:
    import numpy as np
    options = parser(__doc__)
    options.add_argument('photos')
    options.add_argument('n', nargs='?', type=int)
    args = options.parse_args()
    if args.run: return run(args.run, args.photos, args.n)
    from bears_lib.engine.features.backbone import body_features, body_preprocess, create_body
    from bears_lib.engine.features.near_duplicates import read_photos
    found, body = read_photos(args.photos), create_body()
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder)/'features.npz'
        np.savez(stored, features=body_features(body, [photo.path for photo in found.photos], body_preprocess(body), mirror=True),
            labels=[found.labels.index(photo.label) for photo in found.photos])
        report(args, [contender(name, str(stored), str(n)) for n in sizes for name in contenders if n <= exact_up_to or 'exact' not in name])

if __name__ == '__main__': main()
