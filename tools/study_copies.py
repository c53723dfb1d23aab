"""Write the notebooks once more for study, without prose and outputs: read a cell, say what it will do, then run it.

python tools/study_copies.py

Headings stay. The copies go to _clean, which git ignores."""
import json, re, shutil
from pathlib import Path

root = Path(__file__).parent.parent

def bare(notebook:dict) -> dict:
    "Headings and code alone."
    kept = []
    for cell in notebook['cells']:
        text = ''.join(cell['source'])
        if cell['cell_type'] == 'code': kept.append(cell | {'outputs': [], 'execution_count': None, 'source': re.sub(r'^#\|.*\n?', '', text, flags=re.M).splitlines(True)})
        elif headings := re.findall(r'^#+ .+$', re.sub(r'```.*?```', '', text, flags=re.S), re.M): kept.append(cell | {'source': '\n'.join(headings).splitlines(True)})
    return notebook | {'cells': kept}

if __name__ == '__main__':
    target = root/'_clean'
    shutil.rmtree(target, ignore_errors=True)
    notebooks = [*(root/'nbs').glob('[0-9]*.ipynb'), *(root/'nbs/lessons').glob('*.ipynb')]
    for path in notebooks:
        copy = target/path.relative_to(root/'nbs')
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(json.dumps(bare(json.loads(path.read_text(encoding='utf-8'))), indent=1, ensure_ascii=False), encoding='utf-8')
    print(f'{len(notebooks)} notebooks in {target.name}')
