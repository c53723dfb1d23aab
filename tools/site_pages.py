"""The pages of the site as its readers see them: what smalldocs rendered, in our own frame, with what a course needs around it.

Each page keeps its text. It gets the header that all pages share, the chapter's number, time and goal, figures for both themes, folded tests and signatures,
what the glossary says of a term, the questions that a section answers, and the ways on."""
import ast, json, re, shutil
from copy import copy
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from string import Template

from bs4 import BeautifulSoup, NavigableString, Tag
from nbdev.config import get_config, nbpath2html
from PIL import Image

import bears_lib
from bears_lib.engine.core.words import for_script
from bears_lib.engine.lessons.exercises import load_exercises
from bears_lib.engine.quiz.exports import MARKS, markdown_page, number_of
from bears_lib.engine.quiz.grading import load_questions
from site_figures import take_out

assets = Path(__file__).with_name('site')
site_name = 'Bears: from photos to an app'
everyday = {'blocked site', 'classes', 'classification', 'correct', 'kernel', 'labels', 'licence', 'notebook', 'objective', 'predictions', 'recommendation', 'training', 'with people'} # Words that need no mark
spoken = {'ten': 10, 'half an hour': 30, 'two sittings of about an hour': 120}

source = get_config().git_url  # where the project lies

# The figure that shows where a chapter leads, by words of its description.
goals = {'00_learning': 'On the left a drawn grizzly', '01_gather': 'A contact sheet of drawn bears', '02_train': 'Twelve drawn bears', '03_interpret': 'The six validation photos',
         '04_deploy': 'The page on two phones', '05_questionnaire': 'The quiz as a box', '06_commands': 'Six drawn bears', '01_pets': 'Eight drawn pets', '02_dog_breeds': 'Eight drawn dogs in two rows',
         '03_two_things': 'Accuracy against photos', '04_sounds': 'One log-mel picture', '05_files_as_pictures': 'Fifteen square', '06_same_or_different': 'Four pairs',
         '07_segmentation': 'Four drawn pets, and below each', '08_training_further': 'Six pictures of cells', '09_tables': 'Two panels. Left: the mean weight', '10_recommendations': 'Two scatter plots',
         '11_text': 'Two scatter plots of the same'}

# What a page on the site folds, since it is for those who run the notebook, and where its second half begins: by notebook and section.
folded = {'00_learning': {'cells-and-help': 'New to notebooks? How to run a cell, the keys, and where to get help'}}
halves = {'00_learning': {'cells-and-help': ('Part 1', 'From numbers to a network that learns'), 'overfitting': ('Part 2', 'Why it fails on new photos, and what helps')}}
# Of a figure with many parts a card shows a few, large enough to be seen, and so does a phone at the top of the chapter:
# rows of pieces, each (left, top, right, bottom) in hundredths of the figure.
in_card = {'00_learning': [[(1.5, 18, 48.5, 78)]], '01_gather': [[(1, 41, 37.6, 98)]], '02_train': [[(0.5, 68, 49, 99.5)]], '03_interpret': [[(0.5, 7.5, 65, 52)]], '04_deploy': [[(2, 57.5, 46.6, 86.5)]], '05_questionnaire': [[(0, 0, 75, 41)]], '06_commands': [[(1, 2, 66, 50)]],
           '00_training': [[(0, 0, 49, 50)]], '01_pets': [[(51.5, 0.5, 99.5, 47.5)]], '02_dog_breeds': [[(0.5, 51, 48.8, 98.5)]], '04_sounds': [[(60, 0.5, 79.5, 48), (60, 49.5, 79.5, 97)]], '05_files_as_pictures': [[(40, 1, 79.5, 36)]],
           '06_same_or_different': [[(51, 8, 74.7, 51.5), (51, 53.5, 74.7, 97)]], '07_segmentation': [[(76, 6.5, 99.3, 48), (76, 49.7, 99.3, 91)]], '08_training_further': [[(33.6, 2, 66.6, 99)]],
           '09_tables': [[(67.7, 20, 99.5, 86)]], '10_recommendations': [[(4, 25, 49.5, 83)]], '11_text': [[(3, 7, 49.5, 68)]]}
on_phone = {'00_learning': [[(1.5, 20, 48.5, 80)], [(52, 43, 98.5, 87)]], '01_gather': [[(0, 0, 38, 99.5)]], '02_train': [[(0, 33, 49, 100)]], '03_interpret': [[(23, 0, 77, 7.5)], [(0, 7.5, 65, 100)]], '04_deploy': [[(2, 5.5, 46.6, 29.5)], [(2, 57.5, 46.6, 86.5)]], '05_questionnaire': [[(0, 0, 84, 100)]],
            '06_commands': [[(0, 0, 66.3, 100)]], '01_pets': [[(0, 0, 49, 100)]], '02_dog_breeds': [[(0, 0, 49, 100)]], '04_sounds': [[(40, 0, 100, 99.5)]], '05_files_as_pictures': [[(40, 0, 100, 67)]], '06_same_or_different': [[(25.3, 0, 75, 100)]],
            '07_segmentation': [[(0, 0, 49.8, 91.5)], [(24, 92, 76, 100)]], '08_training_further': [[(33.4, 0, 83.3, 100)]], '09_tables': [[(0, 0, 49.8, 100)]],
            '10_recommendations': [[(0, 0, 50, 90)], [(15, 91, 60, 99.5)], [(60, 91, 87.5, 99.5)]], '11_text': [[(0, 0, 50, 100)]]}
# A chapter without figures has a card with one of another's.
borrowed = {'00_training': ('train.html', 'One drawn bear from the side')}

# The lessons that the first page shows; the page of all lessons has the rest.
shown_first = ('01_pets', '03_two_things', '04_sounds', '07_segmentation')
# Figures with small letters: on a phone they keep a width at which those can be read, and are moved sideways. By words of their description, in rem.
sideways = {"Samuel's loop as boxes": 41, 'The layers as a stack': 34, 'The same wide picture of a bear five times': 34}

# Paragraphs that begin so are set apart, under a name.
callouts = {'tip': ('Tip', r'Always look at|There are shorter ways|If your page shows no'), 'pause': ('A break', r'A good place to stop'),
            'watch': ('Watch out', r'(One|Two|Three) warnings?\b|So load an exported model only'),
            'book': ('In the book', r"The book('s| goes| takes| shows| calls| does)\b|Chapter [12] (builds|shows|takes)\b|Chapter [12]'s\b")}

@dataclass
class Chapter:
    "What the site says of a notebook wherever it is named."
    stem:str # Of the notebook
    page:str # From the site's top
    title:str
    promise:str # The line below the title
    minutes:int # To read; 0 where the notebook does not say
    have:str='' # What a reader has afterwards
    number:str='' # Of a chapter

    @property
    def told(self) -> str:
        "Its time as one says it, with what a chapter of two parts is cut into."
        parts = len([1 for number, _ in halves.get(self.stem, {}).values() if number.startswith('Part')])
        return f'about {self.time}, in {("one", "two", "three")[parts - 1]} parts' if self.time and parts > 1 else self.time

    @property
    def time(self) -> str: return '' if not self.minutes else f'{self.minutes} min' if self.minutes < 100 else f'{self.minutes//60} h'

