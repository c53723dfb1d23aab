"""Build the docs site in _docs: nbdev prepares the notebooks, smalldocs renders them. Quarto renders the same sources with `nbdev-docs`.

python tools/build_docs.py

No page asks another machine for anything: the classifier's carries its runtime along, which npm fetches once."""
import ast, gc, re, shutil, tempfile
from graphlib import TopologicalSorter
from pathlib import Path

import yaml
from nbdev import processors
from nbdev.config import get_config, nbpath2html
from nbdev.quarto import nbdev_sidebar, refresh_quarto_yml
from nbdev.serve import proc_nbs
from smalldocs.site import build

from bears_lib.engine.quiz.question_pages import write_question_page
from npm_packages import node_modules
from setup_cells import badges
from site_pages import shape

rooms = ('core', 'predict', 'features', 'gather', 'train', 'shards', 'interpret', 'deploy', 'pages', 'quiz', 'lessons')  # of the engine, from the ground up
left_out = r'^[_.]|^solutions$'  # folders that are not for the site

def reading_order(room:Path) -> list[str]:
    "A room's notebooks, each after those that it builds on: what a function imports when it is called does not count."
    pattern, paths = rf'"from bears_lib\.engine\.{room.name}\.(\w+) import', sorted(room.glob('*.ipynb'))
    needs = {path.stem: sorted(set(re.findall(pattern, path.read_text(encoding='utf-8'))) - {path.stem}) for path in paths}
    return [f'engine/{room.name}/{name}.ipynb' for name in TopologicalSorter(needs).static_order()]

def order_sidebar(path:Path) -> None:
    "The course first, then lessons, then the machinery, from the ground up."
    sidebar = yaml.safe_load(path.read_text(encoding='utf-8'))
    contents = sidebar['website']['sidebar']['contents']
    folders = {each['section']: each['contents'] for each in contents if isinstance(each, dict)}
    course = [each for each in contents if isinstance(each, str)]
    inside = [{'section': room, 'contents': reading_order(path.parent/'engine'/room)} for room in rooms]
    parts = [{'section': 'Lessons', 'contents': folders['lessons']}, {'section': 'Look inside', 'contents': inside}]
    sidebar['website']['sidebar']['contents'] = course + parts
    path.write_text(yaml.safe_dump(sidebar, sort_keys=False), encoding='utf-8')

def renames(folder:Path) -> dict[str, str]:
    "smalldocs names pages after the notebooks (02_train.html); nbdev's links want them without the number (train.html)."
    found = {}
    for notebook in folder.rglob('*.ipynb'):
        page = notebook.relative_to(folder).with_suffix('.html')
        plain = nbpath2html(notebook.relative_to(folder))
        if page != plain: found |= {page.as_posix(): plain.as_posix(), page.with_suffix('.llms.md').as_posix(): f'{plain.as_posix()}.md'}
    return found

def rename(site:Path, names:dict[str, str]) -> None:
    "Move the pages and mend what points to them."
    for old, new in names.items():
        if (site/old).exists(): (site/old).rename(site/new)
    last = {Path(old).name: Path(new).name for old, new in names.items()}
    for page in [path for path in site.rglob('*') if path.suffix in ('.html', '.json', '.xml', '.md', '.txt')]:
        text = page.read_text(encoding='utf-8')
        for old, new in last.items(): text = text.replace(old, new)
        page.write_text(text, encoding='utf-8')

def mend(site:Path, address:str) -> None:
    "What smalldocs leaves to do: links that work in a copy too, the badges from here, no links to what has no place."
    for picture in ('colab.svg', 'kaggle.svg'): shutil.copy(Path(__file__).parent/picture, site/'site_libs'/picture)
    for page in site.rglob('*.html'):
        up = '../'*(len(page.relative_to(site).parts) - 1)
        text = page.read_text(encoding='utf-8')
        text = text.replace(f'<a href="{address}', f'<a href="{up}')
        for name, badge in badges.items(): text = text.replace(badge, f'{up}site_libs/{name.lower()}.svg')
        text = re.sub(r'__main__(<span class="op">)?\.(</span>)?', '', text)  # where nbdev met a class, which is no news
        text = re.sub(r'<a [^>]*href="[^"]*#_\w+"[^>]*>(.*?)</a>', r'\1', text)  # private functions have no place of their own to lead to
        page.write_text(text, encoding='utf-8')

def write_classifier(folder:Path) -> None:
    'The classifier that visitors try, trained on the drawn bears now. Its network has the map that "Why?" shows.'
    from bears_lib.deploy import make_web_app, save_model
    from bears_lib.gather import sample_bears
    from bears_lib.train import fit_photos
    with tempfile.TemporaryDirectory() as place:
        model = save_model(fit_photos(sample_bears()), Path(place)/'model')
        make_web_app(model, folder, runtime=node_modules(), title='Which bear is it?', about=learnt_from, trainer='../trainer/index.html')

def write_trainer(folder:Path) -> None:
    "The page on which visitors train a classifier of their own."
    from bears_lib.engine.pages.trainer import make_trainer
    make_trainer(folder, node_modules())

def drawn_bear() -> Path:
    "A bear that is wide enough to be cut: the one of the slider in chapter 2."
    from bears_lib.engine.core.folders import sample_folder
    return sorted((sample_folder()/'grizzly').glob('*.jpg'))[9]

learnt_from = 'All of them are drawings by a program, the sample that comes with the package. On 809 web photos it was right on 95.9% (95% interval 94.3% to 97.1%).'

def stands_alone(cell) -> bool:
    "Not a learner's cell that imports something and goes on with what cells before it made: those are shown as they are stored."
    imports = [isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(ast.Module(cell.parsed_(), []))]
    return bool(cell.directives_.keys() & {'export', 'exports', 'exporti'}) or not any(imports) or all(isinstance(node, ast.Import | ast.ImportFrom) for node in cell.parsed_())

def main() -> None:
    cfg, runs = get_config(), processors._do_eval
    processors._do_eval = lambda cell: runs(cell) and stands_alone(cell)  # what nbdev runs for the docstrings
    refresh_quarto_yml()
    nbdev_sidebar.__wrapped__(skip_folder_re=left_out)
    order_sidebar(cfg.nbs_path/'sidebar.yml')
    prepared = proc_nbs(cfg.nbs_path, n_workers=0, force=True, skip_folder_re=left_out)  # one process: torch is loaded once
    made_later = ('questions', 'your-course', 'classifier', 'trainer', 'lessons/index', 'reference', 'install')
    broken = [warning for warning in build(prepared, quiet=True).warnings if 'broken' in warning and not any(name in warning for name in made_later)]
    site = prepared/cfg.doc_path.name
    rename(site, renames(prepared))
    for chapter in (1, 2): write_question_page(site/f'questions{chapter}.html', chapter)
    mend(site, cfg.doc_url)
    write_classifier(site/'classifier')
    write_trainer(site/'trainer')
    shape(site, cfg.nbs_path, cfg.doc_url, {room: [nbpath2html(Path(page)).as_posix() for page in reading_order(cfg.nbs_path/'engine'/room)] for room in rooms}, drawn_bear())
    shutil.rmtree(cfg.doc_path, ignore_errors=True)
    shutil.move(site, cfg.doc_path)
    if broken: raise SystemExit('\n'.join(broken))
    print(f'{len(list(cfg.doc_path.rglob("*.html")))} pages in {cfg.doc_path.name}')
    gc.freeze()  # each notebook's IPython collects garbage when it ends: there shall be little to look through

if __name__ == '__main__': main()
