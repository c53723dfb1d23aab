"What is saved is what was trained: DataLoaders as people make them with fastai, each through `learn.validate()`, `evaluate` and `Classifier`."
import csv
from functools import partial

import numpy as np
import pytest
import torch
from fastai.vision.all import (CategoryBlock, CropPad, DataBlock, DihedralItem, FlipItem, GrandparentSplitter, ImageBlock, ImageDataLoaders, IndexSplitter, Learner, LabelSmoothingCrossEntropyFlat,
                               MultiCategoryBlock, Normalize, PILImage, PILImageBW, RandomErasing, RandomResizedCrop, RandomResizedCropGPU, RandomSplitter, RandTransform, RatioResize, RegressionBlock,
                               Resize, Transform, accuracy, aug_transforms, get_image_files, imagenet_stats, nn, parent_label, vision_learner)
from PIL import Image

from bears_lib.deploy import Classifier, save_model
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.features.fastai_bridge import PhotoBlock, preprocess_of
from bears_lib.interpret import evaluate, grad_cam, occlusion
from bears_lib.train import bears_dls, bears_learner, fit_head

tiny = 'test_resnet'  # timm's network for tests: half a million weights

def drawn(seed:int, dark:bool, size:tuple[int, int]) -> Image.Image:
    "Waves whose direction tells the class, with edges that each way to resize treats in its own way."
    rng, (width, height) = np.random.default_rng(seed), size
    y, x = np.mgrid[:height, :width]
    waves = np.sin((x if dark else y)/rng.uniform(2, 6))[..., None]*90 + 128 + rng.normal(0, 25, (height, width, 3)) + np.array([30*dark, 0, -30*dark])
    waves += np.asarray(Image.fromarray(rng.integers(0, 90, (4, 5, 3), np.uint8)).resize(size, Image.Resampling.NEAREST))  # so that no two are near-duplicates
    waves[height//3:height//2, width//4:width//3] = 250
    return Image.fromarray(waves.clip(0, 255).astype(np.uint8))

@pytest.fixture(scope='module', autouse=True)
def one_thread():
    "So small a network is slower on several."
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)

sizes = [(120, 90), (90, 121), (133, 77), (64, 64), (81, 200), (150, 149)]

@pytest.fixture(scope='module')
def root(tmp_path_factory):
    "train/ and valid/, each with 12 and 6 photos of `Cat` and `dog` in odd sizes, as JPEG and PNG; beside them `labels.csv`."
    place, rows = tmp_path_factory.mktemp('photos'), [['name', 'label']]
    for part, n in (('train', 12), ('valid', 6)):
        for label in ('Cat', 'dog'):
            (place/part/label).mkdir(parents=True)
            for i in range(n):
                name = f'{part}/{label}/{label}_{part}{i}.{"png" if i % 3 == 0 else "jpg"}'
                drawn(1000*(part == 'valid') + 100*(label == 'dog') + i, label == 'dog', sizes[i % len(sizes)]).save(place/name, quality=92)
                rows.append([name, label])
    with (place/'labels.csv').open('w', newline='', encoding='utf-8') as file: csv.writer(file).writerows(rows)
    return place

@pytest.fixture(scope='module')
def even(tmp_path_factory):
    "Photos that all have the same size."
    place = tmp_path_factory.mktemp('even')
    for label in ('Cat', 'dog'):
        (place/label).mkdir()
        for i in range(12): drawn(100*(label == 'dog') + i, label == 'dog', (72, 56)).save(place/label/f'{i}.png')
    return place

def is_cat(x): return x[0].isupper()  # the book's own

made = partial(dict, bs=8, num_workers=0)
folders = lambda root, item, batch=None: ImageDataLoaders.from_folder(root, item_tfms=item, batch_tfms=batch, **made())
files = lambda root: sorted(get_image_files(root))

def by_hand(root, item=Resize(64), batch=(), block=ImageBlock, **kwargs):
    return DataBlock((block, CategoryBlock), get_items=files, splitter=GrandparentSplitter(), get_y=parent_label, item_tfms=item, batch_tfms=list(batch), **kwargs).dataloaders(root, **made())

