"What must hold for any input: copies, the split, the head, the novelty threshold and the journal, each against a plain way to do the same."
import hashlib, io, json, os, shutil, subprocess, sys
from collections import Counter
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, example, given, settings, strategies as st
from PIL import Image, ImageOps
from sklearn.linear_model import LogisticRegression

from bears_lib.engine.features import near_duplicates as duplicates, novelty as familiar, linear_probe as head
from bears_lib.engine.gather import journal as moves
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.features.near_duplicates import group_photos, near_pairs, orientation_hashes, read_photos
from bears_lib.engine.features.novelty import fit_familiar, spread
from bears_lib.engine.core.folders import Photo, PhotoFolder, read_metadata, write_metadata
from bears_lib.engine.features.linear_probe import Head, fit_linear, group_folds
from bears_lib.engine.gather.journal import finish_moves, move_out, move_photos, relabel, undo, unfinished
from bears_lib.engine.features.split import folder_to_check, hold_out, record_split, sides_of, split_photos

def examples(n:int): return settings(max_examples=n, derandomize=True, deadline=None, database=None)
seeds = st.integers(0, 2**32 - 1)

# Copies

def noise_picture(rng, size=(160, 120)) -> Image.Image:
    return Image.fromarray(rng.integers(0, 255, (24, 32, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)

def flip_bits(hashed:np.uint64, n:int, rng) -> np.uint64:
    for place in rng.permutation(64)[:n]: hashed ^= np.uint64(1) << np.uint64(place)
    return hashed

def brute_force(hashes:np.ndarray, radius:int) -> list[list[int]]:
    "Every photo as it stands beside every other in its eight orientations."
    rows = []
    for i, j in combinations(range(len(hashes)), 2):
        if not (hashes[i, 0] and hashes[j, 0]): continue
        distance = min(int(np.bitwise_count(hashes[a, 0] ^ hashes[b]).min()) for a, b in ((i, j), (j, i)))
        if distance <= radius: rows.append([i, j, distance])
    return rows

@pytest.mark.parametrize('radius', range(13))
def test_near_duplicates_pairs_are_those_of_brute_force(radius):
    "Random hashes with a neighbour planted in each orientation at each distance up to one more than the radius, and some blank photos."
    rng = np.random.default_rng(radius)
    hashes = rng.integers(0, 2**64, (200, 8), np.uint64)
    planted = list(np.ndindex(8, radius + 2))
    order = rng.permutation(len(planted)) if len(planted) <= 100 else rng.permutation(len(planted))[:100]
    for place, which in enumerate(order):
        turn, distance = planted[which]
        hashes[100 + place, 0] = flip_bits(hashes[place, turn], distance, rng)
    hashes[[3, 50, 150]] = 0
    assert near_pairs(hashes, radius).tolist() == brute_force(hashes, radius)

@examples(25)
@given(seeds, st.integers(0, 12), st.integers(1, 10))
def test_near_duplicates_crowds_of_pairs(seed, radius, varying):
    "Few bits that differ: many pairs, many of them in several bands and orientations at once; each is named once, with its smallest distance."
    rng = np.random.default_rng(seed)
    bits = rng.permutation(64)[:varying].astype(np.uint64)
    hashes = (rng.integers(0, 2, (20, 8, varying)).astype(np.uint64) << bits).sum(2, dtype=np.uint64)
    assert near_pairs(hashes, radius).tolist() == brute_force(hashes, radius)

def test_near_duplicates_work_in_portions():
    "What is compared at once stays within bounds, and nothing is lost between two portions."
    rng = np.random.default_rng(0)
    left, right, keys, others = (rng.integers(0, high, 60, np.uint64) for high in (2**63, 2**63, 5, 5))
    rows = lambda portions: sorted(map(tuple, np.concatenate(portions).tolist()))
    whole = duplicates._same_band(left, right, keys, others, 64)
    assert len(whole) == 1 and rows(whole) == sorted((i, j, int(np.bitwise_count(left[i] ^ right[j]))) for i in range(60) for j in range(60) if keys[i] == others[j] and i != j)
    for at_once in (1, 7, 40, 200):
        portions = duplicates._same_band(left, right, keys, others, 64, at_once)
        assert rows(portions) == rows(whole) and all(len(part) <= at_once or len(set(part[:, 0])) == 1 for part in portions)
        assert len(portions) <= 2*len(whole[0])/at_once + 60*(at_once < 40) + 1

def turned(picture:Image.Image, turn:int) -> Image.Image:
    "The orientation that `orientation_hashes` counts as `turn`: mirrored, upside down, both, and the same four transposed."
    if turn % 2: picture = ImageOps.mirror(picture)
    if turn//2 % 2: picture = ImageOps.flip(picture)
    return picture.transpose(Image.Transpose.TRANSPOSE) if turn >= 4 else picture

def as_file(picture:Image.Image, exif_orientation:int=1) -> bytes:
    file, exif = io.BytesIO(), Image.Exif()
    exif[274] = exif_orientation
    picture.save(file, 'JPEG', quality=80, exif=exif)
    return file.getvalue()

def distance(a, b) -> int: return int(np.bitwise_count(a ^ b))

@pytest.mark.parametrize('turn', range(8))
def test_near_duplicates_in_each_orientation(turn):
    "60 of 60, as pixels and as a file whose EXIF note turns it, whichever of the two comes first."
    rng, found = np.random.default_rng(turn), Counter()
    for _ in range(60):
        picture = noise_picture(rng)
        original, pixels, noted = orientation_hashes(picture), orientation_hashes(turned(picture, turn)), orientation_hashes(as_file(picture, turn + 1))
        found['named'] += distance(pixels[0], original[turn]) <= 8
        for way, other in (('pixels', pixels), ('EXIF', noted)):
            for pair in ([original, other], [other, original]): found[way] += near_pairs(np.stack(pair))[:, :2].tolist() == [[0, 1]]
    assert found == {'named': 60, 'pixels': 120, 'EXIF': 120}

def test_near_duplicates_hashes_stay_what_they_were():
    "`metadata.csv` keeps them, so a folder that was filled with an earlier version has to match."
    y, x = np.mgrid[0:96, 0:128]/32
    waves = [np.cos(1.7*x + 0.4*y), np.sin(0.9*x*y), np.cos(2.3*y - x) + np.cos(3.1*x)]
    picture = Image.fromarray(np.stack([128 + 55*wave for wave in waves], axis=2).clip(0, 255).astype(np.uint8))
    assert [f'{each:016x}' for each in orientation_hashes(picture)] == [
        '711d6ad4a4cab4ca', 'dbb7c07e0e601e60', '70e36b2aa534b534', 'da49c1800f9e1f9e', 'c03f6b55a4cab44a', 'c1c16aaba534b5b4', '6a95c1ff0e601ee0', '6b6bc0010f9e1f1e']

@pytest.mark.parametrize('contrast, blank', [(0, True), (11, True), (12, False)])
def test_near_duplicates_blank_is_less_than_12_levels(contrast, blank):
    pixels = np.full((64, 64), 100, np.uint8)
    pixels[:, 20:40] += np.uint8(contrast)
    hashes = orientation_hashes(Image.fromarray(pixels))
    assert hashes.shape == (8,) and (hashes == 0).all() == blank

def test_near_duplicates_from_a_file_that_is_read_at_a_reduced_size():
    "A large JPEG is decoded at a fraction of its size, but never below what the hash needs."
    picture = noise_picture(np.random.default_rng(1), (1600, 1200))
    assert distance(orientation_hashes(as_file(picture))[0], orientation_hashes(picture)[0]) <= 2

@examples(60)
@given(seeds, st.integers(0, 25))
def test_near_duplicates_groups_are_what_hangs_together(seed, n):
    rng = np.random.default_rng(seed)
    hashes = rng.integers(1, 2**64, (n, 8), np.uint64)
    for i in range(1, n):
        if rng.random() < 0.4: hashes[i, 0] = flip_bits(hashes[rng.integers(i), rng.integers(8)], int(rng.integers(7)), rng)
    hashes[rng.random(n) < 0.1] = 0
    photos = [Photo(Path(f'{i}.jpg'), 'black', f'{rng.integers(3*n):03}', rng.choice(['', '', '', '', 'a', 'b'])) for i in range(n)]
    near = {(i, j) for i, j, _ in brute_force(hashes, 4)}
    linked = lambda i, j: (min(i, j), max(i, j)) in near or photos[i].sha256 == photos[j].sha256 or photos[i].group == photos[j].group != ''
    expected = []
    for i in range(n):
        reached, frontier = {i}, [i]
        while frontier:
            here = frontier.pop()
            more = {j for j in range(n) if j not in reached and linked(here, j)}
            reached |= more
            frontier += more
        expected.append(min(photos[j].sha256 for j in reached))
    assert group_photos(photos, hashes) == expected

def test_near_duplicates_of_a_folder(tmp_path):
    rng = np.random.default_rng(0)
    picture, other = noise_picture(rng), noise_picture(rng)
    for name, content in {'black/1.jpg': as_file(picture), 'black/2.jpg': as_file(other), 'grizzly/1.jpg': as_file(ImageOps.mirror(picture))}.items():
        (tmp_path/name).parent.mkdir(exist_ok=True)
        (tmp_path/name).write_bytes(content)
    one, two, mirrored = read_photos(tmp_path).photos
    assert one.group == mirrored.group == min(one.sha256, mirrored.sha256) and two.group == two.sha256
    assert one.sha256 == hashlib.sha256(as_file(picture)).hexdigest()
    only = read_photos(tmp_path, labels={tmp_path/'black'/'1.jpg': 'mine'})
    assert [(photo.label, photo.group) for photo in only.photos] == [('mine', one.sha256)]
    (tmp_path/'none').mkdir()
    assert read_photos(tmp_path/'none').photos == []

def test_near_duplicates_bad_radius():
    for radius in (-1, 13):
        with pytest.raises(BearsError, match='0 to 12'): near_pairs(np.zeros((1, 8), np.uint64), radius)
    assert near_pairs(np.zeros((0, 8), np.uint64)).shape == (0, 3)

# The split

def sha(text) -> str: return hashlib.sha256(str(text).encode()).hexdigest()

@st.composite
def photo_lists(draw, largest=6):
    "Photos in groups of up to `largest`, of up to three classes; now and then a group stands in two classes."
    photos = []
    for number in range(draw(st.integers(1, 40))):
        label, n = draw(st.sampled_from(['black', 'grizzly', 'teddy'])), draw(st.integers(1, largest))
        labels = [label]*n if draw(st.integers(0, 7)) else [label, 'teddy']*n
        photos += [Photo(Path(each)/f'{number}-{i}.jpg', each, sha((number, i)), f'group {number}' if n > 1 else '') for i, each in enumerate(labels)]
    return photos

def groups_of(photos) -> dict[str, list[int]]:
    groups = {}
    for i, photo in enumerate(photos): groups.setdefault(photo.group or photo.sha256, []).append(i)
    return groups

@examples(150)
@given(photo_lists(), st.floats(0.05, 0.6), st.integers(0, 5))
def test_split_holds_out_whole_groups_and_about_the_share(photos, valid_pct, seed):
    held, groups = split_photos(photos, valid_pct, seed), groups_of(photos).values()
    assert held.dtype == bool and held.shape == (len(photos),)
    assert all(len({bool(held[i]) for i in members}) == 1 for members in groups), 'a group on both sides'
    mixed = [members for members in groups if len({photos[i].label for i in members}) > 1]
    assert not any(held[members].any() for members in mixed), 'held out, and can be judged neither right nor wrong'
    for label, size in Counter(photo.label for photo in photos).items():
        pure = [len(members) for members in groups if members not in mixed and photos[members[0]].label == label]
        out, wanted = sum(bool(held[i]) for i, photo in enumerate(photos) if photo.label == label), max(1, round(valid_pct*size))
        assert out < size, 'nothing left to learn from'
        if len(pure) > 1: assert out > 0, 'a class that is never judged'
        if out > wanted: assert out == min(pure) and 2*out <= size, 'more than asked for'
        if sum(pure) == size > sum(pure[:1]): assert out > wanted - max(pure), 'less than there was to hold out'

@examples(50)
@given(photo_lists(), seeds)
def test_split_knows_content_alone(photos, seed):
    "Another order, other names, other folders: the same photos are held out."
    held = split_photos(photos)
    order = np.random.default_rng(seed).permutation(len(photos))
    moved = [Photo(Path('elsewhere')/f'{i}.png', photos[i].label, photos[i].sha256, photos[i].group) for i in order]
    assert (split_photos(moved) == held[order]).all()

@examples(60)
@given(st.integers(2, 60), st.integers(1, 30), st.floats(0.05, 0.6))
def test_split_moves_little_when_a_photo_comes_in(n, others, valid_pct):
    "Photos without copies: one more of a class moves at most one other of it, and none of another class."
    photos = [Photo(Path(f'{i}.jpg'), label, sha((label, i))) for label, many in (('black', n), ('grizzly', others)) for i in range(many)]
    held = split_photos(photos, valid_pct)
    more = split_photos([*photos, Photo(Path('new.jpg'), 'black', sha('new'))], valid_pct)
    changed = held != more[:-1]
    assert changed.sum() <= 1 and not changed[n:].any()

def test_split_takes_groups_in_turn():
    "In the order that their content gives, each that fits; a seed gives another order."
    photos = [Photo(Path(f'{i}.jpg'), 'black', sha(i), f'group {i//size}' if size > 1 else '') for size, start in ((1, 0), (3, 30), (4, 60)) for i in range(start, start + 24)]
    splits = set()
    for seed in range(5):
        taken, wanted = set(), round(0.2*len(photos))
        for name, members in sorted(groups_of(photos).items(), key=lambda item: sha(f'{seed} {item[0]}')):
            if len(taken) + len(members) <= wanted: taken |= set(members)
        assert set(np.flatnonzero(split_photos(photos, seed=seed))) == taken
        splits.add(frozenset(taken))
    assert len(splits) == 5

splits_here = """
import hashlib
from pathlib import Path
from bears_lib.engine.core.folders import Photo
from bears_lib.engine.features.split import folder_to_check, hold_out, record_split, sides_of, split_photos
photos = [Photo(Path(f'{i}.jpg'), 'black' if i % 3 else 'grizzly', hashlib.sha256(str(i).encode()).hexdigest(), f'group {i//4}' if i > 30 else '') for i in range(60)]
print(split_photos(photos).nonzero()[0].tolist())
"""

def test_split_is_the_same_on_every_machine():
    "No Python hash, no order of a set or a folder: this split was written down once, and stands in models that people have saved."
    outputs = {subprocess.run([sys.executable, '-c', splits_here], capture_output=True, text=True, check=True, env=os.environ | {'PYTHONHASHSEED': seed}).stdout for seed in ('1', '2')}
    assert outputs == {'[0, 5, 7, 10, 12, 14, 17, 18, 26, 27, 28, 31]\n'}

def test_split_is_the_same_however_the_folder_is_named(photos, tmp_path, monkeypatch):
    (tmp_path/'link').symlink_to(photos)
    shutil.copytree(photos, tmp_path/'copy')
    splits = []
    for place, root in ((tmp_path, photos), (photos, '.'), (tmp_path, 'photos'), (tmp_path, './photos/'), (photos, '../photos'), (tmp_path, tmp_path/'link'), (tmp_path, f'{photos}/'), (tmp_path, 'copy')):
        monkeypatch.chdir(place)
        folder = read_photos(root)
        splits.append({'/'.join(photo.path.parts[-2:]) for photo, out in zip(folder.photos, split_photos(folder.photos, 0.4)) if out})
    assert len(splits[0]) == 4 and all(split == splits[0] for split in splits)

def test_near_duplicates_are_named_in_the_folder_as_it_is_asked_for(tmp_path):
    root = saved_noise(tmp_path/'photos', 'train/black/1.png', 'train/teddy/1.png', 'test/black/2.png', 'aside/black/3.png')
    (root/'train/black/copy.png').write_bytes((root/'train/black/1.png').read_bytes())
    def found(**asked): return sorted(photo.path.parent.parent.name for photo in read_photos(root, leave_out=root/'aside', **asked).photos)
    assert found() == ['train']*3 and found(test=True) == ['test'] + ['train']*3
    groups = Counter(photo.group for photo in read_photos(root, leave_out=root/'aside').photos)
    assert sorted(groups.values()) == [1, 2]

def listed_folder(*names:str, **splits:str) -> PhotoFolder:
    "A folder that nobody needs to read: photos 'black/1' with a group and a hash of their own, and perhaps a split."
    photos = [Photo(Path('photos')/name, name.split('/')[0], f'{i:064x}', f'group {i}', split=splits.get(name.replace('/', '_'), '')) for i, name in enumerate(names)]
    return PhotoFolder(Path('photos'), photos, {})

ten_each = [f'{label}/{i}' for label in ('black', 'teddy') for i in range(10)]

def test_split_leaves_a_photo_to_learn_from_whatever_the_share():
    assert split_photos([Photo(Path(f'{i}.jpg'), 'black', f'{i}') for i in range(3)], 0.99).sum() == 2

def test_split_says_how_photos_were_chosen():
    folder = listed_folder(*ten_each)
    assert (hold_out(folder).how, len(hold_out(folder).valid), hold_out(folder).notes) == ('a share of 0.2, seed 0', 4, [])
    assert hold_out(folder, 0.3, 5).how == 'a share of 0.3, seed 5' and len(hold_out(folder, 0.3).valid) == 6
    assert hold_out(folder, lambda path: path.name == '1').how == 'a function'
    assert hold_out(folder, ['black/1', 'teddy/2']).how == 'a list of photos'

def test_split_of_the_folder_is_taken_or_mixed_and_said():
    folder = listed_folder(*ten_each, **{name.replace('/', '_'): 'valid' if name.endswith('9') else 'train' for name in ten_each})
    brought, mixed = hold_out(folder), hold_out(folder, 0.3)
    assert (brought.how, [photo.path.name for photo in brought.valid], brought.notes) == ('valid/', ['9', '9'], [])
    assert mixed.notes[0] == 'valid/ and train/ are mixed: a share of 0.3, seed 0, is held out from both.' and len(mixed.valid) == 6

def test_split_leaves_copies_out_of_training_and_counts_classes_without_a_check():
    folder = listed_folder(*ten_each)
    for photo in folder.photos[:3]: photo.group = 'one bear'
    split = hold_out(folder, lambda path: path == Path('photos/black/0'))
    assert len(split.train) == 17 and [photo.path.name for photo in split.valid] == ['0']
    assert split.notes == ['2 photos to learn from are copies of photos to check with, and are left out.',
                           'No photo shows teddy among those to check with: nothing can be said about that class.']
    for photo in folder.photos: photo.group = ''
    assert len(hold_out(folder, lambda path: path.name == '0').train) == 18, 'photos without a group are copies of none'
    with pytest.raises(BearsError, match='No photo of black is left to learn from'): hold_out(folder, lambda path: path.parent.name == 'black')

def saved_noise(folder:Path, *names:str, seed:int=0) -> Path:
    rng = np.random.default_rng(seed)
    for name in names:
        (folder/name).parent.mkdir(parents=True, exist_ok=True)
        noise_picture(rng, (80, 64)).save(folder/name)
    return folder

def test_split_takes_a_folder_inside_or_elsewhere(tmp_path, monkeypatch):
    root = saved_noise(tmp_path/'photos', *(f'{label}/{i}.png' for label in ('black', 'teddy') for i in range(3)), 'held/black/1.png', 'held/teddy/1.png')
    other = saved_noise(tmp_path/'other', 'black/a.png', 'teddy/a.png', seed=1)
    monkeypatch.chdir(tmp_path)
    (tmp_path/'both').mkdir(), (root/'both').mkdir()
    assert folder_to_check(root, 'both') == Path('both'), 'what is called so here comes first'
    (tmp_path/'both').rmdir(), (root/'both').rmdir()
    assert [folder_to_check(root, given) for given in (None, 0.2, 'held', root/'held', 'other', 'nowhere')] == [None, None, root/'held', root/'held', Path('other'), Path('nowhere')]
    folder = read_photos(root, leave_out=root/'held')
    for given, how in (('held', 'the folder held/'), (other, 'the folder other/'), (read_photos(other), 'the folder other/')):
        split = hold_out(folder, given)
        assert split.how == how and len(split.valid) == 2 and len(split.train) == 6 and not split.notes
    whole = read_photos(root)
    assert {photo.label for photo in hold_out(whole, 'held').train} == {'black', 'teddy'}, 'what is to check with is not learnt from'
    (tmp_path/'photos/teddy/copy.png').write_bytes((other/'teddy/a.png').read_bytes())
    assert '1 photo to learn from is a copy' in hold_out(read_photos(root, leave_out=root/'held'), other).notes[0]
    with pytest.raises(BearsError, match='empty holds no photos to check with'):
        (tmp_path/'empty').mkdir()
        hold_out(folder, 'empty')
    with pytest.raises(BearsError, match="has the class 'polar', of which there is no photo"): hold_out(folder, saved_noise(tmp_path/'strange', 'polar/1.png'))
    with pytest.raises(BearsError, match='nowhere is not there'): hold_out(folder, 'nowhere')

def test_split_is_remembered_by_the_beginning_of_each_hash():
    train, valid = [f'{i:02d}'*32 for i in range(30)], [f'{i:02d}'*32 for i in range(40, 50)]
    record = record_split(train, valid, 'by hand')
    assert record == {'how': 'by hand', 'train': ' '.join(each[:12] for each in train), 'valid': ' '.join(each[:12] for each in valid)}
    assert sides_of(record, [train[3], valid[4], '9'*64, train[3][:12] + 'f'*52]).tolist() == ['train', 'valid', 'new', 'train']
    assert sides_of({'train': record['train']}, [valid[4], 'x'*64]).tolist() == ['new', 'new']
    assert sides_of({}, train[:2]).tolist() == ['unknown', 'unknown'] == sides_of({'train': ''}, train[:2]).tolist()
    assert (sides_of({}, []) == 'train').sum() == (sides_of(record, []) == 'train').sum() == 0

@pytest.mark.parametrize('n, listed', [(200_000, True), (200_001, False)])
def test_split_of_very_many_photos_lists_those_held_back_alone(n, listed):
    record = record_split([f'{i:064d}' for i in range(n - 5)], [f'{i:064d}' for i in range(5)], 'x')
    assert bool(record['train']) == listed and len(record['valid'].split()) == 5
    assert (sides_of(record, ['0'*64])[0] == 'unknown') != listed

def test_split_bad_input():
    one = [Photo(Path('1.jpg'), 'black', '1')]
    for valid_pct in (-0.1, 0, 1, 1.5, float('nan')):
        with pytest.raises(BearsError, match='between 0 and 1'): split_photos(one, valid_pct)
    with pytest.raises(BearsError, match='2.jpg was never read'): split_photos([*one, Photo(Path('2.jpg'), 'black')])
    assert split_photos(one).tolist() == [False] and split_photos([]).tolist() == []

# The head

def clouds(seed:int, classes:int, n:int, width:int, apart:float, views:int=1):
    "Features of `n` photos around one point for each class, off the origin as those of a network are."
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % classes)
    middles = rng.normal(size=(classes, width))*apart + rng.uniform(0, 1, width)
    return (middles[labels] + rng.normal(size=(views, n, width))).astype(np.float32), labels

def converged(features, labels, strength:float):
    "The same objective, by weights of 1 over the number of views instead of a smaller strength, without a head start, to the end; features scaled to a root mean square of 1."
    model = LogisticRegression(C=strength, tol=1e-9, max_iter=20000)
    return model.fit(features.reshape(-1, features.shape[2]).astype(float), np.tile(labels, len(features)), sample_weight=np.full(features.shape[0]*features.shape[1], 1/len(features)))

def root_mean_square(features) -> float: return float(np.sqrt(np.mean(np.square(features, dtype=float))))

def out_of_sample(features, labels, strength:float) -> np.ndarray:
    "What heads that were run to the end say of the photos of each fold."
    chances = np.zeros((len(labels), labels.max() + 1))
    for train, test in group_folds(labels, np.arange(len(labels))): chances[test] = converged(features[:1, train], labels[train], strength).predict_proba(features[0, test])
    return chances

@pytest.mark.parametrize('seed, classes, n, width, apart, views', [(0, 2, 60, 10, 0.8, 1), (1, 2, 80, 300, 0.2, 2), (2, 3, 90, 40, 0.5, 3), (3, 5, 150, 640, 0.15, 1), (4, 10, 120, 300, 0.3, 2)])
def test_linear_probe_is_the_optimum(seed, classes, n, width, apart, views):
    "Probabilities to 2e-3, weights to 2% of the largest, beside scikit-learn run to the end."
    features, labels = clouds(seed, classes, n, width, apart, views)
    fitted, scaled = fit_linear(features, labels), features/root_mean_square(features)
    keep = np.setdiff1d(np.arange(n), fitted.doubted)
    best = converged(scaled[:, keep], labels[keep], fitted.strength)
    assert np.abs(best.predict_proba(scaled[0]) - fitted.probabilities(features[0])).max() < 2e-3
    weights = np.concatenate([-best.coef_, best.coef_])/2 if classes == 2 else best.coef_
    assert np.abs(weights - fitted.weight*root_mean_square(features)).max() < 0.02*np.abs(weights).max()
    assert fitted.weight.dtype == fitted.bias.dtype == np.float32
    assert fitted.weight.shape == (classes, width) and fitted.bias.shape == (classes,)

@pytest.mark.parametrize('seed, apart, strength', [(1, 0.1, 0.02), (0, 0.3, 0.1), (1, 0.7, 0.5)])
def test_linear_probe_takes_the_strength_that_cross_validates_best(seed, apart, strength):
    features, labels = clouds(seed, 3, 90, 30, apart, 2)
    fitted, scaled = fit_linear(features, labels), features/root_mean_square(features)
    losses, right = {}, {}
    for each in head.strengths:
        chances = out_of_sample(scaled, labels, each)
        losses[each], right[each] = -np.log(chances[np.arange(90), labels]).mean(), int((chances.argmax(1) == labels).sum())
    assert fitted.strength == min(losses, key=losses.get) == strength
    assert (fitted.right, fitted.n) == (right[strength], 90)
    assert str(fitted).startswith(f'cross-validated {right[strength]/90:.1%} (n = 90')

@examples(8)
@given(seeds, st.integers(2, 4))
def test_linear_probe_invariances(seed, classes):
    features, labels = clouds(seed, classes, 48, 12, 0.8, 2)
    groups = np.array([f'group {i//2}' for i in range(48)])
    fitted = fit_linear(features, labels, groups)
    chances = fitted.probabilities(features[0])
    rng = np.random.default_rng(seed)
    assume(len(np.unique(np.round(np.sort(chances.max(1)), 2))) > 3)
    def same(other:Head, expected, eps=4e-3):
        assert np.abs(other - expected).max() < eps
    copied = fit_linear(np.concatenate([features]*3), labels, groups)
    same(copied.probabilities(features[0]), chances)
    for factor in (0.01, 1000): same(fit_linear(features*np.float32(factor), labels, groups).probabilities(features[0]*np.float32(factor)), chances)
    order = rng.permutation(48)
    shuffled = fit_linear(features[:, order], labels[order], groups[order])
    same(shuffled.probabilities(features[0]), chances)
    assert (shuffled.right, shuffled.n, shuffled.strength) == (fitted.right, fitted.n, fitted.strength) == (copied.right, copied.n, copied.strength)
    assert sorted(order[shuffled.doubted]) == sorted(fitted.doubted) == sorted(copied.doubted)
    names = rng.permutation(classes)
    renamed = fit_linear(features, names[labels], groups)
    same(renamed.probabilities(features[0])[:, names], chances)

@examples(6)
@given(seeds, st.integers(2, 4))
def test_linear_probe_doubts_swapped_labels(seed, classes):
    "Of each class's forty photos one carries the next class's label: a head without it is sure of that, and of no other."
    features, truth = clouds(seed, classes, 40*classes, 20, 2.5)
    wrong = np.array([np.flatnonzero(truth == label)[0] for label in range(classes)])
    labels = truth.copy()
    labels[wrong] = (truth[wrong] + 1) % classes
    fitted = fit_linear(features, labels)
    chances = out_of_sample(features/root_mean_square(features), labels, fitted.strength)
    surest = {bound: set(wrong[chances[wrong, truth[wrong]] > bound].tolist()) for bound in (0.895, 0.905)}
    assert surest[0.905] <= set(fitted.doubted.tolist()) <= surest[0.895] and len(surest[0.905]) >= classes/2
    assert fitted.right == fitted.n - classes == 39*classes, 'they count as errors all the same'
    assert (fitted.probabilities(features[0]).argmax(1) == truth).all()

def test_linear_probe_doubts_from_nine_in_ten():
    chances = np.array([[0.11, 0.89], [0.09, 0.91], [0.95, 0.05], [0.6, 0.4], [0.7, 0.3], [np.nan, np.nan], [0.91, 0.09], [0.02, 0.98]])
    assert head.contradicted(chances, np.array([0, 0, 0, 0, 0, 0, 1, 1])).tolist() == [1, 6]
    assert head.contradicted(chances, np.array([0, 0, 0, 0, 0, 0, 0, 0])).tolist() == [1, 7]
    assert head.doubt == 0.9

@pytest.mark.parametrize('wrong, lost', [(3, 3), (4, 0)])
def test_linear_probe_leaves_each_class_half(wrong, lost):
    "Of six photos three may go; of four that would have to, all stay, and the other class still loses its own."
    chances = np.array([[0.01, 0.99]]*wrong + [[0.99, 0.01]]*(6 - wrong) + [[0.99, 0.01]] + [[0.01, 0.99]]*5)
    doubted = head.contradicted(chances, np.array([0]*6 + [1]*6)).tolist()
    assert doubted == [*range(lost), 6]

@examples(60)
@given(seeds, st.integers(2, 5), st.integers(4, 80), st.integers(1, 60))
def test_linear_probe_folds(seed, classes, n, many):
    "No group in two folds or on two sides; every class in each training fold; each photo judged once."
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, many, n)
    labels = np.concatenate([np.arange(classes), groups % classes])
    groups = np.concatenate([np.arange(classes), groups])
    folds = group_folds(labels, groups)
    fewest = min(len(set(groups[labels == label])) for label in range(classes))
    if fewest < 3: assert folds == []
    elif len(set(zip(groups, labels))) == len(set(groups)): assert len(folds) == min(5, fewest)
    for train, test in folds:
        assert not set(groups[train]) & set(groups[test])
        assert set(labels[train]) == set(range(classes))
        assert sorted([*train, *test]) == list(range(n + classes))
    if folds: assert sorted(np.concatenate([test for _, test in folds])) == list(range(n + classes))

