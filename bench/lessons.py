"""The headline figure of each lesson beside its plain baseline, on the data that BEARS_DATA names.

python bench/lessons.py [--only pets] [--json]

Accuracy is cross-validated in five folds, with copies of a photo in one fold; nothing is fitted to what is judged. What was chosen for a lesson
(how often to look, at which sizes, with which head) was chosen on these same photos among a few dozen tries, so new photos may give a point less."""
import sys, warnings
from time import perf_counter

from common import parser, report

warnings.filterwarnings('ignore')

class Photos:
    "A folder of photos, their classes and folds."
    def __init__(self, name:str):
        import numpy as np
        from bears_lib.engine.lessons.datasets import get_data
        from bears_lib.engine.features.near_duplicates import read_photos
        found = read_photos(get_data(name))
        self.files, self.groups = [photo.path for photo in found.photos], np.array([photo.group for photo in found.photos])
        self.classes = np.array([found.labels.index(photo.label) for photo in found.photos])

    def folds(self, shuffle:int=0) -> list:
        from sklearn.model_selection import StratifiedGroupKFold
        return list(StratifiedGroupKFold(5, shuffle=True, random_state=shuffle).split(self.classes, self.classes, self.groups))

    def look(self, arch:str='tf_efficientnet_lite0', size:int=256, resize:str='crop', mirror:bool=True):
        "Features of shape (views, n, features)."
        from bears_lib.engine.features.backbone import body_features, body_preprocess, create_body
        body = create_body(arch)
        features = body_features(body, self.files, body_preprocess(body, size, resize), mirror)
        return features if mirror else features[None]

    def judge(self, features, fit, shuffle:int=0) -> int:
        "Photos judged rightly by a head that has not seen them; `fit(features, classes, groups)` makes heads."
        right = 0
        for train, test in self.folds(shuffle):
            head = fit(features[:, train], self.classes[train], self.groups[train])
            right += int((sum(head.probabilities(view) for view in features[:, test]).argmax(1) == self.classes[test]).sum())
        return right

def row(lesson:str, way:str, right:int, n:int, seconds:float) -> dict:
    from bears_lib.engine.core.common import wilson
    low, high = wilson(right, n)
    return {'lesson': lesson, 'way': way, 'right': f'{right/n:.1%}', '95% interval': f'{low:.1%} to {high:.1%}', 'n': n, 'seconds': f'{seconds:.1f}'}

def plain(features, classes, groups):
    "scikit-learn's logistic regression as it comes, on features of one scale."
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits
    from bears_lib.engine.features.linear_probe import Head
    scale = np.sqrt(np.mean(np.square(features)))
    with threadpool_limits(1): fitted = LogisticRegression(max_iter=1000).fit(features[0]/scale, classes)
    weight, bias = (fitted.coef_/scale).astype(np.float32), fitted.intercept_.astype(np.float32)
    if len(weight) == 1: weight, bias = np.concatenate([-weight, weight])/2, np.concatenate([-bias, bias])/2
    return Head(weight, bias, 1.)

def default(features, classes, groups):
    from bears_lib.engine.features.linear_probe import fit_linear
    return fit_linear(features, classes.tolist(), groups.tolist())

def discriminant(features, classes, groups):
    from bears_lib.engine.features.lda import fit_discriminant
    return fit_discriminant(features, classes.tolist())

def pets() -> list[dict]:
    "37 breeds, ten photos of each."
    from bears_lib.engine.features.lda import join_looks
    data = Photos('pets')
    rows = [timed('pets', 'plain logistic regression, one look at 256 pixels', data, lambda: data.look(mirror=False), plain)]
    rows.append(timed('pets', 'discriminant, the same look and its mirror image', data, data.look, discriminant))
    start = perf_counter()
    looks = [data.look(resize='squish')]
    squeezed = perf_counter() - start
    looks.append(data.look(size=320))
    rows.append(timed('pets', 'discriminant, 256 squeezed and 320 middle', data, lambda: join_looks(*looks), discriminant, perf_counter() - start))
    rows.append(four_deals('the same, mean of four deals of the folds', data, join_looks(*looks)))
    start = perf_counter()
    larger = [looks[0], data.look('tf_efficientnet_lite2', 320)]
    rows.append(timed('pets', 'discriminant, 256 squeezed and lite2 at 320 middle', data, lambda: join_looks(*larger), discriminant, perf_counter() - start + squeezed))
    rows.append(four_deals('the same, mean of four deals of the folds', data, join_looks(*larger)))
    return rows

def four_deals(way:str, data:Photos, features) -> dict:
    "Other photos share a fold: how much of the figure is luck?"
    start = perf_counter()
    rights = [data.judge(features, discriminant, shuffle) for shuffle in range(4)]
    n = len(data.classes)
    return row('pets', f'{way} ({min(rights)/n:.1%} to {max(rights)/n:.1%})', round(sum(rights)/4), n, perf_counter() - start)

def two_things() -> list[dict]:
    "Cats and dogs, and how many photos it takes."
    import numpy as np
    data = Photos('cats_dogs')
    rows = [timed('two_things', 'plain logistic regression, one look', data, lambda: data.look(mirror=False), plain)]
    features = data.look()
    rows.append(timed('two_things', 'default head, mirror images too', data, lambda: features, default))
    rng = np.random.default_rng(0)
    for n in (10, 20, 50, 100):
        start, rights = perf_counter(), []
        for _ in range(20):
            train = np.concatenate([rng.permutation(np.flatnonzero(data.classes == label))[:n] for label in (0, 1)])
            test = np.flatnonzero(~np.isin(data.groups, data.groups[train]))
            head = default(features[:, train], data.classes[train], data.groups[train])
            rights.append((sum(head.probabilities(view) for view in features[:, test]).argmax(1) == data.classes[test]).mean())
        low, high = np.percentile(rights, [2.5, 97.5])
        rows.append({'lesson': 'two_things', 'way': f'{n} photos a class, 20 draws', 'right': f'{np.mean(rights):.1%}', '95% interval': f'{low:.1%} to {high:.1%} (of draws)', 'n': len(test), 'seconds': f'{perf_counter() - start:.1f}'})
    return rows

def timed(lesson:str, way:str, data:Photos, look, fit, before:float=0.) -> dict:
    "Look, fit and judge; `before` adds the seconds of looks taken earlier."
    start = perf_counter()
    right = data.judge(look(), fit)
    return row(lesson, way, right, len(data.classes), perf_counter() - start + before)

lessons = {'pets': pets, 'two_things': two_things}  # a lesson with a figure of its own adds a function that returns rows

def main() -> None:
    from bears_lib.engine.core.common import BearsError
    options = parser(__doc__)
    options.add_argument('--only', choices=lessons, help='one lesson')
    args = options.parse_args()
    rows = []
    for name, measure in lessons.items():
        if args.only not in (None, name): continue
        try: rows += measure()
        except BearsError as error: print(f'{name}: {error}', file=sys.stderr)
    if not rows: sys.exit('No lesson had its data: set BEARS_DATA to the folder that holds it.')
    report(args, rows)

if __name__ == '__main__': main()
