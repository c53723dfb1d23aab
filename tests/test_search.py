"The real search clients, over TLS, against a web on this machine."
from collections import Counter
import subprocess, sys, time, warnings

import pytest

from bears_lib.engine import search
from bears_lib.engine.common import BearsError
from bears_lib.engine.search import ImageResult, search_images, search_images_ddg
from bears_lib.engine.web import Web
from loopback.fixtures import engines  # noqa: F401

ONLINE = ['inaturalist', 'openverse', 'commons', 'duckduckgo', 'bing']

def answers(results) -> dict[str, str]: return {row['provider']: row['answer'] for row in results.rows}

def test_all_providers_fill_up_in_turn(engines):
    found = search_images('grizzly bear', 200)
    assert Counter(found.attrgot('provider')) == dict.fromkeys(ONLINE, 40)
    assert len(set(found.attrgot('image_url'))) == 200
    assert answers(found)['inaturalist'] == 'ok; taken as Ursus arctos horribilis (Grizzly Bear)'
    assert answers(found)['sample'] == 'not needed'
    assert list(found.report.provider) == [*ONLINE, 'sample']

def test_what_each_provider_tells(engines):
    one = {name: search_images('grizzly bear', 3, providers=[name])[0] for name in ONLINE}
    assert {name: each.license for name, each in one.items()} == dict(inaturalist='cc-by-4.0', openverse='cc-by-sa-2.0', commons='cc-by-sa-4.0', duckduckgo='unknown', bing='unknown')
    assert [one[name].author for name in ('inaturalist', 'openverse', 'commons')] == ['jo0', 'Jo 0', 'Jo & Co']
    assert one['inaturalist'].group == 'inaturalist-0'
    assert one['inaturalist'].image_url.endswith('/7001-1/large.jpg')  # the first photo of the observation is not open
    assert (one['commons'].image_url, one['commons'].width) == ('https://upload.wikimedia.org/960/filetype%3Abitmap%20grizzly%20bear/0.jpg', 4000)
    assert all(each.page_url and each.query == 'grizzly bear' for each in one.values())

def test_addresses_come_back_as_the_engine_wrote_them(engines):
    "ddgs unquotes them, which breaks signatures and spaces."
    assert search_images('grizzly', 1, providers=['duckduckgo'])[0].image_url == 'https://img.example/ddg/grizzly%200.jpg?sig=a%2Bb'
    assert search_images('grizzly', 1, providers=['bing'])[0].image_url == 'https://img.example/bing/grizzly/0.jpg?a=1&b=2'

def test_pages_are_asked_as_needed_and_only_once(engines):
    found = search_images('grizzly bear', 240, providers=['duckduckgo'])
    assert len(found) == 240 and found.rows[0]['pages'] == 3
    asked = sum(engines.web.asked.values())
    assert asked == 6  # the token and the page, three times
    assert search_images('grizzly bear', 240, providers=['duckduckgo']) == found
    assert sum(engines.web.asked.values()) == asked

@pytest.mark.parametrize('provider', ONLINE)
@pytest.mark.parametrize('mode, says', [('blocked', 'HTTP 403'), ('empty', 'nothing found'), ('slow', 'no answer'), ('garbage', '')])
def test_a_provider_that_gives_nothing_says_why(engines, monkeypatch, provider, mode, says):
    engines.mode[provider] = mode
    monkeypatch.setattr(search, 'ddgs_seconds', 1)
    with Web(deadline=3, patience=0.6) as web: found = search_images('grizzly bear', 30, providers=[provider, 'openverse' if provider != 'openverse' else 'commons'], web=web)
    assert len(found) == 30 and provider not in found.attrgot('provider')
    answer = answers(found)[provider]
    assert says in answer
    if mode == 'garbage' and provider != 'bing': assert 'not JSON' in answer or 'another form' in answer

@pytest.mark.parametrize('provider', ONLINE)
def test_rows_of_nulls_are_passed_over(engines, provider):
    engines.mode[provider] = 'nulls'
    found = search_images('grizzly bear', 12, providers=[provider])
    assert len(found) == 12 and all(each.image_url.startswith('https://') for each in found)

