"Training: labels from everywhere, heads of several layers, averaged looks, and the guessing game, each against something computed by other means."
import re
from pathlib import Path

import numpy as np
import pytest

from bears_lib.engine.common import BearsError
from bears_lib.train import bears_dls, bears_learner, fit_head, read_labels
from conftest import make_photos

@pytest.fixture(scope='module')
def loose(tmp_path_factory):
    "Twelve photos in one folder, named by ids as in Kaggle's dog breeds, and the table that says what they show."
    place = tmp_path_factory.mktemp('kaggle')
    made = make_photos(place/'made', {'red': 6, 'blue': 6})
    (place/'train').mkdir()
    rows = ['id,breed']
    for i, path in enumerate(sorted(made.rglob('*.jpg'))):
        rows.append(f'{i:04x},{path.parent.name}')
        path.rename(place/'train'/f'{i:04x}.jpg')
    (place/'labels.csv').write_text('\n'.join(rows))
    return place

def classes(dls) -> dict[str, str]:
    "What fastai hands the model: file name and class."
    return {Path(item).name: dls.vocab[int(label)] for data in (dls.train_ds, dls.valid_ds) for item, label in zip(data.items, data.tls[1])}

def blue_by_number(path): return 'blue' if int(path.stem, 16) < 6 else 'red'

@pytest.mark.parametrize('separator', [',', ';', '\t'])
def test_a_table_says_what_the_photos_show(loose, tmp_path, separator):
    table = tmp_path/'labels.csv'
    table.write_bytes(b'\xef\xbb\xbf' + (loose/'labels.csv').read_text().replace(',', separator).replace('\n', '\r\n').encode())
    dls = bears_dls(loose/'train', read_labels(table), size=64, num_workers=0)
    assert classes(dls) == {f'{i:04x}.jpg': 'blue' if i < 6 else 'red' for i in range(12)}

def test_all_four_ways_give_the_same_batches(loose, tmp_path):
    "Folders, a pattern, a function and a table, on the same photos: the same split, and the same classes."
    for path in (loose/'train').iterdir():
        copy = tmp_path/'folders'/blue_by_number(path)/path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    named = tmp_path/'named'
    named.mkdir()
    for path in (loose/'train').iterdir(): (named/f'{blue_by_number(path)}_{path.name}').write_bytes(path.read_bytes())
    made = [bears_dls(tmp_path/'folders', size=64), bears_dls(named, re.compile(r'^([a-z]+)_'), size=64),
            bears_dls(loose/'train', blue_by_number, size=64), bears_dls(loose/'train', read_labels(loose/'labels.csv'), size=64)]
    splits = [sorted(Path(item).name.split('_')[-1] for item in dls.valid_ds.items) for dls in made]
    assert splits[0] == splits[1] == splits[2] == splits[3]
    assert all({name.split('_')[-1]: label for name, label in classes(dls).items()} == classes(made[0]) for dls in made)

def test_a_learner_carries_no_function_and_no_folder_names(loose, tmp_path):
    "What fastai's own export writes of it names our class, and neither the function nor the folder of the photos."
    learn = fit_head(bears_learner(bears_dls(loose/'train', blue_by_number, size=64, num_workers=0)))
    with learn.no_bar(): assert learn.validate()[1] == 1
    learn.export(tmp_path/'learner.pkl')
    written = (tmp_path/'learner.pkl').read_bytes()
    assert b'LabelOf' in written and b'blue_by_number' not in written and loose.name.encode() not in written

@pytest.mark.parametrize('text, says', [
    ('id,breed\n0001,pug\n0001,beagle\n', "gives '0001' two classes: pug and, in row 3, beagle"),
    ('id,breed\n0001,\n', 'Row 2 of .* has no breed'),
    ('id,breed\n0001\n', 'Row 2 of .* has no breed'),
    ('id,breed\n,pug\n', 'Row 2 of .* has no id'),
    ('id,breed\n', 'no row below'),
    ('', 'is empty'),
    ('id|breed\n0001|pug\n', 'one column only'),
    ('id,breed,year\n0001,pug,2020\n', "label_column='breed'"),
    ('caf\xe9,breed\n0001,pug\n'.encode('latin-1'), 'not written in UTF-8'),
    (b'\x00\xff\x00', 'not written in UTF-8'),
    ('id,breed\n"' + 'x'*200_000, 'no CSV file that can be read'),
])
def test_tables_that_cannot_be_used(tmp_path, text, says):
    table = tmp_path/'labels.csv'
    table.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BearsError, match=says) as caught: read_labels(table)
    assert len(str(caught.value)) < 400 and '\n' not in str(caught.value)

def test_columns_and_files_that_are_not_there(loose):
    with pytest.raises(BearsError, match="no column 'bred', but id, breed. Did you mean 'breed'"): read_labels(loose/'labels.csv', 'bred')
    with pytest.raises(BearsError, match="no column 'idd'"): read_labels(loose/'labels.csv', 'breed', 'idd')
    with pytest.raises(BearsError, match="Did you mean 'labels.csv'"): read_labels(loose/'label.csv')
    with pytest.raises(BearsError, match="can't be read"): read_labels(loose/'train')

def test_labels_that_fit_no_photo(loose, tmp_path):
    with pytest.raises(BearsError, match='None of the 12 photos .* ids look like this: nobody'): bears_dls(loose/'train', {'nobody': 'pug'})
    with pytest.raises(BearsError, match='None of the 12 photos .* does not match'): bears_dls(loose/'train', re.compile(r'(.+)_\d'))
    with pytest.raises(BearsError, match='stumbled over 0000.jpg .ZeroDivisionError'): bears_dls(loose/'train', lambda path: 1/0)
    with pytest.raises(BearsError, match='function gave it no label'): bears_dls(loose/'train', lambda path: None)
    with pytest.raises(BearsError, match='Too few photos.*7 more have as few') as caught: bears_dls(loose/'train', lambda path: path.stem)
    assert len(str(caught.value)) < 500
    with pytest.raises(BearsError, match='holds no photos'): bears_dls(tmp_path, {'a': 'b'})
    with pytest.raises(BearsError, match='is not there'): bears_dls(tmp_path/'away', {'a': 'b'})
    with pytest.raises(BearsError, match='labels takes'): bears_dls(loose/'train', ['pug'])

def test_photos_and_ids_that_find_no_partner_are_named(loose, capsys):
    labels = read_labels(loose/'labels.csv')
    some = {name: label for name, label in labels.items() if name != '0003'} | {'ffff': 'red'}
    dls = bears_dls(loose/'train', some, size=64, num_workers=0)
    said = capsys.readouterr().err
    assert 'left out 0003.jpg: no id stands for it.' in said and '1 of 12 ids have no photo' in said
    assert '0003.jpg' not in classes(dls) and len(classes(dls)) == 11
