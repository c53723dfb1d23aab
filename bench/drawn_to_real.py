"""Trained on drawn bears, tested on real photos: is the drawing good enough?

python bench/drawn_to_real.py PHOTOS [--drawn FOLDER] [--half develop|report|both] [--json]

The default head is fitted to the whole bundled sample, planted faults included, and asked about every photo in PHOTOS (black, grizzly, teddy).
The same without the planted wrong labels stands beside it. Nothing is fitted to PHOTOS. Its halves are dealt by the hash of each photo,
so that a change of the drawings can be chosen on `develop` and then reported on `report`."""
import csv
from pathlib import Path

from common import parser, report
from drawn_pets import half_of


def drawn_head(folder:Path, skip:set[str]):
    "A head fitted to every readable drawing but `skip`, and the labels it knows."
    from bears_lib.engine.features.backbone import body_features, body_preprocess, create_body
    from bears_lib.engine.features.near_duplicates import read_photos
    from bears_lib.engine.features.linear_probe import fit_linear
    found = read_photos(folder)
    photos = [photo for photo in found.photos if photo.path.relative_to(folder).as_posix() not in skip]
    body = create_body()
    features = body_features(body, [photo.path for photo in photos], body_preprocess(body))[None]
    return fit_linear(features, [found.labels.index(photo.label) for photo in photos], [photo.group for photo in photos]), found.labels, len(photos)

def main() -> None:
    import numpy as np
    from bears_lib.engine.features.backbone import body_features, body_preprocess, create_body
    from bears_lib.engine.core.common import accuracy_text
    from bears_lib.engine.core.folders import read_folder
    from bears_lib.gather import sample_bears
    options = parser(__doc__)
    options.add_argument('photos')
    options.add_argument('--half', choices=('develop', 'report', 'both'), default='both')
    options.add_argument('--drawn', type=Path, default=sample_bears())
    args = options.parse_args()
    with (args.drawn/'faults.csv').open(newline='', encoding='utf-8') as file: wrong = {row['file_name'] for row in csv.DictReader(file) if row['fault'] == 'wrong-label'}
    body = create_body()
    rows, tables = [], {}
    for name, skip in (('as bundled', set()), ('without the planted wrong labels', wrong)):
        head, labels, n = drawn_head(args.drawn, skip)
        real = [photo for photo in read_folder(args.photos).photos if photo.label in labels and args.half in ('both', half_of(photo.path))]
        truth = np.array([labels.index(photo.label) for photo in real])
        said = head.probabilities(body_features(body, [photo.path for photo in real], body_preprocess(body))).argmax(1)
        confusion = np.zeros((len(labels),)*2, int)
        np.add.at(confusion, (truth, said), 1)
        per_class = {label: f'{confusion[i, i]/confusion[i].sum():.1%} of {confusion[i].sum()}' for i, label in enumerate(labels)}
        rows.append({'drawings': name, 'n': n, 'half': args.half, 'right': accuracy_text(int(confusion.trace()), len(truth)), **per_class})
        tables[name] = confusion.tolist()
    words = '\n'.join(f'{name}: rows are the truth, columns the answers ({", ".join(labels)})\n' + '\n'.join(f'  {label:10}' + ''.join(f'{n:6}' for n in line) for label, line in zip(labels, table)) for name, table in tables.items())
    report(args, rows, words, labels=labels, confusion=tables)

if __name__ == '__main__': main()
