"The app among strangers: made-up messages, other names, uploads that stand still, and what is left of all that."
import json, os, socket, time
from pathlib import Path

import pytest

from bears_lib.engine.core.folders import read_folder

pytest.importorskip('gradio', minversion='6', reason='needs the extra "app": pip install "bears_lib[app]"')
import httpx
from test_app import app, ask, bear, call, model, running, upload  # noqa: F401 (fixtures)

upload_head, as_json = {'content-type': 'multipart/form-data; boundary=x'}, {'content-type': 'application/json'}

def one_part(disposition:bytes) -> bytes:
    "A body with one part that says so much about itself."
    return b'--x\r\nContent-Disposition: form-data' + disposition + b'\r\n\r\nhello\r\n--x--\r\n'

def press(url:str, element:str, data:list, session:str) -> str:
    "What the page's button does, with a visitor's own idea of the data; the stream of events."
    config = httpx.get(f'{url}config').json()
    button = next(each['id'] for each in config['components'] if each['props'].get('elem_id') == element)
    step = next(each for each in config['dependencies'] if any(target[0] == button for target in each['targets']))
    sent = {'data': data[:len(step['inputs'])], 'fn_index': step['id'], 'session_hash': session}
    httpx.post(f'{url}gradio_api/queue/join', json=sent).raise_for_status()
    return httpx.get(f'{url}gradio_api/queue/data', params={'session_hash': session}, timeout=30).text

# What counts is computed here

def test_a_visitor_cannot_say_what_was_predicted(app):
    url, offered, _ = app
    photo = {'path': upload(url, 'bear.jpg', bear.read_bytes()), 'meta': {'_type': 'gradio.FileData'}}
    words = '=HYPERLINK("http://evil.example")' + 'x'*200_000
    claim = {'label': words, 'confidences': [{'label': words, 'confidence': 1.0}]}
    for label in ('polar', ['black'], {'a': 1}, '../up', 'black'*50_000):
        press(url, 'offer', [photo, label, True, claim], f'label{str(label)[:20]}')
    press(url, 'offer', [photo, 'black', 'no', claim], 'unsure')
    assert not list(offered.rglob('*.jpg'))
    assert 'kept as black' in press(url, 'offer', [photo, 'black', True, claim], 'offering')
    kept = read_folder(offered)
    assert kept.counts == {'black': 1} and kept.photos[0].row['predicted'] == 'grizzly'
    assert (offered/'metadata.csv').stat().st_size < 2000

@pytest.fixture(scope='module')
def watched(model, tmp_path_factory):
    "The address of an app whose log is looked at when all is done, and its temporary folder."
    place, before = tmp_path_factory.mktemp('watched'), os.environ.get('TMPDIR')
    os.environ['TMPDIR'] = str(place)
    try:
        with running(model) as (up, process):
            yield up['url'], place
            process.terminate()
            _, log = process.communicate(timeout=20)
    finally: os.environ.pop('TMPDIR') if before is None else os.environ.update(TMPDIR=before)
    assert 'Traceback' not in log and '\x1b' not in log and max(map(len, log.splitlines())) < 300

