"Exercises of the main notebooks: each check passes on its solution, fails on a plausible wrong answer, and takes the untouched cell for untried."
import ast, json, re

import pytest

from conftest import root
from bears_lib.engine.gather.providers import providers_known
from bears_lib.engine.lessons.exercises import exercises, load_exercises, progress

names = sorted(path.stem for path in (root/'bears_lib'/'data'/'exercises').glob('*.toml'))
cases = [(name, number) for name in names for number in range(1, len(load_exercises(name)) + 1)]
main = ['00_learning', '01_gather', '02_train', '03_interpret', '04_deploy', '05_questionnaire']

def made_by(code:str, namespace:dict):
    "Run code and give what its last line makes: a value, a variable, a function."
    *_, last = ast.parse(code).body
    exec(code, namespace)
    if isinstance(last, ast.Expr): return eval(ast.unparse(last), namespace)
    return namespace[last.name if isinstance(last, ast.FunctionDef) else ast.unparse(last.targets[0])]

@pytest.fixture(scope='module')
def given():
    "What an exercise needs, made once for all that need the same. A provider that it registers is gone afterwards: other tests ask all that there are."
    made, known = {}, dict(providers_known)
    def get(code:str) -> dict:
        if code not in made:
            made[code] = {}
            exec(code, made[code])
        return dict(made[code])
    yield get
    providers_known.clear()
    providers_known.update(known)

def handed_over(name:str, number:int) -> set[str]:
    "The names that the notebook's own cell gives to `check` besides the answer: an expression may use no others."
    source = next((root/'nbs').rglob(f'{name}.ipynb'))
    cells = [''.join(cell['source']) for cell in json.loads(source.read_text(encoding='utf-8'))['cells'] if cell['cell_type'] == 'code']
    code = next(cell for cell in cells if re.search(rf'^check\({number}, ', cell, re.M))
    call = next(node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call) and ast.unparse(node.func) == 'check')
    return {keyword.arg for keyword in call.keywords}

@pytest.mark.parametrize('name, number', cases, ids=[f'{name} {number}' for name, number in cases])
def test_an_exercise(name, number, given):
    exercise, handed = load_exercises(name)[number - 1], handed_over(name, number)
    def judge(code:str) -> bool:
        namespace = given(exercise.given)
        answer = made_by(code, namespace)
        return exercise.accepts(answer, **{key: namespace[key] for key in handed})
    assert judge(exercise.solution)
    assert exercise.wrong
    for code in exercise.wrong:
        try: passed = judge(code)
        except NameError: raise  # of the exercise, not of the learner
        except Exception: passed = False  # a wrong answer may break the check: the learner reads what stopped
        assert not passed, code
    assert len(exercise.hints) >= 2 and all(hint.strip() for hint in exercise.hints)

@pytest.mark.parametrize('name', names)
def test_each_exercise_stands_in_its_notebook_untouched_and_once(name):
    source = next((root/'nbs').rglob(f'{name}.ipynb'))
    cells = [''.join(cell['source']) for cell in json.loads(source.read_text(encoding='utf-8'))['cells'] if cell['cell_type'] == 'code']
    numbers = [int(number) for cell in cells for number in re.findall(r'^check\((\d+), ', cell, re.M)]
    assert numbers == list(range(1, len(load_exercises(name)) + 1))
    for exercise in load_exercises(name): assert not any(exercise.solution.strip() in cell for cell in cells)

def test_untouched_is_untried_and_nothing_is_kept_of_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('BEARS_QUIZ', str(tmp_path))
    monkeypatch.delenv('IN_TEST', raising=False)
    for name in names:
        check, hint, solution = exercises(name)
        for number in range(1, len(load_exercises(name)) + 1):
            check(number, ...)
            solution(number)
            assert capsys.readouterr().out == f'{number}: not tried yet.\n{number}: try an answer first, however unsure, and run its check.\n'
    assert not list(tmp_path.iterdir()) and not any(solved for solved, _ in progress().values())

def test_what_is_solved_is_kept_over_torn_lines(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('BEARS_QUIZ', str(tmp_path))
    monkeypatch.delenv('IN_TEST', raising=False)
    (tmp_path/'exercises.jsonl').write_text('{"notebook": "02_tr\n[]\nnull\n{"notebook": ["x"], "right": true}\n{"notebook": "02_train", "right": true, "exercise": []}\n{"notebook": "02_tr', encoding='utf-8')
    check, _, _ = exercises('02_train')
    check(1, 'nonsense')
    check(1, load_exercises('02_train')[0].answer)
    check(1, load_exercises('02_train')[0].answer)
    assert progress()['02_train'][0] == 1
    assert capsys.readouterr().out == '1: not yet. hint(1) helps.\n1: right.\n1: right.\n'

def test_what_was_solved_before_an_exercise_was_split_still_counts(tmp_path, monkeypatch):
    "Who wrote a whole training step as exercise 11 has written its softmax, which is exercise 11 now; the step is exercise 12."
    monkeypatch.setenv('BEARS_QUIZ', str(tmp_path))
    (tmp_path/'exercises.jsonl').write_text(''.join(json.dumps({'notebook': '00_training', 'exercise': number, 'right': True, 'at': '2026-11-01T00:00:00+00:00'}) + '\n' for number in range(1, 12)), encoding='utf-8')
    assert progress()['00_training'] == (11, 12)

def test_a_softmax_of_one_photo_is_no_step():
    assert 'def softmax' in load_exercises('00_training')[10].solution and 'def step' in load_exercises('00_training')[11].solution
