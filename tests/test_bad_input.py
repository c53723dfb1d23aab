"Whatever a learner may hand in: it works with a note, or one clear sentence says why not, and nothing is lost."
import io, json, os, shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bears_lib.commands import bears_train
from bears_lib.deploy import Classifier, bears_predict
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.core.photos import PhotoError
from conftest import make_photos, shell

@pytest.fixture(scope='module')
def model(tmp_path_factory):
    "A small trained model."
    place = tmp_path_factory.mktemp('model')
    bears_train(str(make_photos(place/'photos', {'red': 6, 'blue': 6})), model=str(place/'model'))
    return place/'model'

@pytest.fixture
def copy(model, tmp_path): return Path(shutil.copytree(model, tmp_path/'model'))

@pytest.mark.parametrize('counts, says', [
    ({}, 'holds no photos'),
    ({'red': 4}, 'one class only (red)'),
    ({'red': 4, 'blue': 1}, 'blue has 1, and each class needs at least 2'),
    (None, 'is not there'),
])
def test_folders_that_cannot_train(tmp_path, counts, says):
    folder = tmp_path/'photos'
    if counts is not None:
        folder.mkdir()
        make_photos(folder, counts)
    answer = shell('bears-train', folder, '--model', tmp_path/'model', '--json')
    assert answer.returncode == 2
    assert says in answer.stderr and len(answer.stderr.splitlines()) == 1
    assert says in json.loads(answer.stdout.splitlines()[-1])['error']
    assert not (tmp_path/'model').exists()

def test_photos_without_class_folders(photos):
    with pytest.raises(BearsError, match='holds 6 photos, but no class folders'): bears_train(str(photos/'red'), model='unused')

def test_five_photos_in_all(tmp_path):
    done = bears_train(str(make_photos(tmp_path/'few', {'red': 3, 'blue': 2})), model=str(tmp_path/'model'))
    assert done['train'] == 3 and done['n'] == 2 and done['cross_validation'] is None
    assert sum(Classifier(tmp_path/'model')(np.zeros((50, 50, 3), np.uint8)).values()) == pytest.approx(1, abs=1e-5)

def test_two_classes_of_unlike_size_and_thirty_classes(tmp_path):
    many = make_photos(tmp_path/'many', {f'{colour}{i}': 3 for colour in ('red', 'blue') for i in range(15)})
    done = bears_train(str(many), model=str(tmp_path/'model'))
    assert len(done['labels']) == 30 and len(Classifier(tmp_path/'model')(next(many.glob('red3/*')))) == 30

def nasty(folder:Path) -> dict[str, str]:
    "Files that turn up among photos: each name with what is said about it, or '' where it is simply used."
    rng = np.random.default_rng(1)
    noise = lambda *shape: rng.integers(0, 255, shape, np.uint8)
    frames = [Image.fromarray(noise(80, 80, 3)) for _ in range(3)]
    frames[0].save(folder/'moving.gif', save_all=True, append_images=frames[1:])
    Image.fromarray(rng.integers(0, 65535, (80, 80)).astype(np.uint16)).save(folder/'grey 16 bits.png')
    Image.fromarray(noise(80, 80, 4), 'CMYK').save(folder/'cmyk.jpg')
    Image.fromarray(noise(80, 80, 3)).save(folder/'un été à la montagne.jpg')
    Image.fromarray(noise(80, 80, 4), 'RGBA').convert('P').save(folder/'palette.png', transparency=0)
    (folder/'notes.txt').write_text('seen at the river', encoding='utf-8')
    good = io.BytesIO()
    Image.fromarray(noise(80, 80, 3)).save(good, 'jpeg')
    (folder/'cut.jpg').write_bytes(good.getvalue()[:-400])
    (folder/'empty.jpg').touch()
    (folder/'page.jpg').write_text('<!doctype html><title>moved</title>', encoding='utf-8')
    Image.new('1', (12000, 12000)).save(folder/'bomb.png')
    return {'moving.gif': '', 'grey 16 bits.png': '', 'cmyk.jpg': '', 'un été à la montagne.jpg': '', 'palette.png': '', 'notes.txt': 'not a picture that can be opened',
            'cut.jpg': 'damaged', 'empty.jpg': 'empty', 'page.jpg': 'a web page', 'bomb.png': '12000 x 12000 pixels are too large'}

def test_odd_files_among_the_photos(photos, tmp_path):
    expected = nasty(photos/'red')
    before = sorted(path.name for path in (photos/'red').iterdir())
    answer = shell('bears-train', photos, '--model', tmp_path/'model', '--json')
    assert answer.returncode == 0, answer.stderr
    left_out = json.loads(answer.stdout.splitlines()[-1])['left_out']
    for name, says in expected.items():
        if says: assert says in left_out[f'red/{name}']
        else: assert f'red/{name}' not in left_out
    assert len(left_out) == 5 and all(f'left out {name}' in answer.stderr for name in left_out)
    assert sorted(path.name for path in (photos/'red').iterdir()) == before

