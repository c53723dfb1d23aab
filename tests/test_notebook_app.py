"The little app of chapter 2: without a browser on the installed ipywidgets, and in a real one, shown by voila."
import json, os, shutil, socket, subprocess, sys, time
from datetime import datetime

import pytest

pytest.importorskip('ipywidgets')
from bears_lib.deploy import Classifier, notebook_app, shown_answer, uploaded
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.gather.gathering import save_uploads
from bears_lib.engine.core.folders import sample_folder
from conftest import root as project


@pytest.fixture
def model(bears_half): return bears_half[0]

def choose(upload, name:str, data:bytes) -> None:
    "Put a file into the button as the browser does, in the form of whichever ipywidgets is installed."
    if isinstance(upload.value, dict): upload.set_trait('value', {name: {'metadata': {'name': name}, 'content': data}})
    else: upload.set_trait('value', ({'name': name, 'content': memoryview(data), 'type': 'image/jpeg', 'size': len(data), 'last_modified': datetime.now()},))

def test_upload_classify_and_read(model):
    _, upload, button, picture, words = (app := notebook_app(model)).children
    button.click()
    assert 'Choose a photo first' in words.value and picture.layout.display == 'none'
    photo = sorted((sample_folder()/'teddy').glob('*.jpg'))[0]
    choose(upload, 'bear.jpg', photo.read_bytes())
    assert uploaded(upload) == [photo.read_bytes()]
    button.click()
    assert '<b>teddy</b>' in words.value and picture.value[:3] == b'\xff\xd8\xff' and picture.layout.display == ''
    for data, says in ((b'', 'empty'), (b'<svg xmlns="http://www.w3.org/2000/svg"/>', 'drawing in text form'), (b'\0\0\0\x18ftypheic' + bytes(99), 'not a picture'), (b'%PDF-1.4', 'not a picture')):
        choose(upload, '<b>../../etc/passwd', data)
        button.click()
        assert says in words.value and picture.value == b'' and len(app.children) == 5

def lost(name:str) -> list:
    "What is left in the button of a file that did not arrive whole, in the forms of ipywidgets 7 and 8."
    about = {'name': name, 'type': 'image/jpeg', 'size': 3_000_000, 'last_modified': datetime.now()}
    return [{}, {name: {'metadata': about}}, {name: {'metadata': about, 'content': b''}}, (), ({**about, 'content': memoryview(b'')},), ({**about, 'content': None},)]

@pytest.fixture
def colab(tmp_path, monkeypatch):
    "Where `google.colab` can be imported."
    (tmp_path/'google'/'colab').mkdir(parents=True)
    (tmp_path/'google'/'colab'/'__init__.py').touch()
    monkeypatch.syspath_prepend(tmp_path)
    here = {name: sys.modules.pop(name, None) for name in ('google', 'google.colab')}
    yield
    for name, module in here.items():
        sys.modules.pop(name, None)
        if module: sys.modules[name] = module

class Button:
    def __init__(self, value): self.value = value

@pytest.mark.parametrize('value', lost('bear.jpg'))
def test_a_photo_that_colab_lost(value, colab, model, tmp_path):
    "Colab's upload button drops files of 1 MB and more: the app and `save_uploads` say so, and what to do instead."
    with pytest.raises(BearsError) as said: save_uploads(Button(value), tmp_path/'up')
    assert 'loses files of 1 MB and more' in str(said.value) and 'files.upload()' in str(said.value) and not (tmp_path/'up').exists()
    assert ("'bear.jpg' arrived empty" if value else 'Choose a photo first') in str(said.value)
    _, words = shown_answer(Classifier(model), Button(value))
    assert 'loses files of 1 MB and more' in words and 'files.upload()' in words

def test_elsewhere_an_empty_photo_is_chosen_again(model, monkeypatch):
    monkeypatch.setitem(sys.modules, 'google.colab', None)
    for value in lost('<b>.jpg')[1:3]:
        words = shown_answer(Classifier(model), Button(value))[1]
        assert 'arrived empty' in words and 'Choose it again' in words and 'Colab' not in words and '<b>.jpg' not in words

