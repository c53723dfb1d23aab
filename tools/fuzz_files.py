"""Change the small files beside photos, models and answers at random, and use what comes out: one sentence, or work as usual.

    python tools/fuzz_files.py --n 200 --seed 0
"""
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch
import argparse, copy, json, random, shutil, sys, tempfile, time
import numpy as np
from PIL import Image

from bears_lib.deploy import make_card
from bears_lib.engine.gather.audit import check_images
from bears_lib.engine.gather.cleaner import ImageCleaner
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.gather.gathering import attribution, gather_images, licensed_copy
from bears_lib.engine.gather.download import download_images
from bears_lib.engine.deploy.drift import compare, reference
from bears_lib.engine.predict.answer_log import AnswerLog, read_answers
from bears_lib.engine.core.folders import read_folder, write_metadata
from bears_lib.engine.train.guessing_game import Challenge
from bears_lib.engine.gather.journal import finish_moves, move_out, relabel, undo, unfinished
from bears_lib.engine.gather.search import stored_results
from bears_lib.engine.core.folder_swap import finish_swap, swap_folder
from bears_lib.questionnaire import Quiz
from fuzz_model import change_value, deep, good_model, nest, odd_values, several, take_key

slowest = 5. # seconds that one file may take

def photo_folder(root:Path) -> Path:
    "Photos with everything beside them that this package writes: a table, a log of downloads and moves, a plan, choices."
    rng, own = np.random.default_rng(0), root.parent/f'own photos of {root.name}'
    for label in ('red', 'blue'):
        (own/label).mkdir(parents=True)
        for i in range(3): Image.fromarray(rng.integers(0, 255, (40, 40, 3), np.uint8)).save(own/label/f'{i}.png')
    gather_images(root, {label: own/label for label in ('red', 'blue')}, n=3)
    photos = sorted(path.relative_to(root).as_posix() for path in root.glob('*/*.jpg'))
    relabel(root, {photos[0]: 'red'})
    move_out(root, [photos[-1]])
    (root/".bears"/"choices.json").write_text(json.dumps({photos[1]: None, photos[2]: "red"}), encoding='utf-8')
    return root

def use_photos(root:Path) -> list[Callable]:
    return [lambda: read_folder(root), lambda: check_images(root, judge=False), lambda: ImageCleaner(check_images(root, judge=False)), lambda: unfinished(root), lambda: finish_moves(root, True),
            lambda: move_out(root, [next(path.relative_to(root) for path in sorted(root.glob('*/*.jpg')))]), lambda: undo(root), lambda: attribution(root), lambda: licensed_copy(root, root.parent/'copy'),
            lambda: gather_images(root, {'red': root.parent/'own photos of good'/'red'}, n=2), lambda: download_images(root/'red', urls=['sample:black/1.jpg'])]

def quiz_folder(folder:Path) -> Path:
    quiz = Quiz(1, folder)
    for _ in range(3):
        quiz.answer('I do not know, perhaps a neural network of many layers')
        quiz.accept()
        quiz.next()
    quiz.drafts.keep(quiz.question.id, {'answer': 'half an ans', 'nit': ''})
    return folder

def use_quiz(folder:Path) -> list[Callable]:
    def play():
        quiz = Quiz(1, folder)
        quiz.drafts.read(quiz.question.id)
        quiz.answer('a model with weights')
        quiz.go(1).answer('no math, no lots of data, no expensive computers, no PhD')
        for each in (quiz.summary, quiz.due): each()
        repr(quiz)
    return [play, lambda: Quiz(1, folder).write(folder/'page.md')]

def log_folder(folder:Path) -> Path:
    log = AnswerLog(folder/'answers.jsonl')
    for i in range(40): log.add('red' if i % 2 else 'blue', 0.9, 0.7, False)
    return folder

known = reference(['red', 'blue']*20, np.random.default_rng(0).normal(0.7, 0.05, 40))

