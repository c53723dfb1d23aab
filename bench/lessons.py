"""The headline figure of each lesson beside its plain baseline, on the data that BEARS_DATA names.

python bench/lessons.py [--only pets] [--json]

Accuracy is cross-validated in five folds, with copies of a photo in one fold; nothing is fitted to what is judged. What was chosen for a lesson
(how often to look, at which sizes, with which head) was chosen on these same photos among a few dozen tries, so new photos may give a point less."""
import sys, warnings
from pathlib import Path
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

def pets_drawn(draws:int=20) -> list[dict]:
    "Heads on drawings alone, on real photos alone and on both, tested on drawings and on real photos that nobody drew by (the half `report`)."
    import numpy as np
    from bears_lib.engine.features.backbone import body_features, body_preprocess, create_body
    from bears_lib.engine.lessons.datasets import get_data
    from drawn_pets import real_photos
    drawn, body, start, rows = Photos('pets_drawn'), create_body(), perf_counter(), []
    breeds = sorted({file.parent.name for file in drawn.files})
    seen, number = drawn.look(), {breed: i for i, breed in enumerate(breeds)}
    def real(half:str) -> tuple:
        photos = real_photos(get_data('pets'), breeds, half)
        return body_features(body, [path for path, _ in photos], body_preprocess(body), mirror=True), np.array([number[breed] for _, breed in photos])
    (few, few_breeds), (test, truth), rng = real('develop'), real('report'), np.random.default_rng(0)
    def take(classes, n:int): return np.concatenate([rng.permutation(np.flatnonzero(classes == i))[:n] for i in range(len(breeds))])
    def hits(head, features, classes) -> float: return float((sum(head.probabilities(view) for view in features).argmax(1) == classes).mean())
    for n_drawn, n_real in [(1, 0), (2, 0), (4, 0), (8, 0), (16, 0), (24, 0), (30, 0), (0, 1), (0, 2), (0, 4), (30, 1), (30, 2), (30, 4)]:
        on_drawn, on_real = [], []
        for _ in range(draws if n_drawn < 30 or n_real else 1):
            own, photos = take(drawn.classes, n_drawn), take(few_breeds, n_real)
            features, classes = np.concatenate([seen[:, own], few[:, photos]], axis=1), np.concatenate([drawn.classes[own], few_breeds[photos]])
            head = default(features, classes, np.arange(len(classes)))
            on_real.append(hits(head, test, truth))
            rest = np.setdiff1d(np.arange(len(drawn.classes)), own)
            if len(rest): on_drawn.append(hits(head, seen[:, rest], drawn.classes[rest]))
        words = ' and '.join(filter(None, [n_drawn and f'{n_drawn} drawings', n_real and f'{n_real} real photos']))
        way = f'{words} of each breed, {len(on_real)} draws'
        rows.append(row('pets_drawn', f'{way}; real photos', round(np.mean(on_real)*len(truth)), len(truth), perf_counter() - start))
        if on_drawn: rows.append(row('pets_drawn', f'{way}; other drawings', round(np.mean(on_drawn)*len(rest)), len(rest), perf_counter() - start))
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
    rows.append(timed('two_things', 'head, mirror images too', data, lambda: features, default))
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

