"Sounds and files that can't be used, and ways around it, from outside."
import io, shutil, wave
import numpy as np
import pytest

from bears_lib.engine.common import BearsError

sf = pytest.importorskip('soundfile')
pytest.importorskip('librosa')
from bears_lib.engine.bitmaps import file_picture, file_window, known_files  # noqa: E402
from bears_lib.engine.folders import read_folder  # noqa: E402
from bears_lib.engine.sounds import SoundError, draw_sounds, make_sounds, read_sound, sound_files, sound_picture  # noqa: E402

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
def test_no_folder_of_sounds(tmp_path, make):
    make(tmp_path/'in')
    with pytest.raises(BearsError) as error: sound_files(tmp_path/'in')
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
