"Training: labels from everywhere, heads of several layers, averaged looks, and the guessing game, each against something computed by other means."
import re
from pathlib import Path

import numpy as np
import pytest
from torchvision import models

from bears_lib.engine.core.common import BearsError
from bears_lib.engine.features.backbone import create_body
from bears_lib.train import bears_dls, bears_learner, fit_head, read_labels
from conftest import make_photos

@pytest.fixture(scope='module')
def loose(tmp_path_factory):
    "Twelve photos in one folder, named by ids as in Kaggle's dog breeds, and the table that says what they show."
    place = tmp_path_factory.mktemp('kaggle')
    made = make_photos(place/'made', {'red': 6, 'blue': 6})
    (place/'train').mkdir()
    rows = ['id,breed']
    for i, path in enumerate(sorted(made.rglob('*.jpg'))):
        rows.append(f'{i:04x},{path.parent.name}')
        path.rename(place/'train'/f'{i:04x}.jpg')
    (place/'labels.csv').write_text('\n'.join(rows), encoding='utf-8')
    return place

def classes(dls) -> dict[str, str]:
    "What fastai hands the model: file name and class."
    return {Path(item).name: dls.vocab[int(label)] for data in (dls.train_ds, dls.valid_ds) for item, label in zip(data.items, data.tls[1])}

def blue_by_number(path): return 'blue' if int(path.stem, 16) < 6 else 'red'

@pytest.mark.parametrize('separator', [',', ';', '\t'])
def test_a_table_says_what_the_photos_show(loose, tmp_path, separator):
    table = tmp_path/'labels.csv'
    table.write_bytes(b'\xef\xbb\xbf' + (loose/'labels.csv').read_text(encoding='utf-8').replace(',', separator).replace('\n', '\r\n').encode())
    dls = bears_dls(loose/'train', read_labels(table), size=64, num_workers=0)
    assert classes(dls) == {f'{i:04x}.jpg': 'blue' if i < 6 else 'red' for i in range(12)}

def test_all_four_ways_give_the_same_batches(loose, tmp_path):
    "Folders, a pattern, a function and a table, on the same photos: the same split, and the same classes."
    for path in (loose/'train').iterdir():
        copy = tmp_path/'folders'/blue_by_number(path)/path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    named = tmp_path/'named'
    named.mkdir()
    for path in (loose/'train').iterdir(): (named/f'{blue_by_number(path)}_{path.name}').write_bytes(path.read_bytes())
    made = [bears_dls(tmp_path/'folders', size=64), bears_dls(named, re.compile(r'^([a-z]+)_'), size=64),
            bears_dls(loose/'train', blue_by_number, size=64), bears_dls(loose/'train', read_labels(loose/'labels.csv'), size=64)]
    splits = [sorted(Path(item).name.split('_')[-1] for item in dls.valid_ds.items) for dls in made]
    assert splits[0] == splits[1] == splits[2] == splits[3]
    assert all({name.split('_')[-1]: label for name, label in classes(dls).items()} == classes(made[0]) for dls in made)

def test_a_learner_carries_no_function_and_no_folder_names(loose, tmp_path):
    "What fastai's own export writes of it names our class, and neither the function nor the folder of the photos."
    learn = fit_head(bears_learner(bears_dls(loose/'train', blue_by_number, size=64, num_workers=0)))
    with learn.no_bar(): assert learn.validate()[1] == 1
    learn.export(tmp_path/'learner.pkl')
    written = (tmp_path/'learner.pkl').read_bytes()
    assert b'LabelOf' in written and b'blue_by_number' not in written and loose.name.encode() not in written

@pytest.mark.parametrize('text, says', [
    ('id,breed\n0001,pug\n0001,beagle\n', "gives '0001' two classes: pug and, in row 3, beagle"),
    ('id,breed\n0001,\n', 'gives no photo a class'),
    ('id,breed\n0001\n', 'gives no photo a class'),
    ('id,breed\n,pug\n', 'gives no photo a class'),
    ('id,breed\n', 'no row below'),
    ('', 'is empty'),
    ('id\n0001\n', 'one column only'),
    ('id,shape,year\n0001,pug,2020\n', "label_column='shape'"),
    (b'\x00\xff\x00', 'no table in text form'),
    ('id,breed\n"' + 'x'*200_000, 'gives no photo a class'),
])
def test_tables_that_cannot_be_used(tmp_path, text, says):
    table = tmp_path/'labels.csv'
    table.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BearsError, match=says) as caught: read_labels(table)
    assert len(str(caught.value)) < 400 and '\n' not in str(caught.value)

