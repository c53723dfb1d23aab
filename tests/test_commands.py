"What all commands share: exit codes, one JSON object, the home folder, a reader that goes away."
import configparser, io, json, os, re, shlex, shutil, subprocess, sys
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import pytest

import bears_lib
from bears_lib.engine.core.common import bears, chapters, command
from conftest import make_photos, root

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

# Help, version, and one name for all

def test_help_is_made_for_people(run):
    answer = run('--help')
    assert answer.returncode == 0 and not {'(str)', '(default', '\x1b['} & {word for word in ('(str)', '(default', '\x1b[') if word in answer.stdout}
    assert 'Usage: bears-try HOW [options]' in answer.stdout and '--model MODEL' in answer.stdout
    starts = {re.search(r'\S  +(\S)', line).start(1) for line in answer.stdout.splitlines() if re.match(r'  (HOW|-)', line)}
    assert len(starts) == 1  # in one column

@pytest.mark.parametrize('words, named', [(['fine', '--modle', 'x'], "Did you mean '--model'?"), ([], 'needs how'), (['fine', 'more'], 'does not know more')])
def test_a_slip_is_answered_with_what_was_meant(run, words, named):
    answer = run(*words, '--json')
    assert answer.returncode == 2 and named in answer.stderr and json.loads(answer.stdout)['error'] and len(answer.stderr.splitlines()) == 1

def in_shell(*words, **env):
    "As the program `bears` that pip makes, which need not be installed anew for this."
    return subprocess.run([sys.executable, '-c', 'import sys; from bears_lib.engine.core.common import bears; sys.exit(bears())', *words], capture_output=True, text=True, timeout=300, env={**os.environ, **env})

def listed() -> dict[str, str]:
    ini = configparser.ConfigParser(delimiters=['='])
    ini.read(root/'settings.ini', encoding='utf-8')
    return dict(line.strip().split('=', 1) for line in ini['DEFAULT']['console_scripts'].split())

def test_bears_lists_every_command_that_is_installed():
    programs = listed()
    assert programs.pop('bears') == 'bears_lib.engine.core.common:bears'
    known = {f'bears-{name}': f'{module}:bears_{name}' for part in chapters.values() for name, (module, _) in part.items()}
    assert known == programs
    text = in_shell().stdout
    assert all(re.search(rf'^  {name.removeprefix("bears-")} +\S', text, re.M) for name in programs) and '2 Train' in text

commands = {name: module for part in chapters.values() for name, (module, _) in part.items()}

def printed(name:str, word:str) -> str:
    "What a command prints before it does anything; in this process, which has imported already what all of them need."
    with redirect_stdout(io.StringIO()) as out, pytest.raises(SystemExit) as end: bears([name, word])
    assert not end.value.code
    return out.getvalue()

@pytest.mark.parametrize('name', commands)
def test_each_command_has_version_examples_and_a_next_step(name):
    text = printed(name, '--help')
    assert printed(name, '--version') == f'bears_lib {bears_lib.__version__}\n'
    assert re.search(rf'\nExamples\n  bears {name}\b', text) and 'bears-' not in text and '\nNext\n  ' in text and f'bears {name}: ' in text and '(str)' not in text and '(default' not in text
    lines = re.findall(r'^  (bears \S+.*)$', text, re.M)
    assert len(lines) >= 2
    for line in lines:  # its examples can be typed
        other, *words = shlex.split(line)[1:]
        known = printed(other, '--help')
        assert all(word in known for word in words if word.startswith('--')) and other in commands

def test_a_program_of_its_own_says_the_same():
    for word in ('--version', '--help'):
        answer = in_shell('predict', word)
        assert (answer.returncode, answer.stdout) == (0, printed('predict', word))

def test_bears_hands_on_words_codes_and_json(tmp_path):
    answer = in_shell('train', str(tmp_path/'none'), '--json')
    assert answer.returncode == 2 and 'error' in json.loads(answer.stdout) and answer.stderr.startswith('bears train: ')
    assert in_shell('trian').returncode == 2 and "Did you mean 'train'?" in in_shell('trian').stderr

def test_people_read_one_spelling_whichever_program_was_typed(tmp_path):
    photos = make_photos(tmp_path/'photos', {'red': 4, 'blue': 4})
    assert in_shell('check', str(photos), '--quick').stderr.splitlines()[-1] == f'Next: bears train {photos}'
    assert 'bears-demo is not there' in in_shell('train', 'bears-demo').stderr  # a folder's name stays
    program = 'import sys; from bears_lib.gather import bears_check; sys.exit(bears_check.in_shell(None, "bears-check"))'
    own = subprocess.run([sys.executable, '-c', program, str(photos), '--quick'], capture_output=True, text=True)
    assert own.stderr.splitlines()[-1] == f'Next: bears train {photos}'
    own = subprocess.run([sys.executable, '-c', program, '--help'], capture_output=True, text=True)
    assert '\n  bears check bears --quick\n' in own.stdout and 'Usage: bears check PATH' in own.stdout and 'bears-' not in own.stdout
    assert subprocess.run([sys.executable, '-c', program, 'nowhere'], capture_output=True, text=True).stderr.startswith('bears check: ')

