"The same photo gives the same answer in fastai, in ONNX Runtime and from a model folder."
import json, shutil
from pathlib import Path

import numpy as np
import pytest

from bears_lib.deploy import Classifier, save_model
from bears_lib.engine.features.backbone import body_features
from bears_lib.engine.features.fastai_bridge import preprocess_of
from bears_lib.engine.core.folders import read_folder, sample_folder
from bears_lib.gather import sample_bears
from bears_lib.train import bears_dls, bears_learner, fit_head

@pytest.fixture(scope='module')
def learn():
    made = fit_head(bears_learner(bears_dls(sample_bears(), num_workers=0)))
    with made.no_bar(): yield made

def test_features_agree_to_four_digits(learn):
    "The validation photos as fastai's DataLoader prepares them, through torch; and as files, through ONNX Runtime."
    import torch
    learn.model.eval()
    with torch.inference_mode(): by_torch = torch.cat([learn.model[0](batch[0].as_subclass(torch.Tensor)) for batch in learn.dls.valid]).numpy()
    by_onnx = body_features(learn.model[0], list(learn.dls.valid_ds.items), preprocess_of(learn.dls))
    assert by_torch.shape == by_onnx.shape and len(by_onnx) >= 30
    assert np.abs(by_torch - by_onnx).max() < 1e-4

def drawn(n:int) -> list[Path]:
    "Drawn bears of every class, spread evenly over the sample."
    photos = read_folder(sample_folder()).photos
    return [photos[round(i*(len(photos) - 1)/(n - 1))].path for i in range(n)]

def agree(learn, folder, photos) -> None:
    "fastai with torch, and `Classifier` with ONNX Runtime, one by one and many at once."
    expected = learn.get_preds(dl=learn.dls.test_dl(photos))[0].numpy()
    ask = Classifier(folder)
    answers, labels = ask.many(photos), list(learn.dls.vocab)
    chances = np.array([[answer[label] for label in labels] for answer in answers])
    assert chances.shape == expected.shape and np.abs(chances - expected).max() < 1e-3
    assert [answer.label for answer in answers] == [labels[i] for i in expected.argmax(1)]
    assert all(list(answer.values()) == sorted(answer.values(), reverse=True) for answer in answers)
    assert ask(photos[0]) == pytest.approx(answers[0], abs=1e-5)

def test_a_saved_model_answers_like_its_learner(learn, tmp_path): agree(learn, save_model(learn, tmp_path/'model'), drawn(200))

def test_the_small_model_answers_nearly_so(learn, tmp_path):
    folder, photos = save_model(learn, tmp_path/'model'), drawn(60)
    pairs = list(zip(Classifier(folder).many(photos), Classifier(folder, small=True).many(photos)))
    assert np.mean([full.label == small.label for full, small in pairs]) > 0.95
    assert max(abs(full[label] - small[label]) for full, small in pairs for label in full) < 0.2
    said = json.loads((folder/'model.json').read_text(encoding='utf-8'))['metrics']['small']
    assert said['bytes'] == (folder/'small.onnx').stat().st_size <= 5_000_000 and said['same_label'] > 0.95

@pytest.mark.parametrize('make', ['torchvision', 'vision_learner'])
def test_fine_tuned_learners_of_another_architecture(tmp_path, make):
    "Random weights, trained for two epochs on 60 small photos: a ShuffleNet of torchvision's, and fastai's own ResNet18."
    from fastai.vision.all import resnet18, vision_learner
    for path in drawn(60):
        (tmp_path/'photos'/path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path/'photos'/path.parent.name)
    dls = bears_dls(tmp_path/'photos', size=64, bs=16, num_workers=0)  # a drawing is four times as large: `Classifier` decodes it at half its size, and so do validation photos
    made = bears_learner(dls, 'shufflenet_v2_x0_5', pretrained=False) if make == 'torchvision' else vision_learner(dls, resnet18, pretrained=False)
    with made.no_bar(), made.no_logging():
        made.fine_tune(1)
        agree(made, save_model(made, tmp_path/'model'), drawn(200))

def test_the_course_goes_on_from_a_fitted_head(learn):
    "`lr_find`, `fine_tune`, `show_results`, `get_preds` and `ClassificationInterpretation` work on it."
    from fastai.interpret import ClassificationInterpretation
    small = fit_head(bears_learner(bears_dls(sample_bears(), size=64, bs=32, num_workers=0)))
    with small.no_bar(), small.no_logging():
        assert 0 < small.lr_find(num_it=5, show_plot=False).valley < 10
        small.fine_tune(1, base_lr=1e-3)
        small.show_results(max_n=2)
        interp = ClassificationInterpretation.from_learner(small)
    assert interp.confusion_matrix().sum() == len(small.dls.valid_ds)
    assert small.predict(small.dls.valid_ds.items[0])[0] in small.dls.vocab

def test_fastai_dataloaders_work_too(tmp_path):
    "DataLoaders as the course makes them: the head is fitted, saved and asked alike."
    from fastai.vision.all import ImageDataLoaders, Resize
    from conftest import make_photos
    dls = ImageDataLoaders.from_folder(make_photos(tmp_path/'photos', {'red': 10, 'blue': 10}), valid_pct=0.3, item_tfms=Resize(64), bs=4, num_workers=0)
    learn = fit_head(bears_learner(dls))
    ask = Classifier(save_model(learn, tmp_path/'model'))
    assert all(max(ask(path), key=ask(path).get) == path.parent.name for path in dls.valid_ds.items)
