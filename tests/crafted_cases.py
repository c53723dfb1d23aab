"Models whose networks answer with given numbers."
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import fuzz_network as crafted
from bears_lib.engine.predict.model_folder import ModelInfo, write_model
from bears_lib.engine.core.photos import Preprocess

def chances_of(values:list[float]) -> bytes:
    "A network that gives these probabilities to each photo."
    nodes = [helper.make_node('ReduceMean', ['pixels'], ['mean'], axes=[1, 2, 3], keepdims=0), helper.make_node('Sub', ['mean', 'mean'], ['none']), helper.make_node('Unsqueeze', ['none', 'last'], ['column']), helper.make_node('Add', ['column', 'values'], ['probabilities'])]
    return crafted.network(held=[crafted.floats('values', [values]), crafted.ints('last', [1])], outputs=[crafted.info('probabilities', TensorProto.FLOAT, ['n', 2])], after=nodes).SerializeToString()

def likeness_of(value:np.ndarray) -> bytes:
    "A network that gives this likeness to each photo."
    made = crafted.network(held=[numpy_helper.from_array(value, 'stored')], outputs=[crafted.info('probabilities', TensorProto.FLOAT, ['n', 2]), crafted.info('likeness', helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)])
    made.graph.node.append(helper.make_node('Identity', ['stored'], ['likeness']))
    return made.SerializeToString()

def saved(folder:Path, network:bytes, **said) -> Path:
    "A model folder around a network."
    return write_model(folder/'model', ModelInfo(['red', 'blue'], Preprocess(crafted.size), **said), {'model.onnx': network})
