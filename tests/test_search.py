"The real search clients, over TLS, against a web on this machine."
from collections import Counter
from itertools import combinations
import json, subprocess, sys, warnings

import pytest

from bears_lib.engine.gather import providers, search
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.gather.providers import ImageResult
from bears_lib.engine.gather.search import search_images, search_images_ddg
from bears_lib.engine.core.http_client import Web
from loopback import Answer
from loopback.fixtures import engines  # noqa: F401

ONLINE = ['inaturalist', 'openverse', 'commons', 'duckduckgo', 'bing']
DEFAULT = ONLINE[:4]

def answers(results) -> dict[str, str]: return {row['provider']: row['answer'] for row in results.rows}

def test_all_providers_fill_up_in_turn(engines):
    found = search_images('grizzly bear', 200)
    assert Counter(found.attrgot('provider')) == dict.fromkeys(DEFAULT, 50)
    assert len(set(found.attrgot('image_url'))) == 200
    assert answers(found)['inaturalist'] == 'ok; taken as Ursus arctos horribilis (Grizzly Bear)'
    assert answers(found)['sample'] == 'not needed'
    assert list(found.report.provider) == [*DEFAULT, 'sample']

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
    monkeypatch.setattr(providers, 'ddgs_seconds', 1)
    with Web(deadline=3, patience=0.6) as web: found = search_images('grizzly bear', 30, providers=[provider, 'openverse' if provider != 'openverse' else 'commons'], web=web)
    assert len(found) == 30 and provider not in found.attrgot('provider')
    answer = answers(found)[provider]
    assert says in answer
    if mode == 'garbage' and provider != 'bing': assert 'not JSON' in answer or 'another form' in answer

@pytest.mark.parametrize('url', [None, '', 7, 'ht'*2000])
def test_a_row_without_an_address_is_no_result(engines, url):
    rows = [{'url': url, 'title': 'bear'}, {'url': 'https://img.example/1.jpg', 'width': '9²', 'height': '9'*5000}]
    engines.web.sites['api.openverse.org'] = lambda request: Answer(json.dumps({'results': rows}).encode(), 200, {'Content-Type': 'application/json'})
    found, = search_images('grizzly bear', 5, providers=['openverse'])
    assert (found.image_url, found.width, found.height) == ('https://img.example/1.jpg', 0, 0)

@pytest.mark.parametrize('provider', ONLINE)
def test_rows_of_nulls_are_passed_over(engines, provider):
    engines.mode[provider] = 'nulls'
    found = search_images('grizzly bear', 12, providers=[provider])
    assert len(found) == 12 and all(each.image_url.startswith('https://') for each in found)

@pytest.mark.parametrize('provider', ONLINE)
def test_a_failing_third_page_keeps_the_first_two(engines, provider):
    engines.mode[provider] = 'page 3'
    found = search_images('grizzly bear', 300, providers=[provider])
    assert len(found) == {'inaturalist': 60, 'openverse': 40, 'commons': 86, 'duckduckgo': 200, 'bing': 60}[provider]
    assert 'stopped at page 3: ' in answers(found)[provider] and '403' in answers(found)[provider]

def test_a_refusal_is_told_from_an_empty_answer(engines):
    engines.mode |= {'duckduckgo home': 202}
    found = search_images('grizzly', 5, providers=['duckduckgo', 'openverse'])
    assert 'refused us' in answers(found)['duckduckgo']
    asked = Counter(engines.web.asked)
    again = search_images('black', 5, providers=['duckduckgo', 'openverse'])
    assert 'rests another 10 minutes' in answers(again)['duckduckgo']
    assert all('duckduckgo' not in each for each in engines.web.asked - asked)

def test_retry_after_is_kept_to(engines):
    from loopback import Answer
    engines.web.sites['api.openverse.org'] = lambda request: Answer(b'', 429, {'Retry-After': '120'})
    found = search_images('grizzly', 5, providers=['openverse', 'commons'])
    assert 'HTTP 429' in answers(found)['openverse'] and len(found) == 5
    assert providers.resting['openverse'][0] == engines.clock.now() + 120 and not engines.clock.slept
    assert sum(n for url, n in engines.web.asked.items() if 'openverse' in url) == 1

