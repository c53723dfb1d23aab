"""Open crafted networks and ask each once, in a process of its own: one sentence, or an answer that is right in form, within 5 s and 1 GB.

    python tools/fuzz_network.py --n 200 --seed 0
"""
from collections import Counter
from pathlib import Path
import argparse, json, os, random, select, signal, subprocess, sys, tempfile, time
import numpy as np
from onnx import TensorProto, helper, numpy_helper
import onnx

from bears_lib.deploy import Classifier
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.predict.model_folder import ModelInfo, write_model
from bears_lib.engine.core.photos import Preprocess

slowest, largest = 5., 1_000_000_000 # seconds and bytes that a network may take, the process around it among them
size = 16 # side of the photos
F, I = TensorProto.FLOAT, TensorProto.INT64
node, info = helper.make_node, helper.make_tensor_value_info
def ints(name:str, values): return numpy_helper.from_array(np.array(values, np.int64), name)
def floats(name:str, values): return numpy_helper.from_array(np.array(values, np.float32), name)

def network(before=(), into:str='pixels', held=(), inputs=None, outputs=None, after=None, opset:int=17, **changes) -> onnx.ModelProto:
    "Red against blue by the mean colour of `into`, which `before` makes from `pixels`."
    weights = np.zeros((3, 2), np.float32)
    weights[0, 0] = weights[2, 1] = 9
    nodes = [*before, *([node('ReduceMean', [into], ['features'], axes=[2, 3], keepdims=0), node('MatMul', ['features', 'weights'], ['scores']), node('Softmax', ['scores'], ['probabilities'], axis=1)] if after is None else after)]
    graph = helper.make_graph(nodes, 'crafted', inputs or [info('pixels', F, ['n', 3, size, size])], outputs or [info('probabilities', F, ['n', 2])], [floats('weights', weights), *held], **changes)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)], ir_version=8)

def body(name:str='x') -> onnx.GraphProto: return helper.make_graph([node('Identity', ['keep'], ['kept']), node('Identity', [name], ['more'])], 'inner', [info('i', I, []), info('keep', TensorProto.BOOL, []), info(name, F, None)], [info('kept', TensorProto.BOOL, []), info('more', F, None)])

# Control flow, functions, other files

def loop(rng): return network([node('Loop', ['times', 'yes', 'pixels'], ['p'], body=body())], 'p', [ints('times', 2**62), numpy_helper.from_array(np.array(True), 'yes')])

def branch(rng):
    inner = [helper.make_graph([node('Identity', ['pixels'], [f'o{i}'])], 'inner', [], [info(f'o{i}', F, None)]) for i in range(2)]
    return network([node('If', ['yes'], ['p'], then_branch=inner[0], else_branch=inner[1])], 'p', [numpy_helper.from_array(np.array(True), 'yes')])

def scan(rng): return network([node('Scan', ['pixels'], ['p'], body=helper.make_graph([node('Identity', ['a'], ['b'])], 'inner', [info('a', F, None)], [info('b', F, None)]), num_scan_inputs=1)], 'p')

def sequence(rng): return network([node('SequenceConstruct', ['pixels'], ['s']), node('SequenceMap', ['s'], ['t'], body=helper.make_graph([node('Identity', ['a'], ['b'])], 'inner', [info('a', F, None)], [info('b', F, None)])), node('SequenceAt', ['t', 'zero'], ['p'])], 'p', [ints('zero', 0)])

def hidden_graph(rng):
    "A graph behind an attribute of an operation that has none."
    inner = body()
    for _ in range(rng.randint(0, 30)): inner = helper.make_graph([node('Loop', ['a', 'b', 'c'], ['d'], body=inner)], 'deeper', [], [])
    plain = node(rng.choice(['Relu', 'Softmax', 'Identity', 'Clip', 'Cast', 'Flatten']), ['pixels'], ['p'])
    plain.attribute.append(rng.choice([lambda: helper.make_attribute('body', inner), lambda: helper.make_attribute('axis', [inner, inner])])())
    return network([plain], 'p')

