"The cleaner in JupyterLab, in a real browser: a photo is taken out and another relabelled by menu, mouse and keyboard, and the disk is looked at."
import json, os, socket, subprocess, sys, time
from contextlib import contextmanager
from urllib.request import Request, urlopen

import pytest

from conftest import make_photos, root as project

pytestmark = pytest.mark.browser
code = """from bears_lib.engine.gather.audit import check_images
from bears_lib.engine.gather.cleaner import ImageCleaner
cleaner = ImageCleaner(check_images('photos', judge=False), per_page=6)
cleaner"""

def free_port() -> int:
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]

def start_kernel(address:str, notebook:str) -> None:
    "Start the notebook's kernel before its page is opened: a page that starts one at times waits for its first word for ever."
    wanted = {'path': notebook, 'name': notebook, 'type': 'notebook', 'kernel': {'name': 'python3'}}
    urlopen(Request(f'{address}/api/sessions', json.dumps(wanted).encode(), {'Content-Type': 'application/json'}), timeout=60).close()
    time.sleep(3)  # its state stays 'starting' until somebody connects, so there is nothing to wait for

@contextmanager
def jupyterlab(folder, notebook:str, **environment):
    "JupyterLab on this machine, with a kernel for a notebook in a folder; its address. A variable that is None is taken out of the environment."
    pytest.importorskip('jupyterlab', reason='jupyterlab is not installed: pip install "bears_lib[course]"')
    port, own = free_port(), folder/'jupyter'
    places = {name: str(own/name) for name in ('JUPYTER_CONFIG_DIR', 'JUPYTER_RUNTIME_DIR', 'JUPYTERLAB_SETTINGS_DIR', 'JUPYTERLAB_WORKSPACES_DIR', 'IPYTHONDIR')}
    every = {**os.environ, **places, 'PYTHONPATH': f"{project}{os.pathsep}{os.environ.get('PYTHONPATH', '')}", **environment}
    settings = own/'JUPYTERLAB_SETTINGS_DIR'/'@jupyterlab'/'notebook-extension'/'tracker.jupyterlab-settings'
    settings.parent.mkdir(parents=True)
    settings.write_text('{"windowingMode": "none"}', encoding='utf-8')  # cells out of sight are on the page, too
    command = [sys.executable, '-m', 'jupyterlab', '--no-browser', '--allow-root', '--ServerApp.ip=127.0.0.1', f'--ServerApp.port={port}', '--IdentityProvider.token=', '--ServerApp.password=',
               f'--ServerApp.root_dir={folder}', '--ServerApp.disable_check_xsrf=True', '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate', '--LabApp.expose_app_in_browser=True']
    with (folder/'lab.log').open('w', encoding='utf-8') as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env={name: value for name, value in every.items() if value is not None})
        try:
            for _ in range(240):
                if server.poll() is not None: pytest.fail(f"JupyterLab did not start:\n{(folder/'lab.log').read_text(encoding='utf-8')[-2000:]}")
                try: urlopen(f'http://127.0.0.1:{port}/api', timeout=2).close()
                except OSError: time.sleep(0.25)
                else: break
            start_kernel(f'http://127.0.0.1:{port}', notebook)
            yield f'http://127.0.0.1:{port}'
        finally:
            server.terminate()
            try: server.wait(20)
            except subprocess.TimeoutExpired: server.kill()

@pytest.fixture
def lab(tmp_path):
    "JupyterLab on this machine with a notebook and a small folder of photos; its address."
    make_photos(tmp_path/'photos', {'red': 5, 'blue': 4})
    cell = {'cell_type': 'code', 'id': 'clean', 'metadata': {}, 'source': code, 'execution_count': None, 'outputs': []}
    kernel = {'kernelspec': {'name': 'python3', 'display_name': 'Python 3', 'language': 'python'}}
    (tmp_path/'clean.ipynb').write_text(json.dumps({'cells': [cell], 'metadata': kernel, 'nbformat': 4, 'nbformat_minor': 5}), encoding='utf-8')
    with jupyterlab(tmp_path, 'clean.ipynb') as address: yield address

@pytest.fixture
def page(browser):
    "A browser's page."
    page = browser.new_page(viewport={'width': 1300, 'height': 1000})
    page.set_default_timeout(30_000)
    yield page
    shoot(page, 'last_seen')
    page.close()

def shoot(page, name:str) -> None:
    "A screenshot for people; the folder is not under version control."
    (project/'_shots').mkdir(exist_ok=True)
    page.screenshot(path=project/'_shots'/f'{name}.png')

def shows(read, wanted) -> bool:
    "Whether what is read from the page comes to be what is wanted: a widget's parts change one after another."
    end = time.monotonic() + 15
    while read() != wanted:
        if time.monotonic() > end: return False
        time.sleep(0.1)
    return True

def run_cell(page, address:str) -> None:
    "Open the notebook and run its cell."
    page.goto(f'{address}/doc/tree/clean.ipynb')
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()  # the kernel is there
    page.locator('.jp-Notebook .jp-CodeCell .cm-content').first.click()
    page.keyboard.press('Shift+Enter')
    page.locator('.bears-card').first.wait_for()
    page.wait_for_function("document.querySelectorAll('.jp-OutputArea img').length >= 6")