def test_an_allowance_that_is_used_up_for_a_minute_is_waited_for_and_said(engines, capsys):
    engines.mode['openverse left'] = 0
    found = search_images('grizzly', 60, providers=['openverse', 'commons'])
    assert Counter(found.attrgot('provider')) == {'openverse': 30, 'commons': 30}
    assert engines.clock.slept == [60]
    assert 'openverse: our allowance for the minute is used up; waiting 60 s.' in capsys.readouterr().err

def test_one_that_is_used_up_for_the_day_is_not_waited_for(engines):
    for _ in range(190): engines.often('openverse', 200, 86_400)
    found = search_images('grizzly', 700, providers=['openverse', 'commons'])
    assert Counter(found.attrgot('provider'))['openverse'] == 200
    assert 'our allowance for the day is used up; rests another 24 hours' in answers(found)['openverse'] and sum(engines.clock.slept) < 200

def test_openverse_is_asked_no_deeper_than_strangers_may(engines):
    "What follows is HTTP 401, which is no ban: the next class begins at its first page."
    assert len(search_images('grizzly', 400, providers=['openverse'])) == 240
    assert len(search_images('black', 400, providers=['openverse'])) == 240
    assert not any('page=13' in url for url in engines.web.asked)

def test_a_refusal_in_the_depth_ends_the_term_and_not_the_source(engines, monkeypatch):
    monkeypatch.setitem(providers.providers_known, 'deep', lambda term, page, web: providers._ask_openverse(term, page if page < 3 else 50, web))
    monkeypatch.setattr(providers, '_ask_openverse', lambda term, page, web: providers.results_of(web.get('https://api.openverse.org/v1/images/',
        dict(q=term, page=page, page_size=20)).json()['results'], lambda row: ImageResult(row['url'])))
    for term in ('grizzly', 'black'):
        found = search_images(term, 400, providers=['deep'])
        assert len(found) == 40 and answers(found)['deep'] == 'stopped at page 3: HTTP 401'

def test_too_many_requests_without_a_time_is_waited_for_and_then_given_up(engines, capsys):
    from loopback import Answer
    engines.web.sites['api.openverse.org'] = lambda request: Answer(b'', 429)
    found = search_images('grizzly', 5, providers=['openverse', 'commons'])
    assert len(found) == 5 and 'HTTP 429' in answers(found)['openverse']
    assert engines.clock.slept.count(60) == 2 and providers.resting['openverse'][0] - engines.clock.now() == 600
    assert 'waiting 60 s' in capsys.readouterr().err

def test_commons_is_asked_ten_times_a_minute_by_those_who_name_nobody(engines, monkeypatch, capsys):
    search_images('grizzly', 300, providers=['commons'])
    assert max(engines.clock.slept) <= 60 and 'BEARS_CONTACT=' in capsys.readouterr().err
    before = len(engines.clock.slept)
    monkeypatch.setenv('BEARS_CONTACT', 'ranger@park.example')
    search_images('black', 300, providers=['commons'])
    assert len(engines.clock.slept) == before and any('(ranger@park.example)' in agent for agent in engines.agents['commons'])

def test_the_contact_is_told_to_those_who_ask_for_it_alone(engines, monkeypatch):
    from bears_lib.engine.core.http_client import introduction
    monkeypatch.setenv('BEARS_CONTACT', 'ranger@park.example')
    for host in ('commons.wikimedia.org', 'upload.wikimedia.org', 'api.openverse.org'): assert 'ranger@park.example' in introduction(host)
    for host in ('img.example', 'notwikimedia.org', 'wikimedia.org.example'): assert 'ranger' not in introduction(host)
    for odd in ('ranger', 'ranger@park.example\r\nX: 1', 'ranger@park.example (x)', 'http://park.example/ x'):
        monkeypatch.setenv('BEARS_CONTACT', odd)
        with pytest.raises(BearsError, match='BEARS_CONTACT is'): introduction('commons.wikimedia.org')

