"Many photos on a cluster of two small nodes on this machine: the same answers, whoever dies on the way. Nothing leaves 127.0.0.1."
import os, signal, socket, subprocess, sys, threading, time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip('pyarrow', reason='pyarrow is not installed: pip install "bears_lib[cluster]"')
if find_spec('ray') is None: pytest.skip('Ray is not installed: pip install "bears_lib[cluster]"', allow_module_level=True)

from bears_lib.deploy import predict_many
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.shards.answers import ask_job
from bears_lib.engine.shards.cluster import cluster_at
from bears_lib.engine.shards.engines import run_shards
from bears_lib.engine.shards.shards import begin
from conftest import make_photos
from loopback import Answer, LoopbackWeb
from slow_job import slow_job
from test_shards import files, tiny_model

def ports() -> dict[str, int]:
    "Chosen beforehand, so that a node need not wait for its helpers to say theirs."
    found = [socket.create_server(('127.0.0.1', 0)) for _ in range(4)]
    numbers = [each.getsockname()[1] for each in found]
    for each in found: each.close()
    return dict(zip(('metrics_agent_port', 'metrics_export_port', 'dashboard_agent_listen_port', 'runtime_env_agent_port'), numbers))

def add_node(cluster, cpus:int=1):
    return cluster.add_node(num_cpus=cpus, object_store_memory=200_000_000, node_ip_address='127.0.0.1', include_dashboard=False, **ports())

settings = {'RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER': '0', 'RAY_USAGE_STATS_ENABLED': '0', 'RAY_raylet_start_wait_time_s': '120', 'RAY_DATA_DISABLE_PROGRESS_BARS': '1', 'OMP_NUM_THREADS': '1',
            'RAY_enable_metrics_collection': '0', 'PYTHONPATH': os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent.parent), os.environ.get('PYTHONPATH', '')])}

@pytest.fixture(scope='module')
def cluster():
    "A head without cores and two nodes with one each."
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items(): patch.setenv(name, value)
        patch.delenv('PYTHONDONTWRITEBYTECODE', raising=False)  # a node whose modules are compiled anew each time starts too late
        import ray
        from ray.cluster_utils import Cluster
        made = Cluster()
        try:
            add_node(made, 0)
            made.nodes = [add_node(made) for _ in range(2)]
            ray.init(address=made.address, logging_level='ERROR', log_to_driver=False)
            yield made
        finally:
            ray.shutdown()
            made.shutdown()

def wait_for(shards:int, out:Path, seconds:float=400) -> None:
    deadline = time.monotonic() + seconds
    while len(list(out.glob('part-*.parquet'))) < shards and time.monotonic() < deadline: time.sleep(0.02)

def each_once(out:Path, n:int) -> None:
    import pyarrow.parquet as pq
    rows = pq.read_table(out).to_pylist()
    assert len(rows) == n == len({row['address'] for row in rows}) and not [row for row in rows if row['problem']]
    assert all(row['label'] == row['answer'] for row in rows)

def test_answers_are_those_of_this_process(cluster, tmp_path):
    "Two hundred photos and one that is none, on two nodes."
    model, photos = tiny_model(tmp_path/'model'), make_photos(tmp_path/'photos', {'red': 100, 'blue': 100})
    (photos/'red'/'broken.jpg').write_bytes(b'<html>')
    far, near = (predict_many(model, photos, tmp_path/engine, engine=engine, shard=20) for engine in ('ray', 'threads'))
    for one, other in zip(far, near, strict=True):
        assert {**one, 'chances': None, 'chance': None} == {**other, 'chances': None, 'chance': None}
        assert not one['answer'] or one['chances'] == pytest.approx(other['chances'], abs=1e-6)
    assert far.summary == near.summary and far.summary['unreadable'] == 1 and len(far) == 201

