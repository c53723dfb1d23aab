"What the benchmarks share: each contender runs in a process of its own, and the results end up in one table."
import argparse, json, os, platform, shutil, subprocess, sys, sysconfig
from datetime import date

try: import resource
except ImportError: resource = None  # Windows measures memory otherwise


def contender(name:str, *args:str) -> dict:
    "Run `name` of the calling script in a new process; what it prints last is its result, to which its peak memory is added."
    run = subprocess.run([sys.executable, sys.argv[0], '--run', name, *map(str, args)], stdout=subprocess.PIPE, text=True)
    if run.returncode: sys.exit(f'{name} failed')
    return json.loads(run.stdout.splitlines()[-1])

def program(name:str) -> str:
    "Where one of our commands is, in `bin` or `Scripts`."
    return shutil.which(name, path=sysconfig.get_path('scripts')) or sys.exit(f'{name} is not installed: pip install -e .')

def finish(**result) -> None:
    "What a contender does last: print its result with this process's peak memory."
    print(json.dumps({**result, 'peak_mb': resource and round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024)}), flush=True)

def table(rows:list[dict]) -> str:
    "Rows with the same keys, as text in columns."
    heads = list(rows[0])
    cells = [heads, *([str(row.get(head, '')) for head in heads] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(heads))]
    return '\n'.join('  '.join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in cells)

def machine() -> dict:
    "What the figures were measured on."
    return {'date': date.today().isoformat(), 'cores': os.cpu_count(), 'python': platform.python_version(), 'machine': platform.machine()}

def parser(doc:str) -> argparse.ArgumentParser:
    "Every benchmark takes --json; --run is for the processes that it starts."
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument('--json', action='store_true', help='print one JSON object, last on stdout')
    made.add_argument('--run', help=argparse.SUPPRESS)
    return made

def report(args:argparse.Namespace, rows:list[dict], words:str='', **more) -> None:
    "The table, a sentence, and the JSON object if it was asked for."
    print(table(rows), words, sep='\n' if words else '', flush=True)
    if args.json: print(json.dumps({'rows': rows, 'machine': machine(), **more}), flush=True)
