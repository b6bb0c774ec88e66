import { atLeast, command } from '../command.ts'
import { OUTPUT_FLAG } from '../flags.ts'
import { NO_COMPACT_FLAG, PUSHED_VERSION, RELATIVE_FLAG } from './common.ts'
import { EXISTING_VERSION } from './existing-version.ts'
import { listOf, objectOf, text, textOrNull, truth } from '../json-schema.ts'

const DETAILS = [
  'PATH is an archive; the folder of a chart; a pattern in quotes (`*.tgz`, `charts/*`), where a file of that very name wins and one that matches nothing is an error; s3://BUCKET/KEY of an archive (one HEAD and two GETs more); or - for one archive in standard input. All of them become visible at once, or, when something is wrong with one or it exists already, none: also when another client pushes one of them at the same moment. With --ignore-if-exists those that exist are passed over.',
  'Whether a version exists is what the index says, where an archive stands in its place; an entry whose archive is missing or lies elsewhere is replaced. Where an archive of a push that died stands in its place, it gives way as soon as that push must have ended, a minute and a half after it was written at the most; that needs the permission to delete it.',
  'Two versions whose archives would have one name, as svc 01-0.1.0 and svc-01 0.1.0, cannot be in one repository: the second is refused, also with --force.',
  'A folder is packaged as `helm package` does: by the rules of .helmignore, with Chart.yaml written anew, subcharts in charts/ unpacked, and links followed; a dependency that is not in charts/ is an error. Unlike with `helm package`, every file in the archive has the time 1980-01-01 00:00 UTC: the same files make the same archive, byte for byte, with the same build of this program.',
  'The provenance file NAME.tgz.prov beside an archive goes along, on disk and in a bucket. --prov names another one, or that of standard input; whether it belongs to the archive is not checked, but for the name in it: one that names another file than NAME-VERSION.tgz verifies before it is pushed and never after, and is refused without --any-prov.',
]

export const pushDefinition = command({
  usage: 'push PATH... REPO',
  about: 'Push charts; REPO is a name from `helm repo list` or an s3:// URI',
  details: DETAILS,
  arity: atLeast(2),
  flags: {
    force: { kind: 'switch', about: 'replace versions that are there already' },
    'ignore-if-exists': { kind: 'switch', about: 'keep versions that are there already, and succeed' },
    'dry-run': { kind: 'switch', about: 'check everything and write nothing' },
    ...RELATIVE_FLAG,
    'content-type': { kind: 'text', about: 'Content-Type of the archives ($S3_CHART_CONTENT_TYPE)', shownDefault: 'application/gzip' },
    version: { kind: 'text', about: 'version to write into Chart.yaml; for folders only' },
    'app-version': { kind: 'text', about: 'appVersion to write into Chart.yaml; for folders only' },
    prov: { kind: 'text', about: 'provenance file of the one archive that is pushed', shownDefault: 'ARCHIVE.prov' },
    'any-prov': { kind: 'switch', about: 'also push a provenance file that names another file than the archive will be' },
    ...NO_COMPACT_FLAG,
    ...OUTPUT_FLAG,
  },
  examples: [
    ['push app-1.2.0.tgz stable', 'push one chart; app-1.2.0.tgz.prov goes along'],
    ['push *.tgz s3://acme-charts/stable --no-compact', 'push many in one step'],
    ['push app-1.2.0.tgz stable --force', 'replace a version'],
    ['push ./app stable --version=1.2.0-pr.7 --app-version=7f3c2a1', 'package a folder, and push it'],
    ["push 'charts/*' stable", 'every chart below charts/, in one step'],
    ['push s3://acme-staging/stable/app-1.2.0.tgz stable', 'push what another bucket holds'],
    ['push - stable --prov=app-1.2.0.tgz.prov < app-1.2.0.tgz', 'read the archive from standard input'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    dryRun: truth('nothing was written'),
    delta: textOrNull('id of the delta; null when none was needed'),
    pushed: listOf(PUSHED_VERSION, 'versions that are in the repository now'),
    existing: listOf(EXISTING_VERSION, 'versions that were there already, and stay'),
  }),
  run: async (context, args, flags) => {
    const { push } = await import('../commands/push.ts')
    const { version, 'app-version': appVersion, prov } = flags
    const { force, 'ignore-if-exists': ignoreIfExists, 'dry-run': dryRun, relative, 'content-type': contentType } = flags
    const options = { force, ignoreIfExists, dryRun, relative, contentType, version, appVersion, prov, anyProv: flags['any-prov'], compact: !flags['no-compact'] }
    await push(context, { paths: args.slice(0, -1), repository: args.at(-1) ?? '', ...options })
  },
})