def guess_folder(folder:Path) -> Path:
    folder.mkdir()
    for i in range(4): Image.fromarray(np.random.default_rng(i).integers(0, 255, (30, 30, 3), np.uint8)).save(folder/f'{i}.png')
    challenge(folder).guess(1, 'red')
    return folder

def challenge(folder:Path) -> Challenge:
    photos = sorted(folder.glob('*.png'))
    return Challenge(SimpleNamespace(photos=photos, labels=['red', 'blue'], truth=[0, 1, 0, 1], probabilities=np.eye(2)[[0, 1, 1, 0]]), 4, 0, keep=folder/'guesses.json')

def card_folder(folder:Path) -> Path:
    make_card(good_model(folder))
    return folder

def swap_place(folder:Path) -> Path:
    swap_folder(folder, {'a.txt': b'old', 'b.txt': b'old'})
    (folder/'.bears-swap'/'new').mkdir(parents=True)
    (folder/'.bears-swap'/'new'/'a.txt').write_bytes(b'new')
    (folder/'.bears-swap'/'plan.json').write_text(json.dumps({'b.txt': 'b'*64}), encoding='utf-8')
    return folder

def search_folder(folder:Path) -> Path:
    rows = [{'image_url': f'https://img.example/{i}.jpg', 'title': 'a bear', 'license': 'cc0-1.0', 'width': 300, 'height': 200} for i in range(5)]
    folder.mkdir()
    (folder/'answers.json').write_text(json.dumps(rows), encoding='utf-8')
    return folder

files: dict[str, tuple[Callable, str, Callable]] = { # what makes a good folder, the file in it, and what is done with it
    'log': (photo_folder, '.bears/log.jsonl', use_photos), 'metadata': (photo_folder, 'metadata.csv', use_photos), 'plan': (photo_folder, '.bears/plan.json', use_photos),
    'choices': (photo_folder, '.bears/choices.json', use_photos), 'session': (quiz_folder, 'chapter1.jsonl', use_quiz), 'wordings': (quiz_folder, 'wordings.json', use_quiz),
    'draft': (quiz_folder, 'chapter1.drafts/*.json', use_quiz), 'answers': (log_folder, 'answers.jsonl', lambda folder: [lambda: compare(known, read_answers(folder/'answers.jsonl'))]),
    'guesses': (guess_folder, 'guesses.json', lambda folder: [lambda: challenge(folder).guess(2, 'blue'), lambda: str(challenge(folder))]), 'card': (card_folder, 'README.md', lambda folder: [lambda: make_card(folder)]),
    'swap': (swap_place, '.bears-swap/plan.json', lambda folder: [lambda: finish_swap(folder), lambda: swap_folder(folder, {'a.txt': b'newer'})]),
    'search': (search_folder, 'answers.json', lambda folder: [lambda: _as_read(folder/'answers.json')])}

def _as_read(path:Path) -> None:
    "A damaged answer of a search is asked for again: `stored_results` says so by a `ValueError`."
    try: stored_results(path)
    except ValueError: pass

def change_bytes(data:bytes, rng:random.Random) -> bytes:
    i, j = sorted(rng.randrange(len(data) + 1) for _ in 'ab')
    return rng.choice([lambda: data[:i], lambda: data[:i] + data[j:], lambda: data[:i] + bytes([rng.randrange(256)])*rng.choice((1, 9)) + data[i + 1:], lambda: data[:i] + data[i:j]*3 + data[j:], lambda: b'', lambda: b'['*200_000,
        lambda: b'\xef\xbb\xbf' + data, lambda: data.decode('utf-8', 'replace').encode('utf-16'), lambda: data.replace(b'"', b"'"), lambda: data.replace(b',', b'\0'), lambda: data.replace(b'\n', b'\r'), lambda: data*50,
        lambda: data[:i] + 'ß\u202e\x1b[31m'.encode() + data[i:], lambda: data[:i] + b'x'*300_000 + data[i:], lambda: data.replace(b'red', b'../..'), lambda: data.replace(b'1', b'9'*400), lambda: rng.randbytes(2000)])()

