"""Write the glossary from the course: each term where it is first explained.

python tools/make_glossary.py [--left-out]

A term is bold text of at most four words that an explanation follows or names: `**term**: what it is`, `**term** (the ...)`, `... **term** is ...` (or another
verb of `tells`), any verb after a term that begins its sentence (`The **term** makes ...`), `... is called the **term**`, or `..., its **term**.` The sentence with the bold is the explanation, or what stands behind the colon. Everything else in bold is emphasis, and
so is what ends with a full stop or a question mark, a number, and all bold in lists of what a notebook holds (`unread`). --left-out shows it.
The first notebook that explains a term wins; a plural counts as its singular."""
import hashlib, json, re, sys
from pathlib import Path

from bears_lib.engine.core.words import for_anchor as anchor

root = Path(__file__).parent.parent
unread = ('In this notebook', 'What you have seen', 'Summary', 'Exercises', 'Questions', 'What to do next')
tells = 'is|are|was|were|means|mean|shows?|says?|tells?|holds?|turns?|takes?|gives?|puts?|moves?|computes?|learns?|keeps?|counts?|compares?|measures?|describes?|splits?|names?|works?|does|do|has|have|starts?|changes?'
after = re.compile(rf' \((?:the|an?|what) |(?: \([^)]*\))?(?::\s|(?:,? (?!and\b|or\b)\w+){{0,2}}? (?:{tells})\b)')
does = re.compile(r'(?: \([^)]*\))? (?!unless|as\b|its|this|always|besides|plus|whereas)[a-z]+s\b')
before = re.compile(r"(?:\b(?:is|are|called|named)(?: the| an?)?|[:,] (?:the|an?|its)(?: \w+'s)?) $")

def singular(term:str) -> str:
    "Under which a term is counted once: lower case, without the s of a plural."
    return re.sub(r'(?:(?<=ch)es|(?<=ss)es|(?<=[^s])s)$', '', term.lower().strip('`'))

def written(term:str, lead:str) -> str:
    "In lower case where only the start of a sentence made it a capital."
    return term[0].lower() + term[1:] if term[1:].islower() and not re.search(r'\w,? $', lead) else term.strip('`')

def plain(text:str) -> str:
    "One line without bold, italics and links, fit for a cell of a table."
    text = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', re.sub(r'\*{1,2}(?=\S)(.+?)\*{1,2}', r'\1', ' '.join(text.split())))
    return re.sub(':$', '.', text.replace('|', r'\|').strip())

def explanation(paragraph:str, found:re.Match) -> str:
    "What explains the bold text; '' where it is no term."
    term, rest = found[1], paragraph[found.end():]
    start = max((end.end() for end in re.finditer(r'[.!?][)"*]?\s+(?=[A-Z`"*(]|$)|^', paragraph[:found.start()])), default=0)
    lead = paragraph[start:found.start()]
    if len(term.split()) > 4 or re.search(r'[.!?:,]$', term) or not re.search('[A-Za-z]{2}', term): return ''
    begins = re.fullmatch(r'[-\d.\s]*(?:(?:The|An?) )?', lead)
    if not after.match(rest) and not (begins and does.match(rest)) and not (before.search(lead) and re.match(r'[.,:;]|$| \(', rest)): return ''
    end = re.search(r'[.!?][)"]?(?=\s|$)', rest)
    upto = rest[:end.end() if end else len(rest)]
    colon = re.match(r'(?: \([^)]*\))?:\s', upto)
    told = upto[colon.end():colon.end() + 1].upper() + upto[colon.end() + 1:] if colon and not before.search(lead) and not re.search(r'\w{3}', lead) else lead.lstrip('-1234567890.\n ') + term + upto
    return plain(told) if len(told.split()) - len(term.split()) >= 3 else ''

def terms(notebooks:list[Path]) -> tuple[dict[str, tuple[str, str, str]], list[str]]:
    "For each term how it is written, its explanation and a link to the section that explains it; and the bold text that is none."
    found, left_out = {}, []
    for path in notebooks:
        section = ''
        for cell in json.loads(path.read_text(encoding='utf-8'))['cells']:
            if cell['cell_type'] != 'markdown': continue
            for paragraph in re.split(r'\n(?=\s*\n|#|\s*[-|] |\s*\d+\. )', re.sub(r'```.*?```', '', ''.join(cell['source']), flags=re.S)):
                if heading := re.match(r'\s*#{2,6} (.+)', paragraph): section = heading[1].strip()
                if section in unread or paragraph.strip().startswith(('**In this notebook', '|')): continue
                for bold in re.finditer(r'\*\*(?!\s)([^*\n]+?)\*\*', paragraph):
                    told = explanation(paragraph, bold) if section else ''
                    if told: found.setdefault(singular(bold[1]), (written(bold[1], paragraph[:bold.start()]), told, f'[{plain(section)}]({path.name}#{anchor(section)})'))
                    elif singular(bold[1]) not in found: left_out.append(f'{path.stem}: {bold[1]}')
    return found, left_out

def page(found:dict[str, tuple[str, str, str]]) -> dict:
    "The notebook: a table for each letter."
    cells = ['# Glossary\n\n> Every term of the course in a sentence, with the section that explains it.',
             f'The course explains {len(found)} terms. Each stands here with its sentence, and its link leads to the section where you meet it first.']
    for letter in sorted({key[0] for key in found}):
        rows = [f'| {term} | {told} | {place} |' for key, (term, told, place) in sorted(found.items()) if key[0] == letter]
        cells.append('\n'.join([f'## {letter.upper()}', '', '| term | what it means | where |', '| --- | --- | --- |', *rows]))
    made = [{'cell_type': 'markdown', 'id': hashlib.sha256(text[:12].encode()).hexdigest()[:8], 'metadata': {}, 'source': text.splitlines(True)} for text in cells]
    return {'cells': made, 'metadata': {'kernelspec': {'display_name': 'python3', 'language': 'python', 'name': 'python3'}}, 'nbformat': 4, 'nbformat_minor': 5}

if __name__ == '__main__':
    found, left_out = terms(sorted((root/'nbs').glob('0[0-5]*.ipynb')))
    if '--left-out' in sys.argv[1:]: print('\n'.join(left_out))
    (root/'nbs'/'glossary.ipynb').write_text(json.dumps(page(found), indent=1, ensure_ascii=False, sort_keys=True) + '\n', encoding='utf-8')