class Bears:
    "A simulated table of field notes, split at random or by time (or `whole`: all to learn from, but for one row), and the season after it."
    def __init__(self, world:int, split:str, year:bool=True, drift:bool=True, mended:bool=False, berries:bool=False):
        import numpy as np
        from bears_lib.engine.lessons.simulated import field_notes, food_of_years
        self.notes, self.later = field_notes(world, drift=drift), field_notes(world, [2025], 480, drift)
        if mended: self.notes['weight'] = self.notes.weight/np.where(self.notes.year <= 2018, 0.94, 1)
        if berries:  # a count in June, 3% off, of what makes the year good
            counted = {when: good*np.exp(np.random.default_rng([world, 4, when]).normal(0, 0.03)) for when, good in food_of_years(world).items()}
            for table in (self.notes, self.later): table['berries'] = table.year.map(counted)
        held = {'time': self.notes.year > 2022, 'random': np.random.default_rng(world).permutation(len(self.notes)) < 480, 'whole': self.notes.index == 0}[split]
        self.valid = np.flatnonzero(held)
        self.cats, self.conts = ['sex', 'place'], ['age', 'month', *['year']*year, *['berries']*berries, 'muzzle', 'ear', 'hump', 'claws']

    def columns(self, target:str) -> tuple[list, list]:
        "What the model may see: for a species the weight too, for a weight the species."
        return ([*self.cats], [*self.conts, 'weight']) if target == 'species' else ([*self.cats, 'species'], self.conts)

    def trees(self, target:str) -> list:
        "What scikit-learn's gradient boosting says of the validation set and of the later season."
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
        cats, conts = self.columns(target)
        kind = HistGradientBoostingClassifier if target == 'species' else HistGradientBoostingRegressor
        def seen(table): return table[cats + conts].astype({column: 'category' for column in cats})
        train = self.notes.drop(self.valid)
        model = kind(categorical_features='from_dtype', random_state=0).fit(seen(train), train[target])
        return [model.predict(seen(table)) for table in (self.notes.loc[self.valid], self.later)]

    def network(self, target:str, epochs:int, seed:int=0) -> list:
        "The same of fastai's tabular_learner, as the lesson has it."
        import numpy as np
        from fastai.tabular.all import Categorify, FillMissing, Normalize, TabularDataLoaders, set_seed, tabular_learner
        cats, conts = self.columns(target)
        set_seed(seed)
        dls = TabularDataLoaders.from_df(self.notes, y_names=target, cat_names=cats, cont_names=conts, procs=[Categorify, FillMissing, Normalize], valid_idx=self.valid)
        learn = tabular_learner(dls, y_range=None if target == 'species' else (0, 500))
        with learn.no_bar(), learn.no_logging():
            learn.fit_one_cycle(epochs, 1e-2)
            said = [learn.get_preds(dl=dls.test_dl(table))[0].numpy() for table in (self.notes.loc[self.valid], self.later)]
        return [np.array(dls.vocab)[each.argmax(1)] if target == 'species' else each[:, 0] for each in said]

    def truth(self, target:str) -> list: return [table[target].to_numpy() for table in (self.notes.loc[self.valid], self.later)]

def tables(ways:tuple=('baseline', 'trees', 'network')) -> list[dict]:
    "Species and weight of simulated bears, each world with bears and good years of its own."
    import numpy as np
    plain, no_year, no_drift = {}, {'year': False}, {'drift': False}
    mended, berries = {'mended': True}, {'mended': True, 'berries': True, 'year': False}
    fits = {'baseline': (20, 'no model', lambda bears: [np.full(len(each), 'black') for each in bears.truth('species')],
                         lambda bears: [np.full(len(each), bears.notes.drop(bears.valid).weight.mean()) for each in bears.truth('weight')], [plain]),
            'trees': (20, 'gradient boosting', lambda bears: bears.trees('species'), lambda bears: bears.trees('weight'), [plain, no_year, no_drift, mended, berries]),
            'network': (20, 'tabular_learner', lambda bears: bears.network('species', 5), lambda bears: bears.network('weight', 10), [plain])}
    rows = []
    for worlds, name, species, weight, settings in (fits[way] for way in ways):
        start, rights = perf_counter(), ([], [])
        for world in range(worlds):
            bears = Bears(world, 'random')
            for said, true, part in zip(species(bears), bears.truth('species'), rights): part += (said == true).tolist()
        for part, what in zip(rights, ('validation', 'season after')): rows.append(row('tables', f'species: {name}, {worlds} worlds; {what}', sum(part), len(part), perf_counter() - start))
        for options in settings:
            words = name + ''.join(f', {each}' if on else f', without {each}' for each, on in options.items())
            for split in ('random', 'time'): rows += weights(words, split, weight, [Bears(world, split, **options) for world in range(worlds)])
    return rows + (retrained() if {'trees', 'network'} <= set(ways) else [])