def test_linear_probe_folds_of_equal_shares():
    labels = np.arange(100) % 2
    for train, test in group_folds(labels, np.arange(100)): assert Counter(labels[test].tolist()) == {0: 10, 1: 10} and (np.diff(test) > 0).all()
    one_fold_without = [np.array([0, 0, 0, 1, 1, 1, 1, 1, 1]), np.array([0, 1, 2, 0, 0, 1, 1, 2, 2])]
    assert all(set(one_fold_without[0][train]) == {0, 1} for train, _ in group_folds(*one_fold_without))

def test_linear_probe_folds_of_many_photos():
    "3,000 of 8,000 are enough to choose the strength, the rarest class among them; all are judged."
    labels = np.repeat([0, 1, 2], [5000, 2990, 10])
    folds = group_folds(labels, np.arange(8000))
    assert len(folds) == 5 and sorted(np.concatenate([test for _, test in folds])) == list(range(8000))
    chosen = head._enough(labels, folds, range(8000))
    assert np.bincount(labels[chosen]).tolist() == [1875, 1120, 10]
    assert np.flatnonzero(chosen & (labels == 0)).max() > 4900, 'drawn from all of them'
    assert all(Counter(labels[test][chosen[test]].tolist()) == {0: 375, 1: 224, 2: 2} for _, test in folds)
    exactly = np.arange(3000) % 2
    assert head._enough(exactly, group_folds(exactly, range(3000)), range(3000)).all()
    features = np.random.default_rng(0).normal(size=(1, 3400, 2)).astype(np.float32) + 8*np.arange(3400)[None, :, None] % 16
    fitted = fit_linear(features, (np.arange(3400) % 2))
    assert fitted.n == 3400 and fitted.right == 3400 and np.isfinite(fitted.chances).all()

