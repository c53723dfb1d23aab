"""Search engines for the loopback web, in the form that their documentation (or, for DuckDuckGo and Bing, the reader of
their pages) describes, each of which can be told to misbehave. They are as strict as the real ones: how often and how deep
they may be asked, how many connections at once, whom they want to be named, and what they show to whoever doesn't ask
for strict results. Minutes and days are those of the clock that they are given."""
from collections import Counter, defaultdict, deque
from functools import cache
from html import escape
from io import BytesIO
from urllib.parse import quote
import json, re, threading, time, zlib

import numpy as np
from PIL import Image

from loopback import Answer, Request
from loopback.clock import TurnedClock

@cache
def jpeg(seed:str, side:int=160) -> bytes:
    "A photo of soft blobs, another for each seed."
    rng = np.random.default_rng(zlib.crc32(str(seed).encode()))
    small = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
    data = BytesIO()
    small.resize((side, side*3//4), Image.Resampling.BICUBIC).save(data, 'JPEG', quality=90)
    return data.getvalue()

def photo_site(request:Request) -> Answer:
    "A photo for every address."
    return Answer(jpeg(f'{request.path}{sorted(request.query.items())}'), headers={'Content-Type': 'image/jpeg'})

class Engines:
    "All sites; `mode['openverse'] = 'blocked'` and the like say how each one behaves."
    modes = ('ok', 'blocked', 'empty', 'slow', 'garbage', 'nulls', 'page 3')

    def __init__(self, photos:int=400, clock:TurnedClock|None=None):
        self.photos, self.mode, self.seconds, self.clock = photos, {}, 3, clock or TurnedClock()
        self.times, self.lock = defaultdict(deque), threading.Lock() # when each site was asked
        self.busy, self.busiest, self.agents = Counter(), Counter(), defaultdict(set) # requests at once, and how clients call themselves
        self.refused = Counter() # how often which site had to say no
        self.sites = {'duckduckgo.com': self.duckduckgo, 'www.bing.com': self.bing, 'api.openverse.org': self.openverse,
            'commons.wikimedia.org': self.commons, 'api.inaturalist.org': self.inaturalist, 'serpapi.com': self.serpapi,
            **dict.fromkeys(('img.example', 'inaturalist-open-data.s3.amazonaws.com', 'tse.example'), photo_site), 'upload.wikimedia.org': self.wikimedia_files}

    def refuse(self, why:str, body:bytes, status:int) -> Answer:
        with self.lock: self.refused[why] += 1
        return Answer(body, status)

    def often(self, site:str, most:int, seconds:float) -> int:
        "How many more requests a site takes in this span, this one counted; below 0 if it is one too many."
        with self.lock:
            times, now = self.times[site, seconds], self.clock.now()
            while times and now - times[0] >= seconds: times.popleft()
            if len(times) < most: times.append(now)
            else: return -1
            return most - len(times)

    def wikimedia_files(self, request:Request) -> Answer:
        "Photos, to two connections at once."
        with self.lock:
            self.busy['upload'] += 1
            self.busiest['upload'] = max(self.busiest['upload'], self.busy['upload'])
            crowded = self.busy['upload'] > 2
        try:
            time.sleep(0.002)
            return self.refuse('upload', b'Too many requests', 429) if crowded else photo_site(request)
        finally:
            with self.lock: self.busy['upload'] -= 1

    def names(self, provider:str, request:Request, start:int, count:int) -> list[int]:
        "The numbers of the photos on a page."
        return [] if self.mode.get(provider) == 'empty' else list(range(start, min(start + count, self.photos)))

    def misbehave(self, provider:str, page:int) -> Answer|None:
        mode = self.mode.get(provider, 'ok')
        if mode == 'blocked' or mode == 'page 3' and page >= 3: return self.refuse(f'{provider} blocked', b'<html>Forbidden</html>', 403)
        if mode == 'garbage': return Answer(b'<html><body>Are you a human?</body></html>')
        if mode == 'slow': time.sleep(self.seconds)
        return None

    def nulls(self, provider:str, rows:list[dict]) -> list:
        "Every second row has null wherever there was something."
        if self.mode.get(provider) != 'nulls': return rows
        return [row if i % 2 else dict.fromkeys(row) for i, row in enumerate(rows)]

    def duckduckgo(self, request):
        if request.path != '/i.js':
            home = self.mode.get('duckduckgo home', 200)
            return Answer(b'<html>' + (b'<script>vqd="4-1234567890";</script>' if home == 200 else b'Unusual traffic'), home)
        start = int(request.query.get('s', 0))
        if bad := self.misbehave('duckduckgo', start//100 + 1): return bad
        strict = request.query.get('p') == '1'
        rows = [dict(title=f'Bear {i}' if strict or i % 7 else f'Nude bear {i}', image=f"https://img.example/ddg/{quote(request.query['q'])}%20{i}.jpg?sig=a%2Bb", thumbnail=f'https://tse.example/th?id={i}',
            url=f'https://page.example/{i}', height=600, width=800, source='Bing') for i in self.names('duckduckgo', request, start, 100)]
        return _json({'results': self.nulls('duckduckgo', rows), 'next': f'i.js?q=x&s={start + 100}', 'query': request.query['q']})

    def bing(self, request):
        first = int(request.query['first']) - 1
        if bad := self.misbehave('bing', first//35 + 1): return bad
        rows = self.nulls('bing', [dict(murl=f"https://img.example/bing/{quote(request.query['q'])}/{i}.jpg?a=1&b=2", turl=f'https://tse.example/th?id=b{i}', purl=f'https://page.example/b{i}', t=f'Bear & {i}' if i % 7 != 3 else f'Topless {i}')
            for i in self.names('bing', request, first, 35)])
        html = ''.join(f'''<div><div class="imgpt"><a class="iusc" m="{escape(json.dumps(row))}"></a><div class="img_info"><span class="nowrap">800 × 600 · jpeg</span></div></div>
            <div class="infopt"><div class="lnkw"><a>page.example</a></div></div></div>''' for row in rows)
        return Answer(f'<html><body>{html}</body></html>'.encode())

    def openverse(self, request):
        if request.path.endswith('/thumb/'):
            if self.often('openverse thumbnails', 150, 60) < 0: return self.refuse('openverse thumbnails', b'{"detail": "Request was throttled."}', 429)
            return photo_site(request)
        page, size = int(request.query['page']), int(request.query['page_size'])
        if size > 20: return _json({'detail': 'page_size must be at most 20'}, 401)
        if page*size > 240: return self.refuse('openverse depth', b'{"detail": "Anonymous requests see the first 240 results."}', 401)
        left, today = self.often('openverse', 20, 60), self.often('openverse', 200, 86_400)
        if left < 0 or today < 0: return self.refuse('openverse pace', b'{"detail": "Request was throttled."}', 429)
        if bad := self.misbehave('openverse', page): return bad
        grown_up = request.query.get('mature') == 'true'
        rows = [dict(id=f'o{i}', title=f'Bear {i}' if i % 7 or not grown_up else f'Erotic bear {i}', url=f"https://img.example/openverse/{quote(request.query['q'])}/{i}.jpg", thumbnail=f'https://api.openverse.org/v1/images/o{i}/thumb/',
            foreign_landing_url=f'https://flickr.example/{i}', creator=f'Jo {i}', license='by-sa', license_version='2.0', width=1024, height=683, source='flickr', mature=False)
            for i in self.names('openverse', request, (page - 1)*size, size)]
        left = self.mode.get('openverse left', left)
        return _json({'result_count': self.photos, 'page_count': 20, 'page_size': size, 'page': page, 'results': self.nulls('openverse', rows)},
                     headers={'X-RateLimit-Limit-anon_burst': '20/min', 'X-RateLimit-Available-anon_burst': str(left),
                         'X-RateLimit-Limit-anon_sustained': '200/day', 'X-RateLimit-Available-anon_sustained': str(today)})

    def commons(self, request):
        start = int(request.query.get('gsroffset', 0))
        agent = request.headers.get('user-agent', '')
        self.agents['commons'].add(agent)
        if 'bears_lib' not in agent: return Answer(b'Please set a user-agent and respect our robot policy', 403)
        named = re.search(r'[\w.]+@[\w.]+|\((?!\+)https?://', agent)
        if self.often('commons', 200 if named else 10, 60) < 0: return self.refuse('commons pace', b'Too many requests', 429)
        if 'maxlag' in request.query: return _json({'error': {'code': 'maxlag', 'info': 'Waiting for a database server: 7 seconds lagged'}})
        if bad := self.misbehave('commons', start//50 + 1): return bad
        first_batch = 'iicontinue' not in request.query
        numbers = self.names('commons', request, start, 50)
        if not numbers: return _json({'batchcomplete': True})
        def info(i): return [dict(url=f'https://upload.wikimedia.org/full/{i}.jpg', thumburl=f"https://upload.wikimedia.org/960/{quote(request.query['gsrsearch'])}/{i}.jpg", descriptionurl=f'https://commons.wikimedia.org/wiki/File:{i}.jpg',
            width=4000, height=3000, size=9_000_000, mime='image/jpeg', extmetadata={'LicenseShortName': {'value': 'CC BY-SA 4.0'}, 'Artist': {'value': '<a href="//x">Jo &amp; Co</a>'},
                'Categories': {'value': 'Nude women with bears|Bears' if i % 7 == 5 else 'Bears'}})]
        pages = [dict(pageid=i + 1, ns=6, title=f'File:Bear {i}.jpg', index=i + 1) | ({'imageinfo': info(i)} if (i % 2 == 0) == first_batch else {}) for i in reversed(numbers)]
        if self.mode.get('commons') == 'nulls': pages = [page | ({'imageinfo': None} if page['pageid'] % 3 == 0 else {}) for page in pages]
        following = {'continue': {'iicontinue': '1|2', 'gsroffset': start, 'continue': 'gsroffset||'}} if first_batch else {'batchcomplete': True, 'continue': {'gsroffset': start + 50, 'continue': 'gsroffset||'}}
        return _json({'query': {'pages': pages}} | following)

    def inaturalist(self, request):
        page = int(request.query.get('page', 1))
        if bad := self.misbehave('inaturalist', page): return bad
        if request.path == '/v1/taxa': return _json({'results': [] if self.mode.get('inaturalist') == 'empty' else _taxa(request.query['q'])})
        marked = 60 if 'term_id' in request.query else self.photos
        numbers = [i for i in range((page - 1)*50, min(page*50, marked))]
        rows = [dict(id=i, uri=f'https://www.inaturalist.org/observations/{i}', user={'login': f'jo{i}', 'name': None}, taxon={'preferred_common_name': 'Brown Bear'},
            photos=[dict(id=2*i + k, url=f"https://inaturalist-open-data.s3.amazonaws.com/photos/{request.query['taxon_id']}-{2*i + k}/square.jpg", license_code=code, original_dimensions={'width': 2048, 'height': 1365})
                    for k, code in enumerate([None, 'cc-by'])]) for i in numbers]
        return _json({'total_results': marked, 'page': page, 'per_page': 50, 'results': self.nulls('inaturalist', rows)})

    def serpapi(self, request):
        if request.query.get('api_key') != 'secret-key': return _json({'error': 'Invalid API key.'}, 401)
        start = int(request.query['ijn'])*100
        strict = request.query.get('safe') == 'active'
        rows = [dict(position=i, original=f"https://img.example/google/{quote(request.query['q'])}/{i}.jpg", thumbnail=f'https://tse.example/g{i}', title=f'Bear {i}' if strict else 'Nude', link=f'https://page.example/g{i}',
            original_width=800, original_height=600) for i in self.names('serpapi', request, start, 100)]
        if self.mode.get('serpapi') == 'no originals':
            for row in rows[::2]: row.pop('original')
        return _json({'images_results': rows})

def _taxa(term:str) -> list[dict]:
    "What iNaturalist knows: a bear, and a cactus that is called like a toy."
    known = [dict(id=7001, name='Ursus arctos horribilis', rank='subspecies', preferred_common_name='Grizzly Bear', observations_count=900, matched_term='Grizzly Bear'),
             dict(id=7002, name='Ursus thibetanus', rank='species', preferred_common_name='Asiatic Black Bear', observations_count=500, matched_term='Asiatic Black Bear'),
             dict(id=7003, name='Ursus americanus', rank='species', preferred_common_name='American Black Bear', observations_count=9000, matched_term='American Black Bear'),
             dict(id=7005, name='Ochlodes sylvanoides', rank='species', preferred_common_name='Black Bear Skipper', observations_count=90000, matched_term='Black Bear Skipper'),
             dict(id=7004, name='Cylindropuntia bigelovii', rank='species', preferred_common_name='Teddy Bear Cholla', observations_count=4000, matched_term='Teddy Bear Cholla')]
    return [row for row in known if term.lower().rstrip("s") in row['matched_term'].lower()]

def _json(value, status:int=200, headers:dict|None=None) -> Answer:
    return Answer(json.dumps(value).encode(), status, {'Content-Type': 'application/json'} | (headers or {}))
