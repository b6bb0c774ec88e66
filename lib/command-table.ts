import { type Command, commandName } from './command.ts'
import { checkDefinition } from './definitions/check.ts'
import { compactDefinition } from './definitions/compact.ts'
import { defineComplete } from './definitions/complete.ts'
import { configDefinition } from './definitions/config.ts'
import { copyDefinition } from './definitions/copy.ts'
import { deleteDefinition } from './definitions/delete.ts'
import { downloadDefinition } from './definitions/download.ts'
import { fetchDefinition } from './definitions/fetch.ts'
import { initDefinition } from './definitions/init.ts'
import { listDefinition } from './definitions/list.ts'
import { logDefinition } from './definitions/log.ts'
import { pruneDefinition } from './definitions/prune.ts'
import { pushDefinition } from './definitions/push.ts'
import { reindexDefinition } from './definitions/reindex.ts'
import { restoreDefinition } from './definitions/restore.ts'
import { statusDefinition } from './definitions/status.ts'
import { versionDefinition } from './definitions/version.ts'
import { HelmS3Error } from './errors.ts'

/** Every command, in the order of the help. A new one is a definition in `lib/definitions/`, its work in `lib/commands/`, and an entry here. */
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
  const close = [...visible, 'help'].filter((name) => name.startsWith(word.toLowerCase()) || editDistance(name, word.toLowerCase()) <= 2)
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
