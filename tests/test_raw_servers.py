"Servers that break the rules: each is left within the deadline, with a body or with a sentence."
import json, os, re, subprocess, sys
from pathlib import Path

import pytest

from loopback.raw import deadline, servers

pytest.importorskip('resource', reason='memory can not be measured on this system')

@pytest.fixture(scope='module')
def asked():
    "All of them, asked by a process of its own, 24 at a time."
    env = {key: value for key, value in os.environ.items() if 'proxy' not in key.lower()}
    place = Path(__file__).parent
    env['PYTHONPATH'] = os.pathsep.join([str(place), str(place.parent), env.get('PYTHONPATH', '')])
    done = subprocess.run([sys.executable, '-m', 'loopback.raw'], capture_output=True, text=True, timeout=120, env=env)
    assert not done.returncode, done.stderr[-3000:]
    return json.loads(done.stdout)

@pytest.mark.parametrize('name', servers)
def test_server(asked, name):
    seconds, said = asked['said'][name]
    wanted = servers[name][1]
    assert re.search(wanted or '^OK ', said), said
    assert seconds < deadline + 2

def test_in_all(asked):
    assert len(servers) >= 100
    assert asked['hits'] == 0, 'a redirect led to a server on this machine'
    assert asked['memory'] < 150, f'{asked["memory"]:.0f} MB for bodies of at most one'