def test_what_colabs_own_upload_returns_is_taken(tmp_path):
    photo = sorted((sample_folder()/'teddy').glob('*.jpg'))[0].read_bytes()
    assert [path.read_bytes() for path in save_uploads({'bear.jpg': photo}, tmp_path/'up').iterdir()] == [photo]

def test_it_works_on_when_the_model_folder_is_gone(model, tmp_path):
    "A notebook's last cell may clean up; the buttons above it are still somebody's."
    _, upload, button, _, words = notebook_app(shutil.copytree(model, tmp_path/'model')).children
    shutil.rmtree(tmp_path/'model')
    choose(upload, 'bear.jpg', sorted((sample_folder()/'teddy').glob('*.jpg'))[0].read_bytes())
    button.click()
    assert '<b>teddy</b>' in words.value

@pytest.fixture
def voila(model, tmp_path):
    "Voila on this machine with a notebook of two lines; its address."
    pytest.importorskip('voila', reason='voila is not installed: pip install voila')
    code = f'from bears_lib.deploy import notebook_app\nnotebook_app({str(model)!r})'
    cell = {'cell_type': 'code', 'id': 'app', 'metadata': {}, 'source': code, 'execution_count': None, 'outputs': []}
    kernel = {'kernelspec': {'name': 'python3', 'display_name': 'Python 3', 'language': 'python'}}
    (tmp_path/'app.ipynb').write_text(json.dumps({'cells': [cell], 'metadata': kernel, 'nbformat': 4, 'nbformat_minor': 5}), encoding='utf-8')
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        port = one.getsockname()[1]
    places = {name: str(tmp_path/'jupyter') for name in ('JUPYTER_CONFIG_DIR', 'JUPYTER_RUNTIME_DIR', 'IPYTHONDIR')}
    with (tmp_path/'voila.log').open('w', encoding='utf-8') as log:
        server = subprocess.Popen([sys.executable, '-m', 'voila', 'app.ipynb', '--no-browser', f'--port={port}', '--Voila.ip=127.0.0.1'], cwd=tmp_path, stdout=log, stderr=log,
            env={**os.environ, **places, 'PYTHONPATH': f"{project}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"})
        try:
            for _ in range(240):
                if server.poll() is not None: pytest.fail(f"voila did not start:\n{(tmp_path/'voila.log').read_text(encoding='utf-8')[-2000:]}")
                try: socket.create_connection(('127.0.0.1', port), 1).close()
                except OSError: time.sleep(0.25)
                else: break
            yield f'http://127.0.0.1:{port}'
        finally:
            server.terminate()
            try: server.wait(20)
            except subprocess.TimeoutExpired: server.kill()

@pytest.mark.browser
def test_voila_shows_it(voila, browser, tmp_path):
    "A drawn bear, noise and a broken file."
    import numpy as np
    from PIL import Image
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)).save(tmp_path/'noise.png')
    (tmp_path/'broken.jpg').write_bytes(b'\xff\xd8\xff\xe0 and no more')
    page = browser.new_page(viewport={'width': 1280, 'height': 800})
    try:
        page.set_default_timeout(90_000)
        page.goto(voila)
        page.get_by_role('button', name='Classify').wait_for()
        assert 'notebook_app(' not in page.content()  # no code is shown
        for photo, says in ((sorted((sample_folder()/'teddy').glob('*.jpg'))[0], 'teddy'), (tmp_path/'noise.png', 'unlike anything'), (tmp_path/'broken.jpg', 'damaged')):
            with page.expect_file_chooser() as chooser: page.get_by_role('button', name='Upload').click()
            chooser.value.set_files(photo)
            page.wait_for_timeout(1000)  # the file travels to the kernel; nothing on the page tells when it is there
            page.get_by_role('button', name='Classify').click()
            page.get_by_text(says, exact=says == 'teddy').first.wait_for()
            for width in (1280, 360):
                page.set_viewport_size({'width': width, 'height': 800})
                (project/'_shots').mkdir(exist_ok=True)
                page.screenshot(path=project/'_shots'/f'voila_{photo.stem}_{width}.png')
    finally: page.close()
