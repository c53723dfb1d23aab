"What several tests share."
import os, shutil, subprocess, sys, sysconfig, tempfile
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

os.environ.setdefault('IN_TEST', '1')  # no progress bars
if 'PYTEST_XDIST_WORKER' not in os.environ:
    kept = tempfile.TemporaryDirectory(prefix='bears_cache_')
    os.environ['BEARS_CACHE'] = kept.name  # shared by the tests of one run; the user's own cache is left alone

def pytest_configure(config:pytest.Config) -> None:
    "`make test` leaves `os.fsync` out, which takes long where others use the disk: it is for power cuts. `make slow` calls it."
    if config.option.markexpr == 'not slow': os.fsync = lambda file: os.fstat(file if isinstance(file, int) else file.fileno())

root = Path(__file__).parent.parent
sys.path.insert(0, str(root/'tools'))

# Files that take minutes begin, so that none of them is left for one core at the end.
long_files = ['test_newcomer', 'test_colab', 'test_docs_site', 'test_strange_pictures', 'test_web_page', 'test_learner_browser', 'test_app', 'test_writers', 'test_distributed', 'test_cluster', 'test_shards']

# What `make slow` runs, and CI after `make test`: each has a quicker relative that stays in `make test`, or looks at what changes seldom.
slow = {
    'test_colab.py': 'installs two machines like Colab and Kaggle; test_setup_cell reads what the cell would do',
    'test_newcomer.py::test_demo_in_a_fresh_clone': '`make demo` in a fresh clone: CI installs in one as well, and test_light runs the demo',
    'test_newcomer.py::test_course_notebooks_want_nothing_but_run': 'the notebooks in kernels of a fresh clone; `make notebooks` runs the same cells',
    'test_newcomer.py::test_study_copies_hold_code_and_headings_and_run': 'copies of the notebooks that were run',
    'test_strange_pictures.py': 'two hundred harmful pictures; test_photos opens broken ones of several kinds',
    'test_learner_browser.py': 'the widgets of the notebooks in JupyterLab; test_cleaner and test_questionnaire call the same functions',
    'test_cleaner_browser.py': 'the cleaner in JupyterLab',
    'test_cluster.py::test_answers_are_those_of_this_process': 'Ray with three nodes on this machine; test_shards asks threads',
    'test_cluster.py::test_a_worker_a_node_and_the_driver_die': 'the same cluster; test_shards kills a run of threads',
    'test_cluster.py::test_a_cluster_that_is_not_alike_stops_the_run': 'the same cluster',
    'test_cluster.py::test_each_host_has_one_visitor_on_the_whole_cluster': 'the same cluster',
    'test_distributed.py': 'two processes that train together',
    'test_space.py::test_it_runs_in_a_fresh_environment': 'installs what a Space installs',
    'test_web_page.py::test_photos_get_the_same_answer_as_from_classifier[60-drawn]': 'six of them stay',
    'test_web_page.py::test_photos_get_the_same_answer_as_from_classifier[60-photographed]': 'the six drawn ones stay',
    'test_web_page.py::test_odd_files_get_the_same_answer_as_from_classifier': 'odd files one by one',
    'test_web_page.py::test_files_of_the_cdn_are_checked': 'pages whose files were changed',
    'test_web_page.py::test_it_works_offline_after_the_first_visit_and_takes_up_a_new_version': 'two visits and a new version',
    'test_web_page.py::test_a_large_photo_does_not_freeze_the_page': 'a photo of 48 million pixels',
    'test_trainer.py::test_it_learns_offline_after_the_first_visit': 'test_a_connection_that_is_cut_is_named_and_tried_again stays',
    'test_trainer.py::test_of_two_tabs_one_keeps_its_photos_and_the_other_says_so': 'test_photos_are_kept_only_if_asked_and_forgotten_when_told keeps those of one',
    'test_trainer.py::test_reloaded_in_the_middle_it_goes_on_with_what_was_kept': 'test_photos_are_kept_only_if_asked_and_forgotten_when_told comes back later',
    'test_trainer.py::test_a_photo_of_48_megapixels_does_not_freeze_the_page': 'a photo of 48 million pixels',
    'test_trainer.py::test_a_phone_that_gives_little_memory_learns_and_none_at_all_is_named': 'test_web_page asks the same of the page that answers',
    'test_trainer.py::test_heic_that_this_browser_cannot_open_gets_a_sentence': 'test_names_and_files_of_strangers_stay_text leaves other files out',
    'test_parity.py': 'many networks in PyTorch and in ONNX; test_deploy compares one',
    'test_networks.py': 'each architecture that torchvision and timm have of a kind',
    'test_download.py::test_killed_in_the_middle_and_run_again': 'three processes, two of them killed',
    'test_download.py::test_four_classes_of_150_while_sources_are_down': 'test_what_is_short_is_said_for_each_class_with_the_next_step asks for fewer',
    'test_your_course.py::test_no_barrier_and_no_scrolling_sideways[1366-dark]': 'the wide page in the light and the narrow one in the dark stay',
    'test_your_course.py::test_no_barrier_and_no_scrolling_sideways[360-light]': 'the wide page in the light and the narrow one in the dark stay',
    'test_writers.py': 'each writer killed at each step; test_folder_swap fails each step within the process',
    'test_properties.py': 'random inputs',
    'test_docs_site.py': 'builds the site and looks at each page in a browser',
    'test_app_strangers.py': 'visitors who mean harm; test_app asks as ordinary ones do',
}

