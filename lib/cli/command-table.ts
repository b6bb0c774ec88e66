import { type Command, commandName } from '../ui/command.ts'
import { checkDefinition } from '../commands/check/definition.ts'
import { compactDefinition } from '../commands/compact/definition.ts'
import { defineComplete } from '../commands/complete/definition.ts'
import { configDefinition } from '../commands/config/definition.ts'
import { copyDefinition } from '../commands/copy/definition.ts'
import { deleteDefinition } from '../commands/delete/definition.ts'
import { downloadDefinition } from '../commands/download/definition.ts'
import { fetchDefinition } from '../commands/fetch/definition.ts'
import { initDefinition } from '../commands/init/definition.ts'
import { listDefinition } from '../commands/list/definition.ts'
import { logDefinition } from '../commands/log/definition.ts'
import { pruneDefinition } from '../commands/prune/definition.ts'
import { pushDefinition } from '../commands/push/definition.ts'
import { reindexDefinition } from '../commands/reindex/definition.ts'
import { restoreDefinition } from '../commands/restore/definition.ts'
import { statusDefinition } from '../commands/status/definition.ts'
import { versionDefinition } from '../commands/version/definition.ts'
import { HelmS3Error } from '../errors.ts'

/**
 * Every command, in the order of the help. A new one is a folder in `lib/commands/`, with a definition and what it
 * does, and an entry here.
 */
export const COMMANDS: readonly Command[] = [
  initDefinition,
  pushDefinition,
  deleteDefinition,
  pruneDefinition,
  reindexDefinition,
  compactDefinition,
  checkDefinition,
  statusDefinition,
  listDefinition,
  logDefinition,
  restoreDefinition,
  copyDefinition,
  configDefinition,
  fetchDefinition,
  downloadDefinition,
  defineComplete(() => COMMANDS),
  versionDefinition,
]

/** The error for a word that is no command, with the commands whose names are close to it, as cobra says it. */
export function unknownCommand(word: string): HelmS3Error {
  const visible = COMMANDS.filter(({ isHidden }) => !isHidden).map(commandName)
  const close = [...visible, 'help'].filter(
    (name) => name.startsWith(word.toLowerCase()) || editDistance(name, word.toLowerCase()) <= 2,
  )
  const suggestions = close.length === 0 ? '' : `\n\nDid you mean this?\n${close.map((name) => `\t${name}\n`).join('')}`
  return new HelmS3Error('usage', `unknown command ${JSON.stringify(word)} for "s3"${suggestions}`)
}

/** Levenshtein: how many letters must be put in, left out or replaced. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
