"Every figure beside an independent computation; maps by hand; the report as a page; and whatever may be wrong with a model or a folder."
import html, re, shlex, shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from bears_lib.commands import bears_train
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.interpret.explain import Network, at_rest, deletion_curves, find_patches, grad_cam_map, occlusion_map, open_model, output_of, stages
from bears_lib.engine.features.novelty import fit_familiar
from bears_lib.engine.predict.model_folder import read_model, write_model
from bears_lib.engine.core.photos import Preprocess
from bears_lib.interpret import (Evaluation, bears_report, calibration, calibration_error, evaluate, grad_cam, layer_patches, leaks, most_confused,
                                 occlusion, plot_calibration, plot_confusion, report, top_losses)
from bears_lib.engine.interpret.reporting import advice
from conftest import Page, in_browser, make_photos

@pytest.fixture(scope='module')
def place(tmp_path_factory):
    "A folder with photos and the model that was trained on them."
    place = tmp_path_factory.mktemp('interpret')
    bears_train(str(make_photos(place/'photos', {'red': 10, 'blue': 10})), model=str(place/'model'))
    return place

@pytest.fixture(scope='module')
def result(place): return evaluate(place/'model', place/'photos')

def made_up(n=400, classes=4, seed=0) -> Evaluation:
    "Answers that are often right, and not always as sure as they should be."
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, n)
    scores = rng.normal(size=(n, classes)) + 1.5*np.eye(classes)[truth]
    chances = np.exp(2*scores)
    return Evaluation([Path(f'{i}.jpg') for i in range(n)], [f'class {i}' for i in range(classes)], truth, (chances/chances.sum(1, keepdims=True)).astype(np.float32), rng.normal(size=(n, 5)).astype(np.float32))

# Metrics beside scikit-learn's

def test_metrics_equal_those_of_scikit_learn():
    from sklearn.metrics import accuracy_score, confusion_matrix, log_loss
    some = made_up()
    assert some.accuracy == pytest.approx(accuracy_score(some.truth, some.predicted))
    assert some.losses.mean() == pytest.approx(log_loss(some.truth, some.probabilities, labels=range(4)), abs=1e-5)
    assert (some.confusion == confusion_matrix(some.truth, some.predicted, labels=range(4))).all()
    counts = {(actual, said): n for actual, said, n in most_confused(some)}
    assert counts[('class 0', 'class 1')] == confusion_matrix(some.truth, some.predicted)[0, 1]

@pytest.mark.parametrize('bins', [1, 5, 10])
def test_calibration_equals_that_of_scikit_learn(bins):
    from sklearn.calibration import calibration_curve
    some = made_up()
    right, said = calibration_curve(some.right, some.probabilities.max(1), n_bins=bins)
    ours = calibration(some, bins)
    assert [each.right/each.n for each in ours] == pytest.approx(right)
    assert [each.said for each in ours] == pytest.approx(said)
    assert sum(each.n for each in ours) == 400
    assert calibration_error(some, bins) == pytest.approx(sum(each.n/400*abs(a - b) for each, a, b in zip(ours, right, said)))

def test_likeness_is_the_mean_cosine_to_the_nearest_and_separates():
    from sklearn.metrics import roc_auc_score
    from sklearn.neighbors import NearestNeighbors
    rng = np.random.default_rng(0)
    train, valid, strange = rng.normal(1, 1, (300, 32)), rng.normal(1, 1, (100, 32)), rng.normal(-1, 1, (100, 32))
    known = fit_familiar(train, valid)
    near = 1 - NearestNeighbors(n_neighbors=3, metric='cosine').fit(train).kneighbors(strange)[0].mean(1)
    assert known.likeness(strange) == pytest.approx(near, abs=1e-5)
    assert roc_auc_score([1]*100 + [0]*100, np.r_[known.likeness(valid), known.likeness(strange)]) > 0.99
    assert known.valid_share <= 0.03 and (known.likeness(strange) < known.threshold).mean() > 0.9

def test_nearest_and_leaks():
    some, other = made_up(50), made_up(20, seed=1)
    other.features[3] = some.features[7]*2
    assert leaks(some, other, 0.999) == [(Path('7.jpg'), Path('3.jpg'), pytest.approx(1))]

# Maps by hand