def weights(name:str, split:str, model, worlds:list) -> list[dict]:
    "Errors of a weight model on its validation set and in the season after it, and how far the two are apart."
    import numpy as np
    start = perf_counter()
    errors = np.array([kg_off(bears, model) for bears in worlds])
    gaps, seconds = errors[:, 1] - errors[:, 0], perf_counter() - start
    rows = [error_row(f'weight: {name}; {split} split, {what}', each, seconds) for what, each in zip(('validation', 'season after', 'season after minus validation'), (*errors.T, gaps))]
    return [*rows, {**rows[-1], 'way': f'{rows[-1]["way"]}, median; worlds {", ".join(f"{gap:.1f}" for gap in gaps)}', 'right': f'{np.median(gaps):.1f} kg off', '95% interval': ''}]

def kg_off(bears:Bears, model) -> list[float]:
    "Mean absolute error of a weight model, on the validation set and in the season after."
    import numpy as np
    return [float(np.abs(said - true).mean()) for said, true in zip(model(bears), bears.truth('weight'))]

def retrained(worlds:int=20) -> list[dict]:
    "Choose trees or network for the weight by one of the splits, train the chosen one on all ten seasons, and wait for the season after."
    import numpy as np
    from bears_lib.engine.lessons.simulated import food_of_years
    models, start = (lambda bears: bears.trees('weight'), lambda bears: bears.network('weight', 10)), perf_counter()
    errors = {split: np.array([[kg_off(Bears(world, split), model) for model in models] for world in range(worlds)]) for split in ('random', 'time', 'whole')}
    after, seconds = errors['whole'][:, :, 1], perf_counter() - start
    def both(way:str, values) -> dict: return error_row(f'{way}; season after, median {np.median(values):.1f}', values, seconds)
    rows = [both(f'weight: {name}, trained on all ten seasons', each) for name, each in zip(('gradient boosting', 'tabular_learner'), after.T)]
    for split in ('random', 'time'):
        chosen = errors[split][:, :, 0].argmin(1)
        way = f'weight: chosen by the {split} split (trees in {(chosen == 0).sum()} worlds, the better one in {(chosen == after.argmin(1)).sum()}), then trained on all ten seasons'
        rows.append(both(way, after[np.arange(worlds), chosen]))
    foods = [food_of_years(world) for world in range(worlds)]
    like_2024 = np.array([abs(food[2025] - food[2024]) < abs(food[2025] - food[2022]) for food in foods])
    for name, more in zip(('gradient boosting', 'tabular_learner'), (after - errors['time'][:, :, 1]).T):
        way = f'weight: {name}, all ten seasons minus the first eight; season after, less off by all ten in {(more < 0).sum()} worlds'
        rows.append(error_row(f'{way}; the nearer one is the one whose last season was more like the season after in {((more < 0) == like_2024).sum()}', more, seconds))
    return rows

def error_row(way:str, values, seconds:float, lesson:str='tables', digits:int=1, unit:str='kg') -> dict:
    "Mean error over worlds; the interval is that of a mean, by Student's t."
    import numpy as np
    from scipy import stats
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    return {'lesson': lesson, 'way': way, 'right': f'{np.mean(values):.{digits}f} {unit} off', '95% interval': f'{low:.{digits}f} to {high:.{digits}f}', 'n': f'{len(values)} worlds', 'seconds': f'{seconds:.1f}'}

def recommendations(worlds:int=5) -> list[dict]:
    "Points of simulated learners for answers that were held out, by collab_learner and by two means; worlds differ in learners and difficulties."
    import numpy as np
    from fastai.collab import CollabDataLoaders, RandomSplitter, collab_learner
    from fastai.torch_core import set_seed
    from bears_lib.engine.lessons.simulated import quiz_answers
    start, errors = perf_counter(), []
    for world in range(worlds):
        answers = quiz_answers(world, truth=True)
        train, valid = RandomSplitter(0.2, seed=0)(answers)
        seen, held = answers.iloc[train], answers.iloc[valid]
        of_question = seen.groupby('question').points.mean()
        of_learner = (seen.points - seen.question.map(of_question)).groupby(seen.learner).mean()
        set_seed(0)
        dls = CollabDataLoaders.from_df(answers, user_name='learner', item_name='question', rating_name='points', valid_pct=0.2, seed=0, bs=64)
        learn = collab_learner(dls, n_factors=50, y_range=(0, 5.5))
        with learn.no_bar(), learn.no_logging():
            learn.fit_one_cycle(5, 5e-3, wd=0.2)
            said = learn.get_preds(dl=dls.test_dl(held))[0].numpy().reshape(-1)
        both = (held.question.map(of_question) + held.learner.map(of_learner)).clip(0, 5)
        guesses = (np.full(len(held), seen.points.mean()), held.question.map(of_question), both, said, 5*held.chance)
        errors.append([np.abs(each - held.points).mean() for each in guesses])
    everything, question, both, model, floor = np.array(errors).T
    ways = {'one mean for all': everything, 'mean of the question': question, 'mean of question and learner': both, 'collab_learner': model,
            'the true chances': floor, 'collab_learner better than the two means by': both - model,
            'collab_learner, without world 0, by which its settings were chosen': model[1:], 'mean of question and learner, without world 0': both[1:]}
    return [error_row(way, values, perf_counter() - start, 'recommendations', 2, 'points') for way, values in ways.items()]

