"""How well the suggested grades agree with a person's, on answers in a JSON-lines file, beside grading everything "right".

    python bench/grader.py [--answers FILE] [--leave-out] [--json]

Each line of FILE: {"question_id": ..., "answer": ..., "grade": "right" | "partly" | "wrong", "source": who wrote it}.
Without --answers it takes answers_dev.jsonl in the folder named by BEARS_DATA, or else the answers that come with the package.
--leave-out grades each source's answers without the words that nobody else's answer to the question supports: a lower bound.
"""
from argparse import ArgumentParser
from collections import defaultdict
from dataclasses import replace
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from time import perf_counter
import json, os, sys

from bears_lib.engine.common import BearsError, wilson
from bears_lib.engine.grading import GRADES, Reader, chapters, find_pattern, grade, known_words, load_questions, read_pattern


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


def main(argv=None):
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--answers', help='JSON lines, see above')
    parser.add_argument('--leave-out', action='store_true', help='drop the words that only the graded source supports')
    parser.add_argument('--show', action='store_true', help='print the answers on which the grades differ')
    parser.add_argument('--json', action='store_true', help='print the figures as one JSON object, last on stdout')
    args = parser.parse_args(argv)
    out = sys.stderr if args.json else sys.stdout
    rows = read_answers(args.answers or default_answers())
    questions = {q.id: q for chapter in chapters() for q in load_questions(chapter)}
    support = lru_cache(None)(lambda id, source: without_support(questions[id], rows, source))
    pairs, start = defaultdict(list), perf_counter()
    for row in rows:
        question = questions[row['question_id']]
        if args.leave_out: question = support(question.id, row['source'])
        result = grade(question, row['answer'])
        pairs[row['source']].append((row['grade'], result.grade, result.unsure))
        if args.show and result.grade != row['grade']: print(f"{row['source']} {row['question_id']}: {row['grade']} -> {result.grade}: {row['answer'][:200]}", file=out)
    took = (perf_counter()-start)/len(rows)*1000
    learners = [p for s, ps in pairs.items() if s.startswith('learner') for p in ps]
    groups = {**pairs, **({'all learners': learners} if learners else {}), 'all': [p for ps in pairs.values() for p in ps]}
    table = {name: dict(ours=figures(ps), always_right=figures([(a, 'right', False) for a, _, _ in ps])) for name, ps in groups.items()}
    print(f"{'':14}{'':14}{'n':>5} {'agreement (95%)':>22} {'caught':>8} {'marked down':>12} {'mixed up':>9} {'sure':>6} {'agr. sure':>9}", file=out)
    for name, both in table.items():
        for who, f in both.items():
            cells = [f'{f[k]:.0%}' if f[k] is not None else '-' for k in ('caught', 'marked_down', 'mixed_up', 'sure', 'agreement_when_sure')]
            print(f"{name if who == 'ours' else '':14}{who:14}{f['n']:>5} {f['agreement']:>8.3f} ({f['interval'][0]:.2f} to {f['interval'][1]:.2f}) "
                  f"{cells[0]:>8} {cells[1]:>12} {cells[2]:>9} {cells[3]:>6} {cells[4]:>9}", file=out)
    print('\nA person said (rows), suggested (columns), all answers:', file=out)
    for a, row in confusion(groups['all']).items(): print(f'{a:>8} ' + ' '.join(f'{b} {n:>4}' for b, n in row.items()), file=out)
    print(f'{took:.2f} ms an answer, {date.today()}, {os.cpu_count()} cores', file=out)
    if args.json: print(json.dumps(dict(figures=table, confusion=confusion(groups['all']), ms_per_answer=round(took, 2))))


if __name__ == '__main__': main()
