"Saving several files together: each step fails once, a program is killed at each of them, and the old version or the new one stands, with everything that is not ours."
import itertools, json, os, shutil, signal, stat, threading
from pathlib import Path

import pytest
from PIL import Image

from bears_lib.engine.core import folder_swap as swap
from bears_lib.engine.core.common import BearsError, write_beside
from bears_lib.engine.predict.model_folder import ModelInfo, read_model, write_model
from bears_lib.engine.core.photos import Preprocess
from bears_lib.engine.deploy.hf_space import make_space
from bears_lib.engine.pages.browser_app import make_web_app, page_server

others = {'.git/HEAD': b'ref: main', 'CNAME': b'bears.example', 'notes.txt': b'mine', 'deep/er/photo.jpg': b'x'}

@pytest.fixture(autouse=True)
def any_network(monkeypatch):
    "Files are put in their places here, and none of them is opened as a network."
    for module in ('deploy.hf_space', 'pages.browser_app'): monkeypatch.setattr(f'bears_lib.engine.{module}.check_network', lambda data: None)

def add_others(folder:Path) -> None:
    for name, data in others.items():
        (folder/name).parent.mkdir(parents=True, exist_ok=True)
        (folder/name).write_bytes(data)

def holds(folder:Path) -> dict[str, bytes]:
    "All files of a folder but the hidden ones of a swap."
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob('*')) if path.is_file()}
    return {name: data for name, data in found.items() if not name.startswith('.bears-')}

def info_of(labels) -> ModelInfo: return ModelInfo(labels, Preprocess(16), metrics={'accuracy': 0.9, 'n': 20, 'interval': [0.7, 0.97]})

def save_model_to(folder, which):
    files = {'model.onnx': which.encode()*3, 'small.onnx': which.encode()} | ({'model.safetensors': b'old'} if which == 'old' else {'bank.bin': b'new'})
    write_model(folder, info_of([which, 'bear']), files)

def save_page_to(folder, which):
    model = folder.parent/f'model for {which}'
    if not model.exists(): save_model_to(model, which)
    examples = {f'{which} {i}': Image.new('RGB', (60, 60), 'red') for i in range(2 if which == 'old' else 1)}
    make_web_app(model, folder, examples=examples)

class Broken:
    "Every function that changes the disk counts its calls, and the chosen one fails."
    def __init__(self, monkeypatch, fail:int=0, forever:bool=False, act=None):
        self.calls, self.fail, self.forever, self.act = 0, fail, forever, act
        for module, name in [(os, each) for each in ('replace', 'rename', 'mkdir', 'rmdir', 'unlink', 'fsync', 'link', 'chmod', 'write')] + [(Path, 'write_bytes'), (Path, 'write_text'), (shutil, 'rmtree'), (swap.tempfile, 'mkdtemp')]:
            monkeypatch.setattr(module, name, self.counted(getattr(module, name)))

    def counted(self, real):
        def call(*args, **kwargs):
            self.calls += 1
            if self.calls == self.fail or self.forever and self.calls >= self.fail > 0:
                if self.act: self.act()
                raise OSError(28, 'No space left on device')
            return real(*args, **kwargs)
        return call

@pytest.mark.parametrize('save', [save_model_to, save_page_to])
@pytest.mark.parametrize('fresh', [False, True], ids=['again', 'first time'])
def test_each_step_fails_once(save, fresh, tmp_path, monkeypatch):
    monkeypatch.setattr('bears_lib.engine.pages.browser_app.page_icon', lambda size: b'an icon')  # it takes time, and the disk is what is looked at
    for which in ('old', 'new'): save(tmp_path/which/'thing', which)
    new = holds(tmp_path/'new'/'thing')
    old = holds(tmp_path/'old'/'thing') | others
    for fail in itertools.count(1):
        home = tmp_path/f'try {fail}'
        home.mkdir()
        for name in ('model for old', 'model for new'):
            if save is save_page_to: shutil.copytree(tmp_path/name.split()[-1]/name, home/name)
        if not fresh:
            shutil.copytree(tmp_path/'old'/'thing', home/'thing')
            add_others(home/'thing')
        with monkeypatch.context() as patch:
            broken = Broken(patch, fail)
            try: save(home/'thing', 'new')
            except BearsError as error: failed = str(error)
            else: failed = ''
        if broken.calls < fail: break
        after = holds(home/'thing') if (home/'thing').exists() else {}
        assert after in ([{}, new] if fresh else [old, new | others]), f'step {fail}: {sorted(after)}'
        assert bool(failed) == (after != (new if fresh else new | others)) and '\n' not in failed
        if save is save_model_to and after: assert read_model(home/'thing', 'small.onnx')[1] in (b'old', b'new')
        save(home/'thing', 'new')
        assert holds(home/'thing') == (new if fresh else new | others)
        assert not [path for path in home.rglob('.bears-*')]
    assert fail > (10 if fresh else 20)

