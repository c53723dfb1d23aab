"The cleaner without a browser: its menus and buttons are worked as a hand would, and the disk is looked at."
import json
import numpy as np
import pytest

pytest.importorskip('ipywidgets')
from bears_lib.engine.gather.audit import Finding, check_images
from bears_lib.engine.gather.cleaner import ImageCleaner
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.core.folders import read_metadata, sample_folder, write_metadata
from conftest import make_photos

@pytest.fixture
def folder(tmp_path):
    "30 photos of three classes, with metadata.csv."
    root = make_photos(tmp_path/'photos', {'red': 10, 'blue': 10, 'reddish': 10})
    for i in range(10): (root/'reddish'/f'{i}.jpg').rename(root/'reddish'/f'r{i}.jpg')
    write_metadata(root, [{'file_name': path.relative_to(root).as_posix(), 'label': path.parent.name} for path in root.glob('*/*.jpg')])
    return root

@pytest.fixture
def judged(folder):
    "A report whose probabilities are made up: no model is needed to test the cleaner."
    report = check_images(folder, judge=False)
    report.probabilities = np.random.default_rng(0).dirichlet(np.ones(3), len(report.folder.photos))
    report.findings = []
    return report

def files(root): return {path.relative_to(root).as_posix() for path in root.glob('*/*.jpg')}

def test_every_photo_can_be_reached_worst_first(judged, folder):
    cleaner = ImageCleaner(judged, per_page=7)
    seen = []
    while True:
        seen += [entry.file for entry in cleaner.on_page]
        assert [card.file for card in cleaner.cards if card.file] == [entry.file for entry in cleaner.on_page]
        if cleaner.controls['next'].disabled: break
        cleaner.controls['next'].click()
    assert set(seen) == files(folder) and len(seen) == 30
    assert seen == judged.suspects()
    assert cleaner.controls['of'].value == 'of 5, 30 photos'

def test_a_card_shows_prediction_probability_and_loss(judged):
    cleaner = ImageCleaner(judged)
    i = judged.folder.photos.index(next(photo for photo in judged.folder.photos if photo.path.as_posix().endswith(cleaner.cards[0].file)))
    words = cleaner.cards[0].words.value
    assert f'says {judged.labels[judged.probabilities[i].argmax()]} ({judged.probabilities[i].max():.0%})' in words and f'loss {judged.losses[i]:.2f}' in words
    assert cleaner.cards[0].image.value[:3] == b'\xff\xd8\xff'

def test_choices_survive_class_split_and_page(judged):
    cleaner = ImageCleaner(judged, per_page=5)
    parts, chosen = cleaner.controls, {}
    for label in ('red', 'blue', ''):
        parts['label'].value = label
        for split in ('train', 'valid', ''):
            parts['split'].value = split
            card = cleaner.cards[0]
            if card.file and card.file not in chosen:
                card.menu.value = 'remove'
                chosen[card.file] = None
        parts['next'].click()
        card = cleaner.cards[1]
        if card.file and card.file not in chosen:
            card.menu.value = next(value for _, value in card.menu.options if value.startswith('to '))
            chosen[card.file] = card.menu.value.removeprefix('to ')
    assert cleaner.choices == chosen and len(chosen) >= 4
    parts['label'].value = ''
    shown = {}
    for page in range(1, cleaner.pages + 1):
        parts['page'].value = page
        shown |= {card.file: card.menu.value for card in cleaner.cards if card.file}
    assert {file: value for file, value in shown.items() if value != 'keep'} == {file: 'remove' if label is None else f'to {label}' for file, label in chosen.items()}

