"Folders from strangers: commands that read change nothing, links lead nowhere, and what a file in a folder says moves no file out of it."
import json, os, stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bears_lib.engine.gather.audit import bears_check, check_images, drop_dups, find_dups
from bears_lib.engine.gather.cleaner import ImageCleaner
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.gather.download import download_images
from bears_lib.engine.gather.gathering import gather_images, licensed_copy
from bears_lib.engine.core.folders import read_folder, read_metadata
from bears_lib.engine.gather.journal import finish_moves, move_out, relabel, undo, unfinished
from bears_lib.engine.core.paths import inside
from bears_lib.engine.features.split import split_photos

def make_photo(path:Path, seed:int, kind:str='JPEG') -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (40, 40, 3), np.uint8)).save(path, kind)
    return path

def put(path:Path, text:str|bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)

def link(path:Path, target:Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)

def tree_of(place:Path) -> dict[str, tuple]:
    "Everything below a place: kind and rights, where a link leads, what a file holds, when it was changed."
    found = {}
    for folder, folders, files in os.walk(place):
        for path in (Path(folder)/name for name in (*folders, *files)):
            about = path.lstat()
            what = os.readlink(path) if path.is_symlink() else path.read_bytes() if stat.S_ISREG(about.st_mode) else ''
            found[path.relative_to(place).as_posix()] = (about.st_mode, about.st_mtime_ns if stat.S_ISREG(about.st_mode) else 0, what)
    return found

def begun(root:Path, source:str, target:str, state:str='begun', row=None, **more) -> None:
    "A journal as ours would write it."
    step = {'step': 1, 'state': 'begun', 'reason': 'x', 'undoes': 0, 'at': '2026-01-01T00:00:00Z', 'files': [{'source': source, 'target': target, 'row': row}]} | more
    put(root/'.bears'/'log.jsonl', json.dumps(step) + '\n' + (json.dumps({'step': 1, 'state': state}) + '\n')*(state != 'begun'))

def hook(root:Path) -> None:
    make_photo(root/'grizzly'/'zz.jpg', 99)
    (root/'.git'/'hooks').mkdir(parents=True)

def out_and_back(root:Path, out:Path) -> None:
    put(root/'.bears'/'removed'/'grizzly'/'zz.jpg', '#!/bin/sh')
    begun(root, 'grizzly/zz.jpg', '.bears/removed/grizzly/zz.jpg', 'done')

