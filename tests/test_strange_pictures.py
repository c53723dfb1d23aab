"Two hundred pictures that were made to do harm: each is a picture or a sentence, within two seconds of work and 500 MB."
import json, os, subprocess, sys
from pathlib import Path

import pytest

import strange
from bears_lib.engine.decoding import is_plain
from bears_lib.engine.photos import PhotoError, open_photo

if not Path('/proc/self/clear_refs').exists(): pytest.skip('the peak of memory is counted by Linux', allow_module_level=True)
pytest.importorskip('pillow_heif')

@pytest.fixture(scope='module')
def child():
    "A process that opens what it is told to, and measures that."
    place = Path(__file__).parent
    env = os.environ | {'PYTHONPATH': os.pathsep.join([str(place), str(place.parent), os.environ.get('PYTHONPATH', '')])}
    child = subprocess.Popen([sys.executable, '-m', 'strange'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
    def ask(path:Path) -> dict:
        child.stdin.write(f'{path}\n')
        child.stdin.flush()
        return json.loads(child.stdout.readline())
    yield ask
    child.stdin.close()
    child.wait(10)

def bounded(name:str, found:dict) -> None:
    print(name, found)
    assert found['work'] < 2.5 and found['seconds'] < 12, found  # two seconds, and a new worker's start
    assert found['memory'] < 500, found
    assert len(found['said']) < 400 and found['said'].startswith('(') == ('fine' in name or found['said'].startswith('(')), found

@pytest.mark.parametrize('name', strange.makers)
def test_a_strange_picture(child, tmp_path, name):
    path = tmp_path/'picture'
    path.write_bytes(strange.makers[name]())
    try: bounded(name, child(path))
    finally: path.unlink()

@pytest.mark.parametrize('name', ['a pipe', 'an endless device', 'ten gigabytes of holes', 'a folder', 'a dead link', 'a link to itself', 'the terminal'])
def test_no_ordinary_file(child, tmp_path, name):
    found = child(strange.special(tmp_path)[name])
    bounded(name, found)
    assert not found['said'].startswith('(') and found['seconds'] < 1

def test_there_are_enough_kinds(): assert len(strange.makers) >= 150