def reading_time(text:str) -> int:
    "The minutes that a notebook names for reading."
    found = re.search(r'(?:[Rr]ead\w*|takes)\b[^.]*?(?:(\d+) minutes|(ten) minutes|(half an hour))|(two sittings of about an hour)', text)
    return 0 if not found else int(found[1]) if found[1] else spoken[next(each for each in found.groups()[1:] if each)]

def chapter(notebook:Path, nbs:Path) -> Chapter:
    cells = [''.join(cell['source']) for cell in json.loads(notebook.read_text(encoding='utf-8'))['cells'] if cell['cell_type'] == 'markdown']
    title, promise = re.match(r'# (.+)\n+> (.+)', cells[0]).groups()
    return Chapter(notebook.stem, nbpath2html(notebook.relative_to(nbs)).as_posix(), title, re.sub('[*`]', '', re.sub(r'\[([^\]]*)\]\([^)]*\)', r'“\1”', promise)), reading_time('\n'.join(cells[1:4])))

def course(nbs:Path) -> list[Chapter]:
    "The chapters in order, with the last column of the table on the home page."
    have = dict(re.findall(r'^\| \[(\d\d_\w+)\].*\| (.+?) \|$', ''.join(''.join(cell['source']) + '\n' for cell in json.loads((nbs/'index.ipynb').read_text(encoding='utf-8'))['cells']), re.M))
    found = [chapter(path, nbs) for path in sorted(nbs.glob('0*.ipynb'))]
    for each in found: each.number, each.have = str(int(each.stem[:2])), re.split(r'[:(]|, graded', have[each.stem])[0].strip()
    return found

def lessons(nbs:Path) -> list[Chapter]: return [chapter(path, nbs) for path in sorted((nbs/'lessons').glob('*.ipynb'))]

# ---- The frame that all pages share ----

def filled(file:str, **values) -> str: return Template((assets/file).read_text(encoding='utf-8')).substitute(values)

@dataclass
class Frame:
    "What each page needs to know of the others."
    chapters:list[Chapter]
    others:list[Chapter] # The lessons
    rooms:dict[str, list[tuple[str, str]]] # Of the engine: pages and titles by room
    address:str # Of the site
    megabytes:float=0 # That the classifier fetches

    def links(self, page:str, up:str) -> str:
        "The header's: the part of the site that a page belongs to is marked."
        parts = {'Course': ('index.html#course', {each.page for each in self.chapters} | {'glossary.html'}), 'Lessons': ('lessons/index.html', {each.page for each in self.others} | {'lessons/index.html'}),
                 'Questions': ('questions1.html', {'questions1.html', 'questions2.html'}), 'Your course': ('your-course.html', {'your-course.html'}), 'Try it': ('classifier/index.html', {'classifier/index.html'}), 'Train': ('trainer/index.html', {'trainer/index.html'}),
                 'Reference': ('reference.html', {'reference.html'})}
        here = lambda name, pages: ' aria-current="true"' if page in pages or name == 'Reference' and page.startswith('engine/') else ''
        return ''.join(f'<a href="{up}{target}"{here(name, pages)}>{name}</a>' for name, (target, pages) in parts.items())

    def drawer(self, page:str, up:str, sections:str='') -> str:
        "The pages: the course with numbers, times and ticks, the lessons, and one entry for the machinery; below the page that one is on its sections."
        def line(target:str, text:str, number:str='', time:str='', read:str='') -> str:
            marks = f'<span class="number">{number}</span>' if number else ''
            current = ' aria-current="page"' if target == page else ''
            reads = f' data-reads="{read}"' if read else ''
            return f'<li><a href="{up}{target}"{current}{reads}>{marks}<span>{escape(text)}<span class="unseen said"></span></span>{f"""<span class="time">{time}</span>""" if time else ""}</a>{sections if current else ""}</li>'
        parts = ['<h2>Start</h2><ul>', line('index.html', 'Home', '⌂'), line('classifier/index.html', 'Try the classifier', '▸'), line('trainer/index.html', 'Train on your own photos', '+'), '</ul><h2>The course</h2><ol>', *(line(each.page, each.title, each.number, each.time, each.page) for each in self.chapters),
                 line('questions1.html', 'Questions of chapter 1', '?'), line('questions2.html', 'Questions of chapter 2', '?'), line('your-course.html', 'Your course', '◔'), line('glossary.html', 'Glossary', 'A'), '</ol>',
                 '<h2>Lessons</h2><ul>', *(line(each.page, each.title, '', each.time, each.page) for each in self.others), '</ul>', '<h2>More</h2><ul>', line('install.html', 'Install and measure'),
                 line('reference.html', 'Look inside: the reference'), '</ul>']
        for room, pages in self.rooms.items():
            if page.startswith(f'engine/{room}/'): parts += [f'<h2>Look inside: {room}</h2><ul>', *(line(target, title) for target, title in pages), '</ul>']
        return f'<div class="site-drawer" id="site-drawer" role="navigation" aria-label="All pages">{"".join(parts)}</div>'

    def frame(self, page:str, up:str) -> str: return filled('frame.html', up=up, links=self.links(page, up))

    def foot(self, up:str) -> str:
        return (f'<div class="site-foot" role="contentinfo">Apache-2.0, the drawn bears included. No cookies, no counting, no other machine is asked. <a href="{up}install.html">Install</a> · <a href="{up}glossary.html">Glossary</a> · '
                f'<a href="{up}reference.html">Reference</a> · <a href="{source}">Source</a></div>')

    def page(self, name:str, title:str, about:str, main:str, kind:str='', toc:str='', head:str='', tail:str='', up:str|None=None) -> str:
        "A whole page."
        up = '../'*name.count('/') if up is None else up
        address = f'{self.address}/{name}'.removesuffix('index.html')
        return filled('shell.html', title=escape(site_name if name == 'index.html' else f'{title} · {site_name}'), name=escape(title), about=escape(about), address=address,
                      card=f'{self.address}/images/card.jpg', up=up, page=name, kind=kind, head=head, frame=self.frame(name, up), drawer=self.drawer(name, up, section_list(toc)), main=main, toc=toc, foot=self.foot(up), tail=tail)

# ---- One page of a notebook ----

def own_names(notebook:Path) -> set[str]:
    "What a notebook's examples assign or define: a reader knows these names from that page."
    names, offered = set(), set()
    for cell in json.loads(notebook.read_text(encoding='utf-8'))['cells']:
        text = re.sub(r'^\s*[!%].*$', '', ''.join(cell['source']), flags=re.M)
        if cell['cell_type'] != 'code': continue
        try: tree = ast.parse(text)
        except SyntaxError: continue  # of a notebook's own language
        exported = re.search(r'^#\| *export', text, re.M)
        for node in ast.walk(tree):
            name = node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else getattr(node, 'name', None) if isinstance(node, ast.FunctionDef | ast.ClassDef) else None
            if name: (offered if exported else names).add(name)
    return names - offered