def test_a_redirect_takes_the_contact_nowhere_else(engines, monkeypatch):
    from loopback import Answer
    monkeypatch.setenv('BEARS_CONTACT', 'ranger@park.example')
    heard = {}
    def listen(name, answer):
        def site(request):
            heard[name] = request.headers['user-agent']
            return answer
        return site
    engines.web.sites['upload.wikimedia.org'] = listen('upload', Answer(b'', 302, {'Location': 'https://img.example/1.jpg'}))
    engines.web.sites['img.example'] = listen('img', Answer(b'x'))
    with Web() as web: web.get('https://upload.wikimedia.org/1.jpg')
    assert 'ranger@park.example' in heard['upload'] and 'ranger' not in heard['img']

def test_strict_results_everywhere(engines):
    "Every site has something for grown-ups among its answers; Bing even where strict results are asked for, and is left out."
    found = search_images('bear', 600)
    assert 'bing' not in found.attrgot('provider') and len(found) > 500
    assert not [each.title for each in found if any(word in each.title.lower() for word in ('nude', 'topless', 'erotic'))]
    assert {5, 12} & {int(each.title.split()[1].split('.')[0]) for each in found if each.provider == 'commons'} == set()  # by their category
    assert not any('Topless' in each.title for each in search_images('bear', 100, providers=['bing']))
    assert any('adlt=strict' in url for url in engines.web.asked)

def test_bing_beside_duckduckgo_is_no_second_source(engines):
    found = search_images('bear', 90, providers=['duckduckgo', 'bing', 'openverse'])
    assert Counter(found.attrgot('provider')) == {'duckduckgo': 45, 'openverse': 45}

@pytest.mark.parametrize('down', [each for n in range(3) for each in combinations(DEFAULT, n)], ids='+'.join)
def test_four_classes_of_150_with_up_to_two_sources_down(engines, tmp_path, down):
    "In simulated time; every class has enough, and the same number from each source among its first 150."
    engines.mode |= dict.fromkeys(down, 'blocked')
    terms = {'grizzly': 'grizzly bear', 'black': 'black bear', 'teddy': 'teddy bear', 'panda': 'panda plush'}
    with Web() as web: found = search.same_mix(search.search_all({label: search.Wanted(term, DEFAULT) for label, term in terms.items()}, 235, False, tmp_path, web))
    mixes = [Counter(each.provider for each in results[:150]) for results in found.values()]
    assert all(mix == mixes[0] and mix.total() == 150 for mix in mixes), mixes
    assert 'inaturalist' not in mixes[0]  # which knows no teddies
    assert sum(engines.clock.slept) < 600 and all(wait <= 60 for wait in engines.clock.slept)

def test_a_source_with_something_for_every_class_comes_first(engines, tmp_path):
    "Grizzlies from iNaturalist alone would teach a model what iNaturalist looks like."
    wanted = {label: search.Wanted(f'{label} bear', ['inaturalist', 'openverse']) for label in ('grizzly', 'teddy')}
    with Web() as web: found = search.search_all(wanted, 100, False, tmp_path, web)
    assert {label: Counter(results.attrgot('provider')) for label, results in found.items()} == {'grizzly': {'openverse': 100}, 'teddy': {'openverse': 100}}

def test_a_row_without_the_photo_itself_gives_its_thumbnail(engines, monkeypatch):
    monkeypatch.setenv('SERPAPI_KEY', 'secret-key')
    engines.mode['serpapi'] = 'no originals'
    found = search_images('grizzly', 10, providers=['serpapi'])
    assert len(found) == 10 and found[0].image_url == 'https://tse.example/g0' and found[1].image_url.startswith('https://img.example/google')

def test_a_name_may_end_with_the_term_but_never_begin_with_it(engines):
    "The most observed of the two bears that are called so, and not the butterfly that begins alike."
    assert '(American Black Bear)' in answers(search_images('black bears', 5, providers=['inaturalist']))['inaturalist']
    assert providers._likeness(dict(preferred_common_name='Grizzly Bear'), 'grizzly bears') == 2
    assert providers._likeness(dict(preferred_common_name='Meerkat'), 'kat') == providers._likeness(dict(name=None), 'bear') == 0