class Pixels:
    "Drawn pets and their masks at 96 pixels; every sixth picture is held back, as in the lesson. Nothing was chosen by those."
    codes = ['background', 'head', 'body', 'legs', 'eyes and nose']
    def __init__(self):
        import numpy as np
        from fastai.data.transforms import get_image_files
        from bears_lib.engine.lessons.datasets import get_data
        self.pictures, self.masks = get_data('pets_drawn'), get_data('pets_drawn_masks')
        files = get_image_files(self.pictures).sorted()
        self.test, self.rest = files[::6], [file for i, file in enumerate(files) if i % 6]
        self.rows, self.columns = np.mgrid[-1:1:96j, -1:1:96j]

    def network(self, seed:int):
        "The lesson's U-Net, and its loaders in `dls`."
        from fastai.vision.all import Resize, SegmentationDataLoaders, aug_transforms, set_seed, unet_learner
        from bears_lib.engine.train.learners import lite0
        set_seed(seed)
        dls = SegmentationDataLoaders.from_label_func(self.pictures, bs=8, fnames=self.rest, label_func=lambda file: self.masks/file.parent.name/f'{file.stem}.png',
            codes=self.codes, item_tfms=Resize(96), batch_tfms=aug_transforms(), seed=seed, num_workers=0)
        learn = unet_learner(dls, lite0, cut=-2)
        with learn.no_bar(), learn.no_logging(): learn.fine_tune(3)
        return learn

    def tensors(self, learn, files) -> tuple:
        "Colours of shape (n, 96, 96, 3) and classes of shape (n, 96, 96)."
        import numpy as np
        batches = [(np.asarray(x.cpu()), np.asarray(y.cpu())) for x, y in learn.dls.test_dl(files, with_labels=True)]
        return np.concatenate([x for x, _ in batches]).transpose(0, 2, 3, 1), np.concatenate([y for _, y in batches])

    def ellipse(self, truth):
        "The centred ellipse with the highest mean Dice on some masks."
        import numpy as np
        sides = np.arange(0.4, 1.45, 0.05)
        shapes = [(self.rows/high)**2 + (self.columns/wide)**2 < 1 for high in sides for wide in sides]
        return max(shapes, key=lambda shape: dice(shape, truth > 0).mean())

    def trees(self, colours, truth, seed:int=0):
        "Gradient boosting that sees the colour and the place of a single pixel: what it says of other pictures."
        import numpy as np
        from sklearn.ensemble import HistGradientBoostingClassifier
        def seen(pictures): return np.concatenate([pictures, np.broadcast_to(np.stack([self.rows, self.columns], -1), (*pictures.shape[:3], 2))], -1).reshape(-1, 5)
        some = np.random.default_rng(seed).choice(truth.size, 30_000, replace=False)
        model = HistGradientBoostingClassifier(random_state=0).fit(seen(colours)[some], truth.reshape(-1)[some] > 0)
        return lambda pictures: model.predict(seen(pictures)).reshape(pictures.shape[:3])

def dice(found, true):
    "Of shape (n,): twice the common pixels over all pixels of both."
    both = (found & true).sum((-2, -1))
    return 2*both/(found.sum((-2, -1)) + true.sum((-2, -1))).clip(1)

