"What a caller can tell apart: photos and tables, the web, models, and the call itself; all are a `BearsError`."
import json
from pathlib import Path

import pytest
from PIL import Image

from bears_lib.engine.core import common
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.core.folders import read_folder, require_classes
from bears_lib.engine.core.http_client import Web
from bears_lib.engine.core.photos import Preprocess, open_photo
from bears_lib.engine.core.tables import read_table
from bears_lib.engine.predict.model_folder import read_model_info
from bears_lib.engine.predict.onnx_session import open_network

def classes(place:Path, *labels:str) -> Path:
    for label in labels:
        (place/label).mkdir(parents=True)
        Image.new('RGB', (40, 40), 'brown').save(place/label/'1.png')
    return place

def damaged_model(place:Path, **said) -> Path:
    place.mkdir()
    (place/'model.json').write_text(json.dumps(said), encoding='utf-8')
    return place

def text(path:Path, words:str) -> Path:
    path.write_text(words, encoding='utf-8')
    return path

def grade_of_nothing(place:Path):
    from bears_lib.engine.quiz.quiz import Quiz
    return Quiz(9, place)

def search_for_nothing(place:Path):
    from bears_lib.gather import search_images
    return search_images('')

def train_with_both(place:Path):
    from bears_lib.train import fit_photos
    return fit_photos(classes(place/'photos', 'black', 'grizzly'), valid=0.2, valid_pct=0.2)

def train_what_nobody_packs(place:Path):
    from bears_lib.engine.predict.packaged_body import require_package
    return require_package('resnet9000')

failures = {
    'a folder that is not there': ('DataError', lambda place: read_folder(place/'nowhere')),
    'a folder of one class': ('DataError', lambda place: require_classes(read_folder(classes(place/'photos', 'black')))),
    'a photo that is text': ('DataError', lambda place: open_photo(text(place/'1.jpg', 'no photo'))),
    'a photo that is not there': ('DataError', lambda place: open_photo(place/'none.jpg')),
    'a table with shifted cells': ('DataError', lambda place: read_table(text(place/'t.csv', 'id,label\n1,a,b,c\n2,a\n3,b\n'))),
    'an address of this machine': ('NetworkError', lambda place: Web().get('http://127.0.0.1/secret')),
    'no web address': ('NetworkError', lambda place: Web().get('file:///etc/hostname')),
    'a model folder that is not there': ('ModelError', lambda place: read_model_info(place/'nowhere')),
    'a model of a later schema': ('ModelError', lambda place: read_model_info(damaged_model(place/'model', schema=999))),
    'a network that is none': ('ModelError', lambda place: open_network(b'no network')),
    'a size that no photo has': ('UsageError', lambda place: Preprocess(3)),
    'a way that there is not': ('UsageError', lambda place: Preprocess(64, 'stretch')),
    'a chapter that there is not': ('UsageError', grade_of_nothing), 'a search for nothing': ('UsageError', search_for_nothing),
    'two options for one thing': ('UsageError', train_with_both), 'an unknown architecture': ('UsageError', train_what_nobody_packs),
}

@pytest.mark.parametrize('kind,fails', failures.values(), ids=failures)
def test_a_failure_is_of_its_kind_and_of_no_other(kind, fails, tmp_path):
    with pytest.raises(BearsError) as caught: fails(tmp_path)
    kinds = {name for name in ('DataError', 'NetworkError', 'ModelError', 'UsageError') if isinstance(caught.value, getattr(common, name))}
    assert kinds == {kind} and isinstance(caught.value, ValueError), caught.value

def test_a_command_ends_in_the_same_way_for_every_kind(monkeypatch, capsys):
    for name in ('DataError', 'NetworkError', 'ModelError', 'UsageError'):
        def bears_fail(json:bool=False) -> dict: raise getattr(common, name)('Give another folder.')
        assert common._run_in_shell(bears_fail, (), {'json': True}) == 2
        assert json.loads(capsys.readouterr().out) == {'error': 'Give another folder.'}