hostile = {
    'plain': lambda root, out: None,
    'step into hooks': lambda root, out: (hook(root), begun(root, 'grizzly/zz.jpg', '.git/hooks/post-commit')),
    'step into hooks with its ending': lambda root, out: (hook(root), begun(root, 'grizzly/zz.jpg', '.git/hooks/zz.jpg')),
    'step through a link out': lambda root, out: (link(root/'extra', out), begun(root, 'grizzly/0.jpg', 'extra/0.jpg')),
    'step that takes from a link': lambda root, out: (link(root/'extra', out), begun(root, 'extra/mine.jpg', 'grizzly/mine.jpg')),
    'step upwards': lambda root, out: begun(root, '../out/mine.jpg', 'grizzly/mine.jpg'),
    'absolute step': lambda root, out: begun(root, str(out/'mine.jpg'), 'grizzly/mine.jpg'),
    'step to another class': lambda root, out: begun(root, 'grizzly/0.jpg', 'black/00.jpg'),
    'step of a script': lambda root, out: (put(root/'grizzly'/'setup.py', 'import os'), begun(root, 'grizzly/setup.py', 'black/setup.py')),
    'script that calls itself a photo': out_and_back,
    'mark from elsewhere': lambda root, out: (put(root/'.bears'/'here', ''), begun(root, 'grizzly/0.jpg', 'black/00.jpg', here='1-1')),
    'hidden folder by a mark nobody sees': lambda root, out: (hook(root), begun(root, 'grizzly/zz.jpg', '\u200c.git/hooks/zz.jpg')),
    'link into hooks': lambda root, out: (hook(root), link(root/'nice', root/'.git'/'hooks'), begun(root, 'grizzly/zz.jpg', 'nice/zz.jpg')),
    'log is a link': lambda root, out: link(root/'.bears'/'log.jsonl', out/'notes.txt'),
    'lock is a link': lambda root, out: link(root/'.bears'/'lock', out/'notes.txt'),
    'mark is a link': lambda root, out: link(root/'.bears'/'here', out/'notes.txt'),
    '.bears is a link': lambda root, out: link(root/'.bears', out),
    'removed is a link': lambda root, out: link(root/'.bears'/'removed', out),
    'spare is a link': lambda root, out: link(root/'.bears'/'spare', out),
    'choices are a link': lambda root, out: link(root/'.bears'/'choices.json', out/'notes.txt'),
    'plan is a link': lambda root, out: link(root/'.bears'/'plan.json', out/'notes.txt'),
    'log is a pipe': lambda root, out: ((root/'.bears').mkdir(), os.mkfifo(root/'.bears'/'log.jsonl')),
    'table is a pipe': lambda root, out: os.mkfifo(root/'metadata.csv'),
    'table is a link': lambda root, out: link(root/'metadata.csv', out/'table.csv'),
    'photo is a pipe': lambda root, out: os.mkfifo(root/'grizzly'/'p.jpg'),
    'photo is a link': lambda root, out: link(root/'grizzly'/'secret.jpg', out/'mine.jpg'),
    'photo is a device': lambda root, out: link(root/'grizzly'/'zero.jpg', Path('/dev/zero')),
    'class is a link': lambda root, out: link(root/'pictures', out),
    'log of junk': lambda root, out: put(root/'.bears'/'log.jsonl', b'{"step": ' + b'['*100_000 + b'\n{"step": 1e400}\n{"step": true, "state": "begun"}\n\xff\xfe\n'),
    'choices of junk': lambda root, out: put(root/'.bears'/'choices.json', '['*100_000),
    'choices of others': lambda root, out: put(root/'.bears'/'choices.json', json.dumps({'grizzly/0.jpg': '../..', 'black/0.jpg': ['x'], '../out/mine.jpg': None})),
    'table names what lies outside': lambda root, out: put(root/'metadata.csv', 'file_name,label,license\n../out/mine.jpg,grizzly,cc0-1.0\n'),
    'log of downloads leads out': lambda root, out: put(root/'.bears'/'log.jsonl', json.dumps({'url': 'https://img.example/1.jpg', 'status': 'ok', 'sha256': '../../../out/mine', 'hashes': ['0'*16]*8, 'width': 9, 'height': 9, 'at': ''}) + '\n'),
}

@pytest.fixture
def place(tmp_path):
    "A photo folder, and beside it what is nobody's business."
    for i in range(4):
        for label in ('grizzly', 'black'): make_photo(tmp_path/'photos'/label/f'{i}.jpg', i + 10*(label == 'black'))
    make_photo(tmp_path/'out'/'mine.jpg', 77)
    put(tmp_path/'out'/'notes.txt', 'mine\n')
    put(tmp_path/'out'/'table.csv', 'file_name,label\ngrizzly/0.jpg,black\n')
    return tmp_path

readers = {'read_folder': lambda root: read_folder(root), 'find_dups': find_dups, 'drop_dups, dry': lambda root: drop_dups(root),
           'check_images': lambda root: check_images(root, judge=False), 'bears_check': lambda root: bears_check(str(root)), 'read_metadata': read_metadata,
           'unfinished': unfinished, 'finish_moves': finish_moves, 'ImageCleaner': lambda root: ImageCleaner(check_images(root, judge=False)),
           'split_photos': lambda root: split_photos(read_folder(root).photos)}

def test_thirty_of_them(): assert len(hostile) >= 30

@pytest.mark.parametrize('kind', hostile)
def test_commands_that_read_change_nothing(kind, place):
    hostile[kind](place/'photos', place/'out')
    before = tree_of(place)
    for name, read in readers.items():
        try: read(place/'photos')
        except BearsError as error: assert '\n' not in str(error)
        assert tree_of(place) == before, name