def test_columns_and_files_that_are_not_there(loose):
    with pytest.raises(BearsError, match="no column 'bred', but id, breed. Did you mean 'breed'"): read_labels(loose/'labels.csv', 'bred')
    with pytest.raises(BearsError, match="no column 'idd'"): read_labels(loose/'labels.csv', 'breed', 'idd')
    with pytest.raises(BearsError, match="Did you mean 'labels.csv'"): read_labels(loose/'label.csv')
    with pytest.raises(BearsError, match="is no file"): read_labels(loose/'train')

def test_labels_that_fit_no_photo(loose, tmp_path):
    with pytest.raises(BearsError, match='None of the 12 photos .* ids look like this: nobody'): bears_dls(loose/'train', {'nobody': 'pug'})
    with pytest.raises(BearsError, match='None of the 12 photos .* does not match'): bears_dls(loose/'train', re.compile(r'(.+)_\d'))
    with pytest.raises(BearsError, match='stumbled over 0000.jpg .ZeroDivisionError'): bears_dls(loose/'train', lambda path: 1/0)
    with pytest.raises(BearsError, match='function gave it no label'): bears_dls(loose/'train', lambda path: None)
    with pytest.raises(BearsError, match='Too few photos.*7 more have as few') as caught: bears_dls(loose/'train', lambda path: path.stem)
    assert len(str(caught.value)) < 500
    with pytest.raises(BearsError, match='holds no photos'): bears_dls(tmp_path, {'a': 'b'})
    with pytest.raises(BearsError, match='is not there'): bears_dls(tmp_path/'away', {'a': 'b'})
    with pytest.raises(BearsError, match='labels takes'): bears_dls(loose/'train', ['pug'])

def test_photos_and_ids_that_find_no_partner_are_named(loose, capsys):
    labels = read_labels(loose/'labels.csv')
    some = {name: label for name, label in labels.items() if name != '0003'} | {'ffff': 'red'}
    dls = bears_dls(loose/'train', some, size=64, num_workers=0)
    said = capsys.readouterr().err
    assert 'left out 0003.jpg: no id stands for it.' in said and '1 of 12 ids have no photo' in said
    assert '0003.jpg' not in classes(dls) and len(classes(dls)) == 11

# ---- heads, norms and averaged looks

@pytest.fixture(scope='module')
def tiny(tmp_path_factory):
    "Two classes of twelve small photos, which take a second to train on."
    return bears_dls(make_photos(tmp_path_factory.mktemp('tiny')/'photos', {'red': 12, 'blue': 12}), size=32, bs=4, valid_pct=0.4, num_workers=0)

def test_a_wider_head(tiny, tmp_path):
    "Layers and dropout as asked for; trained by fastai, saved, and asked without fastai, it answers the same."
    import torch
    from bears_lib.deploy import Classifier, save_model
    learn = bears_learner(tiny, hidden=16, dropout=0.25)
    first, _, drop, last = learn.model[1]
    assert (first.in_features, first.out_features, drop.p, last.in_features, last.out_features) == (1280, 16, 0.25, 16, 2)
    with pytest.raises(BearsError, match='one linear layer.*without hidden.*learn.fine_tune'): fit_head(learn)
    torch.manual_seed(0)
    with learn.no_bar(), learn.no_logging():
        learn.fit_one_cycle(2, 1e-3)
        expected = learn.get_preds()[0].numpy()
    ask = Classifier(save_model(learn, tmp_path/'model'))
    for path, row in zip(tiny.valid_ds.items, expected): assert [ask(path)[label] for label in tiny.vocab] == pytest.approx(row.tolist(), abs=1e-3)

@pytest.mark.parametrize('asked', [{'hidden': -1}, {'hidden': 10**6}, {'hidden': 8, 'dropout': 1.0}, {'hidden': 8, 'dropout': -0.1}])
def test_heads_that_cannot_be(tiny, asked):
    with pytest.raises(BearsError, match='hidden must be 0 to 8192 and dropout 0 to below 1'): bears_learner(tiny, **asked)

def test_batches_of_the_dataloaders_that_a_learner_was_made_from_are_normalised_too(tiny, tmp_path):
    "`learn.get_preds(dl=dls.test_dl(files))`, as in fastai's own programs, where `dls` and `learn.dls` are the same."
    learn, files = bears_learner(tiny), list(tiny.valid_ds.items)
    with learn.no_bar(), learn.no_logging():
        right = learn.get_preds()[0].numpy()
        for dl in (tiny.test_dl(files), learn.dls.test_dl(files), tiny.valid): assert np.abs(learn.get_preds(dl=dl)[0].numpy() - right).max() < 1e-6
        learn.path = tmp_path
        learn.export('export.pkl')
    from fastai.learner import load_learner
    again = load_learner(tmp_path/'export.pkl')
    with again.no_bar(), again.no_logging(): assert np.abs(again.get_preds(dl=tiny.test_dl(files))[0].numpy() - right).max() < 1e-6