@pytest.mark.parametrize('fail', range(1, 60, 4))
def test_a_disk_that_breaks_for_good(fail, tmp_path, monkeypatch):
    "From one step on nothing can be done any more, not even putting back: a model can be read all the same."
    save_model_to(tmp_path/'thing', 'old')
    with monkeypatch.context() as patch:
        Broken(patch, fail, forever=True)
        try: save_model_to(tmp_path/'thing', 'new')
        except BearsError: pass
        assert read_model(tmp_path/'thing', 'small.onnx')[1] in (b'old', b'new')
    save_model_to(tmp_path/'thing', 'new')
    assert read_model(tmp_path/'thing', 'small.onnx')[1] == b'new'

def test_a_space_is_there_or_not(tmp_path, monkeypatch):
    monkeypatch.setattr('bears_lib.engine.deploy.hf_space.predicting_part', lambda: {'bears_lib/engine/predict/predict.py': 'the part that predicts'})
    model = write_model(tmp_path/'model', info_of(['red', 'blue']), {'model.onnx': b'a network'})
    whole = holds(make_space(model, tmp_path/'space', examples=[]))
    for cloned in (False, True):
        for fail in itertools.count(1):
            target = tmp_path/f'space {cloned} {fail}'
            if cloned: write_beside(target/'.git'/'HEAD', 'ref: main')
            with monkeypatch.context() as patch:
                broken = Broken(patch, fail)
                try: make_space(model, target, examples=[])
                except BearsError: pass
            if broken.calls < fail: break
            before = {'.git/HEAD': b'ref: main'} if cloned else {}
            assert (holds(target) if target.exists() else {}) in (before, before | whole), fail
        assert fail > 20

@pytest.mark.skipif(not hasattr(os, 'fork'), reason='this system has no fork')
def test_killed_at_every_step(tmp_path):
    "kill -9 at each step: a model is the old one or the new one at once; the next save leaves no trace."
    save_model_to(tmp_path/'old', 'old')
    seen = set()
    for fail in range(1, 60):
        target = tmp_path/str(fail)/'thing'
        shutil.copytree(tmp_path/'old', target)
        add_others(target)
        if not (child := os.fork()):
            Broken(pytest.MonkeyPatch(), fail, act=lambda: os.kill(os.getpid(), signal.SIGKILL))
            save_model_to(target, 'new')
            os._exit(0)
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        found = read_model(target, 'small.onnx')[1]
        seen.add((killed, found))
        assert found in (b'old', b'new') and others.items() <= holds(target).items(), fail
        save_model_to(target, 'new')
        assert read_model(target)[0].labels == ['new', 'bear'] and not list(target.parent.rglob('.bears-*')), fail
    assert seen == {(True, b'old'), (True, b'new'), (False, b'new')}

def test_a_page_that_was_cut_off_is_finished_when_it_is_served(tmp_path):
    save_page_to(tmp_path/'page', 'old')
    save_page_to(tmp_path/'other', 'new')
    new = holds(tmp_path/'other')
    hidden = tmp_path/'page'/'.bears-swap'
    (hidden/'new').mkdir(parents=True)
    for name, data in new.items(): (hidden/'new'/name).write_bytes(data)
    (hidden/'plan.json').write_text(json.dumps({'example-2.jpg': swap.digest_of(tmp_path/'page'/'example-2.jpg')}), encoding='utf-8')
    page_server(tmp_path/'page', 0).server_close()
    assert holds(tmp_path/'page') == new and not hidden.exists()

def test_what_an_earlier_version_wrote_goes_unless_somebody_changed_it(tmp_path):
    save_model_to(tmp_path/'model', 'old')
    (tmp_path/'model'/'model.safetensors').write_bytes(b'my own weights')
    save_model_to(tmp_path/'model', 'new')
    assert (tmp_path/'model'/'model.safetensors').read_bytes() == b'my own weights'
    save_model_to(tmp_path/'model', 'old')
    save_model_to(tmp_path/'model', 'new')
    assert not (tmp_path/'model'/'model.safetensors').exists()

