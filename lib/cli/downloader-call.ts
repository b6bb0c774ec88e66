import { findCommand } from '../ui/command.ts'
import { COMMANDS } from './command-table.ts'

/**
 * The four arguments CERT KEY CA URL of a call by Helm's downloader; undefined: the line is no such call. Empty
 * arguments keep their place, and no flag stands among them.
 *
 * Helm calls `download CERT KEY CA URL`; manifests of the oldest plugins leave the word `download` out.
 */
export function readDownloaderCall(argv: readonly string[]): readonly string[] | undefined {
  if (argv.some((word) => word.startsWith('-'))) return undefined
  if (argv.length === 5 && argv[0] === 'download') return argv.slice(1)
  const [first = ''] = argv
  const isLegacy =
    argv.length === 4 &&
    argv[3]?.startsWith('s3://') === true &&
    first !== 'help' &&
    findCommand(COMMANDS, first) === undefined
  return isLegacy ? argv : undefined
}
