"""Plant one small fault at a time into a module, and see whether the tests notice: `python tools/mutate.py near_duplicates split`.

Each fault (a comparison turned round, a number one larger, a statement left out, ...) goes into a copy of the package. The module's
notebook, its property tests (`tests/test_properties.py`, those called `test_MODULE_...`) and `tests/test_MODULE.py` run against it. A fault that
all of them let pass is a survivor: a test is missing, the code does nothing, or the fault changes nothing that anybody sees."""
import argparse, ast, contextlib, difflib, io, json, os, shutil, signal, sys, tempfile, time
from collections.abc import Iterator
from pathlib import Path

root = Path(__file__).parent.parent
compared: dict[type, type] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
                              ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}
computed: dict[type, type] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
                              ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
                              ast.Pow: ast.Mult, ast.MatMult: ast.Mult}
renamed = {'min': 'max', 'max': 'min', 'any': 'all', 'all': 'any', 'argmin': 'argmax', 'argmax': 'argmin', 'nanargmin': 'nanargmax', 'left': 'right',
           'maximum': 'minimum', 'minimum': 'maximum', 'startswith': 'endswith', 'endswith': 'startswith', 'floor': 'ceil', 'ceil': 'floor'}
words = {'BearsError', '_Halfway', 'say', 'near', 'simplefilter', 'catch_warnings'}  # calls that speak to a person: what they say is read, not tested letter by letter

# Faults

def copy_of(node:ast.AST) -> ast.AST: return ast.parse(ast.unparse(node), mode='eval').body

def of_comparison(node:ast.Compare) -> Iterator[str]:
    for i, sign in enumerate(node.ops):
        other = copy_of(node)
        other.ops[i] = compared[type(sign)]()
        yield ast.unparse(other)

def of_calculation(node:ast.BinOp) -> Iterator[str]:
    if type(node.op) in computed: yield ast.unparse(ast.BinOp(node.left, computed[type(node.op)](), node.right))

def of_bool(node:ast.BoolOp) -> Iterator[str]:
    "`and` for `or`, and each of its parts left out."
    yield ast.unparse(ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values))
    for i in range(len(node.values)):
        rest = node.values[:i] + node.values[i + 1:]
        yield ast.unparse(rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest))

def of_unary(node:ast.UnaryOp) -> Iterator[str]:
    if isinstance(node.op, ast.Not | ast.USub | ast.Invert) and not isinstance(node.operand, ast.Constant): yield ast.unparse(node.operand)

def of_constant(node:ast.Constant) -> Iterator[str]:
    value = node.value
    if isinstance(value, bool): yield repr(not value)
    elif isinstance(value, int): yield from (repr(value + 1), repr(value - 1))
    elif isinstance(value, float): yield from (repr(value*1.25), repr(value*0.8)) if value else ('1.0',)
    elif isinstance(value, str): yield repr(value + 'x')
    elif value is None: yield '0'

def of_call(node:ast.Call) -> Iterator[str]:
    "Two arguments exchanged, unless their order is no matter, and each named argument left out."
    if len(node.args) > 1 and getattr(node.func, 'id', getattr(node.func, 'attr', '')) not in ('min', 'max', 'minimum', 'maximum') and ast.dump(node.args[0]) != ast.dump(node.args[1]) and not any(isinstance(arg, ast.Starred) for arg in node.args[:2]):
        yield ast.unparse(ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords))
    for keyword in node.keywords: yield ast.unparse(ast.Call(node.func, node.args, [other for other in node.keywords if other is not keyword]))

def of_slice(node:ast.Slice) -> Iterator[str]:
    lower, upper = (ast.unparse(end) if end else '' for end in (node.lower, node.upper))
    yield f'({lower or 0})+1:{upper}' + (f':{ast.unparse(node.step)}' if node.step else '')
    yield f'{lower}:({upper})-1' if upper else f'{lower}:-1'

def of_name(node:ast.Name|ast.Attribute) -> Iterator[str]:
    if isinstance(node, ast.Name) and node.id in renamed: yield renamed[node.id]
    if isinstance(node, ast.Attribute) and node.attr in renamed and isinstance(node.ctx, ast.Load): yield ast.unparse(ast.Attribute(node.value, renamed[node.attr], node.ctx))

def of_condition(node:ast.If|ast.IfExp|ast.While) -> Iterator[tuple[ast.AST, str]]:
    "The other branch, where the condition itself is no comparison."
    if not isinstance(node.test, ast.Compare | ast.BoolOp): yield node.test, f'(not ({ast.unparse(node.test)}))'

