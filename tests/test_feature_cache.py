"The cache of features: right numbers or none, whatever happens to its file, and never an error."
import os, random, signal, sqlite3, subprocess, sys, time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from bears_lib.engine.features import feature_cache
from bears_lib.engine.features.feature_cache import Cache, cache_size, empty_cache, feature_folder

names = [sha256(str(i).encode()).hexdigest() for i in range(4000)]

def value_of(name:str, size:int=600) -> bytes: return random.Random(name).randbytes(size)
def values(first:int, last:int, size:int=600) -> dict[str, bytes]: return {name: value_of(name, size) for name in names[first:last]}
def file_of(folder:Path) -> Path: return folder/'cache.sqlite'

@pytest.fixture(autouse=True)
def nothing_said(monkeypatch): monkeypatch.setattr(feature_cache, '_said', {})

@pytest.fixture
def said(capfd):
    "The lines that a person has seen since the last call."
    return lambda: capfd.readouterr().err.splitlines()

@pytest.fixture
def full(tmp_path):
    "A folder with 200 entries."
    Cache('features', tmp_path/'cache').put(values(0, 200))
    return tmp_path/'cache'

def writer(folder:Path, first:int, last:int, per:int, *, forever:bool=False) -> subprocess.Popen:
    "Another process that puts entries, some at a time, and prints how many it has put."
    code = f'''
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_feature_cache import Cache, values
from pathlib import Path
cache = Cache('features', Path({str(folder)!r}))
while True:
    for i in range({first}, {last}, {per}):
        cache.put(values(i, min(i + {per}, {last})))
        print(i + {per}, flush=True)
    if not {forever}: break
'''
    return subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

# ---- What is kept ----

def test_what_was_put_is_got(full, said):
    found = Cache('features', full).get([*names[100:300], names[100]])
    assert found == values(100, 200) and said() == []
    Cache('features', full).put({names[0]: b'', names[1]: b'new'})
    assert Cache('features', full).get(names[:3]) == {names[0]: b'', names[1]: b'new', names[2]: value_of(names[2])}

def test_other_kinds_never_mix(full):
    others = [Cache(kind, full) for kind in ('features2', 'feature', '', 'Features', 'features\0')]
    assert [other.get(names) for other in others] == [{}]*5
    for i, other in enumerate(others): other.put({names[0]: bytes([i])})
    assert [other.get(names) for other in others] == [{names[0]: bytes([i])} for i in range(5)]
    assert Cache('features', full).get(names[:1]) == values(0, 1)
    joined = Cache('ab', full)
    joined.put({'c': b'1'})
    assert Cache('a', full).get(['bc']) == {}

def test_reading_makes_nothing(tmp_path):
    assert Cache('features', tmp_path/'none').get(names) == {} and cache_size(tmp_path/'none') == 0 == empty_cache(tmp_path/'none')
    assert list(tmp_path.iterdir()) == []

@pytest.mark.skipif(os.name == 'nt', reason='Windows has no such modes')
def test_the_folder_is_the_user_s_own(full): assert full.stat().st_mode & 0o777 == 0o700

def test_only_hashes_and_numbers_are_stored(full):
    whole = file_of(full).read_bytes()
    assert value_of(names[5]) in whole
    assert names[5].encode() not in whole and bytes.fromhex(names[5]) not in whole and b'features' not in whole

# ---- Where ----

def test_where_it_lies(monkeypatch, tmp_path):
    monkeypatch.setenv('BEARS_CACHE', str(tmp_path))
    assert feature_folder() == tmp_path == Cache('features').folder
    for off in ('', ' ', 'off', 'OFF'):
        monkeypatch.setenv('BEARS_CACHE', off)
        assert feature_folder() is None and cache_size() == 0 == empty_cache()
        cache = Cache('features')
        cache.put(values(0, 2))
        assert cache.get(names) == {}
    monkeypatch.delenv('BEARS_CACHE')
    for system, given, place in (('linux', '', '.cache'), ('darwin', '', 'Library/Caches'), ('linux', 'relative', '.cache'), ('darwin', f'{tmp_path}/x', 'x')):
        monkeypatch.setenv('HOME', str(tmp_path))
        monkeypatch.setenv('USERPROFILE', str(tmp_path))
        monkeypatch.setenv('XDG_CACHE_HOME', given)
        monkeypatch.setattr('sys.platform', system)
        assert feature_folder() == tmp_path/place/'bears_lib'/'features'
    monkeypatch.setattr('sys.platform', 'win32')
    monkeypatch.setenv('XDG_CACHE_HOME', '')
    monkeypatch.setenv('LOCALAPPDATA', str(tmp_path/'Local'))
    assert feature_folder() == tmp_path/'Local'/'bears_lib'/'features'

