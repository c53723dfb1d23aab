"A network from a stranger: what it may consist of, what it may cost, and that its answers are answers."
import json, os, subprocess, sys, time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

import fuzz_network as crafted
from bears_lib.deploy import Classifier, bears_drift, bears_predict, make_space, make_web_app
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.predict.model_folder import ModelInfo, write_model
from bears_lib.engine.predict.onnx_gate import check_network
from bears_lib.engine.core.photos import Preprocess
from bears_lib.engine.predict.onnx_session import open_network, run_photos
from crafted_cases import chances_of, likeness_of, saved

F = TensorProto.FLOAT
root, grey = Path(__file__).parent.parent, np.full((40, 50, 3), 90, np.uint8)

def refused(data, says:str) -> None:
    "By whatever way it comes in, and in one sentence."
    data = data if isinstance(data, bytes) else data.SerializeToString()
    for way in (check_network, open_network, lambda network: run_photos(network, [grey], Preprocess(16))):
        with pytest.raises(BearsError, match=says) as error: way(data)
        assert '\n' not in str(error.value) and len(str(error.value)) < 400

# Row 9: other files

@pytest.mark.parametrize('path', ['weights.bin', './weights.bin', '../weights.bin', '{folder}/weights.bin', 'file://{folder}/weights.bin', '/proc/self/environ', ''])
@pytest.mark.parametrize('where', ['weight', 'constant', 'graph inside'])
def test_row_9_no_other_file_is_read(tmp_path, monkeypatch, path, where):
    "A file below the current folder, which ONNX Runtime reads for a network that was given as bytes."
    monkeypatch.chdir(tmp_path)
    (tmp_path/'weights.bin').write_bytes(np.float32([[9, 0], [0, 0], [0, 9]]).tobytes())
    def outside(tensor):
        tensor.ClearField('raw_data')
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (('location', path.format(folder=tmp_path)), ('offset', '0'), ('length', '24')): tensor.external_data.add(key=key, value=value)
        return tensor
    tensor = outside(numpy_helper.from_array(np.zeros((3, 2), np.float32), 'weights'))
    network = crafted.network()
    if where == 'graph inside':
        network.graph.node.append(helper.make_node('Loop', ['', '', 'pixels'], ['p'], body=helper.make_graph([], 'inner', [], [], [tensor])))
        return refused(network, 'a graph inside an operation')
    del network.graph.initializer[:]
    if where == 'weight': network.graph.initializer.append(tensor)
    else: network.graph.node.insert(0, helper.make_node('Constant', [], ['weights'], value=tensor))
    refused(network, 'weights in another file')

# Row 10: without end, without bound

@pytest.mark.parametrize('kind, says', [('loop', 'a graph inside an operation'), ('branch', 'a graph inside an operation'), ('scan', 'a graph inside an operation'), ('hidden_graph', 'a graph inside an operation|odd attribute'), ('function', 'functions of its own'),
    ('sparse', 'sparse weights'), ('foreign', 'no network of ours needs|from elsewhere'), ('photo_decides', 'depends on the photo'), ('by_zero', 'divide by 0'), ('odd_opset', 'opset 13 to 22'), ('odd_order', 'before it is made'),
    ('two_inputs', 'inputs'), ('no_shape', 'without a declared shape|does not take float32'), ('same_name', 'no name of its own')])
def test_row_10_what_no_network_needs(kind, says):
    for seed in range(6): refused(crafted.made(getattr(crafted, kind), crafted.random.Random(seed)), says)

def test_row_10_an_operation_is_refused_by_its_name():
    refused(crafted.network([helper.make_node('RandomNormal', [], ['p'], shape=[1, 3, 16, 16])], 'p'), "'RandomNormal'")

def test_row_10_two_hundred_thousand_operations():
    nodes = [helper.make_node('Relu', ['pixels'], [f'p{i}']) for i in range(12_001)]
    refused(crafted.network(nodes), '12,004 operations')
    start = time.process_time()
    refused(crafted.network(nodes*17), 'more than 40,000 entries')
    assert time.process_time() - start < 5

@pytest.mark.parametrize('nodes, held', [
    ([('Expand', ['pixels', 'a'])], {'a': [1_000_000, 3, 16, 16]}), ([('Tile', ['pixels', 'a'])], {'a': [1, 1, 1000, 1000]}), ([('Pad', ['pixels', 'a'])], {'a': [0, 0, 9000, 9000]*2}),
    ([('Resize', ['pixels', '', '', 'a'])], {'a': [1, 3, 16_000, 16_000]}), ([('Conv', ['pixels', 'w'], {'pads': [4096]*4}), ('Expand', ['p', 'a'])], {'a': [4, 3, 1, 1]})])
