"A Colab machine, as far as it can be had here: its usual packages, ipywidgets 7.7, with fastai and without, and a notebook in a folder of its own."
import json, os, re, subprocess, sys, sysconfig, venv
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from conftest import root

usual = ['torch', 'torchvision', 'timm', 'numpy', 'pandas', 'scipy', 'scikit-learn', 'matplotlib', 'pillow', 'tqdm', 'requests', 'httpx', 'nbclient', 'ipykernel', 'pyyaml', 'safetensors']
every = sorted(path for folder in ('', 'lessons') for path in (root/'nbs'/folder).glob('0*.ipynb'))
quick = {'03_two_things': 'without fastai', '05_questionnaire': 'with fastai'}  # BEARS_ALL=1 runs all of them both ways, in an hour
machines = ('without fastai', 'with fastai')
cases = [(machine, path) for machine in machines for path in every if os.environ.get('BEARS_ALL') or quick.get(path.stem) == machine]
keep = ('torch', 'torchvision', 'fastai', 'numpy', 'ipywidgets', 'pillow')

def closure(names:list[str], seen:dict) -> dict:
    "These packages and all that they need here."
    for name in names:
        try: found = distribution(name)
        except PackageNotFoundError: continue
        if found.metadata['Name'] in seen: continue
        seen[found.metadata['Name']] = found
        needs = [Requirement(text) for text in found.requires or []]
        closure([need.name for need in needs if not need.marker or need.marker.evaluate({'extra': ''})], seen)
    return seen

def link(found, source:Path, target:Path) -> None:
    "Put an installed package into another environment without copying it."
    for top in {file.parts[0] for file in found.files or [] if file.parts[0] != '..'}:
        if (source/top).exists() and not (target/top).exists() and top != '__pycache__': (target/top).symlink_to(source/top)

@pytest.fixture(scope='module')
def colab(request, tmp_path_factory):
    "The Python of the machine, and a wheel of this tree."
    folder = tmp_path_factory.mktemp('colab')
    venv.create(folder/'venv', with_pip=True, symlinks=True)
    python = folder/'venv/bin/python'
    target = next((folder/'venv/lib').glob('python*/site-packages'))
    for name, found in closure(usual + ['fastai']*(request.param == 'with fastai'), {}).items(): link(found, Path(sysconfig.get_path('purelib')), target)
    run(python, '-m', 'pip', 'install', '-q', 'ipywidgets==7.7.1')
    run(Path(sys.executable), '-m', 'pip', 'wheel', '-q', '--no-deps', '-w', folder/'wheel', root)
    return python, next((folder/'wheel').glob('*.whl'))

def run(*words, **kwargs) -> str:
    result = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=500, env=machine(words[0]), **kwargs)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-3000:]
    return result.stdout

def machine(python:Path) -> dict:
    "Colab's environment: nothing of ours, its own programs first."
    plain = {key: value for key, value in os.environ.items() if not key.startswith(('PYTHON', 'BEARS', 'VIRTUAL_ENV', 'PIP_CONSTRAINT'))}
    return plain | {'PATH': f'{Path(python).parent}:{os.environ["PATH"]}', 'COLAB_RELEASE_TAG': 'release-colab', 'IN_TEST': '1', 'HF_HUB_OFFLINE': '1', 'MPLBACKEND': 'agg'}

def versions(python:Path) -> dict: return {each['name'].lower(): each['version'] for each in json.loads(run(python, '-m', 'pip', 'list', '--format=json')) if each['name'].lower() in keep}
def complaints(python:Path) -> set: return set(subprocess.run([python, '-m', 'pip', 'check'], capture_output=True, text=True, env=machine(python)).stdout.splitlines()) - {'No broken requirements found.'}

execute = '''import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=500, kernel_name='python3').execute()'''

@pytest.mark.parametrize('colab, notebook', cases, indirect=['colab'], ids=[f'{path.stem}, {machine}' for machine, path in cases])
@pytest.mark.timeout(1500)
def test_a_notebook_alone_on_a_colab_machine(notebook, colab, tmp_path):
    python, wheel = colab
    before, broken = versions(python), complaints(python)
    text, found = re.subn(r'(bears_lib(?:\[\w+\])?) @ git\+https://[^"\\]+', lambda match: f'{match[1]} @ file://{wheel}', notebook.read_text(encoding='utf-8'))
    assert found == 1
    (tmp_path/notebook.name).write_text(text, encoding='utf-8')
    run(python, '-c', execute, notebook.name, cwd=tmp_path)
    assert versions(python).items() >= before.items()
    assert complaints(python) <= broken