def test_the_tests_leave_the_user_s_cache_alone():
    assert 'bears_cache_' in str(feature_folder()) and Path.home() not in feature_folder().parents

# ---- Damage ----

def test_a_changed_byte_is_a_miss(full, said):
    whole = bytearray(file_of(full).read_bytes())
    whole[whole.index(value_of(names[7])) + 100] ^= 1
    file_of(full).write_bytes(whole)
    cache = Cache('features', full)
    assert cache.get(names) == {name: value for name, value in values(0, 200).items() if name != names[7]}
    cache.put(values(7, 8))
    assert cache.get(names) == values(0, 200) and said() == []

def test_a_value_under_another_key_is_a_miss(full):
    db = sqlite3.connect(file_of(full))
    db.execute('UPDATE entries SET value = (SELECT value FROM entries LIMIT 1)')
    db.commit()
    db.close()
    assert len(Cache('features', full).get(names)) == 1

def test_whatever_byte_is_changed_no_wrong_number_comes_out(full):
    whole, right = file_of(full).read_bytes(), values(0, 200)
    rng, states = random.Random(1), set()
    for i in range(150):
        at = rng.randrange(0, 200) if i < 60 else rng.randrange(len(whole)//4096)*4096 + rng.randrange(0, 60 if i < 120 else 4096)
        file_of(full).write_bytes(whole[:at] + rng.randbytes(1 + i % 4) + whole[at + 1 + i % 4:])
        cache = Cache('features', full)
        found = cache.get(names[:210])
        assert found.items() <= right.items()
        cache.put(values(190, 210))
        assert cache.get(names[190:210]).items() <= values(190, 210).items()
        states.add('all' if found == right else 'some' if found else 'none')
    assert states == {'all', 'some', 'none'}

def lay_garbage(file): file.write_bytes(random.Random(0).randbytes(50_000))
def cut(file): file.write_bytes(file.read_bytes()[:file.stat().st_size//2 + 100])
def drop_the_table(file):
    db = sqlite3.connect(file)
    db.execute('DROP TABLE entries')
    db.execute('CREATE TABLE entries(other)')
    db.close()

@pytest.mark.parametrize('first', ['get', 'put'])
@pytest.mark.parametrize('harm', [lay_garbage, cut, drop_the_table])
def test_a_damaged_file_is_moved_aside_and_a_new_one_begun(harm, first, full, said):
    harm(file_of(full))
    harmed, aside = file_of(full).read_bytes(), full/'cache.sqlite.damaged'
    aside.write_bytes(b'an older one')
    cache = Cache('features', full)
    if first == 'get': assert cache.get(names).items() <= values(0, 200).items()
    cache.put(values(200, 300))
    assert cache.get(names[200:300]) == values(200, 300)
    assert aside.read_bytes() == harmed
    lines = said()
    assert len(lines) == 1 and 'is set aside as cache.sqlite.damaged' in lines[0]
    assert empty_cache(full) > len(harmed) and not aside.exists()

def test_a_file_of_another_version_is_set_aside(full, said):
    db = sqlite3.connect(file_of(full))
    db.execute(f'PRAGMA user_version={feature_cache.version + 1}')
    db.close()
    cache = Cache('features', full)
    assert cache.get(names) == {}
    cache.put(values(0, 10))
    assert cache.get(names) == values(0, 10) and (full/'cache.sqlite.other_version').exists()
    lines = said()
    assert len(lines) == 1 and 'another version of bears_lib' in lines[0]

def test_of_two_that_see_damage_only_one_moves_the_file(full):
    seen = feature_cache._inode(file_of(full))
    lay_garbage(file_of(full))
    Cache('features', full).put(values(0, 5))
    feature_cache._set_aside(file_of(full), sqlite3.DatabaseError('file is not a database'), seen)
    assert Cache('features', full).get(names) == values(0, 5)

# ---- Trouble ----

def goes_on(cache:Cache) -> None:
    for i in range(3):
        cache.put(values(i, i + 1))
        assert cache.get(names[i:i + 1]) == {}

def one_line(lines:list[str], *words:str) -> None:
    assert len(lines) == 1 and all(word in lines[0] for word in (*words, 'BEARS_CACHE=FOLDER')), lines

def test_a_file_in_place_of_the_folder(tmp_path, said):
    (tmp_path/'file').write_bytes(b'')
    goes_on(Cache('features', tmp_path/'file'))
    goes_on(Cache('other features', tmp_path/'file'))
    one_line(said(), f"The cache in {tmp_path/'file'} can't be written", 'a file has the name of the folder')
    goes_on(Cache('features', tmp_path/'file'/'below'))
    one_line(said(), "can't be written")

@pytest.mark.skipif(not Path('/proc/self').exists(), reason='only Linux has /proc')
def test_a_folder_that_nobody_may_write_to(said):
    goes_on(Cache('features', '/proc/bears'))
    one_line(said(), "The cache in /proc/bears can't be written")
    goes_on(Cache('features', '/proc'))
    one_line(said(), "The cache in /proc can't be written", 'permission is missing')

def test_a_folder_in_place_of_the_file(tmp_path, said):
    file_of(tmp_path).mkdir()
    cache = Cache('features', tmp_path)
    goes_on(cache)
    assert empty_cache(tmp_path) == 0
    assert [line.split('(')[0] for line in said()] == [f"The cache in {tmp_path} can't be {what} " for what in ('written', 'read', 'emptied')]

def reopened(monkeypatch, *pragmas:str) -> None:
    "Each connection is as on a disk of that kind."
    plain = feature_cache._open
    def opened(path):
        db = plain(path)
        for pragma in pragmas: db.execute(f'PRAGMA {pragma}')
        return db
    monkeypatch.setattr(feature_cache, '_open', opened)

def test_a_full_disk(full, said, monkeypatch):
    reopened(monkeypatch, 'max_page_count=50')
    cache = Cache('features', full)
    for i in range(3):
        cache.put(values(200, 400))
        assert cache.get(names[:200]) == values(0, 200)
    assert cache.get(names[200:]) == {}
    one_line(said(), "can't be written", 'the disk is full')

def test_a_disk_that_can_only_be_read(full, said, monkeypatch):
    later = time.time() + 10_000
    monkeypatch.setattr('time.time', lambda: later)
    reopened(monkeypatch, 'query_only=1')
    cache = Cache('features', full)
    cache.put(values(200, 201))
    cache.put(values(201, 202))
    assert cache.get(names) == values(0, 200)
    one_line(said(), "can't be written", 'it is read-only')

def test_a_lock_that_is_never_given_back(full, said, monkeypatch):
    monkeypatch.setattr(feature_cache, 'patience', 0.3)
    other = sqlite3.connect(file_of(full), isolation_level=None)
    other.execute('BEGIN EXCLUSIVE')
    cache, start = Cache('features', full), time.monotonic()
    for _ in range(20):
        cache.put(values(200, 201))
        assert cache.get(names) == {}
    assert time.monotonic() - start < 5
    assert ['keeps it locked' in line for line in said()] == [True, True]
    other.close()
    assert Cache('features', full).get(names) == values(0, 200)

def test_a_name_that_is_not_utf8(tmp_path):
    place = tmp_path/os.fsdecode(b'caf\xe9 ?#%')
    try: place.mkdir()
    except OSError: pytest.skip('this disk holds no such names')
    Cache('features', place).put(values(0, 3))
    assert Cache('features', place).get(names) == values(0, 3)

# ---- Several at once ----

def test_two_processes_at_once(tmp_path):
    both = [writer(tmp_path/'cache', first, first + 2000, 40) for first in (0, 2000)]
    for one in both:
        assert one.communicate(timeout=120)[1] == '' and one.returncode == 0
    assert Cache('features', tmp_path/'cache').get(names) == values(0, 4000)

def test_a_writer_that_is_killed(tmp_path, said):
    rng = random.Random(2)
    for i in range(5):
        folder = tmp_path/f'cache{i}'
        one = writer(folder, 0, 4000, 200, forever=True)
        done = int(one.stdout.readline())
        time.sleep(rng.random()/4)
        one.send_signal(signal.SIGKILL if hasattr(signal, 'SIGKILL') else signal.SIGTERM)
        done = max([done, *map(int, one.communicate()[0].split())])
        found = Cache('features', folder).get(names)
        assert found.items() >= values(0, done).items() and found.items() <= values(0, 4000).items()
        Cache('features', folder).put(values(0, 4000))
        assert Cache('features', folder).get(names) == values(0, 4000)
    assert said() == []

def test_threads_share_a_cache(tmp_path, said):
    cache = Cache('features', tmp_path/'cache')
    def work(i:int) -> bool:
        cache.put(values(i*50, i*50 + 50))
        return cache.get(names[i*50:i*50 + 50]) == values(i*50, i*50 + 50)
    with ThreadPoolExecutor(8) as pool: assert all(pool.map(work, range(24)))
    assert cache.get(names) == values(0, 1200) and said() == []

@pytest.mark.skipif(not hasattr(os, 'fork'), reason='this system does not fork')
def test_a_cache_goes_through_a_fork(full):
    cache = Cache('features', full)
    assert len(cache.get(names)) == 200
    child = os.fork()
    if child == 0:
        cache.put(values(200, 300))
        os._exit(0 if cache.get(names) == values(0, 300) else 1)
    assert os.waitpid(child, 0)[1] == 0 and cache.get(names) == values(0, 300)

# ---- Bounds ----

@pytest.mark.parametrize('size', [40, 600, 2100, 5120, 20_000])
def test_the_file_stays_below_its_bound_and_keeps_what_was_used_last(size, tmp_path, monkeypatch):
    now, most = [1_700_000_000.], 1_000_000
    monkeypatch.setattr('time.time', lambda: now[0])
    cache, per = Cache('features', tmp_path, most=most), max(1, 40_000//size)
    cache.put(values(0, per, size))
    rounds = 0
    for i in range(per, min(4000, per*60), per):
        now[0] += 4000
        assert cache.get(names[:per]) == values(0, per, size), 'used in each round, it has to stay'
        cache.put(values(i, i + per, size))
        assert cache_size(tmp_path) <= most
        rounds += 1
    there = cache.get(names)
    found = [name in there for name in names[:per*(rounds + 1)]]
    kept = found.index(True, per)
    if size > 40: assert not all(found) and all(found[kept:]), 'the oldest go first'
    if size > 40: assert file_of(tmp_path).stat().st_size > 0.75*most, 'it is used to the full'

def test_a_lower_bound_shrinks_the_file(full):
    Cache('features', full).put(values(200, 2200))
    before = cache_size(full)
    lower = Cache('features', full, most=500_000)
    lower.put(values(2200, 2210))
    assert cache_size(full) <= 500_000 < before and lower.get(names[2200:]) == values(2200, 2210)
    assert len(lower.get(names)) > 300

def test_what_is_too_large_is_not_kept(tmp_path):
    cache = Cache('features', tmp_path, most=100_000)
    cache.put({names[0]: bytes(200_000), names[1]: b'small'})
    assert cache.get(names) == {names[1]: b'small'} and cache_size(tmp_path) < 50_000
    for most in (0, -1, 5000):
        Cache('features', tmp_path, most=most).put(values(2, 4))
    assert len(cache.get(names[2:])) == 0

def test_it_is_emptied(full):
    before = cache_size(full)
    assert before > 120_000
    assert empty_cache(full) == before - cache_size(full) > 100_000
    cache = Cache('features', full)
    assert cache.get(names) == {}
    cache.put(values(0, 200))
    assert cache.get(names) == values(0, 200)

def test_a_head_is_remembered_under_the_constants_that_decide_it(tmp_path, monkeypatch):
    "Another choice of strengths, of doubt or of folds gives another head, and the first one is still there afterwards."
    from types import SimpleNamespace
    from bears_lib.engine.core.folders import Photo
    from bears_lib.engine.features import linear_probe
    from bears_lib.engine.train import fitting
    monkeypatch.setenv('BEARS_CACHE', str(tmp_path))
    fits, fit = [], linear_probe.fit_linear
    monkeypatch.setattr(fitting, 'fit_linear', lambda *args: (fits.append(1), fit(*args))[1])
    classes = np.arange(24) % 2
    features = np.random.default_rng(0).normal(classes[:, None], 1, (1, 24, 6)).astype(np.float16)
    photos = [Photo(tmp_path/f'{i}.jpg', str(i % 2), sha256=f'{i:064x}', group=str(i)) for i in range(24)]
    def head(): return fitting._fit_head(SimpleNamespace(kind=lambda: 'a body'), photos, features, classes)
    first = head()
    assert head().strength == first.strength and len(fits) == 1
    for constant, value in (('strengths', (3., 5., 7.)), ('doubt', 0.51), ('most_folds', 3), ('many_photos', 10)):
        with monkeypatch.context() as patch:
            patch.setattr(linear_probe, constant, value)
            fits.clear()
            assert constant != 'strengths' or head().strength in value
            head()
            assert len(fits) == 1, constant
    fits.clear()
    assert head().strength == first.strength and not fits
