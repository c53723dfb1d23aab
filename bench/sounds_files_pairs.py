"""The headline figures of the lessons on sounds, files and pairs, beside their plain baselines.

python bench/sounds_files_pairs.py [sounds] [files] [pairs] [--json]

BEARS_DATA names the folder with esc10 and pets37; without it, sounds and pairs are left out. Each choice (which picture, how strong the
regularisation) is made inside the training part of a fold, so no figure is chosen by what it is measured on."""
import os, sys, tempfile, warnings
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from common import parser, report

warnings.filterwarnings('ignore')
os.environ.setdefault('CI', '1')  # no progress bars

def row(lesson:str, what:str, right:int, n:int, start:float) -> dict:
    from bears_lib.engine.core.common import accuracy_text
    return {'lesson': lesson, 'what': what, 'accuracy': accuracy_text(right, n), 'seconds': f'{perf_counter() - start:.0f}'}

def features_of(folder) -> tuple:
    "Photo folder to features of shape (1, n, 1280), class numbers and file names."
    import numpy as np
    from bears_lib.engine.features.backbone import body_features, body_preprocess, create_body
    from bears_lib.engine.core.folders import read_folder
    found, body = read_folder(folder, check=False), create_body()
    classes = np.array([found.labels.index(photo.label) for photo in found.photos])
    return body_features(body, [photo.path for photo in found.photos], body_preprocess(body, resize='squish'))[None], classes, [photo.path.name for photo in found.photos]

def sounds() -> list[dict]:
    "ESC-10, its own five folds."
    import numpy as np
    from bears_lib.engine.lessons.datasets import get_data
    from bears_lib.engine.features.linear_probe import fit_linear
    from bears_lib.engine.lessons.sounds import draw_sounds
    pictures = {'spectrogram': {'mels': None, 'windows': (1024,)}, 'log-mel, 64 rows': {}, 'log-mel, 128 rows': {'mels': 128},
                'log-mel, three windows': {'mels': 128, 'windows': (512, 2048, 8192)}}
    start, drawn = perf_counter(), {}
    with tempfile.TemporaryDirectory() as work:
        for name, options in pictures.items():
            folder = draw_sounds(get_data('esc10'), Path(work)/name, **options)
            drawn[name], classes, files = features_of(folder)
    fold, right, chosen = np.array([int(file[0]) for file in files]), {name: 0 for name in pictures}, 0
    picks, mean = [], 0
    for k in sorted(set(fold)):
        train, test, heads = np.flatnonzero(fold != k), np.flatnonzero(fold == k), {}
        for name, features in drawn.items():
            heads[name] = fit_linear(features[:, train], classes[train].tolist(), fold[train].tolist())
            hits = int((heads[name].probabilities(features[0, test]).argmax(1) == classes[test]).sum())
            right[name] += hits
        mean += int((sum(heads[name].probabilities(drawn[name][0, test]) for name in pictures if name != 'spectrogram').argmax(1) == classes[test]).sum())
        picks.append(max(heads, key=lambda name: heads[name].right))
        chosen += int((heads[picks[-1]].probabilities(drawn[picks[-1]][0, test]).argmax(1) == classes[test]).sum())
    rows = [row('sounds', name, hits, len(fold), start) for name, hits in right.items()]
    return [*rows, row('sounds', 'the picture that did best inside the training folds', chosen, len(fold), start),
            row('sounds', 'mean of the three log-mel pictures', mean, len(fold), start)]

def files() -> list[dict]:
    "Five kinds of files of this machine, five folds by package."
    import numpy as np
    from bears_lib.engine.features.backbone import body_features, body_preprocess, create_body
    from bears_lib.engine.lessons.bitmaps import byte_counts, file_picture, file_window, known_files
    from bears_lib.engine.features.linear_probe import group_folds, fit_linear
    body, start, rows = create_body(), perf_counter(), []
    with tempfile.TemporaryDirectory() as work:
        found = known_files(work)
        kinds = sorted({each.kind for each in found})
        classes, groups = np.array([kinds.index(each.kind) for each in found]), np.array([each.group for each in found])
        for where, at in (('first 4 KB', 0), ('second 4 KB', 4096), ('middle 4 KB', 'middle')):
            contenders = {'byte counts': np.stack([byte_counts(file_window(each.path, at)) for each in found]),
                          'picture': body_features(body, [file_picture(each.path, at) for each in found], body_preprocess(body))}
            for name, features in contenders.items():
                hits = np.zeros(len(found), bool)
                for train, test in group_folds(classes, groups):
                    head = fit_linear(features[None, train], classes[train].tolist(), groups[train].tolist())
                    hits[test] = head.probabilities(features[test]).argmax(1) == classes[test]
                rows.append(row('files', f'{where}, {name}', int(hits.sum()), len(found), start))
    return rows

def pairs() -> list[dict]:
    "The lesson's own code on pets37: each breed held out once. Rounds are counted, since pairs share photos."
    import json, math
    import matplotlib
    import numpy as np
    from bears_lib.engine.lessons.datasets import get_data
    get_data('pets')
    matplotlib.use('Agg')
    notebook = json.loads((Path(__file__).parent.parent/'nbs'/'solutions'/'06_same_or_different.ipynb').read_text(encoding='utf-8'))
    names: dict = {'__name__': 'lesson'}
    start = perf_counter()
    for cell in notebook['cells']:
        if cell['cell_type'] == 'code': exec(''.join(cell['source']), names)
    rows = []
    for name in names['results'][0]:
        values = np.array([result[name] for result in names['results']])
        error = values.std(ddof=1)/math.sqrt(len(values))
        rows.append({'lesson': 'pairs', 'what': name, 'accuracy': f'{values.mean():.1%} ({len(values)} rounds, {values.min():.1%} to {values.max():.1%}, standard error {error:.1%})', 'seconds': f'{perf_counter() - start:.0f}'})
    return rows

lessons: dict[str, Callable[[], list[dict]]] = {'sounds': sounds, 'files': files, 'pairs': pairs}

def main() -> None:
    options = parser(__doc__)
    options.add_argument('lessons', nargs='*', choices=[*lessons, []], help='which to run; all by default')
    args = options.parse_args()
    from bears_lib.engine.core.common import BearsError
    rows = []
    for name in args.lessons or lessons:
        try: rows += lessons[name]()
        except BearsError as error: print(f'{name}: {error}', file=sys.stderr)
    if not rows: sys.exit('No lesson had its data: set BEARS_DATA to the folder that holds it.')
    report(args, rows)

if __name__ == '__main__': main()