def function(rng):
    made = network([node(rng.choice(['Own', 'Relu']), ['pixels'], ['p'], domain=rng.choice(['', 'own']))], 'p')
    made.opset_import.append(helper.make_opsetid('own', 1))
    made.functions.append(helper.make_function('own', 'Own', ['a'], ['b'], [node('Relu', ['a'], ['b'])], [helper.make_opsetid('', 17)]))
    return made

def elsewhere(rng, tensor):
    tensor.ClearField('raw_data')
    tensor.data_location = rng.choice([TensorProto.EXTERNAL, TensorProto.DEFAULT])
    path = rng.choice(['secret', './secret', '../secret', '../../../../etc/passwd', '/etc/passwd', 'file:///etc/passwd', '/dev/zero', '/proc/self/environ', '\\\\host\\share', 'C:\\secret', '*/_ORT_MEM_ADDR_/*', '', 'a\0b', 'model.json'])
    for key, value in (('location', path), ('offset', '0'), ('length', '24')): tensor.external_data.add(key=key, value=value)
    return tensor

def other_file(rng):
    made = network()
    elsewhere(rng, made.graph.initializer[0])
    return made

def other_file_in_constant(rng): return network([node('Constant', [], ['c'], value=elsewhere(rng, floats('', [1, 2, 3, 4, 5, 6]))), node('Add', ['pixels', 'c'], ['p'])], 'p')

def other_file_in_graph(rng): return network([node('Loop', ['', '', 'pixels'], ['p'], body=helper.make_graph([], 'inner', [], [], [elsewhere(rng, floats('s', [1, 2, 3]))]))], 'p')

def sparse(rng):
    made, values = network(), helper.make_sparse_tensor(floats('s', [1.]), ints('', [5]), [3, 2])
    if rng.random() < 0.5: made.graph.sparse_initializer.append(values)
    else: made.graph.node.append(node('Constant', [], ['c'], sparse_value=values))
    return made

def foreign(rng):
    domain, name = rng.choice([('com.microsoft', 'FusedGemm'), ('com.microsoft.nchwc', 'ReorderInput'), ('ai.onnx.ml', 'Scaler'), ('my.ops', 'Relu'), ('ai.onnx.preview.training', 'Adam'), ('', 'NonZero'), ('', 'RandomNormal'), ('', 'Optional'), ('', 'StringConcat'), ('', 'ConvTranspose'), ('', 'Compress')])
    made = network([node(name, ['pixels'], ['p'], domain=domain)], 'p')
    if domain: made.opset_import.append(helper.make_opsetid(domain, 1))
    return made

# Much of little

def expand(rng): return network([node('Expand', ['pixels', 'shape'], ['p'])], 'p', [ints('shape', rng.choice([[1000, 3, size, 1], [1, 3, size, size], [977, 1, 1, 1], [1, 1_000_000, 3, size, size], [2**31, 2**31, 3, size, size], [2**62], [-1, 3, size, size]]))])

def expand_constant(rng): return network([node('Expand', ['one', 'shape'], ['much']), node('ReduceSum', ['much'], ['sum'], keepdims=0), node('Add', ['pixels', 'sum'], ['p'])], 'p', [floats('one', [1]), ints('shape', [rng.choice([750_000_000, 140_000_000, 2**40])])])

def tile(rng): return network([node('Tile', ['pixels', 'times'], ['p'])], 'p', [ints('times', rng.choice([[1, 1, 1000, 1000], [1, 1, 2**40, 1], [1, 1, 0, 1], [1, 1, -1, 1]]))])

def filled(rng): return network([node('ConstantOfShape', ['shape'], ['much']), node('ReduceMax', ['much'], ['m'], keepdims=0), node('Add', ['pixels', 'm'], ['p'])], 'p', [ints('shape', rng.choice([[800_000_000], [30_000, 30_000], [2**31, 2**31], [100_000_000]]))])

def resize(rng): return network([node('Resize', ['pixels', '', 'scales'], ['p'], mode=rng.choice(['nearest', 'linear', 'cubic']))], 'p', [floats('scales', rng.choice([[1, 1, 1000, 1000], [1, 1, 60, 60], [1, 1, float('inf'), 1], [1, 1, float('nan'), 1], [1, 1, -1, 1], [1, 1, 0, 1]]))])

