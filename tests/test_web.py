"The bounds of the web client on direct connections, where nothing but itself stands between a stranger's address and this machine."
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
import gzip, re, socket, subprocess, sys, threading, time

import pytest

from bears_lib.engine.core import http_client as web
from bears_lib.engine.core.http_client import RateLimited, Web, WebError, user_agent
from loopback import Answer, LoopbackWeb

@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ('HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'):
        for each in (name, name.lower()): monkeypatch.delenv(each, raising=False)

@pytest.fixture
def server():
    "A server on this machine; `server.answer` is what it sends after reading a request, `server.seen` what it read."
    class Raw(BaseHTTPRequestHandler):
        def handle(self):
            self.server.seen.append(self.request.recv(65536).decode('latin-1'))
            self.server.answer(self.request)
    server = ThreadingHTTPServer(('127.0.0.1', 0), Raw)
    server.daemon_threads, server.seen, server.home = True, [], f'http://127.0.0.1:{server.server_port}'
    server.answer = lambda sock: sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbear')
    threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()

def resolve_to(monkeypatch, *answers):
    "Every lookup of a name gives the next of these addresses."
    rest = list(answers)
    def getaddrinfo(host, port, *args, **kwargs):
        address = host if host[0].isdigit() else rest.pop(0) if len(rest) > 1 else rest[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, '', (address, port))]
    monkeypatch.setattr(socket, 'getaddrinfo', getaddrinfo)

@pytest.mark.parametrize('host', ['127.0.0.1', 'localhost', '2130706433', '0x7f000001', '127.1', '0.0.0.0', '[::ffff:127.0.0.1]'])
def test_this_machine_is_not_reached(server, host):
    with Web() as client, pytest.raises(WebError, match='non-public address'): client.get(f'http://{host}:{server.server_port}/')
    assert not server.seen

@pytest.mark.parametrize('address', ['127.0.0.1', '10.0.0.1', '169.254.169.254', '192.168.0.1', '100.64.0.1'])
def test_a_name_that_leads_inside_is_not_reached(server, monkeypatch, address):
    resolve_to(monkeypatch, address)
    with Web() as client, pytest.raises(WebError, match=f'non-public address {address}'): client.get(f'http://bears.example:{server.server_port}/')
    assert not server.seen

def test_a_name_that_changes_its_address_after_the_check(server, monkeypatch):
    "DNS rebinding: the first lookup gives a public address, the next this machine. There is one lookup, and its address is connected to."
    resolve_to(monkeypatch, '192.0.2.1', '127.0.0.1')
    monkeypatch.setattr(web, 'is_public', lambda address: address != '127.0.0.1')
    with Web(deadline=2, patience=1, tries=1) as client, pytest.raises(WebError) as error: client.get(f'http://bears.example:{server.server_port}/')
    assert not server.seen and 'non-public' not in str(error.value)

def test_private_hosts_only_by_name(server):
    with Web(private=['127.0.0.1']) as client:
        assert client.get(server.home).body == b'bear'
        with pytest.raises(WebError, match='non-public'): client.get(server.home.replace('127.0.0.1', 'localhost'))

@pytest.mark.parametrize('to', ['http://localhost:{port}/', 'http://127.0.0.2:{port}/', 'http://[::1]:{port}/'])
def test_redirects_are_checked_too(server, to):
    answer = f'HTTP/1.1 302 Found\r\nLocation: {to.format(port=server.server_port)}\r\nContent-Length: 0\r\n\r\n'.encode()
    server.answer = lambda sock: sock.sendall(answer)
    with Web(private=['127.0.0.1']) as client, pytest.raises(WebError, match='non-public'): client.get(server.home)
    assert len(server.seen) == 1

def test_a_redirect_to_nowhere(server):
    server.answer = lambda sock: sock.sendall(b'HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n')
    with Web(private=['127.0.0.1']) as client, pytest.raises(WebError, match='HTTP 302'): client.get(server.home)

