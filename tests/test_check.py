"Checking a folder, dropping copies, moving photos: on disk, also when killed in the middle."
import csv, json, os, subprocess, sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from bears_lib.engine.gather import audit as check, journal as moves
from bears_lib.engine.gather.audit import _outliers, check_images, confident_joint, drop_dups, find_dups, label_issues, write_findings
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.gather.journal import finish_moves, move_out, move_photos, relabel, undo
from bears_lib.engine.core.folders import read_metadata, sample_folder, write_metadata
from conftest import make_photos

def names(root:Path) -> set[str]: return {path.relative_to(root).as_posix() for path in root.rglob('*') if path.is_file() and path.parts[len(root.parts)] != '.bears' and path.name != 'metadata.csv'}

@pytest.fixture
def listed(photos):
    "The same with a metadata.csv."
    write_metadata(photos, [{'file_name': name, 'label': name.split('/')[0], 'author': f'author of {name}'} for name in names(photos)])
    return photos

# What is found

@pytest.mark.parametrize('change', [ImageOps.mirror, ImageOps.flip, lambda image: image.resize((60, 45)), lambda image: ImageEnhance.Brightness(image).enhance(1.15),
                                    lambda image: image.convert('L'), lambda image: image.rotate(90, expand=True), lambda image: image.resize((120, 100))])
def test_a_changed_copy_is_found_and_nothing_else(photos, change):
    change(Image.open(photos/'red'/'3.jpg')).convert('RGB').save(photos/'blue'/'copy.jpg', quality=70)
    pair, = find_dups(photos)
    assert {pair.file, pair.other} == {'red/3.jpg', 'blue/copy.jpg'} and pair.mixed

def test_blank_photos_are_not_copies_of_each_other(photos):
    for i, colour in enumerate(('white', 'black', 'gray')): Image.new('RGB', (80, 80), colour).save(photos/'red'/f'blank{i}.png')
    assert find_dups(photos) == []
    assert [finding.problem for finding in check_images(photos, judge=False).findings] == ['blank']*3
    (photos/'blue'/'white again.png').write_bytes((photos/'red'/'blank0.png').read_bytes())
    assert [{pair.file, pair.other} for pair in find_dups(photos)] == [{'red/blank0.png', 'blue/white again.png'}]

def test_every_kind_of_problem(photos):
    (photos/'red'/'cut.jpg').write_bytes((photos/'red'/'0.jpg').read_bytes()[:900])
    (photos/'red'/'empty.jpg').touch()
    (photos/'red'/'notes.txt').write_text('hello', encoding='utf-8')
    noise = Image.open(photos/'red'/'1.jpg')
    ImageEnhance.Brightness(Image.effect_noise((90, 90), 60)).enhance(0.15).save(photos/'red'/'night.png')
    Image.effect_noise((30, 30), 60).save(photos/'red'/'icon.png')
    Image.effect_noise((400, 90), 60).save(photos/'red'/'strip.png')
    noise.save(photos/'blue'/'other class.jpg', quality=60)
    found = {(finding.file, finding.problem) for finding in check_images(photos, judge=False).findings}
    assert {('red/cut.jpg', 'unreadable'), ('red/empty.jpg', 'unreadable'), ('red/notes.txt', 'unreadable'), ('red/night.png', 'exposure'), ('red/icon.png', 'tiny'),
            ('red/strip.png', 'proportions')} <= found
    assert check_images(photos, judge=False).findings[0].problem == 'in two classes'

def test_wrong_labels_come_first(tmp_path):
    photos = make_photos(tmp_path/'photos', {'red': 20, 'blue': 20})
    for i in (3, 8): os.rename(photos/'red'/f'{i}.jpg', photos/'blue'/f'wrong{i}.jpg')
    report = check_images(photos)
    assert set(report.suspects(4)) >= {'blue/wrong3.jpg', 'blue/wrong8.jpg'}
    assert {finding.file for finding in report.findings if finding.problem == 'wrong label'} == {'blue/wrong3.jpg', 'blue/wrong8.jpg'}
    assert report.probabilities.shape == (40, 2) and np.allclose(report.probabilities.sum(1), 1, atol=1e-5)
    assert 'red (' in next(finding.suggestion for finding in report.findings if finding.file == 'blue/wrong3.jpg')
    assert 'label in doubt: 2' in str(report).splitlines() and 'wrong label' not in str(report)  # a model that doubts may be wrong itself
    for name in ('label in doubt', 'wrong label'):
        assert {ax.get_title(loc='left').split('\n')[0] for ax in report.show(1, name).axes} == {'label in doubt'}
    with pytest.raises(BearsError, match='label in doubt'): report.show(1, 'wrong')
    with write_findings(tmp_path/'found.csv', report.rows).open(newline='', encoding='utf-8') as file: assert [row['problem'] for row in csv.DictReader(file)] == ['label in doubt']*2

