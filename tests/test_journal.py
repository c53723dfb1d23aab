"Moves and their log: what is no line of ours moves nothing, what was begun is finished once, and the table says what lies in the folder."
import json, os, shutil
from pathlib import Path

import pytest
from PIL import Image

from bears_lib.engine.core.common import BearsError
from bears_lib.engine.core.folders import read_metadata, write_metadata
from bears_lib.engine.gather import journal as moves
from bears_lib.engine.gather.journal import Move, finish_moves, move_out, move_photos, only_writer, relabel, undo, unfinished

out = '.bears/removed'

class Killed(BaseException): "Nothing in the package catches it, as nothing outlives a kill."

def draw(path:Path, colour) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new('RGB', (8, 6), colour).save(path, format='PNG')

@pytest.fixture
def root(tmp_path):
    "Two classes of two photos, each of a colour of its own."
    for i, name in enumerate(('black/1.png', 'black/2.png', 'grizzly/3.png', 'grizzly/4.png')): draw(tmp_path/'photos'/name, (i, 90, 200))
    return tmp_path/'photos'

def tree(root:Path) -> dict[str, bytes]:
    "All files but the table and what the package writes for itself."
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob('*') if path.is_file()}
    return {name: data for name, data in found.items() if name != 'metadata.csv' and (name.startswith(out) or not name.startswith('.bears/'))}

def listed(root:Path) -> dict[str, str]: return {name: row['label'] for name, row in read_metadata(root).items()}

def list_all(root:Path, **labels) -> None:
    "Write a table of all photos; labels by stem, else the folder's name."
    write_metadata(root, [{'file_name': name, 'label': labels.get(Path(name).stem, name.split('/')[0]), 'author': f'author of {name}'} for name in tree(root)])

def log_of(root:Path) -> Path: return root/'.bears'/'log.jsonl'

def write_log(root:Path, *lines) -> None:
    log_of(root).parent.mkdir(exist_ok=True)
    log_of(root).write_text(''.join((line if isinstance(line, str) else json.dumps(line)) + '\n' for line in lines), encoding='utf-8')

def begun(*ways, step=1, row=None, **more) -> dict:
    return {'step': step, 'state': 'begun', 'files': [{'source': source, 'target': target, 'row': row} for source, target in ways]} | more

def mark_of(root:Path) -> str:
    "By which the folder knows its own steps."
    with only_writer(root): return moves._here(root)

def fail_rename(monkeypatch, *at, error=OSError(13, 'Permission denied')):
    "The renames of these numbers fail."
    rename, calls = os.rename, []
    def failing(source, target):
        calls.append(source)
        if len(calls) in at: raise error
        rename(source, target)
    monkeypatch.setattr(os, 'rename', failing)

def kill_at_rename(monkeypatch, n, call) -> None:
    with monkeypatch.context() as patch, pytest.raises(Killed):
        fail_rename(patch, n, error=Killed())
        call()

# The lock

def test_the_lock_is_that_of_downloads_and_is_given_up_after_a_failure(root, monkeypatch):
    from filelock import FileLock
    with monkeypatch.context() as patch, pytest.raises(OSError, match='in the middle'):
        kept = []  # else a lock ends when Python forgets it
        patch.setattr('filelock.FileLock', lambda path: kept.append(FileLock(path)) or kept[-1])
        with only_writer(root): raise OSError('in the middle')
    assert len(kept) == 1 and move_out(root, ['black/1.png'])
    with FileLock(root/'.bears'/'lock'), pytest.raises(BearsError, match='Another run'): undo(root)
    assert f'{out}/black/1.png' in tree(root) and len(undo(root)) == 1

def test_a_disk_without_locks_is_used_with_a_warning(root, monkeypatch, capsys):
    def no_lock(self, *args, **kwargs): raise NotImplementedError
    monkeypatch.setattr('filelock.FileLock.acquire', no_lock)
    assert len(move_out(root, ['black/1.png'])) == 1
    shown = capsys.readouterr()
    assert str(root) in shown.out + shown.err

def test_where_nothing_can_be_written_nothing_is_begun(root, tmp_path, monkeypatch):
    with pytest.raises(BearsError, match='is not there'), only_writer(tmp_path/'none'): pass
    before = tree(root)
    def read_only(self, *args, **kwargs): raise OSError(30, 'Read-only file system')
    monkeypatch.setattr(Path, 'touch', read_only)
    with pytest.raises(BearsError, match='Read-only'): move_out(root, ['black/1.png'])
    assert tree(root) == before and not log_of(root).exists()

# Lines that are not ours