def change_json(data:bytes, rng:random.Random) -> bytes:
    "One line or the whole, changed as a value."
    lines = data.split(b'\n') if data.count(b'\n{') else [data]
    i = rng.choice([i for i, line in enumerate(lines) if line.strip()])
    good = json.loads(lines[i])
    if not good or rng.random() < 0.1: good = copy.deepcopy(rng.choice([*odd_values, deep(rng)]))
    else: good = rng.choice([change_value, take_key, nest, several] if isinstance(good, dict) else [change_value, nest, several])(good, rng)
    lines[i] = json.dumps(good).encode()
    return b'\n'.join(lines)

def change(path:Path, rng:random.Random) -> None:
    data = path.read_bytes()
    if path.suffix in ('.json', '.jsonl') and rng.random() < 0.6:
        try: return void(path.write_bytes(change_json(data, rng)))
        except (KeyError, IndexError, TypeError, RecursionError): pass  # no such change fits here: its bytes then
    path.write_bytes(change_bytes(data, rng))

def void(_) -> None: pass

def use(folder:Path, ways:list[Callable]) -> int:
    refused = 0
    for way in ways:
        try: way()
        except BearsError as error:
            assert str(error) and '\n' not in str(error).strip() and len(str(error)) < 3000, f'no sentence: {str(error)[:300]!r}'
            refused += 1
    return refused

def run(n:int, seed:int=0, only:list[str]|None=None) -> tuple[dict[str, Counter], list[str], float]:
    "What came of each kind of file, what went wrong, and the seconds of the slowest."
    outcome, faults, longest = dict[str, Counter](), [], 0.
    for kind, (make, name, ways) in files.items():
        if only and kind not in only: continue
        outcome[kind] = Counter()
        with tempfile.TemporaryDirectory() as place, patch('os.fsync', lambda handle: None), redirect_stderr(StringIO()), redirect_stdout(StringIO()):
            make(Path(place)/'good')
            secret = Path(place)/'mine.jpg'
            secret.write_bytes(b'mine')
            for i in range(n):
                rng, folder = random.Random(f'{seed}-{kind}-{i}'), Path(place)/'used'
                shutil.copytree(Path(place)/'good', folder)
                change(next(folder.glob(name)), rng)
                start = time.perf_counter()
                try: outcome[kind]['refused' if use(folder, ways(folder)) else 'works'] += 1
                except Exception as error:
                    outcome[kind]['fault'] += 1
                    faults.append(f'--seed {seed}, {kind} {i}: {type(error).__name__}: {str(error)[:200]}')
                seconds = time.perf_counter() - start
                if seconds > slowest: faults.append(f'--seed {seed}, {kind} {i}: {seconds:.1f} s')
                if secret.read_bytes() != b'mine': faults.append(f'--seed {seed}, {kind} {i}: a file outside was changed')
                longest = max(longest, seconds)
                for each in ('used', 'copy'): shutil.rmtree(Path(place)/each, ignore_errors=True)
    return outcome, faults, longest

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (('n', 200), ('seed', 0)): parser.add_argument(f'--{name}', type=int, default=value)
    parser.add_argument('kinds', nargs='*', help=f'some of {", ".join(files)}')
    asked = parser.parse_args()
    outcome, faults, longest = run(asked.n, asked.seed, asked.kinds)
    print(f'{"file":12}{"refused":>9}{"works":>9}{"fault":>9}')
    for kind, count in outcome.items(): print(f'{kind:12}{count["refused"]:9}{count["works"]:9}{count["fault"]:9}')
    print(f'slowest {longest:.2f} s')
    print('\n'.join(faults[:40]))
    sys.exit(1 if faults else 0)
