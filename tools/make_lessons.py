"""Make the learners' copies in nbs/lessons from the solutions in nbs/solutions.

python tools/make_lessons.py [--check]

An answer stands between `### BEGIN SOLUTION` and `### END SOLUTION`. In the copy it becomes `...`, or `name = ...` where its last
statement gives something a name. Outputs are kept, except those of cells with an answer or a check. With --check nothing is written:
the exit code is 1, with a line for each copy that is stale, and for each solution that was not found right when it was last run."""
import ast, json, re, sys, textwrap
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from setup_cells import opening

root = Path(__file__).parent.parent
nbs = root/'nbs'
block = re.compile(r'^(?P<indent>[ \t]*)### BEGIN SOLUTION\n(?P<answer>.*?)^[ \t]*### END SOLUTION[ \t]*$', re.M | re.S)
markers = re.compile(r'^[ \t]*### (BEGIN|END) SOLUTION', re.M)

def blank(match:re.Match) -> str:
    "`...` in place of an answer, under the answer's last name."
    last = ast.parse(textwrap.dedent(match['answer'])).body[-1]
    names = [ast.unparse(target) for target in last.targets] if isinstance(last, ast.Assign) else []
    return match['indent'] + ' = '.join([*names, '...'])

def learners_copy(notebook:dict, place:Path) -> dict:
    "The notebook without its answers, its badge and set-up cell made for where it will stand."
    copy = json.loads(json.dumps(notebook))
    copy['cells'] = opening(copy['cells'], place)
    for cell in copy['cells']:
        if cell['cell_type'] != 'code': continue
        source = ''.join(cell['source'])
        blanked = block.sub(blank, source)
        if markers.search(blanked): raise SystemExit(f'A solution is not closed, or not opened, in the cell:\n{source}')
        cell['source'] = blanked.splitlines(True)
        if blanked != source or 'check(' in source: cell['outputs'] = []
    return copy

def as_text(notebook:dict) -> str: return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + '\n'

def unanswered(notebook:dict) -> list[str]:
    "What the checks of a solution said when it was last run, unless they said 'Right.'"
    said = [line for cell in notebook['cells'] for output in cell.get('outputs', []) for line in ''.join(output.get('text', [])).splitlines()]
    return [line for line in said if line.startswith(('Not answered yet.', 'Not yet.'))]

def main(nbs:Path=nbs, check:bool=False) -> int:
    "The exit code."
    wanted = {path.name: json.loads(path.read_text(encoding='utf-8')) for path in sorted((nbs/'solutions').glob('*.ipynb'))}
    problems = [f'nbs/solutions/{name}: a check said {line!r}' for name, notebook in wanted.items() for line in unanswered(notebook)]
    strays = [path for path in (nbs/'lessons').glob('*.ipynb') if path.name not in wanted]
    for name, notebook in wanted.items():
        path = nbs/'lessons'/name
        text = as_text(learners_copy(notebook, root/'nbs'/'lessons'/name))
        if path.exists() and path.read_text(encoding='utf-8') == text: continue
        if check: problems.append(f'nbs/lessons/{name} is older than its solution: python tools/make_lessons.py')
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding='utf-8')
    for path in strays:
        if check: problems.append(f'nbs/lessons/{path.name} has no solution in nbs/solutions')
        else: path.unlink()
    print('\n'.join(problems) or f'{len(wanted)} lessons are up to date')
    return 1 if problems else 0

if __name__ == '__main__': sys.exit(main(check='--check' in sys.argv[1:]))
