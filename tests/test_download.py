"Downloads over TLS from a web on this machine: every nasty case, interruptions, full disks, bad input."
from collections import Counter
from pathlib import Path
from urllib.parse import unquote
import json, os, signal, subprocess, sys, threading, time, zipfile, zlib

import pytest
from PIL import Image

from bears_lib.engine.gather import download, keeping, providers, search
from bears_lib.engine.core import decoding
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.gather.gathering import attribution, gather_images, licensed_copy
from bears_lib.engine.gather.download import download_images
from bears_lib.engine.core.folders import read_folder, read_metadata, write_metadata
from bears_lib.engine.gather.providers import ImageResult
from bears_lib.engine.core.http_client import Web
from loopback import Answer, LoopbackWeb
from loopback.cases import cases, encoded, photo
from loopback.engines import jpeg
from loopback.fixtures import engines  # noqa: F401

CASES = {case.name: case for case in cases()}

def log(root) -> dict[str, dict]: return download.Log(root).entries

def snapshot(root) -> dict[str, bytes]:
    "Photos and the parts of metadata.csv that don't tell the time."
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(Path(root).glob('*/*.jpg'))}
    return files | {f'row {name}': repr({key: value for key, value in row.items() if key != 'fetched_at'}) for name, row in read_metadata(root).items()}

@pytest.fixture(scope='module', params=[100, 0], ids=['opened here', 'opened in processes'])
def nasty(request, tmp_path_factory):
    "All cases fetched at once into one folder."
    folder = tmp_path_factory.mktemp('nasty')
    def path(url): return unquote(url.partition('nasty.example')[2].partition('?')[0])
    sites = {path(case.url): case.site for case in CASES.values() if case.site}
    sites['/evil2.jpg'] = CASES['a name that leads out'].site
    patch = pytest.MonkeyPatch()
    patch.setattr(keeping, 'few', request.param)
    with LoopbackWeb(folder, {'nasty.example': lambda request: sites[unquote(request.path)](request)}) as web, Web(deadline=4, patience=1.5) as client:
        for name, value in web.env.items(): patch.setenv(name, value)
        table = download_images(folder/'bears'/'nasty', urls=[ImageResult(case.url, page_url=case.page) for case in CASES.values()], web=client, n_workers=32)
        patch.undo()
        yield folder/'bears', table, web

@pytest.mark.parametrize('name', CASES)
def test_nasty(nasty, name):
    root, _, _ = nasty
    case, entry = CASES[name], log(root)[CASES[name].url]
    if case.ends not in ('kept', 'copy'):
        assert entry['status'] == 'failed' and case.ends in entry['reason'], entry
        return
    assert entry['status'] == 'ok', entry
    kept = Image.open(root/'nasty'/download._name(entry))
    assert (kept.format, kept.mode) == ('JPEG', 'RGB') and (case.check is None or case.check(kept))
    assert 'exif' not in kept.info

def test_nasty_in_all(nasty):
    "Every case has ended with a photo or with a reason, and nothing else lies about."
    root, table, web = nasty
    kept = sum(case.ends == 'kept' for case in CASES.values())
    assert len(CASES) >= 40 and len(log(root)) == len(CASES)
    assert table.loc['nasty', 'kept'] == kept == len(list((root/'nasty').iterdir()))
    assert sorted(path.name for path in root.iterdir()) == ['.bears', 'metadata.csv', 'nasty']
    assert '1 the same photo twice' in download_why(root)
    assert not any('localhost' in host or '10.0.0.1' in host for host in web.refused)  # not even the proxy was asked for these
    assert not read_folder(root).refused

def download_why(root) -> str:
    results = [ImageResult(case.url) for case in CASES.values()]
    return '; '.join(f'{n} {why}' for why, n in download._choose(root, {'nasty': results}, log(root), 99)[1]['nasty'].items())

def test_a_second_call_fetches_only_what_may_have_changed(engines, tmp_path):
    urls = [f'https://img.example/{i}.jpg' for i in range(5)] + ['https://img.example/0.jpg', 'file:///etc/passwd']
    first = download_images(tmp_path/'bears'/'grizzly', urls=urls)
    asked = dict(engines.web.asked)
    assert download_images(tmp_path/'bears'/'grizzly', urls=urls).equals(first) and engines.web.asked == asked
    assert first.loc['grizzly'].tolist()[:4] == [6, 6, 5, 5]