def test_apply_and_undo(judged, folder):
    before, rows = files(folder), read_metadata(folder)
    cleaner = ImageCleaner(judged, per_page=30)
    menus = {card.file: card.menu for card in cleaner.cards}
    menus['red/0.jpg'].value, menus['red/1.jpg'].value, menus['blue/2.jpg'].value = 'to blue', 'remove', 'to reddish'
    menus['blue/0.jpg'].value = 'remove'
    menus['blue/0.jpg'].value = 'keep'
    cleaner.controls['apply'].click()
    assert files(folder) == before - {'red/0.jpg', 'red/1.jpg', 'blue/2.jpg'} | {'blue/0-2.jpg', 'reddish/2.jpg'}
    assert (folder/'.bears'/'removed'/'red'/'1.jpg').exists()
    assert read_metadata(folder)['blue/0-2.jpg']['label'] == 'blue' and set(read_metadata(folder)) == files(folder)
    assert {card.file for card in cleaner.cards if card.file} == files(folder)
    assert 'Taken out: 1 ' in cleaner.controls['message'].value and cleaner.controls['apply'].disabled
    cleaner.controls['undo'].click()
    assert files(folder) == before and read_metadata(folder) == rows
    assert {card.file for card in cleaner.cards if card.file} == before and cleaner.controls['undo'].disabled

def test_a_moved_photo_keeps_what_is_known_of_it(judged):
    cleaner = ImageCleaner(judged, per_page=30)
    entry = next(entry for entry in cleaner.entries if entry.file == 'red/3.jpg')
    chances, loss = entry.chances, entry.loss
    cleaner.relabel('red/3.jpg', 'reddish')
    cleaner.apply()
    assert (entry.file, entry.chances) == ('reddish/3.jpg', chances) and entry.loss == pytest.approx(-np.log(chances['reddish']))
    cleaner.undo()
    assert (entry.file, entry.loss) == ('red/3.jpg', loss)

def test_a_name_used_again_shows_the_photo_that_has_it_now(judged):
    cleaner = ImageCleaner(judged, per_page=30)
    pictures = {card.file: card.image.value for card in cleaner.cards}
    cleaner.remove('red/3.jpg')
    cleaner.apply()
    cleaner.relabel('blue/3.jpg', 'red')
    cleaner.apply()
    assert next(card for card in cleaner.cards if card.file == 'red/3.jpg').image.value == pictures['blue/3.jpg']
    for _ in range(2): cleaner.undo()
    assert {card.file: card.image.value for card in cleaner.cards} == pictures

def test_undo_of_an_earlier_session(judged, folder):
    cleaner = ImageCleaner(judged)
    cleaner.remove('red/0.jpg')
    cleaner.apply()
    later = ImageCleaner(check_images(folder, judge=False), per_page=30)
    assert not later.controls['undo'].disabled
    later.controls['undo'].click()
    assert 'red/0.jpg' in {card.file for card in later.cards} and (folder/'red'/'0.jpg').exists()

def test_a_file_that_went_away_is_reported_and_nothing_moves(judged, folder):
    cleaner = ImageCleaner(judged)
    cleaner.remove('red/0.jpg')
    cleaner.remove('red/1.jpg')
    (folder/'red'/'0.jpg').unlink()
    cleaner.controls['apply'].click()
    assert 'is not there' in cleaner.controls['message'].value and (folder/'red'/'1.jpg').exists() and len(cleaner.choices) == 2
    cleaner.turn_to(0)  # a page with the missing photo still shows

def test_names_of_strangers_are_no_markup(folder):
    name = folder/'red'/'<img src=x onerror=alert(1)>.jpg'
    (folder/'red'/'0.jpg').rename(name)
    cleaner = ImageCleaner(check_images(folder, judge=False), per_page=30)
    assert not [card for card in cleaner.cards if '<img' in card.words.value] and any('&lt;img' in card.words.value for card in cleaner.cards)

def test_a_class_may_be_called_keep_or_remove(tmp_path):
    root = make_photos(tmp_path/'photos', {'keep': 3, 'remove': 3})
    cleaner = ImageCleaner(check_images(root, judge=False))
    card = next(card for card in cleaner.cards if card.file == 'keep/0.jpg')
    card.menu.value = 'to remove'
    assert cleaner.choices == {'keep/0.jpg': 'remove'}
    cleaner.controls['apply'].click()
    assert (root/'remove'/'0-2.jpg').exists() and not (root/'.bears'/'removed').exists()