@examples(30)
@given(seeds, st.floats(0.01, 1e4))
def test_linear_probe_probabilities_are_a_softmax(seed, size):
    rng = np.random.default_rng(seed)
    weight, bias, features = rng.normal(size=(4, 6))*size, rng.normal(size=4), rng.normal(size=(7, 6))
    scores = features @ weight.T + bias
    chances = Head(weight, bias, 0.1).probabilities(features)
    assert np.allclose(chances.sum(1), 1) and (chances.argmax(1) == scores.argmax(1)).all()
    with np.errstate(divide='ignore'): ratios = np.log(chances) - np.log(chances.max(1, keepdims=True))
    gaps = scores - scores.max(1, keepdims=True)
    assert np.allclose(ratios[gaps > -30], gaps[gaps > -30], atol=1e-6)

def test_linear_probe_of_few_photos():
    "Fewer than three groups in a class: fitted at the middle strength, and nothing is claimed."
    features, labels = clouds(0, 2, 20, 5, 2.)
    fitted = fit_linear(features, labels, np.where(labels == 0, np.arange(20) % 2, np.arange(20) + 100))
    assert (fitted.n, fitted.right, fitted.strength, fitted.doubted.tolist(), str(fitted)) == (0, 0, 0.1, [], 'too few photos to cross-validate')
    assert fit_linear(features, labels, np.where(labels == 0, np.arange(20) % 3, np.arange(20) + 100)).n == 20
    assert np.allclose(fit_linear(np.zeros((1, 8, 3), np.float32), np.arange(8) % 2).probabilities(np.zeros((1, 3))), 0.5)

