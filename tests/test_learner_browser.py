"The course notebooks in JupyterLab, in a real browser: what a learner types and clicks outlives the cells below, the kernel, and a run of all cells."
import json, re
from contextlib import contextmanager

import pytest

from conftest import root
from test_cleaner_browser import jupyterlab, shoot, shows

pytestmark = pytest.mark.browser
notebook = 'window.jupyterapp.shell.currentWidget'

connected = f"(kernel => kernel?.connectionStatus == 'connected' && kernel.status == 'idle')(window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel)"

class Lab:
    "A notebook that is open in JupyterLab; its commands are those of the menu Run."
    def __init__(self, page, cells:list[str]): self.page, self.cells = page, cells

    def run(self, command:str, at:int=0) -> None:
        "Run a command of JupyterLab's with a cell chosen, and look whether any cell failed."
        self.page.evaluate(f"async at => {{ {notebook}.content.activeCellIndex = at; await window.jupyterapp.commands.execute('notebook:{command}'); }}", at)
        failed = self.page.evaluate(f"""[...{notebook}.content.model.cells].filter(cell => cell.type == 'code').flatMap(cell =>
            cell.outputs.toJSON().filter(output => output.output_type == 'error').map(output => output.ename + ': ' + output.evalue))""")
        assert not failed, failed

    def run_to(self, start:str) -> int:
        "Run all cells up to the one that begins so, and say which it is."
        place = next(i for i, cell in enumerate(self.cells) if cell.startswith(start))
        self.run('run-all-above', place)
        self.run('run-cell', place)
        return place

    def again(self) -> None:
        "The next day: a new kernel, and Run All."
        self.page.evaluate(f'{notebook}.sessionContext.session.kernel.restart()')
        self.page.wait_for_function(connected)
        self.run('run-all-cells')

@contextmanager
def opened(browser, folder, name:str, cells:list[dict]|None=None):
    "A learner's copy of a course notebook, open in a browser, on a machine with an empty home folder."
    found = json.loads((root/'nbs'/f'{name}.ipynb').read_text('utf-8'))
    found['cells'] = [{**cell, 'outputs': []} if cell['cell_type'] == 'code' else cell for cell in cells or found['cells']]
    (folder/f'{name}.ipynb').write_text(json.dumps(found), encoding='utf-8')
    (folder/'home').mkdir()
    page = browser.new_page(viewport={'width': 1300, 'height': 1000})
    page.set_default_timeout(60_000)
    try:
        with jupyterlab(folder, f'{name}.ipynb', HOME=str(folder/'home'), IN_TEST=None, CI=None, BEARS_QUIZ=None, MPLBACKEND=None) as address:
            page.goto(f'{address}/doc/tree/{name}.ipynb')
            page.wait_for_function(connected)
            yield Lab(page, [''.join(cell['source']) for cell in found['cells']])
    finally:
        shoot(page, f'learner_{name}')
        page.close()

def test_the_questionnaire_is_the_learners_own(browser, tmp_path):
    with opened(browser, tmp_path, '05_questionnaire') as lab:
        place, quiz = lab.run_to('quiz = Quiz(1)'), lab.page.locator('.widget-vbox').filter(has_text='Chapter 1, question').first
        def button(name:str): return quiz.get_by_role('button', name=name, exact=True)
        box = quiz.get_by_placeholder('Your answer')
        box.fill('maths false, data false, computers false, phd false')
        button('Check').click()
        quiz.get_by_text('suggested: right').wait_for()
        button('partly').click()
        button('Next').click()
        quiz.get_by_text('question 2').wait_for()
        box.press_sequentially('def half(n):\n    return', delay=10)
        lab.run('run-all-below', place + 1)
        assert box.input_value() == 'def half(n):\n    return'
        lab.again()
        quiz.get_by_text('Not checked yet').wait_for()
        quiz.get_by_text('1 of 35 answered').wait_for()
        assert shows(box.input_value, 'def half(n):\n    return')
        button('More').click()  # what few need is folded
        button('Back').click()
        quiz.get_by_text('question 1').wait_for()
        assert shows(box.input_value, 'maths false, data false, computers false, phd false')
        assert shows(lambda: 'mod-active' in button('partly').get_attribute('class'), True)
    assert sorted(path.name for path in (tmp_path/'home'/'.bears_quiz').iterdir()) == ['chapter1.drafts', 'chapter1.jsonl']