@pytest.mark.parametrize('kind', hostile)
def test_commands_that_write_stay_inside(kind, place):
    "Moving photos, taking back and gathering into the folder leave alone what lies outside, and every hidden folder but ours."
    root = place/'photos'
    hostile[kind](root, place/'out')
    outside, hooks = tree_of(place/'out'), tree_of(root/'.git')
    inner = make_photo(place/'own'/'new.jpg', 5)
    for write in (lambda: move_out(root, ['grizzly/0.jpg']), lambda: relabel(root, {'grizzly/1.jpg': 'black'}), lambda: undo(root), lambda: undo(root),
                  lambda: undo(root), lambda: finish_moves(root, elsewhere=True), lambda: gather_images(root, {'grizzly': inner.parent}, n=3),
                  lambda: gather_images(root, {'pictures': inner.parent}, n=3), lambda: gather_images(root, {'extra': inner.parent}, n=3)):
        try: write()
        except BearsError as error: assert '\n' not in str(error)
        assert tree_of(place/'out') == outside and tree_of(root/'.git') == hooks
    taken = [path for path in root.rglob('*') if path.is_file() and not path.is_symlink() and path.read_bytes() == (place/'out'/'mine.jpg').read_bytes()]
    assert not taken

@pytest.mark.skipif(not hasattr(os, 'fork'), reason='this system has no fork')
def test_a_step_begun_here_goes_on_and_one_that_came_along_does_not(place, tmp_path):
    import shutil
    root = place/'photos'
    if not (child := os.fork()):
        os.rename = lambda *names: os._exit(9)
        move_out(root, ['grizzly/0.jpg'])
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    shutil.copytree(root, place/'copy')
    assert 'The next one carries it on' in unfinished(root)[0] and 'begun elsewhere' in unfinished(place/'copy')[0]
    assert any('begun elsewhere' in finding.suggestion for finding in check_images(place/'copy', judge=False).findings)
    relabel(place/'copy', {'grizzly/1.jpg': 'black'})
    assert (place/'copy'/'grizzly'/'0.jpg').exists()
    assert finish_moves(place/'copy', elsewhere=True) == 1 and not (place/'copy'/'grizzly'/'0.jpg').exists()
    relabel(root, {'grizzly/1.jpg': 'black'})
    assert not (root/'grizzly'/'0.jpg').exists() and unfinished(root) == []

def test_links_that_lead_out_are_not_gathered(place):
    link(place/'theirs'/'bear'/'secret.jpg', place/'out'/'mine.jpg')
    make_photo(place/'theirs'/'bear'/'1.jpg', 3)
    table = gather_images(place/'new', {'bear': place/'theirs'/'bear'}, n=5)
    assert table.loc['bear', 'kept'] == 1 and len(list((place/'new'/'bear').iterdir())) == 1

def test_a_log_with_another_hash_moves_nothing(place):
    root = place/'photos'
    hostile['log of downloads leads out'](root, place/'out')
    download_images(root/'grizzly', urls=['https://img.example/1.jpg'], max_pics=0)
    assert (place/'out'/'mine.jpg').exists()

@pytest.mark.parametrize('name', ['../x.jpg', 'a/../../x.jpg', '/x.jpg', '.git/x.jpg', 'a/.x/y.jpg', 'a//x.jpg', '', 'a/\0.jpg', None, 'a'*300, '\ufeff.git/x.jpg'])
def test_one_function_looks_at_names(name, tmp_path):
    with pytest.raises(BearsError, match='is left alone'): inside(tmp_path, name)

def test_a_copy_to_publish_holds_photos_of_the_folder_only(place, capsys):
    "A link to a secret, a file that is no photo, and names that lead out are passed over, and said."
    root = place/'photos'
    link(root/'grizzly'/'secret.jpg', place/'out'/'mine.jpg')
    put(root/'grizzly'/'words.jpg', 'no photo at all')
    link(root/'away', place/'out')
    names = ['grizzly/0.jpg', 'grizzly/secret.jpg', 'grizzly/words.jpg', 'away/mine.jpg', '../out/mine.jpg', '.bears/log.jsonl', 'grizzly/gone.jpg']
    put(root/'metadata.csv', 'file_name,label,license\n' + ''.join(f'{name},grizzly,cc0-1.0\n' for name in names))
    assert licensed_copy(root, place/'public') == 1
    assert [path.name for path in (place/'public'/'grizzly').iterdir()] == ['0.jpg'] and '6 rows' in capsys.readouterr().err

def test_files_that_were_changed_at_random():
    "A short run of tools/fuzz_files.py: each of twelve small files is changed, and used: one sentence, or work as usual."
    import fuzz_files
    outcome, faults, _ = fuzz_files.run(4, seed=7)
    assert not [fault for fault in faults if not fault.endswith(' s')] and len(outcome) == len(fuzz_files.files)
