"Package metadata: what pip needs is in settings.ini, the version in bears_lib/__init__.py."
import configparser, re
from pathlib import Path
from setuptools import find_packages, setup

here = Path(__file__).parent
ini = configparser.ConfigParser(delimiters=['='])
ini.read(here/'settings.ini', encoding='utf-8')
cfg = ini['DEFAULT']
version = re.search(r'^__version__ = "(.+)"', (here/'bears_lib/__init__.py').read_text(encoding='utf-8'), re.M)[1]
statuses = {'3': 'Alpha', '4': 'Beta', '5': 'Production/Stable'}
extras = {key.removesuffix('_requirements'): cfg[key].split() for key in cfg if key.endswith('_requirements')}

setup(
    version=version,
    description=cfg['description'],
    long_description=(here/'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    author=cfg['author'],
    license=cfg['license'],
    keywords=cfg['keywords'].split(),
    classifiers=[f"Development Status :: {cfg['status']} - {statuses[cfg['status']]}",
                 f"Intended Audience :: {cfg['audience']}", 'Programming Language :: Python :: 3'],
    python_requires=f">={cfg['min_python']}",
    install_requires=cfg['requirements'].split(),
    extras_require=extras,
    packages=find_packages(include=['bears_lib', 'bears_lib.*']),
    package_data={'bears_lib': ['py.typed', 'data/**/*']},
    entry_points={'console_scripts': cfg['console_scripts'].split(), 'nbdev': ['bears_lib=bears_lib._modidx:d']},
)
