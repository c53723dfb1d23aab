"A Space runs from its folder alone, and pushing it shows first what it would upload."
import json, os, subprocess, sys, threading, venv
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from onnx import TensorProto, helper

from bears_lib.engine.core.common import BearsError
from bears_lib.engine.predict.model_folder import ModelInfo, read_model, write_model
from bears_lib.engine.core.photos import Preprocess
from bears_lib.engine.deploy.hf_space import bears_space, make_space, push_space
from bears_lib.gather import sample_bears
from conftest import root, shell

bear = sorted((sample_bears()/'grizzly').glob('*.jpg'))[3]

@pytest.fixture
def model(tmp_path):
    "A network that answers with the shares of red, green and blue."
    nodes = [helper.make_node('ReduceMean', ['pixels'], ['colour'], axes=[2, 3], keepdims=0), helper.make_node('Softmax', ['colour'], ['probabilities'], axis=1)]
    graph = helper.make_graph(nodes, 'colours', [helper.make_tensor_value_info('pixels', TensorProto.FLOAT, ['n', 3, 32, 32])],
                              [helper.make_tensor_value_info('probabilities', TensorProto.FLOAT, ['n', 3])])
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8).SerializeToString()
    info = ModelInfo(['grizzly', 'black', 'teddy'], Preprocess(32), metrics={'accuracy': 0.93, 'n': 84})
    return write_model(tmp_path/'model', info, {'model.onnx': network, 'model.safetensors': b'weights'})

@pytest.fixture
def space(model, tmp_path): return make_space(model, tmp_path/'space')

def front(space:Path) -> dict:
    lines = (space/'README.md').read_text(encoding='utf-8').split('---\n')[1].splitlines()
    return {key: json.loads(value) for key, value in (line.split(': ', 1) for line in lines)}

def test_what_is_in_it(space):
    from importlib.metadata import version
    matter, needs = front(space), dict(line.split('==') for line in (space/'requirements.txt').read_text(encoding='utf-8').splitlines())
    assert (matter['sdk'], matter['app_file'], matter['license']) == ('gradio', 'app.py', 'apache-2.0')
    assert set(needs) == {'gradio', 'onnxruntime', 'numpy', 'pillow'} and needs['numpy'] == version('numpy') and needs['gradio'] == matter['sdk_version']
    info, _ = read_model(space/'model')
    assert set(info.files) == {'model.onnx'} and sorted(path.name for path in (space/'model').iterdir()) == ['model.json', 'model.onnx']
    assert len(list((space/'examples').glob('*.jpg'))) == 3
    for name in ('look.json', 'style.css'): assert (space/name).read_bytes() == (root/'bears_lib/data/space'/name).read_bytes()  # it looks like the app
    assert sum(path.stat().st_size for path in space.rglob('*') if path.is_file()) < 300_000

def test_its_licence_is_one_that_hugging_face_takes(model, tmp_path):
    made = front(make_space(model, tmp_path/'named', licence='other: Park licence 1.0'))
    assert (made['license'], made['license_name']) == ('other', 'park-licence-1.0')
    for licence in ('other', 'unknown', 'apache 2'):
        with pytest.raises(BearsError, match='no licence that Hugging Face knows'): make_space(model, tmp_path/'none', licence=licence)
    assert not (tmp_path/'none').exists()

def test_the_command_takes_a_licence(model, tmp_path):
    bears_space(str(model), str(tmp_path/'plain'))
    bears_space(str(model), str(tmp_path/'named'), licence='cc-by-4.0')
    assert [front(tmp_path/name)['license'] for name in ('plain', 'named')] == ['apache-2.0', 'cc-by-4.0']
    with pytest.raises(BearsError, match='was made before'): bears_space(str(model), str(tmp_path/'named'), push='me/bears', licence='mit')

def test_it_predicts_without_the_package_and_without_torch(space, model):
    "In a process that sees neither this package nor what it would import lazily."
    from bears_lib.deploy import Classifier
    program = f"""
import sys, importlib.abc
class No(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('torch', 'fastai', 'timm', 'fastcore', 'onnx', 'scipy', 'sklearn', 'tqdm', 'httpx2'): raise ImportError('not in a Space: ' + name)
sys.meta_path.insert(0, No())
import json
from bears_lib.engine.predict.predict import Classifier
import bears_lib
print(json.dumps([bears_lib.__file__, dict(Classifier('model')({str(bear)!r}))]))
"""
    place, answer = json.loads(subprocess.run([sys.executable, '-c', program], cwd=space, env={**os.environ, 'PYTHONPATH': str(space)}, capture_output=True, text=True, check=True).stdout)
    assert Path(place).is_relative_to(space.resolve()) and answer == pytest.approx(dict(Classifier(model)(bear)))