class TwoLayers(nn.Module):
    "A convolution with a stride, a ReLU, a mean, a linear layer."
    def __init__(self):
        super().__init__()
        self.conv, self.relu, self.linear = nn.Conv2d(3, 4, 2, stride=2), nn.ReLU(inplace=True), nn.Linear(4, 3)
    def forward(self, pixels): return self.linear(self.relu(self.conv(pixels)).mean((2, 3)))

def test_grad_cam_equals_a_computation_by_hand():
    torch.manual_seed(1)
    model, pixels = TwoLayers(), torch.randn(1, 3, 8, 8)
    kernel, bias, weight = (tensor.detach().numpy() for tensor in (model.conv.weight, model.conv.bias, model.linear.weight))
    photo, before = pixels[0].numpy(), np.zeros((4, 4, 4))
    for k, i, j in np.ndindex(4, 4, 4): before[k, i, j] = (kernel[k]*photo[:, 2*i:2*i + 2, 2*j:2*j + 2]).sum() + bias[k]
    for target in range(3):
        after = np.maximum(before, 0)
        by_hand = np.maximum(np.einsum('k,kij->ij', weight[target]/16, after), 0)
        assert grad_cam_map(model, pixels, model.relu, target) == pytest.approx(by_hand, abs=1e-6)
        slopes = weight[target][:, None, None]/16*(before > 0)
        by_hand = np.maximum(np.einsum('k,kij->ij', slopes.mean((1, 2)), before), 0)
        assert grad_cam_map(model, pixels, model.conv, target) == pytest.approx(by_hand, abs=1e-6)  # though the ReLU works in place

def test_grad_cam_equals_that_of_captum(place):
    captum = pytest.importorskip('captum.attr')
    network = open_model(place/'model')
    pixels, layer = network.pixels(next((place/'photos'/'red').iterdir())), network.model.get_submodule('0.conv_head')
    theirs = captum.LayerGradCam(network.model, layer).attribute(pixels, 1, relu_attributions=True)[0, 0].detach().numpy()
    assert grad_cam_map(network.model, pixels, layer, 1) == pytest.approx(theirs, abs=1e-4)

def hooks(model): return sum(len(part._forward_hooks) + len(part._backward_hooks) for part in model.modules())

def test_no_hook_is_left_and_no_mode_changed(place):
    network = open_model(place/'model')
    network.model.train()
    network.model[0].bn1.eval()
    photo = next((place/'photos'/'red').iterdir())
    grad_cam(network, photo), occlusion(network, photo), layer_patches(network, 'bn2', [0], photos=[photo])
    with pytest.raises(RuntimeError): grad_cam_map(network.model, torch.zeros(1, 1, 64, 64), network.model[0].bn2, 0)
    with pytest.raises(RuntimeError), at_rest(network.model), output_of(network.model[0].bn2): raise RuntimeError
    assert hooks(network.model) == 0
    assert network.model.training and network.model[0].bn2.training and not network.model[0].bn1.training

def test_occlusion_covers_what_the_model_looks_at_and_deletion_sees_it():
    class Corner(nn.Module):
        "Sure of class 0 when the lower left corner is bright."
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))
        def forward(self, pixels):
            bright = pixels[:, :, 48:, :16].mean((1, 2, 3))*self.scale
            return torch.stack([bright, -bright], 1)
    network = Network(Corner(), ['yes', 'no'], Preprocess(64))
    photo = np.zeros((64, 64, 3), np.uint8)
    photo[48:, :16] = 255
    heat = occlusion_map(network, network.pixels(photo), 0)
    assert heat[6:, :2].min() > 0.1 and abs(heat[:4]).max() < 1e-6
    curves = deletion_curves(network, Image.fromarray(photo), heat, 0)
    assert curves.shape == (20, 6) and np.ptp(curves[:, 0]) < 1e-6
    assert curves[0].mean() < np.quantile(curves[1:].mean(1), 0.1)
    assert deletion_curves(network, Image.fromarray(photo), -heat, 0)[0].mean() > curves[1:].mean()

