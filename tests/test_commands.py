"What all commands share: exit codes, one JSON object, the home folder, a reader that goes away."
import json, os, subprocess, sys
from pathlib import Path

import pytest

from bears_lib.engine.core.common import command

program = '''
import sys
from bears_lib.engine.core.common import BearsError, command, say
@command
def bears_try(
    how:str, # What happens
    model:str='', # A path
    json:bool=False, # As always
):
    "Try it."
    if how == 'fault': raise KeyError('figures')
    if how == 'memory': raise MemoryError
    if how == 'stop': raise KeyboardInterrupt
    if how == 'sorry': raise BearsError('That can not be.')
    if how == 'long':
        for i in range(100_000): say('x'*50)
    return {'model': model, 'words': 'Br\\u00e4u \\udcff' if how == 'odd' else 'x'*(200_000 if how == 'large' else 1)}
sys.exit(bears_try())
'''

@pytest.fixture
def run(tmp_path):
    (tmp_path/'bears-try').write_text(program, encoding='utf-8')
    def call(*words, **env):
        return subprocess.run([sys.executable, tmp_path/'bears-try', *words], capture_output=True, text=True, env={**os.environ, **env})
    call.path = tmp_path/'bears-try'
    return call

@pytest.mark.parametrize('how, code, says', [('fault', 70, "KeyError: 'figures'"), ('memory', 70, 'MemoryError'), ('stop', 130, 'stopped'), ('sorry', 2, 'can not be'), ('fine', 0, '')])
def test_each_end_has_its_code_and_one_object(run, how, code, says):
    answer = run(how, '--json')
    result = json.loads(answer.stdout)
    assert answer.returncode == code and len(answer.stdout.splitlines()) == 1 and says in result.get('error', '')
    assert len(answer.stderr.splitlines()) <= 1 and 'Traceback' not in answer.stderr
    assert ('BEARS_DEBUG=1' in answer.stderr) == (code == 70)

def test_the_traceback_of_a_fault_is_one_word_away(run):
    answer = run('fault', BEARS_DEBUG='1')
    assert answer.returncode == 70 and 'Traceback' in answer.stderr and "raise KeyError('figures')" in answer.stderr and answer.stdout == ''

def test_the_home_folder(run, tmp_path):
    for words in (('fine', '--model', '~/x'), ('fine', '--model=~/x')): assert json.loads(run(*words, '--json', HOME=str(tmp_path)).stdout)['model'] == f'{tmp_path}/x'
    assert json.loads(run('fine', '--model', 'a~/x', '--json').stdout)['model'] == 'a~/x'
    @command
    def bears_there(photos:str): return photos
    assert bears_there('~/photos') == str(Path.home()/'photos')

@pytest.mark.parametrize('terminal', [{'PYTHONIOENCODING': 'ascii'}, {'PYTHONIOENCODING': 'cp1252'}, {'PYTHONUTF8': '0', 'LC_ALL': 'C', 'PYTHONCOERCECLOCALE': '0'}], ids=str)
def test_letters_that_the_terminal_has_not(run, terminal):
    for how in ('fine', 'odd'):
        answer = run(how, '--json', **terminal)
        assert answer.returncode == 0 and json.loads(answer.stdout)['words'] in ('x', 'Br\u00e4u \udcff')

@pytest.mark.parametrize('how, stream', [('large', 'stdout'), ('long', 'stderr')])
def test_a_reader_that_goes_away(run, how, stream, tmp_path):
    "As in `bears-predict ... --json | head -1`."
    with (tmp_path/'words').open('w', encoding='utf-8') as words:
        process = subprocess.Popen([sys.executable, run.path, how, '--json'], **{'stdout': words, 'stderr': words, stream: subprocess.PIPE})
        getattr(process, stream).read(10)
        getattr(process, stream).close()
        assert process.wait(30) == 141
    assert 'Traceback' not in (tmp_path/'words').read_text(encoding='utf-8') and 'BrokenPipe' not in (tmp_path/'words').read_text(encoding='utf-8')