def test_copies_across_the_split(tmp_path, photos):
    Image.open(photos/'red'/'0.jpg').save(photos/'red'/'again.jpg', quality=60)
    finding, = check_images(photos, valid=[photos/'red'/'again.jpg'], judge=False).findings
    assert (finding.problem, finding.file, finding.other) == ('across the split', 'red/0.jpg', 'red/again.jpg')
    for side, label, name in [('train', 'red', '0.jpg'), ('valid', 'red', 'again.jpg')]:
        (tmp_path/'split'/side/label).mkdir(parents=True)
        os.rename(photos/label/name, tmp_path/'split'/side/label/name)
    finding, = check_images(tmp_path/'split', judge=False).findings
    assert (finding.problem, finding.file) == ('across the split', 'train/red/0.jpg')

def test_one_class_and_few_photos_say_why_they_are_not_judged(tmp_path):
    assert 'two or more' in check_images(make_photos(tmp_path/'one', {'red': 3})).note
    assert 'at least three' in check_images(make_photos(tmp_path/'few', {'red': 2, 'blue': 4})).note

def test_sample():
    "The faults that are planted in the bundled sample."
    root = sample_folder()
    with (root/'faults.csv').open(newline='', encoding='utf-8') as file: faults = list(csv.DictReader(file))
    report = check_images(root, judge=False)
    found = {kind: {finding.file for finding in report.findings if finding.problem == kind} for kind in check.problems}
    assert found['unreadable'] == {fault['file_name'] for fault in faults if fault['fault'] in ('unreadable', 'not-a-photo')}
    planted = {frozenset((fault['file_name'], fault['truth'])) for fault in faults if fault['fault'] == 'near-duplicate'}
    pairs = {frozenset((pair.file, pair.other)) for pair in find_dups(root)}
    assert planted <= pairs
    assert len(set().union(*pairs) - set().union(*planted)) <= 0.02*len(report.folder.photos)