def test_a_link_and_the_rights_stay(tmp_path):
    save_model_to(tmp_path/'disk'/'model', 'old')
    (tmp_path/'disk'/'model').chmod(0o700)
    (tmp_path/'disk'/'model'/'model.onnx').chmod(0o640)
    (tmp_path/'link').symlink_to(tmp_path/'disk'/'model')
    before = os.umask(0o077)
    try:
        save_model_to(tmp_path/'link', 'new')
        save_model_to(tmp_path/'private', 'new')
    finally: os.umask(before)
    modes = lambda folder: {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in [folder, *folder.iterdir()]}
    assert (tmp_path/'link').is_symlink() and read_model(tmp_path/'link', 'small.onnx')[1] == b'new'
    assert modes(tmp_path/'disk'/'model')['model'] == '0o700' and modes(tmp_path/'disk'/'model')['model.onnx'] == '0o640' and modes(tmp_path/'disk'/'model')['bank.bin'] == '0o600'
    assert set(modes(tmp_path/'private').values()) == {'0o700', '0o600'}

def test_a_model_json_of_another_program_is_left_alone(tmp_path):
    write_beside(tmp_path/'tfjs'/'model.json', '{"format": "layers-model", "weightsManifest": []}')
    with pytest.raises(BearsError, match='holds other things than a model'): save_model_to(tmp_path/'tfjs', 'new')
    write_beside(tmp_path/'app'/'service-worker.js', 'self.addEventListener("fetch", () => {})')
    with pytest.raises(BearsError, match='holds other things than a page'): save_page_to(tmp_path/'app', 'new')
    assert [path.name for path in (tmp_path/'app').iterdir()] == ['service-worker.js']

@pytest.mark.parametrize('plan', ['{"notes.txt": "%s"}', '{"../outside.txt": "%s"}', '[]', '[' * 5000, ''])
def test_a_plan_of_a_stranger(plan, tmp_path):
    "A hidden folder that came with a download moves nothing in from elsewhere, and takes nothing away that it can't know."
    folder, secret = tmp_path/'model', tmp_path/'secret'
    save_model_to(folder, 'old')
    for name, data in {'key': b'mine', 'model.onnx': b'mine as well'}.items(): write_beside(secret/name, data)
    for name in ('notes.txt', '../outside.txt'): (folder/name).write_text('mine', encoding='utf-8')
    (folder/'.bears-swap').mkdir()
    (folder/'.bears-swap'/'plan.json').write_text(plan % ('f'*64) if '%' in plan else plan, encoding='utf-8')
    (folder/'.bears-swap'/'new').symlink_to(secret)
    save_model_to(folder, 'new')
    assert {path.name: path.read_bytes() for path in secret.iterdir()} == {'key': b'mine', 'model.onnx': b'mine as well'}
    assert (folder/'notes.txt').read_text(encoding='utf-8') == (tmp_path/'outside.txt').read_text(encoding='utf-8') == 'mine' and not (folder/'key').exists()
    assert read_model(folder, 'small.onnx')[1] == b'new'

def test_a_reader_while_a_writer_saves(tmp_path):
    "No reader ever meets half of a save."
    save_model_to(tmp_path/'model', 'old')
    stop, wrong = threading.Event(), []
    def read():
        while not stop.is_set():
            try: info, data = read_model(tmp_path/'model', 'small.onnx')
            except Exception as error: wrong.append(repr(error))
            else:
                if data.decode() != info.labels[0]: wrong.append(data)
    readers = [threading.Thread(target=read) for _ in range(3)]
    for each in readers: each.start()
    for i in range(60): save_model_to(tmp_path/'model', ('new', 'old')[i % 2])
    stop.set()
    for each in readers: each.join()
    assert not wrong

# One file

