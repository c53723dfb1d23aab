"""The app under load, beside a plain gr.Interface around the same classifier, in the same run.

A visitor opens the page, uploads a drawn bear, asks through gradio's queue as the page does, reads the answer, and begins again at once.
Then hostile visitors come beside 20 good ones: uploads that stand still, pictures of 49 megapixels, messages that make no sense.
Everything stays on this machine.

python bench/app_load.py [--seconds 60] [--visitors 200] [--model FOLDER] [--json]"""
import asyncio, io, itertools, json, os, secrets, signal, subprocess, sys, tempfile, time
from contextlib import suppress
from pathlib import Path
from statistics import median, quantiles

from common import parser, program, report

settled, good = 200, 20  # visits after which memory should grow no more; visitors beside the hostile ones

plain = """
import os, sys, json, time
os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'
import gradio as gr
from bears_lib.deploy import Classifier
classifier = Classifier(sys.argv[1])
app = gr.Interface(lambda path: dict(classifier(path)), gr.Image(type='filepath', elem_id='photo'), gr.Label(), analytics_enabled=False)
_, url, _ = app.launch(prevent_thread_lock=True, quiet=True, share=False)
print(json.dumps({'url': url}), flush=True)
try: time.sleep(3600)
except KeyboardInterrupt: app.close(verbose=False)
"""

def megabytes(pid:int) -> float:
    "The memory that a process and its children hold now, what they share counted once."
    found = [pid, *map(int, Path(f'/proc/{pid}/task/{pid}/children').read_text(encoding='utf-8').split())]
    return sum(int(line.split()[1]) for each in found for line in Path(f'/proc/{each}/smaps_rollup').read_text(encoding='utf-8').splitlines() if line.startswith('Pss:'))/1e3

async def asking_step(client) -> int:
    "The number of the step that looks at a photo: the page's own in bears-app, the button's in a gr.Interface."
    config = (await client.get('config')).json()
    photo = next(each['id'] for each in config['components'] if each['props'].get('elem_id') == 'photo')
    steps = [each for each in config['dependencies'] if photo in each['inputs'] and each['outputs'] and each['backend_fn']]
    return next((each['id'] for each in steps if [photo, 'change'] in map(list, each['targets'])), steps[0]['id'])

async def ask(client, step:int, photo:bytes) -> str:
    "Upload, join the queue, read until the answer is there."
    sent = await client.post('gradio_api/upload', files={'files': ('bear.jpg', photo)})
    sent.raise_for_status()
    session = secrets.token_hex(6)
    data = {'data': [{'path': sent.json()[0], 'meta': {'_type': 'gradio.FileData'}}], 'fn_index': step, 'session_hash': session}
    (await client.post('gradio_api/queue/join', json=data)).raise_for_status()
    async with client.stream('GET', 'gradio_api/queue/data', params={'session_hash': session}) as events:
        async for line in events.aiter_lines():
            if '"process_completed"' in line: return line
    raise RuntimeError('the stream ended without an answer')

async def visit(client, step:int, photo:bytes) -> None:
    (await client.get('')).raise_for_status()
    answer = await ask(client, step, photo)
    if '"success":true' not in answer.replace(' ', '') or not any(label in answer for label in ('grizzly', 'black', 'teddy')): raise RuntimeError(answer[:300])

async def load(url:str, pid:int, photos:list[bytes], seconds:float, visitors:int) -> dict:
    "So many visitors at once for so long."
    import httpx
    waits, errors, memory, end, turn = [], [], {}, time.monotonic() + seconds, itertools.cycle(photos)
    async def visitor(client, step):
        while time.monotonic() < end:
            start = time.perf_counter()
            try:
                await visit(client, step, next(turn))
                waits.append(time.perf_counter() - start)
            except Exception as error: errors.append(f'{type(error).__name__}: {error}')
            if len(waits) == settled: memory['settled'] = megabytes(pid)
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=httpx.Limits(max_connections=2*visitors, keepalive_expiry=2), trust_env=False) as client:
        step = await asking_step(client)
        await asyncio.gather(*(visitor(client, step) for _ in range(visitors)))
    now = megabytes(pid)
    return {'answered': len(waits), 'errors': len(errors), 'first_error': errors[0] if errors else None, 'median_s': median(waits), 'p95_s': quantiles(waits, n=20)[-1],
            'mb_after_200': memory.get('settled', now), 'mb_end': now}