class OnlyInTraining(RandTransform):
    "A transform of somebody's own that looks whether it is training, as in fastai's page on albumentations."
    split_idx, order = None, 2
    def before_call(self, b, split_idx): self.idx = split_idx
    def encodes(self, x:PILImage): return x if self.idx else PILImage.create(255 - np.asarray(x))

idioms = {
    'crop': lambda root: folders(root, Resize(64)),
    'squish': lambda root: folders(root, Resize(64, method='squish')),
    'pad zeros': lambda root: folders(root, Resize(64, method='pad', pad_mode='zeros')),
    'pad reflection': lambda root: folders(root, Resize(64, method='pad', pad_mode='reflection')),
    'pad border': lambda root: folders(root, Resize(64, method='pad', pad_mode='border')),
    'crop, bicubic': lambda root: folders(root, Resize(64, resamples=(Image.Resampling.BICUBIC, Image.Resampling.NEAREST))),
    'squish, nearest': lambda root: folders(root, Resize(64, method='squish', resamples=(Image.Resampling.NEAREST, Image.Resampling.NEAREST))),
    'random resized crop': lambda root: folders(root, RandomResizedCrop(64, min_scale=0.5)),
    'random resized crop, no margin': lambda root: folders(root, RandomResizedCrop(64, val_xtra=0)),
    'presizing': lambda root: folders(root, Resize(150), aug_transforms(size=64, min_scale=0.75)),
    'presizing, normalised': lambda root: folders(root, Resize(150), [*aug_transforms(size=64), Normalize.from_stats(*imagenet_stats)]),
    'resized on the GPU': lambda root: folders(root, Resize((100, 90)), [RandomResizedCropGPU((48, 80), valid_scale=0.9)]),
    'enlarged in batches': lambda root: folders(root, Resize(50), aug_transforms(size=72)),
    'crop or pad': lambda root: folders(root, CropPad(96)),
    'crop or pad, reflected': lambda root: folders(root, [Resize(110), CropPad((80, 130), pad_mode='reflection')]),
    'rectangle': lambda root: folders(root, Resize((48, 80))),
    'rectangle, padded': lambda root: folders(root, Resize((80, 48), method='pad', pad_mode='zeros'), aug_transforms(flip_vert=True)),
    'random in training only': lambda root: folders(root, [Resize(64), FlipItem(), DihedralItem(), OnlyInTraining()], [*aug_transforms(), RandomErasing(p=1)]),
    'from_name_func, chapter 1': lambda root: ImageDataLoaders.from_name_func(root, files(root), valid_pct=0.2, seed=42, label_func=is_cat, item_tfms=Resize(64), **made()),
    'from_csv': lambda root: ImageDataLoaders.from_csv(root, valid_pct=0.3, seed=1, item_tfms=Resize(64), **made()),
    'from_path_re': lambda root: ImageDataLoaders.from_path_re(root, files(root), r'([^/]+)_\w+\.\w+$', valid_pct=0.3, seed=1, item_tfms=Resize(64), **made()),
    'from_lists': lambda root: ImageDataLoaders.from_lists(root, files(root), [path.parent.name for path in files(root)], valid_pct=0.3, seed=1, item_tfms=Resize(64), **made()),
    'DataBlock': lambda root: by_hand(root),
    'DataBlock of ids': lambda root: DataBlock((ImageBlock, CategoryBlock), get_items=lambda root: [path.relative_to(root).as_posix() for path in files(root)], get_x=lambda name: root/name,
                                               splitter=RandomSplitter(0.3, seed=1), get_y=lambda name: name.split('/')[1], item_tfms=Resize(64)).dataloaders(root, **made()),
    'PhotoBlock': lambda root: by_hand(root, Resize(64), block=PhotoBlock),
    'bears_dls, crop': lambda root: bears_dls(root/'train', size=64, **made()),
    'bears_dls, squish': lambda root: bears_dls(root/'train', size=64, resize='squish', **made()),
    'bears_dls, pad': lambda root: bears_dls(root/'train', size=64, resize='pad', **made()),
    'bears_dls, presized': lambda root: bears_dls(root/'train', size=96, batch_tfms=aug_transforms(size=64), **made()),
}