@pytest.mark.parametrize('provider', ONLINE)
def test_a_failing_third_page_keeps_the_first_two(engines, provider):
    engines.mode[provider] = 'page 3'
    found = search_images('grizzly bear', 300, providers=[provider])
    assert len(found) == {'inaturalist': 60, 'openverse': 40, 'commons': 100, 'duckduckgo': 200, 'bing': 70}[provider]
    assert 'stopped at page 3: ' in answers(found)[provider] and '403' in answers(found)[provider]

def test_a_refusal_is_told_from_an_empty_answer(engines):
    engines.mode |= {'duckduckgo home': 202}
    found = search_images('grizzly', 5, providers=['duckduckgo', 'openverse'])
    assert 'refused us' in answers(found)['duckduckgo']
    asked = Counter(engines.web.asked)
    again = search_images('black', 5, providers=['duckduckgo', 'openverse'])
    assert 'rests until Python is restarted' in answers(again)['duckduckgo']
    assert all('duckduckgo' not in each for each in engines.web.asked - asked)

def test_retry_after_is_kept_to(engines):
    from loopback import Answer
    engines.web.sites['api.openverse.org'] = lambda request: Answer(b'', 429, {'Retry-After': '120'})
    found = search_images('grizzly', 5, providers=['openverse', 'commons'])
    assert 'HTTP 429' in answers(found)['openverse'] and len(found) == 5
    assert 118 < search.resting['openverse'][0] - time.monotonic() <= 120
    assert sum(n for url, n in engines.web.asked.items() if 'openverse' in url) == 1

def test_a_used_up_allowance_is_left_alone(engines):
    engines.mode['openverse left'] = 0
    found = search_images('grizzly', 60, providers=['openverse', 'commons'])
    assert Counter(found.attrgot('provider')) == {'openverse': 20, 'commons': 40}
    assert 'our allowance is used up' in answers(found)['openverse']

def test_a_toy_is_no_cactus(engines):
    found = search_images('teddy bear', 30)
    assert 'inaturalist' not in found.attrgot('provider') and answers(found)['inaturalist'] == 'nothing found'
    assert 'Ursus americanus' in answers(search_images('black bear', 5, providers=['inaturalist']))['inaturalist']

def test_serpapi_needs_its_key_and_writes_it_nowhere(engines, monkeypatch, tmp_path):
    with pytest.raises(BearsError, match='SERPAPI_KEY'): search_images('grizzly', 5, providers=['serpapi'])
    monkeypatch.setenv('SERPAPI_KEY', 'secret-key')
    assert len(search_images('grizzly', 150, providers=['serpapi'])) == 150
    assert 'serpapi' in answers(search_images('black bear', 6))
    assert not any('secret-key' in path.read_text() for path in (tmp_path/'cache').rglob('*.json'))

def test_all_down_and_the_sample_steps_in(engines, monkeypatch, tmp_path, capsys):
    from PIL import Image
    (tmp_path/'sample'/'grizzly').mkdir(parents=True)
    Image.new('RGB', (64, 64), 'brown').save(tmp_path/'sample'/'grizzly'/'1.jpg')
    monkeypatch.setattr(search, 'sample_folder', lambda: tmp_path/'sample')
    engines.mode |= dict.fromkeys(ONLINE, 'blocked')
    found = search_images('grizzly bear', 30)
    assert [each.image_url for each in found] == ['sample:grizzly/1.jpg']
    assert all('HTTP 403' in answer for name, answer in answers(found).items() if name in ONLINE)
    assert 'drawn bears' in capsys.readouterr().err
    with pytest.raises(BearsError, match='(?s)Nobody found a photo.*HTTP 403'): search_images('headphones', 30)

def test_the_course_s_function_goes_on_where_duckduckgo_refuses(engines, capsys):
    assert search_images_ddg('grizzly bear', max_images=10)[0].startswith('https://img.example/ddg/')
    engines.mode |= dict(duckduckgo='blocked', bing='blocked')
    assert len(search_images_ddg('black bear', max_images=10)) == 10
    assert 'duckduckgo: refused us (HTTP 403)' in capsys.readouterr().err