def test_what_was_down_for_the_moment_is_tried_again_and_what_is_gone_is_not(engines, tmp_path):
    engines.web.sites['img.example'] = lambda request: Answer(b'', 503, {'Retry-After': '999'}) if request.path == '/1.jpg' else Answer(b'', 404)
    urls = [f'https://img.example/{i}.jpg' for i in (1, 2)]
    assert download_images(tmp_path/'b'/'grizzly', urls=urls).loc['grizzly', 'why_not'] == '1 HTTP 503; 1 HTTP 404'
    engines.web.sites['img.example'] = engines.sites['tse.example']
    assert download_images(tmp_path/'b'/'grizzly', urls=urls).loc['grizzly', 'kept'] == 1
    assert engines.web.asked['img.example/2.jpg'] == 1

def test_the_thumbnail_is_the_second_chance(engines, tmp_path):
    engines.web.sites['img.example'] = lambda request: Answer(b'', 404)
    download_images(tmp_path/'b'/'grizzly', urls=[ImageResult('https://img.example/1.jpg', 'https://tse.example/th?id=1')])
    entry, = log(tmp_path/'b').values()
    assert entry['status'] == 'ok' and 'HTTP 404' in entry['reason']

def test_a_url_file_as_in_the_course(engines, tmp_path):
    (tmp_path/'urls.txt').write_text(''.join(f'https://img.example/{i}.jpg\n' for i in range(9)), encoding='utf-8')
    assert download_images(tmp_path/'b'/'grizzly', tmp_path/'urls.txt', max_pics=4).loc['grizzly', 'kept'] == 4

def test_gather_fills_all_classes_with_one_mix(engines, tmp_path):
    table = gather_images(tmp_path/'bears', {'grizzly': 'grizzly bear', 'black': 'black bear', 'teddy': 'teddy bear'}, n=40)
    assert table[['asked', 'kept']].values.tolist() == [[40, 40]]*3
    rows = read_metadata(tmp_path/'bears')
    mix = {label: sorted(row['provider'] for row in rows.values() if row['label'] == label) for label in table.index}
    assert mix['grizzly'] == mix['black'] == mix['teddy'] and set(mix['teddy']) == {'openverse', 'commons', 'duckduckgo'}
    assert all((tmp_path/'bears'/name).exists() for name in rows) and len(rows) == 120
    assert read_folder(tmp_path/'bears').counts == dict(grizzly=40, black=40, teddy=40)

four = {'grizzly': 'grizzly bear', 'black': 'black bear', 'teddy': 'teddy bear', 'panda': 'panda plush'}

@pytest.mark.parametrize('down', [('commons',), ('openverse', 'duckduckgo'), ('commons', 'duckduckgo')], ids='+'.join)
def test_four_classes_of_150_while_sources_are_down(engines, tmp_path, down):
    "With all that the sites allow and forbid, in simulated time; none of them has to refuse us."
    engines.mode |= dict.fromkeys(down, 'blocked')
    table = gather_images(tmp_path/'bears', four, n=150)
    assert table.kept.tolist() == [150]*4
    mixes = [Counter(row['provider'] for row in read_metadata(tmp_path/'bears').values() if row['label'] == label) for label in four]
    assert all(mix == mixes[0] for mix in mixes), mixes
    assert engines.busiest['upload'] <= 2 and engines.refused.keys() <= {f'{name} blocked' for name in down}, engines.refused
    assert sum(engines.clock.slept) < 600

def test_what_is_short_is_said_for_each_class_with_the_next_step(engines, tmp_path, capsys):
    engines.photos = 40
    engines.mode |= dict.fromkeys(('commons', 'inaturalist', 'duckduckgo'), 'blocked')
    table = gather_images(tmp_path/'bears', {'grizzly': 'grizzly', 'teddy': 'a large brown teddy bear'}, n=60)
    assert table.kept.tolist() == [40, 40]
    said = capsys.readouterr().err.splitlines()
    assert "grizzly: 40 of 60 photos (openverse 40). Call again with another term for it, such as {'grizzly': 'other words'}; what is there is kept." in said
    assert 'teddy: 40 of 60 photos (openverse 40). Terms of one to three words find more: every word has to fit. Call again' in '\n'.join(said)
    assert len(said) == len(set(said)), said
    engines.mode.clear()
    table = gather_images(tmp_path/'bears', {'grizzly': 'bear in the wild', 'teddy': 'teddy bear'}, n=60)
    assert table.kept.tolist() == [60, 60] and len(read_metadata(tmp_path/'bears')) == 120

