"""Write constraints.txt: the releases that are installed here, which is the set that was tested.

They bind only where they were tested, Python 3.11 on Linux; elsewhere pip chooses by the floors in settings.ini."""
import re
from importlib.metadata import distribution, PackageNotFoundError
from pathlib import Path

from packaging.requirements import Requirement


def closure(name:str, extras:set[str], seen:dict[str, str], walked:set[tuple[str, frozenset[str]]]) -> None:
    "The package and all that it needs here, by canonical name, into `seen`; once for each set of extras, since each brings others."
    try: found = distribution(name)
    except PackageNotFoundError: return
    for text in found.requires or []:
        need = Requirement(text)
        if need.marker and not any(need.marker.evaluate({'extra': extra}) for extra in extras | {''}): continue
        key = re.sub(r'[-_.]+', '-', need.name).lower()
        if (key, frozenset(need.extras)) in walked: continue
        walked.add((key, frozenset(need.extras)))
        try: seen[key] = distribution(need.name).version
        except PackageNotFoundError: continue
        closure(need.name, set(need.extras), seen, walked)

if __name__ == '__main__':
    seen: dict[str, str] = {}
    closure('bears_lib', {'dev'}, seen, set())
    lines = [f'{name}=={version.split("+")[0]}; python_version == "3.11" and sys_platform == "linux" and platform_machine == "x86_64"'
             for name, version in sorted(seen.items()) if not name.startswith(('nvidia', 'cuda')) and name not in ('triton', 'bears-lib')]
    head = '# The releases that the tests last passed with. Made by `make constraints`.'
    (Path(__file__).parent.parent/'constraints.txt').write_text('\n'.join([head, *lines]) + '\n', encoding='utf-8')
    print(f'{len(lines)} releases')