def test_titles_and_labels_stay_data(model, tmp_path):
    title = 'A "bear"\'s $place; {sly} """ \\ <b>'
    space = make_space(model, tmp_path/'sly', title=title)
    compile((space/'app.py').read_text(encoding='utf-8'), 'app.py', 'exec')
    assert front(space)['title'] == title

def test_names_with_marks_are_shown_as_they_are(model, tmp_path):
    "Escaped where Markdown is rendered, and nowhere else."
    pytest.importorskip('gradio')
    from bears_lib.deploy import make_app
    info, network = read_model(model)
    info.labels = ['black_bear', 'polar_bear', 'teddy <b>']
    model = write_model(tmp_path/'marked', info, {'model.onnx': network})
    title = 'Which is it: black_bear, polar_bear or teddy <b>?'
    app, space = make_app(model, examples=[]), make_space(model, tmp_path/'marked space')
    heading = next(each.value for each in app.blocks.values() if getattr(each, 'elem_id', '') == 'about')
    assert app.title == title and heading.startswith('# Which is it: black&#95;bear, polar&#95;bear or teddy &#60;b&#62;?')
    readme = (space/'README.md').read_text(encoding='utf-8')
    assert front(space)['title'] == title and '\n# Which is it: black&#95;bear' in readme and json.dumps(title) in (space/'app.py').read_text(encoding='utf-8')
    assert 'black_bear' not in readme.split('---\n', 2)[2]

def test_other_classes_get_no_bears(model, tmp_path):
    info, network = read_model(model)
    info.labels = ['cat', 'dog', 'fox']
    space = make_space(write_model(tmp_path/'pets', info, {'model.onnx': network}), tmp_path/'pets space')
    assert not list(space.glob('examples/*'))
    mine = make_space(tmp_path/'pets', tmp_path/'mine', examples=[bear])
    assert [path.name for path in mine.glob('examples/*')] == ['1.jpg']

def test_nothing_is_overwritten_or_half_written(model, tmp_path, monkeypatch):
    (tmp_path/'full').mkdir()
    (tmp_path/'full'/'thesis.txt').write_text('mine', encoding='utf-8')
    with pytest.raises(BearsError, match='left as it is'): make_space(model, tmp_path/'full')
    with pytest.raises(BearsError, match='is not there'): make_space(model, tmp_path/'new', examples=[tmp_path/'nothing.jpg'])
    def full(*args): raise OSError(28, 'No space left on device')
    monkeypatch.setattr(Path, 'write_bytes', full)
    with pytest.raises(BearsError, match='No space left'): make_space(model, tmp_path/'new')
    assert sorted(path.name for path in tmp_path.iterdir()) == ['full', 'model']

def test_the_command_makes_lists_and_asks(model, tmp_path):
    made = shell('bears-space', model, tmp_path/'space', '--push', 'me/bears', '--json', env={**os.environ, 'HF_TOKEN': 'hf_secret'})
    answer = json.loads(made.stdout)
    assert made.returncode == 0 and not answer['pushed'] and 'app.py' in answer['files'] and 'Add --yes' in made.stderr
    assert 'hf_secret' not in made.stdout + made.stderr + ''.join(path.read_text(errors='ignore', encoding='utf-8') for path in (tmp_path/'space').rglob('*') if path.is_file())
    again = shell('bears-space', model, tmp_path/'space')
    assert again.returncode == 2 and 'left as it is' in again.stderr

def test_no_token_no_push(space, tmp_path):
    environment = {**{key: value for key, value in os.environ.items() if key not in ('HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN')}, 'HF_HOME': str(tmp_path/'home')}
    answer = shell('bears-space', 'unused', space, '--push', 'me/bears', '--yes', env=environment)
    assert answer.returncode == 2 and 'hf auth login' in answer.stderr and len(answer.stderr.splitlines()) <= 2

