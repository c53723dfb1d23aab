"Tables of labels as people save them: which column is which, which photo an id names; what is no label is none."
import csv, io

import numpy as np
import pytest
from PIL import Image

from bears_lib.engine.core.common import BearsError
from bears_lib.engine.train.labels import read_labelled, read_labels
from bears_lib.engine.core.tables import read_table

names = [(f'{label}_{i}', label) for label in ('black', 'grizzly', 'teddy') for i in range(4)]

@pytest.fixture(scope='module')
def photos(tmp_path_factory):
    "Twelve photos in one folder, named after their classes."
    folder, rng = tmp_path_factory.mktemp('tables')/'flat', np.random.default_rng(0)
    folder.mkdir()
    for name, _ in names: Image.fromarray(rng.integers(0, 255, (5, 5, 3), np.uint8)).resize((64, 64)).save(folder/f'{name}.jpg')
    return folder

def text(rows, separator=',', newline='\n') -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=separator, lineterminator=newline).writerows(rows)
    return file.getvalue()

def written(folder, content:str, code:str='utf-8'):
    (folder/'table.csv').write_bytes(content.encode(code))
    return folder/'table.csv'

def rows(head=('image', 'label'), row=lambda name, label: (name, label)): return [head, *(row(*each) for each in names)]

tables = {
    'commas': text(rows()), 'BOM': '\ufeff' + text(rows(), newline='\r\n'), 'semicolons': text(rows(), ';'), 'tabs': text(rows(), '\t'), 'bars': text(rows(), '|'),
    'blanks': text(rows(), ' '), 'declared': 'sep=;\n' + text(rows(), ';'), 'no heads': text(rows()[1:]), 'no heads, with endings': text(rows(row=lambda name, label: (f'{name}.jpg', label))[1:]),
    'label first': text(rows(('label', 'image'), lambda name, label: (label, f'{name}.jpg'))), 'label first, other words': text(rows(('what', 'where'), lambda name, label: (label, name))),
    'pandas index': text([('', 'image', 'label'), *((i, f'{name}.jpg', label) for i, (name, label) in enumerate(names))]),
    'one-hot': text(rows(('image', 'black', 'grizzly', 'teddy'), lambda name, label: (name, *(int(label == each) for each in ('black', 'grizzly', 'teddy'))))),
    'one-hot floats': text(rows(('image', 'black', 'grizzly', 'teddy'), lambda name, label: (name, *(float(label == each) for each in ('black', 'grizzly', 'teddy'))))),
    'Windows paths': text(rows(row=lambda name, label: (f'C:\\Users\\me\\bears\\{name}.jpg', label))), 'backslashes': text(rows(row=lambda name, label: (f'flat\\{name}.jpg', label))),
    'Colab paths': text(rows(row=lambda name, label: (f'/content/drive/MyDrive/{label}/{name}.jpeg', label))), 'another ending': text(rows(row=lambda name, label: (f'{name}.png', label))),
    'capitals': text(rows(row=lambda name, label: (f'{name.upper()}.JPG', label))), 'other columns': text(rows(('fname', 'labels', 'is_valid'), lambda name, label: (f'{name}.jpg', label, 'True'))),
    'quoted': text(rows(('image', 'label', 'note'), lambda name, label: (name, label, 'seen at the river, twice'))), 'blanks around': text(rows(row=lambda name, label: (f' {name} ', f' {label} '))),
}

@pytest.mark.parametrize('kind', tables)
def test_each_kind_of_table_labels_all_photos_rightly(kind, photos, tmp_path):
    folder = read_labelled(photos, read_labels(written(tmp_path, tables[kind])))
    assert {photo.path.stem: photo.label for photo in folder.photos} == dict(names) and not folder.refused

@pytest.mark.parametrize('code', ['utf-16', 'utf-8-sig', 'cp1252', 'utf-16-le'])
def test_alphabets(code, tmp_path, capsys):
    labels = read_labels(written(tmp_path, text([('id', 'label'), ('a', 'café'), ('b', 'bar'), ('c', 'bar')], '\t'), code))
    assert labels == {'a': 'café', 'b': 'bar', 'c': 'bar'}
    assert ('not written in UTF-8' in capsys.readouterr().err) == (code == 'cp1252')

