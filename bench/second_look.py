"""What a sentence encoder adds to the grader: makes the file of the second look, and measures it on writers held out.

python bench/second_look.py [--write] [--json]

--write encodes the answers anew (extra `semantic`), fits the head and writes bears_lib/data/questions/second_look.npz.
Without it the table is made from the vectors in that file. The suggestions of the grader are those it made when it
saw the answers for the first time (`first` in learners_answers.jsonl): it has been taught by them since.
"""
from importlib.resources import files
import json

import numpy as np

from common import parser, report
from grader import figures, row

from bears_lib.engine.quiz.grading import GRADES, chapters, load_questions
from bears_lib.engine.quiz.semantic import KINDS_SEEN, LONGEST, look_features, sentence_encoder, settled

FOLDER = files('bears_lib')/'data'/'questions'
FILE = FOLDER/'second_look.npz'


def texts():
    "Each answer that the second look knows: (question, text, grade, writer, what the grader said at first)."
    questions = {q.id: q for chapter in chapters() for q in load_questions(chapter) if q.kind in KINDS_SEEN}
    for q in questions.values():
        yield from ((q.id, text, level, '', '') for text, level in [(q.model, 'right'), *q.examples])
    for name in ('graded_answers', 'learners_answers'):
        for line in (FOLDER/f'{name}.jsonl').read_text('utf-8').splitlines():
            r = json.loads(line)
            if r['question_id'] in questions: yield r['question_id'], r['answer'], r['grade'], r['source'], r.get('first', '')


def encoded():
    "All of `texts` as arrays, the vectors in eight bits."
    ids, answers, grades, writers, first = zip(*texts())
    encode = sentence_encoder().encode
    vectors = np.concatenate([encode([a[:LONGEST] for a in answers[i:i+32]]) for i in range(0, len(answers), 32)])
    scale = np.abs(vectors).max()/127
    level = {g: i for i, g in enumerate(GRADES)} | {'': -1}
    return dict(vectors=np.round(vectors/scale).astype(np.int8), scale=np.float32(scale), question=np.array(ids), writer=np.array(writers),
        grade=np.array([level[g] for g in grades], np.int8), first=np.array([level[g] for g in first], np.int8))


def rows_of(known): return np.flatnonzero(known['first'] >= 0)


def features(known, rows, exemplars):
    "What the head sees of each row; answers of its own writer are no exemplars."
    vectors, found = known['vectors']*known['scale'], []
    for r in rows:
        same = exemplars[(known['question'][exemplars] == known['question'][r]) & ((known['writer'][exemplars] != known['writer'][r]) | (known['writer'][exemplars] == ''))]
        found.append(look_features(vectors[same]@vectors[r], known['grade'][same], int(known['first'][r])))
    return np.array(found)


def fit(known, rows, exemplars):
    "The head's weights, of shape (features + 1, 3): the last row is what is added."
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    x = features(known, rows, exemplars)
    scaler = StandardScaler().fit(x)
    head = LogisticRegression(C=0.1, max_iter=5000, tol=1e-8).fit(scaler.transform(x), known['grade'][rows])
    weights = head.coef_/scaler.scale_
    return np.vstack([weights.T, head.intercept_ - weights@scaler.mean_]).astype(np.float32)


def chances(known, rows, exemplars, head):
    scores = np.hstack([features(known, rows, exemplars), np.ones((len(rows), 1))])@head
    scores = np.exp(scores - scores.max(1, keepdims=True))
    return scores/scores.sum(1, keepdims=True)


def calibration(known, rows, by='writer'):
    "How often a grade that was given some chance was a person's: lines of a table."
    chance, everything = np.zeros((len(rows), 3)), np.arange(len(known['grade']))
    for part in np.unique(known[by][rows]):
        test = known[by][rows] == part
        others = everything[known[by] != part]
        chance[test] = chances(known, rows[test], others, fit(known, rows[~test], others))
    best, hit = chance.max(1), chance.argmax(1) == known['grade'][rows]
    for low, high in ((0.3, 0.5), (0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 1)):
        inside = (best >= low) & (best < high)
        if inside.any(): yield f'{low} to {high}: {best[inside].mean():.2f} said, {hit[inside].mean():.2f} true, {inside.sum()} answers'


def pairs(known, rows, chance):
    found = []
    for r, p in zip(rows, chance):
        level, sure = settled(int(known['first'][r]), p)
        found.append((GRADES[known['grade'][r]], GRADES[level], not sure))
    return found


def held_out(known, by, learn=None, rng=None):
    "Suggestions for each row by a head that saw no answer of its writer, or to its question."
    rows, everything = rows_of(known), np.arange(len(known['grade']))
    found = {}
    for part in np.unique(known[by][rows]):
        test, others = rows[known[by][rows] == part], everything[known[by] != part]
        train = rows[known[by][rows] != part]
        if learn: train = rng.permutation(train)[:learn]
        exemplars = others if not learn else np.concatenate([others[known['first'][others] < 0], train])
        fixed = everything[(known['writer'] == '') | (known['question'] != part)] if by == 'question' else exemplars
        chance = chances(known, test, fixed, fit(known, train, exemplars))
        found |= dict(zip(test, pairs(known, test, chance)))
    return [found[r] for r in rows]


def main():
    options = parser(__doc__)
    options.add_argument('--write', action='store_true', help='encode, fit and write the file')
    args = options.parse_args()
    if args.write:
        known = encoded()
        known['head'] = fit(known, rows_of(known), np.arange(len(known['grade'])))
        np.savez_compressed(str(FILE), **known)
    known = dict(np.load(str(FILE)))
    rows, rng = rows_of(known), np.random.default_rng(0)
    truth, first = [[GRADES[v] for v in known[k][rows]] for k in ('grade', 'first')]
    table = {'always right': [(t, 'right', False) for t in truth], 'words alone, at first sight': [(t, f, False) for t, f in zip(truth, first)],
        'second look, writer held out': held_out(known, 'writer'), 'second look, question held out': held_out(known, 'question')}
    table |= {f'second look, learnt from {n}, writer held out': held_out(known, 'writer', n, rng) for n in (100, 200, 400, 600)}
    results = {name: figures(found) for name, found in table.items()}
    better = sum(a == b != f for (a, b, _), f in zip(table['second look, writer held out'], first))
    worse = sum(a == f != b for (a, b, _), f in zip(table['second look, writer held out'], first))
    matrix = {a: {b: sum(p[:2] == (a, b) for p in table['second look, writer held out']) for b in GRADES} for a in GRADES}
    words = [f'changed for the better {better}, for the worse {worse}. A person said (rows), suggested (columns), writer held out:']
    words += [f'{a:8}' + ''.join(f'{matrix[a][b]:8}' for b in GRADES) for a in GRADES]
    words += ['Chance of the grade with the highest chance, writer held out:', *calibration(known, rows)]
    report(args, [row('learners', name, f) for name, f in results.items()], '\n'.join(words), results=results, confusion=matrix)


if __name__ == '__main__': main()