class Hub(BaseHTTPRequestHandler):
    "As much of Hugging Face as a push needs; notes what it is sent."
    seen: list = []
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        length = int(self.headers.get('content-length', 0))
        body = self.rfile.read(length)
        Hub.seen.append((self.path, self.headers.get('authorization'), body))
        if self.path == '/api/repos/create': answer = {'url': 'https://huggingface.co/spaces/me/bears'}
        elif 'preupload' in self.path: answer = {'files': [{'path': each['path'], 'uploadMode': 'regular', 'shouldIgnore': False} for each in json.loads(body)['files']]}
        else: answer = {'success': True, 'commitOid': 'a'*40, 'commitUrl': 'https://huggingface.co/spaces/me/bears/commit/' + 'a'*40, 'hookOutput': ''}
        self.reply(answer)

    def do_GET(self): self.reply({'id': 'me/bears', 'sha': 'a'*40, 'siblings': [], 'private': False, 'name': 'me', 'type': 'user'})

    def reply(self, answer):
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header('content-type', 'application/json')
        self.send_header('content-length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args): pass

def test_a_push_uploads_what_the_dry_run_said(space, tmp_path):
    "The real client against a hub on this machine; the token goes into the header and nowhere else."
    (space/'.env').write_text('SECRET=1', encoding='utf-8')
    planned = push_space(space, 'me/bears')['files']
    Hub.seen.clear()
    server = ThreadingHTTPServer(('127.0.0.1', 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {**os.environ, 'HF_ENDPOINT': f'http://127.0.0.1:{server.server_port}', 'HF_TOKEN': 'hf_test', 'HF_HUB_OFFLINE': '0', 'HF_HOME': str(tmp_path/'home')}
    try: answer = shell('bears-space', 'unused', space, '--push', 'me/bears', '--yes', '--json', env=environment)
    finally: server.shutdown()
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)['pushed'] and all(token == 'Bearer hf_test' for _, token, _ in Hub.seen)
    commit = [json.loads(line) for path, _, body in Hub.seen if '/commit/' in path for line in body.splitlines()]
    assert {line['value']['path'] for line in commit if line['key'] == 'file'} == set(planned)
    assert not any(b'hf_test' in body or b'SECRET' in body for _, _, body in Hub.seen)

def test_on_your_own_machine_it_answers_to_its_own_names(space):
    "In a Space, Hugging Face's server stands before it, under a name that it need not know."
    httpx = pytest.importorskip('httpx')
    pytest.importorskip('gradio', minversion='6', reason='needs the extra "app": pip install "bears_lib[app]"')
    for more, status in (({}, 400), ({'SPACE_ID': 'me/bears'}, 200)):
        env = {**os.environ, 'PYTHONPATH': str(root/'tests'/'offline'), 'PYTHONUNBUFFERED': '1', **more}
        app = subprocess.Popen([sys.executable, 'app.py'], cwd=space, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            url = next(line for line in app.stdout if 'http://' in line).split()[-1]
            assert httpx.get(f'{url}/config', headers={'host': 'evil.example'}).status_code == status
            assert httpx.get(f'{url}/config').status_code == 200
        finally:
            app.terminate()
            app.communicate(timeout=20)

@pytest.mark.timeout(300)
def test_it_runs_in_a_fresh_environment(space, model, tmp_path):
    "Only what its requirements.txt names is installed; another process asks it over its API."
    from bears_lib.deploy import Classifier
    client = pytest.importorskip('gradio_client')
    clean = {key: value for key, value in os.environ.items() if key not in ('PYTHONPATH', 'HF_HUB_OFFLINE')}
    venv.create(tmp_path/'env', with_pip=True)
    python = tmp_path/'env'/('Scripts' if os.name == 'nt' else 'bin')/'python'
    install = subprocess.run([python, '-m', 'pip', 'install', '-q', '-r', space/'requirements.txt'], env=clean, capture_output=True, text=True)
    if install.returncode and any(word in install.stderr for word in ('connection', 'No matching distribution', 'resolve')): pytest.skip('the package registry is not reached')
    assert install.returncode == 0, install.stderr
    assert subprocess.run([python, '-c', 'import torch'], env=clean, capture_output=True).returncode
    app = subprocess.Popen([python, 'app.py'], cwd=space, env={**clean, 'PYTHONPATH': str(root/'tests'/'offline'), 'PYTHONUNBUFFERED': '1'}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = next(line for line in app.stdout if 'http://' in line)
        ask = client.Client(line.split()[-1], verbose=False, analytics_enabled=False)
        said, bars = ask.predict(client.handle_file(bear), api_name='/predict')
        assert {each['label']: each['confidence'] for each in bars['confidences']} == pytest.approx(dict(Classifier(model)(bear)), abs=1e-4)
        (tmp_path/'broken.jpg').write_bytes(b'no photo')
        assert 'not a picture' in ask.predict(client.handle_file(tmp_path/'broken.jpg'), api_name='/predict')[0]
        assert 'likely' in ask.predict(client.handle_file(bear), api_name='/predict')[0]
    finally:
        app.terminate()
        app.wait(20)