def test_photos_that_fail_are_made_up_for(engines, tmp_path):
    "Two of three addresses lead nowhere: more are searched for until there are enough."
    engines.web.sites['img.example'] = lambda request: Answer(jpeg(request.path)) if zlib.crc32(request.path.encode()) % 3 == 0 else Answer(b'', 404)
    table = gather_images(tmp_path/'bears', ['bear'], n=50, providers=['openverse'])
    assert table.kept.tolist() == [50]

def test_thumbnails_of_openverse_are_no_searches(engines, tmp_path, capsys):
    "No photo is where it was: 60 thumbnails in their place, and nobody waits for the next minute of searches."
    engines.web.sites['img.example'] = lambda request: Answer(b'', 404)
    start = engines.clock.now()
    table = gather_images(tmp_path/'bears', ['bear'], n=60, providers=['openverse'])
    assert table.kept.tolist() == [60] and not engines.refused
    assert 'waiting' not in capsys.readouterr().err and engines.clock.now() - start < 60

def test_gather_again_asks_nobody(engines, tmp_path):
    first = gather_images(tmp_path/'bears', ['grizzly bear', 'teddy bear'], n=10)
    asked, before = dict(engines.web.asked), snapshot(tmp_path/'bears')
    assert gather_images(tmp_path/'bears', ['grizzly bear', 'teddy bear'], n=10).equals(first)
    assert engines.web.asked == asked and snapshot(tmp_path/'bears') == before
    more = gather_images(tmp_path/'bears', ['grizzly bear', 'teddy bear'], n=15)
    assert more['kept'].tolist() == [15, 15] and before.items() <= snapshot(tmp_path/'bears').items()
    assert all(n == 1 for url, n in engines.web.asked.items() if url.startswith(('img.', 'upload.')))

def test_what_was_taken_out_stays_out(engines, tmp_path):
    gather_images(tmp_path/'bears', ['grizzly bear'], n=10)
    asked = dict(engines.web.asked)
    gone, *_ = (tmp_path/'bears'/'grizzly bear').iterdir()
    gone.unlink()
    table = gather_images(tmp_path/'bears', ['grizzly bear'], n=10)
    assert table.loc['grizzly bear', 'kept'] == 9 and '1 taken out since' in table.loc['grizzly bear', 'why_not']
    assert not gone.exists() and engines.web.asked == asked and len(read_metadata(tmp_path/'bears')) == 9

def test_near_copies_are_replaced_by_other_photos(engines, tmp_path):
    copies = {f'/c/{i}.jpg': encoded(photo('one').resize((160 + 2*i, 120 + i)), 'JPEG', quality=60 + i) for i in range(5)}
    engines.web.sites['img.example'] = lambda request: Answer(copies.get(request.path) or jpeg(request.path))
    results = [ImageResult(f'https://img.example/{"c" if i < 5 else "d"}/{i}.jpg') for i in range(12)]
    def mine(term, page, web): return results if page == 1 else []
    table = gather_images(tmp_path/'bears', ['grizzly'], n=6, providers=[mine])
    assert table.loc['grizzly', 'kept'] == 6 and '4 nearly the same photo twice' in table.loc['grizzly', 'why_not']
    assert table.loc['grizzly', 'fetched'] == 10

def test_one_photo_found_for_two_classes_stays_in_the_first(engines, tmp_path):
    def shared(term, page, web): return [ImageResult(f'https://img.example/{"both" if i < 3 else term}/{i}.jpg') for i in range(8)] if page == 1 else []
    table = gather_images(tmp_path/'bears', ['grizzly', 'black'], n=5, providers=[shared])
    assert table['kept'].tolist() == [5, 5] and '3 the same photo as in grizzly' in table.loc['black', 'why_not']
    assert max(engines.web.asked.values()) == 1

CHILD = '''
import sys
from bears_lib.engine.gather.gathering import gather_images
gather_images(sys.argv[1], {'grizzly': 'grizzly bear', 'teddy': 'teddy bear'}, n=40, providers=['openverse', 'commons', 'duckduckgo'])
'''

