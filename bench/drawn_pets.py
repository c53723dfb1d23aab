"""Trained on drawn cats and dogs, tested on real photos: is the drawing good enough?

python bench/drawn_pets.py PHOTOS [--drawn FOLDER] [--half develop|report|both] [--json]

PHOTOS holds pets37 (one folder for each breed) and cats_dogs (cat, dog). The default head is fitted to the drawn pets alone:
once to their breeds, once to cat or dog. The real photos are split in two halves by the hash of their content: drawings are
improved on the half `develop` and reported on the half `report`; nothing is fitted to either."""
import hashlib
from pathlib import Path

from common import parser, report


def half_of(path:Path) -> str:
    "To which half a photo belongs."
    return 'report' if hashlib.sha256(path.read_bytes()).digest()[0] % 2 else 'develop'

def real_photos(root:Path, labels:list[str], half:str) -> list[tuple[Path, str]]:
    "The photos of some folders that belong to a half, with their folders' names."
    found = [(path, label) for label in labels for path in sorted((root/label).glob('*.jpg'))]
    return [(path, label) for path, label in found if half in ('both', half_of(path))]

def main() -> None:
    import numpy as np
    from bears_lib.engine.core.common import accuracy_text
    from bears_lib.engine.core.folders import read_folder
    from bears_lib.engine.features.backbone import body_features, body_preprocess, create_body
    from bears_lib.engine.features.linear_probe import fit_linear
    options = parser(__doc__)
    options.add_argument('photos', type=Path)
    options.add_argument('--drawn', type=Path, help='one folder of drawings for each breed (default: the package bears_lib_pets)')
    options.add_argument('--half', choices=('develop', 'report', 'both'), default='report')
    args = options.parse_args()
    if args.drawn is None:
        from bears_lib.engine.lessons.datasets import get_data
        args.drawn = get_data('pets_drawn')
    body = create_body()
    look = lambda paths, **more: body_features(body, paths, body_preprocess(body), **more)
    animal = lambda breed: 'cat' if breed[0].isupper() else 'dog'
    drawn = read_folder(args.drawn)
    seen, breeds = look([photo.path for photo in drawn.photos], mirror=True), list(drawn.labels)
    groups = list(range(len(drawn.photos)))
    tests = {'pets37': real_photos(args.photos/'pets37', breeds, args.half), 'cats_dogs': real_photos(args.photos/'cats_dogs', ['cat', 'dog'], args.half)}
    features = {name: look([path for path, _ in photos]) for name, photos in tests.items()}
    rows, words = [], []
    for task, labels, naming, sets in (('breed', breeds, lambda b: b, ['pets37']), ('cat or dog', ['cat', 'dog'], animal, list(tests))):
        head = fit_linear(seen, [labels.index(naming(photo.label)) for photo in drawn.photos], groups)
        for name in sets:
            truth = np.array([labels.index(naming(label) if name == 'pets37' else label) for _, label in tests[name]])
            predicted = head.probabilities(features[name]).argmax(1)
            rows.append({'question': task, 'photos': name, 'half': args.half, 'drawn': len(drawn.photos), 'right': accuracy_text(int((truth == predicted).sum()), len(truth))})
            for i, label in enumerate(labels):
                own = predicted[truth == i]
                wrong = ', '.join(f'{labels[k]} {n}' for k, n in enumerate(np.bincount(own, minlength=len(labels))) if n and k != i)
                words.append(f'{task}, {name}: {label}: {(own == i).sum()} of {len(own)}' + (f'; taken for {wrong}' if wrong else ''))
    report(args, rows, '\n'.join(words))

if __name__ == '__main__': main()
