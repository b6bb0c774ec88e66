import { type Command, atLeast, command, exactly } from './command.ts'
import { HelmS3Error } from './errors.ts'
import { OUTPUT_FLAG } from './flags.ts'

const FORMATS = ['json', 'yaml'] as const
const DEFAULT_GRACE_WINDOW = 5 * 60_000

const init = command({
  usage: 'init URI',
  about: 'Make an empty chart repository at an s3:// URI',
  arity: exactly(1),
  flags: {
    force: { kind: 'switch', about: 'empty a repository that is there already; its archives stay' },
    'ignore-if-exists': { kind: 'switch', about: 'leave a repository that is there already as it is, and succeed' },
    format: { kind: 'choice', about: 'form of index.yaml; Helm reads JSON text several times faster', of: FORMATS, shownDefault: 'json' },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['init s3://acme-charts/stable', 'make a repository'],
    ['init s3://acme-charts/stable --ignore-if-exists', 'the same, in a script that runs again and again'],
  ],
  run: async (context, [url = ''], flags) => {
    const { init } = await import('./commands/init.ts')
    const { force, 'ignore-if-exists': ignoreIfExists, format = 'json' } = flags
    await init(context, { url, force, ignoreIfExists, format })
  },
})

const push = command({
  usage: 'push PATH... REPO',
  about: 'Push chart archives; REPO is a name from `helm repo list` or an s3:// URI',
  arity: atLeast(2),
  flags: {
    force: { kind: 'switch', about: 'replace versions that are there already' },
    'ignore-if-exists': { kind: 'switch', about: 'keep versions that are there already, and succeed' },
    'dry-run': { kind: 'switch', about: 'check everything and write nothing' },
    relative: { kind: 'switch', about: 'write relative chart URLs into the index, for a repository that is also served over https' },
    'content-type': { kind: 'text', about: 'Content-Type of the archives ($S3_CHART_CONTENT_TYPE)', shownDefault: 'application/gzip' },
    'no-compact': { kind: 'switch', about: 'leave index.yaml to a later compaction; readers with this plugin see the charts at once' },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['push app-1.2.0.tgz stable', 'push one chart; app-1.2.0.tgz.prov goes along'],
    ['push *.tgz s3://acme-charts/stable --no-compact', 'push many in one step'],
    ['push app-1.2.0.tgz stable --force', 'replace a version'],
  ],
  run: async (context, args, flags) => {
    const { push } = await import('./commands/push.ts')
    const { force, 'ignore-if-exists': ignoreIfExists, 'dry-run': dryRun, relative, 'content-type': contentType } = flags
    const options = { force, ignoreIfExists, dryRun, relative, contentType, compact: !flags['no-compact'] }
    await push(context, { paths: args.slice(0, -1), repository: args.at(-1) ?? '', ...options })
  },
})

const deleteEntry = command({
  usage: 'delete NAME REPO',
  aliases: ['del'],
  about: 'Delete chart versions: all that are named exist, or nothing happens',
  arity: exactly(2),
  flags: {
    version: { kind: 'texts', about: 'the version; several with commas, or by giving the flag several times', required: true },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['delete app stable --version=1.2.0', 'delete one version'],
    ['delete app stable --version=1.2.0,1.2.1', 'delete two'],
  ],
  run: async (context, [name = '', repository = ''], { version: versions }) => {
    const { deleteCommand } = await import('./commands/delete.ts')
    await deleteCommand(context, { name, repository, versions })
  },
})

const compact = command({
  usage: 'compact REPO',
  about: 'Fold what was pushed and deleted into index.yaml, and tidy up',
  arity: exactly(1),
  flags: {
    'grace-window': { kind: 'duration', about: 'keep folded deltas for this long, at least 1m', shownDefault: '5m0s' },
    'dry-run': { kind: 'switch', about: 'say what would be done, and write nothing' },
    format: { kind: 'choice', about: 'change the form of index.yaml', of: FORMATS },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['compact stable', 'what a cron job runs'],
    ['compact stable --format=json', 'change a YAML index to JSON text'],
  ],
  run: async (context, [repository = ''], flags) => {
    const { compact } = await import('./commands/compact.ts')
    const { 'grace-window': graceWindow = DEFAULT_GRACE_WINDOW, 'dry-run': dryRun, format } = flags
    await compact(context, { repository, graceWindow, dryRun, format })
  },
})

const fetch = command({
  usage: 'fetch NAME REPO',
  aliases: ['pull'],
  about: 'Download a chart and check its digest; needs no `helm repo update`',
  arity: exactly(2),
  flags: {
    version: { kind: 'text', about: 'exact version or constraint (default: the newest stable one)' },
    devel: { kind: 'switch', about: 'also take pre-releases; ignored with --version' },
    destination: { kind: 'text', about: 'folder to write to', short: 'd', shownDefault: '.' },
    prov: { kind: 'switch', about: 'also fetch the provenance file' },
    untar: { kind: 'switch', about: 'unpack the chart instead of keeping the archive' },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['fetch app stable', 'the newest stable version'],
    ['fetch app s3://acme-charts/stable --version="^1.2" -d charts', 'the newest 1.x from 1.2.0 on, into charts/'],
  ],
  run: async (context, [name = '', repository = ''], flags) => {
    const { fetch } = await import('./commands/fetch.ts')
    const { version, devel, destination = '.', prov, untar } = flags
    await fetch(context, { name, repository, version, devel, destination, prov, untar })
  },
})

const download = command({
  usage: 'download CERT KEY CA URL',
  about: 'Write the object of an s3:// URL to stdout; Helm calls this',
  arity: exactly(4),
  flags: {},
  examples: [['download "" "" "" s3://acme-charts/stable/index.yaml', 'the merged index']],
  isHidden: true,
  run: async (context, args) => {
    const { download } = await import('./commands/download.ts')
    await download(context, args[3] ?? '')
  },
})

const version = command({
  usage: 'version',
  about: 'Print the version of this plugin',
  arity: exactly(0),
  flags: { mode: { kind: 'switch', about: 'also print the mode of Helm' }, ...OUTPUT_FLAG },
  examples: [['version', 'print the version']],
  run: async (context, _args, { mode }) => {
    const { version } = await import('./commands/version.ts')
    await version(context, { mode })
  },
})

/** Every command, in the order of the help. A new one is a module in `lib/commands/` and an entry here. */
export const COMMANDS: readonly Command[] = [init, push, deleteEntry, compact, fetch, download, version]

export function commandName({ usage }: Command): string {
  return usage.split(' ', 1)[0] ?? usage
}

export function findCommand(name: string): Command | undefined {
  return COMMANDS.find((entry) => commandName(entry) === name || entry.aliases.includes(name))
}

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
