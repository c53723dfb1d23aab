"""A Colab and a Kaggle machine, as far as they can be had here: their releases of what other packages stand on, their fastai, a notebook in a folder of its own.

Both have Python 3.12 or newer, and torch for their GPU; here it is this Python and this torch."""
import json, os, re, shutil, subprocess, sys, sysconfig, venv
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from conftest import root

linked = ['torch', 'torchvision', 'timm', 'scipy', 'scikit-learn', 'matplotlib', 'tqdm', 'requests', 'httpx', 'nbclient', 'ipykernel', 'pyyaml', 'safetensors', 'gradio', 'fastai']
colab_has = ['numpy==2.1.3', 'pandas==2.2.3', 'pillow==11.3.0', 'protobuf==5.29.6', 'grpcio-status==1.71.2', 'ipywidgets==7.7.1', 'fastai==2.8.8', 'fastcore==2.2.12']  # August 2026
kaggle_has = ['numpy==2.1.3', 'pandas==2.2.3', 'pillow==11.3.0', 'protobuf==5.29.6', 'grpcio-status==1.71.2', 'ipywidgets==8.1.5', 'fastai==2.8.4', 'fastcore<2']
machines = {'Colab': colab_has, 'Kaggle': kaggle_has}
every = sorted(path for folder in ('', 'lessons') for path in (root/'nbs'/folder).glob('[0-9]*.ipynb'))
quick = {'03_two_things': 'Colab', '05_questionnaire': 'Kaggle'}  # BEARS_ALL=1 runs all of them on both, in an hour
cases = [(machine, path) for machine in machines for path in every if os.environ.get('BEARS_ALL') or quick.get(path.stem) == machine]

def name_of(requirement:str) -> str: return Requirement(requirement).name
def same(name:str) -> str: return re.sub(r'[-_.]+', '-', name).lower()

def closure(names:list[str], seen:dict) -> dict:
    "These packages and all that they need here."
    for name in names:
        try: found = distribution(name)
        except PackageNotFoundError: continue
        if same(found.metadata['Name']) in seen: continue
        seen[same(found.metadata['Name'])] = found
        needs = [Requirement(text) for text in found.requires or []]
        closure([need.name for need in needs if not need.marker or need.marker.evaluate({'extra': ''})], seen)
    return seen

def put(found, source:Path, target:Path) -> None:
    "Put an installed package into another environment: the same files under other names, so that pip may take them away there."
    for top in {file.parts[0] for file in found.files or [] if file.parts[0] not in ('..', '__pycache__')}:
        if (target/top).exists(): continue
        if (source/top).is_dir(): shutil.copytree(source/top, target/top, copy_function=hard_link, ignore=shutil.ignore_patterns('__pycache__'))
        elif (source/top).exists(): hard_link(source/top, target/top)

def hard_link(source, target) -> None:
    try: os.link(source, target)
    except OSError: shutil.copy2(source, target)

@pytest.fixture(scope='module')
def colab(request, tmp_path_factory):
    "The Python of the machine, and a wheel of this tree."
    folder = tmp_path_factory.mktemp(request.param)
    venv.create(folder/'venv', with_pip=True, symlinks=os.name != 'nt')
    python, has = folder/'venv'/('Scripts/python.exe' if os.name == 'nt' else 'bin/python'), machines[request.param]
    run(python, '-m', 'pip', 'install', '-q', '--no-deps', *has)
    own = {same(name_of(text)) for text in has}
    target = Path(run(python, '-c', "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    for name, found in closure(linked, {}).items():
        if name not in own: put(found, Path(sysconfig.get_path('purelib')), target)
    run(Path(sys.executable), '-m', 'pip', 'wheel', '-q', '--no-deps', '-w', folder/'wheel', root)
    return python, next((folder/'wheel').glob('*.whl'))

def run(*words, **kwargs) -> str:
    result = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=500, env=machine(words[0]), **kwargs)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-3000:]
    return result.stdout

def machine(python:Path) -> dict:
    "Colab's environment: nothing of ours, its own programs first."
    plain = {key: value for key, value in os.environ.items() if not key.startswith(('PYTHON', 'BEARS', 'VIRTUAL_ENV', 'PIP_CONSTRAINT'))}
    return plain | {'PATH': f'{Path(python).parent}{os.pathsep}{os.environ["PATH"]}', 'COLAB_RELEASE_TAG': 'release-colab', 'IN_TEST': '1', 'HF_HUB_OFFLINE': '1', 'MPLBACKEND': 'agg'}

def versions(python:Path) -> dict: return {same(each['name']): each['version'] for each in json.loads(run(python, '-m', 'pip', 'list', '--format=json'))}
def complaints(python:Path) -> set: return set(subprocess.run([python, '-m', 'pip', 'check'], capture_output=True, text=True, env=machine(python)).stdout.splitlines()) - {'No broken requirements found.'}

execute = '''import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=500, kernel_name='python3').execute()
nbformat.write(notebook, sys.argv[1])'''

def words_of(notebook:Path) -> str:
    "All that a learner reads below the set-up cell."
    cells = json.loads(notebook.read_text(encoding='utf-8'))['cells']
    return ''.join(''.join(output.get('text', '')) for output in next(cell for cell in cells if '# Set-up:' in ''.join(cell['source']))['outputs'])

@pytest.mark.parametrize('colab, notebook', cases, indirect=['colab'], ids=[f'{path.stem}, {machine}' for machine, path in cases])
@pytest.mark.timeout(1500)
def test_a_notebook_alone_on_a_colab_machine(notebook, colab, tmp_path):
    python, wheel = colab
    before, broken = versions(python), complaints(python)
    run(python, '-c', execute, alone(notebook, wheel, tmp_path), cwd=tmp_path)
    said, after = words_of(tmp_path/notebook.name), versions(python)
    assert {name for name, version in before.items() if after.get(name) != version} <= {'fastai', 'fastcore'}
    assert complaints(python) <= broken and 'bears_lib' in said and not re.search('ERROR|dependency resolver|replaced', said)

def alone(notebook:Path, wheel:Path, folder:Path) -> Path:
    "A copy of the notebook that installs the wheel instead of what is in the repository."
    text, found = re.subn(r'(bears_lib(?:\[[\w,]+\])?) @ git\+https://[^"\'\\]+', lambda match: f'{match[1]} @ {wheel.as_uri()}', notebook.read_text(encoding='utf-8'))
    assert found == 1
    (folder/notebook.name).write_text(text, encoding='utf-8')
    return folder/notebook.name