@pytest.mark.parametrize('labels, groups, says', [([0]*6, None, 'one class'), ([0, 1], None, '6 photos came with 2 labels and 6 groups'), ([0, 1]*3, [1], '6 labels and 1 groups'), ([0, 2]*3, None, 'class 1')])
def test_linear_probe_bad_input(labels, groups, says):
    with pytest.raises(BearsError, match=says): fit_linear(np.ones((1, 6, 2), np.float32), labels, groups)

# The novelty threshold

@examples(40)
@given(seeds, st.integers(1, 700), st.integers(1, 120), st.floats(0.05, 2))
def test_novelty_threshold_passes_the_stated_share(seed, n, m, wide):
    rng = np.random.default_rng(seed)
    train, valid = rng.normal(0.5, 1, (n, 6)), rng.normal(0.5, wide, (m, 6))
    known = fit_familiar(train, valid)
    likeness = known.likeness(valid)
    assert (likeness >= known.threshold).mean() >= 0.98 == familiar.passing
    assert known.valid_share == (likeness < known.threshold).mean() and known.n == m
    among = familiar._among(known.bank)
    assert (among >= known.threshold).mean() >= 0.98
    assert any(np.isclose(known.threshold, np.sort(each)[int(0.02*(len(each) - 1))], atol=1e-6) for each in (likeness, among)), 'lower than it need be'
    assert known.summary() == {'threshold': known.threshold, 'valid_share': known.valid_share, 'n': m, 'bank': min(n, familiar.most), 'neighbours': 3}

