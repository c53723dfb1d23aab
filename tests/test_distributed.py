"Two processes train one model, as two GPUs would: here on the CPU, talking through gloo."
import json, os, socket, subprocess, sys

import pytest

pytest.importorskip('accelerate')
from conftest import make_photos
from test_cluster import cluster

script = '''
import json, sys
import torch
from fastai.distributed import *
from bears_lib.train import *

def broadcast(self, numbers, rank):  # fastai sends the order of the photos from GPU to GPU; here are none
    numbers = torch.tensor(numbers)
    torch.distributed.broadcast(numbers, rank)
    return numbers.tolist()
DistributedDL._broadcast = broadcast

def weights(learn): return torch.cat([each.detach().flatten()[:50].cpu() for each in learn.model.parameters()])

torch.manual_seed(0)
torch.set_num_threads(1)
dls = bears_dls(sys.argv[1], size=32, bs=4, num_workers=0)
learn = fit_head(bears_learner(dls), mirror=False)
before = weights(learn)
with learn.no_bar(), learn.no_logging(), learn.distrib_ctx(sync_bn=False, cpu=True): learn.fine_tune(1, base_lr=1e-3)
after = weights(learn)
everyone = [torch.zeros_like(after) for _ in range(torch.distributed.get_world_size())]
torch.distributed.all_gather(everyone, after)
if torch.distributed.get_rank() == 0:
    print(json.dumps({'processes': len(everyone), 'backend': torch.distributed.get_backend(), 'apart': max(float((each - after).abs().max()) for each in everyone),
                      'moved': float((after - before).abs().max()), 'photos': len(dls.train_ds)}))
torch.distributed.destroy_process_group()
'''

def port() -> int:
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        return found.getsockname()[1]

def test_two_processes_train_the_same_model(tmp_path):
    "Each process sees its own half of every batch, and both end with the same, changed weights."
    photos = make_photos(tmp_path/'photos', {'red': 8, 'blue': 8})
    (tmp_path/'train.py').write_text(script, encoding='utf-8')
    launch = [sys.executable, '-m', 'torch.distributed.run', '--nnodes', '1', '--nproc_per_node', '2', '--master_addr', '127.0.0.1', '--master_port', port(), tmp_path/'train.py', photos]
    env = os.environ | {'OMP_NUM_THREADS': '1', 'GLOO_SOCKET_IFNAME': 'lo'}
    run = subprocess.run(list(map(str, launch)), capture_output=True, text=True, timeout=300, env=env)
    assert run.returncode == 0, run.stderr[-3000:]
    found = json.loads(run.stdout.splitlines()[-1])
    assert found['processes'] == 2 and found['backend'] == 'gloo'
    assert found['apart'] == 0 and found['moved'] > 1e-5

def test_sync_bn_would_take_the_activations_away():
    "Why the lesson says sync_bn=False: torch's conversion drops the activation that timm keeps inside its batch norm."
    import torch
    from torch import nn
    from bears_lib.engine.features.backbone import create_body
    body = create_body(pretrained=False).eval()
    photo = torch.rand(1, 3, 64, 64)
    with torch.inference_mode(): expected = body(photo)
    changed = nn.SyncBatchNorm.convert_sync_batchnorm(body)
    with torch.inference_mode(): assert not torch.allclose(changed.eval()(photo), expected, rtol=1e-2)

def test_two_nodes_of_a_cluster_train_the_same_model(cluster, tmp_path):
    "Ray starts a process on each node, fastai trains in both, and the weights that come back are trained ones."
    import torch
    from bears_lib.engine.shards.cluster import train_on_cluster
    from bears_lib.engine.train.learners import fine_tune_part, tuned_learner, _to_tune
    photos = make_photos(tmp_path/'photos', {'red': 8, 'blue': 8})
    told = {'photos': str(photos), 'arch': 'tf_efficientnet_lite0', 'epochs': 1, 'size': 32, 'bs': 4, 'out': str(tmp_path/'weights.safetensors'), 'gpu': False}
    train_on_cluster(fine_tune_part, {**told, 'storage': str(tmp_path/'storage')}, workers=2)
    before, after = (torch.cat([each.detach().flatten()[:50] for each in learn.model[0].parameters()]) for learn in (_to_tune(told), tuned_learner(told)))
    assert float((before - after).abs().max()) > 1e-5