def norms(learn): return {name: value.clone() for name, value in learn.model.state_dict().items() if 'running_' in name}

def test_pretrained_batch_norms_keep_their_averages(tiny):
    "While the body is frozen and after; without the callback they drift, and so they do from scratch."
    from bears_lib.train import KeepNorms
    kept, loose, scratch = bears_learner(tiny), bears_learner(tiny), bears_learner(tiny, pretrained=False)
    loose.remove_cb(KeepNorms)
    for learn, moves in [(kept, False), (loose, True), (scratch, True)]:
        before = norms(learn)
        with learn.no_bar(), learn.no_logging(): learn.fine_tune(1, base_lr=1e-4)
        after = norms(learn)
        assert len(before) > 50 and any(not before[name].equal(after[name]) for name in before) == moves

def test_the_norms_of_lite0_keep_their_averages_in_any_part_of_it():
    "Cut off by fastai, sliced, put into another network, copied: what trains it changes no average."
    from copy import deepcopy
    import torch
    from fastai.vision.learner import create_body
    from bears_lib.train import lite0
    whole = lite0()
    for part in (create_body(lite0(), cut=-2), lite0()[:3], torch.nn.Sequential(*lite0()), deepcopy(whole), whole.train()):
        before = {name: value.clone() for name, value in part.state_dict().items() if 'running_' in name}
        part.train()(torch.rand(2, 3, 32, 32))
        assert before and all(value.equal(part.state_dict()[name]) for name, value in before.items())
    scratch = lite0(pretrained=False).train()
    before = scratch[1].running_mean.clone()
    scratch(torch.rand(2, 3, 32, 32))
    assert not before.equal(scratch[1].running_mean)

def test_averaged_looks_by_hand(tiny):
    "`tta`: the mean over augmented looks, three quarters, and the plain look, one quarter; its log loss likewise."
    from dataclasses import replace
    from sklearn.metrics import accuracy_score, log_loss
    from bears_lib.interpret import evaluate
    learn = fit_head(bears_learner(tiny))
    result = evaluate(learn)
    looks, get_preds = [], learn.get_preds
    def watched(*args, **kwargs):
        answer = get_preds(*args, **kwargs)
        looks.append(answer[0].numpy())
        return answer
    with learn.no_bar():
        plain = get_preds()[0].numpy()
        learn.get_preds = watched
        found, truth = learn.tta(n=3)
    assert len(looks) == 4 and np.abs(looks.pop() - plain).max() < 1e-5
    assert np.ptp(looks, axis=0).max() > 1e-4  # the looks differ
    np.testing.assert_allclose(found.numpy(), 0.75*np.mean(looks, axis=0) + 0.25*plain, atol=1e-5)
    averaged = replace(result, probabilities=found.numpy())
    assert averaged.accuracy == accuracy_score(truth, found.argmax(1))
    assert averaged.losses.mean() == pytest.approx(log_loss(truth, found.numpy(), labels=[0, 1]), abs=1e-4)

def test_the_rate_to_take(tiny, capsys):
    "The sentence names the rate that fastai suggests; the weights and the folder stay as they were."
    import matplotlib.pyplot as plt
    from bears_lib.train import plot_lr
    learn = bears_learner(tiny)
    before, path = {name: value.clone() for name, value in learn.model.state_dict().items()}, learn.path
    figure = plot_lr(learn, 20)
    plt.close(figure)
    assert all(value.equal(before[name]) for name, value in learn.model.state_dict().items()) and learn.path == path
    words = capsys.readouterr().out
    taken = float(re.search(r'take about ([\d.e-]+),', words)[1])
    assert 1e-7 < taken < 10 and f'take {taken:.1g}' in figure.axes[0].texts[0].get_text()
    with pytest.raises(BearsError, match='num_it must be 20 to 1000'): plot_lr(learn, 5)

# ---- pictures of the layers

def test_a_network_without_convolutions_has_no_stack(tiny):
    from bears_lib.train import plot_activations, plot_stack
    learn = bears_learner(tiny, 'vit_tiny_patch16_224', pretrained=False)
    for plot in (plot_activations, plot_stack):
        with pytest.raises(BearsError, match='no convolutional layers'): plot(learn, tiny.valid_ds.items[0])