def test_killed_in_the_middle_and_run_again(engines, tmp_path):
    "Kill -9 at several points: the folder ends as if nothing had happened, and what was logged is not fetched again."
    slow = engines.sites['img.example']
    def site(request):
        time.sleep(0.02)
        return Answer(b'', 404) if request.path.endswith('5.jpg') else slow(request)
    for host in ('img.example', 'upload.wikimedia.org'): engines.web.sites[host] = site
    run = [sys.executable, '-c', CHILD]
    subprocess.run([*run, tmp_path/'calm'], check=True, capture_output=True)
    calm = dict(engines.web.asked)
    engines.web.asked.clear()
    for lines in (10, 50):
        child = subprocess.Popen([*run, tmp_path/'killed'], stderr=subprocess.DEVNULL)
        path = tmp_path/'killed'/'.bears'/'log.jsonl'
        while child.poll() is None and (not path.exists() or path.read_bytes().count(b'\n') < lines): time.sleep(0.005)
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        logged = {url: engines.web.asked[url.removeprefix('https://')] for url in log(tmp_path/'killed')}
    with path.open('ab') as file: file.write(b'{"url": "https://img.exa')  # half a line
    subprocess.run([*run, tmp_path/'killed'], check=True, capture_output=True)
    assert snapshot(tmp_path/'killed') == snapshot(tmp_path/'calm') and len(read_metadata(tmp_path/'killed')) == 80
    photos = {url for url in calm if url.startswith(('img.', 'upload.'))}
    assert photos == {url for url in engines.web.asked if url.startswith(('img.', 'upload.'))}
    assert {url: engines.web.asked[url.removeprefix('https://')] for url in logged} == logged  # nothing twice that was logged
    assert sum(engines.web.asked[url] - 1 for url in photos) <= 2*8  # and only what was under way at each kill

def test_ctrl_c_keeps_what_has_arrived(engines, tmp_path, capsys, monkeypatch):
    real, count = download.Log.add, []
    def add(self, entry):
        real(self, entry)
        count.append(entry)
    monkeypatch.setattr(download.Log, 'add', add)
    monkeypatch.setattr(download, 'progress', lambda items, what, total: interrupted(items))
    def interrupted(items):
        for i, each in enumerate(items):
            if i == 20: raise KeyboardInterrupt
            yield each
    with pytest.raises(KeyboardInterrupt): gather_images(tmp_path/'bears', ['grizzly bear'], n=60)
    there = len(list((tmp_path/'bears'/'grizzly bear').iterdir()))
    assert 20 <= there < 60 and there == len(read_metadata(tmp_path/'bears')) == len(count)
    assert f'{there} photos are fetched; the same call goes on' in capsys.readouterr().err
    monkeypatch.undo()

def test_a_full_disk_loses_nothing(engines, tmp_path, monkeypatch, capsys):
    real, left = Path.write_bytes, [12]
    def write(path, data):
        if path.suffix == '.jpg':
            left[0] -= 1
            if left[0] < 0:
                real(path, data[:100])
                raise OSError(28, 'No space left on device')
        return real(path, data)
    monkeypatch.setattr(Path, 'write_bytes', write)
    with pytest.raises(BearsError, match="Can't write in .*No space left"): gather_images(tmp_path/'bears', ['grizzly bear'], n=60)
    assert len(read_metadata(tmp_path/'bears')) == len(list((tmp_path/'bears'/'grizzly bear').iterdir())) == 12
    left[0] = 1000
    assert gather_images(tmp_path/'bears', ['grizzly bear'], n=60).loc['grizzly bear', 'kept'] == 60
    assert not read_folder(tmp_path/'bears').refused

@pytest.mark.skipif(not Path('/dev/full').exists(), reason='needs /dev/full')
def test_a_log_that_cannot_be_written_is_a_sentence(engines, tmp_path):
    (tmp_path/'.bears').mkdir()
    log = download.Log(tmp_path)
    log.path.symlink_to('/dev/full')
    with pytest.raises(BearsError, match='No space left'): log.add({'url': 'https://img.example/1.jpg'})
    assert not log.entries