def test_a_toy_is_no_cactus(engines):
    found = search_images('teddy bear', 30)
    assert 'inaturalist' not in found.attrgot('provider') and answers(found)['inaturalist'] == 'nothing found'
    assert 'Ursus americanus' in answers(search_images('black bear', 5, providers=['inaturalist']))['inaturalist']

def test_serpapi_needs_its_key_and_writes_it_nowhere(engines, monkeypatch, tmp_path):
    with pytest.raises(BearsError, match='SERPAPI_KEY'): search_images('grizzly', 5, providers=['serpapi'])
    monkeypatch.setenv('SERPAPI_KEY', 'secret-key')
    assert len(search_images('grizzly', 150, providers=['serpapi'])) == 150
    assert 'serpapi' in answers(search_images('black bear', 6))
    assert not any('secret-key' in path.read_text(encoding='utf-8') for path in (tmp_path/'cache').rglob('*.json'))

def test_all_down_and_the_sample_steps_in(engines, monkeypatch, tmp_path, capsys):
    from PIL import Image
    (tmp_path/'sample'/'grizzly').mkdir(parents=True)
    Image.new('RGB', (64, 64), 'brown').save(tmp_path/'sample'/'grizzly'/'1.jpg')
    monkeypatch.setattr(providers, 'sample_folder', lambda: tmp_path/'sample')
    engines.mode |= dict.fromkeys(ONLINE, 'blocked')
    found = search_images('grizzly bear', 30)
    assert [each.image_url for each in found] == ['sample:grizzly/1.jpg']
    assert all('HTTP 403' in answer for name, answer in answers(found).items() if name in DEFAULT)
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
    results = search.search_term('grizzly', 120, ['duckduckgo'])
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
        search.search_term('grizzly', 120, ['duckduckgo'])
        assert (warned, list(warnings.filters) == before, 'duckduckgo_search' in sys.modules) == ([], True, True)
    assert 'renamed' not in ''.join(capfd.readouterr())

def test_without_either_package_the_others_serve(engines, monkeypatch):
    for name in ('ddgs', 'duckduckgo_search'): monkeypatch.setitem(sys.modules, name, None)
    found = search_images('grizzly bear', 6, providers=['duckduckgo', 'bing', 'openverse'])
    assert len(found) == 6 and answers(found)['duckduckgo'] == 'needs the package ddgs: pip install ddgs'
    assert answers(search_images('black bear', 6, providers=['bing', 'openverse']))['bing'] == 'needs the package ddgs: pip install ddgs'
    assert not providers.resting

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
    for odd in ('[{"image_ur', '1.5', 'true', 'null', '{"a": []}', '"text"', '[1, null, [], {"image_url": 3}]'):
        page.write_text(odd, encoding='utf-8')
        assert len(search_images('grizzly', 5, providers=['openverse'])) == 5, odd

def test_a_provider_of_ones_own(engines):
    providers.register_provider('mine', lambda term, page, web: [ImageResult(f'https://img.example/mine/{page}.jpg')] if page < 4 else [])
    try:
        found = search_images('grizzly bear', 12)
        assert Counter(found.attrgot('provider'))['mine'] == 3 and found[0].provider == 'mine'
    finally: providers.providers_known.pop('mine')

def test_importing_search_costs_neither_torch_nor_pandas():
    code = 'import sys, bears_lib.engine.gather.search; print([m for m in ("torch", "fastai", "pandas", "ddgs") if m in sys.modules])'
    assert subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout.strip() == '[]'

def test_what_failed_for_each_class_is_said_once(monkeypatch, tmp_path, capsys):
    "One line where several classes got the same answer, and none is lost where they got different ones."
    from bears_lib.gather import gather_images
    monkeypatch.setattr(providers, 'providers_known', dict(providers.providers_known))
    def moody(term, page, web): raise BearsError('is closed' if term != 'teddy bear' else 'wants no toys')
    providers.register_provider('moody', moody)
    gather_images(tmp_path/'bears', {'grizzly': 'grizzly bear', 'black': 'black bear', 'teddy': 'teddy bear'}, n=3, providers=['moody', 'sample'])
    said = [line for line in capsys.readouterr().err.splitlines() if 'moody' in line]
    assert said == ['grizzly, black: moody: is closed', 'teddy: moody: wants no toys']