def of_statement(node:ast.stmt) -> Iterator[str]:
    "Nothing instead; no value instead of the one returned."
    if isinstance(node, ast.Return) and node.value is not None: yield 'return None'
    elif isinstance(node, ast.Raise | ast.AugAssign | ast.Delete | ast.Break | ast.Continue): yield 'pass'
    elif isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant): yield 'pass'
    elif isinstance(node, ast.Assign) and all(isinstance(target, ast.Subscript | ast.Attribute) for target in node.targets): yield 'pass'

kinds = {ast.Compare: of_comparison, ast.BinOp: of_calculation, ast.BoolOp: of_bool, ast.UnaryOp: of_unary, ast.Constant: of_constant,
         ast.Call: of_call, ast.Slice: of_slice, ast.Name: of_name, ast.Attribute: of_name}

def code_in(node:ast.AST) -> Iterator[ast.AST]:
    "What runs: no annotations, docstrings, imports, messages, nor `__all__`."
    if isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr | ast.FormattedValue): return
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == '__all__': return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant): return
    yield node
    if isinstance(node, ast.Raise): return
    if isinstance(node, ast.Call) and getattr(node.func, 'id', getattr(node.func, 'attr', '')) in words: return
    for name, value in ast.iter_fields(node):
        if name in ('annotation', 'returns', 'decorator_list'): continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST): yield from code_in(child)

def faults(source:str) -> list[tuple[int, str]]:
    "Every fault: its line, and the module with it."
    starts = [0]
    for line in source.encode().splitlines(keepends=True): starts.append(starts[-1] + len(line))
    found: dict[str, int] = {}
    def plant(node, text:str) -> None:
        begin, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        where = source.encode()
        if not isinstance(node, ast.stmt | ast.Slice | ast.Constant | ast.Name | ast.Attribute): text = f'({text})'
        faulty = (where[:begin] + text.encode() + where[end:]).decode()
        with contextlib.suppress(SyntaxError):
            if ast.dump(ast.parse(faulty)) != ast.dump(ast.parse(source)): found.setdefault(faulty, node.lineno)
    for node in code_in(ast.parse(source)):
        for kind, make in kinds.items():
            if isinstance(node, kind):
                for text in make(node): plant(node, text)
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            for test, text in of_condition(node): plant(test, text)
        if isinstance(node, ast.comprehension):
            for test in node.ifs: plant(test, '(True)')
        if isinstance(node, ast.stmt):
            for text in of_statement(node): plant(node, text)
    return sorted(((line, faulty) for faulty, line in found.items()), key=lambda fault: fault[0])

# Tests

def notebook_code(notebook:Path, module:str) -> str:
    "The notebook's own cells, in which the exported ones are what the module holds."
    cells = [f'from importlib import import_module\nmodule = vars(import_module({module!r}))\nglobals().update({{name: value for name, value in module.items() if not name.startswith("__")}})']
    for cell in json.loads(notebook.read_text(encoding='utf-8'))['cells']:
        text = ''.join(cell['source'])
        if cell['cell_type'] == 'code' and not text.startswith('#| export') and '#| eval: false' not in text: cells.append(text)
    return '\n'.join(cells)

def run_tests(place:Path, module:str) -> int:
    "In a process of its own that has the large packages already: 0 if all pass."
    import hypothesis, pytest
    name = module.rpartition('.')[2]
    os.chdir(place)
    sys.path.insert(0, str(place))
    exec(compile(notebook_code(notebook_of(module), module), f'{name}.ipynb', 'exec'), {'__name__': '__main__'})
    hypothesis.settings.register_profile('first failure', phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate])
    hypothesis.settings.load_profile('first failure')
    usual, own = ['-x', '-q', '-p', 'no:cacheprovider', '--timeout=600'], Path('tests', f'test_{name}.py')
    status = pytest.main(['tests/test_properties.py', '-k', f'test_{name}_', *usual])
    if status in (0, pytest.ExitCode.NO_TESTS_COLLECTED) and own.exists(): status = pytest.main([str(own), *usual])
    return int(status)

def notebook_of(module:str) -> Path: return root/'nbs'/Path(*module.split('.')[1:]).with_suffix('.ipynb')

def start(place:Path, module:str) -> int:
    "The number of the process that runs the tests."
    if child := os.fork(): return child
    code = 1
    try:
        os.setsid()
        quiet = os.open(place/'output', os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2): os.dup2(quiet, stream)
        code = int(run_tests(place, module))
    except BaseException as error: print(f'{type(error).__name__}: {error}', flush=True)
    finally: os._exit(code)