def test_row_10_three_gigabytes_from_two_hundred_bytes(nodes, held):
    made, last = [], 'pixels'
    for i, (name, ins, *attrs) in enumerate(nodes):
        made.append(helper.make_node(name, [last if each in ('pixels', 'p') else each for each in ins], [f'p{i}'], **(attrs[0] if attrs else {})))
        last = f'p{i}'
    refused(crafted.network(made, last, [*(crafted.ints(name, values) for name, values in held.items()), crafted.floats('w', np.ones((3, 3, 1, 1)))]), 'MB to answer')

def test_memory_is_counted_for_every_order():
    "In the file each large value is used up before the next; in the order that ONNX Runtime takes they may all wait."
    refused(crafted.all_at_once(None), 'MB to answer')
    chain = [helper.make_node('Expand', ['pixels', 'shape'], ['p0']), *(helper.make_node('Relu', [f'p{i}'], [f'p{i + 1}']) for i in range(30))]
    assert check_network(crafted.network(chain, 'p30', [crafted.ints('shape', [300, 3, 16, 16])]).SerializeToString()).memory < 4*2.1*300*3*16*16

@pytest.mark.parametrize('kind', ['slow_numbers', 'products', 'windows_of_one'])
def test_work_without_end(kind):
    refused(max((crafted.made(getattr(crafted, kind), crafted.random.Random(seed)) for seed in range(12)), key=len), 'seconds, and 4 are the most|MB to answer')

def test_a_mark_of_another_format_changes_nothing():
    "ONNX Runtime has a format of its own, which it tells by four letters; a network with them in it is read as ONNX all the same."
    network = crafted.network()
    network.ClearField('ir_version')
    data = b'\x12\x09  ORTM   ' + network.SerializeToString() + b'\x08\x08'
    assert data[4:8] == b'ORTM' and open_network(data).get_inputs()[0].name == 'pixels'

def test_a_file_is_read_in_one_way():
    data = crafted.network().SerializeToString()
    for odd in (data + data, data + b'\x08\x08', data + b'\xfa\x7f\x03abc', b'\xff'*50, b'\x3a\xff\xff\xff\xff\x0f' + data, b'\x3a\x00'*200_000, b''): refused(odd, "can't be opened as ONNX: it")

# Row 11: answers

@pytest.mark.parametrize('values, says', [([500, -3], 'from -3 to 500'), ([-0.2, 1.2], 'from -0.2'), ([0.2, 0.2], 'add up to 0.4'), ([np.nan, 1], 'not finite'), ([np.inf, 0], 'not finite'), ([0, 0], 'add up to 0')])
def test_row_11_probabilities(tmp_path, values, says):
    model = saved(tmp_path, chances_of(values))
    for way in (lambda: Classifier(model)(grey), lambda: Classifier(model).many([grey]), lambda: bears_predict(str(model), str(crafted_photo(tmp_path)))):
        with pytest.raises(BearsError, match=says): way()

def crafted_photo(folder:Path) -> Path:
    from PIL import Image
    Image.fromarray(grey).save(folder/'grey.png')
    return folder/'grey.png'

@pytest.mark.parametrize('value, says', [(np.float32([np.nan]), 'not finite'), (np.float32([7]), 'likeness of 7'), (np.float32([[0.5]]), 'another shape'), (np.float32([0.5, 0.5]), 'another shape'), (np.float64([0.5]), 'another shape or kind'), (np.int64([1]), 'another shape or kind')])
def test_row_11_likeness(tmp_path, value, says):
    "What is no likeness is no answer: NaN is less than no threshold, and so it was never unsure."
    model = saved(tmp_path, likeness_of(value), unsure={'threshold': 0.4})
    with pytest.raises(BearsError, match=says): Classifier(model)(grey)

def test_answers_that_are_right_to_rounding_pass(tmp_path):
    answer = Classifier(saved(tmp_path, chances_of([0.70004, 0.3])))(grey)
    assert answer.label == 'red' and answer['red'] == pytest.approx(0.70004)
    assert Classifier(saved(tmp_path, likeness_of(np.float32([1.0000002]))))(grey).likeness > 1

@pytest.mark.parametrize('odd', ['odd_shape', 'odd_kind', 'odd_output'])
def test_row_11_other_shapes(tmp_path, odd):
    for seed in range(5):
        model = saved(tmp_path, crafted.made(getattr(crafted, odd), crafted.random.Random(seed)))
        with pytest.raises(BearsError): Classifier(model)(grey)

# Everything else that hands a network on

def test_nothing_is_made_around_such_a_network(tmp_path):
    data = crafted.made(crafted.loop, crafted.random.Random(0))
    info = ModelInfo(['red', 'blue'], Preprocess(16), metrics={'accuracy': 0.9, 'n': 20, 'interval': [0.7, 0.97]})
    model = write_model(tmp_path/'model', info, {'model.onnx': data, 'small.onnx': data})
    for make in (lambda: make_space(model, tmp_path/'space', examples=[]), lambda: make_web_app(model, tmp_path/'page', examples={})):
        with pytest.raises(BearsError, match='a graph inside an operation'): make()
    assert not (tmp_path/'space').exists() and not (tmp_path/'page').exists()

