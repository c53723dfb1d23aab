"The package of drawn cats and dogs: its pictures, its masks, and that both show the same."
import csv, os, subprocess
from pathlib import Path
import numpy as np, pytest
from PIL import Image
from bears_lib.engine.core.folders import read_folder
from bears_lib.engine.lessons.datasets import get_data

root = Path(__file__).parents[1]
tool = root/'tools'/'draw_animals'
blender = os.environ.get('BEARS_BLENDER')  # Blender's module wants an older numpy than bears_lib
background, head, body, legs, face = range(5)

@pytest.fixture
def only_the_package(monkeypatch, tmp_path):
    "No data set is at hand but the package's."
    monkeypatch.delenv('BEARS_DATA', raising=False)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setenv('BEARS_NETWORK_BLOCKED', '1')

def pairs() -> list[tuple[Path, Path]]:
    "Each picture of the package with its mask."
    pictures, masks = root/'bears_lib_pets'/'pictures', root/'bears_lib_pets'/'masks'
    return [(path, masks/path.parent.name/f'{path.stem}.png') for path in sorted(pictures.glob('*/*.jpg'))]

def edges(mask:np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    "The outline of an animal: pixels whose neighbour to the right is on the other side of it."
    inside = mask > 0
    return np.nonzero(inside[:, 1:] != inside[:, :-1])

def contrast(picture:np.ndarray, rows:np.ndarray, columns:np.ndarray, shift:int) -> float:
    "How much the picture changes from left to right at the outline, moved by `shift` pixels."
    columns = columns + shift
    kept = (columns >= 2) & (columns < picture.shape[1] - 3)
    rows, columns = rows[kept], columns[kept]
    return np.abs(picture[rows, columns + 2] - picture[rows, columns - 1]).mean()

def test_six_breeds_of_each_are_found_without_a_network(only_the_package):
    found = read_folder(get_data('pets_drawn'))
    assert len(found.labels) == 12 and sum(label[0].isupper() for label in found.labels) == 6
    counts = {label: sum(photo.label == label for photo in found.photos) for label in found.labels}
    assert len(set(counts.values())) == 1, counts
    assert all(Image.open(photo.path).size == (256, 256) for photo in found.photos)

def test_each_picture_has_a_mask_and_a_description(only_the_package):
    masks = get_data('pets_drawn_masks')
    with (root/'bears_lib_pets'/'metadata.csv').open(newline='', encoding='utf-8') as file: rows = list(csv.DictReader(file))
    assert {row['file_name'] for row in rows} == {f'{path.parent.name}/{path.name}' for path, _ in pairs()}
    assert {path.relative_to(masks) for path in masks.glob('*/*.png')} == {mask.relative_to(masks) for _, mask in pairs()}
    assert all(row['animal'] == ('cat' if row['breed'][0].isupper() else 'dog') for row in rows)

def test_masks_show_an_animal_with_a_head():
    for picture, mask in pairs():
        parts = np.asarray(Image.open(mask))
        assert parts.shape == (256, 256) and parts.max() <= face, mask
        assert 0.04 < (parts > 0).mean() < 0.98 and (parts == head).mean() > 0.004, mask

def test_masks_lie_on_the_pictures():
    "At the mask's outline a picture changes more than beside it; a mask of another picture would not do."
    at, beside, other = [], [], []
    found = [(np.asarray(Image.open(path).convert('L'), float), np.asarray(Image.open(mask))) for path, mask in pairs()[::3]]
    for (picture, mask), (stranger, _) in zip(found, found[1:] + found[:1]):
        outline = edges(mask)
        if len(outline[0]) < 50: continue
        at.append(contrast(picture, *outline, 0))
        beside.append(max(contrast(picture, *outline, shift) for shift in (-8, 8)))
        other.append(contrast(stranger, *outline, 0))
    assert len(at) > 20
    assert np.mean(np.array(at) > beside) > 0.9
    assert np.mean(at) > 2*np.mean(other)

@pytest.mark.slow
@pytest.mark.skipif(not blender, reason='BEARS_BLENDER does not name a Python 3.11 with bpy==5.0.1 and pillow')
@pytest.mark.parametrize('animal', ['pug', 'grizzly', 'teddy'])
def test_a_mask_is_drawn_with_the_same_seed(animal, tmp_path):
    "The picture without its animal, from the same seed, differs within the mask, and the difference ends at its outline."
    code = '''if 1:
        import sys, os, numpy as np
        import stage, work
        def bare(path):
            for ob in list(stage.bpy.context.scene.objects):
                if ob.type in ('MESH', 'CURVES') and ('part' in ob.data.attributes or ob.name.split('.')[0] in stage.OBJECTS): ob.hide_render = True
            return render(path)
        render, finished = stage.render, []
        keep = lambda light, *a, **k: finished.append(light) or light
        for module in ('pets', 'wild', 'teddy'): __import__(module).finish = keep
        _, _, mask = work.draw(sys.argv[1], 0, 'light.exr', True)
        stage.render = bare
        work.draw(sys.argv[1], 0, 'light.exr', False)
        np.savez('out.npz', whole=finished[0], bare=finished[1], mask=mask)
    '''
    subprocess.run([blender, '-c', code, animal], check=True, cwd=tmp_path, env={**os.environ, 'PYTHONPATH': str(tool)})
    drawn = np.load(tmp_path/'out.npz')
    changed, outline = np.abs(drawn['whole'] - drawn['bare']).max(2), edges(drawn['mask'])
    assert (changed[drawn['mask'] > 0] > 0.15).mean() > 0.7
    assert contrast(changed, *outline, 0) > 1.5*max(contrast(changed, *outline, shift) for shift in (-8, 8))
    assert {head, face} <= set(np.unique(drawn['mask']))