def test_sample_wrong_labels():
    root = sample_folder()
    with (root/'faults.csv').open(newline='', encoding='utf-8') as file: wrong = {fault['file_name'] for fault in csv.DictReader(file) if fault['fault'] == 'wrong-label'}
    report = check_images(root)
    worst = set(report.suspects(len(report.folder.photos)//10))
    assert len(wrong & worst) >= 0.8*len(wrong)

# Copies go

def test_drop_dups_keeps_the_largest_and_moves_the_rest(listed):
    for size in (40, 200): Image.open(listed/'red'/'0.jpg').resize((size, size*3//4)).save(listed/'red'/f'{size}.jpg')
    before = names(listed)
    assert {(finding.file, finding.other) for finding in drop_dups(listed)} == {('red/0.jpg', 'red/200.jpg'), ('red/40.jpg', 'red/200.jpg')}
    assert names(listed) == before  # a rehearsal
    drop_dups(find_dups(listed), dry_run=False)
    assert names(listed) == before - {'red/0.jpg', 'red/40.jpg'}
    assert (listed/'.bears'/'removed'/'red'/'0.jpg').exists()
    assert 'red/0.jpg' not in read_metadata(listed)
    undo(listed)
    assert names(listed) == before and read_metadata(listed)['red/0.jpg']['author'] == 'author of red/0.jpg'

def test_drop_dups_leaves_no_photo_in_two_classes(photos):
    data = (photos/'red'/'0.jpg').read_bytes()
    for name in ('blue/0 too.jpg', 'red/0 three.jpg'): (photos/name).write_bytes(data)
    assert drop_dups(photos, mixed='leave', dry_run=False) == []
    drop_dups(photos, dry_run=False)
    assert find_dups(photos) == [] and not names(photos) & {'red/0.jpg', 'blue/0 too.jpg', 'red/0 three.jpg'}

# Moving

def test_equal_names_do_not_collide(listed):
    relabel(listed, {'red/0.jpg': 'blue', 'red/1.jpg': 'blue'})
    assert {'blue/0.jpg', 'blue/0-2.jpg', 'blue/1.jpg', 'blue/1-2.jpg'} <= names(listed)
    move_out(listed, ['red/2.jpg'])
    Image.new('RGB', (50, 50)).save(listed/'red'/'2.jpg')
    move_out(listed, ['red/2.jpg'])
    assert {path.name for path in (listed/'.bears'/'removed'/'red').iterdir()} == {'2.jpg', '2-2.jpg'}
    for _ in range(3): undo(listed)
    assert undo(listed) == []
    assert {'red/0.jpg', 'red/1.jpg', 'red/2.jpg', 'red/2-2.jpg'} <= names(listed)
    assert read_metadata(listed)['red/0.jpg']['author'] == 'author of red/0.jpg' and read_metadata(listed)['blue/0.jpg']['author'] == 'author of blue/0.jpg'

def test_the_log_of_downloads_is_kept(listed):
    (listed/'.bears').mkdir()
    (listed/'.bears'/'log.jsonl').write_text('{"url": "https://img.example/1.jpg", "status": "ok"}\n{"url": "https://img.ex', encoding='utf-8')
    move_out(listed, ['red/0.jpg'])
    lines = (listed/'.bears'/'log.jsonl').read_text(encoding='utf-8').splitlines()
    assert lines[0] == '{"url": "https://img.example/1.jpg", "status": "ok"}'
    assert [json.loads(line)['state'] for line in lines[2:]] == ['begun', 'done']
    undo(listed)
    assert 'red/0.jpg' in names(listed)

kill = """
import os, sys
from pathlib import Path
from bears_lib.engine.gather import journal as moves
left = int(sys.argv[2])
def counted(function):
    def call(*args, **kwargs):
        global left
        if left == 0: os._exit(9)
        left -= 1
        return function(*args, **kwargs)
    return call
os.rename = counted(os.rename)
moves.write_metadata = counted(moves.write_metadata)
moves.Journal.add = counted(moves.Journal.add)
moves.move_photos(sys.argv[1], out=['red/0.jpg', 'blue/1.jpg'], labels={'red/2.jpg': 'blue'})
"""

@pytest.mark.parametrize('after', range(7))
def test_killed_at_any_point(listed, after):
    "Begin line, three renames, metadata, done line: killed before each, the next call leaves all of it done or none."
    before, rows = names(listed), read_metadata(listed)
    code = subprocess.run([sys.executable, '-c', kill, str(listed), str(after)]).returncode
    assert code == (9 if after < 6 else 0)
    finish_moves(listed)
    assert names(listed) == (before if after == 0 else before - {'red/0.jpg', 'blue/1.jpg', 'red/2.jpg'} | {'blue/2-2.jpg'})
    assert set(read_metadata(listed)) == names(listed)
    undo(listed)
    assert names(listed) == before and read_metadata(listed) == rows

def test_a_rename_that_fails_leaves_all_as_it_was(listed, monkeypatch):
    before, rename, calls = names(listed), os.rename, []
    def full(source, target):
        calls.append(source)
        if len(calls) == 2: raise OSError(28, 'No space left on device')
        rename(source, target)
    monkeypatch.setattr(os, 'rename', full)
    with pytest.raises(BearsError, match='No space left'): move_out(listed, ['red/0.jpg', 'red/1.jpg'])
    monkeypatch.undo()
    assert names(listed) == before == set(read_metadata(listed))
    assert undo(listed) == [] and len(move_out(listed, ['red/0.jpg', 'red/1.jpg'])) == 2

@pytest.mark.parametrize('call, says', [
    (lambda root: move_photos(root, out=['red/0.jpg'], labels={'red/0.jpg': 'blue'}), 'choose one'),
    (lambda root: relabel(root, {'red/0.jpg': 'bleu'}), "Did you mean 'blue'"),
    (lambda root: relabel(root, {'red/0.jpg': '../red'}), 'no class'),
    (lambda root: move_out(root, ['red/99.jpg']), 'is not there'),
    (lambda root: move_out(root, [Path(sys.executable)]), 'not inside'),
    (lambda root: move_out(root/'nowhere', ['red/0.jpg']), 'is not there'),
    (lambda root: move_out(sample_folder(), ['black/1.jpg']), r"sample_bears\('bears'\) makes you a copy"),
    (lambda root: check_images(root/'red'/'0.jpg'), 'is a file'),
    (lambda root: check_images(root/'rde'), 'is not there'),
    (lambda root: find_dups(root, radius=-1), '0 to 12'),
    (lambda root: drop_dups(root, keep='best'), "'largest' or 'first'"),
    (lambda root: check_images(root, judge=False).show(problem='ugly'), 'No problem is called'),
    (lambda root: check_images(root, judge=False).suspects(), 'not judged')])
def test_bad_input(listed, call, says):
    before = names(listed)
    with pytest.raises(BearsError, match=says): call(listed)
    assert names(listed) == before

def test_a_second_writer_is_told(listed):
    with moves.only_writer(listed), pytest.raises(BearsError, match='Another run'): move_out(listed, ['red/0.jpg'])
    assert len(move_out(listed, ['red/0.jpg'])) == 1

# From the shell

def test_command(photos, tmp_path):
    script = tmp_path/'bears-check'
    script.write_text('import sys\nfrom bears_lib.engine.gather.audit import bears_check\nsys.exit(bears_check())', encoding='utf-8')
    check = [sys.executable, str(script)]
    run = subprocess.run([*check, str(photos), '--quick', '--json'], capture_output=True, text=True)
    assert run.returncode == 0 and json.loads(run.stdout)['findings'] == []
    (photos/'red'/'broken.jpg').write_text('<html>', encoding='utf-8')
    run = subprocess.run([*check, str(photos), '--quick', '--json'], capture_output=True, text=True)
    assert run.returncode == 1 and json.loads(run.stdout)['findings'][0]['file'] == 'red/broken.jpg' and 'red/broken.jpg' in run.stderr
    run = subprocess.run([*check, str(photos/'nowhere'), '--quick'], capture_output=True, text=True)
    assert run.returncode == 2 and 'is not there' in run.stderr

def in_shell(capsys, *words):
    from bears_lib.gather import bears_check
    code = bears_check.in_shell([*map(str, words)], 'bears-check')
    return code, capsys.readouterr().err.splitlines()

def test_the_next_step_is_to_mend_what_was_found(photos, capsys, tmp_path):
    assert in_shell(capsys, photos, '--quick')[1][-1] == f'Next: bears train {photos}'
    (photos/'red'/'broken.jpg').write_text('<html>', encoding='utf-8')
    (photos/'red'/'twice.jpg').write_bytes((photos/'red'/'0.jpg').read_bytes())
    Image.effect_noise((30, 30), 60).save(photos/'red'/'icon.png')
    code, lines = in_shell(capsys, photos, '--quick')
    assert (code, lines[-1]) == (1, f'Next: bears check {photos} --take-out') and '2 of these can go' in lines[-2]
    before = names(photos)
    code, lines = in_shell(capsys, photos, '--quick', '--take-out')
    assert code == 1 and lines[-1] == f'Next: bears check {photos} --to findings.csv' and 'ImageCleaner' in lines[-2] and f'bears train {photos}' in lines[-2]
    assert before - names(photos) == {'red/broken.jpg', 'red/0.jpg'} or before - names(photos) == {'red/broken.jpg', 'red/twice.jpg'}
    table = tmp_path/'findings.csv'
    code, lines = in_shell(capsys, photos, '--quick', '--to', table)
    with table.open(newline='', encoding='utf-8') as file: rows = list(csv.DictReader(file))
    assert [(row['problem'], row['file']) for row in rows] == [('tiny', 'red/icon.png')] and lines[-1] == f'Next: bears check {photos}'
    undo(photos)
    assert names(photos) == before

def test_every_finding_can_be_listed(photos, capsys):
    for i in range(7): (photos/'red'/f'broken{i}.jpg').write_text('<html>', encoding='utf-8')
    few, lines = in_shell(capsys, photos, '--quick')[1], in_shell(capsys, photos, '--quick', '--all')[1]
    assert '  ... and 3 more: --all lists them' in few and not any(' more' in line for line in lines)
    assert sum('/broken' in line for line in few) == 4 and sum('/broken' in line for line in lines) == 7
    assert '... and 3 more\n' in repr(check_images(photos, judge=False))  # in Python there is no --all

def test_import_is_light():
    run = subprocess.run([sys.executable, '-c', 'import sys, bears_lib.engine.gather.audit, bears_lib.engine.gather.cleaner; print({"torch", "fastai", "timm", "sklearn", "ipywidgets", "matplotlib"} & set(sys.modules))'], capture_output=True, text=True)
    assert run.stdout == 'set()\n', run.stderr

# Computed once with cleanlab 2.9.0: find_label_issues(labels, chances, n_jobs=1), where the model also says another class.
issues_of_cleanlab = {  # seed, photos of each class, share of wrong labels, skill of the model: photos that are named
    'two classes': ((0, (60, 60), 0.1, 2.0), [3, 12, 24, 46, 57, 78, 88, 95, 100, 119]),
    'three classes': ((1, (50, 40, 60), 0.08, 1.5), [27, 30, 45, 82, 91, 103, 104, 105, 145]),
    'ten classes': ((2, (40,)*10, 0.1, 1.2), [6, 9, 10, 23, 32, 36, 39, 42, 47, 59, 62, 67, 68, 73, 79, 85, 118, 135, 146, 157, 172, 175, 180, 198,
        200, 204, 208, 210, 212, 213, 220, 224, 227, 249, 253, 256, 258, 259, 262, 264, 267, 275, 284, 285, 289, 296, 308, 320, 325, 331, 349, 352,
        358, 361, 368, 369, 372, 374, 375, 383, 385, 389, 397]),
    'imbalanced': ((3, (300, 30, 8), 0.05, 1.5), [3, 7, 32, 104, 137, 152, 206, 231, 263, 319]),
    'a class that is never said': ((5, (80, 80, 20), 0.1, 1.5), [6, 15, 26, 32, 34, 54, 63, 64, 81, 117, 118, 119, 130, 131, 136, 158, 159, 160, 161,
        162, 163, 164, 165, 166, 167, 170, 171, 173, 174, 175, 176, 177, 178, 179]),
    'nothing wrong': ((6, (40, 40, 40), 0, 4.0), []),
    'a class of three photos': ((7, (60, 60, 3), 0.1, 2.0), [4, 7, 28, 46, 48, 55, 59, 94, 119])}

@pytest.mark.parametrize('kind', issues_of_cleanlab)
def test_wrong_labels_are_those_that_cleanlab_names(kind):
    (seed, counts, wrong, skill), named = issues_of_cleanlab[kind]
    rng, k = np.random.default_rng(seed), len(counts)
    truth = np.repeat(np.arange(k), counts)
    logits = rng.normal(size=(len(truth), k)) + skill*2*np.eye(k)[truth]
    if kind == 'a class that is never said': logits[:, 2] -= 20
    chances = np.exp(logits)/np.exp(logits).sum(1, keepdims=True)
    moved = rng.random(len(truth)) < wrong
    labels = np.where(moved, (truth + rng.integers(1, k, len(truth))) % k, truth)
    assert np.flatnonzero(label_issues(labels, chances)).tolist() == named
    joint = confident_joint(labels, chances)
    assert joint.sum(1).tolist() == np.bincount(labels).tolist() and (joint >= 0).all()

def test_a_class_without_photos_is_no_reason():
    labels, chances = np.array([0, 0, 0, 1, 1, 1]), np.array([[.9, .05, .05]]*3 + [[.1, .8, .1]]*2 + [[.9, .05, .05]])
    assert confident_joint(labels, chances).tolist() == [[3, 0, 0], [1, 2, 0], [0, 0, 0]]
    assert label_issues(labels, chances).tolist() == [False]*5 + [True]

@pytest.mark.parametrize('seed, found', [(0, [(7, 0.998), (50, 0.942)]), (2, [(7, 0.988), (50, 0.925)]), (10, [(7, 0.995), (10, 0.882), (50, 0.937)])])
def test_outliers_are_those_of_cleanlab(seed, found):
    "Computed once with OutOfDistribution().fit_score of cleanlab 2.9.0 and Tukey's rule."
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(80, 16)).astype(np.float32)*.3 + 2*np.eye(16, dtype=np.float32)[rng.integers(0, 3, 80)]
    features[7], features[50] = -features[:7].sum(0), rng.normal(size=16)
    if seed == 2: features[20:34], features[60:63] = features[20], features[60]  # copies
    assert [(int(each.file), each.score) for each in _outliers([str(i) for i in range(80)], features)] == found
