"An app around one model. All that it runs is in this folder, so change what you like. Made by bears_lib $version."
import json
import os
from pathlib import Path

os.environ.setdefault('GRADIO_ANALYTICS_ENABLED', 'False')  # gradio would report each start to its makers
import gradio as gr
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from bears_lib.engine.core.common import BearsError
from bears_lib.engine.core.words import for_markdown
from bears_lib.engine.predict.predict import Classifier

here = Path(__file__).parent
title = '$title'
classify = Classifier(here/'model')  # model.json and model.onnx: no torch, and nothing that could run a stranger's code
examples = sorted(str(path) for path in (here/'examples').glob('*.jpg'))


def look(path):
    "A sentence, and the probability of each class by its name, for the photo that gradio has put at `path`."
    if not path: return 'The answer appears here.', None
    try: answer = classify(Path(path).read_bytes())
    except (BearsError, OSError) as error: return f'That did not work: {for_markdown(error)}', None
    label = next(iter(answer))
    if getattr(answer, 'unsure', False): return f'**Unlike anything I know.**\n\nClosest is {for_markdown(label)}, but don\'t rely on it.', dict(answer)
    return f'Most likely **{for_markdown(label)}**,\N{NO-BREAK SPACE}{answer[label]:.0%}.', dict(answer)


with gr.Blocks(title=title, analytics_enabled=False, delete_cache=(60, 600)) as app:
    gr.Markdown(f'# {for_markdown(title)}\nChoose a photo. It is deleted within minutes.')
    with gr.Row():
        photo = gr.Image(label='Your photo', type='filepath', image_mode=None, height=360, buttons=[], elem_id='photo')
        setattr(photo, 'preprocess', lambda sent: sent and sent.path)  # gradio would open the file itself, and stop at a broken one
        with gr.Column():
            said = gr.Markdown('The answer appears here.', elem_id='said')
            bars = gr.Label(label='Probabilities', num_top_classes=6, show_heading=False, elem_id='bars')
    if examples: gr.Examples(examples, photo, label='Or try one of these', elem_id='tries')
    photo.change(look, photo, [said, bars], api_name='predict')

if __name__ == '__main__':
    tones = json.loads((here/'look.json').read_text(encoding='utf-8'))  # the colours; style.css has the rest
    blue, sand = (gr.themes.Color(*tones[name]) for name in ('blue', 'sand'))
    theme = gr.themes.Soft(primary_hue=blue, secondary_hue=blue, neutral_hue=sand, **tones['fonts']).set(**tones['set'])
    own = [] if os.environ.get('SPACE_ID') or os.environ.get('GRADIO_SERVER_NAME') else [Middleware(TrustedHostMiddleware, allowed_hosts=['127.0.0.1', 'localhost'])]
    app.launch(theme=theme, css=(here/'style.css').read_text(encoding='utf-8'), max_file_size='20mb', run_history=False, enable_monitoring=False, ssr_mode=False, app_kwargs={'middleware': own})