def mean_row(lesson:str, way:str, values, seconds:float) -> dict:
    "A mean over pictures; the interval by drawing pictures anew, 4,000 times."
    import numpy as np
    low, high = np.quantile(np.random.default_rng(0).choice(values, (4000, len(values))).mean(1), [0.025, 0.975])
    return {'lesson': lesson, 'way': way, 'right': f'{np.mean(values):.3f}', '95% interval': f'{low:.3f} to {high:.3f}', 'n': len(values), 'seconds': f'{seconds:.1f}'}

def segmentation(seeds:int=3) -> list[dict]:
    "Which pixels are animal: a U-Net beside two baselines on drawn pets held back, and what it says of real photos, for which there are no masks."
    import numpy as np
    pixels, start = Pixels(), perf_counter()
    learners = [pixels.network(seed) for seed in range(seeds)]
    (colours, truth), (others, known) = (pixels.tensors(learners[0], files) for files in (pixels.test, pixels.rest))
    said = [classes_of(learn, pixels.test) for learn in learners]
    animal = truth > 0
    ways = {'everything is animal': [np.ones_like(animal)], 'best centred ellipse': [np.broadcast_to(pixels.ellipse(known), animal.shape)],
            'gradient boosting on colour and place of a pixel': [pixels.trees(others, known)(colours)], f'U-Net, mean of {seeds} seeds': [each > 0 for each in said]}
    rows = []
    for way, answers in ways.items():
        rows.append(mean_row('segmentation', f'Dice: {way}', np.mean([dice(found, animal) for found in answers], 0), perf_counter() - start))
        rows.append(mean_row('segmentation', f'pixels right: {way}', np.mean([(found == animal).mean((1, 2)) for found in answers], 0), perf_counter() - start))
    rows.append({**rows[-2], 'way': f'Dice: U-Net, each seed: {", ".join(f"{dice(each > 0, animal).mean():.3f}" for each in said)}'})
    for part, name in enumerate(pixels.codes):
        seen = (truth == part).any((1, 2))
        rows.append(mean_row('segmentation', f'Dice of {name}', np.mean([dice(each == part, truth == part)[seen] for each in said], 0), perf_counter() - start))
    return rows + zones(said, animal) + on_photos(learners, pixels, start)

def classes_of(learn, files, mirrored:bool=False):
    "The class of each pixel, of shape (n, 96, 96); of mirror images, turned back."
    import numpy as np
    import torch
    found = []
    with torch.inference_mode():
        for batch in learn.dls.test_dl(files):
            pictures = batch[0].as_subclass(torch.Tensor)
            scores = learn.model.eval()(pictures.flip(-1) if mirrored else pictures)
            found.append((scores.flip(-1) if mirrored else scores).argmax(1).cpu().numpy())
    return np.concatenate(found)

def zones(said:list, animal) -> list[dict]:
    "Pixels told rightly from background, at the outline, far from it, and in thin parts."
    import numpy as np
    from scipy import ndimage
    def each(change, size:int): return np.stack([change(mask, np.ones((size, size))) for mask in animal])
    near = each(ndimage.binary_dilation, 5) & ~each(ndimage.binary_erosion, 5)
    thin = animal & ~each(ndimage.binary_opening, 5)
    right = np.mean([(found > 0) == animal for found in said], 0)
    places = {'within 2 pixels of the outline': near, 'animal, further inside': animal & ~near, 'background, further outside': ~animal & ~near, 'thin parts of the animal, under 5 pixels': thin}
    return [{'lesson': 'segmentation', 'way': f'{name}: {place.mean():.1%} of all pixels', 'right': f'{right[place].mean():.1%}', '95% interval': f'{(1 - right)[place].sum()/(1 - right).sum():.0%} of what is wrong',
             'n': f'{int(place.sum())} pixels', 'seconds': ''} for name, place in places.items()]

