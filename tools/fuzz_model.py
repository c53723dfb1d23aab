"""Change a good model.json at random, thousands of times, and use what comes out: one sentence, or a model that works.

    python tools/fuzz_model.py --n 10000 --seed 0
"""
from collections import Counter, defaultdict
from contextlib import ExitStack, redirect_stderr
from io import StringIO
from pathlib import Path
from unittest.mock import patch
import argparse, copy, json, random, resource, shutil, sys, tempfile, time
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from bears_lib.deploy import Classifier, make_card, make_space, make_web_app
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.deploy.drift import compare, reference
from bears_lib.engine.predict.model_folder import ModelInfo, read_model, write_model
from bears_lib.engine.core.photos import Preprocess
from bears_lib.engine.deploy.hf_space import predicting_part

slowest, largest = 2., 500_000_000 # seconds and bytes that one model may take

def network(size:int=16) -> bytes:
    "Red against blue by the mean colour."
    weights = np.zeros((3, 2), np.float32)
    weights[0, 0] = weights[2, 1] = 9
    info = helper.make_tensor_value_info
    nodes = [helper.make_node('ReduceMean', ['pixels'], ['features'], axes=[2, 3], keepdims=0), helper.make_node('MatMul', ['features', 'weights'], ['scores']),
             helper.make_node('Softmax', ['scores'], ['probabilities'], axis=1)]
    graph = helper.make_graph(nodes, 'tiny', [info('pixels', TensorProto.FLOAT, ['n', 3, size, size])], [info('probabilities', TensorProto.FLOAT, ['n', 2])],
                              [numpy_helper.from_array(weights, 'weights')])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8).SerializeToString()

def good_model(folder:Path) -> Path:
    "A model with a value in every field that something reads."
    rng = np.random.default_rng(0)
    measured = {'accuracy': 0.9, 'n': 40, 'interval': [0.77, 0.96], 'log_loss': 0.3, 'measured_on': 'validation photos',
                'small': {'accuracy': 0.9, 'n': 40, 'same_label': 1.0, 'largest_difference': 0.02, 'bytes': 1000}}
    training = {'train': {'red': 80, 'blue': 90}, 'valid': {'red': 20, 'blue': 20}, 'sources': {'commons, cc0-1.0': 210}, 'cross_validation': {'right': 160, 'n': 170},
                'strength': 0.1, 'reference': reference(['red', 'blue']*20, rng.normal(0.7, 0.05, 40))}
    info = ModelInfo(['red', 'blue'], Preprocess(16), {'name': 'tf_efficientnet_lite0', 'weights_sha256': 'a'*64}, measured, training,
                     {'threshold': 0.4, 'valid_share': 0.05, 'n': 40, 'bank': 100, 'neighbours': 3}, {'bears_lib': '0.1.0', 'torch': '2.9'})
    return write_model(folder, info, {'model.onnx': network(), 'small.onnx': network()})

odd_values: list = [None, True, False, 0, -1, 1, 2, 5, 0.5, -0.0, 1e-320, 1e308, -1e308, 10**18, 10**400, -10**400, float('inf'), float('-inf'), float('nan'), '', ' ', 'x', '0.9', '\0', '\x1b[31m', '\ud800',
    '\u2028', '\u202e', '../x', '/etc/passwd', 'C:\\x', '<script>alert(1)</script>', '{{ x }}', '$(id)', '`', '\n# title', 'x'*300, 'x'*100_000, [], {}, [[]], [{}], {'': 0}, {'a': {'b': {'c': []}}}, [1, 2], [2, 1], [0.9, 0.1],
    [0.5]*3, ['red'], ['red', 'blue', 'red'], ['red', 'red '], ['e\u0301', '\xe9'], ['a']*5000, [str(i) for i in range(3000)], {'red': -5}, {'red': 1e9}, {str(i): i for i in range(3000)}]

def places(value, path=()) -> list[tuple]:
    "Every place in a JSON value."
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in list(inner)[:30] for place in places(each, (*path, key)))]

def at(value, path): return at(value[path[0]], path[1:]) if path else value

def deep(rng:random.Random):
    value: object = 1
    for _ in range(rng.choice((5, 13, 50, 500))): value = [value] if rng.random() < 0.5 else {'a': value}
    return value

def change_value(good, rng):
    path = rng.choice(places(good)[1:])
    at(good, path[:-1])[path[-1]] = copy.deepcopy(rng.choice(odd_values))
    return good

def take_key(good, rng):
    path = rng.choice(places(good)[1:])
    del at(good, path[:-1])[path[-1]]
    return good

def add_key(good, rng):
    path = rng.choice([path for path in places(good) if isinstance(at(good, path), dict)])
    at(good, path)[rng.choice(['extra', '', '__class__', 'red', '../x', '\0', '*', 'model.json', 'n', 'small', 'x'*3000, '\ud800'])] = copy.deepcopy(rng.choice(odd_values))
    return good

def nest(good, rng):
    path = rng.choice(places(good)[1:])
    at(good, path[:-1])[path[-1]] = deep(rng)
    return good

def swap_values(good, rng):
    one, other = (rng.choice([path for path in places(good) if len(path) == 1]) for _ in 'ab')
    good[one[0]], good[other[0]] = good[other[0]], good[one[0]]
    return good

def odd_labels(good, rng):
    mark = rng.choice(['\0', '\n', '\x7f', '\ud83d', '\u202e', '_', '*', '<b>', '|', '"', "'", '\\', '\u2028', '', ' ', 'x'*254, 'x'*10_000, '../', '=cmd()', '---'])
    good['labels'] = [mark + 'red', rng.choice(['blue', mark, 'red' + mark])]
    return good