def test_what_a_site_sets_it_does_not_get_back(server):
    "No cookies: one photo's site learns nothing from the next request."
    server.answer = lambda sock: sock.sendall(b'HTTP/1.1 200 OK\r\nSet-Cookie: who=you\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbear')
    with Web(private=['127.0.0.1']) as client:
        for _ in range(2): client.get(server.home)
    assert len(server.seen) == 2 and 'cookie' not in server.seen[1].lower()

@pytest.mark.parametrize('piece', [b'HTTP/1.1 200 OK\r\nX-Slow: ', b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'])
def test_a_byte_now_and_then_ends_at_the_deadline(server, piece):
    "Within the headers as well as within the body."
    def drip(sock):
        sock.sendall(piece)
        for _ in range(100):
            time.sleep(0.1)
            sock.sendall(b'x')
    server.answer = drip
    start = time.monotonic()
    with Web(deadline=1, patience=0.5, private=['127.0.0.1']) as client, pytest.raises(WebError, match='not finished within 1 s'): client.get(server.home)
    assert time.monotonic() - start < 1.4

def test_a_lookup_that_hangs_ends_with_patience(monkeypatch):
    monkeypatch.setattr(socket, 'getaddrinfo', lambda *args, **kwargs: time.sleep(1.5) or [])
    start = time.monotonic()
    with Web(deadline=1, patience=0.5) as client, pytest.raises(WebError, match='no answer for 0.5 s'): client.get('http://bears.example/')
    assert time.monotonic() - start < 1

def test_retry_after_is_waited_for_but_never_beyond_the_deadline(server):
    answers = [b'HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n', b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbear']
    server.answer = lambda sock: sock.sendall(answers.pop(0))
    start = time.monotonic()
    with Web(private=['127.0.0.1']) as client: assert client.get(server.home).tries == 2
    assert 1 <= time.monotonic() - start < 2
    server.answer = lambda sock: sock.sendall(b'HTTP/1.1 429 Slow down\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n')
    with Web(private=['127.0.0.1']) as client, pytest.raises(RateLimited) as error: client.get(server.home)
    assert error.value.wait == 3600 and time.monotonic() - start < 3

@pytest.mark.parametrize('packed, says', [(gzip.compress(bytes(50_000_000)), 'larger than 20 MB'), (b'not gzip', 'packing is damaged')])
def test_what_is_packed(server, packed, says):
    server.answer = lambda sock: sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n' % len(packed) + packed)
    with Web(private=['127.0.0.1']) as client, pytest.raises(WebError, match=says): client.get(server.home)

def test_who_we_say_we_are(server, monkeypatch):
    "Name, version and address come from the installed package; nothing poses as a browser."
    from email.message import Message
    about = Message()
    about['Version'] = '9.8.7'
    about['Project-URL'] = 'Documentation, https://docs.example/'
    about['Project-URL'] = 'Repository, https://code.example/fork'
    monkeypatch.setattr(metadata, 'metadata', lambda name: about)
    user_agent.cache_clear()
    try:
        with Web(private=['127.0.0.1']) as client: client.get(server.home, referer='https://page.example/bären')
    finally: user_agent.cache_clear()
    assert 'user-agent: bears_lib/9.8.7 (+https://code.example/fork)' in server.seen[0].lower()
    assert 'referer: https://page.example/b%c3%a4ren' in server.seen[0].lower()

def test_behind_a_proxy_names_and_addresses_are_still_checked(tmp_path, monkeypatch):
    with LoopbackWeb(tmp_path, {'bears.example': lambda request: Answer(b'bear')}) as loopback, Web(tries=1) as client:
        for name, value in loopback.env.items(): monkeypatch.setenv(name, value)
        assert client.get('https://bears.example/').body == client.get('http://bears.example/').body == b'bear'
        for url in ('https://localhost/', 'http://10.0.0.1/', 'https://2130706433/', 'http://intranet.local/', 'http://metadata.google.internal/'):
            with pytest.raises(WebError, match='non-public'): client.get(url)
        resolve = socket.getaddrinfo
        monkeypatch.setattr(socket, 'getaddrinfo', lambda host, *args, **kwargs: [(2, 1, 6, '', ('10.9.8.7', 443))] if host == 'bears.example' else resolve(host, *args, **kwargs))
        with Web() as fresh, pytest.raises(WebError, match='non-public address 10.9.8.7'): fresh.get('https://bears.example/')
        assert not loopback.refused

def test_a_certificate_of_somebody_else_is_refused(tmp_path, monkeypatch):
    with LoopbackWeb(tmp_path, {'bears.example': lambda request: Answer(b'bear')}) as loopback, Web(tries=1) as client:
        for name, value in loopback.env.items(): monkeypatch.setenv(name, value)
        monkeypatch.delenv('SSL_CERT_FILE')
        with pytest.raises(WebError, match='certificate is not valid'): client.get('https://bears.example/')

def test_no_proxy_is_heeded(server, monkeypatch):
    monkeypatch.setenv('http_proxy', 'http://127.0.0.1:9')
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    with Web(private=['127.0.0.1']) as client: assert client.get(server.home).body == b'bear'

@pytest.mark.parametrize('host, most', [('img.example', 8), ('upload.wikimedia.org', 3)])
def test_sites_that_ask_for_few_requests_at_once_get_few(tmp_path, monkeypatch, host, most):
    now, peak, lock = [0], [0], threading.Lock()
    def site(request):
        with lock:
            now[0] += 1
            peak[0] = max(peak[0], now[0])
        time.sleep(0.1)
        with lock: now[0] -= 1
        return Answer(b'bear')
    with LoopbackWeb(tmp_path, {host: site}) as loopback, Web() as client:
        for name, value in loopback.env.items(): monkeypatch.setenv(name, value)
        workers = [threading.Thread(target=client.get, args=(f'https://{host}/{i}',)) for i in range(8)]
        for each in workers: each.start()
        for each in workers: each.join()
    assert 1 < peak[0] <= most

@pytest.mark.skipif(not socket.has_ipv6 or sys.platform != 'linux', reason='a full queue of connections is silent on Linux only')
def test_an_ipv6_that_is_silent_is_followed_by_ipv4(server, monkeypatch):
    "A socket whose queue is full answers nothing, like a network that swallows IPv6."
    port = server.server_port
    silent = socket.socket(socket.AF_INET6)
    try: silent.bind(('::1', port))
    except OSError: pytest.skip('this machine has no IPv6')
    silent.listen(0)
    fill = [socket.socket(socket.AF_INET6) for _ in range(4)]
    for each in fill:
        each.setblocking(False)
        each.connect_ex(('::1', port))
    time.sleep(0.2)
    monkeypatch.setattr(web, '_resolve', lambda host, port, wait: ['::1', '::1', '127.0.0.1'])
    try:
        with Web(deadline=6, patience=5, tries=1, private=['bears.example']) as client:
            began = time.monotonic()
            assert client.get(f'http://bears.example:{port}/').body == b'bear'
            first, began = time.monotonic() - began, time.monotonic()
            server.answer = lambda sock: sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbear')
            client.close()
            assert client.get(f'http://bears.example:{port}/').body == b'bear'
    finally:
        for each in (silent, *fill): each.close()
    assert 1 < first < 4, 'one of the silent addresses was waited for, not both'

def test_one_place_names_the_library_that_speaks_http():
    "A change of it is a change of one line; its predecessor, which nobody tends any more, stays out."
    package = Path(web.__file__).parents[2]
    naming = {file.name for file in package.rglob('*.py') if re.search(r'^\s*(import|from) .*\b(httpx|httpcore)\d?\b', file.read_text(encoding='utf-8'), re.MULTILINE)}
    run = subprocess.run([sys.executable, '-c', 'import sys, bears_lib.engine.core.http_client; print({"httpx", "httpcore"} & set(sys.modules))'], capture_output=True, text=True)
    assert (naming - {'datasets.py'}, run.stdout.strip()) == ({'http_client.py'}, 'set()')
    assert 'from bears_lib.engine.core.http_client import httpx' in (package/'engine'/'lessons'/'datasets.py').read_text(encoding='utf-8')
