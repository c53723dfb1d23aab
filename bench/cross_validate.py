"""Five-fold cross-validation of the default head on a folder of photos, and what the small model loses.

python bench/cross_validate.py PHOTOS [--json]

In each fold the head's strength is chosen inside the training part alone, so no number here was chosen by the photos it is measured on.
Copies stay in one fold. The head is fitted once, to the features in full; the photos held out then go through both networks."""
import warnings
from time import perf_counter

from common import parser, report

warnings.filterwarnings('ignore')

def main() -> None:
    import numpy as np
    from bears_lib.engine.features.backbone import body_preprocess, create_body, to_onnx
    from bears_lib.engine.predict.packaged_body import shrink
    from bears_lib.engine.core.common import accuracy_text
    from bears_lib.engine.features.near_duplicates import read_photos
    from bears_lib.engine.features.linear_probe import group_folds, fit_linear
    from bears_lib.engine.predict.onnx_session import run_photos
    options = parser(__doc__)
    options.add_argument('photos')
    args = options.parse_args()
    found = read_photos(args.photos)
    paths, groups = [photo.path for photo in found.photos], np.array([photo.group for photo in found.photos])
    classes = np.array([found.labels.index(photo.label) for photo in found.photos])
    body = create_body()
    steps = body_preprocess(body)
    network = to_onnx(body, steps.size)
    networks = {'in full': network, 'small: weights in 8 bits': shrink(network)}
    features, seconds = {}, {}
    for name, each in networks.items():
        start = perf_counter()
        features[name] = run_photos(each, paths, steps, mirror=True)[0]
        seconds[name] = perf_counter() - start
    chances = {name: np.zeros((len(paths), len(found.labels))) for name in networks}
    for train, test in group_folds(classes, groups):
        head = fit_linear(features['in full'][:, train], classes[train].tolist(), groups[train].tolist())
        for name in networks: chances[name][test] = head.probabilities(features[name][0, test])
    rows = []
    for name, said in chances.items():
        loss = -np.log(np.maximum(said[np.arange(len(paths)), classes], 1e-7)).mean()
        rows.append({'network': name, 'MB': f'{len(networks[name])/1e6:.1f}', 'ms a photo': f'{seconds[name]/len(paths)/2*1000:.1f}',
            'cross-validated': accuracy_text(int((said.argmax(1) == classes).sum()), len(paths)), 'log loss': f'{loss:.3f}',
            'same label': f'{(said.argmax(1) == chances["in full"].argmax(1)).mean():.1%}', 'largest difference': f'{np.abs(said - chances["in full"]).max():.3f}'})
    report(args, rows)

if __name__ == '__main__': main()
