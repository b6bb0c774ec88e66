import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandName } from '../../lib/ui/command.ts'
import { COMMANDS } from '../../lib/cli/command-table.ts'
import { commandPages } from '../../scripts/docs/command-pages.ts'

const FOLDER = fileURLToPath(new URL('../../docs/commands', import.meta.url))

describe('documentation of the commands', () => {
  it('is what the definitions say: run `npm run docs` after a change', () => {
    const pages = commandPages()
    assert.deepEqual(readdirSync(FOLDER).sort(), [...pages.keys()].sort())
    for (const [name, text] of pages) assert.equal(readFileSync(join(FOLDER, name), 'utf8'), text, name)
  })

  it('has examples, and a schema wherever a command can report', () => {
    for (const command of COMMANDS) {
      assert.ok(command.examples.length > 0, commandName(command))
      assert.equal(command.result !== undefined, 'output' in command.flags, commandName(command))
      for (const [line] of command.examples) {
        assert.ok([commandName(command), ...command.aliases].includes(line.split(' ')[0] ?? ''), line)
      }
    }
  })

  it('links to pages that exist', () => {
    const pages = commandPages()
    for (const [name, text] of pages) {
      for (const [, target = ''] of text.matchAll(/\]\(([a-z]+\.md|README\.md)(?:#[a-z-]+)?\)/g))
        assert.ok(pages.has(target), `${name}: ${target}`)
    }
  })
})
