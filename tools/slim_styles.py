"""Keep, of the style sheets and icons that a built site carries, what its pages use: of Bootstrap's two themes and 2,000 icons, that is a tenth."""
import re
from pathlib import Path

import tinycss2
from fontTools import subset

def slim(
    site:Path, # The built site
) -> None:
    "Rewrite the themes and the icon font in `site_libs`."
    used, libs = words(site), site/'site_libs'
    for sheet in [*(libs/'themes').glob('*.css'), libs/'bootstrap-icons/bootstrap-icons.min.css']:
        rules = tinycss2.parse_stylesheet(sheet.read_text(encoding='utf-8'))
        sheet.write_text(tinycss2.serialize(in_use(rules, used)), encoding='utf-8')
    slim_icons(libs)

def words(site:Path) -> set[str]:
    "Whatever may be the name of a class: the words of the attributes `class` and `id` in all pages, and of the scripts."
    pages = ' '.join(' '.join(re.findall(r'\b(?:class|id)="([^"]*)"', page.read_text(encoding='utf-8'))) for page in site.rglob('*.html'))
    scripts = ' '.join(script.read_text(encoding='utf-8') for script in (site/'site_libs').rglob('*.js'))
    return set(re.findall(r'[\w-]+', pages + scripts))

def in_use(rules:list, used:set[str]) -> list:
    "The rules that can apply to something, and those inside a media query likewise."
    for rule in rules:
        if rule.type == 'at-rule' and rule.lower_at_keyword in ('media', 'supports'): rule.content = in_use(tinycss2.parse_rule_list(rule.content), used)
    return [rule for rule in rules if stays(rule, used)]

def stays(rule, used:set[str]) -> bool:
    if rule.type == 'qualified-rule': return applies(rule.prelude, used)
    if rule.type == 'comment': return rule.value.startswith('!')  # the licence
    return rule.type == 'at-rule' and rule.content != []

def applies(prelude:list, used:set[str]) -> bool:
    "Does one of the selectors (there are commas between them) name only classes that occur?"
    selectors = [[]]
    for token in prelude:
        if token == ',': selectors.append([])
        else: selectors[-1].append(token)
    return any({name.value for dot, name in zip(each, each[1:]) if dot == '.' and name.type == 'ident'} <= used for each in selectors)

def slim_icons(libs:Path) -> None:
    "The font, with the glyphs that a style sheet still names."
    sheet, font = libs/'bootstrap-icons/bootstrap-icons.min.css', libs/'bootstrap-icons/fonts/bootstrap-icons.woff'
    named = ''.join(path.read_text(encoding='utf-8') for path in (sheet, libs/'smalldocs.css'))
    glyphs = [chr(int(code, 16)) for code in re.findall(r'content:\s*"\\([0-9a-f]{4})"', named)] + re.findall('[\ue000-\uf8ff]', named)
    subset.main([str(font), f'--text={"".join(glyphs)}', '--flavor=woff', f'--output-file={font}'])
    font.with_suffix('.woff2').unlink()
    sheet.write_text(re.sub(r'url\("[^"]*woff2[^"]*"\) format\("woff2"\),', '', sheet.read_text(encoding='utf-8')), encoding='utf-8')