names = [b'', b'.', b'..', b'/', b' ', b'a\x01\x1b[2J.jpg', b'a\0b', b'a'*3000, b'\xff\xfe', '\u202egpj.exe'.encode()]
bodies = {
    **{f'name {number}': one_part(b'; name="files"; filename="' + name + b'"') for number, name in enumerate(names)}, 'empty': b'', 'end only': b'--x--\r\n', 'no name': one_part(b''),
    'a field': one_part(b'; name="files"'), 'another field': one_part(b'; name="other"; filename="a.jpg"'), 'cut': one_part(b'; name="files"; filename="a.jpg"')[:-12],
    'fields': b''.join(b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n1\r\n' for _ in range(10_000)) + b'--x--\r\n'}

@pytest.mark.parametrize('kind', bodies)
def test_uploads_that_are_none_leave_nothing(watched, kind):
    url, place = watched
    answer = httpx.post(f'{url}gradio_api/upload?upload_id=x', content=bodies[kind], headers=upload_head, timeout=30)
    assert answer.status_code < 500 and answer.text
    folder, end = next(place.glob('bears-app-*')), time.monotonic() + 5
    while (left := [path.name for path in folder.iterdir() if path.is_file()]) and time.monotonic() < end: time.sleep(0.05)  # swept up after the answer
    assert not left

messages = {
    'nothing': b'', 'null': b'null', 'list': b'[]', 'text': b'"a"', 'number': b'3', 'nested': b'['*100_000 + b']'*100_000, 'objects': b'{"a":'*50_000 + b'1' + b'}'*50_000, 'no number': b'{"data":[NaN],"fn_index":0}',
    'no text': b'\xff\xfe', 'half a letter': b'{"data":["\\ud800"],"fn_index":0,"session_hash":"s"}', 'data as object': b'{"data":{"a":1},"fn_index":0}', 'no such step': b'{"data":[],"fn_index":-1,"session_hash":"s"}',
    'far step': b'{"data":[],"fn_index":99999999999999999999,"session_hash":"s"}', 'nobody': b'{"data":[null],"fn_index":0}', 'list as name': b'{"data":[null],"fn_index":0,"session_hash":[1]}',
    'keys': json.dumps({f'k{number}': number for number in range(10_000)}).encode(), 'batch': b'{"data":[[null]],"fn_index":0,"session_hash":"s","batched":true}',
    'far too much': b'{"data":["' + b'a'*5_000_000 + b'"],"fn_index":0,"session_hash":"s"}', 'numbers': json.dumps({'data': [3]*300, 'fn_index': 0, 'session_hash': 's'}).encode()}

@pytest.mark.parametrize('path', ['queue/join', 'call/predict', 'call/v2/predict', 'run/predict', 'api/predict', 'reset', 'cancel', 'component_server', 'process_recording', 'vibe-edit', 'stream/x'])
def test_messages_of_any_form_get_an_answer(watched, path):
    for kind, body in messages.items():
        answer = httpx.post(f'{watched[0]}gradio_api/{path}', content=body, headers=as_json, timeout=30)
        assert answer.status_code < 500 and 'Traceback' not in answer.text, kind

addresses = ['config?deep_link=x', 'gradio_api/info?all_endpoints=zz', 'gradio_api/file=', 'gradio_api/file=%00', 'gradio_api/file=http://127.0.0.1:1/', 'gradio_api/file/etc/passwd', 'gradio_api/proxy=', 'gradio_api/proxy=%00',
             'gradio_api/proxy=http://127.0.0.1:1/', 'gradio_api/upload_progress', 'gradio_api/upload_progress?upload_id=zz', 'gradio_api/queue/status', 'gradio_api/call/predict/none', 'gradio_api/call/none/none',
             'gradio_api/stream/x/1/2/playlist.m3u8', 'gradio_api/stream/x/1/2/3.ts', 'gradio_api/custom_component/x/a/b/c', 'gradio_api/custom_component/0/client/component/../../../x', 'assets/%2e%2e/x', 'static/x',
             'svelte/../x', 'pwa_icon/99999999', 'monitoring/x', 'gradio_api/deep_link', 'gradio_api/vibe-code/', 'gradio_api/dev/reload', '%ff', '%00', 'a'*8000, '?' + 'a=1&'*3000]

@pytest.mark.parametrize('address', addresses, ids=lambda address: address[:40])
def test_addresses_of_any_form_get_an_answer(watched, address):
    with httpx.stream('GET', f'{watched[0]}{address}', timeout=30) as answer:
        assert answer.status_code < 500 and 'root:' not in next(answer.iter_text(), '')

# Who may ask

def test_another_name_and_pages_of_others_are_refused(watched):
    url, _ = watched
    for path in ('', 'config', 'gradio_api/info'): assert httpx.get(f'{url}{path}', headers={'host': 'evil.example'}).status_code == 403
    assert 'bears app --host' in httpx.get(url, headers={'host': 'bears.evil.example:7860'}).text
    photo = {'files': ('bear.jpg', bear.read_bytes())}
    assert httpx.post(f'{url}gradio_api/upload', files=photo, headers={'origin': 'https://evil.example'}).status_code == 403
    assert httpx.post(f'{url}gradio_api/upload', files=photo, headers={'origin': 'null'}).status_code == 403
    port = httpx.URL(url).port
    assert httpx.post(f'{url}gradio_api/upload', files=photo, headers={'host': f'localhost:{port}', 'origin': 'http://localhost:8000'}).status_code == 200

def test_a_name_of_your_own_is_allowed(model):
    with running(model, '--host', 'bears.example.org') as (up, _):
        assert httpx.get(f'{up["url"]}config', headers={'host': 'bears.example.org'}).status_code == 200
        assert httpx.get(f'{up["url"]}config', headers={'host': 'evil.example'}).status_code == 403

# Uploads that stand still

def test_300_uploads_that_stand_still_keep_nobody_out(watched):
    url, _ = watched
    place, lines = httpx.URL(url), []
    head = f'POST /gradio_api/upload HTTP/1.1\r\nHost: {place.host}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 15000000\r\n\r\n'.encode()
    start = time.monotonic()
    for _ in range(300):
        line = socket.create_connection((place.host, place.port), timeout=30)
        line.sendall(head + one_part(b'; name="files"; filename="a.jpg"')[:80])
        lines.append(line)
    try:
        begun = time.monotonic()
        assert 'grizzly' in call(url, upload(url, 'bear.jpg', bear.read_bytes()))
        assert time.monotonic() - begun < 5
        assert b'HTTP/1.1 4' in lines[0].recv(100)  # told so, and let go
        assert time.monotonic() - start < 20
    finally:
        for line in lines: line.close()
    assert 'grizzly' in call(url, upload(url, 'bear.jpg', bear.read_bytes()))

# Odd surroundings

@pytest.mark.parametrize('terminal', ['utf-8', 'ascii'])
def test_a_machine_without_a_language(terminal, tmp_path, monkeypatch):
    from bears_lib.engine.core.photos import Preprocess
    from test_web_page import saved, tiny_model
    from PIL import Image
    for name, value in (('LC_ALL', 'C'), ('PYTHONIOENCODING', terminal)): monkeypatch.setenv(name, value)
    folder = tiny_model(tmp_path/'modèle', ['медведь', 'Eisbär'], Preprocess(64))
    (folder/'small.onnx').rename(folder/'model.onnx')
    described = json.loads((folder/'model.json').read_text('utf-8'))
    described['files'] = {'model.onnx': described['files']['small.onnx']}
    (folder/'model.json').write_text(json.dumps(described), 'utf-8')
    photo = saved(Image.new('RGB', (80, 60), (220, 10, 10)))
    with running(folder, '--keep', tmp_path/'gehörtes', '--log', tmp_path/'log.jsonl') as (up, _):
        answer = call(up['url'], upload(up['url'], 'Bär.jpg', photo))
        assert json.loads(answer.split('data: ')[1])[0]['label'] == 'медведь'
        sent = {'path': upload(up['url'], 'Bär.jpg', photo), 'meta': {'_type': 'gradio.FileData'}}
        assert 'Eisb' in press(up['url'], 'offer', [sent, 'Eisbär', True], 'c')
    assert read_folder(tmp_path/'gehörtes').photos[0].row['predicted'] == 'медведь'

@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='this system has no pipes with a name')
def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(model, tmp_path):
    "A pipe that nobody writes into: each command says so, and ends."
    import shutil
    from conftest import shell
    (tmp_path/'piped').mkdir()
    os.mkfifo(tmp_path/'piped'/'model.json')
    os.mkfifo(tmp_path/'photo.jpg')
    for command in (('bears-app', tmp_path/'piped'), ('bears-app', tmp_path/'photo.jpg'), ('bears-predict', model, tmp_path/'photo.jpg'), ('bears-space', tmp_path/'piped', tmp_path/'space'), ('bears-web', tmp_path/'piped', tmp_path/'web')):
        done = shell(*command)
        assert done.returncode in (1, 2) and 'Traceback' not in done.stderr and done.stderr.strip()
    shutil.copytree(model, tmp_path/'half')
    (tmp_path/'half'/'model.onnx').unlink()
    os.mkfifo(tmp_path/'half'/'model.onnx')
    assert shell('bears-app', tmp_path/'half').returncode == 2
