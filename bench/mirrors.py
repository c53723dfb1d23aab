"""Is it worth the time to learn from each photo's mirror image as well?

python bench/mirrors.py FOLDER... [--json]

Five folds for all photos of each folder, then 3, 5, 10 and 30 photos of each class, drawn at random, judged by all the others (copies of training
photos left out). Each photo is asked as it stands, and mirrored. Both sides use the same folds and draws. For all photos they also share the
strength of the head, chosen once; from a few photos each side chooses its own, as `fit_photos` does."""
import numpy as np

from common import parser, report

def features_of(folder:str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from bears_lib.engine.features.near_duplicates import read_photos
    from bears_lib.engine.features.photo_features import load_body, photo_features
    found = read_photos(folder)
    return photo_features(load_body(), found.photos, mirror=True), np.array(found.numbers()), np.array([photo.group for photo in found.photos])

def row(name:str, truth:np.ndarray, chances:list[np.ndarray], mirrored:list[np.ndarray]) -> dict:
    "One line of the table: right answers and log loss, learnt with mirror images and without."
    n, own = len(truth), np.arange(len(truth))
    right, right_mirrored = ([(each.argmax(1) == truth).sum()/n for each in both] for both in (chances, mirrored))
    loss = [-np.log(np.maximum(each[own, truth], 1e-7)).mean() for each in chances]
    parted = [int(((a.argmax(1) == truth) & (b.argmax(1) != truth)).sum()) for a, b in (chances, chances[::-1])]
    return {'photos': name, 'answers': n, **{f'{what}, {how}': f'{part:{form}}' for what, parts, form in
        (('right', right, '.2%'), ('mirrored photos right', right_mirrored, '.2%'), ('log loss', loss, '.3f')) for how, part in zip(('with', 'without'), parts)},
        'right only with, only without': '{}, {}'.format(*parted)}

def main() -> None:
    from bears_lib.engine.features.linear_probe import fit_linear, fit_once, group_folds
    options = parser(__doc__)
    options.add_argument('folders', nargs='+')
    args, rows, rng = options.parse_args(), [], np.random.default_rng(0)
    for folder in args.folders:
        views, truth, groups = features_of(folder)
        sides, plain, turned = (views, views[:1]), views[0].astype(np.float32), views[1].astype(np.float32)
        said = np.zeros((2, 2, len(truth), truth.max() + 1), np.float32)
        strength = fit_linear(views, truth.tolist(), groups.tolist()).strength
        for train, test in group_folds(truth, groups.tolist()):
            for side, looks in enumerate(sides):
                head = fit_once(looks[:, train], truth[train], strength)
                said[side, :, test] = np.stack([head.probabilities(asked[test]) for asked in (plain, turned)], axis=1)
        name = folder.rstrip('/').rsplit('/', 1)[-1]
        rows.append(row(f'{name}, all', truth, list(said[:, 0]), list(said[:, 1])))
        for many in (3, 5, 10, 30):
            if 2*many > np.bincount(truth).min(): break
            asked, answers = [], [[[], []], [[], []]]
            for _ in range(20):
                train = np.concatenate([rng.permutation(np.flatnonzero(truth == label))[:many] for label in range(truth.max() + 1)])
                test = np.flatnonzero(~np.isin(groups, groups[train]))
                asked.append(truth[test])
                for side, looks in enumerate(sides):
                    head = fit_linear(looks[:, train], truth[train].tolist(), groups[train].tolist())
                    for place, photos in enumerate((plain, turned)): answers[place][side].append(head.probabilities(photos[test]))
            rows.append(row(f'{name}, {many} of each class, 20 draws', np.concatenate(asked), *([np.concatenate(side) for side in place] for place in answers)))
    report(args, rows)

if __name__ == '__main__': main()