def several(good, rng):
    for _ in range(rng.randint(2, 6)): good = change_value(good, rng)
    return good

def odd_bytes(good, rng) -> bytes:
    text = json.dumps(good).encode()
    i = rng.randrange(len(text))
    return rng.choice([lambda: text[:i], lambda: text[:i] + bytes([rng.randrange(256)]) + text[i + 1:], lambda: text[:i] + b'\xff' + text[i:], lambda: b'\xef\xbb\xbf' + text, lambda: b'', lambda: b'[' * 200_000,
        lambda: b'{"a":' * 40_000, lambda: text.replace(b'0.9', b'Infinity'), lambda: text.replace(b'40', b'1' + b'0'*400), lambda: text.replace(b'"red"', b'"' + b'x'*10_000_000 + b'"', 1), lambda: text[:i] + text[i:]*2,
        lambda: text.replace(b'"', b"'"), lambda: text.decode().encode('utf-16'), lambda: bytes(1000), lambda: b'[0,' + b'0,'*2_000_000 + b'0]', lambda: b'version https://git-lfs.github.com/spec/v1\noid sha256:0', lambda: text[:-1] + b',"schema":1}'])()

def several_files(folder:Path, rng:random.Random) -> None:
    "Something else in the place of model.json."
    (folder/'model.json').unlink()
    rng.choice([lambda: (folder/'model.json').mkdir(), lambda: (folder/'model.json').symlink_to('model.json'), lambda: (folder/'model.json').symlink_to('/dev/null'), lambda: None])()

kinds = [change_value, take_key, add_key, nest, swap_values, odd_labels, several, odd_bytes, several_files]

def no_waiting() -> ExitStack:
    "What takes time and is the same for every model is done once, and nobody waits for the disk."
    stack, part = ExitStack(), predicting_part()
    for name, value in {'os.fsync': lambda handle: None, 'bears_lib.engine.deploy.hf_space.predicting_part': lambda: part, 'bears_lib.engine.pages.browser_app.page_icon': lambda size: b'an icon'}.items(): stack.enter_context(patch(name, value))
    return stack

def use(model:Path, place:Path) -> str:
    "Do all that can be done with a model that opens; the sentences of what refused."
    answers = [{'label': 'red', 'likeness': 0.7, 'unsure': False}]*30
    ways = [lambda: Classifier(model)(np.zeros((40, 50, 3), np.uint8)), lambda: make_card(model, place/'card.md'), lambda: make_web_app(model, place/'page', examples={}),
            lambda: make_space(model, place/'space', examples=[]), lambda: str(compare(read_model(model)[0].training.get('reference', {}), answers))]
    refused = []
    for way in ways:
        try: way()
        except BearsError as error:
            assert str(error) and '\n' not in str(error).strip() and len(str(error)) < 1500, f'no sentence: {str(error)[:300]!r}'
            refused.append(str(error))
    return '; '.join(refused)

def run(n:int, seed:int=0, only:int|None=None) -> tuple[dict[str, Counter], list[str], float]:
    "What came of each kind of change, what went wrong, and the seconds of the slowest."
    outcome: dict[str, Counter] = defaultdict(Counter)
    faults, longest = [], 0.
    with tempfile.TemporaryDirectory() as name, no_waiting():
        good = good_model(Path(name)/'good')
        described = json.loads((good/'model.json').read_text(encoding='utf-8'))
        for i in range(n) if only is None else [only]:
            rng, model, place = random.Random(f'{seed}-{i}'), Path(name)/'model', Path(name)/'made'
            kind = rng.choice(kinds)
            shutil.copytree(good, model)
            place.mkdir()
            if kind is several_files: several_files(model, rng)
            else:
                changed = kind(copy.deepcopy(described), rng)
                (model/'model.json').write_bytes(changed if isinstance(changed, bytes) else json.dumps(changed).encode())
            start = time.perf_counter()
            try: outcome[kind.__name__]['refused' if use(model, place) else 'works'] += 1
            except Exception as error:
                outcome[kind.__name__]['fault'] += 1
                faults.append(f'--seed {seed} --only {i} ({kind.__name__}): {type(error).__name__}: {str(error)[:200]}')
            seconds = time.perf_counter() - start
            if seconds > slowest: faults.append(f'--seed {seed} --only {i} ({kind.__name__}): {seconds:.1f} s')
            longest = max(longest, seconds)
            for folder in (model, place): shutil.rmtree(folder)
    return outcome, faults, longest

def peak() -> int: return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss*(1 if sys.platform == 'darwin' else 1024)

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (('n', 10_000), ('seed', 0), ('only', None)): parser.add_argument(f'--{name}', type=int, default=value)
    asked = parser.parse_args()
    with redirect_stderr(StringIO()): run(5)  # everything is imported
    before = peak()
    outcome, faults, longest = run(asked.n, asked.seed, asked.only)
    print(f'{"change":16}{"refused":>9}{"works":>9}{"fault":>9}')
    for kind, count in sorted(outcome.items()): print(f'{kind:16}{count["refused"]:9}{count["works"]:9}{count["fault"]:9}')
    print(f'slowest {longest:.2f} s, {max(0, peak() - before)/1e6:.0f} MB more than before')
    if peak() - before > largest: faults.append('too much memory')
    print('\n'.join(faults[:20]))
    sys.exit(1 if faults else 0)
