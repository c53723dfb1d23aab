"Whatever writes a file: each step fails in turn as on a full disk, and a kill strikes at each step. What stood there stays or is replaced as a whole, and the same call does the rest."
import io, itertools, os, re, shutil, signal
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from bears_lib.deploy import make_card
from bears_lib.engine.gather.audit import check_images
from bears_lib.engine.gather.cleaner import ImageCleaner
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.gather.gathering import attribution, gather_images, licensed_copy, save_uploads
from bears_lib.engine.predict.answer_log import AnswerLog
from bears_lib.engine.core.folders import read_metadata, write_metadata
from bears_lib.engine.train.guessing_game import Challenge
from bears_lib.engine.predict.model_folder import ModelInfo, write_model
from bears_lib.engine.gather.journal import finish_moves, move_out, move_photos, undo
from bears_lib.engine.core.photos import Preprocess
from bears_lib.questionnaire import Quiz

def make_photo(path:Path, seed:int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (40, 40, 3), np.uint8)).save(path)
    return path

def photos(place:Path) -> Path:
    names = [f'{label}/{i}.png' for label in ('red', 'blue') for i in range(3)]
    for i, name in enumerate(names): make_photo(place/'photos'/name, i)
    write_metadata(place/'photos', [{'file_name': name, 'label': name.split('/')[0], 'license': 'cc0-1.0', 'author': 'me'} for name in names])
    return place/'photos'

def moved(place:Path) -> None: move_out(photos(place), ['red/0.png'])

def quiz(place:Path) -> None: Quiz(1, place/'quiz').answer('a first answer, of many layers of weights')

def model(place:Path) -> None:
    made = dict(accuracy=0.9, n=20, interval=[0.7, 0.97])
    make_card(write_model(place/'model', ModelInfo(['red', 'blue'], Preprocess(16), metrics=made, training={'train': {'red': 9, 'blue': 9}}), {'model.onnx': b'a network'}))

def guesses(place:Path) -> Challenge:
    files = sorted((photos(place) if not (place/'photos').exists() else place/'photos').rglob('*.png'))
    return Challenge(SimpleNamespace(photos=files, labels=['red', 'blue'], truth=[0]*len(files), probabilities=np.eye(2)[[0]*len(files)]), 4, 0, keep=place/'guesses.json')

def choose(place:Path) -> None: ImageCleaner(check_images(place/'photos', judge=False))._choose('red/1.png', None)

def answer(place:Path) -> None:
    opened = Quiz(1, place/'quiz')
    if len(opened.session) == 1: opened.answer('a second answer')

def move(place:Path) -> None:
    "Called again after a kill, the photos may be on their way already: then the rest is done first."
    finish_moves(place/'photos')
    if (place/'photos'/'red'/'1.png').exists(): move_photos(place/'photos', out=['red/1.png'], labels={'blue/1.png': 'red'})

def take_back(place:Path) -> None:
    finish_moves(place/'photos')
    if not (place/'photos'/'red'/'0.png').exists(): undo(place/'photos')

def copy(place:Path) -> None:
    if (place/'copy').exists(): shutil.rmtree(place/'copy')  # what the sentence asks for: another folder, or none there
    licensed_copy(place/'photos', place/'copy')

writers = { # what is there before, and the call that writes
    'table': (photos, lambda place: write_metadata(place/'photos', [*read_metadata(place/'photos').values()][:3])),
    'moves': (photos, move), 'undo': (moved, take_back), 'choices': (photos, choose),
    'gathering': (photos, lambda place: gather_images(place/'new', {'red': place/'photos'/'red', 'blue': place/'photos'/'blue'}, n=3)),
    'credits': (photos, lambda place: attribution(place/'photos')), 'copy to publish': (photos, copy),
    'uploads': (photos, lambda place: save_uploads([path.read_bytes() for path in sorted((place/'photos'/'red').iterdir())], place/'up')),
    'answer': (quiz, answer), 'page': (quiz, lambda place: Quiz(1, place/'quiz').write(place/'page.md')), 'cards': (quiz, lambda place: Quiz(1, place/'quiz').write(place/'cards.apkg')),
    'draft': (quiz, lambda place: (opened := Quiz(1, place/'quiz')).drafts.keep(opened.questions[1].id, {'answer': 'half'})),
    'wording': (quiz, lambda place: Quiz(1, place/'quiz').overlay.add(Quiz(1, place/'quiz').questions[0], 'networks of many layers')),
    'guess': (guesses, lambda place: guesses(place).guess(1, 'red')), 'card': (model, lambda place: make_card(place/'model')),
    'answers': (photos, lambda place: AnswerLog(place/'answers.jsonl').add('red', 0.9)),
}

