"Many photos on one machine: whatever they come in, whatever happens on the way, each is answered once."
import json, os, shutil, signal, subprocess, sys, tarfile, threading, time
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pa = pytest.importorskip('pyarrow', reason='pyarrow is not installed: pip install "bears_lib[cluster]"')
fsspec = pytest.importorskip('fsspec', reason='fsspec is not installed: pip install "bears_lib[cluster]"')
import pyarrow.parquet as pq

import strange
from bears_lib.commands import bears_features, bears_index, compute_features
from bears_lib.deploy import Classifier, bears_predict, predict_many
from bears_lib.engine.core.common import BearsError, ModelError
from bears_lib.engine.core.photos import Preprocess
from bears_lib.engine.predict.model_folder import ModelInfo, write_model
from bears_lib.engine.shards.engines import by_threads, choose_engine
from bears_lib.engine.shards.shards import Job, begin, hidden, part_name
from bears_lib.engine.shards.sources import Row, list_photos
from conftest import make_photos, shell
from loopback import Answer, LoopbackWeb
from test_deploy import tiny_network

@pytest.fixture
def model(tmp_path): return tiny_model(tmp_path/'model')

def tiny_model(folder:Path, labels:tuple[str, ...]=('red', 'blue')) -> Path:
    return write_model(folder, ModelInfo(list(labels), Preprocess(16)), {'model.onnx': tiny_network()})

def files(folder:Path) -> list[Path]: return sorted(folder.rglob('*.jpg'))
def label_of(path:Path) -> str: return path.parent.name

def as_folder(photos, place): return photos
def as_list(photos, place): return [str(path) for path in files(photos)]
def as_text(photos, place):
    (place/'list.txt').write_text('\n'.join(os.path.relpath(path, place) for path in files(photos)) + '\n\n', encoding='utf-8')
    return place/'list.txt'
def as_addresses(photos, place):
    pq.write_table(pa.table({'path': [str(path) for path in files(photos)], 'label': [label_of(path) for path in files(photos)]}), place/'addresses.parquet')
    return place/'addresses.parquet'
def as_bytes(photos, place):
    table = pa.table({'bytes': [path.read_bytes() for path in files(photos)], 'label': [label_of(path) for path in files(photos)]})
    pq.write_table(table, place/'bytes.parquet', row_group_size=5)
    return place/'bytes.parquet'
def as_hugging_face(photos, place):
    from datasets import Dataset, Features, ClassLabel
    from datasets import Image as Picture
    made = Dataset.from_dict({'image': list(map(str, files(photos))), 'label': [['blue', 'red'].index(label_of(path)) for path in files(photos)]},
        features=Features({'image': Picture(), 'label': ClassLabel(names=['blue', 'red'])}))
    made.to_parquet(str(place/'hugging.parquet'))
    return place/'hugging.parquet'
def as_imagefolder(photos, place):
    (folder := place/'imagefolder').mkdir()
    lines = []
    for i, path in enumerate(files(photos)):
        shutil.copy(path, folder/f'{i:03d}.jpg')
        lines.append(json.dumps({'file_name': f'{i:03d}.jpg', 'label': label_of(path)}))
    (folder/'metadata.jsonl').write_text('\n'.join(lines), encoding='utf-8')
    return folder
def as_webdataset(photos, place):
    with tarfile.open(place/'photos.tar', 'w') as archive:
        for i, path in enumerate(files(photos)):
            for name, data in ((f'{i:04d}.jpg', path.read_bytes()), (f'{i:04d}.cls', label_of(path).encode())):
                about = tarfile.TarInfo(name)
                about.size = len(data)
                archive.addfile(about, BytesIO(data))
    return place/'photos.tar'
def as_storage(photos, place):
    fs = fsspec.filesystem('memory')
    for path in files(photos): fs.pipe_file(f'/{place.name}/photos/{label_of(path)}/{path.name}', path.read_bytes())
    return f'memory://{place.name}/photos'
def as_archive_in_storage(photos, place):
    fsspec.filesystem('memory').pipe_file(f'/{place.name}/photos.tar', as_webdataset(photos, place).read_bytes())
    return f'memory://{place.name}/photos.tar'
def as_index(photos, place):
    bears_index(str(as_webdataset(photos, place)), out=str(place/'manifest'), shard=5)
    return place/'manifest'

sources = [as_folder, as_list, as_text, as_addresses, as_bytes, as_hugging_face, as_imagefolder, as_webdataset, as_storage, as_archive_in_storage, as_index]

@pytest.mark.parametrize('form', sources)
def test_each_source_gives_the_same_answers(form, photos, model, tmp_path):
    "Twelve photos in eleven forms: the same probabilities for each, and the label where the form has one."
    ask, source = Classifier(model), form(photos, tmp_path)
    wanted = sorted((label_of(path), ask(path)['red']) for path in files(photos))
    answers = list(predict_many(model, source, tmp_path/'out', shard=5))
    assert [row['answer'] for row in answers] == [max(row['chances'], key=row['chances'].get) for row in answers]
    found = sorted((row['answer'], row['chances']['red']) for row in answers)
    assert [label for label, _ in found] == [label for label, _ in wanted]
    assert np.allclose([chance for _, chance in found], [chance for _, chance in wanted], atol=1e-6)
    if form not in (as_list, as_text): assert all(row['label'] == row['answer'] for row in answers)
    assert len((tmp_path/'out'/part_name(0)).read_bytes()) and len(list((tmp_path/'out').glob('part-*'))) == 3