def test_one_file_keeps_its_rights_and_its_link(tmp_path):
    before = os.umask(0o077)
    try: new = write_beside(tmp_path/'answers.json', 'private')
    finally: os.umask(before)
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    (tmp_path/'link.json').symlink_to(new)
    new.chmod(0o640)
    write_beside(tmp_path/'link.json', 'again')
    assert (tmp_path/'link.json').is_symlink() and new.read_text(encoding='utf-8') == 'again' and stat.S_IMODE(new.stat().st_mode) == 0o640
    (tmp_path/'gone.json').symlink_to(tmp_path/'below'/'target.json')
    write_beside(tmp_path/'gone.json', 'made')
    assert (tmp_path/'below'/'target.json').read_text(encoding='utf-8') == 'made'
    (tmp_path/'loop.json').symlink_to(tmp_path/'loop.json')
    with pytest.raises(BearsError): write_beside(tmp_path/'loop.json', 'x')
    assert sorted(path.name for path in tmp_path.iterdir()) == ['answers.json', 'below', 'gone.json', 'link.json', 'loop.json']

def test_one_file_is_on_the_disk_before_it_is_renamed(tmp_path, monkeypatch):
    steps = []
    real_sync, real_replace = os.fsync, os.replace
    monkeypatch.setattr(os, 'fsync', lambda handle: (steps.append('fsync'), real_sync(handle))[1])
    monkeypatch.setattr(os, 'replace', lambda *args: (steps.append('replace'), real_replace(*args))[1])
    write_beside(tmp_path/('long name '*20 + '.txt'), 'x')
    assert steps == ['fsync', 'replace']

def test_one_file_whose_step_fails(tmp_path, monkeypatch):
    for fail in itertools.count(1):
        write_beside(tmp_path/'note.txt', 'old')
        with monkeypatch.context() as patch:
            broken = Broken(patch, fail)
            try: write_beside(tmp_path/'note.txt', 'new')
            except BearsError as error: assert "Can't write" in str(error)
        assert (tmp_path/'note.txt').read_text(encoding='utf-8') in ('old', 'new') and [path.name for path in tmp_path.iterdir()] == ['note.txt']
        if broken.calls < fail: break
    assert fail > 2

# Line by line

def write(folder, **files): return swap.swap_folder(folder, {name.replace('_', '.'): data for name, data in files.items()}, what='The page')

def hidden(place:Path) -> list[str]: return sorted(path.relative_to(place).as_posix() for path in place.rglob('.bears-*'))

def test_folders_on_the_way_are_made_and_what_fails_is_told_with_its_reason(tmp_path):
    assert swap.swap_folder(tmp_path/'a'/'b'/'c', {'examples/deep/1.jpg': b'x', 'é.txt': b'y'}) == tmp_path/'a'/'b'/'c'
    assert holds(tmp_path/'a'/'b'/'c') == {'examples/deep/1.jpg': b'x', 'é.txt': b'y'}
    (tmp_path/'file').write_bytes(b'')
    with pytest.raises(BearsError, match=r"^The page can't be written to .*c: (Not a directory|File exists)\. What stood there before is unchanged\."): write(tmp_path/'file'/'c', a_txt=b'')
    (tmp_path/'round').symlink_to('round')
    with pytest.raises(BearsError, match='The folder can.*(loop|symbolic links)'): swap.swap_folder(tmp_path/'round', {'a.txt': b''})

def test_a_failure_leaves_nothing_hidden(tmp_path, monkeypatch):
    write(tmp_path/'thing', a_txt=b'old')
    for name in ('_fill', '_move_in'):
        with monkeypatch.context() as patch:
            patch.setattr(swap, name, lambda *args: (_ for _ in ()).throw(OSError(28, 'No space left on device')))
            with pytest.raises(BearsError, match='No space left'): write(tmp_path/'thing', a_txt=b'new')
        assert holds(tmp_path/'thing') == {'a.txt': b'old'} and hidden(tmp_path) == []