def on_photos(learners:list, pixels:Pixels, start:float) -> list[dict]:
    "Without masks: how often nearly nothing or nearly all is said to be animal, whether it hangs together, and whether a mirror image gets the mirrored answer."
    import numpy as np
    from scipy import ndimage
    from bears_lib.engine.lessons.datasets import get_data
    def largest(mask) -> float:
        sizes = np.bincount(ndimage.label(mask)[0].reshape(-1))[1:]
        return sizes.max()/sizes.sum() if len(sizes) else 0.
    rows, photos = [], sorted(get_data('pets').rglob('*.jpg'))
    for name, files in (('drawn pets held back', pixels.test), ('real photos of pets', photos)):
        answers = [(classes_of(learn, files), classes_of(learn, files, mirrored=True)) for learn in learners]
        share = np.stack([(found > 0).mean((1, 2)) for found, _ in answers])
        for words, odd in (('under 2% animal', share < 0.02), ('over 95% animal', share > 0.95), ('no head (under 0.5%)', np.stack([(found == 1).mean((1, 2)) for found, _ in answers]) < 0.005)):
            rows.append(row('segmentation', f'{name}: {words}, mean of {len(learners)} seeds', round(odd.mean(0).sum()), len(files), perf_counter() - start))
        rows.append(mean_row('segmentation', f'{name}: share of the animal in its largest piece', np.mean([[largest(mask) for mask in found > 0] for found, _ in answers], 0), perf_counter() - start))
        rows.append(mean_row('segmentation', f'{name}: Dice of the answers to a picture and to its mirror image', np.mean([dice(found > 0, mirrored > 0) for found, mirrored in answers], 0), perf_counter() - start))
    return rows

overlap, compared = 'words, and overlap with the model answer', 'vectors, difference and product with the model answer'  # two of the ways
others = Path(__file__).parent.parent/'tests'/'data'/'graded_answers.jsonl'  # 1,345 answers by which the grader's patterns were made, and by which `choices` chooses
chosen = 'product by 512'
freedom = {'words': 1, overlap: 1, 'cosine to the model answer': 10, 'vectors': 0.001, compared: 0.001}  # C of the head; chosen, as the line above, by `choices`

class Answers:
    "Graded answers to questions, and what is computed of them; whatever is fitted sees the training rows alone."
    def __init__(self, file=None):
        import numpy as np
        import pandas as pd
        from importlib.resources import files
        from bears_lib.engine.quiz.grading import chapters, grade, load_questions
        from bears_lib.engine.quiz.semantic import sentence_encoder
        questions = {question.id: question for chapter in chapters() for question in load_questions(chapter)}
        table = pd.read_json(file or files('bears_lib')/'data'/'questions'/'graded_answers.jsonl', lines=True)
        self.texts, self.grades, self.questions = (table[column].to_numpy() for column in ('answer', 'grade', 'question_id'))
        self.models = np.array([questions[id].model for id in self.questions])
        self.grader = np.array([grade(questions[id], text).grade for id, text in zip(self.questions, self.texts)])
        encode, scale = sentence_encoder().encode, 512**0.5  # a number of a vector is then about as large as 1
        self.vectors, models = encode(self.texts.tolist()), encode(self.models.tolist())
        self.cosine = (self.vectors*models).sum(1, keepdims=True)
        def beside(factor:float, *more): return np.hstack([scale*self.vectors, scale*abs(self.vectors - models), factor*self.vectors*models, *more])
        self.tried = {'product by 22.6': beside(scale), 'product by 512': beside(512),
                      'product by 22.6, and the cosine': beside(scale, scale*self.cosine), 'product by 512, and the cosine': beside(512, scale*self.cosine)}
        self.ways = {'words': self.words, overlap: self.overlap, 'cosine to the model answer': lambda train: self.cosine,
                     'vectors': lambda train: scale*self.vectors, compared: lambda train: self.tried[chosen]}

    def words(self, train, pairs:bool=False):
        from sklearn.feature_extraction.text import TfidfVectorizer
        return TfidfVectorizer(ngram_range=(1, 2 if pairs else 1)).fit(self.texts[train]).transform(self.texts)

    def overlap(self, train):
        from scipy import sparse
        from sklearn.feature_extraction.text import TfidfVectorizer
        words = TfidfVectorizer().fit(self.texts[train])
        shared = words.transform(self.texts).multiply(words.transform(self.models)).sum(1)
        return sparse.hstack([self.words(train, pairs=True), sparse.csr_matrix(shared)]).tocsr()

    def chances(self, way:str, splits, rows=None, C:float=0):
        "Of each of `rows`: the chance of its true grade, by a head that had not seen it, and whether that grade was the likeliest; NaN where nobody was asked. `C`: how freely weights may grow."
        import numpy as np
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits
        rows, found = np.arange(len(self.grades)) if rows is None else rows, np.full((len(self.grades), 2), np.nan)
        for train, test in splits:
            train, test = rows[train], rows[test]
            features = self.ways[way](train) if way in self.ways else self.tried[way]
            with threadpool_limits(1): head = LogisticRegression(max_iter=2000, C=C or freedom[way]).fit(features[train], self.grades[train])
            chances = head.predict_proba(features[test])
            found[test, 0] = chances[np.arange(len(test)), np.searchsorted(head.classes_, self.grades[test])]
            found[test, 1] = head.classes_[chances.argmax(1)] == self.grades[test]
        return found[rows]

    def right(self, way:str, splits, rows=None):
        "Whether each of `rows` was graded rightly by a head that had not seen it; NaN where nobody was asked."
        return self.chances(way, splits, rows)[:, 1]

    def row(self, way:str, right, start:float) -> dict:
        "Answers to one question are alike, so the interval draws questions anew, not answers."
        import pandas as pd
        return {**mean_row('text', way, pd.Series(right).groupby(self.questions).mean().to_numpy(), perf_counter() - start), 'n': f'{len(right)} answers, {len(set(self.questions))} questions'}