def test_one_spelling_of_commands_wherever_people_read():
    "Notebooks, pages and questions say `bears train`; the programs that pip makes keep their names, and one notebook tells of them."
    old = re.compile(rf"(?<![\w/\\.-])bears-({'|'.join(commands)})(?![\w/-]|\\(?!n)|\.\w)")
    read = [*root.glob('nbs/**/*.ipynb'), root/'README.md', root/'CONTRIBUTING.md', *root.glob('tools/site/*.html'), *root.glob('bears_lib/data/questions/*.[th]*ml'),
            root/'bench/README.md', root/'CHANGELOG.md', *(path for path in root.glob('.github/**/*') if path.is_file())]
    # Names of styles are no commands
    told = {path.relative_to(root).as_posix(): len(old.findall(re.sub(r"'(bears-box )?bears-(card|quiz)'", '', path.read_text(encoding='utf-8')))) for path in read if '.ipynb_checkpoints' not in path.parts}
    assert len(told) > 80 and {name: n for name, n in told.items() if n} == {'nbs/engine/core/common.ipynb': 3, '.github/workflows/test.yaml': 2}  # it runs a program

def test_a_folder_with_some_of_the_same_letters_is_not_meant(tmp_path):
    for name in ('offered', 'photos'): (tmp_path/name).mkdir()
    assert 'Did you mean' not in in_shell('train', str(tmp_path/'nofolder')).stderr
    assert "Did you mean 'photos'?" in in_shell('train', str(tmp_path/'phtos')).stderr

def test_the_doctor_ends_with_a_verdict_and_a_next_step(monkeypatch):
    from bears_lib.engine.train import doctor
    class Terminal(io.StringIO):
        def isatty(self): return True
    monkeypatch.setenv('COLUMNS', '80')
    monkeypatch.delenv('NO_COLOR', raising=False)
    monkeypatch.setenv('TERM', 'xterm')
    contact = 'BEARS_CONTACT is not set: with your e-mail address in it, Wikimedia answers 200 searches a minute'
    for name in ('_network', '_contact', '_cache', '_device'): monkeypatch.setattr(doctor, name, lambda: ('fine', True, 'as it should be'))
    monkeypatch.setattr(doctor, '_package', lambda name, *_: (name, True, 'here'))
    def told():
        monkeypatch.setattr(sys, 'stderr', stream := Terminal())
        code = doctor.bears_doctor.in_shell([], 'bears-doctor')
        plain = re.sub(r'\x1b\[[0-9;]*m', '', stream.getvalue()).splitlines()
        assert max(map(len, plain)) <= 80 and ('\x1b[1;32mOK' in stream.getvalue() or os.name == 'nt')
        return code, plain
    code, lines = told()
    assert (code, lines[-2:]) == (0, ['All is here.', 'Next: bears demo'])
    monkeypatch.setattr(doctor, '_contact', lambda: ('contact', False, contact))
    code, lines = told()
    assert (code, lines[-1]) == (0, 'Next: bears demo') and lines[-2].startswith('All that is needed is here.') and 'contact' in lines[-2]
    monkeypatch.setattr(doctor, '_package', lambda name, *_: (name, name != 'onnx', 'here'))
    code, lines = told()
    assert (code, lines[-2:]) == (1, ['Mend this first: onnx.', 'Next: bears doctor'])

def test_words_for_a_shell_no_bar_in_a_pipe_and_the_next_step(tmp_path, monkeypatch):
    monkeypatch.delenv('IN_TEST', raising=False)
    photos = make_photos(tmp_path/'my photos', {'red': 30, 'blue': 30})
    for i in range(3): (photos/'red'/f'bad{i}.jpg').write_bytes(b'\xff\xd8\xff')
    for i in range(2): shutil.copy(photos/'red'/f'{i}.jpg', photos/'blue'/f'in_red{i}.jpg')
    answer = in_shell('train', str(photos), '--model', str(tmp_path/'my model'), IN_TEST='', CI='')
    assert answer.returncode == 0 and 'it/s' not in answer.stderr and '\r' not in answer.stderr and '\x1b' not in answer.stderr and 'fitted.doubted' not in answer.stderr
    assert answer.stderr.count('left out') == 1 and 'left out 3 files: ' in answer.stderr
    assert answer.stderr.splitlines()[-1] == f"Next: bears report '{tmp_path/'my model'}' '{photos}'" and f"bears predict '{tmp_path/'my model'}' PHOTO" in answer.stderr

def test_a_bar_is_for_those_who_watch(monkeypatch, capsys):
    import bears_lib.engine.core.common as common
    for name in ('IN_TEST', 'CI'): monkeypatch.delenv(name, raising=False)
    class Terminal(io.StringIO):
        def isatty(self): return True
    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, 'stderr', stream)
        clock = iter([0, *[9]*5])  # nine seconds pass: a bar is shown after two
        monkeypatch.setattr(common, 'time', SimpleNamespace(monotonic=lambda: next(clock)))
        assert list(common.progress(range(3), 'counting')) == [0, 1, 2] and ('counting' in stream.getvalue()) == shown
        common.say('Next: bears demo', tone='next')
        assert ('\x1b[' in stream.getvalue()) == (shown and os.name != 'nt')
    monkeypatch.setenv('NO_COLOR', '1')
    assert common.paint('Next', 'next', Terminal()) == 'Next'

def test_a_program_of_windows_is_called_without_its_ending():
    from bears_lib.engine.core.common import command_name
    assert [command_name(name) for name in ('bears-train.exe', 'bears.exe', 'bears-try.exe')] == ['bears train', 'bears', 'bears-try']

def test_the_home_page_is_not_drawn_from_a_command_that_failed(tmp_path, monkeypatch):
    pytest.importorskip('playwright')
    import draw_home
    def failed(words, name):
        print('bears train: there is no room.')
        return 2
    monkeypatch.setattr(draw_home.bears_train, 'in_shell', failed)
    with pytest.raises(SystemExit, match='there is no room'): draw_home.scenes(tmp_path)