def test_broken_files_come_first_and_can_go(folder):
    (folder/'red'/'broken.jpg').write_text('<html>', encoding='utf-8')
    cleaner = ImageCleaner(check_images(folder, judge=False))
    assert cleaner.cards[0].file == 'red/broken.jpg' and 'unreadable' in cleaner.cards[0].words.value
    cleaner.cards[0].menu.value = 'remove'
    cleaner.controls['apply'].click()
    assert not (folder/'red'/'broken.jpg').exists()

def test_the_last_photo_of_a_class_may_go(tmp_path):
    root = make_photos(tmp_path/'photos', {'red': 1, 'blue': 2})
    cleaner = ImageCleaner(check_images(root, judge=False))
    cleaner.controls['label'].value = 'red'
    cleaner.cards[0].menu.value = 'to blue'
    cleaner.controls['apply'].click()
    assert cleaner.controls['label'].value == '' and [value for _, value in cleaner.controls['label'].options] == ['', 'blue']
    cleaner.controls['undo'].click()
    assert (root/'red'/'0.jpg').exists()

def test_the_packaged_sample_is_not_changed():
    root = sample_folder()
    cleaner = ImageCleaner(check_images(root, judge=False), per_page=1)
    cleaner.cards[0].menu.value = 'remove'
    file = cleaner.cards[0].file
    cleaner.controls['apply'].click()
    assert 'sample_bears(' in cleaner.controls['message'].value and (root/file).exists() and not (root/'.bears').exists()

def test_a_learner_tells_what_it_says(tmp_path):
    from bears_lib.train import bears_dls, bears_learner, fit_head
    root = make_photos(tmp_path/'photos', {'red': 8, 'blue': 8})
    (root/'red'/'7.jpg').rename(root/'blue'/'wrong.jpg')
    learn = fit_head(bears_learner(bears_dls(root, valid_pct=0.25, batch_tfms=[])))
    cleaner = ImageCleaner(root, learn, per_page=20)
    assert {entry.file for entry in cleaner.entries if entry.valid} == {path.relative_to(root).as_posix() for path in learn.dls.valid_ds.items}
    assert all(set(entry.chances) == {'red', 'blue'} for entry in cleaner.entries)

@pytest.mark.parametrize('kind', [dict(per_page=0), dict(per_page=100), dict(side=10)])
def test_bad_input(judged, kind):
    with pytest.raises(BearsError, match='must be'): ImageCleaner(judged, **kind)

def test_choices_are_there_again_in_the_next_cleaner(judged, folder):
    "Two cleaners on one folder keep both theirs; what is carried out, or makes no sense any more, is gone."
    one, two = ImageCleaner(judged, per_page=7), ImageCleaner(judged, per_page=7)
    first, second, third = (entry.file for entry in one.on_page[:3])
    one.remove(first)
    two.relabel(second, next(label for label in two.labels if label != second.split('/')[0]))
    two.remove(third)
    two.keep(third)
    again = ImageCleaner(judged, per_page=7)
    assert again.choices == one.choices | two.choices and set(again.choices) == {first, second}
    assert [card.menu.value for card in again.cards[:3]] == ['remove', f'to {two.choices[second]}', 'keep']
    again.controls['apply'].click()
    assert ImageCleaner(folder).choices == {}
    (folder/'.bears'/'choices.json').write_text('{"gone.jpg": null, "red/0.jpg": "panda"}', encoding='utf-8')
    assert ImageCleaner(folder).choices == {}

def test_choices_that_cannot_be_kept_are_said(judged, monkeypatch):
    from bears_lib.engine.gather import cleaner as module
    def refused(path, data): raise BearsError(f"Can't write {path}: Read-only file system.")
    monkeypatch.setattr(module, 'write_beside', refused)
    cleaner = ImageCleaner(judged, per_page=7)
    cleaner.cards[0].menu.value = 'remove'
    assert len(cleaner.choices) == 1 and 'Read-only file system' in cleaner.controls['message'].value

