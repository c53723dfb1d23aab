"""A web on this machine: a proxy that ends TLS with a test authority's certificate, and sites that answer by function.

Real clients reach it through environment variables alone (`HTTPS_PROXY`, `HTTP_PROXY`, `SSL_CERT_FILE`). A host that it
does not know gets 502, so a test can't leak to the internet."""
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
import ssl, threading

import trustme

@dataclass
class Request:
    "What a client asked."
    host: str
    path: str # As it was sent, still quoted
    query: dict # First value of each field
    headers: dict # Names in lower case
    times: int # How often this address was asked, this time included

@dataclass
class Answer:
    "What a site says; `write` takes over after the headers, for bodies that come slowly or break off."
    body: bytes = b''
    status: int = 200
    headers: dict = field(default_factory=dict)
    write: object = None # A function of the handler

class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    host = ''
    web: 'LoopbackWeb'

    def log_message(self, *args): pass

    def do_CONNECT(self):
        host = self.path.rsplit(':', 1)[0]
        if host not in self.web.sites:
            self.close_connection = True
            self.web.refused.append(host)
            return self.send_error(502)
        self.send_response_only(200, 'Connection established')
        self.end_headers()
        try: self.connection = self.web.tls.wrap_socket(self.connection, server_side=True)
        except OSError:
            self.close_connection = True
            return
        self.host, self.rfile, self.wfile = host, self.connection.makefile('rb'), self.connection.makefile('wb', 0)

    def do_GET(self):
        url = urlsplit(self.path)
        host = self.host or url.hostname or ''
        if host not in self.web.sites:
            self.close_connection = True
            self.web.refused.append(host)
            return self.send_error(502)
        path = url.path + (f'?{url.query}' if url.query else '')
        with self.web.lock:
            self.web.asked[f'{host}{path}'] += 1
            times = self.web.asked[f'{host}{path}']
        request = Request(host, url.path, {key: value[0] for key, value in parse_qs(url.query).items()}, {key.lower(): value for key, value in self.headers.items()}, times)
        answer = self.web.sites[host](request)
        self.send_response(answer.status)
        for key, value in ({'Content-Type': 'text/html'} | ({} if answer.write else {'Content-Length': len(answer.body)}) | answer.headers).items(): self.send_header(key, str(value))
        self.end_headers()
        try:
            if answer.write:
                self.close_connection = True
                answer.write(self)
            else: self.wfile.write(answer.body)
        except OSError: self.close_connection = True
        with self.web.lock: self.web.served[f'{host}{path}'] += 1

    def finish(self):
        super().finish()
        if self.host: self.connection.close()

class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    def handle_error(self, request, client_address): pass

class LoopbackWeb:
    "Use as `with LoopbackWeb(folder, sites) as web:`, where sites maps a host to a function of a `Request`."
    def __init__(self, folder:Path, sites:dict):
        self.sites, self.lock, self.asked, self.served, self.refused = sites, threading.Lock(), Counter(), Counter(), []
        authority = trustme.CA()
        self.authority = Path(folder)/'authority.pem'
        authority.cert_pem.write_to_path(str(self.authority))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*sites).configure_cert(self.tls)
        self.server = _Server(('127.0.0.1', 0), type('Handler', (_Handler,), {'web': self}))

    @property
    def env(self) -> dict[str, str]:
        "The variables that send a client here."
        proxy = f'http://127.0.0.1:{self.server.server_port}'
        names = dict.fromkeys(('HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'), proxy)
        return names | {'SSL_CERT_FILE': str(self.authority), 'NO_PROXY': '', 'no_proxy': ''}

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()
