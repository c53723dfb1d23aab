"The loopback web as a fixture: import `engines` where it is needed."
import pytest

from loopback import LoopbackWeb
from loopback.engines import Engines

@pytest.fixture
def engines(tmp_path, monkeypatch):
    "All search engines, reached through the environment alone; `engines.web` counts what was asked."
    from bears_lib.engine import search
    engines = Engines()
    (tmp_path/'web').mkdir()
    with LoopbackWeb(tmp_path/'web', engines.sites) as engines.web:
        for name, value in engines.web.env.items(): monkeypatch.setenv(name, value)
        monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path/'cache'))
        monkeypatch.delenv('SERPAPI_KEY', raising=False)
        search.resting.clear()
        search._taxa.clear()
        yield engines
        search.resting.clear()
