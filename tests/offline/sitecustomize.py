"Put this folder on PYTHONPATH and Python talks to this machine only, and keeps what it computes in a folder that goes with it."
import ipaddress, os, socket, tempfile

_connect, _connect_ex, _getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

def _check(address):
    host = address[0] if isinstance(address, tuple) else None
    if host is None or host == 'localhost': return   # a unix socket, or this machine
    try: local = ipaddress.ip_address(str(host).split('%')[0]).is_loopback
    except ValueError: local = False
    if not local: raise OSError(f'network blocked: {host}')

def _guard(method):
    def connect(self, address):
        _check(address)
        return method(self, address)
    return connect

def getaddrinfo(host, *args, **kwargs):
    if host not in (None, '', b'', 'localhost', '0.0.0.0', '::', socket.gethostname()): _check((host.decode() if isinstance(host, bytes) else host,))
    return _getaddrinfo(host, *args, **kwargs)

socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo = _guard(_connect), _guard(_connect_ex), getaddrinfo
os.environ['BEARS_NETWORK_BLOCKED'] = '1'
if 'BEARS_CACHE' not in os.environ:  # the first process of a run; those that it starts share its folder
    kept = tempfile.TemporaryDirectory(prefix='bears_cache_')
    os.environ['BEARS_CACHE'] = kept.name