photo_way = ('black/1.png', f'{out}/black/1.png')
odd_lines = {'step 0': begun(photo_way, step=0), 'step below 0': begun(photo_way, step=-1), 'step is a bool': begun(photo_way, step=True), 'step too high': begun(photo_way, step=10**9),
    'step is text': begun(photo_way, step='1'), 'no state': {'step': 1, 'files': []}, 'unknown state': begun(photo_way, state='redone'), 'no files': {'step': 1, 'state': 'begun'},
    'source is a number': begun((3, 'black/1.png')), 'target is nothing': begun(('black/1.png', None)), 'source is a list': begun((['black/1.png'], 'black/1.png')),
    'both empty': begun(('', '')), 'source empty': begun(('', 'black/1')), 'target empty': begun(('black/1', '')),
    'source of 4,000 letters': begun(('b'*4000, 'black/1')), 'target of 4,000 letters': begun(('black/1', 'b'*4000)), 'both too long': begun(('b'*5000, 'b'*5000)),
    'another ending': begun(('black/1.png', 'black/1.py')), 'row with a number': begun(photo_way, row={'width': 40}), 'row with a key of none': begun(photo_way, row={'label': None}),
    'row is a list': begun(photo_way, row=['black']), 'row is text': begun(photo_way, row='black'), 'row is a number': begun(photo_way, row=0)}

@pytest.mark.parametrize('line', odd_lines.values(), ids=odd_lines)
def test_an_odd_line_is_passed_over_and_counted_and_moves_nothing(line, root):
    "Also where it bears the mark of this folder; lines of downloads, half lines and other JSON are not counted."
    before, ours = tree(root), {'here': mark_of(root)}
    write_log(root, {'url': 'https://img.example/1.jpg'}, line | ours, '[1]', '{"step": 2, "sta', '3')
    found = moves.Journal(root)
    assert found.odd == 1 and found.steps == {} and ' 1 line ' in ' '.join(unfinished(root))
    assert finish_moves(root) == finish_moves(root, elsewhere=True) == 0 and undo(root) == [] and tree(root) == before
    assert len(move_out(root, ['black/2.png'])) == 1 and len(undo(root)) == 1 and tree(root) == before

@pytest.mark.parametrize('way', [('', ''), ('black/1', ''), ('b'*4000, 'black/1'), ('b'*4000, 'b'*4000), (None, None), (1, 'black/1')])
def test_a_move_is_made_of_two_names(way):
    with pytest.raises(BearsError): Move(*way)

@pytest.mark.parametrize('row', [0, 'black', ['black'], {'width': 40}, {1: 'black'}, {'label': None}])
def test_a_move_has_a_row_of_texts_or_none(row):
    with pytest.raises(BearsError): Move('black/1.png', 'black/2.png', row)

def test_steps_of_any_number_up_to_a_billion_are_understood(root):
    write_log(root, begun(photo_way, step=100, here=mark_of(root)))
    assert finish_moves(root) == 1 and len(undo(root)) == 1 and 100 in moves.Journal(root).steps

@pytest.mark.parametrize('line', [{'step': 10**9 - 1}, {'step': 1, 'undoes': 2}, {'step': 1, 'undoes': 10**9 - 1}, {'step': 2}], ids=['last number', 'undoes ours', 'undoes the last number', 'a number left out'])
def test_whatever_a_log_counted_to_our_steps_can_be_finished_and_undone(line, root, monkeypatch):
    before = tree(root)
    write_log(root, begun() | line, {'step': line['step'], 'state': 'done'})
    kill_at_rename(monkeypatch, 2, lambda: move_out(root, ['black/1.png', 'black/2.png']))
    assert finish_moves(root) == 1 and not {'black/1.png', 'black/2.png'} & set(tree(root))
    move_out(root, ['grizzly/3.png'])
    assert [len(undo(root)) for _ in range(3)] == [1, 2, 0] and tree(root) == before and moves.Journal(root).odd == 0

def test_an_end_without_a_beginning_is_nothing_to_undo(root):
    "The line that began the step is lost."
    move_out(root, ['black/1.png'])
    with log_of(root).open('a', encoding='utf-8') as file: file.write('{"step": 2, "state": "done"}\n')
    assert [move.target for move in undo(root)] == ['black/1.png']

