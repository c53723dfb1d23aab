"""Does a model of bears tell bears from everything else? AUROC of the likeness, beside the largest probability.

python bench/familiar.py BEARS OTHERS... [--json]

A head and a bank of training photos are fitted to four fifths of BEARS; the rest, which were held back, are to be told from each folder of OTHERS,
from drawn bears, doodles, noise and pages of text, which are made here. The threshold is that of the model, chosen on the photos held back."""
from pathlib import Path

from common import parser, report


def made(n:int=100) -> dict[str, list]:
    "Pictures that are no photos."
    import numpy as np
    from PIL import Image, ImageDraw
    rng, kinds = np.random.default_rng(0), {'doodles': [], 'noise': [], 'text': []}
    words = 'file edit view insert page contents settings sign in price total add to basket next bear classifier answers'.split()
    for i in range(n):
        doodle = Image.new('RGB', (256, 256), 'white')
        pen = ImageDraw.Draw(doodle)
        for _ in range(12): pen.line([tuple(point) for point in rng.integers(10, 246, (3, 2)).tolist()], fill=tuple(rng.integers(0, 200, 3).tolist()), width=int(rng.integers(2, 8)))
        grain = int(rng.choice([1, 4, 16, 64]))
        noise = Image.fromarray(rng.integers(0, 256, (256//grain, 256//grain, 3), np.uint8)).resize((256, 256))
        text = Image.new('RGB', (400, 300), (30, 30, 30) if i % 3 == 0 else 'white')
        pen = ImageDraw.Draw(text)
        pen.rectangle((0, 0, 400, 24), fill=(60, 90, 160))
        for y in range(30, 290, 14 + i % 5): pen.text((10, y), ' '.join(rng.choice(words, int(rng.integers(3, 10)))), fill='white' if i % 3 == 0 else 'black')
        for kind, picture in zip(kinds.values(), (doodle, noise, text)): kind.append(np.asarray(picture))
    return kinds

def main() -> None:
    import numpy as np
    from sklearn.metrics import roc_auc_score
    from bears_lib.engine.features.backbone import body_features, body_preprocess, create_body
    from bears_lib.engine.features.near_duplicates import read_photos
    from bears_lib.engine.features.split import split_photos
    from bears_lib.engine.features.novelty import fit_familiar
    from bears_lib.engine.features.linear_probe import fit_linear
    from bears_lib.engine.core.folders import read_folder, sample_folder
    options = parser(__doc__)
    options.add_argument('bears')
    options.add_argument('others', nargs='+')
    args = options.parse_args()
    folder = read_photos(args.bears)
    held = split_photos(folder.photos)
    body = create_body()
    def features(photos): return body_features(body, photos, body_preprocess(body))
    every = features([photo.path for photo in folder.photos])
    known = fit_familiar(every[~held], every[held])
    head = fit_linear(every[None, ~held], [folder.labels.index(photo.label) for photo, out in zip(folder.photos, held) if not out])
    others = {Path(name).name: [photo.path for photo in read_folder(name).photos] for name in [*args.others, sample_folder()]} | made()
    rows = []
    for name, photos in others.items():
        strange = features(photos)
        truth = np.r_[np.ones(held.sum()), np.zeros(len(strange))]
        likeness = known.likeness(np.concatenate([every[held], strange]))
        sure = head.probabilities(np.concatenate([every[held], strange])).max(1)
        rows.append({'told from': 'drawn bears' if name == 'sample' else name, 'n': len(strange), 'AUROC likeness': f'{roc_auc_score(truth, likeness):.4f}',
                     'AUROC largest probability': f'{roc_auc_score(truth, sure):.4f}', 'said to be unsure': f'{(likeness[held.sum():] < known.threshold).mean():.1%}'})
    report(args, rows, f'{held.sum()} photos of {Path(args.bears).name} were held back, {known.valid_share:.1%} of them said to be unsure; {len(known.bank)} were kept to compare with.', familiar=known.summary())

if __name__ == '__main__': main()