@pytest.mark.parametrize('linked', [False, True])
@pytest.mark.parametrize('fail', [1, 2, 3])
def test_a_disk_without_hard_links(fail, linked, tmp_path, monkeypatch):
    "What stood there is copied, a link as a link, and is put back from the copy when a later file can't be moved in."
    def no_links(*args, **kwargs): raise OSError(95, 'Operation not supported')
    write(tmp_path/'thing', a_txt=b'old a', b_txt=b'old b', c_txt=b'old c')
    if linked:
        (tmp_path/'elsewhere').write_bytes(b'old a')
        (tmp_path/'thing'/'a.txt').unlink()
        (tmp_path/'thing'/'a.txt').symlink_to(tmp_path/'elsewhere')
    replace, calls = os.replace, []
    def failing(source, target):
        calls.append(source)
        if len(calls) == fail: raise OSError(5, 'Input/output error')
        replace(source, target)
    with monkeypatch.context() as patch:
        patch.setattr(os, 'link', no_links)
        patch.setattr(os, 'replace', failing)
        with pytest.raises(BearsError, match='Input/output error'): write(tmp_path/'thing', a_txt=b'new a', b_txt=b'new b', c_txt=b'new c')
    assert holds(tmp_path/'thing') == {'a.txt': b'old a', 'b.txt': b'old b', 'c.txt': b'old c'} and hidden(tmp_path) == []
    assert (tmp_path/'thing'/'a.txt').is_symlink() == linked
    monkeypatch.setattr(os, 'link', no_links)
    write(tmp_path/'thing', a_txt=b'new a', b_txt=b'new b', c_txt=b'new c')
    assert holds(tmp_path/'thing') == {'a.txt': b'new a', 'b.txt': b'new b', 'c.txt': b'new c'}
    if linked: assert (tmp_path/'elsewhere').read_bytes() == b'old a'

def fail_replace(monkeypatch, fails) -> None:
    "The calls of `os.replace` for whose number `fails` is true fail."
    replace, calls = os.replace, itertools.count(1)
    def failing(source, target):
        if fails(next(calls)): raise OSError(5, 'Input/output error')
        replace(source, target)
    monkeypatch.setattr(os, 'replace', failing)

@pytest.mark.parametrize('fails', [lambda n: n == 1, lambda n: n == 2, lambda n: n == 3, lambda n: n == 4, lambda n: n in (2, 3), lambda n: n in (2, 4), lambda n: n > 1, lambda n: n > 2, lambda n: n > 3],
                         ids=['first', 'second', 'third', 'fourth', 'second and third', 'second and fourth', 'from the second on', 'from the third on', 'from the fourth on'])
@pytest.mark.parametrize('swept', [True, False], ids=['swept', 'and nothing can be removed'])
def test_after_a_failure_all_is_as_it_was(fails, swept, tmp_path, monkeypatch):
    "What was replaced, what is new, and what was to go: put back by renaming, or copied back where that fails. Nothing of the new version counts any more."
    write(tmp_path/'thing', b_txt=b'old b', c_txt=b'old c', gone_txt=b'gone', left_txt=b'left')
    owned = {name: swap.digest_of(tmp_path/'thing'/name) for name in ('gone.txt', 'left.txt')}
    before = holds(tmp_path/'thing')
    with monkeypatch.context() as patch:
        fail_replace(patch, fails)
        if not swept: patch.setattr(shutil, 'rmtree', lambda *args, **kwargs: None)
        with pytest.raises(BearsError, match='Input/output error. What stood there before is unchanged'): swap.swap_folder(tmp_path/'thing', {'b.txt': b'new b', 'd.txt': b'new'}, owned)
    assert {name: data for name, data in holds(tmp_path/'thing').items() if name in before} == before
    if fails(5): assert {*holds(tmp_path/'thing')} - {*before} <= {'d.txt'}  # a copy went back, and what was moved in can't be taken away
    else: assert holds(tmp_path/'thing') == before
    assert swap.placed(tmp_path/'thing', 'b.txt') == tmp_path/'thing'/'b.txt' and bool(hidden(tmp_path)) != swept
    swap.finish_swap(tmp_path/'thing')
    assert (tmp_path/'thing'/'b.txt').read_bytes() == b'old b' and hidden(tmp_path) == []

def test_a_link_is_put_back_as_a_link_where_nothing_can_be_renamed(tmp_path, monkeypatch):
    write(tmp_path/'thing', a_txt=b'', b_txt=b'old b')
    (tmp_path/'mine').write_bytes(b'mine')
    (tmp_path/'thing'/'a.txt').unlink()
    (tmp_path/'thing'/'a.txt').symlink_to(tmp_path/'mine')
    fail_replace(monkeypatch, lambda n: n in (2, 4))
    with pytest.raises(BearsError): write(tmp_path/'thing', a_txt=b'new a', b_txt=b'new b')
    assert (tmp_path/'thing'/'a.txt').is_symlink() and holds(tmp_path/'thing') == {'a.txt': b'mine', 'b.txt': b'old b'} and (tmp_path/'mine').read_bytes() == b'mine'