def test_a_log_that_cannot_be_read_or_is_huge_is_refused(root, monkeypatch):
    move_out(root, ['black/1.png'])
    before = tree(root)
    with monkeypatch.context() as patch:
        patch.setattr(moves, 'largest_log', 10)
        for call in (undo, unfinished, finish_moves, lambda root: move_out(root, ['black/2.png'])):
            with pytest.raises(BearsError, match='too large'): call(root)
    def no_right(self): raise PermissionError(13, 'Permission denied')
    with monkeypatch.context() as patch:
        patch.setattr(Path, 'read_bytes', no_right)
        with pytest.raises(BearsError, match='Permission denied'): undo(root)
    assert tree(root) == before

# Steps from elsewhere

@pytest.mark.parametrize('here', [None, '', 'x', '0-0', '1-1', 7])
@pytest.mark.parametrize('marked', [False, True])
def test_a_step_from_elsewhere_waits_until_it_is_asked_for(here, marked, root):
    "Whatever mark it bears; another step of ours is finished meanwhile, and the sentences tell them apart."
    if marked: mark_of(root)
    before = tree(root)
    write_log(root, begun(photo_way, here=here))
    assert len(unfinished(root)) == 1 and 'elsewhere=True' in unfinished(root)[0] and 'black/1.png' in unfinished(root)[0]
    assert finish_moves(root) == 0 and undo(root) == [] and tree(root) == before
    move_out(root, ['grizzly/3.png'])
    assert 'black/1.png' in tree(root)
    with log_of(root).open('a', encoding='utf-8') as file: file.write(json.dumps(begun(('grizzly/4.png', f'{out}/grizzly/4.png'), step=3, here=mark_of(root))) + '\n')
    theirs, ours = unfinished(root)
    assert 'elsewhere=True' in theirs and 'black/1.png' in theirs and 'elsewhere=True' not in ours and 'grizzly/4.png' in ours
    assert finish_moves(root) == 1 and set(tree(root)) == {'black/1.png', 'black/2.png', f'{out}/grizzly/3.png', f'{out}/grizzly/4.png'}
    assert finish_moves(root, elsewhere=True) == 1 and 'black/1.png' not in tree(root) and unfinished(root) == []

def test_of_a_step_from_elsewhere_only_photos_of_the_folder_move(root, tmp_path):
    "Asked for or undone: a script by the name of a photo, a file outside and the rows of both stay."
    draw(tmp_path/'1.png', 'red')
    (root/'black'/'page.png').write_bytes(b'<html>')
    list_all(root)
    ways = [photo_way, ('../1.png', 'black/9.png'), ('black/page.png', f'{out}/black/page.png'), ('black/2.png', '../2.png')]
    before = tree(root)
    write_log(root, begun(*ways[:3]))
    assert finish_moves(root, elsewhere=True) == 1
    assert tree(root) == {name: data for name, data in before.items() if name != 'black/1.png'} | {f'{out}/black/1.png': before['black/1.png']}
    assert set(listed(root)) == set(before) - {'black/1.png'} and (tmp_path/'1.png').exists()
    write_log(root, begun(ways[0]), {'step': 1, 'state': 'done'}, begun(ways[3], step=2))
    try: finish_moves(root, elsewhere=True)
    except BearsError: pass
    assert 'black/2.png' in tree(root) and not (tmp_path/'2.png').exists()
    (root/out/'black'/'page.png').write_bytes(b'<html>')
    write_log(root, begun(*ways[:3]), {'step': 1, 'state': 'done'})
    assert [move.target for move in undo(root)] == ['black/1.png'] and (root/out/'black'/'page.png').exists()

def test_an_undo_that_would_lead_out_writes_nothing_down(root, tmp_path):
    draw(root/out/'black'/'9.png', 'red')
    write_log(root, begun(('../9.png', f'{out}/black/9.png')), {'step': 1, 'state': 'done'})
    before = log_of(root).read_bytes(), tree(root)
    assert undo(root) == []
    assert (log_of(root).read_bytes(), tree(root)) == before and not (tmp_path/'9.png').exists()

def test_a_step_that_would_lead_out_does_not_hide_the_one_before(root, tmp_path):
    draw(root/out/'black'/'9.png', 'red')
    draw(root/out/'black'/'8.png', 'blue')
    move_out(root, ['black/1.png'])
    theirs = [begun(('../9.png', f'{out}/black/9.png'), ('black/8.png', f'{out}/black/8.png'), step=2), {'step': 2, 'state': 'done'}]
    with log_of(root).open('a', encoding='utf-8') as file: file.write(''.join(json.dumps(line) + '\n' for line in theirs))
    assert [move.target for move in undo(root)] == ['black/8.png']
    assert [move.target for move in undo(root)] == ['black/1.png'] and undo(root) == []
    assert f'{out}/black/9.png' in tree(root) and not (tmp_path/'9.png').exists()