def test_cleaner_in_jupyterlab(page, lab, tmp_path):
    photos = tmp_path/'photos'
    run_cell(page, lab)
    assert page.evaluate("[...document.querySelectorAll('.jp-OutputArea img')].slice(0, 6).every(image => image.naturalWidth > 0)")
    shoot(page, 'cleaner_start')
    assert shows(lambda: page.eval_on_selector_all('.bears-card img', 'images => images.map(image => image.alt)'), ['Photo']*6)  # for who can't see them

    first, second = (page.get_by_text(f'{name}.jpg', exact=False).first for name in ('blue/0', 'blue/1'))
    assert first.is_visible() and second.is_visible()
    page.locator('.bears-remove').first.click()
    page.get_by_role('button', name='To red', exact=True).nth(1).click()
    page.get_by_text('To remove: 1. To another class: 1.').wait_for()
    shoot(page, 'cleaner_chosen')

    assert not page.get_by_label('Class', exact=True).is_visible() and not page.locator('.bears-card select').first.is_visible()
    page.get_by_role('button', name='Filters').click()
    page.get_by_label('Class', exact=True).select_option('red')
    page.get_by_text('5 of 9 photos').wait_for()
    page.get_by_label('Class', exact=True).select_option('all')
    page.get_by_role('button', name='Next page').click()
    page.get_by_text('red/3.jpg').first.wait_for()
    page.get_by_role('button', name='Previous page').click()
    page.get_by_text('blue/0.jpg').first.wait_for()
    page.locator('.bears-card').first.locator('.bears-remove.mod-warning').wait_for()  # what was chosen is still chosen

    page.get_by_role('button', name='Apply').click()
    page.get_by_text('Taken out: 1 ').wait_for()
    shoot(page, 'cleaner_applied')
    assert not (photos/'blue'/'0.jpg').exists() and (photos/'.bears'/'removed'/'blue'/'0.jpg').exists()
    assert not (photos/'blue'/'1.jpg').exists() and (photos/'red'/'1-2.jpg').exists()

    page.get_by_role('button', name='Undo').click()
    page.get_by_text('Back where they were: 2.').wait_for()
    assert (photos/'blue'/'0.jpg').exists() and (photos/'blue'/'1.jpg').exists() and not (photos/'red'/'1-2.jpg').exists()

def test_keyboard_alone(page, lab, tmp_path):
    "Tab from button to button, Space presses one."
    run_cell(page, lab)
    focused = "document.activeElement.innerText"
    page.locator('.bears-remove').first.focus()
    page.keyboard.press('Space')
    page.get_by_text('To remove: 1. To another class: 0.').wait_for()
    seen = []
    for _ in range(7):
        page.keyboard.press('Tab')
        seen.append(page.evaluate(focused))
    assert seen == ['Zoom', 'Keep', 'To red', 'Remove', 'Zoom', 'Keep', 'To red']
    for _ in range(4): page.keyboard.press('Shift+Tab')  # back to the second photo
    page.keyboard.press('Space')
    page.get_by_text('To remove: 1. To another class: 1.').wait_for()
    for _ in range(24):
        page.keyboard.press('Tab')
        if page.evaluate(focused) == 'Apply 2 changes': break
    assert page.evaluate(focused) == 'Apply 2 changes'
    page.keyboard.press('Space')
    page.get_by_text('Taken out: 1 ').wait_for()
    shoot(page, 'cleaner_keyboard')
    assert not (tmp_path/'photos'/'blue'/'0.jpg').exists() and (tmp_path/'photos'/'red'/'1-2.jpg').exists()
    assert page.locator('.jp-Notebook .jp-Cell').count() == 2  # no key went to the notebook instead

def test_keys_buttons_and_zoom(page, lab, tmp_path):
    "A digit puts the photo into its class, x takes it out, z shows it large; a second press takes it back, and the notebook hears nothing of it."
    run_cell(page, lab)
    page.locator('.bears-remove').first.focus()
    page.keyboard.press('2')  # blue is 1, red is 2
    page.get_by_text('To remove: 0. To another class: 1.').wait_for()
    page.keyboard.press('x')
    page.get_by_text('To remove: 1. To another class: 0.').wait_for()
    page.keyboard.press('x')
    page.wait_for_function("!document.body.innerText.includes('To remove:')")
    page.keyboard.press('1')  # blue is its own class: it stays, and somebody has looked at it
    page.get_by_text('1 of 9 looked at').wait_for()
    page.keyboard.press('z')
    page.get_by_role('button', name='Close the photo').wait_for()
    shoot(page, 'cleaner_zoom')
    page.get_by_role('button', name='Close the photo').click()
    page.get_by_role('button', name='Close the photo').wait_for(state='detached')
    page.get_by_role('button', name='Remove', exact=True).nth(1).click()
    page.get_by_role('button', name='To red', exact=True).nth(2).click()
    page.get_by_text('To remove: 1. To another class: 1.').wait_for()
    shoot(page, 'cleaner_buttons')
    assert page.locator('.jp-Notebook .jp-Cell').count() == 2 and (tmp_path/'photos'/'blue'/'0.jpg').exists()
    tops = page.eval_on_selector_all('.bears-card .bears-remove', 'buttons => buttons.map(button => Math.round(button.getBoundingClientRect().top))')
    assert len(set(tops)) <= 2  # buttons of one row stand on one line
    page.evaluate('document.activeElement.blur()')
    page.locator('.bears-card').nth(3).hover()
    page.keyboard.press('Enter')  # what is marked on the card below the mouse: nothing is suggested, so it stays
    page.locator('.bears-card').nth(3).locator('.bears-keep.mod-info').wait_for()