def test_what_can_go_neither_in_nor_back_is_finished_by_the_next_save(tmp_path, monkeypatch):
    "Both versions are kept until then, and the new one is the one that is read."
    def broken(*args, **kwargs): raise OSError(5, 'Input/output error')
    write(tmp_path/'thing', a_txt=b'old a', b_txt=b'old b')
    with monkeypatch.context() as patch:
        fail_replace(patch, lambda n: n > 1)
        patch.setattr(shutil, 'copy2', broken)
        with pytest.raises(BearsError, match='the next save there finishes it'): write(tmp_path/'thing', a_txt=b'new a', b_txt=b'new b')
    assert [swap.placed(tmp_path/'thing', name).read_bytes() for name in ('a.txt', 'b.txt')] == [b'new a', b'new b']
    write(tmp_path/'thing', c_txt=b'new c')
    assert holds(tmp_path/'thing') == {'a.txt': b'new a', 'b.txt': b'new b', 'c.txt': b'new c'} and hidden(tmp_path) == []

def test_two_programs_may_finish_one_save(tmp_path, monkeypatch):
    "The other one is done with all of it while this one begins."
    write(tmp_path/'thing', a_txt=b'old a', b_txt=b'old b')
    replace, others = os.replace, []
    def late(source, target):
        if not others:
            others.append('done')
            swap.finish_swap(tmp_path/'thing')
        replace(source, target)
    monkeypatch.setattr(os, 'replace', late)
    write(tmp_path/'thing', a_txt=b'new a', b_txt=b'new b')
    assert holds(tmp_path/'thing') == {'a.txt': b'new a', 'b.txt': b'new b'} and hidden(tmp_path) == []

def test_the_new_version_is_made_on_the_disk_where_it_will_stand(tmp_path, monkeypatch):
    "Also where there is no room for temporary files; no file stays open, and a disk without locks will do."
    def no_lock(self, *args, **kwargs): raise NotImplementedError
    monkeypatch.setattr(swap.tempfile, 'tempdir', str(tmp_path/'none'))
    write(tmp_path/'thing', a_txt=b'old')
    handle = os.open(os.devnull, os.O_RDONLY)
    os.close(handle)
    monkeypatch.setattr('filelock.FileLock.acquire', no_lock)
    write(tmp_path/'thing', a_txt=b'new')
    write(tmp_path/'another', a_txt=b'new')
    again = os.open(os.devnull, os.O_RDONLY)
    os.close(again)
    assert holds(tmp_path/'thing') == holds(tmp_path/'another') == {'a.txt': b'new'} and hidden(tmp_path) == [] and again == handle

def test_no_lock_is_held_after_a_save(tmp_path, monkeypatch):
    from filelock import FileLock
    kept = []  # else a lock ends when Python forgets it
    monkeypatch.setattr('filelock.FileLock', lambda path: kept.append(FileLock(path)) or kept[-1])
    for data in (b'old', b'new'): write(tmp_path/'thing', a_txt=data)
    assert len(kept) == 2 and not any(lock.is_locked for lock in kept)

def test_a_hidden_name_that_is_taken(tmp_path):
    write(tmp_path/'thing', a_txt=b'old')
    (tmp_path/'thing'/'.bears-swap').write_bytes(b'mine')
    with pytest.raises(BearsError, match="can't be written"): write(tmp_path/'thing', a_txt=b'new')
    assert holds(tmp_path/'thing') == {'a.txt': b'old'} and hidden(tmp_path) == ['thing/.bears-swap'] and (tmp_path/'thing'/'.bears-swap').read_bytes() == b'mine'

def test_all_is_on_the_disk_before_it_counts(tmp_path, monkeypatch):
    "Each new file, the plan and the folders are flushed before the rename by which they count."
    write(tmp_path/'thing', a_txt=b'old')
    done, fsync, rename = [], os.fsync, os.rename
    monkeypatch.setattr(os, 'fsync', lambda handle: (done.append(Path(os.readlink(f'/proc/self/fd/{handle}')).name), fsync(handle)))
    monkeypatch.setattr(os, 'rename', lambda *names: (done.append('rename'), rename(*names)))
    if not Path('/proc/self/fd').exists(): pytest.skip('only Linux tells which file was flushed')
    write(tmp_path/'thing', a_txt=b'new')
    before, after = done[:done.index('rename')], done[done.index('rename') + 1:]
    assert {'a.txt', 'plan.json', 'new', 'old'} <= set(before) and any(name.startswith('.bears-new-') for name in before) and after == ['thing']
    done.clear()
    write(tmp_path/'fresh', a_txt=b'new')
    assert done[-1] == tmp_path.name and 'rename' in done