@contextmanager
def broken(fail:int, act):
    "The step number `fail` of those that change the disk ends by `act`; gives the steps that were taken."
    steps = []
    def counted(real, counts=lambda *args, **kwargs: True):
        def call(*args, **kwargs):
            if counts(*args, **kwargs):
                steps.append(getattr(real, '__name__', 'open'))
                if len(steps) == fail: act()
            return real(*args, **kwargs)
        return call
    def writes(path, mode='r', *args, **kwargs): return isinstance(path, str | Path) and bool(set(str(mode)) & set('wax+'))
    with mock.patch('builtins.open', counted(open, writes)), mock.patch('io.open', counted(io.open, writes)):
        patches = [mock.patch(f'os.{name}', counted(getattr(os, name))) for name in ('replace', 'rename', 'mkdir', 'link', 'fsync')]
        for patch in patches: patch.start()
        try: yield steps
        finally:
            for patch in patches: patch.stop()

def full() -> None: raise OSError(28, 'No space left on device')

def holds(place:Path) -> dict[str, bytes]:
    "What a person sees of a place: hidden files are ours."
    found = {path.relative_to(place).as_posix(): path.read_bytes() for path in sorted(place.rglob('*')) if path.is_file()}
    return {name: data for name, data in found.items() if not any(part.startswith('.') for part in name.split('/'))}

def steady(found:dict[str, bytes]) -> dict[str, bytes]:
    "Without what carries the time of day."
    return {name: b'' if name.endswith(('.jsonl', '.apkg')) else re.sub(rb'20\d\d-\d\d-\d\dT[\d:]+Z|(?<=-)[0-9a-f]{8}(?=/)', b'', data) for name, data in found.items()}

def read_rows(data:bytes) -> set[str]: return set(steady({'': data})[''].decode().splitlines())

def check(kind:str, before:dict, after:dict, new:dict, where:str) -> None:
    "No file is half: each is as it was or as it becomes; a file that only grows begins as before. No photo is lost."
    for name, data in after.items():
        if name.endswith('.jsonl'): assert data.startswith(before.get(name, b'')), f'{where}: {name}'
        elif name.endswith('.apkg'): assert data
        elif kind == 'gathering' and name == 'new/metadata.csv': # what was fetched before is listed, and nothing else
            rows = read_rows(data)
            assert rows <= read_rows(new[name]) and all(row.split(',')[0] == 'file_name' or f"new/{row.split(',')[0]}" in after for row in rows)
        else: assert steady({name: data})[name] in (steady(before).get(name), steady(new).get(name)) or name.startswith('copy/'), f'{where}: {name} is half'
    if kind not in ('moves', 'undo'): assert set(before) <= set(after), f'{where}: {set(before) - set(after)} is lost'

def trials(kind:str, tmp_path:Path):
    "A place for each step that can go wrong, until there are no more steps."
    make, write = writers[kind]
    make(tmp_path/'clean')
    before = holds(tmp_path/'clean')
    write(tmp_path/'clean')
    new = holds(tmp_path/'clean')
    for fail in itertools.count(1):
        place = tmp_path/str(fail)
        make(place)
        assert steady(holds(place)) == steady(before)
        yield fail, place, holds(place), new
        shutil.rmtree(place)

@pytest.mark.parametrize('kind', writers)
def test_each_step_fails_as_on_a_full_disk(kind, tmp_path):
    for fail, place, before, new in trials(kind, tmp_path):
        with broken(fail, full) as steps:
            try: writers[kind][1](place)
            except BearsError as error: assert '\n' not in str(error) and 'No space left' in str(error), f'{kind} {fail}'
        if len(steps) < fail: break
        check(kind, before, holds(place), new, f'{kind}, step {fail} ({steps[-1]}) fails')
        writers[kind][1](place)
        assert steady(holds(place)) == steady(new), f'{kind}: again after step {fail} ({steps[fail - 1]})'
    assert fail > 1

@pytest.mark.skipif(not hasattr(os, 'fork'), reason='this system has no fork')
@pytest.mark.parametrize('kind', writers)
def test_killed_at_each_step(kind, tmp_path):
    for fail, place, before, new in trials(kind, tmp_path):
        if not (child := os.fork()):
            try:
                with broken(fail, lambda: os.kill(os.getpid(), signal.SIGKILL)): writers[kind][1](place)
            finally: os._exit(0)
        if not os.WIFSIGNALED(os.waitpid(child, 0)[1]): break
        check(kind, before, holds(place), new, f'{kind}, killed at step {fail}')
        writers[kind][1](place)
        assert steady(holds(place)) == steady(new), f'{kind}: again after a kill at step {fail}'
    assert fail > 1