def test_a_folder_that_another_run_is_writing(engines, tmp_path):
    hold = 'import sys, time\nfrom bears_lib.engine.gather.download import open_target\nwith open_target(sys.argv[1]):\n    print("held", flush=True)\n    time.sleep(60)'
    with subprocess.Popen([sys.executable, '-c', hold, tmp_path/'bears'], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == 'held\n'
        with pytest.raises(BearsError, match='Another run is writing'): gather_images(tmp_path/'bears', ['grizzly bear'], n=5)
        other.kill()
    assert gather_images(tmp_path/'bears', ['grizzly bear'], n=5).loc['grizzly bear', 'kept'] == 5  # the lock ended with its process

def test_all_providers_down_the_sample_serves_all_classes_or_none(engines, tmp_path, monkeypatch, capsys):
    for label in ('grizzly', 'teddy'):
        (tmp_path/'sample'/label).mkdir(parents=True)
        for i in range(4): photo(f'{label}{i}').save(tmp_path/'sample'/label/f'{i}.jpg')
    monkeypatch.setattr(providers, 'sample_folder', lambda: tmp_path/'sample')
    classes = {'grizzly': 'grizzly bear', 'teddy': 'teddy bear'}
    engines.mode |= dict.fromkeys(('inaturalist', 'openverse', 'commons', 'duckduckgo', 'bing'), 'blocked')
    table = gather_images(tmp_path/'drawn', classes, n=4)
    assert table['kept'].tolist() == [4, 4] and 'drawn bears' in capsys.readouterr().err
    assert {row['provider'] for row in read_metadata(tmp_path/'drawn').values()} == {'sample'}
    engines.mode.clear()
    providers.resting.clear()
    with pytest.raises(BearsError, match='holds the drawn bears'): gather_images(tmp_path/'drawn', classes, n=8)
    table = gather_images(tmp_path/'half', {'grizzly': 'grizzly bear', 'none': 'xyz'}, n=4, providers=['inaturalist', 'sample'])
    assert table['kept'].tolist() == [4, 0] and table.loc['none', 'why_not'] == 'nothing found'

def make_zip(path, members): 
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items(): archive.writestr(name, data)
    return path

def test_zip_archives_good_and_bad(engines, tmp_path, capsys):
    good = {f'set/grizzly/{i}.jpg': jpeg(f'zip{i}') for i in range(3)}
    bad = {'../../evil.jpg': jpeg('evil'), '/abs.jpg': jpeg('abs'), 'set/grizzly/bomb.jpg': bytes(70_000_000), 'set/grizzly/text.jpg': b'hello'}
    path = make_zip(tmp_path/'photos.zip', good | bad)
    table = gather_images(tmp_path/'deep'/'bears', {'grizzly': path}, n=10)
    assert table.loc['grizzly', 'kept'] == 3
    assert '1 larger than 60 MB' in table.loc['grizzly', 'why_not'] and 'not a picture' in table.loc['grizzly', 'why_not']
    assert not list(tmp_path.rglob('evil*')) and not list(tmp_path.rglob('abs.jpg'))
    assert [Path(each.member).name for each in search.search_images('grizzly bear', providers=[path])] == ['0.jpg', '1.jpg', '2.jpg', 'bomb.jpg', 'text.jpg']
    assert 'lead out of the archive' in search.search_images('grizzly', providers=[path]).rows[0]['answer']
    (tmp_path/'broken.zip').write_bytes(b'PK\x03\x04 not really')
    with pytest.raises(BearsError, match='Nothing was found'): gather_images(tmp_path/'b', {'grizzly': tmp_path/'broken.zip'})
    assert 'not a zip archive that can be read' in capsys.readouterr().err

@pytest.mark.parametrize('classes, n, says', [({}, 5, 'No class is given'), ([], 5, 'No class is given'), (['bear', 'Bear'], 5, 'given twice'), ({'a': 'x', 'b': 'X'}, 5, 'given twice'),
    (['grizzly'], 0, 'n is 0'), (['grizzly'], 9999, 'from 1 to 5000'), (['a/b'], 5, "can't be the name"), (['..'], 5, "can't be the name"), (['grizzly', 'Con'], 5, "can't be the name"), (['lpt1.bears'], 5, 'none of Windows'), (['bear.'], 5, "can't be the name"), ({'a': ' '}, 5, 'is empty')])
def test_bad_input(engines, tmp_path, classes, n, says):
    with pytest.raises(BearsError, match=says): gather_images(tmp_path/'bears', classes, n=n)
    assert not engines.web.asked

def test_words_of_strangers_do_no_harm(engines, tmp_path):
    "Half characters, NUL, markup, newlines and huge numbers in what a provider tells."
    def odd(term, page, web): return [ImageResult('https://img.example/\ud800.jpg', title='\ud83d', author='Jo\n"<script>, \0x', license='=cmd()', width=10**30)] if page == 1 else []
    assert gather_images(tmp_path/'bears', ['grizzly'], n=1, providers=[odd]).loc['grizzly', 'kept'] == 1
    row, = read_metadata(tmp_path/'bears').values()
    assert row['author'] == 'Jo "<script>, x' and row['license'] == 'unknown' and '<script>' not in attribution(tmp_path/'bears').read_text(encoding='utf-8')

def test_one_odd_answer_does_not_stop_the_others(engines, tmp_path, monkeypatch):
    real = keeping.to_jpeg
    monkeypatch.setattr(keeping, 'to_jpeg', lambda data, side: real(data, side) if data != jpeg("/2.jpg[]") else 1/0)
    table = download_images(tmp_path/'b'/'grizzly', urls=[f'https://img.example/{i}.jpg' for i in range(5)])
    assert table.loc['grizzly', 'kept'] == 4 and table.loc['grizzly', 'why_not'] == '1 failed (ZeroDivisionError)'

def test_processes_keep_the_same_photos_and_end_with_the_run(engines, tmp_path, monkeypatch):
    urls, started, real = [f'https://img.example/{i}.jpg' for i in range(30)], [], keeping.Worker
    monkeypatch.setattr(keeping, 'Worker', lambda *args: started.append(real(*args)) or started[-1])
    download_images(tmp_path/'here'/'grizzly', urls=urls)
    assert not started
    monkeypatch.setattr(keeping, 'few', 3)
    download_images(tmp_path/'apart'/'grizzly', urls=urls)
    assert 1 <= len(started) <= os.cpu_count() and all(worker.process.returncode is not None for worker in started)
    assert snapshot(tmp_path/'apart') == snapshot(tmp_path/'here')

def test_without_processes_photos_are_opened_here(engines, tmp_path, monkeypatch):
    def refused(*args):
        raise OSError(12, 'Cannot allocate memory')
    monkeypatch.setattr(keeping, 'few', 0)
    monkeypatch.setattr(decoding, '_started', refused)
    table = download_images(tmp_path/'b'/'grizzly', urls=[f'https://img.example/{i}.jpg' for i in range(5)])
    assert table.loc['grizzly', 'kept'] == 5, table.to_string()

def test_photos_are_opened_while_others_are_fetched(engines, tmp_path, monkeypatch):
    "Two fetches at once, and two photos that are being opened: the next fetch does not wait for these."
    asked, opened, real, asking = threading.Semaphore(0), threading.Event(), keeping.kept_form, Web.get
    def slow(*args):
        assert opened.wait(20)
        return real(*args)
    def get(*args, **more):
        asked.release()
        return asking(*args, **more)
    monkeypatch.setattr(keeping, 'kept_form', slow)
    monkeypatch.setattr(Web, 'get', get)
    def look():
        fine.extend(asked.acquire(timeout=15) for _ in range(4))
        opened.set()
    fine = []
    watch = threading.Thread(target=look)
    watch.start()
    download_images(tmp_path/'b'/'grizzly', urls=[f'https://img.example/{i}.jpg' for i in range(6)], n_workers=2)
    watch.join()
    assert fine == [True]*4

def test_a_file_where_a_class_should_be(engines, tmp_path):
    (tmp_path/'bears').mkdir()
    (tmp_path/'bears'/'grizzly').write_text('mine', encoding='utf-8')
    with pytest.raises(BearsError, match='is a file, where the folder of a class should be'): gather_images(tmp_path/'bears', ['grizzly'], n=2, providers=['openverse'])

def test_a_target_that_is_a_file_or_a_term_with_nothing(engines, tmp_path):
    (tmp_path/'file').write_text('mine', encoding='utf-8')
    with pytest.raises(BearsError, match='is a file'): gather_images(tmp_path/'file', ['grizzly'])
    with pytest.raises(BearsError, match='is a file'): download_images(tmp_path/'file', urls=['https://img.example/1.jpg'])
    assert (tmp_path/'file').read_text(encoding='utf-8') == 'mine'
    engines.photos = 0
    with pytest.raises(BearsError, match='Nothing was found for xyz'): gather_images(tmp_path/'bears', ['xyz'], n=5, providers=['openverse'])

def test_licences_and_credits(engines, tmp_path):
    gather_images(tmp_path/'bears', ['grizzly bear'], n=20)
    credits = attribution(tmp_path/'bears').read_text(encoding='utf-8')
    assert 'For 5 of them the licence is **unknown**' in credits and 'Jo &#38; Co' in credits and 'licenses/by-sa/2.0' in credits
    assert licensed_copy(tmp_path/'bears', tmp_path/'public') == 15
    table = gather_images(tmp_path/'open', ['grizzly bear'], n=20, licensed=True)
    assert table.loc['grizzly bear', 'kept'] == 20 and all(row['license'] != 'unknown' for row in read_metadata(tmp_path/'open').values())
    with pytest.raises(BearsError, match='there already'): licensed_copy(tmp_path/'bears', tmp_path/'public')

def test_the_folder_loads_in_hugging_face_datasets(engines, tmp_path):
    "With its table, in which the class is a word, and so does the copy for publishing."
    import datasets
    gather_images(tmp_path/'bears', ['grizzly bear', 'teddy bear'], n=5)
    write_metadata(tmp_path/'bears', [row | {'license': 'cc-by-nc-4.0'} for row in read_metadata(tmp_path/'bears').values()])
    licensed_copy(tmp_path/'bears', tmp_path/'public')
    for folder in ('bears', 'public'):
        loaded = datasets.load_dataset('imagefolder', data_dir=str(tmp_path/folder), split='train', cache_dir=str(tmp_path/'cache'/folder))
        assert len(loaded) == 10 and Counter(loaded['label']) == {'grizzly bear': 5, 'teddy bear': 5} and loaded[0]['sha256'].startswith('s:')
        assert set(loaded['license']) == {'cc-by-nc-4.0'} and max(loaded[0]['image'].size) > 32

def test_the_command(engines, tmp_path):
    (tmp_path/'bears-gather').write_text('import sys\nfrom bears_lib.engine.gather.gathering import bears_gather\nsys.exit(bears_gather())\n', encoding='utf-8')
    def call(*words): return subprocess.run([sys.executable, tmp_path/'bears-gather', *map(str, words)], capture_output=True, text=True)
    done = call(tmp_path/'bears', '--classes', 'grizzly=grizzly bear,teddy bear', '--n', 5, '--json')
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert {label: each['kept'] for label, each in result['classes'].items()} == {'grizzly': 5, 'teddy bear': 5}
    assert call(tmp_path/'bears').returncode == 2
    assert 'given twice' in call(tmp_path/'b', '--classes', 'bear,bear').stderr

def test_a_word_is_searched_for_even_if_a_folder_is_called_so(engines, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for label in ('cats', 'dogs'):
        Path(label).mkdir()
        Path(label, 'mine.jpg').write_bytes(jpeg(label))
    table = gather_images('found', ['cats', 'dogs'], n=3, providers=['openverse'])
    assert table['kept'].tolist() == [3, 3] and {row['provider'] for row in read_metadata('found').values()} == {'openverse'}
    assert "'cats' is searched for. There is a folder of that name here as well; to take its photos instead, give './cats'." in capsys.readouterr().err
    for i, (cats, dogs) in enumerate([(Path('cats'), Path('dogs')), ('./cats', './dogs'), (['cats'], ['dogs']), (str(tmp_path/'cats'), str(tmp_path/'dogs'))]):
        assert gather_images(f'own {i}', {'cats': cats, 'dogs': dogs}, n=3)['kept'].tolist() == [1, 1]
    assert 'is searched for' not in capsys.readouterr().err

def test_a_plan_of_a_stranger_takes_no_file_of_this_disk(engines, tmp_path):
    secret = tmp_path/'private.jpg'
    secret.write_bytes(jpeg('private'))
    make_zip(tmp_path/'private.zip', {'in.jpg': jpeg('in it')})
    rows = [dict(image_url=url, query='grizzly', provider='folder', file=str(path), member=member) for url, path, member in
            [('folder:x/1.jpg', secret, ''), ('https://img.example/none-1.jpg', secret, ''), (f'file://{secret}', secret, ''), ('zip:x/in.jpg', tmp_path/'private.zip', 'in.jpg'), ('sample:../../../../private.jpg', secret, '')]]
    rows += [1, None, [], {'image_url': 5}, {'image_url': 'https://img.example/y.jpg', 'width': '5', 'title': 'x'*10_000, 'unknown': 1}]
    for plan in (json.dumps({'grizzly': rows, 'x': 5}), '['*100_000, '[]', 'NaN', ''):
        bears = tmp_path/f'bears {len(plan)}'
        (bears/'.bears').mkdir(parents=True)
        (bears/'.bears'/'plan.json').write_text(plan, encoding='utf-8')
        gather_images(bears, ['grizzly'], n=4, providers=['openverse'])
        kept = {path.read_bytes() for path in bears.rglob('*.jpg')}
        assert kept and not kept & {keeping.to_jpeg(jpeg(each))[0] for each in ('private', 'in it')}

def test_ones_own_folder_is_asked_again(engines, tmp_path):
    "After an interruption, and when photos were added."
    for i in range(3):
        (tmp_path/'mine'/'deep').mkdir(parents=True, exist_ok=True)
        (tmp_path/'mine'/'deep'/f'{i}.jpg').write_bytes(jpeg(f'mine {i}'))
    for n, more in ((2, False), (3, False), (9, True)):
        if more: (tmp_path/'mine'/'4.jpg').write_bytes(jpeg('mine 4'))
        table = gather_images(tmp_path/'bears', {'grizzly': tmp_path/'mine', 'teddy': 'teddy bear'}, n=n, providers=['openverse'])
        assert table['kept'].tolist() == [min(n, 3 + more), n]
    assert str(tmp_path) not in (tmp_path/'bears'/'.bears'/'plan.json').read_text(encoding='utf-8')

def test_a_zip_that_was_replaced_is_read_anew(engines, tmp_path):
    path = make_zip(tmp_path/'photos.zip', {'a.jpg': jpeg('first')})
    for name, photo in (('one', 'first'), ('two', 'second')):
        make_zip(path, {'a.jpg': jpeg(photo)})
        gather_images(tmp_path/'bears', {name: path}, n=1)
        assert [each.read_bytes() for each in (tmp_path/'bears'/name).iterdir()] == [keeping.to_jpeg(jpeg(photo))[0]]
    if Path('/proc/self/fd').exists(): assert not [each for each in Path('/proc/self/fd').iterdir() if each.is_symlink() and each.resolve() == path.resolve()]

def test_members_that_are_locked_or_lie(engines, tmp_path):
    "Each has one reason, and the others are taken."
    path = make_zip(tmp_path/'photos.zip', {f'{i}.jpg': jpeg(f'member {i}') for i in range(4)})
    data = bytearray(path.read_bytes())
    for i, flag in ((1, 1), (2, 0)):  # a password; a wrong sum
        for start in (b'PK\x03\x04', b'PK\x01\x02'):
            at = [k for k in range(len(data)) if data[k:k + 4] == start][i]
            skip = 6 if start == b'PK\x03\x04' else 8
            if flag: data[at + skip] |= 1
            else: data[at + skip + 8] ^= 255
    path.write_bytes(data)
    table = gather_images(tmp_path/'bears', {'grizzly': path}, n=9)
    assert table.loc['grizzly', 'kept'] == 2 and '1 locked by a password in its archive' in table.loc['grizzly', 'why_not'] and 'Bad CRC' in table.loc['grizzly', 'why_not']

def test_a_log_of_a_stranger(tmp_path):
    good = dict(url='https://img.example/1.jpg', status='ok', sha256='a'*64, hashes=['0'*16]*8, width=5, height=5, at='2026')
    bad = [good | {'sha256': '../../../x'}, good | {'hashes': ['x']*8}, good | {'hashes': []}, good | {'width': 'x'}, good | {'url': 5}, good | {'status': 'odd'}, good | {'source_sha256': {}}, good | {'source_sha256': 'x'}, [], 5, {'url': 'x', 'status': 'failed', 'reason': 1}]
    (tmp_path/'.bears').mkdir()
    (tmp_path/'.bears'/'log.jsonl').write_text('\n'.join(['['*40_000, *map(json.dumps, bad), 'x'*100_000, json.dumps(good)]) + '\n', encoding='utf-8')
    assert log(tmp_path) == {good['url']: good}

def test_links_that_lead_out_are_not_written_through(engines, tmp_path):
    gather_images(tmp_path/'bears', ['grizzly bear'], n=2)
    (tmp_path/'mine').write_text('mine', encoding='utf-8')
    (tmp_path/'bears'/'CREDITS.md').symlink_to(tmp_path/'mine')
    with pytest.raises(BearsError, match='leads out of'): attribution(tmp_path/'bears')
    assert (tmp_path/'mine').read_text(encoding='utf-8') == 'mine'