@pytest.mark.parametrize('nothing', ['', 'nan', 'NaN', 'NA', 'None', 'null', '<NA>', ' '])
def test_what_is_no_label_is_no_class(nothing, photos, tmp_path, capsys):
    table = written(tmp_path, text([('image', 'label'), *names[:-1], (names[-1][0], nothing)]))
    folder = read_labelled(photos, read_labels(table))
    assert folder.labels == ['black', 'grizzly', 'teddy'] and len(folder.photos) == 11
    assert '1 row of 12 in table.csv without a class or an id' in capsys.readouterr().err
    assert list(folder.refused.values()) == ['no id stands for it.']

@pytest.mark.parametrize('nothing', [float('nan'), None, np.float32('nan'), '', 'nan'])
def test_the_same_in_a_dictionary_and_from_a_function(nothing, photos, capsys):
    pandas = pytest.importorskip('pandas')
    labels = dict(names) | {'teddy_3': nothing}
    frame = pandas.DataFrame({'id': labels.keys(), 'label': labels.values()})
    for given in (labels, dict(zip(frame.id, frame.label)), lambda path: labels[path.stem]):
        folder = read_labelled(photos, given)
        assert folder.labels == ['black', 'grizzly', 'teddy'] and len(folder.photos) == 11
    assert '1 of 12 ids have no class' in capsys.readouterr().err

@pytest.mark.parametrize('content, says', [
    (text(rows(('image_name', 'tags'), lambda name, label: (name, f'{label} outdoor{" wet" if name[-1] in "13" else ""}'))), 'several labels for a photo are not supported yet'),
    (text(rows(('image', 'labels'), lambda name, label: (name, f'{label}|outdoor{"|wet" if name[-1] in "13" else ""}'))), 'several labels for a photo are not supported yet'),
    (text([('image', 'black', 'grizzly'), ('a', 1, 1), ('b', 0, 1)]), 'has 2 classes (black, grizzly)'),
    (text([('image', 'label'), ('a', 'black'), ('a', 'teddy')]), "gives 'a' two classes"),
    (text([('image', 'x', 'y2'), ('a', 'black', '3'), ('b', 'teddy', '4')]), 'Say which one holds the class'),
    ('image,label\na,bear, brown\n', 'a row of 3 cells'), ('image\na\n', 'has one column only'), ('', 'is empty'), ('image,label\n', 'has no row below'),
    ('PK\3\4 a spreadsheet', 'Save it as CSV'), ('a\0b,c', 'no table in text form'), ('image,image,label\na,b,c\n', ''),
])
def test_what_can_not_be_understood_is_said_in_a_sentence(content, says, tmp_path):
    table = written(tmp_path, content)
    if says:
        with pytest.raises(BearsError) as error: read_labels(table)
        assert says in str(error.value) and '\n' not in str(error.value)
    else: assert read_labels(table) == {'a': 'c'}

@pytest.mark.parametrize('answer', [['black', 'outdoor'], ('black',), {'black'}, np.array(['black'])])
def test_a_function_that_returns_several_labels(answer, photos):
    with pytest.raises(BearsError, match='several labels'): read_labelled(photos, lambda path: answer)

def test_a_function_of_the_name_as_in_the_book(photos):
    def is_black(name): return name[0] == 'b'
    assert read_labelled(photos, is_black).counts == {'False': 8, 'True': 4}

def test_paths_tell_photos_of_one_name_apart(tmp_path):
    rng = np.random.default_rng(0)
    for label in ('red', 'blue'):
        (tmp_path/'photos'/label).mkdir(parents=True)
        for i in range(3): Image.fromarray(rng.integers(0, 255, (5, 5, 3), np.uint8)).resize((64, 64)).save(tmp_path/'photos'/label/f'{i}.jpg')
    labels = {f'D:\\data\\{label}\\{i}.png': f'is {label}' for label in ('red', 'blue') for i in range(3)}
    assert read_labelled(tmp_path/'photos', labels).counts == {'is blue': 3, 'is red': 3}
    with pytest.raises(BearsError, match="stands for two photos, blue/0.jpg and red/0.jpg"): read_labelled(tmp_path/'photos', {'0': 'red'})

def test_columns_that_are_asked_for_by_name(tmp_path):
    table = written(tmp_path, text([('a', 'b', 'c'), ('1', 'x', '9'), ('2', 'y', '9')]))
    assert read_labels(table, 'b', 'a') == {'1': 'x', '2': 'y'}
    with pytest.raises(BearsError, match="no column 'd'"): read_labels(table, 'd')

def test_a_table_that_is_too_large_is_not_read(tmp_path):
    with pytest.raises(BearsError, match='larger than'): read_table(written(tmp_path, 'x,y\n'*10), most=20)
