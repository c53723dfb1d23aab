"The loopback web as a fixture: import `engines` where it is needed."
import pytest

from loopback import LoopbackWeb
from loopback.clock import TurnedClock
from loopback.engines import Engines

@pytest.fixture
def engines(tmp_path, monkeypatch):
    "All search engines, reached through the environment alone; `engines.web` counts what was asked."
    from bears_lib.engine.gather import providers
    from bears_lib.engine.core import http_client as web
    clock = TurnedClock()
    engines = Engines(clock=clock)
    monkeypatch.setattr(web.clock, 'now', clock.now, raising=False)
    monkeypatch.setattr(web.clock, 'sleep', clock.sleep, raising=False)
    monkeypatch.delenv('BEARS_CONTACT', raising=False)
    (tmp_path/'web').mkdir()
    with LoopbackWeb(tmp_path/'web', engines.sites) as engines.web:
        for name, value in engines.web.env.items(): monkeypatch.setenv(name, value)
        monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path/'cache'))
        monkeypatch.delenv('SERPAPI_KEY', raising=False)
        providers.resting.clear()
        providers._taxa.clear()
        web._asked.clear()
        yield engines
        providers.resting.clear()
        web._asked.clear()