def test_only_findings_and_all_of_a_kind_at_once(folder):
    for i in range(3): (folder/'red'/f'same{i}.jpg').write_bytes((folder/'red'/f'{i}.jpg').read_bytes())
    (folder/'blue'/'broken.jpg').write_text('<html>', encoding='utf-8')
    cleaner = ImageCleaner(check_images(folder, judge=False), per_page=4)
    parts = cleaner.controls
    assert [value for _, value in parts['found'].options] == ['', 'any', 'copy', 'unreadable']
    assert parts['found'].value == 'any' and len(cleaner.shown) == 7  # it opens with both of each pair, and the broken file
    assert '7 of 34 photos need a look' in parts['told'].value and '0 of 7 looked at' in parts['progress'].value
    parts['found'].value = ''
    assert len(cleaner.shown) == 34
    parts['found'].value = 'copy'
    assert len(cleaner.shown) == 6 and parts['agree'].description == 'Take all 3 suggestions'
    parts['agree'].click()
    assert list(cleaner.choices.values()) == [None]*3 and parts['status'].value.startswith('To remove: 3.')
    again = ImageCleaner(check_images(folder, judge=False), per_page=4)
    assert again.choices == cleaner.choices
    parts['apply'].click()
    assert len(files(folder)) == 31 and not cleaner.choices
    assert parts['found'].value == 'copy' or parts['found'].value == ''

def test_buttons_stand_in_one_order_on_each_card_and_the_suggested_one_is_marked(folder):
    "Keep, the other classes, Remove, whatever is suggested; nothing is told by colour alone."
    (folder/'blue'/'broken.jpg').write_text('<html>', encoding='utf-8')
    cleaner = ImageCleaner(check_images(folder, judge=False), per_page=4)
    assert [entry.file for entry in cleaner.shown] == ['blue/broken.jpg']
    cleaner.controls['found'].value = ''
    def ways(card): return [button for box in card.box.children[2].children for button in getattr(box, 'children', [box]) if button.layout.display != 'none']
    def row(card): return [button.description for button in ways(card)]
    def loud(card): return [button.description for button in ways(card) if button.button_style == 'primary']
    def suggested(card): return [button.description for button in ways(card) if button.tooltip.startswith('Suggested: ')]
    for card in cleaner.cards: assert row(card) == ['Keep', *(f'To {label}' for label in cleaner.labels if label != card.file.split('/')[0]), 'Remove']
    assert [(loud(card), suggested(card)) for card in cleaner.cards[:2]] == [(['Remove'], ['Remove']), (['Keep'], [])]  # the broken file is the first
    cleaner.cards[0].quick[1].click()
    assert not loud(cleaner.cards[0]) and cleaner.cards[0].quick[1].button_style == 'warning'  # it was decided, and nothing stands out any more

def test_a_suggested_class_beyond_the_ninth_has_a_button(tmp_path):
    cleaner = ImageCleaner(check_images(make_photos(tmp_path/'many', {f'c{i:02}': 1 for i in range(11)}), judge=False))
    entry = next(each for each in cleaner.entries if each.label == 'c01')
    entry.suggestion = 'to c10'
    cleaner.turn_to(0)
    card = next(card for card in cleaner.cards if card.file == entry.file)
    last = card.classes.children[-1]
    assert (last.description, last.button_style) == ('To c10', 'primary')
    last.click()
    assert cleaner.choices == {entry.file: 'c10'} and last.button_style == 'info'