def pad(rng): return network([node('Pad', ['pixels', 'pads'], ['p'], mode=rng.choice(['constant', 'edge', 'reflect']))], 'p', [ints('pads', rng.choice([[0]*7 + [20_000_000], [0, 0, 9000, 9000]*2, [0, 0, -9, 0]*2, [0, 0, 2**62, 0]*2, [0, 0, 7, 7]*2, [0, 0, 500, 500]*2]))])

def counted(rng): return network([node('Range', ['a', 'b', 'c'], ['much']), node('ReduceMax', ['much'], ['m'], keepdims=0), node('Add', ['pixels', 'm'], ['p'])], 'p', [floats('a', 0), floats('b', rng.choice([4e8, 1e30, 1e6, float('inf')])), floats('c', rng.choice([1, 1e-30, 0, float('nan'), -1]))])

def window(rng):
    side = rng.choice([1, 3, 50, 300])
    weights = floats('w', np.zeros((3, 3, side, side)))
    far = rng.choice([0, 40, 1000, 20_000, 2**40, -5])
    return network([node('Conv', ['pixels', 'w'], ['p'], pads=[far]*4, strides=[rng.choice([1, 1, 0, 2**40])]*2, dilations=[rng.choice([1, 1, 30, 0])]*2, group=rng.choice([1, 1, 3, 0, -1]))], 'p', [weights])

def pool(rng): return network([node(rng.choice(['MaxPool', 'AveragePool']), ['pixels'], ['p'], kernel_shape=[rng.choice([3, 16, 4000, 0, -2])]*2, pads=[rng.choice([0, 1, 2000, 4000])]*4, ceil_mode=rng.choice([0, 1]), auto_pad=rng.choice(['NOTSET', 'SAME_UPPER', 'VALID', 'ODD']))], 'p')

def all_at_once(rng):
    "Each large value is used up before the next in the file, but may wait for all others in another order."
    nodes, last, sums, k = [], 'pixels', [], 24
    for i in range(k):
        nodes += [node('Slice', [last, 'zero', 'ones', 'axes'], [f's{i}']), node('Expand', [f's{i}', 'shape'], [f'e{i}']), node('ReduceMax', [f'e{i}'], [f'r{i}'], axes=[2, 3])]
        last = f'e{i}'
        sums.append(f'r{i}')
    return network([*nodes, node('Sum', sums[::-1], ['p'])], 'p', [ints('zero', [0, 0]), ints('ones', [1, 1]), ints('axes', [2, 3]), ints('shape', [1, 3, 2048, 2048])])

def just_within(rng): return network([node('GlobalMaxPool', ['pixels'], ['top']), node('Expand', ['top', 'shape'], ['p'])], 'p', [ints('shape', [1, 3, 7000, 7000])])

# Much work

def many_nodes(rng):
    n = rng.choice([200_000, 11_900, 50_000, 5_000])
    return network([node('Relu', [f'p{i - 1}' if i else 'pixels'], [f'p{i}']) for i in range(n)], f'p{n - 1}')

def slow_numbers(rng):
    name, k = rng.choice(['Pow', 'Erf', 'Sin', 'Tanh', 'Softplus', 'Log', 'Mish', 'Exp']), rng.randint(1, 60)
    start = [node('Tile', ['pixels', 'times'], ['p0'])]
    return network([*start, *(node(name, [f'p{i}', 'half'] if name == 'Pow' else [f'p{i}'], [f'p{i + 1}']) for i in range(k))], f'p{k}', [ints('times', [1, 1, 60, 60]), floats('half', 0.37)], opset=18)

def products(rng):
    k, side = rng.randint(1, 400), rng.choice([500, 1500, 2500])
    kind = rng.choice([F, F, I, TensorProto.DOUBLE])
    held = [ints('shape', [1, 1, side, side]), ints('sides', [2, 3]), ints('pick', [0])]
    nodes = [node('ReduceMax', ['pixels'], ['top'], keepdims=1), node('Expand', ['top', 'shape'], ['x']), node('Cast', ['x'], ['m0'], to=kind), *(node('MatMul', [f'm{i}', 'm0'], [f'm{i + 1}']) for i in range(k)),
             node('Cast', [f'm{k}'], ['y'], to=F), node('ReduceMax', ['y'], ['z'], keepdims=1), node('Add', ['pixels', 'z'], ['p'])]
    return network(nodes, 'p', held)