def test_slices_are_counted_as_onnx_runtime_counts_them():
    "All starts, ends and steps around a side of 7, those before its first element included: a value taken for empty would cost nothing."
    import itertools
    from bears_lib.engine.predict.onnx_shapes import Op, Value, outcome
    for start, end, step in itertools.product((-99, -8, -7, -1, 0, 6, 7, 99), (-99, -8, -7, -1, 0, 6, 7, 99), (1, 2, -1, -2)):
        given = [np.ones(7, np.float32), *(np.array([each], np.int64) for each in (start, end, 0, step))]
        names = [f'in{i}' for i in range(5)]
        infos = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(each.dtype), each.shape) for name, each in zip(names, given)]
        graph = helper.make_graph([helper.make_node('Slice', names, ['out'])], 'one', infos, [helper.make_empty_tensor_value_info('out')])
        data = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8).SerializeToString()
        truth = ort.InferenceSession(data, providers=['CPUExecutionProvider']).run(None, dict(zip(names, given)))[0].shape
        ours = outcome(Op('Slice', [Value((7,)), *(Value(each.shape, 'i8', each, True) for each in given[1:])], {}))[0].shape
        assert ours == truth, (start, end, step)

def test_one_place_opens_networks():
    "Whoever opens a session elsewhere goes round the gate."
    for path in (root/'bears_lib').rglob('*.py'): assert ('InferenceSession(' in path.read_text(encoding='utf-8')) == (path.name == 'onnx_session.py'), path

def test_an_answer_in_a_log_may_have_no_likeness(tmp_path):
    model = saved(tmp_path, chances_of([0.7, 0.3]), training={'reference': {'labels': {'red': 20, 'blue': 20}, 'likeness': [0.5]*40}})
    (tmp_path/'log').write_text('{"label": "red"}\n{"label": "blue", "likeness": 0.5, "unsure": false}\n{"label": 3}\nnothing\n'*20, encoding='utf-8')
    assert bears_drift(str(model), str(tmp_path/'log'))['n'] == 40

def test_names_in_model_json_are_bounded(tmp_path):
    model = saved(tmp_path, chances_of([0.7, 0.3]), training={'train': {'x'*501: 3}})
    with pytest.raises(BearsError, match='more than 500 letters'): Classifier(model)

# What honest networks need

@pytest.mark.parametrize('arch', ['tf_efficientnet_lite0', 'resnet18', 'convnext_atto', 'levit_128s', 'alexnet'])
def test_known_architectures_pass_and_their_shapes_are_right(arch):
    "Every value has the shape that ONNX Runtime gives it, for the network and for its small form."
    import torch
    from bears_lib.engine.features.backbone import create_body, to_onnx
    from bears_lib.engine.predict.packaged_body import shrink
    from bears_lib.engine.predict.onnx_gate import _walk
    from bears_lib.engine.predict.onnx_file import read_onnx
    torch.manual_seed(0)
    data = to_onnx(create_body(arch, pretrained=False, size=224), 224)
    check_network(shrink(data))
    values, _, _ = _walk(read_onnx(data)['graph'])
    model = onnx.load_from_string(data)
    made = [name for each in model.graph.node for name in each.output if name not in {each.name for each in model.graph.output}]
    model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in made)
    session = ort.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])
    found = session.run(made, {'pixels': np.zeros((1, 3, 224, 224), np.float32)})
    assert {name: each.shape for name, each in zip(made, found)} == {name: values[name].shape for name in made}
    known = {name: each for name, each in zip(made, found) if values[name].data is not None}
    for name, each in known.items(): assert np.allclose(each, values[name].data), name

# The short form of the long try

@pytest.mark.skipif(not hasattr(os, 'fork'), reason='each network is tried in a forked process, which this system has not')
def test_crafted_networks_get_a_sentence_or_an_answer():
    "Each kind but the slow ones once, in a process of its own; a busy machine may take longer than the 5 s of the long try."
    names = [kind.__name__ for kind in crafted.kinds if kind.__name__ not in ('changed_bytes', 'many_nodes')]
    run = subprocess.run([sys.executable, str(root/'tools'/'fuzz_network.py'), '--n', str(len(names)), '--seed', '1', '--patience', '30', '--only', ','.join(names)], capture_output=True, text=True, timeout=120)
    done = json.loads(run.stdout)
    assert done['faults'] == [] and run.returncode == 0 and set(done['kinds']) == set(names)

def test_a_learner_does_not_hear_of_the_exporter_s_age():
    "torch warns of its older exporter, to which the new one is no match yet: it takes ten times as long and needs one more package."
    script = ('import io, torch, warnings\nfrom bears_lib.engine.features.backbone import to_onnx\n'
              'with warnings.catch_warnings(record=True) as heard:\n    warnings.simplefilter("always")\n    to_onnx(torch.nn.Conv2d(3, 4, 3), 32)\n'
              'print([str(each.message)[:80] for each in heard])')
    run = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ('[]\n', '')