def unlink_own(main:Tag, names:set[str]) -> None:
    "A name that the page itself has made leads to no function of the same name elsewhere."
    for link in main.select('a:has(> code)'):
        if re.split(r'\W', link.get_text(), maxsplit=1)[0] in names or re.search(r'\bfolder $', str(link.previous_sibling or '')): link.unwrap()

def fold(cell:Tag, words:str, soup:BeautifulSoup, name:str='more') -> None:
    "Put a part of a page behind a line that opens it."
    box = soup.new_tag('details', attrs={'class': name})
    line = soup.new_tag('summary')
    line.string = words
    cell.wrap(box).insert(0, line)

def fold_tests(main:Tag, soup:BeautifulSoup) -> None:
    "Cells that only check something, and print nothing, are behind a line."
    checks = re.compile(r'(from fastcore\.test|test_\w+\(|assert |with expect_fail|for .*: (test_\w+\(|assert ))')
    for cell in main.select('.cell'):
        code = cell.select_one('pre.cell-code')
        if code is None or cell.find_parent('details') or cell.select_one('.cell-output'): continue
        lines = [line for line in code.get_text().splitlines() if line and not line.startswith((' ', ')', '#'))]
        if lines and all(map(checks.match, lines)): fold(cell, 'Checks', soup)

def fold_signatures(main:Tag, soup:BeautifulSoup) -> None:
    "A documented function keeps its name and its sentence; a signature of more than eight lines is opened when it is wanted."
    for output in main.select('.cell-output-markdown'):
        if not output.select_one('hr') or not output.select_one('h2, h3, h4'): continue
        output['class'] = [*output['class'], 'api']
        for source in output.select('a[style]'): source.attrs.pop('style')
        code = output.select_one('.code-copy-outer-scaffold')
        n = len(code.get_text().strip().splitlines()) if code else 0
        if n > 8: fold(code, f'Signature: {n - 2} parameters', soup)

def fold_library(main:Tag, toc:Tag|None, soup:BeautifulSoup) -> None:
    "The library's own functions at the end of a chapter, under one entry."
    parts = [cell for cell in main.select('.cell') if cell.select_one('.api')]
    if not parts: return
    box, line = soup.new_tag('details', attrs={'class': 'more'}), soup.new_tag('summary')
    line.string = f"Look inside: what the library offers here ({len(parts)})"
    parts[0].insert_before(box)
    box.append(line)
    for part in parts:
        for link in toc.select('a') if toc else ():
            if link['href'][1:] in {each.get('id') for each in part.select('[id]')}: link.parent.decompose()
        box.append(part.extract())

def quiet_lines(main:Tag, soup:BeautifulSoup) -> None:
    "What was left out is said small, and once on a page."
    said = set()
    for code in main.select('.cell-output pre code'):
        lines = code.get_text().split('\n')
        left = [line for line in lines if line.startswith(('left out ', 'removed '))]
        if not left: continue
        new = [line for line in left if line not in said]
        said |= set(new)
        code.string = '\n'.join(line for line in lines if line not in left)
        if not new: continue
        small = soup.new_tag('span', attrs={'class': 'leftout'})
        small.string = '\n'.join(new)
        code.insert(0, small)

def set_apart(main:Tag, soup:BeautifulSoup) -> None:
    "Callouts: tips, warnings, what the book says, exercises."
    def box(part:Tag, kind:str, name:str) -> None:
        made, head = soup.new_tag('div', attrs={'class': f'callout {kind}', 'role': 'note', 'aria-label': name}), soup.new_tag('b')
        head.string = name
        part.wrap(made).insert(0, head)
    for part in main.find_all('p'):
        if part.parent.name in ('li', 'blockquote', 'td'): continue
        text, section = part.get_text().strip(), part.find_parent('section')
        kind = next((kind for kind, (_, begins) in callouts.items() if re.match(begins, text)), None)
        if kind: box(part, kind, callouts[kind][0])
        elif section and re.match('exercises?', section.get('id', '')) and part.strong and re.fullmatch(r'\d+\.', part.strong.get_text()): box(part, 'exercise', f'Exercise {part.strong.extract().get_text()[:-1]}')

def mind_terms(main:Tag, soup:BeautifulSoup, terms:dict[str, tuple[str, str]], page:str, up:str) -> None:
    "The first time that a page uses a term which another page explains, the explanation is a touch away."
    met, pattern = set(), re.compile(r'(?<![\w-])(' + '|'.join(sorted(map(re.escape, terms), key=len, reverse=True)) + r')(?![\w-])', re.I)
    for text in main.find_all(string=pattern):
        if not text.find_parent(['p', 'li']) or text.find_parent(['a', 'code', 'strong', 'summary', 'table', 'h1', 'h2', 'h3']) or text.find_parent(attrs={'class': ['lead', 'questions']}): continue
        pieces, at = [], 0
        for found in pattern.finditer(text):
            key = found[1].lower()
            means, target = terms[key]
            if key in met or target.partition('#')[0] == page: continue
            met.add(key)
            link = soup.new_tag('a', attrs={'class': 'term', 'href': up + target, 'data-means': means})
            link.string = found[1]
            pieces += [NavigableString(text[at:found.start()]), link]
            at = found.end()
        if pieces: text.replace_with(*pieces, NavigableString(text[at:]))

def read_terms(glossary:BeautifulSoup) -> dict[str, tuple[str, str]]:
    "Terms of at least six letters with what they mean and where they are explained, from the glossary's page."
    rows = [row.find_all('td') for row in glossary.select('tbody tr')]
    return {cells[0].get_text().strip().lower(): (cells[1].get_text().strip(), cells[2].a['href']) for cells in rows if len(cells[0].get_text().strip()) > 5 and cells[2].a and cells[0].get_text().strip().lower() not in everyday}

def place_of(term:str) -> str: return 'term-' + re.sub(r'\W+', '-', term.strip().lower()).strip('-')

def search_entries(site:Path, glossary:BeautifulSoup, megabytes:float) -> list[dict[str, str]]:
    "What the search looks through: each section, each term of the glossary where it is explained, and the pages that no notebook became."
    def entry(href:str, title:str, text:str, section:str='') -> dict[str, str]: return dict(objectID=href, href=href, title=title, section=section, text=text)
    found = [each for each in json.loads((site/'search.json').read_text(encoding='utf-8')) if not each['href'].startswith(('glossary.html#', 'index.html'))]
    for each in found: each['text'] = re.sub(r'^(Open in (Colab|Kaggle) ?)+', '', each['text'])
    rows = [row.find_all('td') for row in glossary.select('tbody tr')]
    terms = [entry(cells[2].a['href'] if cells[2].a else f'glossary.html#{place_of(cells[0].get_text())}', 'Glossary', cells[1].get_text().strip(), cells[0].get_text().strip()) for cells in rows]
    install = BeautifulSoup((site/'install.html').read_text(encoding='utf-8'), 'html.parser').main.select('section')
    return [entry('trainer/index.html', 'Train on your own photos: the trainer', 'Give the page a few photos of each class, from files or the camera: it learns in seconds, says how often it is right, and shows which labels look wrong. Nothing is installed.'),
            entry('classifier/index.html', 'Try it: the classifier', f'Which bear is it? Show a photo or a drawing to a classifier that runs in this page. {megabytes:.0f} MB are fetched once, and the photo never leaves your device.'),
            *terms, *found, entry('install.html', 'Install and measure', 'How to run the course: in Colab or Kaggle, or on a machine of your own. What was measured.'),
            *(entry(f'install.html#{part["id"]}', 'Install and measure', ' '.join(part.get_text(' ').split()).removeprefix(part.h2.get_text()).strip(), part.h2.get_text()) for part in install),
            entry('questions1.html', 'Questions of chapter 1', 'The questions of chapter 1 in our own words: answer, and be corrected at once.'), entry('questions2.html', 'Questions of chapter 2', 'The questions of chapter 2 in our own words: answer, and be corrected at once.'),
            entry('your-course.html', 'Your course', 'What you have read, solved and answered, and what is due. It is kept in your browser alone.')]

