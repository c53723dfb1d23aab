"A saved model in use: whatever comes in, by whatever way, from however many threads, it answers or says why not."
import json, re, shutil, subprocess, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from bears_lib.deploy import Classifier, bears_drift, bears_predict, make_card
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.predict.model_folder import ModelInfo, write_model
from bears_lib.engine.core.photos import PhotoError, Preprocess
from conftest import shell
from loopback import Answer, LoopbackWeb

def tiny_network(size:int=16, classes:int=2) -> bytes:
    "Red against blue by the mean colour, as ONNX."
    weights = np.zeros((3, classes), np.float32)
    weights[0, 0] = weights[2, 1] = 9
    info = helper.make_tensor_value_info
    nodes = [helper.make_node('ReduceMean', ['pixels'], ['features'], axes=[2, 3], keepdims=0), helper.make_node('MatMul', ['features', 'weights'], ['scores']),
             helper.make_node('Softmax', ['scores'], ['probabilities'], axis=1)]
    graph = helper.make_graph(nodes, 'tiny', [info('pixels', TensorProto.FLOAT, ['n', 3, size, size])],
        [info('probabilities', TensorProto.FLOAT, ['n', classes]), info('features', TensorProto.FLOAT, ['n', 3])], [numpy_helper.from_array(weights, 'weights')])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8).SerializeToString()

@pytest.fixture
def model(tmp_path):
    "A model folder that was made without torch."
    return write_model(tmp_path/'model', ModelInfo(['red', 'blue'], Preprocess(16)), {'model.onnx': tiny_network()})

def test_every_way_in_gives_one_answer(model, photos):
    ask, path = Classifier(model), photos/'blue'/'0.jpg'
    image = Image.open(path)
    expected = ask(path)
    assert expected.label == 'blue' and list(expected) == ['blue', 'red'] and not expected.unsure and expected.likeness is None
    for same in (str(path), path.read_bytes(), bytearray(path.read_bytes()), image, np.asarray(image), np.asarray(image)/255): assert ask(same) == pytest.approx(expected, abs=1e-5)
    assert list(ask(path, top=1)) == ['blue']
    assert json.loads(json.dumps(expected)) == expected

def test_photos_are_turned_upright(model, tmp_path):
    "Red above, blue below; the file is turned, and its EXIF says so. Only the middle square is looked at, so it matters."
    pixels = np.zeros((40, 160, 3), np.uint8)
    pixels[:, :60, 0] = pixels[:, 60:, 2] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path/'turned.jpg', exif=exif, quality=95)
    upright = np.rot90(pixels, 3)
    ask = Classifier(model)
    for turned in (tmp_path/'turned.jpg', (tmp_path/'turned.jpg').read_bytes(), Image.open(tmp_path/'turned.jpg')): assert ask(turned) == pytest.approx(ask(upright), abs=0.02)
    tensors = [Preprocess(16).tensor(each) for each in (Image.open(tmp_path/'turned.jpg'), upright.copy())]
    assert np.abs(tensors[0] - tensors[1]).max() < 0.5  # of 2

def test_many_photos_and_one_bad_one(model, photos, tmp_path):
    paths = sorted(photos.glob('*/*.jpg'))
    ask = Classifier(model)
    answers = ask.many([*paths, tmp_path/'nowhere.jpg', b'', *map(str, paths)], top=1)
    assert [answer.label for answer in answers[:12]] == [path.parent.name for path in paths] and answers[:12] == answers[-12:]
    assert [bool(answer) for answer in answers[12:14]] == [False, False]
    assert 'is not there' in answers[12].problem and answers[13].problem == 'the file is empty.' and answers[0].problem == ''
    assert ask.many([]) == []

def test_many_threads_at_once(model, photos):
    ask, paths = Classifier(model), sorted(photos.glob('*/*.jpg'))*20
    alone = {path: ask(path) for path in set(paths)}
    with ThreadPoolExecutor(16) as pool:
        for path, answer in zip(paths, pool.map(ask, paths)): assert answer == alone[path]

def test_a_photo_from_the_web(model, photos, tmp_path):
    "The address is fetched through the careful client: what is private, too large or no photo gets one sentence."
    data = (photos/'blue'/'0.jpg').read_bytes()
    def site(request): return {'/bear.jpg': Answer(data), '/page': Answer(b'<html>moved</html>'), '/inside': Answer(b'', 302, {'Location': 'http://169.254.169.254/'})}.get(request.path, Answer(b'', 404))
    with LoopbackWeb(tmp_path, {'img.example': site}) as web, pytest.MonkeyPatch.context() as patch:
        for name, value in web.env.items(): patch.setenv(name, value)
        ask = Classifier(model)
        assert ask('https://img.example/bear.jpg') == ask(data)
        for address, says in (('https://img.example/page', 'a web page'), ('https://img.example/none', 'HTTP 404'), ('https://img.example/inside', 'non-public address'), ('http://127.0.0.1/', 'non-public address')):
            with pytest.raises(PhotoError, match=says): ask(address)

