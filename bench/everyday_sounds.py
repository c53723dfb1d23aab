"""Trained on computed sounds, tested on recordings: are the sounds good enough?

python bench/everyday_sounds.py [--half develop|report|both] [--kinds five|seven] [--json]

BEARS_DATA names the folder with esc10. The default head is fitted to pictures of 30 computed sounds of each of five kinds (or of all seven), and judges the
recordings of the same kinds. These are split in two halves by the hash of their content, as photos in bench/drawn_pets.py: the sounds were to be
improved by the half `develop` alone, and the half `report` has no part in that."""
import os, warnings

from common import parser, report
from drawn_pets import half_of

warnings.filterwarnings('ignore')
os.environ.setdefault('CI', '1')  # no progress bars
five = ['baby_cry', 'chainsaw', 'clock_tick', 'dog_bark', 'rain']  # the kinds that were computed first; rooster and sea_waves came later

def main() -> None:
    import numpy as np
    from bears_lib.engine.core.common import accuracy_text
    from bears_lib.engine.features.backbone import body_features, body_preprocess, create_body
    from bears_lib.engine.features.linear_probe import fit_linear
    from bears_lib.engine.lessons.datasets import get_data
    from bears_lib.engine.lessons.everyday_sounds import everyday_kinds, everyday_sound
    from bears_lib.engine.lessons.sounds import read_sound, sound_files, sound_picture
    options = parser(__doc__)
    options.add_argument('--half', choices=('develop', 'report', 'both'), default='report')
    options.add_argument('--kinds', choices=('five', 'seven'), default='five')
    args = options.parse_args()
    kinds = five if args.kinds == 'five' else list(everyday_kinds)
    body = create_body()
    def look(sounds) -> np.ndarray:
        pictures = [np.asarray(sound_picture(sound, mels=128)) for sound in sounds]
        return body_features(body, pictures, body_preprocess(body, resize='squish'))
    computed = np.repeat(np.arange(len(kinds)), 30)
    head = fit_linear(look([everyday_sound(kinds[kind], i % 30) for i, kind in enumerate(computed)])[None], computed.tolist(), list(range(len(computed))))
    recordings = [path for path in sound_files(get_data('esc10')) if path.parent.name in kinds and args.half in ('both', half_of(path))]
    truth = np.array([kinds.index(path.parent.name) for path in recordings])
    predicted = head.probabilities(look([read_sound(path) for path in recordings])).argmax(1)
    rows = [{'recordings': name, 'half': args.half, 'right': accuracy_text(int((predicted[own] == truth[own]).sum()), int(own.sum()))}
            for name, own in [(f'all {args.kinds} kinds', truth >= 0), *((kind, truth == i) for i, kind in enumerate(kinds))]]
    report(args, rows)

if __name__ == '__main__': main()
