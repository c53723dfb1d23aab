"""What `check_images` finds of the faults planted in the bundled sample, and what it wrongly suspects.

python bench/check.py [PHOTOS] [--json]     PHOTOS: a folder with a faults.csv of its own, instead of the sample"""
import csv, os
from pathlib import Path
from time import perf_counter

from common import parser, report

def main() -> None:
    options = parser(__doc__)
    options.add_argument('photos', nargs='?', type=Path)
    args = options.parse_args()
    os.environ['IN_TEST'] = '1'
    from bears_lib.engine.gather.audit import check_images, find_dups
    from bears_lib.engine.core.folders import sample_folder
    root = args.photos or sample_folder()
    with (root/'faults.csv').open(newline='', encoding='utf-8') as file: faults = list(csv.DictReader(file))
    start = perf_counter()
    found = check_images(root)
    seconds = perf_counter() - start

    planted = {kind: {fault['file_name'] for fault in faults if fault['fault'] == kind} for kind in ('near-duplicate', 'wrong-label', 'unreadable', 'not-a-photo')}
    broken = planted['unreadable'] | planted['not-a-photo']
    unreadable = {each.file for each in found.findings if each.problem == 'unreadable'}
    copies = {frozenset((fault['file_name'], fault['truth'])) for fault in faults if fault['fault'] == 'near-duplicate'}
    pairs = {frozenset((pair.file, pair.other)) for pair in find_dups(root)}
    names = [photo.path.relative_to(root).as_posix() for photo in found.folder.photos]
    good = set(names) - set().union(*copies) - planted['wrong-label']
    flagged = {file for pair in pairs for file in pair} & good
    worst = set(found.suspects(len(names)//10))
    wrong = planted['wrong-label']
    named = {each.file for each in found.findings if each.problem == 'wrong label'}
    mixed = {frozenset((each.file, each.other)) for each in found.findings if each.problem == 'in two classes'}
    across = {pair for pair in copies if len({file.split('/')[0] for file in pair}) > 1}

    rows = [row('unreadable files found', len(broken & unreadable), len(broken), 'all'),
            row('good files called unreadable', len(unreadable - broken), len(names), 'none'),
            row('near-duplicates found', len(copies & pairs), len(copies), 'all'),
            row('  of these in two classes, and on top', len(across & mixed), len(across), 'all'),
            row('good photos called duplicates', len(flagged), len(good), 'at most 2%'),
            row('wrong labels in the worst tenth', len(wrong & worst), len(wrong), 'at least 80%'),
            row('wrong labels named', len(wrong & named), len(wrong), ''),
            row('photos named without a wrong label', len(named - wrong), len(names) - len(wrong), '')]
    report(args, rows, f'{len(names)} photos, {seconds:.1f} s.', seconds=round(seconds, 1))

def row(what:str, found:int, of:int, goal:str) -> dict: return {'what': what, 'found': found, 'of': of, 'goal': goal}

if __name__ == '__main__': main()