def windows_of_one(rng):
    k, channels = rng.randint(1, 60), rng.choice([64, 256])
    nodes = [node('Tile', ['pixels', 'times'], ['t']), node('Conv', ['t', 'up'], ['p0']), *(node('Conv', [f'p{i}', 'w'], [f'p{i + 1}'], group=channels, pads=[5]*4) for i in range(k)), node('Conv', [f'p{k}', 'down'], ['p'])]
    return network(nodes, 'p', [ints('times', [1, 1, 10, 10]), floats('up', np.ones((channels, 3, 1, 1))), floats('w', np.full((channels, 1, 11, 11), 0.01)), floats('down', np.ones((3, channels, 1, 1)))])

def letters(rng): return network([node('Einsum', ['pixels', 'pixels', 'pixels'], ['e'], equation=rng.choice(['abcd,aecf,agch->abefgdh', 'abcd,efgh,ijkl->a', 'abcd,abcd,abcd->ab', 'aacd,abcd,abcd->ab', '...cd,...cd,...cd->...', 'a,,->a'])), node('ReduceMax', ['e'], ['m'], keepdims=0), node('Add', ['pixels', 'm'], ['p'])], 'p')

def best(rng): return network([node('Tile', ['pixels', 'times'], ['t']), node('TopK', ['t', 'k'], ['p', 'i'], axis=-1)], 'p', [ints('times', [1, 1, 100, 100]), ints('k', [rng.choice([1, 1600, 2**62, -1, 0])])])

# Ends of the program, and odd forms

def by_zero(rng):
    kind = rng.choice([I, TensorProto.INT32, TensorProto.INT8])
    return network([node('Cast', ['pixels'], ['i'], to=kind), node('Sub', ['i', 'i'], ['z']), node(rng.choice(['Div', 'Mod']), ['i', rng.choice(['z', 'i'])], ['d']), node('Cast', ['d'], ['p'], to=F)], 'p')

def by_stored_zero(rng): return network([node(rng.choice(['Div', 'Mod']), ['a', 'b'], ['d']), node('Cast', ['d'], ['f'], to=F), node('Add', ['pixels', 'f'], ['p'])], 'p', [ints('a', [-2**63]), ints('b', [rng.choice([0, -1])])])

def far_index(rng): return network([node('Gather', ['pixels', 'i'], ['p'], axis=rng.choice([1, 9, -7]))], 'p', [ints('i', [rng.choice([0, 99, -99, 2**62]), 0, 1])])

def photo_decides(rng):
    "A shape that is computed from what the photo shows."
    return network([node('Cast', ['pixels'], ['i'], to=I), node('ReduceMax', ['i'], ['m'], keepdims=0), node('Unsqueeze', ['m', 'zero'], ['s']), node(rng.choice(['Expand', 'Reshape', 'Tile']), ['pixels', 's'], ['p'])], 'p', [ints('zero', [0])])

def scattered(rng): return network([node('ScatterND', ['pixels', 'where', 'what'], ['p'])], 'p', [ints('where', [[rng.choice([0, 5, -2**40]), 0, 0, 0]]), floats('what', [1])])

def odd_order(rng):
    made = network([node('Relu', ['later'], ['p']), node('Relu', [rng.choice(['pixels', 'p'])], ['later'])], 'p')
    return made

def same_name(rng): return network([node('Relu', ['pixels'], [rng.choice(['pixels', 'weights', 'probabilities', ''])])])

def two_inputs(rng): return network(inputs=[info('pixels', F, ['n', 3, size, size]), info(rng.choice(['more', 'pixels', 'weights']), F, ['n', 3])])

def no_shape(rng): return network(inputs=[rng.choice([info('pixels', F, None), info('pixels', F, ['n', 3, 'h', 'w']), info('pixels', F, ['n', 3, 0, size]), info('pixels', F, ['n', 3, -1, size]), info('pixels', F, [64, 3, size, size]), info('pixels', F, ['n', 3, 2**40, size]), info('pixels', I, ['n', 3, size, size]), helper.make_empty_tensor_value_info('pixels')])])

