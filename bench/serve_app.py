"""The app under load: 50 visitors at once for 20 seconds, each of whom uploads a drawn bear and waits for the answer.

Beside it a gradio page that answers at once without looking: what gradio itself costs.
Everything stays on this machine, and ends after --seconds or 20,000 visits.

python bench/serve_app.py [--seconds 20] [--visitors 50] [--json]"""
import asyncio, itertools, json, os, signal, subprocess, sys, tempfile, time
from pathlib import Path
from statistics import median, quantiles

from common import parser, program, report

most, settled = 20_000, 200  # visits at most; visits after which memory should grow no more

plain = """
import os, sys
os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'
import gradio as gr
with gr.Blocks(analytics_enabled=False, delete_cache=(60, 600)) as app:
    def predict(photo: gr.FileData) -> dict: return {'label': 'bear'}
    gr.api(predict, api_name='predict')
app.queue(max_size=256, default_concurrency_limit=2)
_, url, _ = app.launch(prevent_thread_lock=True, quiet=True, share=False)
import json, time
print(json.dumps({'url': url}), flush=True)
try: time.sleep(600)
except KeyboardInterrupt: app.close(verbose=False)
"""

def megabytes(pid:int) -> float:
    "The memory that a process holds now."
    return int(Path(f'/proc/{pid}/statm').read_text(encoding='utf-8').split()[1])*os.sysconf('SC_PAGE_SIZE')/1e6

async def visit(client, photo:Path) -> None:
    "One visitor: upload, ask, read the answer."
    sent = await client.post('gradio_api/upload', files={'files': (photo.name, photo.read_bytes())})
    sent.raise_for_status()
    asked = await client.post('gradio_api/call/predict', json={'data': [{'path': sent.json()[0], 'meta': {'_type': 'gradio.FileData'}}]})
    asked.raise_for_status()
    answer = await client.get(f'gradio_api/call/predict/{asked.json()["event_id"]}')
    if 'event: complete' not in answer.text or '"label"' not in answer.text: raise RuntimeError(answer.text[:200])

async def load(url:str, pid:int, photos:list[Path], seconds:float, visitors:int) -> dict:
    import httpx
    waits, errors, memory, end = [], [], {}, time.monotonic() + seconds
    turn = itertools.cycle(photos)
    async def visitor(client):
        while time.monotonic() < end and len(waits) + len(errors) < most:
            start = time.perf_counter()
            try:
                await visit(client, next(turn))
                waits.append(time.perf_counter() - start)
            except Exception as error: errors.append(f'{type(error).__name__}: {error}')
            if len(waits) == settled: memory['settled'] = megabytes(pid)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=httpx.Limits(max_connections=visitors, keepalive_expiry=2), trust_env=False) as client:
        await asyncio.gather(*(visitor(client) for _ in range(visitors)))
    now = megabytes(pid)
    p95 = quantiles(waits, n=20)[-1] if len(waits) > 1 else float('nan')
    return {'visits': len(waits), 'errors': len(errors), 'first_error': errors[0] if errors else None, 'a_second': len(waits)/seconds, 'median_s': median(waits), 'p95_s': p95,
            'mb_settled': memory.get('settled', now), 'mb_end': now}

def serve_and_load(command:list[str], seconds:float, visitors:int) -> dict:
    from bears_lib.gather import sample_bears
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        url = json.loads(server.stdout.readline())['url']
        return asyncio.run(load(url, server.pid, sorted(sample_bears().glob('*/0*.jpg')), seconds, visitors))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)

def main() -> None:
    options = parser(__doc__)
    options.add_argument('--seconds', type=float, default=20)
    options.add_argument('--visitors', type=int, default=50)
    options.add_argument('--model', help='a model folder; without it one is trained on the drawn bears')
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = args.model or f'{folder}/model'
        if not args.model:
            from bears_lib.commands import bears_train
            from bears_lib.gather import sample_bears
            bears_train(str(sample_bears()), model=model)
        contenders = {'bears-app': [program('bears-app'), model, '--json'], 'gradio alone': [sys.executable, '-c', plain]}
        results = {name: serve_and_load(command, args.seconds, args.visitors) for name, command in contenders.items()}
    rows = [{'way': name, 'visits': run['visits'], 'errors': run['errors'], 'a second': f'{run["a_second"]:.1f}', 'median s': f'{run["median_s"]:.2f}', '95% within s': f'{run["p95_s"]:.2f}',
             f'MB after {settled}': f'{run["mb_settled"]:.0f}', 'MB at the end': f'{run["mb_end"]:.0f}'} for name, run in results.items()]
    report(args, rows, f'{args.visitors} visitors at once for {args.seconds:g} s, the visitors on the same cores.', results=results)
    if errors := [f'{name}: {run["first_error"]}' for name, run in results.items() if run['errors']]: sys.exit('\n'.join(errors))

if __name__ == '__main__': main()