def agrees(learn, folder) -> None:
    "fastai's own figures, those of `evaluate`, and those that `Classifier` leads to: accuracy and log loss."
    with learn.no_bar(): loss, right = learn.validate()
    result = evaluate(learn)
    ask = Classifier(save_model(learn, folder, result))
    assert (result.accuracy, result.losses.mean()) == (pytest.approx(right, abs=1e-6), pytest.approx(loss, abs=1e-3))
    answers = ask.many(result.photos)
    assert ask.labels == [str(label) for label in learn.dls.vocab] == result.labels
    chances = np.array([[answer[label] for label in ask.labels] for answer in answers])
    assert np.abs(chances - result.probabilities).max() < 1e-3 and len(chances) >= 3
    assert float((chances.argmax(1) == result.truth).mean()) == pytest.approx(right, abs=1e-6)

@pytest.mark.parametrize('name', idioms)
def test_one_accuracy_for_each_idiom(name, root, tmp_path):
    learn = fit_head(bears_learner(idioms[name](root), tiny, pretrained=False, metrics=accuracy))
    agrees(learn, tmp_path/'model')
    if name.startswith('rectangle'): assert occlusion(learn, learn.dls.valid_ds.items[0]).photo.shape == (*preprocess_of(learn.dls).shape, 3)

@pytest.mark.parametrize('batch', [None, aug_transforms(size=40)])
def test_photos_of_one_size_need_no_transform(batch, even, tmp_path):
    dls = ImageDataLoaders.from_folder(even, valid_pct=0.4, seed=1, batch_tfms=batch, **made())
    agrees(fit_head(bears_learner(dls, tiny, pretrained=False, metrics=accuracy)), tmp_path/'model')

def test_large_jpegs_are_decoded_alike_on_both_sides(tmp_path):
    "A photo of more than four times the size is decoded at a fraction of it, in fastai's validation as in `Classifier`."
    for label in ('Cat', 'dog'):
        (tmp_path/label).mkdir()
        for i in range(8): drawn(100*(label == 'dog') + i, label == 'dog', (500 + i, 330)).save(tmp_path/label/f'{i}.jpg')
    for dls in (bears_dls(tmp_path, size=64, valid_pct=0.5, **made()), ImageDataLoaders.from_folder(tmp_path, valid_pct=0.5, seed=1, item_tfms=Resize(64), **made())):
        agrees(fit_head(bears_learner(dls, tiny, pretrained=False, metrics=accuracy)), tmp_path/'model')

def test_chapter_one_with_fastais_own_learner(root, tmp_path):
    "Its own `vision_learner`, trained by fastai, True and False for labels; and heat maps of it."
    from torchvision.models import squeezenet1_1
    learn = vision_learner(idioms['from_name_func, chapter 1'](root), squeezenet1_1, pretrained=False, metrics=accuracy, loss_func=LabelSmoothingCrossEntropyFlat())
    with learn.no_bar(), learn.no_logging(): learn.fit(1, 1e-3)
    ask = Classifier(save_model(learn, tmp_path/'model'))
    with learn.no_bar(): chances = learn.get_preds()[0].numpy()
    assert ask.labels == ['False', 'True']
    assert np.abs(np.array([[answer[label] for label in ask.labels] for answer in ask.many(learn.dls.valid_ds.items)]) - chances).max() < 1e-3
    assert grad_cam(learn, learn.dls.valid_ds.items[0]).label in ask.labels

# ---- What can't be saved is named, and nothing is written ----

class Sepia(Transform):
    def encodes(self, x:PILImage): return PILImage.create(np.asarray(x)*np.array([1, 1, 0], np.uint8))

class Contrasting(Transform):
    "On batches."
    order = 50
    def encodes(self, x): return x**2 if getattr(x, 'ndim', 0) == 4 else x

class Wide(Resize):
    "A `Resize` that does something of its own besides."
    def encodes(self, x:PILImage): return super().encodes(PILImage.create(255 - np.asarray(x)))

def top(path): return PILImage.create(path).crop((0, 0, 40, 40))
def other(path): return sorted(path.parent.iterdir())[0]