def why_slow(item:pytest.Item) -> str|None:
    "Why a test is left to `make slow`; None if it is not."
    name = f'{item.path.name}::{item.name}'
    return next((why for start, why in slow.items() if name == start or name.startswith((f'{start}::', f'{start}['))), None)

def pytest_collection_modifyitems(items:list) -> None:
    for item in items:
        if why_slow(item): item.add_marker('slow')
    items.sort(key=lambda item: long_files.index(item.path.stem) if item.path.stem in long_files else len(long_files))

chromium = shutil.which('chromium') or shutil.which('chromium-browser')
chromium_flags = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
                  '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']
in_browser = pytest.mark.browser

@pytest.fixture(scope='module')
def browser():
    "A real browser, with a camera that shows a test picture."
    if chromium is None: pytest.skip('chromium is not installed: apt-get install chromium')
    sync = pytest.importorskip('playwright.sync_api', reason='playwright is not installed: pip install playwright')
    with sync.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=chromium_flags)
        yield browser
        browser.close()

@pytest.fixture(scope='session')
def node_modules() -> Path:
    "Where onnxruntime-web and axe-core are."
    import npm_packages
    from bears_lib.engine.core.common import BearsError
    try: return npm_packages.node_modules()
    except BearsError as error: pytest.skip(str(error))

class Page(HTMLParser):
    "The tags of a page with their attributes, and a check that they are closed in order."
    void = {'meta', 'input', 'br', 'hr', 'img', 'link', 'line', 'circle', 'path'}
    def __init__(self, text:str):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)
    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.void: self.open.append(tag)
    def handle_endtag(self, tag):
        if tag not in self.void: assert self.open.pop() == tag
    def all(self, tag:str) -> list[dict]: return [attrs for name, attrs in self.tags if name == tag]

@pytest.fixture
def photos(tmp_path):
    "A folder of two easy classes, six photos each: reddish and bluish noise."
    return make_photos(tmp_path/'photos', {'red': 6, 'blue': 6})

def made_once(tmp_path_factory, name:str, make) -> Path:
    "A folder that `make` fills once in a run, whichever of its processes asks first. Nobody writes into it afterwards."
    run = tmp_path_factory.getbasetemp().parent if 'PYTEST_XDIST_WORKER' in os.environ else tmp_path_factory.getbasetemp()
    folder, done = run/f'shared_{name}', run/f'shared_{name}.done'
    with FileLock(run/f'shared_{name}.lock', timeout=500):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # somebody failed half-way
            folder.mkdir()
            make(folder)
            done.touch()
    return folder

@pytest.fixture(scope='session')
def bears_whole(tmp_path_factory) -> Path:
    "A model of all drawn bears."
    from bears_lib.commands import bears_train
    from bears_lib.engine.core.folders import sample_folder
    return made_once(tmp_path_factory, 'bears_whole', lambda place: bears_train(str(sample_folder()), model=str(place/'model')))/'model'

@pytest.fixture(scope='session')
def bears_half(tmp_path_factory):
    "A model of drawn bears that has seen one half of them, and the photos of the other half."
    from bears_lib.commands import bears_train
    from bears_lib.engine.core.folders import read_folder, sample_folder
    photos = read_folder(sample_folder()).photos
    def make(place):
        for photo in photos[::2]:
            (place/'photos'/photo.label).mkdir(parents=True, exist_ok=True)
            shutil.copy(photo.path, place/'photos'/photo.label)
        bears_train(str(place/'photos'), model=str(place/'model'))
    return made_once(tmp_path_factory, 'bears_half', make)/'model', [photo.path for photo in photos[1::2]]

def make_photos(folder:Path, counts:dict[str, int], seed:int=0) -> Path:
    "Noise whose colour tells the class, and no two photos alike."
    rng = np.random.default_rng(seed)
    for label, n in counts.items():
        (folder/label).mkdir(parents=True)
        for i in range(n):
            pixels = rng.integers(0, 90, (18, 24, 3), np.uint8)
            pixels[..., 0 if label.startswith('red') else 2] += 150
            Image.fromarray(pixels).resize((120, 90), Image.Resampling.BICUBIC).save(folder/label/f'{i}.jpg')
    return folder

def program(name:str) -> str:
    "Where one of our commands is: in `Scripts` on Windows, which need not be Python's own folder."
    found = shutil.which(name, path=sysconfig.get_path('scripts'))
    assert found, f'{name} is not installed: pip install -e .'
    return found

def shell(command:str, *args, **kwargs) -> subprocess.CompletedProcess:
    "Run one of our commands as a person would."
    return subprocess.run([program(command), *map(str, args)], capture_output=True, text=True, timeout=300, **kwargs)
