"Pictures as cameras, scanners and programs make them: the same bear whatever holds it, or one sentence."
import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from bears_lib.engine.core.photos import PhotoError, open_photo

rng = np.random.default_rng(3)
scene = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8)).resize((160, 120), Image.Resampling.BICUBIC)
pixels, grey = np.asarray(scene), np.asarray(scene.convert('L'))

def near(found:Image.Image, wanted:np.ndarray, most:float=1.5) -> bool:
    wanted = wanted if wanted.ndim == 3 else np.dstack([wanted]*3)
    return found.size == (wanted.shape[1], wanted.shape[0]) and float(np.abs(np.asarray(found, float) - wanted).mean()) < most

def saved(picture:Image.Image, kind:str, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()

def tiff(values:np.ndarray) -> bytes: return saved(Image.fromarray(values), 'TIFF')

torch = pytest.importorskip('torch')
tensor = torch.from_numpy(pixels.copy()).permute(2, 0, 1)

@pytest.mark.parametrize('made, wanted', [
    (lambda: tiff(grey.astype(np.float32)/255), grey), (lambda: tiff(grey.astype(np.float32)), grey), (lambda: tiff((grey.astype(np.uint16)*257)), grey),
    (lambda: tiff(grey.astype(np.uint16)*16), grey), (lambda: tiff(grey.astype(np.int32)*257), grey),
    (lambda: pixels.astype(np.float32), pixels), (lambda: pixels.astype(np.float64)/255, pixels), (lambda: pixels.astype(np.int64), pixels),
    (lambda: pixels.astype(np.uint16)*257, pixels), (lambda: pixels.astype(np.int32)*16, pixels), (lambda: grey[..., None], grey), (lambda: grey > 127, (grey > 127)*255),
    (lambda: np.asfortranarray(pixels)[::1], pixels), (lambda: pixels[:1], pixels[:1]), (lambda: pixels[:, :1], pixels[:, :1]),
    (lambda: tensor, pixels), (lambda: tensor.float()/255, pixels), (lambda: tensor[None], pixels), (lambda: torch.from_numpy(pixels.copy()), pixels), (lambda: tensor[:1], pixels[..., 0]),
    (lambda: memoryview(saved(scene, 'PNG')), pixels), (lambda: bytearray(saved(scene, 'PNG')), pixels), (lambda: io.BytesIO(saved(scene, 'PNG')), pixels),
    (lambda: scene, pixels), (lambda: Image.open(io.BytesIO(saved(scene, 'PNG'))), pixels), (lambda: saved(scene, 'AVIF', quality=100), pixels),
])
def test_the_same_picture_whatever_holds_it(made, wanted): assert near(open_photo(made()), wanted, most=4 if isinstance(made(), bytes) else 1.5)

def test_fastai_s_images_are_pictures():
    vision = pytest.importorskip('fastai.vision.all')
    assert near(open_photo(vision.TensorImage(tensor)), pixels) and near(open_photo(vision.PILImage.create(pixels)), pixels)

@pytest.mark.parametrize('turned', range(1, 9))
@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'WEBP', 'TIFF'])
def test_upright_whatever_the_camera_wrote(kind, turned):
    back = {2: 'FLIP_LEFT_RIGHT', 3: 'ROTATE_180', 4: 'FLIP_TOP_BOTTOM', 5: 'TRANSPOSE', 6: 'ROTATE_90', 7: 'TRANSVERSE', 8: 'ROTATE_270'}
    picture, exif = scene.transpose(Image.Transpose[back[turned]]) if turned > 1 else scene, Image.Exif()
    exif[0x0112] = turned
    assert near(open_photo(saved(picture, kind, exif=exif, **({'quality': 100} if kind != 'TIFF' else {}))), pixels, most=6)

@pytest.mark.parametrize('turned', [1, 2, 3, 4])
def test_heic_is_turned_once(turned):
    "An iPhone says twice how a photo is turned: in its EXIF part, and in the container, which alone counts."
    from pillow_heif import from_pillow
    file, exif, upright = io.BytesIO(), Image.Exif(), scene.copy()
    exif[0x0112] = turned
    upright.info['exif'] = exif.tobytes()
    from_pillow(upright).save(file, quality=100)
    assert near(open_photo(file.getvalue()), pixels, most=6)

def test_heic_without_its_library_says_what_to_install(monkeypatch):
    import sys
    monkeypatch.setitem(sys.modules, 'pillow_heif', None)
    monkeypatch.delitem(Image.OPEN, 'HEIF', raising=False)
    with pytest.raises(PhotoError, match='pip install pillow-heif'): open_photo(b'\0\0\0\x18ftypheic\0\0\0\0mif1heic' + bytes(50))

closed = io.BytesIO()
closed.close()
shut = Image.new('RGB', (9, 9))
shut.close()

@pytest.mark.parametrize('given, says', [
    (None, 'NoneType is no photo'), ([], 'list is no photo'), ({}, 'dict is no photo'), (3, 'int is no photo'), (3.5, 'float is no photo'), (closed, "can't be read"),
    (io.StringIO('x'), 'gives text'), (torch.randn(3, 9, 9), 'Undo the normalisation'), (np.full((9, 9), 'x'), 'no photo'), (np.zeros((9, 9), complex), 'no photo'), (np.full((9, 9, 3), np.nan), 'without a finite number'),
    (np.zeros((3, 9, 9)), 'shape'), (np.zeros((0, 9)), 'shape'), (np.zeros(9), 'shape'), (np.zeros((9, 9, 2)), 'shape'), (np.zeros((2, 9, 9, 3)), 'shape'),
    (np.broadcast_to(np.uint8(0), (9000, 9000)), 'too large'), ('a\0b.jpg', ''), ('', ''), ('x'*5000, ''), (b'', 'is empty'), (b'\xff\xd8\xff', 'not a picture'),
    (b'version https://git-lfs.github.com/spec/v1\noid sha256:0', 'pointer of Git LFS'), (b'\xef\xbb\xbf<svg/>', 'a web page or drawing'),
], ids=lambda value: value[:20] if isinstance(value, str) else type(value).__name__)
def test_what_is_no_photo_gets_one_sentence(given, says):
    with pytest.raises(PhotoError) as error: open_photo(given)
    assert says in str(error.value) and len(str(error.value)) < 700

def test_greys_keep_all_their_bits_and_floats_their_range():
    ramp = np.tile(np.arange(0, 4096, 16, dtype=np.uint16), (8, 1))  # 12 bits in 16
    assert len(np.unique(np.asarray(open_photo(ramp)))) == 255
    assert np.asarray(open_photo(Image.fromarray(ramp)))[0, -1, 0] == 254
    assert open_photo(np.full((4, 4), 300, np.int32)).getpixel((0, 0)) == (19,)*3  # of 4095
    for kind in (float, np.int32):  # a few over 255 are no 12 bits
        over = grey.astype(kind)
        over[0, :3] = 300 if kind is np.int32 else 256.4
        assert near(open_photo(over), grey)
    holes = grey.astype(np.float32)/255
    holes[:20] = np.nan
    assert near(open_photo(tiff(holes)), np.where(np.isnan(holes), 0, grey))
    assert ImageOps.grayscale(open_photo(np.array([[-4., -2.], [0., 2.]]).astype(np.float32).repeat(4, 0).repeat(4, 1) + 4)).getextrema() == (0, 6)