@examples(40)
@given(seeds, st.integers(1, 60), st.integers(1, 8))
def test_novelty_likeness_is_the_mean_cosine_of_the_nearest_three(seed, n, width):
    rng = np.random.default_rng(seed)
    train, photos = rng.normal(size=(n, width)), rng.normal(size=(10, width))
    known = fit_familiar(train, photos)
    cosine = lambda a, b: a @ b/np.linalg.norm(a)/np.linalg.norm(b)
    nearest = lambda photo, others: np.mean(sorted(cosine(photo, other) for other in others)[-3:])
    assert np.allclose(known.likeness(photos), [nearest(photo, train) for photo in photos], atol=1e-5)
    assert np.allclose(known.likeness(photos*1000), known.likeness(photos), atol=1e-5)
    among = [nearest(train[i], np.delete(train, i, axis=0)) for i in range(n)] if n > 1 else [1.]
    assert np.allclose(familiar._among(known.bank), among, atol=1e-5)

@examples(100)
@given(st.integers(0, 3000), st.integers(1, 500))
def test_novelty_bank_is_spread_evenly(n, most):
    places = spread(n, most)
    assert len(places) == len(set(places.tolist())) == min(n, most)
    if n: assert places[0] == 0 and places[-1] == (n - 1 if most > 1 else 0)
    assert len(set(np.diff(places).tolist())) <= 2 and (np.diff(places) > 0).all() and np.ptp(np.diff(places)) <= 1 if len(places) > 1 else True
    assert len(spread(n)) == min(n, familiar.most)