def widgets(main:Tag, soup:BeautifulSoup, up:str) -> list[str]:
    "Where a notebook has a line `<!-- widget: name -->`, the site has something to touch; the figure above it stays."
    found = []
    for mark in main.find_all(string=lambda text: type(text).__name__ == 'Comment' and text.strip().startswith('widget:')):
        name = mark.partition(':')[2].strip()
        box = soup.new_tag('div', attrs={'data-widget': name, 'role': 'group', 'aria-label': 'Something to try'})
        if name == 'squares': box['data-photo'] = f'{up}site_libs/bear.jpg'
        if name == 'limit': box['data-numbers'] = json.dumps(limit_numbers(main))
        mark.replace_with(box)
        found.append(f'<script src="{up}site_libs/widgets/{name}.js" defer></script>')
    return found

def limit_numbers(main:Tag) -> dict[str, list[float]]:
    "The probabilities that chapter 3 prints: of the photos that show a bear, and of the others."
    text = main.get_text()
    return {kind: [float(each) for each in re.search(rf'^{words}: ([\d. ]+)$', text, re.M)[1].split()] for kind, words in (('bears', 'a bear'), ('others', 'no bear'))}

def write_questions(site:Path) -> dict[str, list[tuple[str, Tag]]]:
    "The component of the question pages as files of the site; which questions belong to which section of which page."
    found = {}
    for chapter in (1, 2):
        page = BeautifulSoup((site/f'questions{chapter}.html').read_text(encoding='utf-8'), 'html.parser')
        for card in page.select('section.card'):
            link = card.select_one('details a[href]')
            if link: found.setdefault(re.sub(r'^.*?([\w/]+\.html#)', r'\1', link['href']), []).append((str(chapter), card))
    return found

def section_questions(main:Tag, soup:BeautifulSoup, page:str, up:str, questions:dict[str, list[tuple[str, Tag]]]) -> bool:
    "At the end of a section stands what the questionnaire asks about it."
    any_here = False
    for target, cards in questions.items():
        place, _, anchor = target.partition('#')
        head = main.find(id=anchor) if place == page else None
        if head is None: continue
        names = [card.h2.get_text().partition('. ')[2] for _, card in cards]
        box = BeautifulSoup(f'<details class="ask-here" data-from="{up}site_libs/questions.json"><summary>{"A question" if len(cards) == 1 else f"{len(cards)} questions"} on this '
                            f'<small>{escape("; ".join(names))}</small></summary><div class="questions"></div></details>', 'html.parser')
        for _, card in cards:
            asked = copy(card)
            asked.h2['class'], asked.h2.name = 'asked', 'p'
            for link in asked.select('details a[href]'): link.parent.decompose()  # the reader is there already
            box.select_one('.questions').append(asked)
        section = head if head.name == 'section' else head.find_parent('section')
        first_below = section.find('section')
        first_below.insert_before(box) if first_below else section.append(box)
        any_here = True
    return any_here

def upper_first(words:str) -> str: return words[:1].upper() + words[1:]