def test_a_label_that_a_model_doubts_is_not_called_wrong(judged):
    "People read that it is in doubt: on the card, in the menu, above the photos, in the check. Programs have the name that they had."
    judged.findings = [doubted := Finding('red/0.jpg', 'wrong label', 0.9, 'look: a model that has not seen it says blue (90%)')]
    cleaner = ImageCleaner(judged)
    cleaner.controls['found'].value = dict(cleaner.controls['found'].options)['label in doubt']
    card = next(card for card in cleaner.cards if card.file == doubted.file)
    assert cleaner.found == 'wrong label' and card.words.value.startswith('<div class="bears-note"><b>label in doubt</b>') and ': label in doubt</div>' in cleaner.controls['told'].value
    said = f"{judged!r} {cleaner.controls['told'].value} {[each.words.value for each in cleaner.cards]} {cleaner.controls['found'].options}"
    assert 'label in doubt: ' in said and 'wrong label' not in said.replace("'wrong label')", '')  # but for the menu's value

def test_progress_counts_decisions_and_apply_says_how_many_changes(judged, folder):
    "To keep a photo is a decision too; it is there in the next cleaner, and a second press takes it back."
    cleaner = ImageCleaner(judged, per_page=30)
    parts, cards = cleaner.controls, cleaner.cards
    def said(): return parts['progress'].value.rpartition('</progress>')[2].removesuffix('</div>'), parts['apply'].description, parts['apply'].disabled
    assert said() == ('0 of 30 looked at', 'Apply', True)
    cards[0].quick[0].click()  # Keep in ...
    assert said() == ('1 of 30 looked at', 'Apply', True) and cards[0].quick[0].button_style == 'info'
    cards[1].quick[1].click()
    assert said() == ('2 of 30 looked at', 'Apply 1 change', False)
    cards[2].quick[1].click()
    assert said()[1] == 'Apply 2 changes'
    again = ImageCleaner(judged, per_page=30)
    assert again.decided == 3 and again.looked == {cards[0].file} and again.choices == cleaner.choices
    cards[0].quick[0].click()
    assert said() == ('2 of 30 looked at', 'Apply 2 changes', False) and not ImageCleaner(judged).looked
    parts['apply'].click()
    assert said() == ('0 of 28 looked at', 'Apply', True)

def test_a_photo_that_was_moved_was_looked_at_in_the_next_cleaner_too_and_undo_takes_that_back(judged, folder):
    cleaner = ImageCleaner(judged, per_page=30)
    cleaner.relabel('red/0.jpg', 'blue')
    cleaner.remove('red/1.jpg')
    there = next(move.target for move in cleaner.apply() if move.source == 'red/0.jpg')
    assert cleaner.looked == ImageCleaner(folder).looked == {there}
    assert json.loads((folder/'.bears'/'choices.json').read_text(encoding='utf-8')) == {there: True}
    cleaner.remove(there)
    cleaner.undo()
    assert json.loads((folder/'.bears'/'choices.json').read_text(encoding='utf-8')) == {} and not cleaner.choices
    assert cleaner.looked == ImageCleaner(folder).looked == set()

def test_to_show_a_photo_large_draws_nothing_on_cards_without_one(folder):
    (folder/'blue'/'broken.jpg').write_text('<html>', encoding='utf-8')
    cleaner = ImageCleaner(check_images(folder, judge=False), per_page=4)
    assert [card.file for card in cleaner.cards] == ['blue/broken.jpg', '', '', '']
    cleaner.enlarge('blue/broken.jpg')
    assert cleaner.cards[0].large and not any(card.image.value for card in cleaner.cards[1:])

def test_all_suggestions_at_once_leave_what_was_decided(folder):
    for i in range(3): (folder/'red'/f'same{i}.jpg').write_bytes((folder/'red'/f'{i}.jpg').read_bytes())
    cleaner = ImageCleaner(check_images(folder, judge=False))
    first = cleaner.advised[0].file
    cleaner.keep(first)
    cleaner.controls['agree'].click()
    assert first not in cleaner.choices and len(cleaner.choices) == 2 and cleaner.decided == 3

