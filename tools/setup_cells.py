"""Write the first cells of every notebook that learners run: the badges that open it in Colab and Kaggle, and the cell that sets it up.
Fold the cells that a learner need not read: set-up, tests, and what becomes the library.

python tools/setup_cells.py

Both are made from one place: the repository's address in pyproject.toml. A notebook then opens with its title, the badges, a few sentences
and the set-up cell. (Title and promise have a cell of their own: nbdev makes the page's heading of it, and drops what else is in it.)"""
import hashlib, json, re
from pathlib import Path

try: import tomllib
except ImportError: import tomli as tomllib

root = Path(__file__).parent.parent
repository = tomllib.loads((root/'pyproject.toml').read_text(encoding='utf-8'))['project']['urls']['Repository']
extras = {'lessons': 'fastai,lessons', 'solutions': 'fastai,lessons', '04_deploy': 'fastai,app', '05_questionnaire': 'fastai,quiz'}  # of all others: fastai
with_pets = {'07_segmentation', '01_pets', '02_dog_breeds'}  # these need the package of drawn pets as well
badges = {'Colab': 'https://colab.research.google.com/assets/colab-badge.svg', 'Kaggle': 'https://kaggle.com/static/images/open-in-kaggle.svg'}
setup = r'''#| hide
# Set-up: installs bears_lib where it is missing. All that is there stays as it is, but for fastai and fastcore where they are too old.
import importlib, re, subprocess, sys
from importlib.util import find_spec
if find_spec('bears_lib') is None:
    def pip(*words): return subprocess.run([sys.executable, '-m', 'pip', *words], capture_output=True, text=True)
    def there(): return set(re.findall(r'^(?!fastai=|fastcore=)[\w.-]+==\d+(?:\.\d+)*(?:(?:a|b|rc|\.post|\.dev)\d+)*(?:\+[\w.]+)?$', pip('list', '--format=freeze').stdout, re.M))
    package, before = 'PACKAGE @ git+REPOSITORY', there()
    with open('keep.txt', 'w', encoding='utf-8') as keep: keep.write('\n'.join(before))
    print('Installing bears_lib. This takes a minute or two.')
    done = pip('install', '-q', '-c', 'keep.txt', package)
    offline = re.search('git clone|resolve host|name resolution|unreachable|connection|timed out|from versions: none', done.stderr, re.I)
    if done.returncode and not offline: done = pip('install', '-q', package)
    if done.returncode and offline: raise SystemExit('bears_lib is not installed, since pip found no way into the internet: switch it on (in Kaggle: Settings, Internet; the account has to be verified by phone) and run this cell again, or bring the packages along as HOME#without-the-internet shows.')
    if done.returncode: raise SystemExit(f"bears_lib is not installed, since it does not go together with what is here: {' '.join((re.findall('ERROR: (.*)', done.stderr) or [done.stderr[-300:]])[0].split()).rstrip('.')}; begin with a fresh machine (in Colab: Runtime, Disconnect and delete runtime) or a new environment, and run this cell first.")
    if moved := sorted(before - there()): print(f"Too old for bears_lib and replaced: {', '.join(moved)}. Restart the kernel (in Colab: Runtime, Restart session), then run this cell again.")
    importlib.invalidate_caches()
from bears_lib.engine.train.setup_notebook import ready
ready();'''

def notebooks() -> list[Path]:
    "The course and its lessons, not the machinery."
    return sorted(path for folder in ('', 'lessons', 'solutions') for path in (root/'nbs'/folder).glob('[0-9]*.ipynb'))

def first_cells(notebook:Path) -> tuple[dict, dict]:
    "The badges and the set-up cell, as they have to be."
    place = notebook.relative_to(root).as_posix()
    extra = extras.get(notebook.stem) or extras.get(notebook.parent.name) or 'fastai'
    page = f'{repository}/blob/main/{place}'
    links = {'Colab': page.replace('github.com', 'colab.research.google.com/github'), 'Kaggle': f'https://kaggle.com/kernels/welcome?src={page}'}
    shown = ' '.join(f'[![Open in {name}]({badges[name]})]({link})' for name, link in links.items())
    code = setup
    if notebook.stem in with_pets:
        code = code.replace(', package)', ', package, pets)').replace('    with open', "    pets = 'bears_lib_pets @ git+REPOSITORY#subdirectory=bears_lib_pets'\n    with open", 1)
    code = code.replace('PACKAGE', f'bears_lib[{extra}]' if extra else 'bears_lib').replace('REPOSITORY', repository).replace('HOME', repository)
    return cell('markdown', shown, place), cell('code', code, place)

def opening(cells:list[dict], notebook:Path) -> list[dict]:
    "All cells of a notebook, its first ones as they have to be."
    title, words, *others = [found for found in cells if not is_first(found)]
    badge_cell, setup_cell = first_cells(notebook)
    return [fold(each) for each in (title, badge_cell, words, setup_cell, *others)]

def fold(found:dict) -> dict:
    "Close a cell in JupyterLab and Colab where a learner need not read it, and open all others."
    kept = {key: value for key, value in found['metadata'].items() if key not in ('jupyter', 'cellView')}
    closed = found['cell_type'] == 'code' and re.search(r'^#\| *(export|exporti|default_exp|hide|code-fold: true)\b', ''.join(found['source']), re.M)
    return found | {'metadata': kept | ({'cellView': 'form', 'jupyter': {'source_hidden': True}} if closed else {})}

def cell(kind:str, text:str, place:str) -> dict:
    made = {'cell_type': kind, 'id': hashlib.sha256(f'{place}{kind}'.encode()).hexdigest()[:8], 'metadata': {}, 'source': text.splitlines(True)}
    return made | ({'execution_count': None, 'outputs': []} if kind == 'code' else {})

def is_first(found:dict) -> bool:
    "Was this cell written here before?"
    text = ''.join(found['source'])
    return text.startswith('[![Open in Colab]') or bool(re.match(r'#\| hide\n# Set-up:', text))

def write(notebook:Path) -> None:
    content = json.loads(notebook.read_text(encoding='utf-8'))
    content['cells'] = opening(content['cells'], notebook)
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + '\n'
    if text != notebook.read_text(encoding='utf-8'): notebook.write_text(text, encoding='utf-8')

if __name__ == '__main__':
    for notebook in notebooks(): write(notebook)