def test_only_broken_files(tmp_path):
    for label in ('red', 'blue'):
        (tmp_path/'photos'/label).mkdir(parents=True)
        (tmp_path/'photos'/label/'a.jpg').write_bytes(b'')
    with pytest.raises(BearsError, match='no photo that can be used.*empty'): bears_train(str(tmp_path/'photos'), model=str(tmp_path/'model'))

def test_predicting_odd_files(model, photos):
    for name, says in nasty(photos).items():
        if not says: assert sum(Classifier(model)(photos/name).values()) == pytest.approx(1, abs=1e-5)
        elif name != 'notes.txt':
            with pytest.raises(PhotoError, match=says): Classifier(model)(photos/name)
    with pytest.raises(PhotoError, match='not a picture'): Classifier(model)(photos/'notes.txt')
    answer = shell('bears-predict', model, photos/'page.jpg', '--json')
    assert answer.returncode == 2 and 'a web page' in answer.stderr and len(answer.stderr.splitlines()) == 1

def test_targets_that_cannot_be_written(photos, tmp_path):
    (tmp_path/'file').write_text('mine', encoding='utf-8')
    (tmp_path/'full').mkdir()
    (tmp_path/'full'/'thesis.txt').write_text('mine', encoding='utf-8')
    for target, says in [(tmp_path/'file', 'is a file'), (tmp_path/'full', 'holds other things'), (tmp_path/'file'/'below', "can't be written")]:
        with pytest.raises(BearsError, match=says): bears_train(str(photos), model=str(target))
    assert (tmp_path/'file').read_text(encoding='utf-8') == (tmp_path/'full'/'thesis.txt').read_text(encoding='utf-8') == 'mine'

def test_read_only_target(photos, tmp_path, monkeypatch):
    import tempfile
    def refuse(*args, **kwargs): raise PermissionError(13, 'Permission denied')
    monkeypatch.setattr(tempfile, 'mkdtemp', refuse)
    with pytest.raises(BearsError, match='Permission denied. Choose a folder you may write to'): bears_train(str(photos), model=str(tmp_path/'locked'/'model'))

def test_a_full_disk_leaves_the_old_model(copy, monkeypatch):
    from bears_lib.engine.predict import model_folder as models
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    def full(*args): raise OSError(28, 'No space left on device')
    monkeypatch.setattr(models.Path, 'write_bytes', full)
    with pytest.raises(BearsError, match='No space left'): models.write_model(copy, models.read_model(copy)[0], {'model.onnx': b'new'})
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before
    assert [path.name for path in copy.parent.iterdir()] == ['model']

@pytest.mark.parametrize('name, change, says', [
    ('model.onnx', lambda data: data[:-1] + bytes([data[-1] ^ 1]), 'has changed'),
    ('model.json', lambda data: data.replace(b'"schema": 2', b'"schema": 3'), 'pip install --upgrade'),
    ('model.json', lambda data: data.replace(b'"labels"', b'"classes"'), 'lacks labels'),
    ('model.json', lambda data: data.replace(b'"blue",', b'', 1), 'two or more'),
    ('model.json', lambda data: data.replace(b'"size": 256', b'"size": 999999'), 'size must be'),
    ('model.json', lambda data: data[:100], 'damaged'),
    ('model.json', lambda data: b'[]', 'no model of this package'),
    ('model.onnx', None, 'is missing'),
    ('model.json', None, 'no model.json'),
])
def test_damaged_models(copy, photos, name, change, says):
    path = copy/name
    path.write_bytes(change(path.read_bytes())) if change else path.unlink()
    answer = shell('bears-predict', copy, next(photos.glob('red/*')))
    assert answer.returncode == 2 and says in answer.stderr and len(answer.stderr.splitlines()) == 1

def test_a_model_of_a_stranger_runs_nothing(copy, photos, tmp_path):
    class Trap:
        def __reduce__(self): return os.system, (f'touch {tmp_path}/ran',)
    import pickle
    (copy/'model.pkl').write_bytes(pickle.dumps(Trap()))
    (copy/'model.onnx').write_bytes(pickle.dumps(Trap()))
    with pytest.raises(BearsError): Classifier(copy)
    assert not (tmp_path/'ran').exists()

def test_one_bad_photo_among_good_ones(model, photos):
    good = next(photos.glob('red/*'))
    answer = shell('bears-predict', model, good, 'nowhere.jpg', '--json')
    done = json.loads(answer.stdout.splitlines()[-1])
    assert answer.returncode == 1 and set(done['predictions']) == {str(good)} and 'is not there' in done['problems']['nowhere.jpg']
    with pytest.raises(BearsError, match='is not there'): bears_predict(str(model), 'nowhere.jpg')