def odd_output(rng): return network(outputs=[rng.choice([info('probabilities', F, None), info('probabilities', F, ['n', 5]), info('probabilities', I, ['n', 2]), info('nothing', F, ['n', 2]), helper.make_empty_tensor_value_info('probabilities'), info('probabilities', F, ['n', 2, 1])])])

def odd_opset(rng): return network(opset=rng.choice([0, -1, 1, 6, 99, 2**40]))

def odd_weight(rng):
    made = network()
    weight = made.graph.initializer[0]
    rng.choice([lambda: weight.dims.append(2**40), lambda: weight.dims.append(-1), lambda: weight.dims.append(0), lambda: setattr(weight, 'raw_data', weight.raw_data[:-1]), lambda: setattr(weight, 'data_type', rng.choice([0, 8, 14, 16, 99, 7])), lambda: weight.float_data.extend([1]*6), lambda: setattr(weight, 'raw_data', b''), lambda: weight.string_data.append(b'x'), lambda: weight.segment.MergeFromString(b'')])()
    return made

# Answers that are none

def answers(outputs, nodes, held): return network(held=held, outputs=outputs, after=nodes)

def odd_chances(rng):
    values = rng.choice([[500, -3], [-0.2, 1.2], [0.2, 0.2], [float('nan'), 0.5], [float('inf'), 0], [0.7, 0.7], [2, -1], [1e38, -1e38], [0, 0]])
    return answers([info('probabilities', F, ['n', 2])], [node('ReduceMean', ['pixels'], ['m'], axes=[1, 2, 3], keepdims=0), node('Sub', ['m', 'm'], ['z']), node('Unsqueeze', ['z', 'last'], ['c']), node('Add', ['c', 'v'], ['probabilities'])], [floats('v', [values]), ints('last', [1])])

def odd_likeness(rng):
    value, shape, kind = rng.choice([(float('nan'), [1], F), (7, [1], F), (-5, [1], F), (0.5, [1, 1], F), (0.5, [2], F), (0.5, [], F), (1, [1], I), (0.5, [1], TensorProto.DOUBLE), (float('inf'), [1], F)])
    made = network(held=[numpy_helper.from_array(np.full(shape, value, helper.tensor_dtype_to_np_dtype(kind)), 'stored')], outputs=[info('probabilities', F, ['n', 2]), info('likeness', kind, shape)])
    made.graph.node.append(node('Identity', ['stored'], ['likeness']))
    return made

def odd_kind(rng):
    made = network(outputs=[info('probabilities', kind := rng.choice([TensorProto.DOUBLE, TensorProto.FLOAT16, I, TensorProto.BOOL]), ['n', 2])])
    made.graph.node[-1].output[0] = 'soft'
    made.graph.node.append(node('Cast', ['soft'], ['probabilities'], to=kind))
    return made

def odd_shape(rng): return network([node('Concat', ['pixels', 'pixels'], ['p'], axis=0)], 'p', outputs=[info('probabilities', F, ['n', 2])])

# Bytes

def good(rng): return network()

def cut_short(rng):
    data = network().SerializeToString()
    return data[:rng.randrange(len(data))]

def nested(rng):
    data = b''
    for _ in range(rng.choice([50, 5_000, 100_000])): data = b'\x3a' + onnx_length(len(data)) + data if len(data) < 2**20 else data
    return data

def onnx_length(value:int) -> bytes:
    found = b''
    while value > 127: found, value = found + bytes([value & 127 | 128]), value >> 7
    return found + bytes([value])

def huge_numbers(rng):
    data = network().SerializeToString()
    return rng.choice([b'\x08' + b'\xff'*9 + b'\x01' + data[2:], b'\x3a' + b'\xff'*9 + b'\x01' + data, b'\xff'*50, b'\x08' + b'\x80'*200 + b'\x01', b'\x3a\xff\xff\xff\xff\x0f' + data, b'\x00\x00', b'\x0b\x0c', b'\x3a\x00'*200_000])