def test_a_broken_file_of_ours_goes_out_and_comes_back(root):
    (root/'black'/'page.png').write_bytes(b'<html>')
    assert len(move_out(root, ['black/page.png'])) == 1 and f'{out}/black/page.png' in tree(root)
    assert len(undo(root)) == 1 and 'black/page.png' in tree(root)

# After a kill or a failure

@pytest.mark.parametrize('go_on', [lambda root: move_out(root, ['grizzly/4.png']), undo, finish_moves], ids=['move', 'undo', 'finish'])
def test_what_was_killed_is_finished_first_and_once(go_on, root, monkeypatch):
    before = tree(root)
    kill_at_rename(monkeypatch, 2, lambda: move_out(root, ['black/1.png', 'black/2.png']))
    assert 'black/1.png' in unfinished(root)[0] and '2 photos' in unfinished(root)[0]
    go_on(root)
    gone = {name for name in before if name not in tree(root)}
    assert gone == ({"black/1.png", "black/2.png"} if go_on is finish_moves else set() if go_on is undo else {"black/1.png", "black/2.png", "grizzly/4.png"})
    assert sorted(tree(root).values()) == sorted(before.values()) and unfinished(root) == [] and finish_moves(root) == 0
    while undo(root): pass
    assert tree(root) == before

def test_no_photo_is_written_over_when_a_killed_step_goes_on(root, monkeypatch):
    kill_at_rename(monkeypatch, 1, lambda: relabel(root, {'black/1.png': 'grizzly'}))
    draw(root/'grizzly'/'1.png', 'red')  # meanwhile somebody put another photo there
    before = tree(root)
    assert finish_moves(root) == 1 and tree(root) == before

def test_a_photo_that_is_gone_meanwhile_is_not_listed(root, monkeypatch):
    "Somebody deletes a photo after it was moved, before the table was written."
    list_all(root)
    kill_at_rename(monkeypatch, 2, lambda: relabel(root, {'black/1.png': 'grizzly', 'black/2.png': 'grizzly'}))
    (root/'grizzly'/'1.png').unlink()
    finish_moves(root)
    assert listed(root) == {name: 'grizzly' for name in tree(root)} and len(listed(root)) == 3

def test_a_failed_step_is_taken_back_and_not_tried_again(root, monkeypatch):
    list_all(root)
    before = tree(root), listed(root)
    with monkeypatch.context() as patch, pytest.raises(BearsError, match='Permission denied.*where they were'):
        fail_rename(patch, 2)
        move_out(root, ['black/1.png', 'black/2.png'])
    assert (tree(root), listed(root)) == before and unfinished(root) == [] and moves.Journal(root).odd == 0
    assert finish_moves(root) == 0 and undo(root) == [] and (tree(root), listed(root)) == before

@pytest.mark.parametrize('first', [True, False], ids=['first line', 'later line'])
def test_a_full_disk_leaves_the_log_as_it_was(first, root, monkeypatch):
    if not first: move_out(root, ['grizzly/4.png'])
    before, text = tree(root), b'' if first else log_of(root).read_bytes()
    def full(handle): raise OSError(28, 'No space left on device')
    with monkeypatch.context() as patch, pytest.raises(BearsError, match='No space left.*Nothing was moved'):
        patch.setattr(os, 'fsync', full)
        move_out(root, ['black/1.png'])
    assert log_of(root).read_bytes() == text and tree(root) == before
    assert len(move_out(root, ['black/1.png'])) == 1 and unfinished(root) == []

def test_a_step_is_on_the_disk_before_the_first_photo_moves(root, monkeypatch):
    done, fsync, rename = [], os.fsync, os.rename
    monkeypatch.setattr(os, 'fsync', lambda handle: (done.append(os.fstat(handle).st_size), fsync(handle)))
    monkeypatch.setattr(os, 'rename', lambda *names: (done.append('rename'), rename(*names)))
    move_out(root, ['black/1.png'])
    lines = log_of(root).read_bytes().splitlines(keepends=True)
    assert done[:2] == [len(lines[0]), 'rename'] and done[-1] == len(b''.join(lines))

def test_a_step_of_no_photos_does_no_harm(root):
    assert move_out(root, []) == [] and relabel(root, {'black/1.png': 'black'}) == [] and not log_of(root).exists()
    write_log(root, begun(here=mark_of(root)))
    assert len(unfinished(root)) == 1 and finish_moves(root) == 1 and undo(root) == [] and unfinished(root) == []

# The table