def test_an_answer_needs_neither_torch_nor_fastai(model, photos):
    code = ('import sys, time; start = time.process_time()\nfrom bears_lib.deploy import Classifier\nask = Classifier(sys.argv[1]); seconds = time.process_time() - start\n'
            'label = ask(sys.argv[2]).label; ask.many([sys.argv[2]])\nimport json; print(json.dumps([label, seconds, sorted({"torch", "fastai", "timm", "sklearn", "scipy", "pandas", "matplotlib", "onnx", "httpx2", "gradio"} & set(sys.modules))]))')
    runs = [json.loads(subprocess.run([sys.executable, '-c', code, model, photos/'red'/'0.jpg'], capture_output=True, text=True, check=True).stdout) for _ in range(3)]
    assert all(label == 'red' and not heavy for label, _, heavy in runs)
    assert min(seconds for _, seconds, _ in runs) < 1  # of processor time; a busy machine's clock proves nothing

# Bad input

def odd_files(folder:Path) -> dict[Path, str]:
    "What people upload, each with a part of the sentence that they get."
    files = {'empty.jpg': (b'', 'the file is empty'), 'notes.txt': (b'seen at the river', 'not a picture'), 'drawing.svg': (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 'a web page or drawing'),
             'phone.heic': (b'\0\0\0\x18ftypheic\0\0\0\0mif1heic' + bytes(500), 'not a picture'), 'paper.pdf': (b'%PDF-1.7 ...', 'not a picture'), 'script.jpg': (b'%!PS-Adobe-3.0\n(rm) run', 'not a picture')}
    made = {}
    for name, (data, says) in files.items():
        (folder/name).write_bytes(data)
        made[folder/name] = says
    Image.new('1', (12000, 12000)).save(folder/'bomb.png')
    Image.new('RGB', (90, 90), 'red').save(folder/'large.bmp')
    with (folder/'large.bmp').open('r+b') as file: file.truncate(200_000_000)  # a sparse file: 200 MB that take no disk
    return made | {folder/'bomb.png': 'too large to open safely', folder/'large.bmp': '200 MB are too much', folder/'..'/'..'/'etc'/'passwd': 'is not there', folder: "can't be read"}

def test_odd_uploads_get_one_sentence_and_the_next_photo_an_answer(model, photos, tmp_path):
    ask, good = Classifier(model), photos/'red'/'0.jpg'
    odd = odd_files(tmp_path)
    for path, says in odd.items():
        for source in (path, path.read_bytes()) if path.is_file() else (path,):
            with pytest.raises(PhotoError, match=says) as error: ask(source)
            assert '\n' not in str(error.value) and len(str(error.value)) < 300
        assert ask(good).label == 'red'
    answers = ask.many([*odd, good])
    assert answers[-1].label == 'red' and all(says in answer.problem for answer, says in zip(answers, odd.values()))

def test_a_bomb_takes_no_memory(model, tmp_path):
    "Looking at the odd files one after another takes less than 150 MB more than looking at one good photo."
    odd_files(tmp_path)
    code = ('import resource, sys\nfrom bears_lib.deploy import Classifier\nimport numpy as np\nask = Classifier(sys.argv[1]); ask(np.zeros((50, 50, 3), np.uint8))\n'
            'before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\nask.many(sys.argv[2:]*3)\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)')
    run = subprocess.run([sys.executable, '-c', code, model, *map(str, tmp_path.glob('*.*'))], capture_output=True, text=True, check=True)
    assert int(run.stdout) < 150_000 or sys.platform == 'darwin'

class Trap:
    def __init__(self, path): self.path = path
    def __reduce__(self):
        import os
        return os.system, (f'touch {self.path}',)

def test_a_folder_of_a_stranger_runs_nothing(model, photos, tmp_path):
    "A pickle under every name that a loader might try, and a model.json full of traps."
    import pickle
    ran, trap = tmp_path/'ran', pickle.dumps(Trap(tmp_path/'ran'))
    for name in ('export.pkl', 'model.pkl', 'model.pth', 'pytorch_model.bin', 'model.safetensors', '__init__.py', 'README.md'): (model/name).write_bytes(trap)
    described = json.loads((model/'model.json').read_text(encoding='utf-8'))
    described |= {'backbone': {'name': '__import__("os").system("touch ran")'}, 'versions': {'bears_lib': '$(touch ran)'}, 'eval': 'open("ran", "w")', '__class__': 'os.system'}
    (model/'model.json').write_text(json.dumps(described), encoding='utf-8')
    assert Classifier(model)(photos/'red'/'0.jpg').label == 'red'
    import hashlib
    for name in ('model.onnx', 'small.onnx'):
        (model/name).write_bytes(trap)
        described['files'][name] = hashlib.sha256(trap).hexdigest()  # the stranger has done this properly
    (model/'model.json').write_text(json.dumps(described), encoding='utf-8')
    for small in (False, True):
        with pytest.raises(BearsError, match="can't be opened as ONNX"): Classifier(model, small)
    assert not ran.exists() and not Path('ran').exists()