def test_novelty_bank_holds_photos_of_each_class():
    train = np.repeat(np.eye(4), 300, axis=0)
    known = fit_familiar(train, train[::100])
    assert known.bank.sum(0).tolist() == [familiar.most/4]*4 and known.bank.dtype == np.float32
    assert np.allclose(known.likeness(np.eye(4)), 1) and known.threshold == pytest.approx(1) and known.valid_share == 0

def test_novelty_without_a_direction():
    "Features that are all zero, as those of a dead network, are like nothing."
    known = fit_familiar(np.zeros((5, 3)), np.zeros((2, 3)))
    assert (known.threshold, known.valid_share, known.likeness(np.ones((1, 3))).tolist()) == (0, 0, [0])
    tiny = fit_familiar(np.eye(3)*1e-6, np.eye(3)*1e-6)
    assert np.allclose(tiny.bank, np.eye(3)) and np.isfinite(tiny.threshold)

@pytest.mark.parametrize('train, valid, says', [(np.ones((0, 4)), np.ones((1, 4)), 'at least one training'), (np.ones((1, 4)), np.ones((0, 4)), 'at least one training'),
                                                (np.diag([1, np.nan]), np.ones((1, 2)), 'not finite'), (np.ones((1, 2)), np.diag([1, np.inf]), 'not finite')])