def twice(rng):
    data = network().SerializeToString()
    return rng.choice([data + data, data + network([node('Loop', ['', '', 'pixels'], ['p'], body=body())], 'p').SerializeToString(), data + b'\x08\x09', data + b'\xfa\x7f\x03abc'])

def other_format(rng):
    "The mark of ONNX Runtime's own format where it looks for it, inside of a text of ours."
    made = network()
    made.ClearField('ir_version')
    return b'\x12' + onnx_length(9) + b'  ORTM' + b'   ' + made.SerializeToString() + rng.choice([b'', b'\x08\x08'])

def changed_bytes(rng):
    data = bytearray(trained())
    for _ in range(rng.choice([1, 1, 3, 20])): data[rng.randrange(len(data)) if rng.random() < 0.3 else -1 - rng.randrange(min(len(data), 60_000))] = rng.randrange(256)
    return bytes(data)

def random_network(rng):
    "Plain operations with odd attributes, one after the other."
    names = ['Relu', 'Transpose', 'Flatten', 'Softmax', 'ReduceMean', 'Squeeze', 'Unsqueeze', 'Concat', 'Split', 'Gather', 'DepthToSpace', 'ArgMax', 'CumSum', 'LRN', 'InstanceNormalization', 'BatchNormalization', 'LayerNormalization', 'GlobalAveragePool', 'MaxPool', 'Clip', 'Cast', 'Shape', 'Size', 'PRelu', 'Where', 'Trilu', 'Dropout', 'GatherElements', 'LpNormalization', 'TopK', 'Gemm', 'MatMul', 'Slice']
    attrs = {'axis': [-9, -1, 0, 1, 2, 2**40], 'axes': [[0], [2, 3], [-9], []], 'perm': [[0, 1, 2, 3], [3, 2, 1, 0], [0, 0, 0, 0]], 'keepdims': [0, 1, 7], 'to': [1, 7, 0, 99], 'blocksize': [2, 0, -1, 2**40], 'size': [3, 2**40, 0], 'kernel_shape': [[2, 2], [2]], 'epsilon': [float('nan'), 0.1], 'num_outputs': [1, 2**40], 'p': [1, 2, 3], 'start': [-9, 1], 'end': [0, 9]}
    nodes, last = [], 'pixels'
    for i in range(rng.randint(1, 6)):
        ins = [last, *rng.choices(['one', 'three', 'zero', 'pixels', ''], k=rng.randint(0, 3))]
        chosen = {key: rng.choice(attrs[key]) for key in rng.sample(sorted(attrs), rng.randint(0, 2))}
        nodes.append(node(rng.choice(names), ins, [f'p{i}'], **{key: value for key, value in chosen.items() if value != []}))
        last = f'p{i}'
    return network(nodes, last, [ints('one', [1]), floats('three', [1, 2, 3]), ints('zero', 0)])

_trained: list[bytes] = []