# Hostile visitors

def large_picture() -> bytes:
    from PIL import Image
    Image.new('RGBA', (7000, 7000), (90, 60, 30, 128)).save(file := io.BytesIO(), 'PNG')
    return file.getvalue()

async def stand_still(host:str, port:int) -> None:
    "Begin an upload, send nothing more, and come again when it is given up."
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f'POST /gradio_api/upload HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 15000000\r\n\r\n--x\r\n'.encode())
            try: await reader.read()
            finally: writer.close()
        await asyncio.sleep(1)

async def send_large(client, step:int, picture:bytes) -> None:
    while True:
        with suppress(Exception): await ask(client, step, picture)
        await asyncio.sleep(0.1)

async def talk_nonsense(client) -> None:
    messages = [b'[' * 50_000, b'{"data":[3],"fn_index":99}', json.dumps({f'k{i}': i for i in range(10_000)}).encode()]
    for message in itertools.cycle(messages):
        for path in ('queue/join', 'call/predict', 'upload'):
            with suppress(Exception): await client.post(f'gradio_api/{path}', content=message, headers={'content-type': 'application/json'})
            await asyncio.sleep(0.1)

async def besieged(url:str, pid:int, photos:list[bytes], seconds:float) -> dict:
    "Good visitors alone, then the same beside hostile ones."
    import httpx
    alone, place = await load(url, pid, photos, seconds, good), httpx.URL(url)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=httpx.Limits(max_connections=100), trust_env=False) as client:
        step, picture = await asking_step(client), large_picture()
        hostile = [*(stand_still(place.host, place.port) for _ in range(300)), *(send_large(client, step, picture) for _ in range(4)), *(talk_nonsense(client) for _ in range(4))]
        tasks = [asyncio.ensure_future(each) for each in hostile]
        await asyncio.sleep(1)
        beside = await load(url, pid, photos, seconds, good)
        for task in tasks: task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {'alone': alone, 'beside': beside, 'times': beside['median_s']/alone['median_s']}

def serve(command:list[str], use) -> dict:
    "Start a server, have it used, and stop it."
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try: return asyncio.run(use(json.loads(server.stdout.readline())['url'], server.pid))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)

def main() -> None:
    options = parser(__doc__)
    options.add_argument('--seconds', type=float, default=60)
    options.add_argument('--visitors', type=int, default=200)
    options.add_argument('--model', help='a model folder; without it one is trained on the drawn bears')
    args = options.parse_args()
    from bears_lib.engine.core.folders import sample_folder
    photos = [path.read_bytes() for path in sorted(sample_folder().glob('*/0*.jpg'))]
    with tempfile.TemporaryDirectory() as folder:
        model = args.model or f'{folder}/model'
        if not args.model:
            from bears_lib.commands import bears_train
            bears_train(str(sample_folder()), model=model)
        contenders = {'bears-app': [program('bears-app'), model, '--json'], 'gr.Interface': [sys.executable, '-c', plain, model]}
        results = {name: serve(command, lambda url, pid: load(url, pid, photos, args.seconds, args.visitors)) for name, command in contenders.items()}
        siege = serve(contenders['bears-app'], lambda url, pid: besieged(url, pid, photos, min(args.seconds, 30)))
    runs = {**results, f'bears-app, {good} visitors': siege['alone'], 'the same, beside hostile ones': siege['beside']}
    rows = [{'way': name, 'answered': run['answered'], 'errors': run['errors'], 'median s': f'{run["median_s"]:.2f}', '95% within s': f'{run["p95_s"]:.2f}',
             f'MB after {settled}': f'{run["mb_after_200"]:.0f}', 'MB at the end': f'{run["mb_end"]:.0f}'} for name, run in runs.items()]
    load_average = os.getloadavg()[0] if hasattr(os, 'getloadavg') else None
    report(args, rows, f'{args.visitors} visitors at once for {args.seconds:g} s, on the same cores. Beside hostile visitors a good one waits {siege["times"]:.2f} times as long.', runs=runs, times=siege['times'], load_average=load_average)
    if errors := [f'{name}: {run["first_error"]}' for name, run in runs.items() if run['errors']]: sys.exit('\n'.join(errors))

if __name__ == '__main__': main()
