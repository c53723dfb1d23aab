"A model folder from somebody else: a model.json that was changed in any way, and all that people give in a model's place."
import io, json, zipfile
from pathlib import Path

import fuzz_model
import numpy as np
import pytest
from PIL import Image

from bears_lib.deploy import Classifier, bears_predict
from bears_lib.engine.core.common import BearsError, read_json
from bears_lib.engine.predict.model_folder import read_model
from bears_lib.engine.core.photos import PhotoError
from conftest import shell

@pytest.fixture
def model(tmp_path): return fuzz_model.good_model(tmp_path/'model')

def test_a_changed_description_is_one_sentence_or_a_model_that_works():
    "`python tools/fuzz_model.py --n 10000` does more of it."
    fuzz_model.run(3)  # everything is imported
    before = fuzz_model.peak()
    outcome, faults, _ = fuzz_model.run(300, seed=7)
    assert not faults
    assert set(outcome) == {kind.__name__ for kind in fuzz_model.kinds} and sum(count['works'] for count in outcome.values()) > 30
    assert fuzz_model.peak() - before < fuzz_model.largest

@pytest.mark.parametrize('change, says', [
    (lambda d: d['preprocess'].update(std=[0.5, 0, 0.5]), r'preprocess.std\[1\] is 0, not a number from'),
    (lambda d: d['preprocess'].update(size=True), 'preprocess.size is True'),
    (lambda d: d['preprocess'].update(mean=[0.5]), 'three numbers'),
    (lambda d: d['metrics'].update(accuracy=1.2), 'metrics.accuracy is 1.2, not a number from 0 to 1'),
    (lambda d: d['metrics'].update(interval=[0.96, 0.77]), 'lower and an upper end'),
    (lambda d: d['metrics'].update(n=0), 'metrics.n is 0'),
    (lambda d: d['metrics'].pop('accuracy'), 'not both'),
    (lambda d: d['metrics'].update(n=10**400), 'too large'),
    (lambda d: d['training']['train'].update(red=-5), 'training.train.red is -5'),
    (lambda d: d['training']['reference']['likeness'].append('0.5'), 'reference.likeness'),
    (lambda d: d['unsure'].update(threshold=5), 'unsure.threshold is 5'),
    (lambda d: d['files'].update({'../x': 'f'*64}), "'../x', which can't be a file of a model"),
    (lambda d: d.update(labels=['red', 'red ']), 'names one twice'),
    (lambda d: d.update(labels=['e\u0301', '\xe9']), 'names one twice'),
    (lambda d: d.update(labels=['red', 'b\0']), "can't be the name of a class"),
    (lambda d: d.update(labels=['red', '\ud800']), 'half a character'),
    (lambda d: d.update(labels=['red', 'x'*300]), '255 letters'),
])
def test_what_is_said(model, change, says):
    described = json.loads((model/'model.json').read_text(encoding='utf-8'))
    change(described)
    (model/'model.json').write_text(json.dumps(described), encoding='utf-8')
    with pytest.raises(BearsError, match=says) as error: Classifier(model)
    assert '\n' not in str(error.value) and len(str(error.value)) < 500

def test_what_a_later_version_adds_is_passed_over(model):
    described = json.loads((model/'model.json').read_text(encoding='utf-8'))
    described |= {'split': {'valid': 'abc'}, 'tomorrow': [1, 2]}
    described['training']['per_class'] = {'red': [1, 2]}
    (model/'model.json').write_bytes(b'\xef\xbb\xbf' + json.dumps(described).encode())
    info, _ = read_model(model)
    assert info.training['per_class'] == {'red': [1, 2]}

def put(path:Path, data:bytes=b'x') -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path

def picture() -> bytes:
    Image.new('RGB', (90, 90), 'red').save(file := io.BytesIO(), 'JPEG')
    return file.getvalue()

pointer = b'version https://git-lfs.github.com/spec/v1\noid sha256:' + b'0'*64 + b'\nsize 12\n'

