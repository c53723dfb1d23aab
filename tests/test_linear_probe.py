"The head beside scikit-learn's, run to the end; its folds; and what it says of photos it never saw."
import subprocess, sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from bears_lib.engine.core.common import BearsError
from bears_lib.engine.features import linear_probe
from bears_lib.engine.features.linear_probe import fit_linear, fit_once, group_folds, out_of_fold

def clouds(classes:int, n:int, width:int, views:int=1, seed:int=0, apart:float=0.4):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    return ((rng.normal(size=(classes, width))*apart + 1)[labels] + rng.normal(size=(views, n, width))).astype(np.float32), labels

@pytest.mark.parametrize('strength', linear_probe.strengths)
@pytest.mark.parametrize('views', [1, 2])
@pytest.mark.parametrize('n, width', [(96, 300), (300, 40)])
@pytest.mark.parametrize('classes', [2, 3, 12])
def test_one_fit_is_that_of_scikit_learn(classes, n, width, views, strength):
    features, labels = clouds(classes, n, width, views)
    scaled = features.astype(float)/np.sqrt(np.mean(np.square(features, dtype=float)))
    best = LogisticRegression(C=strength/views, tol=1e-8, max_iter=20000).fit(scaled.reshape(-1, width), np.tile(labels, views))
    assert np.abs(fit_once(features, labels, strength).probabilities(features[0]) - best.predict_proba(scaled[0])).max() < 1e-3

def test_groups_are_never_parted_and_classes_have_equal_shares():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(90), rng.integers(1, 8, 90))
    labels = groups % 3
    folds = group_folds(labels, groups)
    for train, test in folds: assert not set(groups[train]) & set(groups[test])
    shares = np.array([np.bincount(labels[test], minlength=3) for _, test in folds])
    assert len(folds) == 5 and (shares.max(0) - shares.min(0)).max() <= 7

def test_folds_depend_on_names_alone():
    "The same groups for names in another order, for numbers, and for their text; dealt by their hashes, as another language would."
    labels, order = np.arange(60) % 2, np.random.default_rng(1).permutation(60)
    plain = [set(test.tolist()) for _, test in group_folds(labels, np.arange(60))]
    assert plain == [set(test.tolist()) for _, test in group_folds(labels, [str(i) for i in range(60)])]
    assert plain == [set(order[test].tolist()) for _, test in group_folds(labels[order], order)]
    assert [sorted(test.tolist()) for _, test in group_folds(np.arange(6) % 2, ['a', 'b', 'c', 'd', 'e', 'f'])] == [[3, 4], [0, 5], [1, 2]]

def test_the_order_of_photos_has_no_effect():
    features, labels = clouds(3, 90, 200, 2)
    names, order = np.array([f'photo {i}' for i in range(90)]), np.random.default_rng(0).permutation(90)
    plain, mixed = fit_linear(features, labels, names), fit_linear(features[:, order], labels[order], names[order])
    assert plain.strength == mixed.strength and plain.right == mixed.right
    assert np.abs(plain.probabilities(features[0]) - mixed.probabilities(features[0])).max() < 1e-4
    assert np.abs(plain.chances[order] - mixed.chances).max() < 1e-4

def test_chances_come_from_heads_that_never_saw_the_photo():
    features, labels = clouds(3, 90, 200)
    folds, turned = group_folds(labels, range(90)), labels.copy()
    turned[7] = (labels[7] + 1) % 3
    before, after = (out_of_fold(features, each, folds, 0.1) for each in (labels, turned))
    assert np.abs(before[7] - after[7]).max() < 1e-4 and np.abs(before - after).max() > 1e-2

def test_every_photo_has_chances():
    features, labels = clouds(3, 90, 20)
    head = fit_linear(features, labels, np.arange(90)//3)
    assert head.n == 90 and np.isfinite(head.chances).all() and head.chances.dtype == np.float32
    assert head.right == (head.chances.argmax(1) == labels).sum() and np.allclose(head.chances.sum(1), 1, atol=1e-5)

def test_too_little_to_learn_from():
    features, labels = clouds(4, 4, 30)
    one_each = fit_linear(features, labels)
    assert (one_each.n, str(one_each)) == (0, 'too few photos to cross-validate') and np.isnan(one_each.chances).all()
    for width in (5, 100): assert np.allclose(fit_linear(np.full((1, 40, width), 3, np.float32), np.arange(40) % 2).probabilities(np.full((1, width), 3.)), 0.5, atol=1e-5)

@pytest.mark.parametrize('bad', [np.nan, np.inf])
def test_what_is_no_number_is_named(bad):
    features, labels = clouds(2, 40, 10)
    features[0, 6, 2] = bad
    with pytest.raises(BearsError, match='photo 6 are not finite'): fit_linear(features, labels)

def test_ten_thousand_photos_in_sixteen_bits():
    features, labels = clouds(3, 10_000, 24, 2)
    whole, half = (fit_linear(each, labels) for each in (features, features.astype(np.float16)))
    assert half.n == 10_000 and half.weight.dtype == np.float32 and half.strength == whole.strength
    assert np.abs(half.probabilities(features[0]) - whole.probabilities(features[0])).max() < 5e-3

def test_no_module_needs_scikit_learn():
    package = Path(linear_probe.__file__).parents[2]
    assert not [path for path in package.rglob('*.py') if 'import sklearn' in (text := path.read_text(encoding='utf-8')) or 'from sklearn' in text]
    run = subprocess.run([sys.executable, '-c', "import sys; sys.modules['sklearn'] = None\nimport numpy as np\nfrom bears_lib.engine.features.linear_probe import fit_linear\n"
        'print(fit_linear(np.eye(2, dtype=np.float32)[None, np.arange(20) % 2], np.arange(20) % 2).right)'], capture_output=True, text=True, encoding='utf-8')
    assert run.stdout == '20\n', run.stderr