def trained() -> bytes:
    "The packaged network as it is saved; made in another process, so that this one stays small."
    if not _trained:
        code = ('import sys\nimport numpy as np\nimport torch\nfrom torch import nn\nfrom bears_lib.engine.features.backbone import create_body, to_onnx\nfrom bears_lib.engine.predict.packaged_body import shrink\nfrom bears_lib.engine.features.fastai_bridge import _Answers\n'
                'body = create_body()\nnetwork = to_onnx(_Answers(body, nn.Sequential(nn.Linear(body.num_features, 2)), np.full((9, body.num_features), body.num_features**-0.5, np.float32)), 64, ("probabilities", "features", "likeness"))\n'
                'sys.stdout.buffer.write(shrink(network))')
        _trained.append(subprocess.run([sys.executable, '-c', code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout)
    return _trained[0]

kinds = [good, loop, branch, scan, sequence, hidden_graph, function, other_file, other_file_in_constant, other_file_in_graph, sparse, foreign, expand, expand_constant, tile, filled, resize, pad, counted, window, pool, all_at_once, just_within,
         many_nodes, slow_numbers, products, windows_of_one, letters, best, by_zero, by_stored_zero, far_index, photo_decides, scattered, odd_order, same_name, two_inputs, no_shape, odd_output, odd_opset, odd_weight, odd_chances, odd_likeness,
         odd_kind, odd_shape, cut_short, nested, huge_numbers, twice, other_format, random_network, changed_bytes]

def made(kind, rng:random.Random) -> bytes:
    data = kind(rng)
    return data if isinstance(data, bytes) else data.SerializeToString()

def ask(data:bytes, place:Path, side:int=size) -> str:
    "What comes of it: 'answer' or 'sentence', else what went wrong."
    try:
        model = write_model(place/'model', ModelInfo(['red', 'blue'], Preprocess(side), unsure={'threshold': 0.4}), {'model.onnx': data})
        classifier, photo = Classifier(model), np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
        answer = classifier(photo)
    except BearsError as error: return 'sentence' if str(error) and '\n' not in str(error) and len(str(error)) < 1000 else f'no sentence: {str(error)[:200]!r}'
    except BaseException as error: return f'{type(error).__name__}: {str(error)[:200]}'
    right = set(answer) == {'red', 'blue'} and abs(sum(answer.values()) - 1) < 0.01 and all(-0.01 < chance < 1.01 for chance in answer.values()) and (answer.likeness is None or -1.01 < answer.likeness < 1.01)
    return 'answer' if right else f'an answer that is none: {answer!r:.100}, {answer.likeness}'

def in_child(data:bytes, place:Path, side:int, patience:float=slowest) -> tuple[str, float, int]:
    "The outcome, the seconds and the most bytes; nothing of it happens in this process."
    read, write = os.pipe()
    start = time.perf_counter()
    if not (child := os.fork()):
        os.close(read)
        os.write(write, ask(data, place, side).encode()[:2000])
        os._exit(0)
    os.close(write)
    ready = select.select([read], [], [], 2*patience)[0]
    said = os.read(read, 4000).decode() if ready else f'no answer within {2*patience:.0f} s'
    seconds = time.perf_counter() - start
    if not ready: os.kill(child, signal.SIGKILL)
    os.close(read)
    _, status, usage = os.wait4(child, 0)
    if os.WIFSIGNALED(status) and ready: said = f'ended by signal {os.WTERMSIG(status)}'
    return said or 'ended without a word', seconds, usage.ru_maxrss*(1 if sys.platform == 'darwin' else 1024)

def run(n:int, seed:int, only:str='', patience:float=slowest) -> dict:
    "Each kind in turn."
    counts: dict[str, Counter] = {}
    faults, longest, most = [], ('', 0.), ('', 0)
    chosen = [kind for kind in kinds if kind.__name__ in only.split(',')] if only else kinds
    for i in range(n):
        kind, rng = chosen[i % len(chosen)], random.Random(f'{seed}-{i}')
        data = made(kind, rng)
        with tempfile.TemporaryDirectory() as name: said, seconds, taken = in_child(data, Path(name), 64 if kind is changed_bytes else size, patience)
        if seconds > patience: said = f'{seconds:.1f} s, {said}'
        if taken > largest: said = f'{taken/1e6:.0f} MB, {said}'
        counts.setdefault(kind.__name__, Counter())[said if said in ('answer', 'sentence') else 'fault'] += 1
        if said not in ('answer', 'sentence'): faults.append(f'{i} ({kind.__name__}): {said}')
        longest, most = max(longest, (f'{i} {kind.__name__}', seconds), key=lambda each: each[1]), max(most, (f'{i} {kind.__name__}', taken), key=lambda each: each[1])
    return {'n': n, 'seed': seed, 'kinds': counts, 'faults': faults, 'slowest': longest, 'most_mb': (most[0], round(most[1]/1e6))}

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (('n', 200), ('seed', 0)): parser.add_argument(f'--{name}', type=int, default=value)
    parser.add_argument('--only', default='', help='kinds, with commas between them')
    parser.add_argument('--patience', type=float, default=slowest, help='seconds; more where other programs are at work')
    asked = parser.parse_args()
    result = run(asked.n, asked.seed, asked.only, asked.patience)
    print(json.dumps(result))
    sys.exit(1 if result['faults'] else 0)
