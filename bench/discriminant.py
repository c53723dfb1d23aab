"""How far a discriminant should draw the common shape towards a ball, on clean labels and on wrong ones.

python bench/discriminant.py PHOTOS [--wrong 0,0.1,0.2] [--json]

Five folds, copies kept together. That share of the labels of the training photos is replaced by another class's; the photos held out
keep their own. Features are those of the default body and are remembered, so a second run is quick."""
from common import parser, report

shares = (0.3, 0.5, 0.8, 0.95)

def main() -> None:
    import numpy as np
    from bears_lib.engine.core.common import accuracy_text
    from bears_lib.engine.features.lda import fit_discriminant
    from bears_lib.engine.features.linear_probe import group_folds
    from bears_lib.engine.features.near_duplicates import read_photos
    from bears_lib.engine.features.photo_features import load_body, photo_features
    options = parser(__doc__)
    options.add_argument('photos')
    options.add_argument('--wrong', default='0,0.1,0.2', help='shares of wrong labels')
    args = options.parse_args()
    found = read_photos(args.photos)
    classes, groups = np.array([found.labels.index(photo.label) for photo in found.photos]), [photo.group for photo in found.photos]
    features = photo_features(load_body(), found.photos, mirror=True).astype(np.float32)
    rows = []
    for wrong in map(float, args.wrong.split(',')):
        rng, said = np.random.default_rng(1), classes.copy()
        moved = rng.random(len(classes)) < wrong
        said[moved] = (classes[moved] + rng.integers(1, classes.max() + 1, moved.sum())) % (classes.max() + 1)
        row = {'photos': len(classes), 'classes': classes.max() + 1, 'wrong labels': f'{wrong:.0%}'}
        for share in shares:
            right = 0
            for train, test in group_folds(classes, groups):
                head = fit_discriminant(features[:, train], said[train].tolist(), share)
                right += int((head.probabilities(features[0, test]).argmax(1) == classes[test]).sum())
            row[f'drawn {share:g}'] = accuracy_text(right, len(classes))
        rows.append(row)
    report(args, rows)

if __name__ == '__main__': main()