@pytest.mark.parametrize('way', [lambda root: move_out(root, ['black/1.png', 'grizzly/3.png']), lambda root: relabel(root, {'black/1.png': 'grizzly', 'grizzly/3.png': 'black'}),
    lambda root: move_photos(root, ['black/2.png'], {'black/1.png': 'grizzly'})], ids=['out', 'across', 'both'])
def test_the_table_lists_what_lies_there_and_undo_brings_each_row_back(way, root):
    "A label that somebody wrote comes back too."
    list_all(root, **{'1': 'Ursus', '3': 'Ursus'})
    before = read_metadata(root)
    way(root)
    assert set(listed(root)) == {name for name in tree(root) if not name.startswith(out)}
    assert all(label == name.split('/')[0] for name, label in listed(root).items() if name not in before)
    undo(root)
    assert read_metadata(root) == before

def test_a_photo_that_only_changes_its_name_keeps_its_label(root):
    list_all(root, **{'1': 'Ursus'})
    write_log(root, begun(('black/1.png', 'black/one.png'), here=mark_of(root)))
    assert finish_moves(root) == 1 and listed(root)['black/one.png'] == 'Ursus' and 'black/1.png' not in listed(root)

def test_a_table_without_labels_gets_none_that_nobody_gave(root):
    (root/'metadata.csv').write_text('file_name,author\n' + ''.join(f'{name},me\n' for name in tree(root)), encoding='utf-8')
    move_out(root, ['black/1.png'])
    undo(root)
    assert listed(root)['black/1.png'] == ''
    (root/'metadata.csv').write_text('file_name,author\n' + ''.join(f'{name},me\n' for name in tree(root)), encoding='utf-8')
    write_log(root, begun(('black/1.png', 'black/one.png'), here=mark_of(root)))
    assert finish_moves(root) == 1 and listed(root)['black/one.png'] == ''

def test_a_table_that_was_written_after_the_step_follows_the_undo(root):
    relabel(root, {'black/1.png': 'grizzly'})
    list_all(root)
    assert len(undo(root)) == 1 and listed(root) == {name: name.split('/')[0] for name in tree(root)}

# Which files, and which classes

def test_a_photo_is_named_from_the_root_or_from_where_one_stands(root, monkeypatch):
    monkeypatch.chdir(root.parent)
    ways = [move_out('photos', [name])[0].source for name in ('black/1.png', 'photos/black/2.png', root/'grizzly'/'3.png', str(root/'grizzly'/'4.png'))]
    assert ways == ['black/1.png', 'black/2.png', 'grizzly/3.png', 'grizzly/4.png']

def test_what_was_taken_out_or_is_hidden_is_not_taken_out(root):
    move_out(root, ['black/1.png'])
    draw(root/'.cache'/'1.png', 'red')
    before = tree(root)
    for name in (f'{out}/black/1.png', '.cache/1.png'):
        with pytest.raises(BearsError, match='is left alone'): move_out(root, [name])
        with pytest.raises(BearsError, match='is left alone'): relabel(root, {name: 'grizzly'})
    with pytest.raises(BearsError, match='choose one'): move_photos(root, ['black/2.png'], {'black/2.png': 'grizzly'})
    assert tree(root) == before

def test_a_photo_stays_on_its_side_of_the_split(tmp_path):
    root = tmp_path/'split'
    for i, name in enumerate(f'{side}/{label}/tuesday/{n}.png' for side in ('train', 'valid') for label in ('black', 'grizzly') for n in (1, 2)): draw(root/name, (i, 90, 9))
    shutil.copy(root/'train'/'black'/'tuesday'/'1.png', root/'train'/'loose')
    move, = relabel(root, {'train/black/tuesday/1.png': 'grizzly'})
    assert move.target == 'train/grizzly/tuesday/1-2.png'
    move, = relabel(root, {'valid/grizzly/tuesday/2.png': 'black'})
    assert move.target == 'valid/black/tuesday/2-2.png'
    before = tree(root)
    for name, label in (('train/loose', 'grizzly'), ('train/black/tuesday/2.png', 'valid'), ('train/black/tuesday/2.png', 'tuesday')):
        with pytest.raises(BearsError, match='no class'): relabel(root, {name: label})
    assert tree(root) == before

@pytest.mark.parametrize('name', ['notes', '.hidden', '.bears', '..', ''])
def test_only_a_folder_that_is_seen_is_a_class(name, root):
    (root/'notes').write_text('a file', encoding='utf-8')
    (root/'.hidden').mkdir()
    before = tree(root)
    with pytest.raises(BearsError, match='no class'): relabel(root, {'black/1.png': name})
    assert tree(root) == before