def test_patches_lie_where_the_channel_answers():
    "A channel that answers to red finds the red squares, wherever they are."
    model = nn.Sequential(nn.Sequential(nn.Conv2d(3, 2, 8, stride=8), nn.Conv2d(2, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()), nn.Linear(2, 2))
    with torch.no_grad():
        model[0][0].weight.zero_()[0, 0] = 1
        model[0][1].weight.copy_(torch.eye(2)[..., None, None])
    corners, photos = [(8, 40), (24, 0), (56, 56)], []
    for left, top in corners:
        photo = np.zeros((64, 64, 3), np.uint8)
        photo[top:top + 8, left:left + 8, 0] = 255
        photos.append(photo)
    row, = find_patches(Network(model, ['a', 'b'], Preprocess(64)), ['0.1'], photos, [0], n=3)
    assert row.side == 8 and [(left, top) for _, left, top in row.places] == corners

# Bad input

def test_a_network_without_convolutions_is_told_what_works_instead():
    from bears_lib.engine.features.backbone import create_body
    body = create_body('vit_tiny_patch16_224', pretrained=False, size=64)
    network = Network(nn.Sequential(body, nn.Linear(192, 2)), ['a', 'b'], Preprocess(64), 'vit_tiny_patch16_224')
    with pytest.raises(BearsError, match=r'no convolutional layers .* occlusion\(learn, photo\) works'): grad_cam(network, np.zeros((64, 64, 3), np.uint8))
    assert occlusion(network, np.zeros((64, 64, 3), np.uint8)).heat.shape == (8, 8)

@pytest.mark.parametrize('arch', ['mobilenetv2_050', 'shufflenet_v2_x0_5', 'convnext_atto'])
def test_other_architectures_have_maps(arch):
    from bears_lib.engine.features.backbone import create_body
    body = create_body(arch, pretrained=False, size=64)
    network = Network(nn.Sequential(body, nn.Linear(int(body.num_features), 2)), ['a', 'b'], Preprocess(64), arch)
    assert len(stages(network)) >= 2 and grad_cam(network, np.zeros((64, 64, 3), np.uint8)).heat.min() >= 0

def test_layers_labels_and_channels_that_are_not_there(place):
    photo = next((place/'photos'/'red').iterdir())
    with pytest.raises(BearsError, match="Did you mean 'blocks.3'"): grad_cam(place/'model', photo, layer='block.3')
    with pytest.raises(BearsError, match="no class 'reed'.*'red'"): grad_cam(place/'model', photo, label='reed')
    with pytest.raises(BearsError, match='channels 0 to 1279'): layer_patches(place/'model', 'bn2', [1280], photos=[photo])
    with pytest.raises(BearsError, match='holds no photos'): layer_patches(place/'model')
    with pytest.raises(BearsError, match='holds no photos'): evaluate(place/'model')

def test_other_labels_an_absent_class_and_one_photo_each(place, tmp_path):
    with pytest.raises(BearsError, match="class 'rad', and the model knows blue, red. Did you mean 'red'"): evaluate(place/'model', make_photos(tmp_path/'other', {'blue': 1, 'rad': 1}))
    one = evaluate(place/'model', make_photos(tmp_path/'one', {'red': 1, 'blue': 1}, seed=1))
    assert 'n = 1' in str(one) and one.confusion.sum() == 2
    absent = evaluate(place/'model', make_photos(tmp_path/'absent', {'red': 2}, seed=1))
    assert absent.notes == ['No photo shows blue: nothing can be said about that class.'] and 'blue: no photo to check with' in str(absent)
    for some in (one, absent):
        plot_confusion(some), plot_calibration(some), top_losses(some)
    page = report(place/'model', tmp_path/'absent', tmp_path/'page.html').read_text(encoding='utf-8')
    assert 'no photo shows it' in page and 'No photo shows blue' in page

def test_answers_that_are_not_finite(place, tmp_path):
    from bears_lib.engine.core.folders import read_folder
    from bears_lib.train import bears_dls, bears_learner
    learn = bears_learner(bears_dls(place/'photos'))
    with torch.no_grad(): learn.model[1].weight.fill_(torch.nan)
    photo = read_folder(place/'photos').photos[0].path
    for ask in (lambda: evaluate(learn), lambda: grad_cam(learn, photo), lambda: occlusion(learn, photo), lambda: report(learn, to=tmp_path/'page.html')):
        with pytest.raises(BearsError, match='not finite'): ask()
    assert not (tmp_path/'page.html').exists()

def test_weights_that_do_not_fit_the_architecture(place, tmp_path):
    from bears_lib.deploy import save_model
    from bears_lib.train import bears_dls, bears_learner, fit_head
    own = save_model(fit_head(bears_learner(bears_dls(place/'photos'))), tmp_path/'own')
    info, data = read_model(own, 'model.safetensors')
    network = read_model(own)[1]
    for name in ('resnet18', 'hf-hub:somebody/something', '../model', ''):
        folder = write_model(tmp_path/'other', replace(info, backbone={'name': name}), {'model.safetensors': data, 'model.onnx': network})
        with pytest.raises(BearsError, match='cannot be rebuilt'): open_model(folder)
    assert 'cannot be' not in report(folder, place/'photos', tmp_path/'page.html').read_text(encoding='utf-8')  # without heat maps

# The report

def test_report_of_the_photos_that_were_held_back(place, tmp_path):
    done = bears_report(str(place/'model'), str(place/'photos'), to=str(tmp_path/'page.html'))
    info, _ = read_model(place/'model')
    assert (done['n'], done['accuracy']) == (info.metrics['n'], info.metrics['accuracy'])
    text = Path(done['report']).read_text(encoding='utf-8')
    page = Page(text)
    pictures = page.all('img')
    assert page.open == [] and len(pictures) > 8
    assert all(len(attrs['alt']) > 20 and attrs['src'].startswith('data:image/jpeg;base64,') for attrs in pictures)
    assert not [tag for tag, attrs in page.tags if tag in ('script', 'link', 'iframe') or any(name.startswith('on') for name in attrs)]
    assert not re.search(r'(src|href)="(?!data:)', text) and "default-src 'none'" in text
    assert text.count('each by a model that had not seen it') == 1 and text.count('out-of-fold') == 1 and 'Looks most like' in text and 'bright where the model looked' in text

def test_report_of_other_photos_is_small_and_says_whose_they_are(place, tmp_path):
    photos = make_photos(tmp_path/'photos', {'red': 250, 'blue': 250}, seed=1)
    done = bears_report(str(place/'model'), str(photos), to=str(tmp_path/'page.html'))
    assert done['n'] == 500 and done['bytes'] < 3_000_000
    assert 'Judged by 500 that the model has never met.' in Path(done['report']).read_text(encoding='utf-8')

def test_report_escapes_what_files_and_classes_are_called(place, tmp_path):
    name = '<script>alert(1)<'
    photos = make_photos(tmp_path/'photos', {'red': 2, 'blue': 2})
    (photos/'red'/'0.jpg').rename(photos/'red'/f'{name}.jpg')
    assert '<script' not in report(place/'model', photos, tmp_path/'page.html').read_text(encoding='utf-8')

def test_report_says_what_it_is_and_what_to_do_next(place, tmp_path):
    done = bears_report(str(place/'model'), str(place/'photos'), to=str(tmp_path/'page.html'))
    text = Path(done['report']).read_text(encoding='utf-8')
    for words in (f'<code>{place/"model"}</code>', f'<code>{place/"photos"}</code>', f'{datetime.now():%d %B %Y}', f'bears report {place/"model"} {place/"photos"} --to'):
        assert words in text, words
    assert done['next'] in html.unescape(text) and ' '.join(done['next'].split()[:2]) in ('bears gather', 'bears app', 'bears check')
    assert text.index('Next:') < text.index('Class by class')

def test_report_says_first_what_to_look_at(place, tmp_path):
    photos = make_photos(tmp_path/'photos', {'red': 12, 'blue': 12}, seed=3)
    for i in range(3): shutil.move(photos/'red'/f'{i}.jpg', photos/'blue'/f'wrong{i}.jpg')
    text = Path(bears_report(str(place/'model'), str(photos), to=str(tmp_path/'page.html'))['report']).read_text(encoding='utf-8')
    n = len(evaluate(place/'model', photos).photos)
    first = text[:text.index('Next:')]
    assert re.search(rf'<b>\d+ of {n} right\.</b>', first) and re.search(r'Look at these [3-9] first', first)
    assert all(f'blue/wrong{i}.jpg: the folder says blue' in first for i in range(3)) and 'folder: <b>blue</b><br>model: <b>red</b>' in first
    assert 'Log loss' not in re.sub(r'<details>.*?</details>', '', first) and '95% interval' in first
    links = re.findall(r'<li><a href="#(card-worst-\d+)">', first)
    assert links and all(text.count(f'id="{link}"') == 1 for link in links)  # each leads to its card
    assert all(f'<code class="path">blue/wrong{i}.jpg</code>' in first for i in range(3))
    assert f'{photos}/' not in text and '>blue/wrong0.jpg<' in text  # the folder once, not on each card
    assert 'class="wide stack"' in text and '<td data-head="95% interval">' in text

def test_report_on_a_model_in_memory_says_whose_photos_and_names_no_command_that_cannot_run(tmp_path):
    from bears_lib.train import fit_photos
    photos = make_photos(tmp_path/'photos', {'red': 40, 'blue': 40}, seed=2)
    name = f'{"0123456789abcdef"*4}.jpg'
    (photos/'red'/'0.jpg').rename(photos/'blue'/name)
    text = report(fit_photos(photos), to=tmp_path/'page.html').read_text(encoding='utf-8')
    assert re.search(r'<li>Judged on its own \d+ training photos, 2 classes</li>', text)
    plain = re.sub(r'<details>.*?</details>|<style>.*?</style>', '', text, flags=re.S)  # what is read without opening a fold
    assert plain.count('Each photo was judged by a model that had not seen it.') == 1 and not re.search(r'out-of-fold|cross-valid|\bheads? (that|which)\b', plain)
    assert text.count('out-of-fold') == 1 and text.count('cross-validation') == 1
    assert 'MODEL' not in text and "bears app model --keep offered" in text and "save_model(learn, &#x27;model&#x27;)" in text
    assert f'<code class="path" title="blue/{name}">blue/{name[:8]}<s>{name[8:-5]}</s>{name[-5:]}</code>' in text  # the copy is whole

@pytest.mark.parametrize('sure, heading', [(1, 'Look at this one first'), (13, 'Look at these 13 first'), (40, 'Look at these 12 of 40 first')])
def test_the_photos_to_look_at_first_are_those_that_the_advice_counts(sure, heading, place):
    from bears_lib.engine.interpret.reporting import _look_first
    result = judged(200, 40, 0.6)
    result.probabilities[:sure] = (0.03, 0.97)
    photo = sorted((place/'photos').rglob('*.jpg'))[0]
    result.photos = [photo]*len(result.photos)
    told = _look_first(result, [str(i) for i in range(len(result.photos))])
    assert heading in told and f'Of its 40 mistakes the model is at least 90% sure of {sure}' in told
    if sure >= 3: assert advice(result, 'm', 'photos')[0].startswith(f'{sure} photos are wrong')

def judged(n:int, wrong:int, chance:float=0.8, about:str='') -> Evaluation:
    "Two classes of `n` photos; of the first, `wrong` are taken for the second with that probability."
    truth, said = np.repeat([0, 1], n), np.repeat([[0.97, 0.03], [0.03, 0.97]], n, axis=0)
    said[:wrong] = 1 - chance, chance
    return Evaluation([Path(f'{i}.jpg') for i in range(2*n)], ['black', 'grizzly'], truth, said, np.zeros((2*n, 4)), about=about)

@pytest.mark.parametrize('result, words, command', [
    (judged(100, 0, about='all of these: the figure is too good.'), 'not seen', 'bears report m OTHER_PHOTOS'), (judged(100, 8, 0.99), '8 photos are wrong', "bears check 'my photos'"),
    (judged(12, 0), 'Only 12 photos of black', "bears gather 'my photos' --classes black"), (judged(100, 30), 'black is taken for grizzly most often (30 times)', "bears gather 'my photos' --classes black,grizzly"),
    (judged(100, 4), 'right on at least 95%', 'bears app m --keep offered')])
def test_advice_names_what_misleads_most(result, words, command):
    said, then = advice(result, 'm', "'my photos'")
    assert words in said and then == command

def test_advice_sends_new_photos_into_the_part_that_takes_them(tmp_path):
    for part in ('Train', 'val'): make_photos(tmp_path/'my photos'/part, {'black': 1, 'grizzly': 1})
    photos = shlex.quote(str(tmp_path/'my photos'))
    assert advice(judged(12, 0), 'm', photos)[1] == f"bears gather {shlex.quote(str(tmp_path/'my photos'/'val'))} --classes black"
    assert advice(judged(100, 30), 'm', photos)[1] == f"bears gather {shlex.quote(str(tmp_path/'my photos'/'Train'))} --classes black,grizzly"
    assert advice(judged(100, 8, 0.99), 'm', photos)[1] == f'bears check {photos}'

def test_report_sets_unknown_classes_apart(place, tmp_path, capsys):
    photos = make_photos(tmp_path/'photos', {'red': 6, 'blue': 6, 'rad': 3}, seed=5)
    for i in range(2): Image.fromarray(np.full((90, 120, 3), 255, np.uint8)).save(next((photos/'rad').iterdir()).with_name(f'white{i}.png'))
    done = bears_report(str(place/'model'), str(photos), to=str(tmp_path/'page.html'))
    assert done['n'] == 12 and done['accuracy'] == evaluate(place/'model', make_photos(tmp_path/'same', {'red': 6, 'blue': 6}, seed=5)).accuracy
    found, text = done['unknown_classes']['rad'], Path(done['report']).read_text(encoding='utf-8')
    assert found['n'] == 5 and found['unsure'] + sum(found['taken_for'].values()) == 5 and found['unsure'] >= 2
    assert 'Classes that the model does not know' in text and any("Did you mean 'red'" in note for note in done['notes'])
    assert "Did you mean 'red'? Its photos stay out of the figures." in capsys.readouterr().err
    for label in ('red', 'blue'): shutil.rmtree(photos/label)
    with pytest.raises(BearsError, match="class 'rad', and the model knows"): bears_report(str(place/'model'), str(photos), to=str(tmp_path/'page.html'))

@in_browser
@pytest.mark.parametrize('width, scheme', [(1366, 'light'), (390, 'dark')])
def test_the_map_and_the_photos_of_a_report_work_without_a_script(place, tmp_path, browser, width, scheme):
    bears_report(str(place/'model'), str(make_photos(tmp_path/'photos', {'red': 40, 'blue': 40}, seed=2)), to=str(tmp_path/'page.html'))
    page = browser.new_page(viewport={'width': width, 'height': 800}, color_scheme=scheme, java_script_enabled=True)
    said: list[str] = []
    page.on('console', lambda message: said.append(message.text))
    page.goto((tmp_path/'page.html').as_uri())
    assert page.evaluate('document.documentElement.scrollWidth') == width
    boxes = page.eval_on_selector_all('.map .dot', 'dots => dots.map(dot => { const box = dot.getBoundingClientRect(); return [Math.round(box.x), Math.round(box.y), box.width] })')
    assert len({(x, y) for x, y, _ in boxes}) == 80 and min(wide for *_, wide in boxes) > 20
    left, right = page.evaluate("(box => [box.left, box.right])(document.querySelector('.mapbox').getBoundingClientRect())")
    assert all(left + 4 <= x and x + wide + 4 <= right for x, _, wide in boxes)  # a ring is 4 pixels wide
    outer = [min(range(80), key=lambda k: boxes[k][0]), max(range(80), key=lambda k: boxes[k][0])]
    for dot in map(page.locator('.map .dot').nth, outer):
        dot.focus()  # which enlarges it
        page.wait_for_timeout(200)
        assert dot.bounding_box()['width'] > 2*boxes[0][2] and left <= dot.evaluate('dot => dot.getBoundingClientRect().left') and dot.evaluate('dot => dot.getBoundingClientRect().right') <= right
    broken = """[...document.querySelectorAll('th')].filter(cell => !cell.innerText.includes(' ')).filter(cell => (range => {
        range.selectNodeContents(cell); return range.getClientRects().length > 1; })(document.createRange())).map(cell => cell.innerText)"""
    assert page.evaluate(broken) == []  # no word of a table's head
    cards = page.locator('.map figure:visible')
    assert cards.count() == 0
    page.locator('.map .dot').first.focus()
    page.keyboard.press('ArrowRight')
    assert cards.count() == 1 and re.fullmatch(r'(red|blue)/\S+', cards.locator('.path').inner_text())
    assert page.locator('.wide').evaluate_all('boxes => boxes.every(box => box.scrollWidth <= box.clientWidth)')  # no class is out of sight
    page.keyboard.press('Tab')
    page.keyboard.press('Space')  # keep it in the list
    page.locator('.map .dot').nth(30).click(force=True)
    assert cards.count() == 2
    page.get_by_role('button', name='Empty the list').click()
    assert cards.count() == 0
    page.get_by_role('checkbox', name='red').uncheck()
    assert page.locator('.map .dot:visible').count() == 40
    small = page.locator('.shot img').first.bounding_box()
    page.locator('.shot > button').first.click()
    assert page.locator('.shot img').first.bounding_box()['width'] > 1.5*small['width']
    page.keyboard.press('Escape')
    assert page.locator('.shot img').first.bounding_box()['width'] == small['width'] and not said
    page.close()

def test_report_refuses_a_folder_before_it_looks_at_any_photo(place, tmp_path):
    with pytest.raises(BearsError, match='is a folder'): report(place/'model', tmp_path/'not-there', tmp_path)
    with pytest.raises(BearsError, match='is not there'): report(place/'model', tmp_path/'not-there', tmp_path/'page.html')
    assert list(tmp_path.iterdir()) == []
