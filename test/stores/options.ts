import { parseArgs } from 'node:util'

export const USAGE = `npm run test:stores -- [NAME...] [flags]

Installs real S3 servers, starts them on this machine, finds out by raw requests what they do, runs the contract of an
object store and the life of a repository on them, and compares what \`helm s3 check --probe\` says with what was found.
Writes docs/stores/RESULTS.json and the tables of docs/STORES.md. Without names: those that are there in a few minutes.

  --all      every store
  --check    writes nothing: exit status 1 when something differs from docs/stores/RESULTS.json
  --report   measures nothing: writes the tables anew from docs/stores/RESULTS.json
  --list     the names of the stores
  --help     this text

Exit status: 0, or 1 when a store could not be measured, the program disagrees with what was found, or a store does
not do what is known of it.

Examples:
  npm run test:stores                       # six of them; their results are replaced
  npm run test:stores -- --check            # whether they do what they did
  npm run test:stores -- minio rclone       # two of them; the results of others stay
  npm run test:stores -- --all
`

export interface StoresOptions {
  readonly names: readonly string[]
  readonly check: boolean
  readonly report: boolean
}

interface Named {
  readonly name: string
  readonly isQuick: boolean
}

/** @throws with a text for people when the command line is wrong */
export function readOptions(argv: readonly string[], stores: readonly Named[]): StoresOptions | 'help' | 'list' {
  const on = { type: 'boolean', default: false } as const
  const { positionals, values } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { all: on, check: on, report: on, list: on, help: { ...on, short: 'h' } },
  })
  if (values.help) return 'help'
  if (values.list) return 'list'
  const unknown = positionals.filter((name) => !stores.some((store) => store.name === name))
  const all = stores.map(({ name }) => name)
  if (unknown.length > 0) throw new Error(`no such store: ${unknown.join(', ')}; there are: ${all.join(', ')}`)
  if (values.all && positionals.length > 0) throw new Error('--all and names exclude each other')
  if (values.report && (values.check || values.all || positionals.length > 0))
    throw new Error('--report stands alone: it measures nothing')
  const ofCi = stores.filter(({ isQuick }) => isQuick).map(({ name }) => name)
  const names = values.all ? all : positionals.length > 0 ? all.filter((name) => positionals.includes(name)) : ofCi
  return { names, check: values.check, report: values.report }
}
