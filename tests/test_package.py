"What the package promises before anything is trained."
import configparser, csv, json, os, re, shutil, socket, subprocess, sys
from pathlib import Path

import pytest

from bears_lib.gather import sample_bears
from conftest import root, shell, slow

try: import tomllib
except ModuleNotFoundError: import tomli as tomllib

settings = configparser.ConfigParser(delimiters=['='])
settings.read(root/'settings.ini', encoding='utf-8')
cfg = settings['DEFAULT']
project = tomllib.loads((root/'pyproject.toml').read_text(encoding='utf-8'))

def python(code:str) -> str: return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout

def test_import_costs_nothing():
    times = [json.loads(python('import time, sys, json; t = time.process_time(); import bears_lib; print(json.dumps([time.process_time() - t, len({"torch", "fastai", "numpy"} & set(sys.modules))]))')) for _ in range(3)]
    assert min(times)[0] < 0.2 and times[0][1] == 0

@pytest.mark.parametrize('module', ['deploy', 'commands', 'gather', 'engine.predict.model_folder', 'engine.features.near_duplicates'])
def test_light_modules_stay_light(module):
    assert python(f'import sys, bears_lib.{module}; print({{"torch", "fastai", "timm", "sklearn", "scipy"}} & set(sys.modules))') == 'set()\n'

def test_nothing_is_written_in_two_places():
    assert not {'description', 'authors', 'license', 'keywords', 'dependencies', 'version', 'requires-python', 'scripts'} & set(project['project'])
    assert not {'lib_name', 'version', 'repo', 'git_url', 'doc_host'} & set(cfg)
    url = project['project']['urls']['Repository']
    generated = {'_modidx.py', 'nbdev.yml'}  # nbdev copies the address into these, tools/setup_cells.py into the notebooks
    found = {path.name for path in tracked() if path.suffix != '.ipynb' and url in path.read_text(encoding='utf-8', errors='ignore')} - generated
    assert found == {'pyproject.toml', 'CITATION.cff', 'SECURITY.md'}
    names = [re.split(r'[<>=;\[]', each)[0] for key in cfg if key.endswith('requirements') for each in cfg[key].split()]
    names = [name for name in names if name != 'bears_lib']  # an extra may bring others
    assert len(names) == len(set(names))

def test_make_runs_every_notebook():
    "`make test` those that learners open and those of the engine, `make slow` the solutions."
    rules = (root/'Makefile').read_text(encoding='utf-8')
    skipped = re.search(r"nbdev-test .*--skip-folder-re '(.*)'", rules)[1].replace('$$', '$')
    notebooks = [path.relative_to(root/'nbs') for path in tracked() if path.suffix == '.ipynb' and path.is_relative_to(root/'nbs')]
    left_out = {str(path.parent) for path in notebooks if any(re.search(skipped, folder) for folder in path.parts[:-1])}
    assert left_out == {'solutions'} and 'nbs/solutions' in rules.split('\nslow:')[1].split('\n\n')[0]

def test_floors_not_pins():
    pinned = [each for each in cfg['requirements'].split() if '==' in each or '<' in each.split(';')[0]]
    assert pinned == ['duckduckgo_search==8.1.1']  # its name is given up: whatever came after would be another's

def test_installed_metadata_comes_from_settings():
    from importlib.metadata import metadata, version
    import bears_lib
    assert version('bears_lib') == bears_lib.__version__
    assert metadata('bears_lib')['Summary'] == cfg['description']

def test_every_command_has_help():
    for script in cfg['console_scripts'].split():
        answer = shell(script.split('=')[0], '--help')
        assert answer.returncode == 0 and '--json' in answer.stdout, script

def test_no_pickle_is_read_or_written():
    for path in (root/'bears_lib').rglob('*.py'):
        text = path.read_text(encoding='utf-8')
        allowed = path.name == 'packaged_body.py'  # reads one file, known by its hash, with an unpickler that knows three kinds of things
        assert not re.search(r'load_learner\(|weights_only=False|\.export\(.*\.pkl', text), path
        assert allowed or not re.search(r'import\b.*\bpickle|pickle\.(load|Unpickler)', text), path

def test_sample():
    folder = sample_bears()
    with (folder/'faults.csv').open(newline='', encoding='utf-8') as file: faults = list(csv.DictReader(file))
    assert {fault['fault'] for fault in faults} == {'near-duplicate', 'wrong-label', 'unreadable', 'not-a-photo'}
    planted = {fault['file_name'] for fault in faults}
    for label in ('black', 'grizzly', 'teddy'): assert len([path for path in (folder/label).iterdir() if f'{label}/{path.name}' not in planted]) >= 120
    assert sum(path.stat().st_size for path in folder.rglob('*') if path.is_file()) <= 6_000_000

def test_the_network_is_blocked():
    "The tests run on this machine alone: `make test` sees to it."
    with pytest.raises(OSError, match='network blocked'): socket.create_connection(('192.0.2.1', 80), timeout=1)

def tracked() -> list[Path]:
    names = subprocess.run(['git', 'ls-files', '-z'], cwd=root, capture_output=True, text=True, check=True).stdout.split('\0')
    return [root/name for name in names if name and (root/name).is_file() and (root/name).suffix not in ('.jpg', '.png')]

@pytest.mark.skipif(not shutil.which('make') or os.name == 'nt', reason='needs make and a POSIX shell')
def test_make_in_a_folder_with_a_blank_in_its_name(tmp_path):
    "The recipes as they are, with programs that only say how they were called."
    place = tmp_path/'my bears'
    (place/'.venv'/'bin').mkdir(parents=True)
    (place/'tools').mkdir()
    shutil.copy(root/'Makefile', place)
    (place/'tools'/'check_clean.sh').write_text('nbdev-clean\n', encoding='utf-8')
    for name in ('nbdev-test', 'nbdev-clean', 'python', 'mypy'):
        (place/'.venv'/'bin'/name).write_text(f'#!/bin/sh\necho "{name} [$PYTHONPATH]"\n', encoding='utf-8')
        (place/'.venv'/'bin'/name).chmod(0o755)
    done = subprocess.run(['make', 'test', '-o', '.venv/.dev', '-o', '.venv/.demo'], cwd=place, capture_output=True, text=True, env={**os.environ, 'PYTHONPATH': ''})
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if line.endswith(']')]
    offline = f'[{place}/tests/offline]'
    assert said == ['nbdev-clean []', f'nbdev-test {offline}', f'nbdev-test {offline}', 'mypy []', f'python {offline}']

def test_what_is_left_to_make_slow_is_there():
    for name in slow:
        file, _, function = name.partition('[')[0].partition('::')
        text = (root/'tests'/file).read_text(encoding='utf-8')
        assert not function or f'def {function}(' in text, name

def test_in_a_notebook_words_are_not_painted_red(tmp_path):
    "They go to stdout there, and to stderr in a shell."
    import nbformat
    from nbclient import NotebookClient
    code = 'from bears_lib.engine.core.common import say\nsay("one line")'
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=60, kernel_name='python3', resources={'metadata': {'path': str(tmp_path)}}).execute()
    assert {output['name'] for output in notebook.cells[0].outputs} == {'stdout'}
    assert 'one line' in notebook.cells[0].outputs[0]['text']
    plain = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert (plain.stdout, plain.stderr) == ('', 'one line\n')