def test_what_comes_out_opens_everywhere(photos, model, tmp_path):
    "pandas, DuckDB and datasets read the folder; people read lines and a summary."
    import datasets, pandas
    duckdb = pytest.importorskip('duckdb', reason='duckdb is not installed: pip install duckdb')
    (photos/'red'/'broken.jpg').write_bytes(b'<html>not found')
    answers = predict_many(model, photos, tmp_path/'out', shard=5, lines=True)
    assert answers.summary['photos'] == 13 and answers.summary['answers'] == {'blue': 6, 'red': 6} and answers.summary['unreadable'] == 1
    assert 'red 6' in str(answers) and '1 photo could not be used' in str(answers)
    frame = pandas.read_parquet(tmp_path/'out')
    assert len(frame) == 13 and frame.answer.value_counts().to_dict() == {'red': 6, 'blue': 6} and (frame.problem != '').sum() == 1
    assert duckdb.sql(f"select count(*), sum(chances.red > 0.5)::int from '{tmp_path}/out/*.parquet'").fetchall() == [(13, 6)]
    read = datasets.load_dataset('parquet', data_files=str(tmp_path/'out'/'part-*.parquet'), split='train', cache_dir=str(tmp_path/'cache'))
    assert len(read) == 13 and set(read['answer']) == {'red', 'blue', None}
    lines = [json.loads(line) for line in (tmp_path/'out'/'_answers.jsonl').read_text(encoding='utf-8').splitlines()]
    assert len(lines) == 13 and json.loads((tmp_path/'out'/'_summary.json').read_text(encoding='utf-8')) == answers.summary

def test_classes_that_look_the_same_are_said_and_accents_in_pieces_are_one_class(photos, tmp_path, capsys):
    written = ['oursé', 'ourse\u0301', 'Red', 'red']
    pq.write_table(pa.table({'path': [str(path) for path in files(photos)], 'label': [written[i % 4] for i in range(len(files(photos)))]}), tmp_path/'table.parquet')
    assert sorted(bears_index(str(tmp_path/'table.parquet'), out=str(tmp_path/'out'))['labels']) == ['Red', 'oursé', 'red']
    assert "The classes 'Red' and 'red' look the same: write them alike if they are one class." in capsys.readouterr().err

def test_sixty_nasty_files_spread_over_shards(photos, model, tmp_path):
    "Sixty files that are no photos, or broken ones, among good ones: sixty reasons, and all good ones answered."
    names = [f'{kind}, {what}' for kind in ('JPEG', 'PNG', 'GIF', 'WEBP', 'BMP', 'TIFF') for what in ('half of it', 'its head and junk', '16 bytes')]
    names += ['nothing', 'a web page', 'a drawing', 'PostScript', 'PDF', 'a pointer of Git LFS', 'a zip archive', 'one byte', 'PPM, says 7000 x 7000', 'PPM, a number of a million digits']
    made = [strange.makers[name]() for name in names]
    broken = [data for data, answer in zip(made, Classifier(model).many(made)) if answer.problem]
    for i in range(60): (photos/('red', 'blue')[i % 2]/f'nasty {i}.jpg').write_bytes(broken[i % len(broken)])
    answers = predict_many(model, photos, tmp_path/'out', shard=9)
    nasty = [row for row in answers if Path(row['address']).name.startswith('nasty')]
    assert len(broken) > 20 and len(nasty) == 60 and all(row['problem'] and not row['answer'] for row in nasty)
    assert answers.summary['unreadable'] == 60 and answers.summary['answers'] == {'red': 6, 'blue': 6}

slow_run = '''
import sys, time
from bears_lib.engine.predict.predict import Classifier
from bears_lib.deploy import predict_many
ask = Classifier.__call__
def slowly(self, *args):
    time.sleep(0.01)
    return ask(self, *args)
Classifier.__call__ = slowly
predict_many(sys.argv[1], sys.argv[2], sys.argv[3], shard=20)
'''

