"""The pages' scripts: their types are checked, a linter reads them, and the trainer's are made small.

python tools/page_scripts.py

Run it after each change of a script in bears_lib/data. What a browser loads of the trainer lies in bears_lib/data/trainer/small, made by esbuild:
the package carries it because who makes a page with `bears web --trainer` need not have npm. Read and change the scripts beside it."""
import subprocess, sys
from pathlib import Path

from npm_packages import pinned, script_modules

root = Path(__file__).parent.parent
trainer, web = root/'bears_lib'/'data'/'trainer', root/'bears_lib'/'data'/'web'

def sources() -> list[Path]:
    "The trainer's scripts that are ours, as they are written."
    return [*sorted(path for path in trainer.glob('*.js') if path.name != 'fflate.js'), web/'photo.js']

def problems() -> str:
    "What TypeScript and oxlint find in the scripts of both pages; '' for nothing."
    tools, said = script_modules()/'.bin', ''
    read = [*sources(), web/'app.js', web/'model.js']
    for command in (['tsc', '-p', pinned/'tsconfig.json'], ['oxlint', '-c', pinned/'oxlint.json', *read]):
        done = subprocess.run([tools/command[0], *map(str, command[1:])], capture_output=True, text=True, timeout=120)
        said += (done.stdout + done.stderr) if done.returncode else ''
    return said

def small(path:Path) -> str:
    "A script without comments and with short names inside."
    done = subprocess.run([script_modules()/'.bin'/'esbuild', path, '--minify', '--format=esm', '--target=es2022', '--charset=utf8', '--legal-comments=none', '--log-level=error'],
        capture_output=True, text=True, encoding='utf-8', check=True, timeout=120)
    return f'// From {path.relative_to(root).as_posix()}: read that one.\n{done.stdout}'

def main() -> None:
    if found := problems(): raise SystemExit(found)
    made = {path.name: small(path) for path in sources()}
    (trainer/'small').mkdir(exist_ok=True)
    for name, text in made.items(): (trainer/'small'/name).write_text(text, encoding='utf-8')
    print(f'{sum(path.stat().st_size for path in sources())/1000:.0f} kB of scripts, {sum(path.stat().st_size for path in (trainer/"small").iterdir())/1000:.1f} kB as browsers load them')

if __name__ == '__main__': main()