@pytest.mark.parametrize('change, says', [
    ({'files': {'../../secret': 'x', '/etc/passwd': 'x'}}, 'wrongly: files'),
    ({'labels': ['red', 'blue', 'green']}, 'does not take pixels and answer with 3'),
    ({'labels': [['red'], {'blue': 1}]}, 'names of two or more'),
    ({'labels': 'red'}, 'names of two or more'),
    ({'preprocess': {'size': 'x'}}, 'wrongly'),
    ({'preprocess': None}, 'wrongly'),
    ({'unsure': {'threshold': 'NaN'}}, 'wrongly'),
    ({'unsure': ['threshold']}, 'wrongly'),
    ({'schema': True}, 'which schema'),
    ({'metrics': 'good'}, 'wrongly: metrics is .good., not an object'),
    ({'versions': None}, 'wrongly'),
    ({'tomorrow': {'deep': [1]}, 'backbone': {'name': '<b>', 'new': 'x'}}, None),
])
def test_a_crafted_description(model, photos, change, says):
    "A sentence, or an answer that is not touched by it; nothing else."
    (model/'model.json').write_text(json.dumps({**json.loads((model/'model.json').read_text(encoding='utf-8')), **change}), encoding='utf-8')
    if says is None: assert Classifier(model)(photos/'red'/'0.jpg').label == 'red'
    else:
        with pytest.raises(BearsError, match=says): Classifier(model)

def test_a_network_that_reads_other_files(tmp_path, photos):
    "ONNX may keep weights in another file: one outside of the folder is not read."
    import onnx
    secret = tmp_path/'secret'
    secret.write_bytes(bytes(4096))
    network = onnx.load_from_string(tiny_network())
    weights = network.graph.initializer[0]
    weights.ClearField('raw_data')
    weights.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (('location', str(secret)), ('offset', '0'), ('length', '24')): weights.external_data.add(key=key, value=value)
    folder = write_model(tmp_path/'model', ModelInfo(['red', 'blue'], Preprocess(16)), {'model.onnx': network.SerializeToString()})
    with pytest.raises(BearsError, match="can't be opened as ONNX"): Classifier(folder)

def test_a_network_that_fails_while_it_works(tmp_path, photos):
    "It wants another size than its description says: a sentence, not a trace of ONNX Runtime."
    folder = write_model(tmp_path/'model', ModelInfo(['red', 'blue'], Preprocess(32)), {'model.onnx': tiny_network(16)})
    with pytest.raises(BearsError, match="network can't work"): Classifier(folder)(photos/'red'/'0.jpg')

@pytest.mark.parametrize('name', ['../../evil.jpg', '..\\..\\evil.jpg', '/etc/passwd', 'C:\\evil.jpg', 'a\0b.jpg', '<img src=x onerror=alert(1)>.jpg', 'x'*5000, 'file:///etc/passwd', 'ftp://bears/1.jpg'])
def test_names_are_only_names(model, name):
    with pytest.raises(PhotoError): Classifier(model)(name)

# The log, the card and the commands

def test_answers_are_logged_without_photos(model, photos, tmp_path):
    ask = Classifier(model, log=tmp_path/'logs'/'answers.jsonl')
    paths = sorted(photos.glob('*/*.jpg'))
    ask.many([*paths, b''])
    ask(paths[0])
    lines = [json.loads(line) for line in (tmp_path/'logs'/'answers.jsonl').read_text(encoding='utf-8').splitlines()]
    assert len(lines) == 13 and {line['label'] for line in lines} == {'red', 'blue'} and set(lines[0]) == {'at', 'label', 'chance', 'likeness', 'unsure'}
    assert not [text for path in paths for text in (path.name, str(path.parent)) if text in (tmp_path/'logs'/'answers.jsonl').read_text(encoding='utf-8')]

def test_the_command_takes_many_ways(model, photos, tmp_path):
    paths = sorted(map(str, photos.glob('red/*.jpg')))
    answer = shell('bears-predict', model, *paths, tmp_path/'no.jpg', '--log', tmp_path/'answers.jsonl', '--json')
    done = json.loads(answer.stdout.splitlines()[-1])
    assert answer.returncode == 1 and list(done['predictions']) == paths and done['unsure'] == [] and len((tmp_path/'answers.jsonl').read_text(encoding='utf-8').splitlines()) == 6
    with pytest.raises(BearsError, match='Train it again with this version'): bears_predict(str(model), paths[0], small=True)

