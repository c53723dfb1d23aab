"""Write README.md from nbs/index.ipynb: its prose, its code and what the code printed.

python tools/make_readme.py"""
import json, re
from pathlib import Path

root = Path(__file__).parent.parent
site = re.search(r'^Documentation = "(.+)"', (root/'pyproject.toml').read_text(encoding='utf-8'), re.M)[1]

def cell_text(cell:dict) -> str:
    "One cell as Markdown; links lead from the repository's top, those to pages that the docs build makes to the site, and hidden cells stay out."
    source = ''.join(cell['source'])
    source = re.sub(r'!\[[^\]]*\](\(\S+\))\{fig-alt="(.*?)"\}', r'![\2]\1', source)  # GitHub knows no captions
    if cell['cell_type'] == 'markdown': return re.sub(r'\]\((?!http)([^\s)]+\.html)\)', rf']({site}\1)', re.sub(r'\]\((?!http)([^\s)]+\.(?:ipynb|jpg|webp))\)', r'](nbs/\1)', source))
    if cell['cell_type'] != 'code' or re.search(r'^#\|\s*hide', source, re.M): return ''
    code = re.sub(r'^#\|.*\n?', '', source, flags=re.M).strip()
    shown = [f'    {line}' for output in cell['outputs'] for line in output_text(output).splitlines()]
    return '\n'.join([f'```python\n{code}\n```', *([''] + shown if shown else [])])

def output_text(output:dict) -> str:
    return ''.join(output.get('text') or output.get('data', {}).get('text/plain', ''))

first = ('## What it looks like', '## On your machine', '## Your own photos', '## The course', '## Measured')

def in_order(parts:list[str]) -> list[str]:
    "The title, the doors, two commands and a picture; then what a newcomer wants to see first, and the rest as it is."
    def place(part:str) -> int: return next((number for number, words in enumerate(first) if part.startswith(words)), len(first))
    top = next((i for i, part in enumerate(parts) if part.startswith('## ')), len(parts))
    return parts[:top] + sorted(parts[top:], key=place)

if __name__ == '__main__':
    cells = json.loads((root/'nbs/index.ipynb').read_text(encoding='utf-8'))['cells']
    text = '\n\n'.join(in_order([*filter(None, map(cell_text, cells))]))
    note = '<!-- Made from nbs/index.ipynb by tools/make_readme.py: change it there. -->'
    (root/'README.md').write_text(f'{note}\n{text}\n', encoding='utf-8')