def test_killed_half_way_the_rerun_does_the_other_half(model, tmp_path):
    "kill -9 in the middle of 400 photos: what is finished is whole and stays, and nothing is answered twice or not at all."
    photos, out = make_photos(tmp_path/'many', {'red': 200, 'blue': 200}), tmp_path/'out'
    (tmp_path/'run.py').write_text(slow_run, encoding='utf-8')
    process = subprocess.Popen([sys.executable, tmp_path/'run.py', model, photos, out], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(list(out.glob('part-*.parquet'))) < 10 and time.monotonic() < deadline: time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = {path.name: path.stat().st_mtime_ns for path in out.glob('part-*.parquet')}
    assert 10 <= len(kept) < 20
    answers = predict_many(model, photos, out)
    rows = list(answers)
    assert len(rows) == 400 == len({row['address'] for row in rows}) and answers.summary['answers'] == {'red': 200, 'blue': 200}
    assert {name: (out/name).stat().st_mtime_ns for name in kept} == kept and len(list(out.glob('part-*'))) == 20

def test_a_second_model_is_refused(photos, model, tmp_path):
    predict_many(model, photos, tmp_path/'out')
    other = tiny_model(tmp_path/'other', ('rot', 'blau'))
    with pytest.raises(BearsError, match='with another labels, and results are never mixed. Choose another folder'): predict_many(other, photos, tmp_path/'out')
    with pytest.raises(BearsError, match='for other work .answers., and results are never mixed'): compute_features(photos, tmp_path/'out')
    with pytest.raises(BearsError, match='holds results for .*photos, not for'): predict_many(model, photos/'red', tmp_path/'out')

def test_features_with_mirror_images_are_gone_on_with(photos, tmp_path):
    "What was begun with mirror images is refused without them, by the setting's name, and gone on with by the same."
    compute_features(photos, tmp_path/'out', shard=5, mirror=True)
    (tmp_path/'out'/part_name(0)).unlink()
    with pytest.raises(BearsError, match='holds results that were made with mirror=True'): compute_features(photos, tmp_path/'out', shard=5)
    assert not (tmp_path/'out'/part_name(0)).exists()
    bears_features(str(photos), str(tmp_path/'out'), shard=5, mirror=True)
    assert {'features', 'mirrored'} <= set(pq.read_table(tmp_path/'out'/part_name(0)).column_names)

def test_another_list_is_refused_in_plain_words(photos, model, tmp_path):
    some = sorted(photos.rglob('*.png')) or sorted(photos.rglob('*.jpg'))
    predict_many(model, some[:3], tmp_path/'out')
    with pytest.raises(BearsError, match='holds results for 3 addresses, not for 4 addresses. Choose another folder'): predict_many(model, some[:4], tmp_path/'out')
    with pytest.raises(BearsError, match='for 3 addresses, not for these: they differ in a name, or in their order. Choose') as caught: predict_many(model, some[1:4], tmp_path/'out')
    assert 'sha256' not in str(caught.value)

def test_a_model_that_changes_under_a_run_is_noticed(photos, model, tmp_path, monkeypatch):
    "Between the beginning and a worker's start somebody trains again."
    from bears_lib.engine.shards import answers
    job = answers.ask_job(model)
    shutil.rmtree(model)
    tiny_model(model, ('rot', 'blau'))
    with pytest.raises(BearsError, match='holds another model than when this run began'): job.start()

@pytest.mark.parametrize('content', [b'', b'PAR1', b'PAR1' + bytes(100), 'other rows', 'of nobody', 'of another model'])
def test_a_shard_by_another_hand_is_refused(content, photos, model, tmp_path):
    "Half a file, a table of something else, a shard of another model: one sentence that says which file, and nothing is mixed."
    out = tmp_path/'out'
    predict_many(model, photos, out, shard=5)
    part = out/part_name(1)
    table = pq.read_table(part)
    if content == 'other rows': pq.write_table(table.slice(0, 2), part)
    elif content == 'of nobody': pq.write_table(pa.table({'a': [1]}), part)
    elif content == 'of another model':
        said = json.loads(table.schema.metadata[b'bears'])
        said['made_by']['model'] = '0'*64
        pq.write_table(table.replace_schema_metadata({'bears': json.dumps(said)}), part)
    else: part.write_bytes(content)
    before = part.read_bytes()
    with pytest.raises(BearsError, match=r'part-000001.parquet (is no whole shard|was made|has 2 rows where 5 belong)'): predict_many(model, photos, out, shard=5)
    assert part.read_bytes() == before
    part.unlink()
    assert predict_many(model, photos, out, shard=5).summary['photos'] == 12

def test_a_folder_of_others_is_left_alone(photos, model, tmp_path):
    (tmp_path/'out').mkdir()
    pq.write_table(pa.table({'a': [1]}), tmp_path/'out'/part_name(0))
    with pytest.raises(BearsError, match='no run that it belongs to'): predict_many(model, photos, tmp_path/'out')
    (tmp_path/'file').write_text('a file', encoding='utf-8')
    with pytest.raises(BearsError, match='is a file. Give the name of a folder'): predict_many(model, photos, tmp_path/'file')

def test_two_runs_on_one_output(model, tmp_path):
    "The second one is told to wait; the first one ends well."
    photos, out = make_photos(tmp_path/'many', {'red': 100, 'blue': 100}), tmp_path/'out'
    (tmp_path/'run.py').write_text(slow_run, encoding='utf-8')
    process = subprocess.Popen([sys.executable, tmp_path/'run.py', model, photos, out])
    deadline = time.monotonic() + 60
    while not list(out.glob('part-*.parquet')) and time.monotonic() < deadline: time.sleep(0.01)
    with pytest.raises(BearsError, match='Another program is writing to .*out just now'): predict_many(model, photos, out)
    assert process.wait(60) == 0 and predict_many(model, photos, out).summary['photos'] == 200

def test_a_damaged_plan_is_said(photos, model, tmp_path):
    predict_many(model, photos, tmp_path/'out')
    (tmp_path/'out'/hidden/'plan.parquet').write_bytes(b'PAR1')
    with pytest.raises(BearsError, match='is damaged: the list of photos of this run'): predict_many(model, photos, tmp_path/'out')

class Locked(fsspec.AbstractFileSystem):
    "Storage that lets nobody in, as S3 does without credentials."
    protocol = ('s3', 'gs')
    def ls(self, path, detail=True, **kwargs):
        raise PermissionError('Unable to locate credentials')
    def _open(self, path, mode='rb', **kwargs):
        raise PermissionError('Access Denied')

@pytest.fixture
def locked(monkeypatch):
    for kind in Locked.protocol: fsspec.register_implementation(kind, Locked, clobber=True)
    yield
    from fsspec.registry import _registry
    for kind in Locked.protocol: _registry.pop(kind, None)

def test_credentials_missing_is_one_sentence(locked, model, tmp_path):
    for source in ('s3://bears/photos', 'gs://bears/photos.tar', 's3://bears/photos.parquet', 's3://bears/*.tar'):
        with pytest.raises(BearsError, match="can't be read without credentials"): predict_many(model, source, tmp_path/'out')
    with pytest.raises(BearsError, match="can't be read without credentials"): predict_many(model, make_photos(tmp_path/'few', {'red': 1}), 's3://bears/out')

@pytest.mark.parametrize('source, words', [('nowhere', 'is not there'), ('', 'No source was named'), ('nothing*.tar', 'matches no file'), ('memory://nowhere/at/all', 'is not there'),
    ('simplecache::http://127.0.0.1/', 'is no address of storage'), ('ftp://127.0.0.1/photos', 'is no address of storage'), ('packed.tar.gz', 'is no tar archive that can be read from any point on'),
    ('broken.tar', 'is no tar archive'), ('broken.parquet', 'is no whole parquet file'), ('numbers.parquet', 'and none that is known to hold photos'), ('counts.parquet', 'photos are bytes there, and addresses text'),
    ('empty', 'holds no photos'), ('empty.txt', 'holds no photos')])
def test_bad_sources_are_one_sentence(source, words, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with tarfile.open('packed.tar.gz', 'w:gz') as archive: archive.add(model)
    Path('broken.tar').write_bytes(b'no archive'*99)
    Path('broken.parquet').write_bytes(b'PAR1 and no more')
    Path('empty').mkdir()
    Path('empty.txt').touch()
    pq.write_table(pa.table({'a': [1], 'b': ['x']}), 'numbers.parquet')
    pq.write_table(pa.table({'image': [1]}), 'counts.parquet')
    with pytest.raises(BearsError, match=words) as found: predict_many(model, source, 'out')
    assert '\n' not in str(found.value) and len(str(found.value)) < 600
    with pytest.raises(BearsError, match=words): predict_many(model, source, 'out')  # a failure leaves nothing that would change the next answer

def test_a_column_that_is_not_there(photos, model, tmp_path):
    pq.write_table(pa.table({'picture_path': [str(path) for path in files(photos)]}), tmp_path/'odd.parquet')
    with pytest.raises(BearsError, match="has the columns picture_path, and none .* column=NAME"): predict_many(model, tmp_path/'odd.parquet', tmp_path/'out')
    with pytest.raises(BearsError, match="no column picture_paths. Did you mean 'picture_path'"): predict_many(model, tmp_path/'odd.parquet', tmp_path/'out', column='picture_paths')
    assert len(predict_many(model, tmp_path/'odd.parquet', tmp_path/'out', column='picture_path')) == 12

def test_private_addresses_are_not_fetched(model, tmp_path, photos):
    "A list from a stranger may not reach the machines behind the firewall."
    (tmp_path/'list.txt').write_text('http://127.0.0.1:9/a.jpg\nhttp://169.254.169.254/latest/meta-data\nhttp://localhost/a.jpg\n', encoding='utf-8')
    rows = list(predict_many(model, tmp_path/'list.txt', tmp_path/'out'))
    assert len(rows) == 3 and all('public' in row['problem'] for row in rows), [row['problem'] for row in rows]

def test_web_addresses_of_a_list_are_fetched(photos, model, tmp_path, monkeypatch):
    "Through our own client, that the loopback web answers."
    data = files(photos)[0].read_bytes()
    with LoopbackWeb(tmp_path, {'photos.example': lambda request: Answer(data, headers={'Content-Type': 'image/jpeg'}) if 'missing' not in request.path else Answer(b'', 404)}) as web:
        for name, value in web.env.items(): monkeypatch.setenv(name, value)
        (tmp_path/'list.txt').write_text('https://photos.example/1.jpg\nhttps://photos.example/missing.jpg\n', encoding='utf-8')
        good, missing = predict_many(model, tmp_path/'list.txt', tmp_path/'out')
    assert good['answer'] == label_of(files(photos)[0]) and missing['problem']

@pytest.mark.parametrize('what', [{'engine': 'spark'}, {'engine': 'threads', 'address': 'auto'}, {'shard': 0}, {'shard': 10**6}])
def test_settings_that_do_not_go_together(what, photos, model, tmp_path):
    with pytest.raises(BearsError): predict_many(model, photos, tmp_path/'out', **what)
    assert not list(tmp_path.glob('out/part-*'))

def test_auto_takes_threads_for_few_and_without_a_cluster(monkeypatch):
    monkeypatch.delenv('RAY_ADDRESS', raising=False)
    assert [choose_engine('auto', n, address) for n, address in ((19_999, 'auto'), (10**6, ''))] == ['threads', 'threads']
    assert choose_engine('auto', 20_000, 'auto') == ('ray' if __import__('importlib.util').util.find_spec('ray') else 'threads')

def test_names_that_are_no_text_are_found_again(photos, model, tmp_path):
    odd = os.fsencode(photos/'red')+b'/\xff\xfe.jpg'
    try: shutil.copy(photos/'red'/'0.jpg', odd)
    except OSError: pytest.skip('this disk takes no such names')
    rows = list(predict_many(model, photos, tmp_path/'out'))
    assert len(rows) == 13 and not [row for row in rows if row['problem']]

def test_listing_is_the_same_each_time_and_holds_little(photos):
    first = list(list_photos(photos))
    assert first == list(list_photos(photos)) and isinstance(first[0], Row) and len(first) == 12

def test_commands(photos, model, tmp_path):
    "From a shell: index, features, answers, each with one JSON object."
    found = shell('bears-predict', model, photos, '--out', tmp_path/'out', '--shard', 5, '--json')
    assert found.returncode == 0, found.stderr
    said = json.loads(found.stdout.splitlines()[-1])
    assert said['answers'] == {'blue': 6, 'red': 6} and said['photos'] == 12 and 'any program that reads parquet' in found.stderr
    (photos/'red'/'broken.jpg').write_bytes(b'<html>')
    result = bears_index(str(photos), out=str(tmp_path/'manifest'), shard=5)
    assert result['labels'] == {'blue': 6, 'red': 6} and result['left_out'] == 1 and result['exit'] == 1 and result['shards'] == 3
    features = bears_features(str(tmp_path/'manifest'), out=str(tmp_path/'features'), size=64)
    assert features['photos'] == 12 and features['exit'] == 0
    table = pq.read_table(tmp_path/'features')
    assert table['features'].type == pa.list_(pa.float16(), 1280) and np.abs(np.array(table['features'].to_pylist(), float)).sum() > 0

def test_nothing_for_many_photos_is_imported_unless_asked(photos, model):
    "Whoever has one photo waits for no cluster."
    code = ('import sys; import bears_lib.deploy, bears_lib.commands, bears_lib.gather, bears_lib.train; from bears_lib.deploy import bears_predict; '
            'bears_predict(*sys.argv[1:]); print(sorted({"ray", "pyarrow", "fsspec", "duckdb", "usearch"} & set(sys.modules)))')
    run = subprocess.run([sys.executable, '-c', code, model, files(photos)[0]], capture_output=True, text=True)
    assert run.returncode == 0 and run.stdout.splitlines()[-1] == '[]', run.stdout + run.stderr

def test_without_the_extra_a_sentence_says_what_to_install(photos, model, tmp_path):
    code = ("import sys; sys.modules['pyarrow'] = sys.modules['pyarrow.parquet'] = None\nfrom bears_lib.engine.core.common import BearsError\nfrom bears_lib.deploy import predict_many\n"
            "try: predict_many(*sys.argv[1:])\nexcept BearsError as error: print(error)")
    run = subprocess.run([sys.executable, '-c', code, model, photos, tmp_path/'out'], capture_output=True, text=True)
    assert 'pip install "bears_lib[cluster]"' in run.stdout, run.stdout + run.stderr

def test_a_head_from_shards_is_the_one_from_memory(tmp_path):
    "Ninety drawn bears: index, features, train, and the model answers as the one that was trained on the folder."
    from bears_lib.commands import bears_train
    from bears_lib.engine.core.folders import sample_folder
    for path in files(sample_folder())[::4]:
        (tmp_path/'photos'/label_of(path)).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path/'photos'/label_of(path))
    bears_features(str(tmp_path/'photos'), out=str(tmp_path/'features'), shard=40)
    far = bears_train(str(tmp_path/'features'), model=str(tmp_path/'far'))
    near = bears_train(str(tmp_path/'photos'), model=str(tmp_path/'near'))
    assert far['labels'] == near['labels'] and far['n'] == near['n'] and far['right'] == near['right']
    one, other = (Classifier(tmp_path/name).many(files(tmp_path/'photos')) for name in ('far', 'near'))
    assert [answer.label for answer in one] == [answer.label for answer in other]
    assert max(abs(a[label] - b[label]) for a, b in zip(one, other) for label in a) < 0.02
    info = json.loads((tmp_path/'far'/'model.json').read_text(encoding='utf-8'))
    assert info['metrics']['n'] == far['n'] and info['training']['train'] == far['photos'] and info['unsure']['threshold']

def test_streamed_and_in_memory_agree_at_fifty_thousand():
    "The same label on 99.9% of 50,000 rows, fitted block by block and at once."
    import tempfile
    from bears_lib.engine.features.linear_probe import fit_linear
    from bears_lib.engine.shards.streaming_head import Rows, fit_rows
    rng, n, numbers = np.random.default_rng(1), 50_000, 48
    features = np.maximum(rng.normal(size=(n, numbers)), 0).astype(np.float16)
    truth = (features.astype(np.float32) @ rng.normal(size=(numbers, 3)) + rng.gumbel(size=(n, 3))).argmax(1)
    with tempfile.TemporaryDirectory() as place:
        features.tofile(f'{place}/rows')
        streamed = fit_rows(Rows(f'{place}/rows', truth, np.arange(n), ['a', 'b', 'c'], 1, numbers))
    whole, wide = fit_linear(features[None].astype(np.float32), truth.tolist()), features.astype(np.float32)
    assert (streamed.head.probabilities(wide).argmax(1) == whole.probabilities(wide).argmax(1)).mean() >= 0.999
    assert abs(streamed.head.right - whole.right) < 50 and streamed.head.n == n

def test_copies_of_a_fold_stay_together(tmp_path):
    "A photo and its copy in another file are of one group, and so on one side."
    from bears_lib.engine.shards.streaming_head import open_rows
    photos = make_photos(tmp_path/'photos', {'red': 6, 'blue': 6})
    Image.open(photos/'red'/'0.jpg').save(photos/'red'/'again.jpg', quality=60)
    shutil.copy(photos/'blue'/'0.jpg', photos/'blue'/'same.jpg')
    compute_features(photos, tmp_path/'features', shard=4, size=64)
    with open_rows(tmp_path/'features') as rows: assert len(rows.groups) == 14 and len(set(rows.groups.tolist())) == 12 == len(set(rows.names))

def test_check_of_an_index(tmp_path):
    "Copies, a copy in another class, and a file that does not open; a folder is checked as before."
    from bears_lib.gather import bears_check
    photos = make_photos(tmp_path/'photos', {'red': 6, 'blue': 6})
    shutil.copy(photos/'red'/'1.jpg', photos/'red'/'copy.jpg')
    shutil.copy(photos/'red'/'2.jpg', photos/'blue'/'strange.jpg')
    (photos/'red'/'broken.jpg').write_bytes(b'<html>')
    bears_index(str(photos), out=str(tmp_path/'manifest'), shard=4)
    found = bears_check(str(tmp_path/'manifest'))
    assert found['problems'] == {'copy': 1, 'in two classes': 1, 'unreadable': 1} and found['exit'] == 1 and found['photos'] == {'blue': 7, 'red': 7}
    assert {Path(each['file']).name for each in found['findings'] if each['problem'] == 'unreadable'} == {'broken.jpg'}
    assert bears_check(str(photos), quick=True)['problems']['in two classes'] == 1

def test_check_of_features_finds_wrong_labels(tmp_path, capsys):
    "The planted one and no other; without a model it is not looked for, and an index says what it takes."
    from bears_lib.gather import bears_check
    photos = make_photos(tmp_path/'photos', {'red': 12, 'blue': 12})
    make_photos(tmp_path/'more', {'red': 13}, seed=1)
    shutil.copy(tmp_path/'more'/'red'/'12.jpg', photos/'blue'/'really red.jpg')
    (photos/'blue'/'0 broken.jpg').write_bytes(b'<html>')
    bears_features(str(photos), out=str(tmp_path/'features'), shard=4)
    found = bears_check(str(tmp_path/'features'))
    wrong = [each for each in found['findings'] if each['problem'] == 'wrong label']
    assert [Path(each['file']).name for each in wrong] == ['really red.jpg'] and 'says red' in wrong[0]['suggestion']
    assert found['problems'] == {'unreadable': 1, 'wrong label': 1}
    said = capsys.readouterr().err
    assert 'label in doubt: 1' in said and 'wrong label' not in said
    assert bears_check(str(tmp_path/'features'), quick=True)['problems'] == {'unreadable': 1}
    bears_index(str(photos), out=str(tmp_path/'manifest'))
    bears_check(str(tmp_path/'manifest'))
    assert 'Labels were not judged' in capsys.readouterr().err

def test_labels_that_can_not_be_judged_hide_no_other_finding(tmp_path, capsys):
    "Two photos of a class are too few for a head that has not seen them: this is said, and the broken file stands in the report."
    from bears_lib.gather import bears_check
    photos = make_photos(tmp_path/'photos', {'red': 12, 'blue': 2})
    (photos/'blue'/'broken.jpg').write_bytes(b'<html>')
    bears_features(str(photos), out=str(tmp_path/'features'))
    assert bears_check(str(tmp_path/'features'))['problems'] == {'unreadable': 1}
    assert 'Labels were not judged: Too few different photos' in capsys.readouterr().err

def test_a_worker_does_its_shard_once(photos, model, tmp_path):
    "What Ray asks for again is not computed again; another version of the package does nothing."
    from bears_lib.engine.shards.answers import ask_job
    from bears_lib.engine.shards.cluster import ShardWorker
    from bears_lib.engine.shards.shards import begin
    run = begin(ask_job(model), photos, tmp_path/'out', shard=4)
    work = ShardWorker(run.job, run.notes.path('plan.parquet'), str(tmp_path/'out'))
    assert list(work({'shard': np.array([0, 1])})['trouble']) == ['', ''] and run.todo() == [2]
    before = (tmp_path/'out'/part_name(0)).stat().st_mtime_ns
    assert list(work({'shard': np.array([0])})['trouble']) == [''] and (tmp_path/'out'/part_name(0)).stat().st_mtime_ns == before
    run.job.version = 'another'
    assert 'Install the same version on all machines' in ShardWorker(run.job, run.notes.path('plan.parquet'), str(tmp_path/'out'))({'shard': np.array([2])})['trouble'][0]

def test_logs_of_all_workers_become_one(tmp_path):
    "An address that two workers logged counts once, a torn line not at all; merged again, nothing is added."
    from bears_lib.engine.core.common import JsonLines, json_rows, read_lines
    from bears_lib.engine.shards.cluster import log_of, merge_logs
    for number, urls in enumerate([['a', 'b'], ['b', 'c']]): JsonLines(log_of(tmp_path, number)).append(*({'url': url, 'outcome': 'kept' if url != 'c' else 'refused'} for url in urls))
    with log_of(tmp_path, 1).open('a', encoding='utf-8') as file: file.write('{"url": "d", "outc')
    for _ in range(2):
        assert merge_logs(tmp_path) == {'kept': 2, 'refused': 1}
        assert [row['url'] for row in json_rows(read_lines(tmp_path/'.bears'/'log.jsonl'))] == ['a', 'b', 'c']

@pytest.mark.parametrize('what, words', [('answers', 'holds no features'), ('one class', 'photos of 1 class'), ('no classes', 'photos of 0 classes')])
def test_features_that_train_nothing(what, words, photos, model, tmp_path):
    from bears_lib.engine.shards.streaming_head import fit_shards
    if what == 'answers': predict_many(model, photos, tmp_path/'out')
    else: compute_features(photos/'red' if what == 'no classes' else as_one_class(photos, tmp_path), tmp_path/'out', size=64)
    with pytest.raises(BearsError, match=words): fit_shards(tmp_path/'out')

def as_one_class(photos, place):
    shutil.rmtree(photos/'blue')
    return photos

class Watched(Job):
    "Notes which photos were looked at; those after the first shard wait for `gate`, and the one called `breaks` is refused."
    def watch(self, breaks:str=''):
        self.breaks, self.seen, self.gate = breaks, [], threading.Event()
        return self
    def start(self):
        def look(row, data):
            name = Path(row.address).stem
            self.seen.append(name)
            if name == self.breaks: raise ModelError('another model')
            if int(name) > 1: self.gate.wait(20)
            return {}
        return look

def watched_run(job, folder, n=12):
    (folder/'photos').mkdir()
    for i in range(n): Image.new('RGB', (8, 8), (i, 0, 0)).save(folder/'photos'/f'{i:02}.png')
    return begin(job, folder/'photos', folder/'out', shard=2)

def whole(out): return [pq.read_table(path).num_rows for path in sorted(out.glob('part-*.parquet'))]

def test_threads_that_are_left_look_at_no_further_photo(tmp_path):
    job = Watched('watched', {}).watch()
    run = watched_run(job, tmp_path)
    done = by_threads(run, run.todo())
    assert next(done) == 0
    threading.Timer(0.3, job.gate.set).start()
    done.close()
    looked = len(job.seen)
    assert looked <= 2 + os.cpu_count(), 'what stood in line was looked at'
    assert whole(tmp_path/'out') in ([2], [2, 2]) and len(run.todo()) >= 4
    assert list(by_threads(run, run.todo())) and whole(tmp_path/'out') == [2]*6 and not run.todo()

def test_a_job_that_fails_ends_the_threads_and_keeps_what_is_done(tmp_path):
    job = Watched('watched', {}).watch(breaks='05')
    job.gate.set()
    run = watched_run(job, tmp_path)
    with pytest.raises(ModelError, match='another model'): list(by_threads(run, run.todo()))
    assert {0, 1} <= set(range(6)) - set(run.todo()) and 2 in run.todo()
    assert set(whole(tmp_path/'out')) == {2} and len(job.seen) < 12

def test_photos_that_came_later_are_named_and_not_passed_over_in_silence(model, tmp_path, capsys):
    photos = make_photos(tmp_path/'photos', {'red': 3})
    predict_many(model, photos, tmp_path/'out', engine='threads', shard=2)
    capsys.readouterr()
    Image.new('RGB', (20, 20)).save(tmp_path/'photos/red/later.png')
    predict_many(model, photos, tmp_path/'out', engine='threads', shard=2)
    said = capsys.readouterr()
    assert 'Photos that came later are not in this list' in said.out + said.err

def featured(tmp_path, **more):
    "Twelve photos in two classes, their features in three shards."
    photos = make_photos(tmp_path/'photos', {'red': 6, 'blue': 6})
    compute_features(photos, tmp_path/'out', shard=4, size=64, **more)
    return tmp_path/'out'

@pytest.mark.parametrize('lost', [0, 1, 2])
def test_a_lost_shard_is_missed_by_whoever_reads(lost, tmp_path):
    "Training, check, features of an index, and the summary: none goes on with what is left, and the same command mends it."
    from bears_lib.commands import bears_train
    from bears_lib.gather import bears_check
    out, photos = featured(tmp_path), tmp_path/'photos'
    bears_index(str(photos), out=str(tmp_path/'manifest'), shard=4)
    for folder in ('out', 'manifest'): (tmp_path/folder/part_name(lost)).unlink()
    missing = 'shards? is missing in .*Run the command that made them again'
    with pytest.raises(BearsError, match='1 of 3 ' + missing): bears_train(str(out), model=str(tmp_path/'m'))
    with pytest.raises(BearsError, match='1 of 3 ' + missing): bears_check(str(out))
    with pytest.raises(BearsError, match='1 of 3 ' + missing): compute_features(tmp_path/'manifest', tmp_path/'more')
    assert not (tmp_path/'m').exists()
    compute_features(photos, out, shard=4, size=64)
    assert bears_train(str(out), model=str(tmp_path/'m'))['photos'] == {'blue': 6, 'red': 6}

def test_shards_that_were_copied_together_are_not_mixed(tmp_path):
    "A part with mirror images among others, one more than planned, and parts without the folder that counts them."
    from bears_lib.commands import bears_train
    out = featured(tmp_path)
    compute_features(tmp_path/'photos', tmp_path/'mirrored', shard=4, size=64, mirror=True)
    shutil.copy(tmp_path/'mirrored'/part_name(1), extra := out/part_name(3))
    with pytest.raises(BearsError, match='part-000003.parquet is of another run. Take it away'): bears_train(str(out), model=str(tmp_path/'m'))
    extra.unlink()
    shutil.copytree(out, tmp_path/'bare', ignore=shutil.ignore_patterns(hidden))
    with pytest.raises(BearsError, match='lacks its hidden folder .bears.* Copy that folder too'): bears_train(str(tmp_path/'bare'), model=str(tmp_path/'m'))
    shutil.copy(tmp_path/'mirrored'/part_name(1), out)
    with pytest.raises(BearsError, match='part-000001.parquet was made with mirror=True, and results are never mixed'): bears_train(str(out), model=str(tmp_path/'m'))

def test_another_size_and_another_threshold_are_called_so(photos, model, tmp_path):
    compute_features(photos, tmp_path/'out', size=64)
    with pytest.raises(BearsError, match='were made with size=64, and'): compute_features(photos, tmp_path/'out', size=128)
    predict_many(model, photos, tmp_path/'answers')
    info = json.loads((model/'model.json').read_text(encoding='utf-8'))
    (model/'model.json').write_text(json.dumps({**info, 'unsure': {'threshold': 0.5}}), encoding='utf-8')
    with pytest.raises(BearsError, match='another preprocessing or threshold'): predict_many(model, photos, tmp_path/'answers')

def test_what_does_not_go_with_features_is_refused(tmp_path):
    "Each option that training on features can't follow is named; an index has no features yet."
    from bears_lib.commands import bears_train
    out = featured(tmp_path)
    for option, value in {'valid_pct': .2, 'valid': 'photos', 'effort': 2, 'epochs': 1, 'arch': 'resnet18', 'workers': 2, 'address': 'auto'}.items():
        with pytest.raises(BearsError, match=f'^--{option.replace("_", "-")} does not go with a folder of features'): bears_train(str(out), model=str(tmp_path/'m'), **{option: value})
    with pytest.raises(BearsError, match='^--epochs and --effort do not go'): bears_train(str(out), model=str(tmp_path/'m'), effort=2, epochs=1)
    bears_index(str(tmp_path/'photos'), out=str(tmp_path/'manifest'))
    with pytest.raises(BearsError, match='manifest is an index: it holds no features yet.* bears features .*manifest'): bears_train(str(tmp_path/'manifest'), model=str(tmp_path/'m'))
    assert not (tmp_path/'m').exists()

def test_a_stray_table_does_not_stand_for_the_photos(tmp_path, capsys):
    photos = make_photos(tmp_path/'photos', {'red': 3, 'blue': 3})
    pq.write_table(pa.table({'path': ['red/0.jpg'], 'label': ['red']}), photos/'few.parquet')
    assert bears_index(str(photos), out=str(tmp_path/'out'))['photos'] == 6
    assert 'few.parquet in' in (said := capsys.readouterr().err) and 'is left out, since photos lie there. To read the table, give its name' in said
    assert bears_index(str(photos/'few.parquet'), out=str(tmp_path/'one'))['photos'] == 1
    assert '1 photo in' in capsys.readouterr().err

def test_no_thread_of_pyarrow_holds_a_file(photos, tmp_path, monkeypatch):
    "One that still did when Python ends would break off the program: terminate called without an active exception."
    from bears_lib.engine.shards import places, shards, sources as listing
    readers = set()
    class Noted(BytesIO):
        def read(self, *args):
            readers.add(threading.current_thread())
            return super().read(*args)
        def readinto(self, *args):
            readers.add(threading.current_thread())
            return super().readinto(*args)
    def noted(address): return Noted(Path(address).read_bytes())
    bears_index(str(photos), out=str(tmp_path/'manifest'), shard=4)
    for module in (places, shards, listing): monkeypatch.setattr(module, 'open_file', noted)
    from bears_lib.engine.shards.places import Place
    assert sum(len(table) for table in shards.read_shards(Place(tmp_path/'manifest'))) == 12 == len(list(list_photos(tmp_path/'manifest')))
    assert readers == {threading.current_thread()}

def test_photos_that_changed_or_went_are_counted(tmp_path, capsys):
    "A new date alone is no change; other bytes under an old date are one."
    out, photos = featured(tmp_path), tmp_path/'photos'
    capsys.readouterr()
    os.utime(photos/'red'/'1.jpg')
    compute_features(photos, out, shard=4, size=64)
    assert 'done before' in (said := capsys.readouterr().err) and 'since then' not in said
    old = photos/'red'/'0.jpg'
    times = old.stat().st_atime, old.stat().st_mtime
    shutil.copy(photos/'blue'/'0.jpg', old)
    os.utime(old, times)
    (photos/'blue'/'1.jpg').unlink()
    compute_features(photos, out, shard=4, size=64)
    assert '1 changed and 1 gone since then. The results are of what they were. To look at all anew, give another folder' in capsys.readouterr().err

@pytest.mark.parametrize('layout', ['train/{label}', '{label}/train'])
def test_features_of_photos_to_test_with_are_not_learnt_from(layout, tmp_path, capsys):
    "As in training on the folder: test/ is left out, with a line; the check names the right files."
    from bears_lib.commands import bears_train
    from bears_lib.gather import bears_check
    make_photos(tmp_path/'made', {'red': 12, 'blue': 12})
    make_photos(tmp_path/'more', {'red': 13}, seed=1)
    shutil.copy(tmp_path/'more'/'red'/'12.jpg', tmp_path/'made'/'blue'/'zz really red.jpg')
    for path in files(tmp_path/'made'):
        place = layout.format(label=label_of(path))
        place = tmp_path/'photos'/(place.replace('train', 'test') if path.stem in ('0', '1', '2') else place)
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    bears_features(str(tmp_path/'photos'), out=str(tmp_path/'out'), shard=5)
    assert bears_train(str(tmp_path/'out'), model=str(tmp_path/'m'))['photos'] == {'blue': 10, 'red': 9}
    assert 'test/ (6) is left out. All other photos are learnt from, and judged by cross-validation.' in (said := capsys.readouterr().err) and 'not usable' not in said
    wrong = [Path(each['file']).name for each in bears_check(str(tmp_path/'out'))['findings'] if each['problem'] == 'wrong label']
    assert wrong == ['zz really red.jpg']

@pytest.mark.parametrize('name, key', [('metadata.csv', 'label'), ('metadata.jsonl', 'label'), ('metadata.jsonl', 'text')])
def test_class_folders_count_and_not_the_metadata_beside_them(name, key, tmp_path, capsys):
    "One reading for training and for features, and a line; a caption is no class."
    photos = make_photos(tmp_path/'photos', {'red': 4, 'blue': 4})
    rows = [{'file_name': path.relative_to(photos).as_posix(), key: ('day', 'night')[i % 2]} for i, path in enumerate(files(photos))]
    text = f'file_name,{key}\n' + '\n'.join(','.join(row.values()) for row in rows) if name.endswith('csv') else '\n'.join(map(json.dumps, rows))
    (photos/name).write_text(text, encoding='utf-8')
    assert bears_index(str(photos), out=str(tmp_path/'out'))['labels'] == {'blue': 4, 'red': 4}
    line = "give 8 photos another class than their folder, such as red/0.jpg: 'day'. The folder counts."
    assert (line in capsys.readouterr().err) == (key == 'label')

def test_loose_photos_take_their_classes_from_the_table(tmp_path, capsys):
    "As training reads `metadata.csv`: what stands for no class is none."
    photos = tmp_path/'photos'
    photos.mkdir()
    for i, path in enumerate(files(make_photos(tmp_path/'made', {'red': 4, 'blue': 4}))): shutil.copy(path, photos/f'{i}.jpg')
    (photos/'metadata.csv').write_text('file_name,label\n' + '\n'.join(f'{i}.jpg,{"None" if i == 7 else ("blue", "red")[i//4]}' for i in range(8)), encoding='utf-8')
    assert bears_index(str(photos), out=str(tmp_path/'out'))['labels'] == {'': 1, 'blue': 4, 'red': 3}
