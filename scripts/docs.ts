import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandPages } from './docs/command-pages.ts'

/** `npm run docs`: writes `docs/commands/` anew. */

const folder = fileURLToPath(new URL('../docs/commands', import.meta.url))
const pages = commandPages()
mkdirSync(folder, { recursive: true })
for (const name of readdirSync(folder)) if (!pages.has(name)) rmSync(join(folder, name))
for (const [name, text] of pages) writeFileSync(join(folder, name), text)
