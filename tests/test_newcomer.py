"""The first ten minutes: a fresh clone, README's commands and no others, then every course notebook from its first cell to its last.

The libraries are those installed here; nothing else is. CI installs these too, in a clone of its own (`.ci/run`)."""
import json, os, re, shutil, subprocess, sys, sysconfig, venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import root

pytestmark = pytest.mark.skipif(not shutil.which('make') or os.name == 'nt', reason='README is for machines with make')
course = sorted(path.name for path in (root/'nbs').glob('[0-9]*.ipynb'))
plain = {key: value for key, value in os.environ.items() if not key.startswith(('PYTHON', 'BEARS', 'VIRTUAL_ENV', 'IN_TEST', 'MPL', 'MAKE'))}

def readme_commands() -> list[str]:
    "What README tells a newcomer to type first: it fetches the project, and then come two commands in it."
    block = re.search(r'```bash\n(.*?)```', (root/'README.md').read_text(encoding='utf-8'), re.S)[1]
    return [line.split('#')[0].strip() for line in block.splitlines()]

@pytest.fixture(scope='module')
def clone(tmp_path_factory) -> Path:
    "The project's files as git has them, with an environment in which the libraries are but the project is not."
    folder = tmp_path_factory.mktemp('newcomer')/'bears_lib'
    names = subprocess.run(['git', 'ls-files', '-z'], cwd=root, capture_output=True, text=True, check=True).stdout.split('\0')
    for name in filter(None, names):
        (folder/name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root/name, folder/name)
    venv.create(folder/'.venv', with_pip=True, symlinks=True)
    next((folder/'.venv/lib').glob('python*/site-packages')).joinpath('libraries.pth').write_text(sysconfig.get_path('purelib'), encoding='utf-8')
    return folder

@pytest.fixture(scope='module')
def demo(clone) -> subprocess.CompletedProcess:
    "README's first command in the clone; the project is installed from then on."
    return subprocess.run(readme_commands()[1].split(), cwd=clone, env=plain, capture_output=True, text=True, timeout=600)

def test_ci_runs_what_readme_says():
    fetch, *then = readme_commands()
    assert re.fullmatch(r'git clone https://\S+/(\w+) && cd \1', fetch) and then == ['make demo', 'make test']
    assert (root/'.ci/run').read_text(encoding='utf-8').splitlines()[-2:] == ['make test', 'exec make slow']

@pytest.mark.timeout(900)
def test_demo_in_a_fresh_clone(clone, demo):
    assert demo.returncode == 0, demo.stdout[-2000:] + demo.stderr[-3000:]
    assert {path.name for path in (clone/'demo').iterdir()} == {'confusion.png', 'top_losses.png', 'model'}
    assert 'One of the photos:' in demo.stderr and (clone/'demo/confusion.png').read_bytes().startswith(b'\x89PNG')

execute = '''import json, sys, nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
notebook = nbformat.read(sys.argv[1], as_version=4)
try: NotebookClient(notebook, timeout=300, kernel_name='python3').execute()
except CellExecutionError as error: sys.exit(str(error))
cells = [cell for cell in notebook.cells if cell.cell_type == 'code']
print(json.dumps([sum(cell.execution_count is not None for cell in cells), sum(bool(cell.source.strip()) for cell in cells)]))'''

def without_messages(source:str) -> str:
    "A cell's code without the texts of several lines that it may print: what a message recommends is nothing that the cell does."
    return re.sub(r'""".*?"""', '""', source, flags=re.S)

def manual_steps(name:str, clone:Path) -> list[str]:
    "What somebody who only presses Run would have to do as well: cells that fail, ask for something or are left out."
    sources = [''.join(cell['source']) for cell in json.loads((clone/'nbs'/name).read_text(encoding='utf-8'))['cells'] if cell['cell_type'] == 'code']
    asks = [source for source in sources if re.search(r'\binput\(|getpass|files\.upload|drive\.mount|^#\|\s*(eval|slow|network)\b', without_messages(source), re.M)]
    env = plain | {'PYTHONPATH': str(clone/'tests/offline'), 'HF_HUB_OFFLINE': '1', 'OMP_NUM_THREADS': '1'}
    run = subprocess.run([clone/'.venv/bin/python', '-c', execute, name], cwd=clone/'nbs', env=env, capture_output=True, text=True, timeout=800)
    if run.returncode: return [*asks, run.stderr[-3000:]]
    done, there = json.loads(run.stdout.splitlines()[-1])
    return asks + [f'{there - done} cells of {name} were not run']*(done < there)

@pytest.mark.timeout(1500)
def test_course_notebooks_want_nothing_but_run(clone, demo):
    assert len(course) == 7
    with ThreadPoolExecutor(2) as pool: steps = dict(zip(course, pool.map(lambda name: manual_steps(name, clone), course)))
    assert not sum(map(len, steps.values())), steps

@pytest.mark.timeout(600)
def test_study_copies_hold_code_and_headings_and_run(clone, demo):
    subprocess.run([sys.executable, 'tools/study_copies.py'], cwd=clone, check=True, capture_output=True)
    copies = sorted((clone/'_clean').rglob('*.ipynb'))
    assert len(copies) == len(course) + len(list((clone/'nbs/lessons').glob('*.ipynb')))
    for copy in copies:
        cells, original = (json.loads(path.read_text(encoding='utf-8'))['cells'] for path in (copy, clone/'nbs'/copy.relative_to(clone/'_clean')))
        assert not any(cell.get('outputs') for cell in cells) and sum(cell['cell_type'] == 'code' for cell in cells) == sum(cell['cell_type'] == 'code' for cell in original)
        assert all(line.startswith('#') for cell in cells if cell['cell_type'] == 'markdown' for line in cell['source'])
    assert not manual_steps('../_clean/05_questionnaire.ipynb', clone)