refused = {
    'Sepia': lambda root: by_hand(root, [Sepia(), Resize(64)]),
    'Contrasting': lambda root: by_hand(root, batch=[Contrasting()]),
    'Wide': lambda root: by_hand(root, Wide(64)),
    'RatioResize': lambda root: by_hand(root, [RatioResize(90), CropPad(64)]),
    'top': lambda root: by_hand(root, get_x=top),
    'other': lambda root: by_hand(root, get_x=other),
    "mode='nearest'": lambda root: by_hand(root, Resize(90), aug_transforms(size=64, mode='nearest')),
    'swap': lambda root: by_hand(root, block=swapped_block),
}

def swapped_block():
    "Opens photos, and swaps their colours."
    from fastai.data.block import TransformBlock
    from fastai.data.transforms import IntToFloatTensor
    def swap(image:PILImage): return PILImage.create(np.asarray(image)[..., ::-1].copy())
    return TransformBlock(type_tfms=[PILImage.create, swap], batch_tfms=IntToFloatTensor)

@pytest.mark.parametrize('name', refused)
def test_a_transform_that_cant_be_saved_is_named(name, root, tmp_path):
    "Training goes on as before; saving names what stands in the way."
    learn = bears_learner(refused[name](root), tiny, pretrained=False)
    with learn.no_bar(), learn.no_logging(): learn.fit(1)
    with pytest.raises(BearsError, match=name) as error: save_model(learn, tmp_path/'model')
    assert not (tmp_path/'model').exists() and len(str(error.value)) < 420

def test_a_loss_with_other_probabilities_is_refused(root, tmp_path):
    class Sigmoid(nn.CrossEntropyLoss):
        def activation(self, scores): return scores.sigmoid()
    learn = bears_learner(by_hand(root), tiny, pretrained=False, loss_func=Sigmoid())
    with pytest.raises(BearsError, match='Sigmoid'): save_model(learn, tmp_path/'model')
    assert not (tmp_path/'model').exists()

def test_photos_that_fastai_leaves_on_their_side(even, tmp_path):
    "One among many is noted; a whole folder of them is refused, unless `PhotoBlock` opens them."
    exif, folder = Image.Exif(), tmp_path/'photos'
    exif[0x0112] = 6
    for label in ('Cat', 'dog'):
        (folder/label).mkdir(parents=True)
        for i in range(8): drawn(100*(label == 'dog') + i, label == 'dog', (90, 70)).save(folder/label/f'{i}.jpg', exif=exif)
    block = DataBlock((ImageBlock, CategoryBlock), get_items=files, splitter=RandomSplitter(0.5, seed=1), get_y=parent_label, item_tfms=Resize(64))
    with pytest.raises(BearsError, match='8 of 8 validation photos .* PhotoBlock'): save_model(bears_learner(block.dataloaders(folder, **made()), tiny, pretrained=False), tmp_path/'model')
    upright = DataBlock((PhotoBlock, CategoryBlock), get_items=files, splitter=RandomSplitter(0.5, seed=1), get_y=parent_label, item_tfms=Resize(64))
    agrees(bears_learner(upright.dataloaders(folder, **made()), tiny, pretrained=False, metrics=accuracy), tmp_path/'model')

def test_a_few_transparent_photos_are_noted(even, tmp_path, capsys):
    import shutil
    shutil.copytree(even, tmp_path/'photos')
    path = tmp_path/'photos'/'Cat'/'0.png'
    clear = Image.open(path).convert('RGBA')
    clear.putalpha(60)
    clear.save(path)
    names = files(tmp_path/'photos')
    block = DataBlock((ImageBlock, CategoryBlock), get_items=files, splitter=IndexSplitter([i for i, each in enumerate(names) if i % 2 == 0 or each == path]), get_y=parent_label, item_tfms=Resize(48))
    save_model(bears_learner(block.dataloaders(tmp_path/'photos', **made()), tiny, pretrained=False), tmp_path/'model')
    assert '1 of 12 validation photos' in ''.join(capsys.readouterr())