def test_a_worker_a_node_and_the_driver_die(cluster, tmp_path):
    "One after the other, with kill -9, in the middle of the work: no photo is lost or answered twice, and what was finished stays."
    model, photos, out = tiny_model(tmp_path/'model'), make_photos(tmp_path/'photos', {'red': 150, 'blue': 150}), tmp_path/'out'
    job = slow_job(model, tmp_path)
    driver = subprocess.Popen([sys.executable, Path(__file__).with_name('slow_job.py'), cluster.address, model, tmp_path, photos, out], stderr=subprocess.DEVNULL)
    wait_for(4, out)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    kept = {path.name: path.stat().st_mtime_ns for path in out.glob('part-*.parquet')}
    assert 4 <= len(kept) < 30
    for path in (tmp_path/'pids').iterdir(): path.unlink()
    work = threading.Thread(target=lambda: run_shards(begin(job, photos, out, shard=10), engine='ray'))
    work.start()
    wait_for(len(kept) + 5, out)
    os.kill(int(next((tmp_path/'pids').iterdir()).name), signal.SIGKILL)
    wait_for(len(kept) + 10, out)
    cluster.remove_node(cluster.nodes.pop(), allow_graceful=False)
    cluster.nodes.append(add_node(cluster))
    work.join(300)
    each_once(out, 300)
    assert {name: (out/name).stat().st_mtime_ns for name in kept} == kept

@pytest.mark.parametrize('change, words', [({'version': '0.0.1'}, 'and this run was begun with 0.0.1. Install the same version'), ({'folder': '/nowhere/model'}, 'On .*: .*no model folder'),
    ({'made_by': {'model': '0'*64, 'labels': ['red', 'blue'], 'preprocessing': '', 'small': False}}, 'holds another model than when this run began')])
def test_a_cluster_that_is_not_alike_stops_the_run(change, words, cluster, tmp_path):
    model, photos = tiny_model(tmp_path/'model'), make_photos(tmp_path/'photos', {'red': 4, 'blue': 4})
    job = ask_job(model)
    for name, value in change.items(): setattr(job, name, value)
    with pytest.raises(BearsError, match=words): run_shards(begin(job, photos, tmp_path/'out'), engine='ray')
    assert not list((tmp_path/'out').glob('part-*'))

def test_no_cluster_at_an_address(monkeypatch):
    "Said at once, with the way out."
    monkeypatch.setattr('ray.is_initialized', lambda: False)
    with pytest.raises(BearsError, match='No Ray cluster can be had at the address 127.0.0.1:9 .*--engine threads'):
        with cluster_at('127.0.0.1:9'): pass

def test_memory_is_no_place_for_a_cluster(tmp_path, photos):
    with pytest.raises(BearsError, match='is seen by one program alone'): predict_many(tiny_model(tmp_path/'model'), photos, 'memory://answers', engine='ray')

def test_each_host_has_one_visitor_on_the_whole_cluster(cluster, tmp_path, monkeypatch):
    "Forty photos on eight hosts, four workers on two nodes: never two requests at one host at the same time, and no address twice."
    data = files(make_photos(tmp_path/'photos', {'red': 1}))[0].read_bytes()
    at_once, most, asked, lock = Counter(), Counter(), Counter(), threading.Lock()
    def site(request):
        with lock:
            at_once[request.host] += 1
            asked[request.host, request.path] += 1
            most[request.host] = max(most[request.host], at_once[request.host])
        time.sleep(0.05)
        with lock: at_once[request.host] -= 1
        return Answer(b'', 404) if request.path == '/4.jpg' else Answer(data, headers={'Content-Type': 'image/jpeg'})
    hosts = [f'site{i}.example' for i in range(8)]
    addresses = [f'https://{host}/{i}.jpg' for i in range(5) for host in hosts]
    from bears_lib.engine.shards.cluster import gather_addresses, log_of
    from bears_lib.engine.core.common import json_rows, read_lines
    with LoopbackWeb(tmp_path, dict.fromkeys(hosts, site)) as web:
        gathered = gather_addresses(addresses, tmp_path/'out', owners=4, env=web.env)
        again = gather_addresses(addresses, tmp_path/'out', owners=3, env=web.env)  # who owns a host has changed
    assert gathered == again == {'kept': 32, 'refused': 8}
    assert set(most) == set(hosts) and max(most.values()) == 1
    assert len(asked) == 40 and max(count for (_, path), count in asked.items() if path != '/4.jpg') == 1
    rows = list(json_rows(read_lines(tmp_path/'out'/'.bears'/'log.jsonl')))
    assert sorted(row['url'] for row in rows) == sorted(addresses) and len({row['worker'] for row in rows if row['outcome'] == 'kept'}) > 1
    assert not {row['url'] for row in json_rows(read_lines(log_of(tmp_path/'out', 0)))} & {row['url'] for row in json_rows(read_lines(log_of(tmp_path/'out', 1)))}
