"""Build the docs site in _docs: nbdev prepares the notebooks, smalldocs renders them. Quarto renders the same sources with `nbdev-docs`.

python tools/build_docs.py"""
import shutil
from pathlib import Path

from nbdev.config import get_config, nbpath2html
from nbdev.quarto import nbdev_sidebar, refresh_quarto_yml
from nbdev.serve import proc_nbs
from smalldocs.site import build

from bears_lib.engine.question_pages import write_question_page


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

def main() -> None:
    cfg = get_config()
    refresh_quarto_yml()
    nbdev_sidebar.__wrapped__()
    prepared = proc_nbs(cfg.nbs_path, n_workers=2, force=True)
    broken = [warning for warning in build(prepared, quiet=True).warnings if 'broken' in warning and 'questions' not in warning]  # those pages come next
    site = prepared/cfg.doc_path.name
    rename(site, renames(prepared))
    for chapter in (1, 2): write_question_page(site/f'questions{chapter}.html', chapter)
    shutil.rmtree(cfg.doc_path, ignore_errors=True)
    shutil.move(site, cfg.doc_path)
    if broken: raise SystemExit('\n'.join(broken))
    print(f'{len(list(cfg.doc_path.rglob("*.html")))} pages in {cfg.doc_path.name}')

if __name__ == '__main__': main()  # nbdev starts fresh Python processes
