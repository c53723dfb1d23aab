"""The two packages from npm that pages are built and tested with: onnxruntime-web and axe-core.

They are taken from node_modules beside the project, or fetched once and kept in the user's cache."""
import os, shutil, subprocess
from pathlib import Path

from bears_lib.engine.common import BearsError
from bears_lib.engine.web_page import read_runtime, runtime_version

root = Path(__file__).parent.parent
axe_version = '4.14.1'

def node_modules() -> Path:
    "A folder that holds both; a `BearsError` says why there is none."
    cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home()/'.cache')/'bears_lib'/'npm'
    for place in (root/'node_modules', cache/'node_modules'):
        if complete(place): return place
    npm = shutil.which('npm')
    if npm is None: raise BearsError('npm is not installed, and onnxruntime-web is not there: apt-get install npm')
    cache.mkdir(parents=True, exist_ok=True)
    wanted = [f'onnxruntime-web@{runtime_version}', f'axe-core@{axe_version}']
    try: done = subprocess.run([npm, 'install', '--prefix', str(cache), '--ignore-scripts', '--no-audit', '--no-fund', *wanted], capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired: raise BearsError('npm did not answer within two minutes, and onnxruntime-web is not there.') from None
    if done.returncode or not complete(cache/'node_modules'): raise BearsError(f'npm could not fetch onnxruntime-web: {done.stderr.strip()[-200:]}')
    return cache/'node_modules'

def complete(place:Path) -> bool:
    try: read_runtime(place)
    except BearsError: return False
    return (place/'axe-core'/'axe.min.js').is_file()
