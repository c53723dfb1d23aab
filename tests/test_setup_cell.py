"The set-up cell by itself, with packages made for the test: what it keeps, what it raises, and the one sentence in which it fails."
import base64, hashlib, os, re, shutil, subprocess, sys, venv, zipfile
from pathlib import Path

import pip
import pytest

from conftest import root
from test_colab import hard_link

sys.path.insert(0, str(root/'tools'))
import setup_cells

def wheel(folder:Path, name:str, version:str, *needs:str, files:dict[str, str]|None=None) -> Path:
    "A package of a given name that asks for others."
    info = f'{name}-{version}.dist-info'
    content = {f'{name}/__init__.py': f'__version__ = "{version}"', **(files or {}), f'{info}/WHEEL': 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
        f'{info}/METADATA': '\n'.join(['Metadata-Version: 2.1', f'Name: {name}', f'Version: {version}', *(f'Requires-Dist: {need}' for need in needs)]) + '\n'}
    rows = [f'{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()},{len(text.encode())}' for path, text in content.items()]
    path = folder/f'{name}-{version}-py3-none-any.whl'
    with zipfile.ZipFile(path, 'w') as archive:
        for place, text in [*content.items(), (f'{info}/RECORD', '\n'.join([*rows, f'{info}/RECORD,,']) + '\n')]: archive.writestr(place, text)
    return path

class Machine:
    "A new Python, an index of packages, and what is installed."
    def __init__(self, folder:Path) -> None:
        self.folder, self.index = folder, folder/'index'
        self.index.mkdir()
        venv.create(folder/'venv', with_pip=False, symlinks=os.name != 'nt')
        self.python = folder/'venv'/('Scripts/python.exe' if os.name == 'nt' else 'bin/python')
        self.site = Path(self.run('-c', "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip())
        shutil.copytree(Path(pip.__file__).parent, self.site/'pip', copy_function=hard_link, ignore=shutil.ignore_patterns('__pycache__'))
        self.add('fastai', '1.0', install=True)
        self.add('protobuf', '5.29', install=True)
        self.add('cuda_build', '2.11+cu128', install=True, listed=False)
    def run(self, *words:str) -> subprocess.CompletedProcess:
        plain = {key: value for key, value in os.environ.items() if not key.startswith(('PYTHON', 'PIP_'))}
        env = plain | {'PIP_CONFIG_FILE': os.devnull, 'PIP_NO_INDEX': '1', 'PIP_FIND_LINKS': str(self.index), 'PIP_DISABLE_PIP_VERSION_CHECK': '1'}
        return subprocess.run([str(self.python), *words], capture_output=True, text=True, cwd=self.folder, env=env, timeout=300)
    def add(self, name:str, version:str, *needs:str, install:bool=False, listed:bool=True, **files:dict[str, str]) -> Path:
        made = wheel(self.index, name, version, *needs, **files)
        if install: zipfile.ZipFile(made).extractall(self.site)
        if not listed: made.unlink()
        return made
    def bears(self, *needs:str) -> Path:
        files = {'bears_lib/engine/__init__.py': '', 'bears_lib/engine/train/setup_notebook.py': 'def ready(): print("ready")'}
        return self.add('bears_lib', '1.0', *needs, files=files)
    def set_up(self, package:str) -> subprocess.CompletedProcess:
        cell = ''.join(setup_cells.first_cells(root/'nbs/02_train.ipynb')[1]['source'])
        code, found = re.subn(r"bears_lib(\[[a-z,]+\])? @ git\+[^']+", lambda _: package, cell)
        assert found == 1
        return self.run('-c', code)
    def has(self) -> dict[str, str]:
        return dict(re.findall(r'^([\w-]+)==(.+)$', self.run('-m', 'pip', 'list', '--format=freeze').stdout.replace('\r', ''), re.M))

@pytest.fixture
def machine(tmp_path): return Machine(tmp_path)

def last_line(done:subprocess.CompletedProcess) -> str:
    "What a failed set-up says: one line, and no traceback."
    assert done.returncode and len(done.stderr.strip().splitlines()) == 1 and 'Traceback' not in done.stderr, done.stderr
    return done.stderr

def test_it_keeps_what_is_there_and_raises_fastai(machine):
    "As with onnx 1.23, which wants a newer protobuf than Colab's others allow: the older onnx is taken. Names and versions that pip can't match are no stumbling block."
    machine.add('protobuf', '7.36')
    machine.add('fastai', '2.0')
    for version, needs in (('1.22', 'protobuf>=4'), ('1.23', 'protobuf>=7')): machine.add('onnx', version, needs)
    odd = machine.site/'distro_info-1.1ubuntu0.2.dist-info'
    odd.mkdir()
    (odd/'METADATA').write_text('Metadata-Version: 2.1\nName: distro-info\nVersion: 1.1ubuntu0.2\n', encoding='utf-8')
    done = machine.set_up(f'bears_lib @ {machine.bears("onnx>=1.17", "fastai>=2", "cuda_build").as_uri()}')
    assert done.returncode == 0 and done.stderr == '' and done.stdout.splitlines()[-1] == 'ready' and 'replaced' not in done.stdout, done.stderr + done.stdout
    has = machine.has()
    assert (has['protobuf'], has['onnx'], has['fastai'], has['cuda-build' if 'cuda-build' in has else 'cuda_build']) == ('5.29', '1.22', '2.0', '2.11+cu128')

def test_what_is_too_old_is_replaced_and_told(machine):
    machine.add('pillow', '9.4', install=True)
    machine.add('pillow', '11.3')
    done = machine.set_up(f'bears_lib @ {machine.bears("pillow>=11.3").as_uri()}')
    assert done.returncode == 0 and 'replaced: pillow==9.4. Restart the kernel' in done.stdout and machine.has()['pillow'] == '11.3'
    assert machine.has()['protobuf'] == '5.29'

def test_a_conflict_is_one_sentence_with_the_cure(machine):
    machine.add('pillow', '9.4')
    machine.add('cleaner', '1.0', 'pillow<10')
    said = last_line(machine.set_up(f'bears_lib @ {machine.bears("pillow>=11.3", "cleaner").as_uri()}'))
    assert 'does not go together with what is here' in said and 'begin with a fresh machine' in said and 'internet' not in said

@pytest.mark.parametrize('package', ['bears_lib @ git+https://127.0.0.1:9/bears_lib', 'bears_lib'])
def test_no_internet_is_one_sentence_with_the_cure(machine, package):
    "The repository can't be reached, or (the wheel is at hand) pip's index can't."
    if package == 'bears_lib': package += f' @ {machine.bears("onnx").as_uri()}'
    said = last_line(machine.set_up(package))
    assert 'no way into the internet' in said and 'Settings, Internet' in said and '#without-the-internet' in said

def test_the_words_of_pip_without_the_internet():
    "As recorded on machines without it."
    pattern = re.search(r"offline = re\.search\('(.*)', done", setup_cells.setup)[1]
    for words in ('fatal: unable to access: Could not resolve host: github.com', 'NewConnectionError: Temporary failure in name resolution', 'Network is unreachable', 'Read timed out.'):
        assert re.search(pattern, words, re.I)
    assert not re.search(pattern, 'ERROR: Cannot install bears_lib because these package versions have conflicting dependencies.\nERROR: ResolutionImpossible: for help visit https://pip.pypa.io', re.I)
