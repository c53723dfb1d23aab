"""Count what can be counted of the course: how much of each notebook is library, how many words explain a line, what each figure says to those who can't see it.

python tools/course_stats.py [--json]

Library: lines of exported cells. Visible: all other lines of code, without cells that are hidden (set-up, tests). Blank lines don't count."""
import json, re, sys
from pathlib import Path

root = Path(__file__).parent.parent
course = ['00_learning', '01_gather', '02_train', '03_interpret', '04_deploy', '05_questionnaire']
wanted = {'library': 0.25, 'words_per_line': 10, 'exercises': 3}

def source(cell:dict) -> str: return ''.join(cell['source'])
def lines(text:str) -> int: return sum(bool(line.strip()) and not line.startswith('#|') for line in text.splitlines())
def is_exported(cell:dict) -> bool: return cell['cell_type'] == 'code' and bool(re.search(r'^#\|\s*(export|exporti|default_exp)\b', source(cell), re.M))
def is_hidden(cell:dict) -> bool: return bool(re.search(r'^#\|\s*(hide|code-fold: true)', source(cell), re.M))
def shows(cell:dict) -> bool: return cell['cell_type'] == 'code' and any(out['output_type'] != 'stream' or out.get('text') for out in cell['outputs'])
def words(text:str) -> int: return len(re.findall(r"[\w'’-]+", re.sub(r'```.*?```|\]\([^)]*\)|!?\[!\[.*', ' ', text, flags=re.S)))

def figures(cell:dict) -> int: return sum(any(kind.startswith('image/') for kind in out.get('data', {})) for out in cell.get('outputs', []))

def count(path:Path) -> dict:
    "The figures of one notebook."
    cells = json.loads(path.read_text(encoding='utf-8'))['cells']
    code = [cell for cell in cells if cell['cell_type'] == 'code']
    exported = [cell for cell in code if is_exported(cell)]
    visible = [cell for cell in code if not is_exported(cell) and not is_hidden(cell)]
    prose = sum(words(source(cell)) for cell in cells if cell['cell_type'] == 'markdown')
    first = next((i for i, cell in enumerate(code) if shows(cell) and not is_hidden(cell)), len(code))
    library, own = (sum(lines(source(cell)) for cell in some) for some in (exported, visible))
    drawn = [cell for cell in code if figures(cell)]
    return {'notebook': path.stem, 'words': prose, 'library_lines': library, 'visible_lines': own, 'library': library/max(1, library + own),
        'words_per_line': prose/max(1, own), 'library_before_first_result': sum(is_exported(cell) for cell in code[:first]),
        'figures': len(drawn), 'without_alt': sum('fig-alt' not in source(cell) for cell in drawn),
        'exercises': sum(len(re.findall(r'^check\(', source(cell), re.M)) for cell in visible), 'terms': len(re.findall(r'\*\*[^*\n]+\*\*', ' '.join(source(cell) for cell in cells if cell['cell_type'] == 'markdown'))),
        'longest_library_cell': max((lines(source(cell)) for cell in exported), default=0)}

def main() -> None:
    folders = [root/'nbs'/f'{name}.ipynb' for name in course] + sorted((root/'nbs'/'lessons').glob('[0-9]*.ipynb'))
    rows = [count(path) for path in folders if path.exists()]
    if '--json' in sys.argv[1:]: return print(json.dumps(rows))
    print(f"{'notebook':<24}{'words':>7}{'library':>9}{'visible':>9}{'share':>7}{'words/line':>12}{'before':>8}{'figures':>9}{'no alt':>8}{'exercises':>11}{'longest':>9}")
    for row in rows:
        print(f"{row['notebook']:<24}{row['words']:>7}{row['library_lines']:>9}{row['visible_lines']:>9}{row['library']:>7.0%}{row['words_per_line']:>12.1f}{row['library_before_first_result']:>8}"
              f"{row['figures']:>9}{row['without_alt']:>8}{row['exercises']:>11}{row['longest_library_cell']:>9}")

if __name__ == '__main__': main()