def test_other_things_in_the_models_place(model, tmp_path):
    photos = put(tmp_path/'photos'/'red'/'1.jpg', picture()).parent.parent
    with zipfile.ZipFile(tmp_path/'m.zip', 'w') as archive: archive.writestr('model.json', '{}')
    (tmp_path/'empty').mkdir()
    (tmp_path/'outer').mkdir()
    model.rename(tmp_path/'outer'/'inner')
    cases = {photos: 'holds photos, and a model folder is expected', photos/'red': 'holds photos', photos/'red'/'1.jpg': 'is a photo, and a model folder is expected', tmp_path/'m.zip': 'Unpack it',
             put(tmp_path/'net.onnx'): 'network alone', put(tmp_path/'export.pkl'): 'is a pickle', put(tmp_path/'w.pth'): 'is a pickle', tmp_path/'outer'/'inner'/'model.onnx': 'Give the folder that it lies in',
             tmp_path/'outer'/'inner'/'model.json': 'Give the folder that it lies in', tmp_path/'empty': 'is empty', tmp_path/'outer': 'inner does. Give that folder', put(tmp_path/'text.txt'): 'is a file',
             put(tmp_path/'old'/'export.pkl').parent: 'is a pickle', tmp_path/'nowhere': 'There is no model folder', tmp_path/'a\0b': 'null byte|no model folder', Path('x'*5000): 'too long'}
    for given, says in cases.items():
        with pytest.raises(BearsError, match=says) as error: Classifier(given)
        assert '\n' not in str(error.value) and len(str(error.value)) < 600

def test_pointers_of_git_lfs(model):
    (model/'model.onnx').write_bytes(pointer)
    with pytest.raises(BearsError, match='git lfs pull'): Classifier(model)
    (model/'model.json').write_bytes(pointer)
    with pytest.raises(BearsError, match='git lfs pull'): Classifier(model)

def test_other_things_in_a_photos_place(model, tmp_path):
    ask = Classifier(model)
    cases = {model: 'a model folder, and a photo is expected', str(model/'model.onnx'): 'belongs to a model', put(tmp_path/'p.jpg', pointer): 'git lfs pull', put(tmp_path/'a.zip'): 'Unpack it', 'A'*10_000: 'is no path of a photo'}
    for given, says in cases.items():
        with pytest.raises(PhotoError, match=says) as error: ask(given)
        assert len(str(error.value)) < 300
    answer = shell('bears-predict', put(tmp_path/'1.jpg', picture()), model)
    assert answer.returncode == 2 and 'The model comes first' in answer.stderr and len(answer.stderr.splitlines()) == 1

def test_addresses_that_hold_a_photo(model):
    import base64
    ask, data = Classifier(model), picture()
    letters = base64.b64encode(data).decode()
    percent = ''.join(f'%{byte:02x}' for byte in data)
    for address in (f'data:image/jpeg;base64,{letters}', f'DATA:image/jpeg;base64,{letters.rstrip("=")}', f'data:image/jpeg,{percent}', f'data:;base64,{letters[:60]}\n{letters[60:]}'): assert ask(address) == ask(data)
    for address, says in ((f'data:text/html;base64,{letters}', 'is no photo'), (f'data:image/jpeg;base64,{letters[:1001]}', 'damaged'), ('data:image/jpeg;base64' + 'x'*900, 'without a comma'), ('data:image/png,hello', 'not a picture'),
                          ('data:image/png;base64,' + 'A'*90_000_000, 'too much')):
        with pytest.raises(PhotoError, match=says) as error: ask(address)
        assert len(str(error.value)) < 200

def test_folders_and_patterns(model, tmp_path, monkeypatch):
    for name in ('holiday/a.jpg', 'holiday/deep/b.jpg', 'holiday/odd [1].jpg', 'holiday/notes.txt', 'lake.jpg'): put(tmp_path/name, picture() if name.endswith('jpg') else b'text')
    monkeypatch.chdir(tmp_path)
    def asked(*names):
        answer = shell('bears-predict', model, *names, '--json', cwd=tmp_path)
        return answer.returncode, json.loads(answer.stdout), answer.stderr
    code, found, words = asked('holiday')
    assert code == 0 and len(found['predictions']) == 3 and 'holiday: 3 photos' in words
    assert set(asked('*.jpg')[1]['predictions']) == {'lake.jpg'}
    assert len(asked('**/*.jpg')[1]['predictions']) == 4 and len(asked('holiday', 'holiday/a.jpg')[1]['predictions']) == 3
    assert list(asked('holiday/odd [1].jpg')[1]['predictions']) == ['holiday/odd [1].jpg']
    code, found, words = asked('*.png', 'lake.jpg')
    assert code == 1 and found['problems'] == {'*.png': '*.png matches no file. Check the path.'}
    code, found, words = asked('*.png')
    assert code == 2 and found == {'error': '*.png matches no file. Check the path.'} and len(words.splitlines()) == 1

def test_json_that_hurts():
    for bad in (b'[' * 200_000, b'{"a":' * 100_000, b'NaN', b'1e999', b'-1' + b'0'*500, b'"\\ud800"', b'{"\\udc00": 1}', b'\xff\xfe', b'', b'[0,' + b'0,'*400_000 + b'0]'):
        with pytest.raises(ValueError) as error: read_json(bad)
        assert len(str(error.value)) < 200
