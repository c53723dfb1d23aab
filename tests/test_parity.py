"The same photo gives the same answer in fastai, in ONNX Runtime and from a model folder."
import numpy as np
import pytest

from bears_lib.deploy import Classifier, save_model
from bears_lib.engine.backbone import body_features
from bears_lib.engine.learners import preprocess_of
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

def test_a_saved_model_answers_like_its_learner(learn, tmp_path):
    ask = Classifier(save_model(learn, tmp_path/'model'))
    expected = learn.get_preds()[0].numpy()
    answers = [ask(path) for path in learn.dls.valid_ds.items]
    for answer, row in zip(answers, expected): assert [answer[label] for label in learn.dls.vocab] == pytest.approx(row.tolist(), abs=1e-3)
    assert all(list(answer.values()) == sorted(answer.values(), reverse=True) for answer in answers)

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
