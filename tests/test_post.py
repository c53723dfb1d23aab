"Answers and a model's figures as a post for a blog."
import json, re, shutil
from datetime import date

import pytest
from PIL import Image

from bears_lib.commands import bears_post
from bears_lib.deploy import save_model
from bears_lib.engine.core.common import BearsError, bears
from bears_lib.gather import sample_bears
from bears_lib.train import fit_photos
from bears_lib.questionnaire import Quiz


@pytest.fixture
def answers(tmp_path):
    "A folder with three answers to chapter 1."
    quiz = Quiz(1, folder=tmp_path/'answers')
    for id, text in (('gpu', 'a graphics processing unit {% endraw %} {{< x >}}'), ('head', 'the first layer'), ('metric', 'how good it is')):
        quiz.go(id).answer(text)
        if id == 'head': quiz.correct('the last layers'), quiz.nit('made new')
    return tmp_path/'answers'

@pytest.mark.parametrize('kind,name,top', [('plain', 'index.md', '# My'), ('quarto', 'index.qmd', '---\ntitle: "My'), ('hugo', 'index.md', '---\ntitle: "My'), ('jekyll', f'_posts/{date.today()}-questionnaire.md', '---\ntitle: "My')])
def test_answers_become_a_post(answers, tmp_path, kind, name, top):
    done = bears_post(tmp_path/'blog', kind=kind, folder=str(answers), page='https://example.org/bears/')
    text = (tmp_path/'blog'/name).read_text('utf-8')
    assert done['answers'] == 3 and text.startswith(top) and '(https://example.org/bears/)' in text
    assert 'CORRECTION: the last layers' in text and 'NIT: made new' in text and '3 of 35 answered' in text
    assert len(re.findall(r'^- \S+ R?\d+\. ', text, re.M)) == 3
    assert text.count('{% endraw %}') == 1 and ('{{<' in text) == (kind in ('plain', 'jekyll'))
    if kind == 'quarto': assert 'engine: markdown' in text.split('---')[1]

def test_a_model_s_figures_stand_below_with_pictures_that_are_described(answers, tmp_path):
    photos = tmp_path/'photos'
    for label in ('black', 'teddy'):
        (photos/label).mkdir(parents=True)
        for path in sorted((sample_bears()/label).glob('*.jpg'))[:14]: shutil.copy(path, photos/label)
    model = save_model(fit_photos(photos), tmp_path/'model')
    done = bears_post(tmp_path/'site', kind='jekyll', folder=str(answers), model=str(model), photos=str(photos), page='https://example.org/bears/')
    text = next((tmp_path/'site'/'_posts').iterdir()).read_text('utf-8')
    assert f"{done['accuracy']:.1%}" in text and '95%' in text and done['n'] > 0
    links = re.findall(r'!\[([^\]]{40,})\]\(\{\{ "(/assets/questionnaire)" \| relative_url \}\}/(\w+\.png)\)', text)
    assert len(links) == 2
    for _, folder, name in links: assert Image.open(tmp_path/'site'/folder[1:]/name).width > 200

@pytest.mark.parametrize('change,says', [({'kind': 'hugoo'}, "Did you mean 'hugo'"), ({'page': 'javascript:alert(1)'}, 'no address'), ({'model': 'm'}, 'together'), ({'photos': 'p'}, 'together')])
def test_what_cannot_be_posted_is_a_sentence(answers, tmp_path, change, says):
    with pytest.raises(BearsError, match=says): bears_post(tmp_path/'blog', **{'folder': str(answers), **change})
    assert not (tmp_path/'blog').exists()

def test_without_answers_it_says_where_to_begin(tmp_path, capsys):
    assert bears(['post', str(tmp_path/'blog'), '--folder', str(tmp_path/'none'), '--json']) == 2
    assert 'bears quiz 1' in json.loads(capsys.readouterr().out)['error']