def folds_of(classes, questions, shuffle:int, random:bool) -> list:
    from sklearn.model_selection import GroupKFold, StratifiedKFold
    kind = StratifiedKFold if random else GroupKFold
    return list(kind(10, shuffle=True, random_state=shuffle).split(classes, classes, None if random else questions))

def text(shuffles:int=3, draws:int=20) -> list[dict]:
    "Grades of answers to questions that were not learnt from, by words, by vectors and by the grader's patterns; and what the vectors do know."
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    start, answers = perf_counter(), Answers()
    rows = [answers.row(f'{name}, no training', said == answers.grades, start) for name, said in (('always right', np.full(720, 'right')), ("the grader's patterns", answers.grader))]
    kept = {}
    for way in answers.ways:
        for random in (True, False):
            kept[way] = right = np.mean([answers.right(way, folds_of(answers.grades, answers.questions, shuffle, random)) for shuffle in range(shuffles)], 0)
            rows.append(answers.row(f'{way}; {"random folds" if random else "folds by question"}, mean of {shuffles}', right, start))
    rows.append(answers.row(f'{overlap}: better than {compared} by', kept[overlap] - kept[compared], start))
    rows += choices(start) + [nested(answers, start)] + of_others(start) + [uneven(answers, way, draws, start) for way in ('words', 'vectors')] + curve(answers, start)
    ids, own = np.unique(answers.questions, return_inverse=True)
    known = answers.models[[list(own).index(number) for number in range(len(ids))]]
    words = TfidfVectorizer().fit(known)
    from bears_lib.engine.quiz.semantic import sentence_encoder
    near = {'words': (words.transform(answers.texts) @ words.transform(known).T).toarray(), 'vectors': answers.vectors @ sentence_encoder().encode(known.tolist()).T}
    return rows + [answers.row(f'which of 60 questions, by the nearest model answer: {name}', like.argmax(1) == own, start) for name, like in near.items()]

