import { atLeast, command } from '../command.ts'
import { OUTPUT_FLAG } from '../flags.ts'
import { listOf, objectOf, text, textOrNull, truth } from '../json-schema.ts'

const CHART = objectOf({ name: text('of the chart'), version: text('as in Chart.yaml'), digest: text('SHA-256 of the archive, hex') })

export const pushDefinition = command({
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
  result: objectOf({
    repository: text('its s3:// URL'),
    dryRun: truth('nothing was written'),
    delta: textOrNull('id of the delta; null when none was needed'),
    pushed: listOf(CHART, 'versions that are in the repository now'),
    existing: listOf(CHART, 'versions that were there already, and stay'),
  }),
  run: async (context, args, flags) => {
    const { push } = await import('../commands/push.ts')
    const { force, 'ignore-if-exists': ignoreIfExists, 'dry-run': dryRun, relative, 'content-type': contentType } = flags
    const options = { force, ignoreIfExists, dryRun, relative, contentType, compact: !flags['no-compact'] }
    await push(context, { paths: args.slice(0, -1), repository: args.at(-1) ?? '', ...options })
  },
})