def test_what_is_swept_and_what_is_not(tmp_path):
    "A dead program's stage goes; that of a living one, a link, a file, and a folder with other things stay."
    from filelock import FileLock
    for name in ('dead', 'alive', 'full'): (tmp_path/f'.bears-new-{name}'/'new').mkdir(parents=True)
    (tmp_path/'.bears-new-full'/'mine.txt').write_bytes(b'mine')
    (tmp_path/'.bears-new-file').write_bytes(b'')
    (tmp_path/'other'/'new').mkdir(parents=True)
    (tmp_path/'.bears-new-link').symlink_to(tmp_path/'other')
    with FileLock(tmp_path/'.bears-new-alive'/'lock'):
        write(tmp_path/'thing', a_txt=b'')
        assert hidden(tmp_path) == ['.bears-new-alive', '.bears-new-file', '.bears-new-full', '.bears-new-link'] and (tmp_path/'other'/'new').is_dir()
    write(tmp_path/'thing', a_txt=b'')
    assert '.bears-new-alive' not in hidden(tmp_path)

def test_hidden_folders_that_are_no_ours(tmp_path):
    "A link, a file, a folder without a plan, a plan of another form or size: nothing that lies there moves in, and nothing that stands goes."
    (tmp_path/'out'/'new').mkdir(parents=True)
    (tmp_path/'out'/'new'/'a.txt').write_bytes(b'theirs')
    (tmp_path/'out'/'plan.json').write_text('{}', encoding='utf-8')
    for kind in ('link', 'file', 'linked new', 'link in new', 'linked plan', 'no plan'):
        target = tmp_path/kind
        write(target, a_txt=b'mine')
        place = target/'.bears-swap'
        if kind == 'link': place.symlink_to(tmp_path/'out')
        elif kind == 'file': place.write_bytes(b'')
        else: shutil.copytree(tmp_path/'out', place)
        if kind == 'linked new':
            shutil.rmtree(place/'new')
            (place/'new').symlink_to(tmp_path/'out'/'new')
        if kind in ('link in new', 'linked plan'): (place/'new'/'a.txt').unlink()
        if kind == 'link in new': (place/'new'/'a.txt').symlink_to(tmp_path/'out'/'new'/'a.txt')
        if kind == 'linked plan':
            (place/'plan.json').unlink()
            (tmp_path/'out'/'other plan.json').write_text(json.dumps({'a.txt': swap.digest_of(target/'a.txt')}), encoding='utf-8')
            (place/'plan.json').symlink_to(tmp_path/'out'/'other plan.json')
        if kind == 'no plan': (place/'plan.json').unlink()
        if kind in ('file', 'no plan'): assert swap.placed(target, 'a.txt') == target/'a.txt'
        swap.finish_swap(target)
        assert (target/'a.txt').read_bytes() == b'mine' and not (target/'a.txt').is_symlink() and (tmp_path/'out'/'new'/'a.txt').read_bytes() == b'theirs', kind
    digest = swap.digest_of(tmp_path/'no plan'/'a.txt')
    (tmp_path/'no plan'/'link').symlink_to('a.txt')
    for plan in ({'none': ''}, {'link': ''}, {'a.txt': [digest]}, {'a.txt': digest + '0'}, {'a.txt': 64}, {'a.txt': digest, 'x'*1_000_000: digest}):
        (place := tmp_path/'no plan'/'.bears-swap').mkdir()
        (place/'plan.json').write_text(json.dumps(plan), encoding='utf-8')
        swap.finish_swap(tmp_path/'no plan')
        assert (tmp_path/'no plan'/'a.txt').read_bytes() == b'mine' and (tmp_path/'no plan'/'link').is_symlink() and not place.exists()

def test_digests(tmp_path):
    import hashlib
    (tmp_path/'large').write_bytes(data := bytes(range(256))*10_000)
    (tmp_path/'link').symlink_to('large')
    assert swap.digest_of(tmp_path/'large') == hashlib.sha256(data).hexdigest()
    assert [swap.digest_of(tmp_path/name) for name in ('link', 'none', '')] == ['', '', '']