def workspace(place:Path) -> Path:
    "A copy of what the tests need."
    for part in ('bears_lib', 'tests'): shutil.copytree(root/part, place/part, ignore=shutil.ignore_patterns('__pycache__'))
    for part in ('pyproject.toml', 'settings.ini'): shutil.copy(root/part, place)
    return place

def judge(module:str, planted:list[tuple[int, str]], at_once:int, limit:float, places:list[Path]) -> Iterator[tuple[int, str, str]]:
    "For each fault: its line, the module with it, and 'noticed', 'too slow' or 'survived'."
    file, waiting, running = Path(*module.split('.')).with_suffix('.py'), list(reversed(planted)), {}
    while waiting or running:
        free = [place for place in places if place not in {place for place, *_ in running.values()}]
        if waiting and free:
            line, faulty = waiting.pop()
            (free[0]/file).write_text(faulty, encoding='utf-8')
            running[start(free[0], module)] = (free[0], line, faulty, time.monotonic())
            continue
        time.sleep(0.02)
        for child, (_, line, faulty, begun) in list(running.items()):
            ended, status = os.waitpid(child, os.WNOHANG)
            slow = not ended and time.monotonic() - begun > limit
            if slow:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
            if ended or slow:
                del running[child]
                yield line, faulty, 'too slow' if slow else 'noticed' if status else 'survived'

def difference(source:str, faulty:str) -> list[str]:
    return [line for line in difflib.unified_diff(source.splitlines(), faulty.splitlines(), n=0, lineterm='')][3:]

def mutate(module:str, at_once:int, lines:range|None=None) -> dict:
    "Judge all faults of one module; progress goes to stderr."
    source = (root/Path(*module.split('.')).with_suffix('.py')).read_text(encoding='utf-8')
    planted = [fault for fault in faults(source) if lines is None or fault[0] in lines]
    with tempfile.TemporaryDirectory() as folder:
        places = [workspace(Path(folder)/str(i)) for i in range(at_once)]
        begun = time.monotonic()
        if (status := [each for *_, each in judge(module, [(0, source)], 1, 600, places[:1])]) != ['survived']:
            sys.exit(f'{module}: its own tests fail without any fault ({status[0]}):\n{(places[0]/"output").read_text(encoding="utf-8")}')
        limit = 20 + 6*(time.monotonic() - begun)
        survivors, counts = [], {'noticed': 0, 'too slow': 0, 'survived': 0}
        for line, faulty, result in judge(module, planted, at_once, limit, places):
            counts[result] += 1
            if result == 'survived': survivors.append({'line': line, 'diff': difference(source, faulty)})
            if sys.stderr.isatty(): print(f'\r{module}: {sum(counts.values())} of {len(planted)}, {len(survivors)} survived ', end='', file=sys.stderr, flush=True)
            elif result == 'survived': print(f'{module}, {sum(counts.values())} of {len(planted)}: line {line}', *survivors[-1]['diff'], sep='\n    ', file=sys.stderr, flush=True)
    if sys.stderr.isatty(): print(file=sys.stderr)
    return {'module': module, 'faults': len(planted), **counts, 'survivors': sorted(survivors, key=lambda each: each['line'])}

def full_name(name:str) -> str:
    "The module of the engine that goes by this name, whatever its room."
    found = next((root/'bears_lib'/'engine').glob(f'*/{name}.py'), None)
    return '.'.join(found.relative_to(root).with_suffix('').parts) if found else name

def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('modules', nargs='+', help='such as near_duplicates, or bears_lib.train')
    parser.add_argument('--json', action='store_true', help='print the result as one JSON object')
    parser.add_argument('--at-once', type=int, default=2, help='how many faults are tried at the same time')
    parser.add_argument('--lines', default='', help='only faults in these lines, such as 40-90')
    args = parser.parse_args()
    os.environ |= {'PYTHONDONTWRITEBYTECODE': '1', 'OMP_NUM_THREADS': '1', 'IN_TEST': '1', 'MPLBACKEND': 'agg'}
    sys.dont_write_bytecode = True
    import hypothesis, PIL.Image, pytest, scipy.sparse.csgraph, sklearn.linear_model, sklearn.model_selection  # noqa: F401: loaded once, before the processes part
    begin, _, end = args.lines.partition('-')
    results = [mutate(full_name(name), args.at_once, range(int(begin), int(end or begin) + 1) if begin else None) for name in args.modules]
    if args.json: return print(json.dumps(results))
    for result in results:
        print(f"{result['module']}: {result['faults']} faults, {result['noticed']} noticed, {result['too slow']} too slow, {result['survived']} survived")
        for survivor in result['survivors']: print(f"  line {survivor['line']}", *survivor['diff'], sep='\n    ')

if __name__ == '__main__': main()
