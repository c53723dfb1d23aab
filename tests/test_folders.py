"Folders as people bring them: which photos, which class, whose split; what is understood is said, and what is odd is found."
import os, shutil, unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bears_lib.engine.gather.audit import check_images, find_dups
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.features.near_duplicates import read_photos
from bears_lib.engine.core.folders import photo_files, read_folder, require_classes, write_metadata
from bears_lib.engine.gather.journal import move_out, relabel, undo
from bears_lib.engine.features.split import hold_out, sides_of
from bears_lib.engine.train.labels import read_labelled, read_labels
from conftest import make_photos

fresh = iter(np.random.default_rng(7).integers(0, 255, (4000, 6, 6, 3), np.uint8))

def put(folder:Path, *names:str, kind:str|None=None) -> Path:
    "Photos of noise, no two alike."
    for name in names:
        (folder/name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(next(fresh)).resize((72, 64), Image.Resampling.BICUBIC).save(folder/name, kind or ('JPEG' if '.' not in name.rsplit('/')[-1] else None))
    return folder

def several(label:str, n:int=4, ending:str='jpg', start:int=0) -> list[str]: return [f'{label}/{i}.{ending}' for i in range(start, start + n)]
def said(folder) -> str: return '\n'.join([folder.understood(), *folder.notes()])

@pytest.fixture
def place(tmp_path): return tmp_path/'photos'

# ---- splits ----

@pytest.mark.parametrize('names', [('train', 'valid', 'test'), ('Train', 'val', 'Test'), ('training', 'validation', 'testing'), ('train', 'dev', 'test')])
def test_a_split_that_the_folder_brings_is_honoured_and_said(place, names, capsys):
    train, valid, test = names
    for part, n in ((train, 5), (valid, 3), (test, 2)): put(place, *several(f'{part}/red', n), *several(f'{part}/blue', n))
    folder = read_photos(place)
    assert folder.counts == {'blue': 8, 'red': 8} and len(folder.test) == 4
    assert folder.understood() == 'train/ and valid/ found: 10 photos to learn from, 6 to check with; test/ (4) is left out. blue 8, red 8.'
    split = hold_out(folder)
    assert {photo.path.relative_to(place).parts[0] for photo in split.train} == {train} and {photo.path.relative_to(place).parts[0] for photo in split.valid} == {valid}
    from bears_lib.train import bears_dls
    dls = bears_dls(place, num_workers=0)
    assert (len(dls.train_ds), len(dls.valid_ds), list(dls.vocab)) == (10, 6, ['blue', 'red'])
    assert 'test/ (4) is left out' in capsys.readouterr().err
    assert sorted(check_images(place, judge=False).held.tolist()) == [False]*10 + [True]*10

def test_a_test_folder_without_classes_is_no_class(place):
    folder = read_folder(put(place, *several('train/red'), *several('train/blue'), *several('test')))
    assert folder.labels == ['blue', 'red'] and len(folder.test) == 4 and 'test/ (4) is left out' in folder.understood()

def test_splits_below_the_classes(place):
    folder = read_folder(put(place, *several('red/train'), *several('red/val', 2), *several('blue/train'), *several('blue/val', 2)))
    assert folder.labels == ['blue', 'red'] and sum(photo.split == 'valid' for photo in folder.photos) == 4

def test_a_class_may_be_called_train(place):
    folder = read_folder(put(place, *several('train'), *several('bus'), *several('test')))
    assert folder.labels == ['bus', 'test', 'train'] and not folder.test
    assert 'test/ (4) is taken for a class of its own' in said(folder) and 'train/ (4) is' not in said(folder)

@pytest.mark.parametrize('names, says', [
    (['red', 'blue', 'test'], 'test/ (4) is taken for a class'), (['red', 'blue', 'test/red', 'test/blue'], 'test/ (8) is taken for a class'),
    (['red', 'blue', 'valid/red'], 'valid/ (4) is taken for a class'), (['red/train', 'red/Test', 'blue'], 'red/Test/ (4) is learnt from'),
    (['red/train', 'red/test', 'blue/train', 'blue/test'], ''), (['red/2023', 'blue'], '')])
def test_a_part_to_check_with_that_is_learnt_from_is_said(place, names, says):
    words = said(read_folder(put(place, *(name for each in names for name in several(each)))))
    assert says in words and bool(says) == (' is learnt from' in words or 'is taken for' in words)

def test_a_class_that_valid_alone_has_is_left_out_and_said(place):
    folder = read_folder(put(place, *several('train/red'), *several('train/blue'), *several('valid/red'), *several('valid/green')))
    assert folder.labels == ['blue', 'red'] and 'green is a class of valid/ and not of train/' in said(folder)

def test_nothing_to_learn_from(place):
    with pytest.raises(BearsError, match='none to learn from'): require_classes(read_folder(put(place, *several('valid/red'), *several('valid/blue'))))

def test_what_lies_beside_train_is_left_out_and_said(place):
    folder = read_folder(put(place, *several('train/red'), *several('train/blue'), *several('valid/red'), *several('valid/blue'), *several('extra/red')))
    assert len(folder.photos) == 16 and 'extra stands beside train/' in said(folder)

@pytest.mark.parametrize('how', ['folder inside', 'name inside', 'folder elsewhere', 'list', 'names', 'function', 'share'])
def test_valid_takes_what_people_have(place, tmp_path, how):
    put(place, *several('red', 6), *several('blue', 6))
    elsewhere = put(tmp_path/'checked', *several('red', 2), *several('blue', 2))
    put(place, *several('held/red', 2), *several('held/blue', 2)) if 'inside' in how else None
    valid = {'folder inside': place/'held', 'name inside': 'held', 'folder elsewhere': elsewhere, 'list': [place/'red/0.jpg', str(place/'blue/0.jpg')],
             'names': ['red/0.jpg', 'blue/0.jpg'], 'function': lambda path: path.stem in '01', 'share': 0.33}[how]
    from bears_lib.train import bears_dls
    dls = bears_dls(place, valid=valid, num_workers=0, batch_tfms=[])
    expected = {'list': 2, 'names': 2}.get(how, 4)
    assert len(dls.valid_ds) == expected and list(dls.vocab) == ['blue', 'red']
    assert not {Path(item) for item in dls.train_ds.items} & {Path(item) for item in dls.valid_ds.items}
    assert all(dls.vocab[int(label)] == Path(item).parent.name for item, label in zip(dls.valid_ds.items, dls.valid_ds.tls[1]))

def test_copies_of_photos_to_check_with_are_not_learnt_from(place):
    put(place, *several('train/red'), *several('train/blue'), *several('valid/red', start=9), *several('valid/blue', start=9))
    Image.open(place/'valid/red/9.jpg').resize((100, 88)).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(place/'train/red/copy.jpg')
    split = hold_out(read_photos(place))
    assert len(split.train) == 8 and '1 photo to learn from is a copy' in ' '.join(split.notes)

def test_a_valid_folder_that_is_learnt_from_is_said(place):
    put(place, *(name for part in ('train', 'valid', 'test') for label in ('red', 'blue') for name in several(f'{part}/{label}')))
    folder = read_photos(place)
    split = hold_out(folder, place/'test')
    assert len(split.train) == 16 and 'valid/ (8) is learnt from as well: 16 photos to learn from, 8 to check with (the folder test/).' in split.notes
    assert not hold_out(folder).notes and not hold_out(folder, place/'valid').notes

def test_the_folder_to_learn_from_does_not_check(place):
    folder = read_photos(put(place, *several('red'), *several('blue')))
    with pytest.raises(BearsError, match='holds all photos to learn from. Give another folder as valid'): hold_out(folder, place)

def test_a_folder_that_was_copied_is_said(place):
    shutil.copytree(put(place, *several('red'), *several('blue'))/'red', place/'red - Copy')
    shutil.copy(place/'blue/0.jpg', place/'blue/again.jpg')
    assert '4 photos stand in two classes, such as red - Copy/0.jpg and red/0.jpg.' in said(read_photos(place))

@pytest.mark.parametrize('labels, says', [
    (lambda path: 'Red' if path.stem in '01' else 'red', "'Red' and 'red' look the same"),
    ({f'{i}.jpg': 'red\xa0one' if i % 2 else 'red one' for i in range(4)}, 'look the same'),
    (lambda path: {'0': 'é', '1': 'e\u0301'}.get(path.stem, 'a'), "2 labels read 'é'")])
def test_labels_that_look_the_same_are_said(place, labels, says):
    folder = read_labelled(put(place, *(f'{i}.jpg' for i in range(4))), labels)
    assert says in said(folder) and len(folder.labels) == 2

def test_valid_and_valid_pct_are_not_both_given(place):
    from bears_lib.train import bears_dls
    with pytest.raises(BearsError, match='not both'): bears_dls(put(place, *several('red'), *several('blue')), valid=0.3, valid_pct=0.3)

# ---- which folder is the class ----

def test_sub_folders_of_a_class(place):
    folder = read_folder(put(place, *(name for label in ('red', 'blue') for year in ('2023', '2024') for name in several(f'{label}/{year}'))))
    assert folder.counts == {'blue': 8, 'red': 8}
    assert '2023, 2024 stand under several classes' in said(folder) and 'the class is blue' in said(folder)

def test_one_folder_around_the_classes(place):
    with pytest.raises(BearsError, match=r'one class only \(bears\).*If its folders blue, red are the classes, give .*bears'):
        require_classes(read_folder(put(place, *several('bears/red'), *several('bears/blue'))))

def test_photos_beside_the_class_folders_are_left_out_and_said(place):
    folder = read_folder(put(place, *several('red'), *several('blue'), '1.jpg', '2.jpg'))
    assert len(folder.photos) == 8 and '2 photos lie in no class folder' in said(folder)

@pytest.mark.parametrize('spelling', ['.', '..', 'absolute', 'relative', 'slash', 'link'])
def test_the_root_may_be_spelled_in_any_way(place, spelling, monkeypatch):
    put(place, *several('0', 6), *several('1', 6))
    here = {'.': place, '..': place/'0'}.get(spelling, place.parent)
    monkeypatch.chdir(here)
    (place.parent/'linked').symlink_to(place)
    root = {'.': '.', '..': '..', 'absolute': place, 'relative': 'photos', 'slash': 'photos/', 'link': 'linked'}[spelling]
    from bears_lib.train import bears_dls
    dls = bears_dls(root, num_workers=0, batch_tfms=[])
    assert list(dls.vocab) == ['0', '1'] and len(dls.train_ds) == 10
    assert {dls.vocab[int(label)] for label in dls.train_ds.tls[1]} == {'0', '1'}

# ---- links ----

def test_links_to_folders_and_files_are_followed_and_circles_end(place, tmp_path):
    real = put(tmp_path/'real', *several('red'), *several('blue'), *several('green'))
    put(place, *several('black'))
    for label in ('red', 'blue'): (place/label).symlink_to(real/label)
    (place/'green').mkdir()
    for photo in (real/'green').iterdir(): (place/'green'/photo.name).symlink_to(photo)
    (place/'green'/'circle').symlink_to(place)
    (place/'green'/'gone.jpg').symlink_to(tmp_path/'nowhere.jpg')
    folder = read_folder(place)
    assert folder.counts == {'black': 4, 'blue': 4, 'green': 4, 'red': 4}
    assert list(folder.refused.values()) == ['a link to a file that is not there.']

def test_many_links_to_one_another_end_at_once(place):
    put(place, *several('red'), *several('blue'))
    folders = [place/'red'/f'{i}' for i in range(25)]
    for folder in folders: folder.mkdir()
    for one in folders:
        for other in folders: (one/other.name).symlink_to(other)
    assert len(read_folder(place, check=False).photos) == 8

def test_a_pipe_is_not_waited_for(place):
    put(place, *several('red'), *several('blue'))
    os.mkfifo(place/'red'/'pipe.jpg')
    assert len(read_folder(place).photos) == 8

# ---- classes without photos ----

def heic(path:Path) -> None:
    from pillow_heif import from_pillow
    path.parent.mkdir(parents=True, exist_ok=True)
    from_pillow(Image.fromarray(next(fresh)).resize((72, 64))).save(path)

def test_photos_of_an_iphone_are_photos(place):
    put(place, *several('red'))
    for i in range(4): heic(place/'polar'/f'IMG_{i}.HEIC')
    heic(place/'polar'/'renamed.jpg')
    assert read_folder(place).counts == {'polar': 5, 'red': 4}

@pytest.mark.parametrize('kind', ['empty', 'heic that is none', 'only a zip', 'only text'])
def test_a_class_without_a_photo_is_a_finding_and_a_sentence(place, kind):
    put(place, *several('red'), *several('blue'))
    (place/'polar').mkdir()
    if kind == 'heic that is none': (place/'polar'/'1.HEIC').write_bytes(b'\0\0\0\x18ftypheic\0\0\0\0mif1heic' + bytes(500))
    if kind == 'only a zip': (place/'polar'/'all.zip').write_bytes(b'PK\3\4')
    if kind == 'only text': (place/'polar'/'notes.txt').write_text('none yet', encoding='utf-8')
    assert 'polar/ gives no class' in said(read_folder(place))
    report = check_images(place, judge=False)
    assert any(finding.problem == 'folder' and 'polar/ gives no class' in finding.suggestion for finding in report.findings)

def test_content_decides_and_not_the_name(place):
    names = ('00000041.jpg?w=1024', '00000042.jpeg?ops=1910_1000', 'download_3', 'photo.jpg_large', 'photo.JPG', 'photo.jpe', 'photo.jpg.1', 'photo.jpg~')
    put(place, *(f'red/{name}' for name in names), kind='JPEG')
    put(place, *(f'blue/{name}' for name in ('a', 'b')), kind='PNG')
    put(place, 'blue/c', kind='WEBP')
    put(place, 'blue/d', kind='GIF')
    put(place, 'blue/e', kind='TIFF')
    assert read_folder(place).counts == {'blue': 5, 'red': 8}
    assert not [finding for finding in check_images(place, judge=False).findings if finding.problem == 'unreadable']

# ---- names ----

@pytest.mark.parametrize('one, other, labels', [(unicodedata.normalize('NFC', 'écureuil'), unicodedata.normalize('NFD', 'écureuil'), 2), ('teddy', 'teddy ', 2), ('Bear', 'bear', 3), ('black_bear', 'black bear', 3)])
def test_names_that_look_the_same_are_said(place, one, other, labels):
    folder = read_folder(put(place, *several(one), *several(other, start=4), *several('red')))
    assert len(folder.labels) == labels
    assert ('taken as one class' if labels == 2 else 'look the same') in said(folder)
    assert any(finding.problem == 'folder' for finding in check_images(place, judge=False).findings)

def test_what_systems_leave_behind_is_passed_over(place):
    put(place, *several('red'), *several('blue'), 'red/.ipynb_checkpoints/a-checkpoint.jpg', '@eaDir/red/SYNOPHOTO_THUMB_M.jpg', '$RECYCLE.BIN/$R1.jpg', '#recycle/1.jpg', 'System Volume Information/1.jpg')
    for name in ('red/Thumbs.db', 'red/desktop.ini', 'red/.DS_Store', '__MACOSX/red/._1.jpg'):
        (place/name).parent.mkdir(parents=True, exist_ok=True)
        (place/name).write_bytes(b'\0\5\x16\7')
    folder = read_folder(place)
    assert folder.counts == {'blue': 4, 'red': 4} and not folder.notes()
    assert not check_images(place, judge=False).findings

def test_imbalance_is_a_finding(place):
    report = check_images(put(place, *several('red', 36), *several('blue', 4)), judge=False)
    finding = next(each for each in report.findings if each.problem == 'imbalance')
    assert 'blue: it has 4, and red has 36' in finding.suggestion

# ---- metadata.csv ----

def table(place:Path, text:str, code:str='utf-8') -> None: (place/'metadata.csv').write_bytes(text.encode(code))

def test_a_table_of_somebody_else_is_passed_over_and_kept(place):
    put(place, *several('red', 6), *several('blue', 6))
    table(place, 'image_id,dx,age\nISIC_1,nv,40\n')
    folder = read_photos(place)
    assert len(folder.photos) == 12 and 'metadata.csv is not of this package and is passed over' in said(folder)
    check_images(place, judge=False)
    move_out(place, ['red/0.jpg'])
    assert (place/'metadata.csv').read_text(encoding='utf-8') == 'image_id,dx,age\nISIC_1,nv,40\n'
    with pytest.raises(BearsError, match='is not of this package'): write_metadata(place, [])

@pytest.mark.parametrize('separator, code', [(',', 'utf-8-sig'), (';', 'utf-8'), (';', 'cp1252'), ('\t', 'utf-16')])
def test_a_table_that_a_spreadsheet_has_saved(place, separator, code):
    put(place, *several('red'), *several('blue'))
    rows = [('file_name', 'label', 'author', 'group')] + [(path.relative_to(place).as_posix(), path.parent.name, 'René', 'one day') for path in photo_files(place)]
    table(place, '\r\n'.join(separator.join(row) for row in rows), code)
    folder = read_folder(place)
    assert all(photo.row['author'] == 'René' and photo.group == 'one day' for photo in folder.photos)

def test_labels_of_the_table_are_not_ignored_in_silence(place):
    put(place, *several('red'), *several('blue'))
    table(place, 'file_name,label\n' + '\n'.join(f'{path.relative_to(place).as_posix()},sleeping' for path in photo_files(place)))
    folder = read_folder(place)
    assert folder.labels == ['blue', 'red'] and "another class than their folder" in said(folder) and 'read_labels(' in said(folder)

def test_a_table_gives_the_classes_where_there_are_no_folders(place):
    put(place, *(f'{i}.jpg' for i in range(9)))
    table(place, 'file_name,label\n' + '\n'.join(f'{i}.jpg,{"red" if i % 2 else "blue"}' for i in range(8)) + '\n8.jpg,\n')
    assert read_folder(place).counts == {'blue': 4, 'red': 4}

@pytest.mark.parametrize('rows, says', [
    (['0.jpg,red', '1.jpg,red', '2.jpg,blue', '3.jpg,blue', '4.jpg,None', '5.jpg,', '6.jpg,blue', '7.jpg,red'], '2 photos have no class in metadata.csv: left out, such as 4.jpg.'),
    (['0.jpg,red', '2.jpg,blue', '3.jpg,red', '5.jpg,blue'], '4 photos have no row in metadata.csv: left out, such as 1.jpg.'),
    ([f'{i}.jpg,{"red" if i % 2 else "Red"}' for i in range(8)], "The classes 'Red' and 'red' look the same"),
    ([f'{i}.jpg,{"ours" if i < 2 else unicodedata.normalize("NFC" if i % 2 else "NFD", "oursé")}' for i in range(8)], "2 labels read 'oursé'")])
def test_what_a_table_leaves_out_is_said(place, rows, says):
    put(place, *(f'{i}.jpg' for i in range(8)))
    table(place, '\n'.join(['file_name,label', *rows]))
    folder = read_photos(place)
    assert says in said(folder) and len(folder.labels) == 2 and not folder.refused
    assert any(says in finding.suggestion for finding in check_images(place, judge=False).findings)

@pytest.mark.parametrize('rows, says', [
    (['0.jpg,red', '1.jpg,blue', '0.jpg,blue'], "gives '0.jpg' two classes: red and blue. Keep one of them."),
    (['0.jpg,red wet', '1.jpg,red', '2.jpg,wet'], 'look like combinations of red, wet: several labels')])
def test_a_table_that_gives_a_photo_several_classes_is_refused(place, rows, says):
    put(place, '0.jpg', '1.jpg', '2.jpg')
    table(place, '\n'.join(['file_name,label', *rows]))
    with pytest.raises(BearsError, match=says): read_folder(place)

def test_a_second_row_that_says_nothing_new_does_no_harm(place):
    put(place, '0.jpg', '1.jpg')
    table(place, 'file_name,label\n0.jpg,red\n0.jpg,\n0.jpg,red \n1.jpg,blue\n')
    assert read_folder(place).counts == {'blue': 1, 'red': 1} and not read_folder(place).notes()

@pytest.mark.parametrize('column', ['split', 'is_valid'])
def test_a_split_in_a_table_is_not_ignored_in_silence(place, column, capsys):
    put(place, *several('red'), *several('blue'))
    table(place, f'file_name,label,{column}\nred/0.jpg,red,1\nblue/0.jpg,blue,0\n')
    assert f'the column {column!r} is not used' in said(read_folder(place))
    read_labels(place/'metadata.csv', 'label', 'file_name')
    assert f'the column {column!r} is not used' in capsys.readouterr().err
    read_labels(place/'metadata.csv', column, 'file_name')
    assert 'is not used' not in capsys.readouterr().err

def test_a_table_that_is_none(place):
    put(place, *several('red'), *several('blue'))
    (place/'metadata.csv').write_bytes(b'PK\3\4' + bytes(50))
    assert 'metadata.csv is passed over' in said(read_folder(place))
    with pytest.raises(BearsError): write_metadata(place, [])

# ---- the other commands read alike ----

def test_moves_keep_what_lies_below_the_class(place):
    put(place, *several('train/red/2023'), *several('train/blue/2023'), *several('valid/red'), *several('valid/blue'))
    table(place, 'file_name,label\ntrain/red/2023/0.jpg,red\n')
    relabel(place, {'train/red/2023/0.jpg': 'blue'})
    moved = next((place/'train/blue/2023').glob('0*.jpg'), None) and sorted(path.name for path in (place/'train/blue/2023').iterdir())
    assert moved == ['0-2.jpg', '0.jpg', '1.jpg', '2.jpg', '3.jpg']
    assert read_folder(place).photos[1].row.get('label', 'blue') == 'blue'
    undo(place)
    assert (place/'train/red/2023/0.jpg').exists() and read_folder(place).counts == {'blue': 8, 'red': 8}

def test_pairs_know_the_classes_of_nested_photos(place):
    put(place, *several('red/2023'), *several('blue/2023'))
    shutil.copy(place/'red/2023/0.jpg', place/'red/2023/copy.jpg')
    shutil.copy(place/'red/2023/1.jpg', place/'blue/2023/other.jpg')
    assert [pair.mixed for pair in find_dups(place)] == [True, False]

def test_gathering_from_a_folder_reads_it_alike(place, tmp_path):
    from bears_lib.gather import gather_images
    put(place, *(f'train/red/{i}.jpg?w=10' for i in range(4)), *several('train/blue'), *several('test/red', 2), 'train/red/.bears/removed/out.jpg', kind='JPEG')
    put(place, *several('.bears/removed/red'))
    found = gather_images(tmp_path/'new', {'red': place/'train/red', 'blue': place/'train/blue'}, n=10)
    assert found['kept'].to_dict() == {'red': 4, 'blue': 4}
    assert gather_images(tmp_path/'all', {'red': 'red', 'blue': 'blue'}, n=10, providers=[place])['kept'].to_dict() == {'red': 4, 'blue': 4}

# ---- the split travels with the model ----

def test_a_model_is_judged_by_the_photos_that_it_has_not_learnt_from(tmp_path, capsys):
    from bears_lib.commands import bears_train
    from bears_lib.engine.predict.model_folder import read_model
    from bears_lib.interpret import bears_report, evaluate
    place = make_photos(tmp_path/'photos', {'red': 15, 'blue': 15})
    done = bears_train(str(place), str(tmp_path/'model'), valid_pct=0.4)
    assert done['n'] == 12
    record = read_model(tmp_path/'model')[0].split
    photos = read_folder(place).photos
    assert dict(zip(*np.unique(sides_of(record, [photo.sha256 for photo in photos]), return_counts=True))) == {'train': 18, 'valid': 12}
    capsys.readouterr()
    found = bears_report(str(tmp_path/'model'), str(place), str(tmp_path/'report.html'))
    assert found['n'] == 12 and found['accuracy'] == done['accuracy'] and found['log_loss'] == pytest.approx(done['log_loss'], abs=1e-4)
    assert 'Judged by 12 held back from training; 18 that it has learnt from are left out.' in capsys.readouterr().err
    assert 'Judged by 12 held back from training' in (tmp_path/'report.html').read_text(encoding='utf-8')
    put(place, 'red/new.jpg', 'blue/new.jpg')
    assert evaluate(tmp_path/'model', place).about.startswith('Judged by 12 held back from training and 2 that the model has never met')
    for photo, side in zip(photos, sides_of(record, [photo.sha256 for photo in photos])):
        if side != 'train': photo.path.unlink()
    for label in ('red', 'blue'): (place/label/'new.jpg').unlink()
    assert 'learnt from all of these 18 photos' in str(evaluate(tmp_path/'model', place))

def test_the_same_for_a_learner_and_a_folder(tmp_path):
    from bears_lib.interpret import evaluate
    from bears_lib.train import bears_dls, bears_learner, fit_head
    place = make_photos(tmp_path/'photos', {'red': 10, 'blue': 10})
    learn = fit_head(bears_learner(bears_dls(place, size=64, num_workers=0)))
    assert len(evaluate(learn, place).photos) == 4 and '16 that it has learnt from are left out' in str(evaluate(learn, place))
    assert 'has learnt from these photos' in str(evaluate(learn, train=True))

def test_the_mean_over_classes_stands_beside_the_headline(tmp_path):
    from bears_lib.interpret import Evaluation
    truth = np.repeat([0, 1], [70, 4])
    result = Evaluation([Path('x')]*74, ['red', 'blue'], truth, np.tile(np.float32([[0.9, 0.1]]), (74, 1)), np.zeros((74, 2), np.float32))
    assert result.balanced_accuracy == 0.5 and 'mean over classes 50.0%' in str(result).splitlines()[0]
