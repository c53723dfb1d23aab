#!/usr/bin/env bash
# Fail when notebooks carry anything but what their author wrote, or when the package is older than they are.
set -euo pipefail
before=$(git status --porcelain; git diff | sha256sum)
nbdev-clean
nbdev-export
python tools/make_lessons.py
python tools/setup_cells.py
python tools/make_glossary.py
python tools/make_readme.py
after=$(git status --porcelain; git diff | sha256sum)
if [ "$before" != "$after" ]; then
  git status --short
  echo 'Generated files were older than the notebooks. They are up to date now: look at what changed, then commit it.'
  exit 1
fi
