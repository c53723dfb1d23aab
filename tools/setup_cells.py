"""Write the first cells of every notebook that learners run: the badge that opens it in Colab, and the cell that sets it up.

python tools/setup_cells.py

Both are made from one place: the repository's address in pyproject.toml. A notebook then opens with its title, the badge, a few sentences
and the set-up cell. (Title and promise have a cell of their own: nbdev makes the page's heading of it, and drops what else is in it.)"""
import hashlib, json, re
from pathlib import Path

try: import tomllib
except ImportError: import tomli as tomllib

root = Path(__file__).parent.parent
repository = tomllib.loads((root/'pyproject.toml').read_text(encoding='utf-8'))['project']['urls']['Repository']
extras = {'lessons': 'lessons', 'solutions': 'lessons', '04_deploy': 'app', '05_questionnaire': 'quiz'}
badge = 'https://colab.research.google.com/assets/colab-badge.svg'
setup = '''#| hide
# Set-up: installs bears_lib where it is missing, and leaves the libraries that are there as they are.
import importlib.util
if importlib.util.find_spec('bears_lib') is None:
    !pip list --format=freeze | grep -E "^(torch|torchvision|numpy|ipywidgets|pillow)==" > keep.txt
    %pip install -q -c keep.txt "{package} @ git+{repository}"
from bears_lib.engine.ready import ready
ready();'''

def notebooks() -> list[Path]:
    "The course and its lessons, not the machinery."
    return sorted(path for folder in ('', 'lessons', 'solutions') for path in (root/'nbs'/folder).glob('[0-9]*.ipynb'))

def first_cells(notebook:Path) -> tuple[dict, dict]:
    "The badge and the set-up cell, as they have to be."
    place = notebook.relative_to(root).as_posix()
    extra = extras.get(notebook.stem) or extras.get(notebook.parent.name)
    link = f'[![Open in Colab]({badge})]({repository.replace("github.com", "colab.research.google.com/github")}/blob/main/{place})'
    return cell('markdown', link, place), cell('code', setup.format(package=f'bears_lib[{extra}]' if extra else 'bears_lib', repository=repository), place)

def opening(cells:list[dict], notebook:Path) -> list[dict]:
    "All cells of a notebook, its first ones as they have to be."
    title, words, *others = [found for found in cells if not is_first(found)]
    badge_cell, setup_cell = first_cells(notebook)
    return [title, badge_cell, words, setup_cell, *others]

def cell(kind:str, text:str, place:str) -> dict:
    made = {'cell_type': kind, 'id': hashlib.sha256(f'{place}{kind}'.encode()).hexdigest()[:8], 'metadata': {}, 'source': text.splitlines(True)}
    return made | ({'execution_count': None, 'outputs': []} if kind == 'code' else {})

def is_first(found:dict) -> bool:
    "Was this cell written here before?"
    text = ''.join(found['source'])
    return text.startswith('[![Open in Colab]') or bool(re.match(r'#\| hide\n# Set-up:', text))

def write(notebook:Path) -> None:
    content = json.loads(notebook.read_text(encoding='utf-8'))
    content['cells'] = opening(content['cells'], notebook)
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + '\n'
    if text != notebook.read_text(encoding='utf-8'): notebook.write_text(text, encoding='utf-8')

if __name__ == '__main__':
    for notebook in notebooks(): write(notebook)