@pytest.mark.parametrize('mode, found', [('ok', 100), ('blocked', 0)])
def test_the_old_package_serves_where_ddgs_is_missing(engines, monkeypatch, mode, found):
    monkeypatch.setitem(sys.modules, 'ddgs', None)
    engines.mode['duckduckgo'] = mode
    results = search._search('grizzly', 120, ['duckduckgo'])
    assert len(results) == found
    assert ('refused us' in results.rows[0]['answer']) == (mode == 'blocked')

@pytest.mark.parametrize('mode', ['ok', 'blocked'])
def test_the_old_package_does_not_talk_of_its_new_name(engines, monkeypatch, capfd, mode):
    "It warns at each use, and sets the filters of the whole program so that nothing hides it."
    for name in [name for name in sys.modules if name.split('.')[0] == 'duckduckgo_search']: monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, 'ddgs', None)
    engines.mode['duckduckgo'] = mode
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter('error')
        before = list(warnings.filters)
        search._search('grizzly', 120, ['duckduckgo'])
        assert (warned, list(warnings.filters) == before, 'duckduckgo_search' in sys.modules) == ([], True, True)
    assert 'renamed' not in ''.join(capfd.readouterr())

def test_without_either_package_the_others_serve(engines, monkeypatch):
    for name in ('ddgs', 'duckduckgo_search'): monkeypatch.setitem(sys.modules, name, None)
    found = search_images('grizzly bear', 6, providers=['duckduckgo', 'bing', 'openverse'])
    assert len(found) == 6 and answers(found)['bing'] == answers(found)['duckduckgo'] == 'needs the package ddgs: pip install ddgs'
    assert not search.resting

def test_ddgs_still_has_what_we_watch_it_through():
    "Without these, a refusal can't be told from an empty answer: see `_ddgs_rows`."
    from ddgs import DDGS
    for engine in ('duckduckgo', 'bing'):
        searcher = DDGS()._get_engines('images', engine)[0]
        assert searcher.name == engine and callable(searcher.http_client.request) and callable(searcher.search)

def test_a_newer_ddgs_without_them_still_gives_results(engines, monkeypatch):
    import ddgs
    class Newer:
        def __init__(self, **kwargs): pass
        def images(self, term, **kwargs): return [dict(image='https://img.example/1.jpg', title=None, width='800')]
    monkeypatch.setattr(ddgs, 'DDGS', Newer)
    assert search_images('grizzly', 1, providers=['duckduckgo'])[0].width == 800

def test_a_broken_cache_is_asked_anew(engines, tmp_path):
    search_images('grizzly', 5, providers=['openverse'])
    page, = (tmp_path/'cache').rglob('*.json')
    page.write_text('[{"image_ur')
    assert len(search_images('grizzly', 5, providers=['openverse'])) == 5

def test_a_provider_of_ones_own(engines):
    search.register_provider('mine', lambda term, page, web: [ImageResult(f'https://img.example/mine/{page}.jpg')] if page < 4 else [])
    try:
        found = search_images('grizzly bear', 12)
        assert Counter(found.attrgot('provider'))['mine'] == 2 and found[0].provider == 'mine'
    finally: search.providers_known.pop('mine')

def test_importing_search_costs_neither_torch_nor_pandas():
    code = 'import sys, bears_lib.engine.search; print([m for m in ("torch", "fastai", "pandas", "ddgs") if m in sys.modules])'
    assert subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout.strip() == '[]'

def test_what_failed_for_each_class_is_said_once(monkeypatch, tmp_path, capsys):
    "One line where several classes got the same answer, and none is lost where they got different ones."
    from bears_lib.gather import gather_images
    monkeypatch.setattr(search, 'providers_known', dict(search.providers_known))
    def moody(term, page, web): raise BearsError('is closed' if term != 'teddy bear' else 'wants no toys')
    search.register_provider('moody', moody)
    gather_images(tmp_path/'bears', {'grizzly': 'grizzly bear', 'black': 'black bear', 'teddy': 'teddy bear'}, n=3, providers=['moody', 'sample'])
    said = [line for line in capsys.readouterr().err.splitlines() if 'moody' in line]
    assert said == ['grizzly, black: moody: is closed', 'teddy: moody: wants no toys']