def few_cells(name:str, heading:str, before:dict[str, str]) -> list[dict]:
    "A notebook from a heading on, with its imports and exports, and in place of all else (tests among it) the few lines that it needs."
    cells = json.loads((root/f'nbs/{name}.ipynb').read_text('utf-8'))['cells']
    text = [''.join(cell['source']) for cell in cells]
    start = next(i for i, source in enumerate(text) if heading in source)
    first = [cell for cell, source in zip(cells[:start], text) if cell['cell_type'] == 'code' and re.match(r'#\| (hide|export|default_exp)|(#\| code-fold: true\n)?(from|import) \S+', source)
             and not re.search(r'^(with |assert |test_\w+\()', source, re.M)]  # what a cell asserts is about cells that are left out
    added = [{'cell_type': 'code', 'id': id, 'metadata': {}, 'source': [source], 'execution_count': None, 'outputs': []} for id, source in before.items()]
    return [cells[0], *first, *added, *cells[start:]]

trained = {'trained': 'judged = evaluate(fit_photos(path := sample_bears()))'}

def test_the_game_is_the_learners_own(browser, tmp_path):
    with opened(browser, tmp_path, '02_train', few_cells('02_train', '## You against the model', trained)) as lab:
        place, game = lab.run_to('game = Challenge('), lab.page.locator('.widget-vbox').first
        teddies = game.get_by_role('button', name='teddy', exact=True)
        for number in range(8): teddies.nth(number).click()
        game.get_by_text('8 of 9 photos answered').wait_for()
        lab.run('run-all-below', place + 1)
        assert game.get_by_text('8 of 9 photos answered').is_visible()
        lab.again()
        game.get_by_text('8 of 9 photos answered').wait_for()
        teddies.nth(8).click()
        game.get_by_text('right. The model:').wait_for()
    assert set(json.loads((tmp_path/'my_guesses.json').read_text(encoding='utf-8')).values()) == {'teddy'}

gathered = """place = tempfile.TemporaryDirectory()
root = Path(place.name)/'bears'
gather_images(root, {'grizzly': 'grizzly bear', 'black': 'black bear', 'teddy': 'teddy bear'}, n=40, providers=['practice'], web=client)"""

def test_the_cleaner_is_the_learners_own(browser, tmp_path):
    with opened(browser, tmp_path, '01_gather', few_cells('01_gather', '## The drawn bears', {'gathered': gathered})) as lab:
        place, page = lab.run_to('here = Path.cwd()'), lab.page.locator('.widget-vbox').first
        mine = {path.relative_to(tmp_path) for path in (tmp_path/'my_bears').glob('*/*.jpg')}
        first, second = (page.get_by_label(f'Photo {number}', exact=True) for number in (1, 2))
        cards = page.locator('.bears-card')
        page.get_by_role('button', name='Filters', exact=True).click()
        page.get_by_label('Findings', exact=True).select_option('all photos')   # it opens on those with findings
        cards.nth(0).get_by_role('button', name='Remove', exact=True).click()
        page.get_by_text('To remove: 1.').wait_for()
        other = second.locator('option').nth(2).text_content()  # such as 'to black'
        cards.nth(1).get_by_role('button', name=other.capitalize(), exact=True).click()
        page.get_by_text('To another class: 1.').wait_for()
        assert shows(second.locator('option:checked').text_content, other)
        chosen = second.input_value()
        lab.run('run-all-below', place + 1)
        assert shows(lambda: (first.input_value(), second.input_value()), ('remove', chosen))
        lab.again()
        page.get_by_text('To remove: 1. To another class: 1.').wait_for()
        assert shows(lambda: (first.input_value(), second.input_value()), ('remove', chosen))
        assert {path.relative_to(tmp_path) for path in (tmp_path/'my_bears').glob('*/*.jpg')} == mine
        page.get_by_role('button', name='Apply 2 changes', exact=True).click()
        page.get_by_text('Taken out: 1 ').wait_for()
    assert len(list((tmp_path/'my_bears').glob('*/*.jpg'))) == len(mine) - 1