def test_the_stack_shows_the_learner_s_own_chances(tiny):
    import matplotlib.pyplot as plt
    from bears_lib.train import plot_stack
    learn = fit_head(bears_learner(tiny))
    photo = tiny.valid_ds.items[0]
    figure = plot_stack(learn, photo)
    words = [text.get_text().strip() for text in figure.axes[0].texts]
    plt.close(figure)
    with learn.no_bar(): label, _, chances = learn.predict(photo)
    assert f'{label} {float(chances.max()):.0%}' in words and '1280\nfeatures' in words
    assert not any(module._forward_hooks for module in learn.model.modules())

# ---- the guessing game

@pytest.fixture
def result():
    "What a model said of 20 photos of three classes; it calls everything black."
    from types import SimpleNamespace
    from bears_lib.engine.core.folders import read_folder, sample_folder
    photos = [photo for photo in read_folder(sample_folder(), check=False).photos][::20]
    labels = ['black', 'grizzly', 'teddy']
    return SimpleNamespace(photos=[photo.path for photo in photos], labels=labels, truth=np.array([labels.index(photo.label) for photo in photos]),
                           probabilities=np.tile([0.8, 0.1, 0.1], (len(photos), 1)))

def test_a_game_by_buttons(result):
    from bears_lib.train import Challenge
    game = Challenge(result, n=9, seed=1)
    game._build()
    truth = [path.parent.name for path in game.photos]
    assert len(set(game.photos)) == 9
    for i, buttons in enumerate(game.buttons):
        assert 'model' not in game.words[i].value and str(game) == f'{i} of 9 photos answered.'
        if i < 8: buttons.value = 'teddy'
        buttons.value = 'grizzly'  # changed one's mind, except at the last, with which the answers are out
    assert game.score == {'you': truth.count('grizzly'), 'model': truth.count('black'), 'n': 9}
    assert all(buttons.disabled for buttons in game.buttons) and 'model: black' in game.words[0].value
    assert f'You: {truth.count("grizzly")} of 9 right' in game.status.value

def test_a_game_by_typing(result):
    from bears_lib.train import Challenge
    game = Challenge(result, n=4, seed=2)
    typed = iter(['', 'panda', 'BLACK', 't', 'gri', ' teddy '])
    assert game.play(lambda question: next(typed)) == str(game) and game.guesses == ['black', 'teddy', 'grizzly', 'teddy']
    endless = Challenge(result, n=2)
    assert endless.play(lambda question: 'panda') == '0 of 2 photos answered.'

def test_games_that_cannot_be(result):
    from bears_lib.train import Challenge
    for n in (0, 61):
        with pytest.raises(BearsError, match='n must be 1 to 60'): Challenge(result, n=n)
    assert len(Challenge(result, n=60).photos) == len(result.photos)
    assert Challenge(result, seed=5).photos == Challenge(result, seed=5).photos
    game = Challenge(result, n=2)
    with pytest.raises(BearsError, match='no photo 3'): game.guess(3, 'black')
    with pytest.raises(BearsError, match='still to be answered'): game.score
    result.photos = []
    with pytest.raises(BearsError, match='no validation photos'): Challenge(result)

def test_many_classes_get_a_menu(result):
    from bears_lib.train import Challenge
    result.labels, result.probabilities = [f'kind {i}' for i in range(30)], np.tile(np.eye(30)[3], (len(result.photos), 1))
    game = Challenge(result, n=3)
    game._build()
    game.buttons[0].value = 'kind 7'
    assert game.guesses == ['kind 7', None, None]
    with pytest.raises(BearsError, match='more than one'): game.guess(2, 'kind')

@pytest.mark.parametrize('arch, says', [('squeezenet1_0', 'has no linear layer'), ('squeezenet1_1', 'has no linear layer'), (models.resnet18, "by its name in quotes.*not as resnet18"), (None, 'not as NoneType'), (34, 'not as int')])
def test_an_architecture_that_takes_no_head_is_a_sentence(arch, says):
    with pytest.raises(BearsError, match=says): create_body(arch, pretrained=False)

def test_folds_do_not_hang_on_the_name_of_the_folder(tmp_path):
    "fastai's own DataLoaders know no groups: the same photos elsewhere fall into the same folds."
    from types import SimpleNamespace
    from bears_lib.engine.train.learners import _groups
    def groups(root): return _groups(SimpleNamespace(), [root/name for name in ('cat/1.jpg', 'cat/2.jpg', 'dog/1.jpg')])
    assert groups(tmp_path/'one') == groups(tmp_path/'a longer name') and len(set(groups(tmp_path))) == 3