def test_learners_of_other_kinds_get_one_sentence(root, tmp_path):
    def model(n): return nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3)), nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, n)))
    several = DataBlock((ImageBlock, MultiCategoryBlock), get_items=files, splitter=GrandparentSplitter(), get_y=lambda path: [path.parent.name], item_tfms=Resize(64)).dataloaders(root, **made())
    number = DataBlock((ImageBlock, RegressionBlock), get_items=files, splitter=GrandparentSplitter(), get_y=lambda path: float(path.stat().st_size), item_tfms=Resize(64)).dataloaders(root, **made())
    grey = DataBlock((ImageBlock(PILImageBW), CategoryBlock), get_items=files, splitter=GrandparentSplitter(), get_y=parent_label, item_tfms=Resize(64)).dataloaders(root, **made())
    pairs = DataBlock((ImageBlock, ImageBlock, CategoryBlock), get_items=files, n_inp=2, splitter=GrandparentSplitter(), get_x=[lambda path: path]*2, get_y=parent_label, item_tfms=Resize(64)).dataloaders(root, **made())
    unchecked = [DataBlock((ImageBlock, CategoryBlock), get_items=files, splitter=splitter, get_y=parent_label, item_tfms=Resize(64)).dataloaders(root, **made())
                 for splitter in (IndexSplitter([]), lambda items: [list(range(len(items)))])]
    one_part = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    loss = nn.CrossEntropyLoss()
    for dls, net, says in [(several, model(2), 'several labels'), (number, model(1), 'something else than a class'), (pairs, model(2), '3 things for each item'), (unchecked[0], model(2), 'no validation photos'),
                           (unchecked[1], model(2), 'no validation photos'), (by_hand(root), one_part, 'two parts'), (grey, nn.Sequential(nn.Conv2d(1, 3, 1), model(2)), 'PILImageBW|mode L|one colour')]:
        with pytest.raises(BearsError, match=says) as error: save_model(Learner(dls, net, loss_func=loss), tmp_path/'model')
        assert len(str(error.value)) < 300 and not (tmp_path/'model').exists()

# ---- DataLoaders that several learners share, and photos from elsewhere ----

def test_each_learner_normalises_for_its_own_network(root):
    dls = folders(root, Resize(64))
    first, second = bears_learner(dls, tiny, pretrained=False), bears_learner(dls, 'resnet18', pretrained=False)
    assert preprocess_of(first.dls).mean == (0.5, 0.5, 0.5) and preprocess_of(second.dls).mean == (0.485, 0.456, 0.406)
    assert preprocess_of(dls).std == (1, 1, 1)
    own = folders(root, Resize(64), [Normalize.from_stats((0.1,)*3, (0.2,)*3)])
    assert preprocess_of(bears_learner(own, 'resnet18', pretrained=False).dls).mean == (0.1, 0.1, 0.1)

def test_a_batch_goes_through_the_copied_loaders_with_workers(root):
    dls = ImageDataLoaders.from_folder(root, item_tfms=Resize(64), bs=8, num_workers=1)
    learn = bears_learner(dls, 'resnet18', pretrained=False)
    assert float(learn.dls.valid.one_batch()[0].min()) < -0.5 < 0 <= float(dls.valid.one_batch()[0].min())
    assert float(next(iter(learn.dls.train))[0].min()) < -0.5 and learn.dls.train.fake_l.d is learn.dls.train

def test_photos_from_elsewhere_get_their_folders_label(root, tmp_path, monkeypatch):
    dls = bears_dls(root/'train', size=64, **made())
    learn = bears_learner(dls, tiny, pretrained=False, metrics=accuracy)
    elsewhere = dls.test_dl(files(root/'valid'), with_labels=True)
    with learn.no_bar(): assert len(learn.validate(dl=elsewhere)) == 2
    assert [dls.vocab[int(label)] for label in elsewhere.dataset.tls[1]] == [path.parent.name for path in files(root/'valid')]
    drawn(5, True, (70, 70)).save(tmp_path/'a.png')
    with pytest.raises(BearsError, match='a.png .* Cat, dog'): dls.test_dl([tmp_path/'a.png'], with_labels=True).dataset[0]
    monkeypatch.chdir(root/'train')
    here = bears_dls('.', size=64, **made())
    assert list(here.vocab) == ['Cat', 'dog'] and sorted({int(label) for label in here.train_ds.tls[1]}) == [0, 1]
