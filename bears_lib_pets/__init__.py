"Computer-made pictures of cats and dogs, one folder for each breed, and their masks."
from pathlib import Path

__version__ = "0.1.0"
__all__ = ['pictures', 'masks']


def pictures() -> Path:
    "The folder of the pictures, with one folder for each breed."
    return Path(__file__).parent/'pictures'

def masks() -> Path:
    "The folder of the masks: a PNG of the same name for each picture. 0 background, 1 head, 2 body, 3 legs, 4 eyes and nose."
    return Path(__file__).parent/'masks'