def test_files_of_a_folder_that_are_no_photos_are_named(model, photos, tmp_path, capsys):
    from bears_lib.engine.predict.inputs import photos_named
    shutil.copytree(photos/'red', tmp_path/'mixed')
    for name in ('scan.jp2', 'icon.ico'): (tmp_path/'mixed'/name).write_bytes(b'no photo')
    files, problems = photos_named([str(tmp_path/'mixed')])
    assert len(files) == 6 and not problems and 'Left out 2 files that are no photos: icon.ico, scan.jp2.' in capsys.readouterr().err
    for path in files: Path(path).unlink()
    assert 'holds no photos. Left out 2 files that are no photos: icon.ico' in photos_named([str(tmp_path/'mixed')])[1][str(tmp_path/'mixed')]

def test_no_drift_without_a_summary(model, photos, tmp_path):
    Classifier(model, log=tmp_path/'log').many([*photos.glob('*/*.jpg')]*2)
    with pytest.raises(BearsError, match='no summary of the validation photos'): bears_drift(str(model), str(tmp_path/'log'))
    with pytest.raises(BearsError, match='no log'): bears_drift(str(model), 'nowhere')

def test_a_card_of_a_stranger_stays_text(tmp_path):
    import yaml
    labels = ['red](http://evil)', '<script>alert(1)</script>\n---\n# gotcha']
    info = ModelInfo(labels, Preprocess(16), metrics={'accuracy': 0.9, 'n': 20, 'interval': [0.7, 0.97]}, backbone={'name': '`x` <b>'})
    folder = write_model(tmp_path/'model', info, {'model.onnx': tiny_network()})
    text = make_card(folder).read_text(encoding='utf-8')
    head, body = text.split('\n---\n', 1)
    assert yaml.safe_load(head.removeprefix('---'))['model-index'][0]['results'][0]['metrics'][0]['value'] == 0.9
    assert not re.search(r'(?<!\\)<script|(?<!\\)\]\(|^# gotcha', body, re.MULTILINE)
    with pytest.raises(BearsError, match='lacks figures'): make_card(write_model(tmp_path/'other', ModelInfo(labels, Preprocess(16)), {'model.onnx': b''}))

def test_the_hub_reads_the_card(tmp_path):
    hub = pytest.importorskip('huggingface_hub')
    info = ModelInfo(['red', 'blue'], Preprocess(16), metrics={'accuracy': 0.9, 'n': 20, 'interval': [0.7, 0.97]})
    card = hub.ModelCard.load(make_card(write_model(tmp_path/'model', info, {'model.onnx': tiny_network()})))
    assert (card.data.license, card.data.license_name) == ('apache-2.0', None) and card.data.pipeline_tag == 'image-classification' and card.data.eval_results[0].metric_value == 0.9

def test_a_card_keeps_the_licence_that_was_chosen(tmp_path, capsys):
    "Hugging Face refuses `license: other` without a name, and names that are not on its list."
    from huggingface_hub import ModelCard
    info = ModelInfo(['red', 'blue'], Preprocess(16), metrics={'accuracy': 0.9, 'n': 20, 'interval': [0.7, 0.97]})
    folder = write_model(tmp_path/'model', info, {'model.onnx': tiny_network()})
    def read(path):
        data, text = ModelCard.load(path).data, path.read_text(encoding='utf-8')
        assert f'under the licence {" ".join(filter(None, (data.license, data.license_name)))}.' in text
        return data.license, data.license_name
    assert read(make_card(folder)) == ('apache-2.0', None) and "puts the model under apache-2.0. For another licence: make_card(" in capsys.readouterr().err
    for licence, found in (('cc-by-4.0', ('cc-by-4.0', None)), ('CC BY-NC 4.0', ('cc-by-nc-4.0', None)), ('other: Park licence 1.0', ('other', 'park-licence-1.0'))):
        assert read(make_card(folder, licence=licence)) == read(make_card(folder)) == found
    for licence in ('other', 'unknown', 'All rights reserved', 'apache2.0'):
        with pytest.raises(BearsError, match='no licence that Hugging Face knows'): make_card(folder, licence=licence)
    assert read(make_card(folder)) == ('other', 'park-licence-1.0') and not capsys.readouterr().err
    card = folder/'README.md'
    card.write_text(card.read_text(encoding='utf-8').replace('license: "other"\nlicense_name: "park-licence-1.0"\n', ''), encoding='utf-8')  # as cards were before
    assert read(make_card(folder)) == ('apache-2.0', None)