def test_the_widgets_have_the_colours_of_the_pages():
    "One file for all widgets, light and dark, with the same values as the site's frame."
    import re
    from conftest import root
    frame, own = ((root/path).read_text(encoding='utf-8') for path in ('tools/site/frame.css', 'bears_lib/data/widgets.css'))
    for name in ('ground', 'paper', 'ink', 'quiet', 'line', 'track', 'bar', 'on-bar', 'right', 'partly', 'wrong'):
        assert re.findall(rf'--{name}: (#\w+)', own) == re.findall(rf'--{name}: (#\w+)', frame)[:2], name

def test_one_tap_buttons_do_what_the_menu_does(judged):
    cleaner = ImageCleaner(judged)
    card = next(card for card in cleaner.cards if card.file.startswith('red/'))
    assert [(button.description, button.layout.display) for button in card.classes.children] == [('To blue', None), ('To red', 'none'), ('To reddish', None)]
    card.classes.children[0].click()
    assert cleaner.choices == {card.file: 'blue'} and card.menu.value == 'to blue' and card.classes.children[0].button_style == 'info'
    card.classes.children[0].click()
    assert cleaner.choices == {}
    card.quick[1].click()
    assert cleaner.choices == {card.file: None}
    card.classes.children[1].click()  # its own class: it stays
    assert cleaner.choices == {}
    small = card.image.value
    card.quick[2].click()  # on the photo: it grows in its place
    assert card.image.value[:3] == b'\xff\xd8\xff' and card.large and card.quick[2].description == 'Close the photo' and 'bears-big' in card.box._dom_classes
    other = next(each for each in cleaner.cards if each.file and each is not card)
    other.quick[2].click()
    assert other.large and not card.large and card.image.value == small  # one at a time
    other.quick[2].click()
    assert not other.large and other.quick[2].description == 'Zoom'

def test_one_way_to_choose_and_a_menu_only_where_there_are_more_classes_than_keys(judged, tmp_path):
    cleaner = ImageCleaner(judged)
    assert all(card.menu.layout.display == 'none' for card in cleaner.cards if card.file)
    cleaner.cards[0].quick[1].click()
    assert cleaner.cards[0].quick[1].button_style == 'warning' and cleaner.cards[1].quick[1].button_style == ''
    many = ImageCleaner(check_images(make_photos(tmp_path/'many', {f'c{i:02}': 1 for i in range(11)}), judge=False))
    assert all(card.menu.layout.display is None and len(card.classes.children) == 9 for card in many.cards if card.file)

def test_filters_are_folded_and_words_are_not_cut(judged):
    cleaner = ImageCleaner(judged)
    above, bar = cleaner.box.children[:2]
    assert [type(part).__name__ for part in above.children] == ['HTML', 'HTML', 'Button', 'ToggleButton'] and bar.layout.display == 'none'
    cleaner.controls['filters'].value = True
    assert bar.layout.display is None and cleaner.controls['label'] in bar.children
    assert all(card.words.layout.height == 'auto' and not card.words.layout.overflow for card in cleaner.cards)

def test_what_visitors_offered_is_learnt_from_after_somebody_has_looked(folder):
    from bears_lib.engine.train.labels import read_to_train
    rows = list(read_metadata(folder).values())
    rows[:3] = [row | {'provider': 'feedback'} for row in rows[:3]]
    (folder/'none of these').mkdir()
    (folder/rows[0]['file_name']).rename(folder/'none of these'/'cat.jpg')
    rows[0] |= {'file_name': 'none of these/cat.jpg', 'label': 'none of these'}
    write_metadata(folder, rows)
    with pytest.raises(BearsError, match='3 photos in .* visitors .* ImageCleaner'): read_to_train(folder)
    cleaner = ImageCleaner(check_images(folder, judge=False))
    assert not cleaner.controls['apply'].disabled  # to look is something to apply
    cleaner.controls['apply'].click()
    assert all(row['checked'] for row in read_metadata(folder).values() if row['provider'] == 'feedback') and cleaner.controls['apply'].disabled
    found, _ = read_to_train(folder)
    assert found.labels == ['blue', 'red', 'reddish'] and len(found.photos) == 29 and 'none of the classes' in found.remarks[-1]