def test_novelty_bad_input(train, valid, says):
    with pytest.raises(BearsError, match=says): fit_familiar(train, valid)

# The journal

class Killed(BaseException): "Nothing in the package catches it, as nothing outlives a kill."

@contextmanager
def trouble(at:int, error:BaseException|None, afterwards:bool=False, lasting:bool=False, log:Path|None=None):
    "The call number `at` of those that change the disk raises `error`, before or after its work; so do all that follow, if it is lasting. Gives the calls that were made; a flush of the log is called so."
    calls = []
    def counted(function):
        def call(*args, **kwargs):
            of_log = function.__name__ == 'fsync' and log and log.exists() and os.fstat(args[0]).st_ino == log.stat().st_ino
            calls.append('flush of the log' if of_log else function.__name__)
            hit = error is not None and (len(calls) == at or lasting and len(calls) > at)
            if hit and not afterwards: raise error
            result = function(*args, **kwargs)
            if hit: raise error
            return result
        return mock.patch(f'os.{function.__name__}', call)
    with counted(os.rename), counted(os.replace), counted(os.fsync): yield calls

def photo_tree(root:Path) -> dict[str, str]:
    "Every photo by its name, those that were taken out included."
    files = [path for path in root.rglob('*') if path.is_file() and path.name != 'metadata.csv' and path.parent not in (root, root/'.bears')]
    return {path.relative_to(root).as_posix(): path.read_text(encoding='utf-8') for path in files}

def table(root:Path) -> dict[str, dict[str, str]]:
    return {name: {key: value for key, value in row.items() if value} for name, row in read_metadata(root).items()}

def state(root:Path) -> tuple: return photo_tree(root), table(root), (root/'metadata.csv').exists()

def make_tree(root:Path, rng, listed:bool=True) -> Path:
    "Three classes with photos of the same few names; some rows of the table name another label than the folder."
    for label in ('black', 'grizzly', 'teddy'):
        (root/label).mkdir(parents=True)
        for name in rng.permutation(['1.jpg', '2.jpg', '3.jpg'])[:rng.integers(1, 4)]: (root/label/name).write_text(f'GIF8, a photo of {label} {name}', encoding='utf-8')
    names = [name for name in photo_tree(root) if rng.random() < 0.8]
    if listed: write_metadata(root, [{'file_name': name, 'label': str(rng.choice([name.split('/')[0], 'Ursus'])), 'author': f'author of {name}', 'note': 'mine'} for name in names])
    return root

def some_step(root:Path, rng):
    "A step to take: photos out, photos into other classes, both, or the last step back."
    files = sorted(name for name in photo_tree(root) if not name.startswith('.'))
    if rng.random() < 0.4 or not files: return undo
    chosen = rng.permutation(files)[:rng.integers(1, 5)].tolist()
    out, across = chosen[:rng.integers(len(chosen) + 1)], {}
    for name in chosen[len(out):]: across[name] = str(rng.choice(['black', 'grizzly', 'teddy']))
    return lambda root: move_photos(root, out, across)

def tear_last_line(log:Path, rng) -> None:
    "A line that was not flushed may have reached the disk in part."
    text = log.read_bytes()
    os.truncate(log, int(rng.integers(text[:-1].rfind(b'\n') + 1, len(text) + 1)))

def check_step(root:Path, rng, history:list) -> None:
    "One step with or without trouble: afterwards all of it is done or none; done, it is what it would have been without."
    before, step = state(root), some_step(root, rng)
    twin = root.with_name('twin')
    shutil.copytree(root, twin)
    done = step(twin)
    after = state(twin)
    shutil.rmtree(twin)
    kind, at, afterwards = rng.choice(['none', 'kill', 'fail', 'lasting']), int(rng.integers(1, 10)), bool(rng.integers(2))
    error = {'none': None, 'kill': Killed(), 'fail': OSError(28, 'No space left on device'), 'lasting': OSError(30, 'Read-only file system')}[kind]
    with trouble(at, error, afterwards and kind == 'kill', kind == 'lasting', root/'.bears'/'log.jsonl') as calls:
        try: assert step(root) == done
        except Killed: assert kind == 'kill'
        except BearsError as problem:
            assert kind in ('fail', 'lasting') and error.strerror in str(problem)
            if 'where they were' in str(problem) or 'Nothing was moved' in str(problem): assert state(root) == before
            elif 'All photos were moved' in str(problem): assert state(root) == after
            else: assert 'carries on from here' in str(problem) or 'tries the step again' in str(problem)
    if kind == 'kill' and len(calls) == at and calls[-1] == 'flush of the log' and not afterwards: tear_last_line(root/'.bears'/'log.jsonl', rng)
    assert sorted(photo_tree(root).values()) == sorted(before[0].values()), 'a photo was lost or doubled'
    finish_moves(root)
    assert finish_moves(root) == 0
    assert state(root) in (before, after)
    if at > len(calls) or kind == 'none' or kind == 'kill' and (at > 1 or afterwards): assert state(root) == after
    if kind in ('fail', 'lasting') and at == 1 and calls: assert state(root) == before
    if state(root) == after and done:
        if step is undo: assert after == history.pop(), 'not what it was before'
        else: history.append(before)
    elif step is undo and not done: assert not history

