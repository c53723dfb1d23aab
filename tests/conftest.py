"What several tests share."
import os, shutil, subprocess, sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

os.environ.setdefault('IN_TEST', '1')  # no progress bars

root = Path(__file__).parent.parent

@pytest.fixture
def photos(tmp_path):
    "A folder of two easy classes, six photos each: reddish and bluish noise."
    return make_photos(tmp_path/'photos', {'red': 6, 'blue': 6})

@pytest.fixture(scope='session')
def bears_half(tmp_path_factory):
    "A model of drawn bears that has seen one half of them, and the photos of the other half."
    from bears_lib.commands import bears_train
    from bears_lib.engine.photos import read_folder, sample_folder
    place, photos = tmp_path_factory.mktemp('bears'), read_folder(sample_folder()).photos
    for photo in photos[::2]:
        (place/'photos'/photo.label).mkdir(parents=True, exist_ok=True)
        shutil.copy(photo.path, place/'photos'/photo.label)
    bears_train(str(place/'photos'), model=str(place/'model'))
    return place/'model', [photo.path for photo in photos[1::2]]

def make_photos(folder:Path, counts:dict[str, int]) -> Path:
    "Noise whose colour tells the class, and no two photos alike."
    rng = np.random.default_rng(0)
    for label, n in counts.items():
        (folder/label).mkdir(parents=True)
        for i in range(n):
            pixels = rng.integers(0, 90, (18, 24, 3), np.uint8)
            pixels[..., 0 if label.startswith('red') else 2] += 150
            Image.fromarray(pixels).resize((120, 90), Image.Resampling.BICUBIC).save(folder/label/f'{i}.jpg')
    return folder

def shell(command:str, *args, **kwargs) -> subprocess.CompletedProcess:
    "Run one of our commands as a person would."
    return subprocess.run([str(Path(sys.executable).with_name(command)), *map(str, args)], capture_output=True, text=True, timeout=300, **kwargs)