def pieces(picture:Image.Image, rows:list[list[tuple[float, float, float, float]]]) -> Image.Image:
    "Parts of a figure as a figure: those of a row side by side, the rows below each other, on its own ground."
    gap, ground, lines = round(picture.width/40), picture.getpixel((0, 0)), []
    def sheet(parts:list[Image.Image], across:bool) -> Image.Image:
        room, most = sum((part.width if across else part.height) + gap for part in parts) - gap, max(part.height if across else part.width for part in parts)
        made, at = Image.new('RGB', (room, most) if across else (most, room), ground), 0
        for part in parts:
            made.paste(part, (at, (most - part.height)//2) if across else ((most - part.width)//2, at))
            at += (part.width if across else part.height) + gap
        return made
    size = picture.size*2
    for row in rows: lines.append(sheet([picture.crop(tuple(round(share*side/100) for share, side in zip(box, size))) for box in row], across=True))
    return sheet(lines, across=False)

def narrow(site:Path, image:Tag, stem:str) -> str:
    "A figure for a chapter's top; on a phone it shows a few of its parts."
    if stem not in on_phone: return str(image)
    file = Path(re.sub(r'^(\.\./)*', '', image['src']))
    with Image.open(site/file) as picture: made = pieces(picture.convert('RGB'), on_phone[stem])
    made.save(site/file.with_name(f'narrow-{file.name}'), quality=82, method=6)
    return f'<picture><source media="(max-width: 37.49em)" srcset="{image["src"].replace(file.name, f"narrow-{file.name}")}" width="{made.width}" height="{made.height}">{image}</picture>'

def goal_box(site:Path, main:Tag, each:Chapter) -> str:
    "The first screen's picture of where the chapter leads, with the buttons that open it elsewhere."
    picture = next((image for image in main.find_all('img') if image.get('alt', '').startswith(goals[each.stem])), None) if each.stem in goals else None
    if each.stem in goals and picture is None: raise SystemExit(f'{each.page} has no figure described as {goals[each.stem]!r}: change `goals` in tools/site_pages.py.')
    links = main.select('p > a[href*="colab.research"], p > a[href*="kaggle.com/kernels"]')[:2]
    for link in links: link.img['height'] = 20
    row = f'<div class="badges">{"".join(map(str, links))}</div>' if links else ''
    if links: links[0].find_parent('p').decompose()
    have = f'<p><b>Afterwards you have</b> {escape(each.have)}.</p>' if each.have else f'<p><b>In this lesson:</b> {escape(each.promise)}</p>'
    shown = ''
    if picture is not None:
        pair = [copy(image) for image in (picture, picture.find_next_sibling('img')) if image is not None]
        for image in pair: image.attrs |= {'alt': '', 'loading': 'eager', 'class': [name for name in image.get('class', []) if name.startswith('of-')]}
        shown = f'<div>{"".join(narrow(site, image, each.stem) for image in pair)}</div>'
    time = f'<p class="small">{upper_first(each.told)} to read. Everything runs in a browser or on a laptop without a GPU.</p>' if each.time else ''
    return f'<div class="goal">{shown}<div>{have}{time}{row}</div></div>'

def move_sideways(main:Tag, soup:BeautifulSoup) -> None:
    "A figure with small letters gets a box that a phone moves it in."
    for n, image in enumerate(main.select('figure img.of-light'), 1):
        width = next((width for words, width in sideways.items() if image['alt'].startswith(words)), 0)
        if not width: continue
        dark, box = image.find_next_sibling('img'), image.wrap(soup.new_tag('div', attrs={'class': 'table sideways', 'role': 'region', 'aria-label': f'Figure {n}, which moves sideways'}))
        box.append(dark.extract())
        for each in (image, dark): each['style'] = f'--least: {width}rem'

def steps(each:Chapter, row:list[Chapter], up:str) -> str:
    "The ways on, and a tick for those who have read the chapter."
    at = row.index(each)
    def way(other:Chapter, kind:str, words:str) -> str:
        return f'<a class="{kind}" href="{up}{other.page}"><small>{words}</small>{f"{other.number} · " if other.number else ""}{escape(other.title)}</a>'
    ways = [way(row[at - 1], 'previous', '← Before') if at else '', way(row[at + 1], 'next', f'Next{f", {row[at + 1].time}" if row[at + 1].time else ""} →') if at + 1 < len(row) else '']
    return f'<p class="done-line"><button type="button">I have read this</button></p><div class="site-steps" role="navigation" aria-label="Before and next">{"".join(ways)}</div>'

def tidy(main:Tag, toc:Tag|None, soup:BeautifulSoup, up:str) -> None:
    "What is the same on every page that a notebook became."
    for style in main.select('.cell-output style'): style.decompose()  # of fastai and pandas, for a page of their own
    for cell in main.select('th'):
        if not cell.get_text(strip=True): cell.name = 'td'  # a corner, and the head of nothing
    for code in main.select('td > code, th > code'):
        if re.fullmatch(r'\S{1,30}', code.get_text()): code['class'] = [*code.get('class', []), 'whole']
    for n, table in enumerate(main.find_all('table'), 1): table.wrap(soup.new_tag('div', attrs={'class': 'table', 'tabindex': '0', 'role': 'region', 'aria-label': f'Table {n}'}))
    for button in main.select('.code-copy-button'):
        button.clear()
        button.attrs = {'type': 'button', 'class': 'code-copy-button', 'aria-label': 'Copy the code'}
    for code in main.select('pre[tabindex]'): code.attrs.pop('tabindex')  # lines are wrapped, and site.js sets it where they scroll
    for nav in main.select('nav.page-navigation'): nav.decompose()
    quiet_lines(main, soup)
    fold_tests(main, soup)
    fold_signatures(main, soup)
    set_apart(main, soup)

def part_time(each:Chapter) -> str: return f'about {each.minutes/60/len(halves[each.stem]):g} h'

def part_links(each:Chapter, up:str='') -> str:
    "The parts of a long chapter, with the time that each takes."
    return ''.join(f'<a href="{up}#{anchor}"><b>{number}</b> {escape(words)} <small>{part_time(each)}</small></a>' for anchor, (number, words) in halves.get(each.stem, {}).items())

def in_halves(main:Tag, toc:Tag|None, soup:BeautifulSoup, each:Chapter) -> str:
    "Mark where the parts of a long chapter begin; what leads to them from the top."
    parts = halves.get(each.stem, {})
    for anchor, (number, words) in parts.items():
        mark = soup.new_tag('p', attrs={'class': 'part'})
        mark.string = f'{number}: {words}'
        main.find('section', id=anchor).insert_before(mark)
        line = next((link for link in toc.select('a') if link['href'] == f'#{anchor}'), None) if toc else None
        if line is None: continue
        entry = soup.new_tag('li', attrs={'class': 'part'})
        entry.string = number
        line.find_parent('li').insert_before(entry)
    links = part_links(each)
    return f'<div class="parts" role="navigation" aria-label="The parts of this chapter">{links}</div>' if links else ''

def fold_sections(main:Tag, soup:BeautifulSoup, stem:str) -> None:
    "Below its heading, a section for those who run the notebook is behind a line."
    for anchor, words in folded.get(stem, {}).items():
        section = main.find(id=anchor)
        box, line = soup.new_tag('details', attrs={'class': 'more'}), soup.new_tag('summary')
        line.string = words
        rest = [part for part in section.contents if getattr(part, 'name', None) != 'h2']
        section.append(box)
        box.append(line)
        for part in rest: box.append(part.extract())

def notebook_address(place:str, stem:str) -> str:
    "Where Colab opens a notebook of the project."
    return f'https://colab.research.google.com/github/{source.partition("github.com/")[2]}/blob/main/nbs/{place}{stem}.ipynb'

def exercises_here(main:Tag, soup:BeautifulSoup, stem:str, place:str) -> None:
    "An exercise that wants a number or a word can be answered on the page; for the others the notebook opens in Colab."
    known = load_exercises(stem) if stem in with_exercises() else []
    for cell in main.select('.cell') if known else ():
        code = cell.select_one('pre.cell-code')
        text = code.get_text().strip() if code else ''
        found = re.search(r'^check\((\d+),', text, re.M)
        if re.search(r'^check, hint, solution = exercises\(', text, re.M) and not cell.select_one('.cell-output'):
            cell.replace_with(BeautifulSoup('<p>On this page a number or a word is checked at once, and kept in this browser. The other exercises want code: their notebook opens in Colab.</p>', 'html.parser'))
            continue
        if not found or '...' not in text: continue
        number, way = int(found[1]), f'<p class="in-colab"><a href="{notebook_address(place, stem)}">Do exercise {found[1]} in Colab</a></p>'
        for output in cell.select('.cell-output'):
            if re.fullmatch(r'\d+: not tried yet\.', output.get_text().strip()): output.decompose()
        each, alone = known[number - 1], re.fullmatch(r'\w+ = \.\.\.\s*check\(\d+, \w+\)', text)
        if alone and not each.passes and isinstance(each.answer, int | float | str):
            asks = dict(answer=each.answer, tolerance=each.tolerance, hints=each.hints, stem=stem, number=number)
            form = BeautifulSoup(f'<form class="answer-here" data-asks="{escape(json.dumps(asks, ensure_ascii=False))}"><label for="answer-{number}">Your answer to exercise {number}</label>'
                                 f'<div><input id="answer-{number}" type="text" autocomplete="off"{" inputmode=decimal" if not isinstance(each.answer, str) else ""}><button type="submit">Check</button></div><p role="status"></p></form>', 'html.parser')
            cell.insert_before(form)
            way = way.replace(f'Do exercise {found[1]}', 'Or do it')
            cell.replace_with(BeautifulSoup(way, 'html.parser'))
        else: cell.append(BeautifulSoup(way, 'html.parser'))

def with_exercises() -> set[str]: return {path.stem for path in (Path(bears_lib.__file__).parent/'data'/'exercises').glob('*.toml')}

def toc_html(toc:Tag|None) -> str:
    lines = toc.select('ul') if toc else []
    if not lines: return '<div class="site-toc"></div>'
    for link in toc.select('a'): link.attrs = {'href': link['href']}
    return f'<div class="site-toc"><nav aria-label="On this page"><h2>On this page</h2>{toc.ul}</nav></div>'

def section_list(toc:str) -> str:
    "The list beside a page, for where there is no room beside it."
    found = re.search(r'<ul>.*</ul>', toc, re.S)
    return f'<ul class="sections">{found[0].removeprefix("<ul>")}' if found else ''

def sections_fold(toc:str) -> str:
    "The sections behind a line at the top of a page, on screens that have no room for the list beside it."
    return f'<details class="sections-fold"><summary>Sections</summary>{section_list(toc)}</details>' if toc.count('<li') > 2 else ''

def notebook_page(path:Path, site:Path, frame:Frame, terms:dict, questions:dict, names:set[str]=frozenset()) -> str:
    "The page of one notebook, in the frame."
    name = path.relative_to(site).as_posix()
    up, soup = '../'*name.count('/'), BeautifulSoup(path.read_text(encoding='utf-8'), 'html.parser')
    main, toc = soup.main, soup.select_one('#TOC')
    title, about = main.select_one('h1.title').get_text(), main.select_one('.description')
    about = about.get_text().strip() if about else title
    main.select_one('#title-block-header').decompose()
    row = next((row for row in (frame.chapters, frame.others) if any(each.page == name for each in row)), [])
    each = next((each for each in row if each.page == name), None)
    take_out(soup, path, site)
    tidy(main, toc, soup, up)
    unlink_own(main, names)
    lessons_here, top = name.startswith('lessons/'), ''
    if each:
        fold_library(main, toc, soup)
        fold_sections(main, soup, each.stem)
        exercises_here(main, soup, each.stem, 'lessons/' if lessons_here else '')
        top = in_halves(main, toc, soup, each)
    head = []
    for row in main.select('tbody tr') if name == 'glossary.html' else (): row['id'] = place_of(row.td.get_text())
    if name != 'glossary.html': mind_terms(main, soup, terms, name, up)
    if section_questions(main, soup, name, up, questions): head.append(f'<link rel="stylesheet" href="{up}site_libs/questions.css">')
    scripts = widgets(main, soup, up)
    step = '' if not each else f'<p class="step">Chapter {each.number} of {len(frame.chapters) - 1}{f" · {each.told} to read" if each.time else ""}</p>' if each.number else f'<p class="step">Lesson{f" · {each.time} to read" if each.time else ""}</p>'
    if name.startswith('engine/'): step = f'<p class="step"><a href="{up}reference.html">Look inside</a> · {name.split("/")[1]}</p>' if name.count('/') > 1 else step
    goal = goal_box(site, main, each) if each else ''
    move_sideways(main, soup)
    if name == 'learning.html':  # what it is about, before a word of how
        goal = try_box(site, frame, 'Something that has learnt: which bear is it?') + goal
        head.append('<script src="site_libs/home.js" defer></script>')
    beside = toc_html(toc)
    text = f'{step}<h1>{escape(title)}</h1><p class="lead">{escape(about)}</p>{goal}{top}{sections_fold(beside)}{main.decode_contents()}{steps(each, row, up) if each else ""}'
    return frame.page(name, title, about, text, 'glossary' if name == 'glossary.html' else '', beside, '\n'.join(head + scripts))

# ---- Pages that no notebook became ----

def cards(chapters:list[Chapter], site:Path, up:str='') -> str:
    "Chapters as cards: picture, number, time, and what one has afterwards."
    made = []
    for each in chapters:
        figures = BeautifulSoup((site/each.page).read_text(encoding='utf-8'), 'html.parser').select('.goal > div > img, .goal > div > picture > img')
        if each.stem in borrowed:
            page, words = borrowed[each.stem]
            figures = [image for image in BeautifulSoup((site/page).read_text(encoding='utf-8'), 'html.parser').select('main figure img') if image['alt'].startswith(words)]
            for image in figures: image['class'] = [kind for kind in image['class'] if kind.startswith('of-')]
        shown = ''.join(f'<img class="{" ".join(figure.get("class", []))}" src="{up}{thumbnail(site, figure["src"], rows=in_card.get(each.stem))}" alt="" width="320" height="200" loading="lazy">' for figure in figures)
        picture = f'<span class="picture">{shown or f"""<img class="logo" src="{up}site_libs/bear.svg" alt="" width="80" height="80">"""}</span>'
        told = f'You will have {each.have}.' if each.have else each.promise
        made.append(f'<li><a href="{up}{each.page}" data-reads="{each.page}">{picture}<span class="text"><b>{f"{each.number} · " if each.number else ""}{escape(each.title)}</b>'
                    f'<small>{each.told or "for practice"}<span class="unseen said"></span></small><span class="have">{escape(told)}</span></span></a></li>')
    return f'<ol class="cards">{"".join(made)}</ol>'

def thumbnail(site:Path, source:str, side:int=400, rows:list[list[tuple[float, float, float, float]]]|None=None) -> str:
    "A small copy of a picture, or of pieces of it."
    name = re.sub(r'^(\.\./)*', '', source)
    small = f'figures/{"card" if rows else "small"}-{Path(name).stem}.webp'
    with Image.open(site/name) as picture:
        made = pieces(picture.convert('RGB'), rows) if rows else picture.convert('RGB')
        made.thumbnail((side, side))
        made.save(site/small, quality=60, method=6)
    return small

def contents(site:Path) -> tuple[str, str, list[Tag]]:
    "What the notebook of the home page holds below its table: the picture of training on one's own photos, the others for the first page, and the sections for the page on installing."
    soup = BeautifulSoup((site/'index.html').read_text(encoding='utf-8'), 'html.parser')
    take_out(soup, site/'index.html', site)
    tidy(soup.main, None, soup, '')
    sections = {section['id']: section for section in soup.main.find_all('section', recursive=False) if section['id'] != 'the-course'}
    looks = sections.pop('what-it-looks-like')
    sections['on-your-machine'].h2.insert_after(soup.main.find(class_='code-copy-outer-scaffold').extract())  # the README has it at its top
    own = looks.find(lambda part: part.name in ('figure', 'p') and part.img and not part.find_parent(class_='table')).extract()
    return ''.join(map(str, own.select('img'))), picture_grid(looks, soup), sorted(sections.values(), key=lambda section: section['id'] in ('measured', 'licence'))

def picture_grid(section:Tag, soup:BeautifulSoup) -> str:
    "Tables that only place pictures side by side become figures, one below the other where there is no room."
    grid = soup.new_tag('div', attrs={'class': 'pictures'})
    for box in section.select('div.table'):
        names, cells = box.select('thead :is(th, td)'), box.select('tbody td')
        for name, cell in zip(names, cells):
            figure, caption = soup.new_tag('figure'), soup.new_tag('figcaption')
            caption.string = name.get_text().strip()
            figure.extend([*cell.select('img'), caption])
            grid.append(figure)
        grid.parent or box.insert_before(grid)
        box.decompose()
    return str(section)

def try_box(site:Path, frame:Frame, asks:str) -> str:
    "The classifier in a page, with drawings to try."
    return filled('try.html', asks=asks, examples=example_buttons(site), megabytes=f'{frame.megabytes:.0f}')

def home(site:Path, frame:Frame, own:str, pictures:str) -> str:
    "The landing page: what it is, the classifier, three ways in, the chapters, and pictures of what one makes."
    first = frame.chapters[0]
    main = filled('home.html', first_time=first.told, parts=part_links(first, first.page), title=site_name.partition(': ')[2], try_it=try_box(site, frame, 'Which bear is it?'), course=cards(frame.chapters, site), own=own, more=pictures,
                  lessons=cards([each for each in frame.others if each.stem in shown_first], site), count=len(frame.others))
    return frame.page('index.html', site_name, 'A free course with a Python library: gather photos, train a classifier in seconds, see where it fails, and put it on a phone. Companion to chapters 1 and 2 of the fast.ai book.',
                      main, 'home', head='<script src="site_libs/home.js" defer></script>')

def example_buttons(site:Path) -> str:
    return ''.join(f'<li><button type="button"><img src="{thumbnail(site, each["src"], 128)}" data-photo="{each["src"]}" alt="{each["alt"]}" width="88" height="88"></button></li>' for each in drawn_examples(site))

def install(frame:Frame, sections:list[Tag]) -> str:
    "How to run the course elsewhere than on the site, and what was measured."
    for cell in (cell for section in sections for row in section.select('tbody tr') for cell in row.select('td')):
        heads = [head.get_text().strip() for head in cell.find_parent('table').select('thead :is(th, td)')]
        cell['data-label'] = heads[len(cell.find_previous_siblings('td'))]
    chapters = ''.join(f'<li>{each.number} · {escape(each.title)}: <a href="https://colab.research.google.com/github/{source.partition("github.com/")[2]}/blob/main/nbs/{each.stem}.ipynb">Colab</a>, '
                       f'<a href="https://kaggle.com/kernels/welcome?src={source}/blob/main/nbs/{each.stem}.ipynb">Kaggle</a></li>' for each in frame.chapters)
    first = ('<section id="colab"><h2>In Colab or Kaggle</h2><p>Colab and Kaggle run notebooks in the browser, free of charge. Open a chapter and run its first cell: it installs the package in a minute or two.</p>'
             f'<ul>{chapters}</ul></section>')
    lines = [('colab', 'In Colab or Kaggle'), *((section['id'], section.h2.get_text()) for section in sections)]
    toc = BeautifulSoup(f'<ul>{"".join(f"""<li><a href="#{anchor}">{escape(words)}</a></li>""" for anchor, words in lines)}</ul>', 'html.parser')
    return frame.page('install.html', 'Install and measure', 'How to run the course in Colab, in Kaggle or on your own machine, and what was measured.',
                      f'<h1>Install and measure</h1><p class="lead">Nothing has to be installed to try. Here is how to have everything on a machine of your own, and what was measured.</p>{first}{"".join(map(str, sections))}', 'install', toc_html(toc))

def drawn_examples(site:Path) -> list[dict[str, str]]:
    "The six drawn bears that the classifier's page offers."
    page = BeautifulSoup((site/'classifier/index.html').read_text(encoding='utf-8'), 'html.parser')
    return [{'src': f'classifier/{image["src"]}', 'alt': image['alt']} for image in page.select('.examples img')][:6]

# What each room of the machinery is for.
room_words = {'core': 'What all the rest stands on: errors, commands, photos, folders, tables, and words that a stranger wrote.', 'predict': 'All that answers, once a model is there.',
              'features': 'What photos look like in numbers, and which of them are copies of each other.', 'gather': 'Searching, downloading, licences, and looking a folder over.',
              'train': 'Labels, fitting with and without torch, and looking into a network.', 'shards': 'More photos than one machine holds.', 'interpret': 'Where a model looks, and the report on its mistakes.',
              'deploy': 'The app, the Space, the model card, and drift.', 'pages': 'Pages that need no server: one answers, one learns.', 'quiz': 'The grader, sessions, and when a question comes again.',
              'lessons': 'What the lessons share: data, exercises, sounds, pictures of files.'}

def reference(frame:Frame, site:Path) -> str:
    "All notebooks of the machinery, by room, and what the course's own modules offer."
    def titled(target:str) -> str: return re.search(r'<p class="lead">(.*?)</p>', (site/target).read_text(encoding='utf-8'))[1]
    rooms = ''.join(f'<h2 id="{room}">{room}</h2><p>{room_words[room]}</p><ul>' + ''.join(f'<li><a href="{target}">{escape(title)}</a>: {titled(target)}</li>' for target, title in pages) + '</ul>' for room, pages in frame.rooms.items())
    return ('<h1>Look inside</h1><p class="lead">The library was written as notebooks. Here they are, room by room, from the ground up: each tells why it is there, shows it at work and checks it.</p>'
            '<p>The calls that the course uses are at the end of its chapters: <a href="gather.html">gather</a>, <a href="train.html">train</a>, <a href="interpret.html">interpret</a>, <a href="deploy.html">deploy</a>, <a href="commands.html">commands</a>.</p>' + rooms)

lost = ('<h1>This page is not here</h1><p class="lead">It may have moved, or the address has a slip in it. The search knows every page.</p>'
        '<p class="lost"><button type="button" class="button first" data-look>Search the site</button> <a class="button" href="{up}index.html">To the first page</a></p>')

def question_pages(site:Path, frame:Frame) -> None:
    "The question pages in the frame; what their component needs goes into files that the chapters' pages share."
    libs, data = site/'site_libs', []
    for chapter in (1, 2):
        path = site/f'questions{chapter}.html'
        page = BeautifulSoup(path.read_text(encoding='utf-8'), 'html.parser')
        data.append(json.loads(page.select_one('script#questions').string))
        style, inner = page.select_one('head > style').string, page.select_one('.page')
        for part in inner.select('.skip, nav'): part.decompose()
        inner.main.name = 'div'
        inner['class'] = ['questions', 'page']
        script = page.select_one('script#questions')
        about = f'The questions of chapter {chapter} in our own words: answer, be corrected at once, in this browser alone.'
        other = 3 - chapter
        ways = f'<p class="done-line"></p><div class="site-steps" role="navigation" aria-label="Before and next"><a class="{"next" if other == 2 else "previous"}" href="questions{other}.html"><small>{"Next" if other == 2 else "Before"}</small>Questions of chapter {other}</a></div>'
        path.write_text(frame.page(path.name, page.title.get_text(), about, str(inner) + ways, kind='asking', head='<link rel="stylesheet" href="site_libs/questions.css">', toc='<div class="site-toc"></div>',
                                   tail=f'{script}\n<script src="site_libs/questions.js"></script>'), encoding='utf-8')
    (libs/'questions.css').write_text(f'.questions {{\n{style}\n}}\n', encoding='utf-8')
    (libs/'questions.js').write_text(page.find_all('script')[-1].string, encoding='utf-8')
    (libs/'questions.json').write_text(json.dumps(data), encoding='utf-8')

def course_data(frame:Frame) -> dict:
    "What the page on one's own course has to know: what there is to read, to solve and to answer, and where."
    def listed(row:list[Chapter]) -> list[dict]:
        return [dict(stem=each.stem, page=each.page, title=each.title, number=each.number, time=each.time, exercises=len(load_exercises(each.stem)) if each.stem in with_exercises() else 0) for each in row]
    quizzes = [(chapter, load_questions(chapter)) for chapter in (1, 2)]
    quizzes = [dict(chapter=chapter, page=f'questions{chapter}.html', head=markdown_page([], questions).partition('\n- ')[0], marks=MARKS,
                    questions=[dict(id=q.id, asks=f'{number_of(q)} {q.ask}', topic=q.topic, page=q.page, heading=q.heading) for q in questions]) for chapter, questions in quizzes]
    return dict(chapters=listed(frame.chapters), lessons=listed(frame.others), quizzes=quizzes)

def your_course(site:Path, frame:Frame) -> None:
    "The page that counts what a reader's browser kept."
    for name in ('course.js', 'course.css'): shutil.copy(assets/name, site/'site_libs'/name)
    tail = f'<script type="application/json" id="course-data">{for_script(course_data(frame))}</script>\n<script src="site_libs/questions.js"></script>\n<script src="site_libs/course.js"></script>'
    (site/'your-course.html').write_text(frame.page('your-course.html', 'Your course', 'What you have read, solved and answered, and what is due: kept in your browser alone.', (assets/'course.html').read_text(encoding='utf-8'),
        kind='your-course', head='<link rel="stylesheet" href="site_libs/course.css">', toc='<div class="site-toc"></div>', tail=tail), encoding='utf-8')

def frame_app(site:Path, name:str, about:str, frame:Frame) -> None:
    "A page with rules of its own, with the header of the site. They forbid scripts and styles within the page, so it gets files only."
    page = site/name
    soup = BeautifulSoup(page.read_text(encoding='utf-8'), 'html.parser')
    for part in soup.select('body > nav, meta[name=description]'): part.decompose()
    inner = soup.new_tag('div', attrs={'class': 'page', 'id': 'content'})
    for part in list(soup.body.children): inner.append(part.extract())
    for part in inner.find_all(['header', 'footer'], recursive=False):  # the site's own are the page's landmarks
        inner.main.insert(0, part.extract()) if part.name == 'header' else inner.main.append(part.extract())
    soup.body.append(BeautifulSoup(frame.frame(name, '../') + frame.drawer(name, '../'), 'html.parser'))
    soup.body.append(inner)
    soup.body.append(BeautifulSoup(frame.foot('../'), 'html.parser'))
    soup.body.attrs = {'class': 'framed', 'data-up': '../', 'data-page': name}
    soup.title.string = f'{soup.title.get_text()} · {site_name}'
    for tag in ('<script src="../site_libs/theme.js"></script>', '<link rel="stylesheet" href="../site_libs/frame.css">', '<script src="../site_libs/site.js" defer></script>',
                f'<meta name="description" content="{about}">', f'<meta property="og:image" content="{frame.address}/images/card.jpg">'):
        soup.head.append(BeautifulSoup(tag, 'html.parser'))
    page.write_text(str(soup), encoding='utf-8')

def sitemap(site:Path, address:str) -> str:
    "All pages but the one for the lost, for search engines."
    pages = sorted(path.relative_to(site).as_posix() for path in site.rglob('*.html') if path.name != '404.html')
    places = ''.join(f'  <url><loc>{address}/{page.removesuffix("index.html")}</loc></url>\n' for page in pages)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{places}</urlset>\n'

def shape(site:Path, nbs:Path, address:str, rooms:dict[str, list[str]], bear:Path) -> None:
    "Rewrite the pages of a built site, and put beside them what they share."
    frame = Frame(course(nbs), lessons(nbs), {}, address.rstrip('/'), sum(path.stat().st_size for path in (site/'classifier').iterdir() if path.suffix in ('.wasm', '.onnx'))/1e6)
    titles = {page: unescape(re.search(r'<h1 class="title">(.*?)</h1>', (site/page).read_text(encoding='utf-8'))[1]) for pages in rooms.values() for page in pages}
    frame.rooms = {room: [(page, titles[page]) for page in pages] for room, pages in rooms.items()}
    libs = site/'site_libs'
    glossary = BeautifulSoup((site/'glossary.html').read_text(encoding='utf-8'), 'html.parser')
    terms, questions = read_terms(glossary), write_questions(site)
    from_notebooks = [path for path in sorted(site.rglob('*.html')) if path.name not in ('index.html', 'questions1.html', 'questions2.html') and path.parent.name not in ('classifier', 'trainer')]
    names = {nbpath2html(path.relative_to(nbs)).as_posix(): own_names(path) for path in nbs.rglob('*.ipynb')}
    for path in from_notebooks: path.write_text(notebook_page(path, site, frame, terms, questions, names.get(path.relative_to(site).as_posix(), set())), encoding='utf-8')
    for name in ('theme.js', 'site.js', 'home.js', 'frame.css', 'read.css', 'bear.svg'): shutil.copy(assets/name, libs/name)
    shutil.copytree(assets/'widgets', libs/'widgets', dirs_exist_ok=True)
    shutil.copy(bear, libs/'bear.jpg')
    shutil.copytree(nbs/'images', site/'images', dirs_exist_ok=True)
    question_pages(site, frame)
    your_course(site, frame)
    own, pictures, sections = contents(site)
    (site/'install.html').write_text(install(frame, sections), encoding='utf-8')
    (site/'index.html').write_text(home(site, frame, own, pictures), encoding='utf-8')
    (site/'search.json').write_text(json.dumps(search_entries(site, glossary, frame.megabytes), ensure_ascii=False, separators=(',', ':')), encoding='utf-8')
    (site/'lessons/index.html').write_text(frame.page('lessons/index.html', 'Lessons', 'The same tools on other problems: pets, sounds, files, cells, tables.',
        f'<h1>Lessons</h1><p class="lead">The same tools on other problems. Each stands alone; the chapters come first.</p>{cards(frame.others, site, "../")}', kind='home'), encoding='utf-8')
    (site/'reference.html').write_text(frame.page('reference.html', 'Look inside', 'The notebooks that the library is made from.', reference(frame, site),
        toc=toc_html(BeautifulSoup(f'<ul>{"".join(f"""<li><a href="#{room}">{room}</a></li>""" for room in frame.rooms)}</ul>', 'html.parser'))), encoding='utf-8')
    root = re.sub(r'^https?://[^/]+', '', frame.address) + '/'
    (site/'404.html').write_text(frame.page('404.html', 'Not here', 'This page is not here.', lost.format(up=root), up=root), encoding='utf-8')
    frame_app(site, 'classifier/index.html', 'A classifier of bears that runs in this page: the photo never leaves your machine.', frame)
    frame_app(site, 'trainer/index.html', 'Train a photo classifier of your own in this page, in seconds: no installation, and no photo leaves your machine.', frame)
    (site/'sitemap.xml').write_text(sitemap(site, frame.address), encoding='utf-8')
    for unused in ('bootstrap', 'bootstrap-icons', 'fuse', 'themes'): shutil.rmtree(libs/unused, ignore_errors=True)
    for unused in (libs/'smalldocs.css', libs/'smalldocs.js', site/'styles.css'): unused.unlink(missing_ok=True)
    for folder in site.rglob('*_files'): shutil.rmtree(folder)