def uneven(answers:Answers, way:str, draws:int, start:float) -> dict:
    "Half of the questions made easy (nothing wrong), half hard (nothing right): by how much do random folds promise more than folds by question?"
    import numpy as np
    ids, gaps = np.unique(answers.questions), []
    for draw in range(draws):
        easy = np.isin(answers.questions, np.random.default_rng(draw).permutation(ids)[:len(ids)//2])
        rows = np.flatnonzero(answers.grades != np.where(easy, 'wrong', 'right'))
        shares = [answers.right(way, folds_of(answers.grades[rows], answers.questions[rows], draw, random), rows).mean() for random in (True, False)]
        gaps.append((*shares, shares[0] - shares[1]))
    promised, kept, gap = np.mean(gaps, 0)
    low, high = np.quantile([each for _, _, each in gaps], [0.025, 0.975])
    return {'lesson': 'text', 'way': f'easy and hard questions, {way}: random folds {promised:.3f}, folds by question {kept:.3f}', 'right': f'{gap:.3f} more',
            '95% interval': f'{low:.3f} to {high:.3f} (of draws)', 'n': f'{draws} draws', 'seconds': f'{perf_counter() - start:.1f}'}

def of_others(start:float, shuffles:int=3) -> list[dict]:
    "The answers by which the grader's patterns were made: their questions differ much in how many were right, so a head gains by knowing the question."
    import numpy as np
    answers, rows = Answers(others), []
    for way in ('vectors', compared):
        for random in (True, False):
            right = np.mean([answers.right(way, folds_of(answers.grades, answers.questions, shuffle, random)) for shuffle in range(shuffles)], 0)
            name = f'answers to uneven questions, {way}; {"random folds" if random else "folds by question"}, always right {(answers.grades == "right").mean():.3f}'
            rows.append(row('text', name, round(right.sum()), len(right), perf_counter() - start))
    return rows

def choices(start:float) -> list[dict]:
    "By what to multiply the product, whether to add the cosine, and how freely weights may grow: log loss of the 1,345 other answers, questions held out."
    import numpy as np
    answers = Answers(others)
    splits, rows = folds_of(answers.grades, answers.questions, 0, False), []
    for way in [*answers.ways, *answers.tried]:
        if way == compared: continue
        known = {C: answers.chances(way, splits, C=C) for C in ((0.1, 1, 10) if way in ('words', overlap, 'cosine to the model answer') else (0.0001, 0.001, 0.01))}
        losses = {C: -np.log(chances[:, 0]).mean() for C, chances in known.items()}
        rows.append({'lesson': 'text', 'way': f'to choose by, other answers, {way}: log loss ' + ', '.join(f'{loss:.3f} (C={C:g})' for C, loss in losses.items()),
                     'right': f'{known[min(losses, key=losses.__getitem__)][:, 1].mean():.3f}', '95% interval': '', 'n': len(answers.grades), 'seconds': f'{perf_counter() - start:.1f}'})
    return rows

def nested(answers:Answers, start:float) -> dict:
    "The same choice made anew for each tenth of the questions, by five folds of the nine others: a check on `choices`."
    import numpy as np
    from sklearn.model_selection import GroupKFold
    taken, found = [], np.full(len(answers.grades), np.nan)
    for train, test in folds_of(answers.grades, answers.questions, 0, False):
        splits = list(GroupKFold(5, shuffle=True, random_state=0).split(train, groups=answers.questions[train]))
        losses = {(way, C): -np.log(answers.chances(way, splits, train, C)[:, 0]).mean() for way in answers.tried for C in (0.0001, 0.001, 0.01)}
        taken.append(min(losses, key=losses.__getitem__))
        found[test] = answers.chances(taken[-1][0], [(train, test)], C=taken[-1][1])[test, 1]
    said = ', '.join(f'{way} with C={C:g}: {taken.count((way, C))}' for way, C in dict.fromkeys(taken))
    return answers.row(f'{compared}, chosen anew in each training part ({said}); one deal', found, start)

def curve(answers:Answers, start:float, shuffles:int=3) -> list[dict]:
    "Five folds of twelve questions each, dealt three times; the heads learn from ever more of the other 48."
    import numpy as np
    from sklearn.model_selection import GroupKFold
    rows, rng = [], np.random.default_rng(0)
    folds = [fold for shuffle in range(shuffles) for fold in GroupKFold(5, shuffle=True, random_state=shuffle).split(answers.texts, groups=answers.questions)]
    orders = [rng.permutation(np.unique(answers.questions[train])) for train, _ in folds]
    for questions in (3, 6, 12, 24, 48):
        splits = [(train[np.isin(answers.questions[train], order[:questions])], test) for (train, test), order in zip(folds, orders)]
        found = {way: np.mean([answers.right(way, splits[5*deal:5*deal + 5]) for deal in range(shuffles)], 0) for way in (overlap, compared)}
        rows += [answers.row(f'learnt from {questions} questions: {way}', right, start) for way, right in found.items()]
        rows.append(answers.row(f'learnt from {questions} questions: words better by', found[overlap] - found[compared], start))
    return rows

lessons = {'pets': pets, 'pets_drawn': pets_drawn, 'two_things': two_things, 'tables': tables, 'recommendations': recommendations, 'segmentation': segmentation, 'text': text}  # a lesson with a figure of its own adds a function that returns rows

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
