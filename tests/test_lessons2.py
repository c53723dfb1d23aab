"Sounds and files that can't be used, and ways around it, from outside."
import io, shutil, subprocess, sys, wave
from time import process_time
import numpy as np
import pytest

from bears_lib.engine.core.common import BearsError

sf = pytest.importorskip('soundfile')
from bears_lib.engine.lessons.bitmaps import file_picture, file_window, known_files  # noqa: E402
from bears_lib.engine.core.folders import read_folder  # noqa: E402
from bears_lib.engine.lessons.everyday_sounds import everyday_kinds, everyday_sound, make_everyday_sounds, song  # noqa: E402
from bears_lib.engine.lessons.sounds import (SoundError, draw_sounds, make_sounds, mel_filters, power_spectrogram, power_to_db, read_sound,  # noqa: E402
    sound_files, sound_picture, to_hertz, to_mels)

tone = np.sin(np.arange(16000)/5).astype(np.float32)/2

def write(path, samples=tone, rate=16000, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, samples, rate, **options)
    return path

def one_sentence(error):
    text = str(error.value)
    assert '\n' not in text and len(text) < 250 and 'Traceback' not in text
    return text

@pytest.mark.parametrize('rate', [8000, 11025, 22050, 44100, 96000])
@pytest.mark.parametrize('channels', [1, 2, 6])
def test_any_rate_and_number_of_channels_give_the_same_shape(tmp_path, rate, channels):
    path = write(tmp_path/'a.wav', np.repeat(tone[:rate//4, None], channels, axis=1), rate)
    sound = read_sound(path, seconds=1)
    assert sound.shape == (22050,) and sound.dtype == np.float32 and 0.3 < abs(sound).max() < 0.7

@pytest.mark.parametrize('form', ['MP3', 'FLAC', 'OGG', 'AIFF'])
def test_the_content_counts_and_not_the_name(tmp_path, form):
    shutil.move(write(tmp_path/f'a.{form.lower()}', format=form), tmp_path/'a.wav')
    assert abs(read_sound(tmp_path/'a.wav', seconds=1)).max() > 0.3

def test_stereo_is_the_mean_of_both_sides(tmp_path):
    path = write(tmp_path/'a.wav', np.stack([tone, 0*tone], axis=1))
    np.testing.assert_allclose(read_sound(path, rate=16000, seconds=1), tone/2, atol=1e-3)

@pytest.mark.parametrize('content, words', [(b'', 'empty'), (b'<!doctype html><p>Gone', 'web page'), (b'RIFF' + b'\0'*100, 'not a sound'),
                                           (bytes(range(256))*20, 'not a sound')])
def test_what_is_no_sound_is_said_in_a_sentence(tmp_path, content, words):
    (tmp_path/'a.wav').write_bytes(content)
    with pytest.raises(SoundError) as error: read_sound(tmp_path/'a.wav')
    assert words in one_sentence(error) and 'a.wav' in str(error.value)

def test_zero_length(tmp_path):
    with pytest.raises(SoundError, match='length is zero') as error: read_sound(write(tmp_path/'a.wav', tone[:0]))
    one_sentence(error)

def test_a_name_that_soundfile_takes_for_headerless(tmp_path):
    shutil.move(write(tmp_path/'a.wav'), tmp_path/'a.raw')
    assert read_sound(tmp_path/'a.raw').any()

def test_a_header_that_promises_an_absurd_rate(tmp_path):
    file = io.BytesIO()
    with wave.open(file, 'wb') as out:
        out.setnchannels(1); out.setsampwidth(2); out.setframerate(2**31 - 1); out.writeframes(b'\0\0'*100)
    with pytest.raises(SoundError) as error: read_sound(file.getvalue())
    one_sentence(error)

def test_a_long_sound_is_decoded_no_further_than_needed(tmp_path):
    path = write(tmp_path/'a.flac', np.zeros(16000*600, np.float32))
    assert read_sound(path, seconds=1).shape == (22050,)

def test_a_folder_or_nothing_at_all(tmp_path):
    for path in (tmp_path, tmp_path/'gone.wav'):
        with pytest.raises(SoundError) as error: read_sound(path)
        one_sentence(error)

def test_silence_is_black(): assert not np.asarray(sound_picture(np.zeros(22050, np.float32))).any()

def test_a_folder_keeps_the_good_and_names_the_bad(tmp_path, capsys):
    for label in ('rain', 'sea'): write(tmp_path/'in'/label/'1.wav')
    write(tmp_path/'in'/'rain'/'1.flac')                 # the same stem: both are kept
    (tmp_path/'in'/'sea'/'bad.mp3').write_bytes(b'')
    assert read_folder(draw_sounds(tmp_path/'in', tmp_path/'out')).counts == {'rain': 2, 'sea': 1}
    assert 'bad.mp3: the file is empty' in capsys.readouterr().err

@pytest.mark.parametrize('make', [lambda path: None, lambda path: path.mkdir(), lambda path: path.write_text('x', encoding='utf-8')])
def test_no_folder_of_sounds(tmp_path, make, monkeypatch):
    make(tmp_path/'in')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BearsError) as error: sound_files("in")
    one_sentence(error)

def test_computed_sounds_are_the_same_every_time(tmp_path):
    first, again = (sound_files(make_sounds(tmp_path/name, each=2)) for name in 'ab')
    assert [a.read_bytes() for a in first] == [b.read_bytes() for b in again] and len(first) == 12

def test_files_too_small_empty_or_not_there(tmp_path):
    (tmp_path/'empty').write_bytes(b'')
    (tmp_path/'small').write_bytes(b'x'*100)
    for path, words in ((tmp_path/'empty', 'empty'), (tmp_path/'small', 'too few'), (tmp_path, "can't be read"), (tmp_path/'gone', "can't be read")):
        with pytest.raises(BearsError, match=words) as error: file_window(path)
        one_sentence(error)

def test_a_huge_file_is_read_no_further_than_its_window(tmp_path):
    with (tmp_path/'huge').open('wb') as file: file.truncate(50_000_000_000)    # sparse: it takes no room
    assert file_picture(tmp_path/'huge', at='middle').size == (64, 64)

def test_known_files_are_what_they_say(tmp_path):
    found = known_files(tmp_path/'made', each=4)
    heads = {each.path.suffix: each.path.read_bytes()[:4] for each in found if each.kind == 'archive'}
    assert heads.get('.zip', b'PK\3\4') == b'PK\3\4' and heads
    assert not [each for each in found if each.path.stat().st_size < 16384]

def test_the_mel_scale_is_slaney_s():
    "Values that librosa's documentation prints, and fixed points of the Auditory Toolbox: 1000 Hz is 15 mels, 6400 Hz is 42."
    np.testing.assert_allclose(to_mels([0, 60, 110, 220, 440, 1000, 6400]), [0, 0.9, 1.65, 3.3, 6.6, 15, 42], atol=1e-12)
    np.testing.assert_allclose(to_hertz([1, 2, 3, 4, 5, 15, 42]), [66.667, 133.333, 200, 266.667, 333.333, 1000, 6400], atol=1e-3)
    above = [1500, 4000, 8000, 11025]
    np.testing.assert_allclose(to_mels(above), [20.897521828790076, 35.163760314616646, 45.245640471924965, 49.91059448015905], rtol=1e-12)
    np.testing.assert_allclose(to_hertz(to_mels(above)), above, rtol=1e-12)

# Computed once with librosa 0.11, by librosa.filters.mel, .stft, .feature.melspectrogram and .power_to_db.
filters_of_librosa = {  # rate, window, mels: sum, moments along both sides, the tops of the middle and the last triangle
    (22050, 2048, 64): (5.943921089172363, 1682.6991514300264, 193.18934161197058, 0.009228579699993134, 0.0017979785334318876),
    (22050, 1024, 128): (5.941658973693848, 848.871669133493, 383.3991003351698, 0.01635725609958172, 0.003386767813935876),
    (8000, 512, 40): (2.5594282150268555, 238.8673323887415, 52.478286625912006, 0.012968100607395172, 0.004383683670312166),
    (44100, 4096, 128): (11.888021469116211, 5737.705708010991, 766.8145651259504, 0.010495968163013458, 0.001454105251468718)}
power_of_librosa = {(0, 0): 19.568458557128906, (10, 3): 28.645753860473633, (82, 10): 102.49703216552734, (164, 0): 2.503521203994751,
                    (500, 21): 966.4869384765625, (1000, 20): 206.8325653076172, (1024, 7): 79.34074401855469}
mels_of_librosa = {(0, 0): (2.559199094772339, -33.844688415527344), (5, 3): (1.0687860250473022, -37.63682174682617),
                   (18, 15): (37.198486328125, -22.220474243164062), (20, 10): (6.138923645019531, -30.0448055267334),
                   (30, 5): (5.100067138671875, -30.84996795654297), (40, 0): (0.05318087339401245, -50.668174743652344),
                   (63, 21): (56.66899490356445, -20.39227294921875)}

@pytest.mark.parametrize('rate, window, mels', filters_of_librosa)
def test_the_mel_filters_are_those_of_librosa(rate, window, mels):
    found = mel_filters(rate, window, mels).astype(np.float64)
    moments = (found*np.arange(1, found.shape[1] + 1)).sum(), (found.T*np.arange(1, mels + 1)).sum()
    np.testing.assert_allclose([found.sum(), *moments, found[mels//2].max(), found[-1].max()], filters_of_librosa[rate, window, mels], rtol=1e-4)

def test_the_spectrogram_is_that_of_librosa():
    "Noise that grows louder, and a tone."
    time = np.arange(11025)
    sound = (np.random.default_rng(0).normal(size=11025)*np.linspace(0.01, 1, 11025) + np.sin(time/5)).astype(np.float32)
    power = power_spectrogram(sound)
    mels = mel_filters(22050, 2048, 64) @ power
    decibels = power_to_db(mels)
    assert (power.shape, mels.shape) == ((1025, 22), (64, 22))
    for at, value in power_of_librosa.items(): np.testing.assert_allclose(power[at], value, rtol=1e-4)
    for at, values in mels_of_librosa.items(): np.testing.assert_allclose((mels[at], decibels[at]), values, rtol=1e-4)
    np.testing.assert_allclose([power_to_db(mels, 30).min(), power_to_db(mels, 30).mean(), decibels.mean()], [-30, -25.008501052856445, -27.120695114135742], rtol=1e-4)

@pytest.mark.parametrize('rate', [8000, 11025, 16000, 44100, 48000, 96000])
def test_another_rate_keeps_a_tone_and_drops_what_it_can_t_hold(rate):
    "A tone of 500 Hz stays as it was, away from both ends; one above half the new rate is gone."
    second = np.arange(rate)/rate
    def at_6000(hertz):
        file = io.BytesIO()
        sf.write(file, np.sin(2*np.pi*hertz*second)/2, rate, format='WAV', subtype='FLOAT')
        return read_sound(file.getvalue(), rate=6000, seconds=1)[200:-200]
    np.testing.assert_allclose(at_6000(500), np.sin(2*np.pi*500*np.arange(6000)/6000)[200:-200]/2, atol=1e-4)
    assert abs(at_6000(3300)).max() < 1e-4

@pytest.mark.parametrize('rate', [399_989, 44_101, 1009])
def test_a_rate_that_nobody_uses_takes_no_longer(tmp_path, rate):
    "Two rates without a common factor make a filter of millions of numbers."
    path = write(tmp_path/'a.wav', np.sin(2*np.pi*300*np.arange(rate*5)/rate), rate)
    began = process_time()
    heard = power_spectrogram(read_sound(path), 8192).sum(1).argmax()*22050/8192
    assert abs(heard - 300) < 3 and process_time() - began < 3

@pytest.mark.parametrize('window', [512, 1024, 2048, 4096, 8192])
def test_a_picture_has_a_column_for_every_512_samples(window):
    for mels in (None, 64): assert sound_picture(tone, mels=mels, windows=(window,)).width == len(tone)//512 + 1

def test_windows_that_do_not_fit_on_each_other_are_a_sentence():
    with pytest.raises(BearsError, match='512, 1024, 2048 do not fit on each other. Give mels'): sound_picture(tone, mels=None, windows=(512, 1024, 2048))
    assert sound_picture(tone, mels=None, windows=(512, 512, 512)).height == 257

def test_librosa_is_asked_nothing():
    run = subprocess.run([sys.executable, '-c', 'import sys; sys.modules["librosa"] = None\nimport numpy as np\nfrom bears_lib.engine.lessons.sounds import _resampled, sound_picture\n'
                          'print(sound_picture(_resampled(np.ones(8000, np.float32), 8000, 22050)).size)'], capture_output=True, text=True)
    assert run.stdout == '(44, 64)\n', run.stderr

def test_everyday_sounds_are_computed_from_their_seed_alone(tmp_path):
    "Each kind and each number is a sound of its own, whatever else is asked for, and a file holds what `everyday_sound` gives."
    made = sound_files(make_everyday_sounds(tmp_path/'made', each=2, kinds=['clock_tick', 'dog_bark']))
    assert [f'{path.parent.name}/{path.name}' for path in made] == [f'{kind}/{name}' for kind in ('clock_tick', 'dog_bark') for name in ('1-000.wav', '2-001.wav')]
    np.testing.assert_allclose(read_sound(made[3]), everyday_sound('dog_bark', 1), atol=1e-4)
    assert not np.array_equal(everyday_sound('dog_bark', 0), everyday_sound('dog_bark', 1))

@pytest.mark.parametrize('kind', sorted(everyday_kinds))
def test_an_everyday_sound_is_five_seconds_within_bounds(kind):
    for seed in range(3):
        sound = everyday_sound(kind, seed)
        assert sound.dtype == np.float32 and sound.shape == (110250,) and np.isfinite(sound).all() and 0.25 < abs(sound).max() <= 1

@pytest.mark.parametrize('ask, words', [(lambda: everyday_sound('cow'), 'No sound is called'), (lambda: everyday_sound('rain', -1), '0 or more'),
                                       (lambda: song('rock', 0), 'No genre is called'), (lambda: make_everyday_sounds('never', each=0), '1 to 200')])
def test_what_no_everyday_sound_can_be_is_a_sentence(ask, words):
    with pytest.raises(BearsError, match=words) as error: ask()
    one_sentence(error)

def test_the_true_chances_are_those_that_the_points_come_from():
    "Without `truth` the table is the same, and shows no chance."
    from bears_lib.engine.lessons.simulated import quiz_answers
    known, answers = quiz_answers(learners=60, truth=True), quiz_answers(learners=60)
    assert known.drop(columns='chance').equals(answers) and known.chance.between(0, 1).all()
    assert abs((known.points/5 - known.chance).mean()) < 0.03 and np.corrcoef(known.points, known.chance)[0, 1] > 0.7