def fsync(handle): "A flush that takes no time: the disk is not what is tested."

@examples(60)
@given(seeds, st.booleans())
def test_journal_with_trouble_at_any_call(tmp_path_factory, seed, listed):
    "Random steps, each of them killed or failing at any rename, write or flush: no photo lost or doubled, the table in step, undo exact."
    rng, place = np.random.default_rng(seed), tmp_path_factory.mktemp('moves')
    root = make_tree(place/'photos', rng, listed)
    history:list = []
    for _ in range(6):
        with mock.patch('os.fsync', fsync): check_step(root, rng, history)
        names = {name for name in photo_tree(root) if not name.startswith('.')}
        assert set(table(root)) <= names and all(row['file_name'] == name for name, row in table(root).items())
    while history:
        assert undo(root) and state(root) == history.pop()
    assert undo(root) == []
    shutil.rmtree(place)

@pytest.fixture
def tree(tmp_path): return make_tree(tmp_path/'photos', np.random.default_rng(3))

def test_journal_name_what_went_where(tree):
    names = sorted(photo_tree(tree))
    first, second = names[0], next(name for name in names if not name.startswith(names[0].split('/')[0]))
    rows = read_metadata(tree)
    out, = move_out(tree, [first], 'blurred')
    assert (out.source, out.target, out.row) == (first, f'.bears/removed/{first}', rows.get(first))
    across, = relabel(tree, {str(tree/second): 'teddy' if 'teddy' not in second else 'black'})
    assert photo_tree(tree)[across.target] == f'GIF8, a photo of {second.replace("/", " ")}' and across.target.split('/')[0] in ('teddy', 'black')
    lines = [json.loads(line) for line in (tree/'.bears'/'log.jsonl').read_text(encoding='utf-8').splitlines()]
    assert [(line['step'], line['state']) for line in lines] == [(1, 'begun'), (1, 'done'), (2, 'begun'), (2, 'done')]
    assert [line.get('reason') for line in lines[::2]] == ['blurred', 'put into another class'] and lines[0]['at'].endswith('Z')
    assert [move.target for move in undo(tree)] == [second] and [move.target for move in undo(tree)] == [first]
    assert sorted(photo_tree(tree)) == names
    assert [json.loads(line).get('undoes') for line in (tree/'.bears'/'log.jsonl').read_text(encoding='utf-8').splitlines()[4::2]] == [2, 1]

def test_journal_undo_goes_on_where_photos_are_gone_for_good(tree):
    "Somebody empties `.bears/removed`: the steps before can still be undone."
    before = state(tree)
    kept, gone = sorted(photo_tree(tree))[:2]
    relabel(tree, {kept: 'teddy' if 'teddy' not in kept else 'black'})
    move_out(tree, [gone])
    shutil.rmtree(tree/'.bears'/'removed')
    assert [move.target for move in undo(tree)] == [kept]
    assert photo_tree(tree) == {name: text for name, text in before[0].items() if name != gone} and undo(tree) == []

def test_journal_a_photo_whose_name_is_no_text(tree):
    "Names from an old disk or a zip are bytes that no encoding explains."
    if sys.platform != 'linux': pytest.skip('only Linux allows such names')
    name = 'black/\udce9t\udce9.jpg'
    (tree/name).write_text('GIF8, a photo of a bear in summer', encoding='utf-8')
    before = state(tree)
    assert len(move_out(tree, [name])) == 1 and len(undo(tree)) == 1 and state(tree) == before

@pytest.mark.parametrize('line', ['{"step": 1, "state": "begun"}', '{"step": 1, "state": "begun", "files": [{"from": "a"}]}', '{"step": 1, "state": "begun", "files": [{"source": 1, "target": 2}]}',
                                  '{"step": 1, "state": "begun", "files": 3}', '{"step": 1, "state": "begun", "files": [{"source": "black/1.jpg", "target": "/etc/1.jpg"}]}'])
def test_journal_a_journal_that_is_not_ours(tree, line):
    (tree/'.bears').mkdir()
    (tree/'.bears'/'log.jsonl').write_text(line + '\n', encoding='utf-8')
    before = state(tree)
    assert 'does not write' in ' '.join(unfinished(tree)) or 'begun elsewhere' in ' '.join(unfinished(tree))
    assert finish_moves(tree) == 0 and undo(tree) == [] and state(tree) == before
    assert len(move_out(tree, [sorted(photo_tree(tree))[0]])) == 1 and len(undo(tree)) == 1 and state(tree) == before
    (tree/'.bears'/'log.jsonl').write_text('3\n[1]\n{"step": "one"}\n{"step": [1]}\n{"url": "https://img.example"}\n{"step": 7, "state"', encoding='utf-8')
    assert finish_moves(tree) == 0 and undo(tree) == [] and state(tree) == before

def test_journal_that_can_go_neither_on_nor_back(tree):
    "The disk turns read-only after the first of two renames: it is said, and the next call carries on."
    names = sorted(photo_tree(tree))[:2]
    with trouble(3, OSError(30, 'Read-only file system'), lasting=True), pytest.raises(BearsError, match='Read-only.*Some are on their way: the next call carries on'): move_out(tree, names)
    assert finish_moves(tree) == 1
    assert [(tree/'.bears'/'removed'/name).exists() for name in names] == [True, True] and len(undo(tree)) == 2
