"""How well the suggested grades agree with a person's, beside calling every answer right.

python bench/grader.py [--answers FILE] [--leave-out] [--second-look] [--show] [--json]

Each line of FILE: {"question_id": ..., "answer": ..., "grade": "right" | "partly" | "wrong", "source": who wrote it}.
Without --answers it takes answers_dev.jsonl in the folder named by BEARS_DATA, or else the answers that come with the package.
--second-look lets the sentence encoder of the extra `semantic` settle each grade.
--leave-out grades each source's answers without the words that nobody else's answer to the question supports: a lower bound.
"""
from collections import defaultdict
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from time import perf_counter
import json, os

from common import parser, report

from bears_lib.engine.core.common import BearsError, wilson
from bears_lib.engine.quiz.grading import GRADES, Reader, chapters, find_pattern, grade, known_words, load_questions, read_pattern
from bears_lib.engine.quiz.semantic import second_look


def read_answers(path):
    rows = [json.loads(line) for line in Path(path).read_text('utf-8').splitlines() if line.strip()]
    for row in rows:
        if row.get('grade') not in GRADES or not isinstance(row.get('answer'), str):
            raise BearsError(f'{path}: {row} needs an answer and a grade, one of {", ".join(GRADES)}.')
    return rows


def default_answers():
    dev = Path(os.environ.get('BEARS_DATA', 'none'))/'answers_dev.jsonl'
    return dev if dev.exists() else files('bears_lib')/'data'/'questions'/'answers.jsonl'


def figures(pairs):
    "What the goals ask: pairs are (a person's grade, suggested grade, unsure)."
    n = len(pairs)
    agree = sum(a == b for a, b, _ in pairs)
    bad, good = [p for p in pairs if p[0] != 'right'], [p for p in pairs if p[0] == 'right']
    sure = [p for p in pairs if not p[2]]
    share = lambda part, whole: round(part/whole, 3) if whole else None
    return dict(n=n, agreement=share(agree, n), interval=[round(x, 3) for x in wilson(agree, n)],
        caught=share(sum(p[1] != 'right' for p in bad), len(bad)), not_right=len(bad),
        marked_down=share(sum(p[1] != 'right' for p in good), len(good)), right=len(good),
        mixed_up=share(sum({p[0], p[1]} == {'right', 'wrong'} for p in pairs), n),
        sure=share(len(sure), n), agreement_when_sure=share(sum(a == b for a, b, _ in sure), len(sure)))


def without_support(question, rows, source):
    "The question without the words that, among all its answers, only those of `source` contain: a lower bound for a stranger."
    def read(answers): return [Reader(a, known_words()) for a in answers]
    own = read(r['answer'] for r in rows if r['question_id'] == question.id and r['source'] == source)
    others = read([r['answer'] for r in rows if r['question_id'] == question.id and r['source'] != source] + [a for a, _ in question.examples])
    def supported(word):
        hit = lambda readers: any(find_pattern(r, read_pattern(word)) for r in readers)
        return hit(others) or not hit(own)
    def shorten(pattern):
        parts = [p if p[0] in '!~/>' else '|'.join(w for w in p.split('|') if supported(w)) for p in pattern.split()]
        return ' '.join(parts) if all(parts) else None
    ideas = tuple(replace(i, accept=tuple(p for p in map(shorten, i.accept) if p)) for i in question.ideas)
    return replace(question, ideas=ideas)


def confusion(pairs): return {a: {b: sum(p[:2] == (a, b) for p in pairs) for b in GRADES} for a in GRADES}


def row(name, who, f):
    "One line of the table."
    def percent(key): return '-' if f[key] is None else f'{f[key]:.0%}'
    return {'answers of': name, 'grader': who, 'n': f['n'], 'agreement': f"{f['agreement']:.3f} ({f['interval'][0]:.2f} to {f['interval'][1]:.2f})",
        'not-right caught': percent('caught'), 'right marked down': percent('marked_down'), 'right/wrong mixed up': percent('mixed_up'),
        'sure': percent('sure'), 'agreement when sure': percent('agreement_when_sure')}


def main():
    options = parser(__doc__)
    options.add_argument('--answers', help='JSON lines, see above')
    options.add_argument('--leave-out', action='store_true', help='grade each source without the words that only it supports')
    options.add_argument('--second-look', action='store_true', help='let the sentence encoder settle each grade (extra `semantic`)')
    options.add_argument('--show', action='store_true', help='print the answers on which the grades differ')
    args = options.parse_args()
    answers = read_answers(args.answers or default_answers())
    questions = {q.id: q for chapter in chapters() for q in load_questions(chapter)}
    support = lru_cache(None)(lambda id, source: without_support(questions[id], answers, source))
    look = second_look if args.second_look else lambda question, answer, result: result
    look(questions['gpu'], 'a chip', grade(questions['gpu'], 'a chip'))   # the encoder is loaded before the clock starts
    pairs, start = defaultdict(list), perf_counter()
    for a in answers:
        question = support(a['question_id'], a['source']) if args.leave_out else questions[a['question_id']]
        result = look(question, a['answer'], grade(question, a['answer']))
        pairs[a['source']].append((a['grade'], result.grade, result.unsure))
        if args.show and result.grade != a['grade']: print(f"{a['source']} {a['question_id']}: {a['grade']} -> {result.grade}: {a['answer'][:200]}")
    took = (perf_counter()-start)/len(answers)*1000
    groups = {**pairs, 'learners': [p for s, ps in pairs.items() if s.startswith('learner') for p in ps], 'all': [p for ps in pairs.values() for p in ps]}
    results = {name: {'ours': figures(ps), 'always right': figures([(a, 'right', False) for a, _, _ in ps])} for name, ps in groups.items() if ps}
    rows = [row(name, who, f) for name, both in results.items() for who, f in both.items()]
    matrix = confusion(groups['all'])
    words = [f'{took:.2f} ms an answer. A person said (rows), suggested (columns), all answers:', f"{'':8}{''.join(f'{g:>8}' for g in GRADES)}"]
    words += [f'{a:8}' + ''.join(f'{matrix[a][b]:8}' for b in GRADES) for a in GRADES]
    report(args, rows, '\n'.join(words), results=results, confusion=matrix, ms_per_answer=round(took, 2))


if __name__ == '__main__': main()
