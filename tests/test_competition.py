"The lesson on dog breeds with a competition's own data, whose test pile comes without breeds."
import json, re

from conftest import root
from bears_lib.engine.lessons.datasets import get_data, make_competition

def test_the_lesson_runs_where_nobody_knows_the_test_pile(tmp_path, monkeypatch, capsys):
    "As the page says: one line in place of two. The last cell says why it scores nothing, and the submission is written."
    make_competition(get_data('pets_drawn'), tmp_path/'dog_breeds', keep=str.islower)
    cells = json.loads((root/'nbs/solutions/02_dog_breeds.ipynb').read_text(encoding='utf-8'))['cells']
    page = '\n'.join(''.join(cell['source']) for cell in cells if cell['cell_type'] == 'markdown')
    line = re.search(r"put `(.+?)` in place of the last two lines", page)[1]
    monkeypatch.setenv('BEARS_DATA', str(tmp_path))
    names = {'display': print}  # a notebook has it
    for cell in cells:
        code = ''.join(cell['source'])
        if cell['cell_type'] != 'code' or 'pip(' in code: continue
        if 'root = ' in code: code = '\n'.join([*code.splitlines()[:-2], line])
        exec(code.replace("set_matplotlib_formats('png', dpi=150)\n", ''), names)
        names['set_matplotlib_formats'] = lambda *kinds, **options: None  # it would start IPython
        if 'DictReader' in code: assert len(names['back']) == len(list((tmp_path/'dog_breeds'/'test').iterdir()))
    assert names['pets'] is None and names['root'] == tmp_path/'dog_breeds' and 'hidden' not in names
    assert 'nothing to score here' in capsys.readouterr().out
