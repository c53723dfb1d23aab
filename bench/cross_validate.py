"""Five-fold cross-validation of the default head on a folder of photos, in 32 and in 8 bits.

python bench/cross_validate.py PHOTOS [--json]

In each fold the head's strength is chosen inside the training part alone, so no number here was chosen by the photos it is measured on.
Copies stay in one fold. The 8-bit body is calibrated on the drawn sample, and its head is fitted to 8-bit features."""
import warnings
from time import perf_counter

from common import parser, report

warnings.filterwarnings('ignore')

def main() -> None:
    import numpy as np
    from bears_lib.engine.backbone import body_preprocess, create_body, quantize, to_onnx
    from bears_lib.engine.common import accuracy_text
    from bears_lib.engine.duplicates import read_photos
    from bears_lib.engine.head import _folds, fit_linear
    from bears_lib.engine.runtime import run_photos
    options = parser(__doc__)
    options.add_argument('photos')
    args = options.parse_args()
    found = read_photos(args.photos)
    paths, groups = [photo.path for photo in found.photos], np.array([photo.group for photo in found.photos])
    classes = np.array([found.labels.index(photo.label) for photo in found.photos])
    body = create_body()
    steps = body_preprocess(body)
    full = to_onnx(body, steps.size)
    rows = []
    for name, network in (('32 bits', full), ('8 bits', quantize(full, steps))):
        start = perf_counter()
        features = run_photos(network, paths, steps, mirror=True)[0]
        seconds = perf_counter() - start
        right, loss = 0, 0.
        for train, test in _folds(classes, groups):
            chances = fit_linear(features[:, train], classes[train].tolist(), groups[train].tolist()).probabilities(features[0, test])
            right += int((chances.argmax(1) == classes[test]).sum())
            loss -= np.log(np.maximum(chances[np.arange(len(test)), classes[test]], 1e-7)).sum()
        rows.append({'body': name, 'MB': f'{len(network)/1e6:.1f}', 'ms a photo': f'{seconds/len(paths)/2*1000:.1f}', 'cross-validated': accuracy_text(right, len(paths)), 'log loss': f'{loss/len(paths):.3f}'})
    report(args, rows)

if __name__ == '__main__': main()
