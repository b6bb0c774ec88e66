import { atLeast, command } from '../../ui/command.ts'
import { OUTPUT_FLAG } from '../../ui/flags.ts'
import { NO_COMPACT_FLAG, PUSHED_VERSION, RELATIVE_FLAG } from '../steps/common-definitions.ts'
import { EXISTING_VERSION } from '../steps/existing-version-schema.ts'
import { listOf, objectOf, text, textOrNull, truth } from '../../ui/json-schema.ts'

const DETAILS = [
  'PATH is one of: an archive; the folder of a chart; a pattern in quotes (`*.tgz`, `charts/*`), which has to match ' +
    'something, unless a file has exactly this name; s3://BUCKET/KEY of an archive, which costs one HEAD and two ' +
    'GET requests more; or - for an archive on standard input. All charts become visible at the same moment. If ' +
    'there is something wrong with one of them, or one already exists, none is pushed, even if another client ' +
    'pushes it at the same time. With --ignore-if-exists, charts that already exist are skipped.',
  'A version exists if the index has an entry for it and its archive is in its place; an entry whose archive is ' +
    'missing or is somewhere else is replaced. An archive that the version had before in a folder of the repository ' +
    'is kept; the command that folds the push into index.yaml reports it. An archive without an entry, left by a ' +
    'push that was interrupted, is replaced as soon as that push must have ended: at most a minute and a half ' +
    'after the archive was written. This needs the permission to delete it.',
  'Two versions whose archives would have the same name, such as svc 01-0.1.0 and svc-01 0.1.0, cannot be in one ' +
    'repository: the second one is refused, even with --force.',
  'A folder is packaged as `helm package` does it: .helmignore is applied, Chart.yaml is rewritten, subcharts in ' +
    'charts/ are unpacked, and links are followed; a dependency that is missing in charts/ is an error. Unlike with ' +
    '`helm package`, every file in the archive has the time 1980-01-01 00:00 UTC, so that the same files give the ' +
    'same archive, byte for byte, with the same build of this program.',
  'The provenance file NAME.tgz.prov next to an archive is pushed, too, from disk and from a bucket. --prov names a ' +
    'different one, or the one for standard input. Only the file name in it is checked: if it is not ' +
    'NAME-VERSION.tgz, `helm verify` would succeed before the push and fail after it, so that the file is refused ' +
    'unless --any-prov is given.',
]

export const pushDefinition = command({
  usage: 'push PATH... REPO',
  about: 'Push charts; REPO is a name from `helm repo list` or an s3:// URI',
  details: DETAILS,
  arity: atLeast(2),
  flags: {
    force: { kind: 'switch', about: 'replace versions that already exist' },
    'ignore-if-exists': { kind: 'switch', about: 'keep versions that already exist, and succeed' },
    'dry-run': { kind: 'switch', about: 'check everything and write nothing' },
    ...RELATIVE_FLAG,
    'content-type': {
      kind: 'text',
      about: 'Content-Type of the archives ($S3_CHART_CONTENT_TYPE)',
      shownDefault: 'application/gzip',
    },
    version: { kind: 'text', about: 'version to write into Chart.yaml; for folders only' },
    'app-version': { kind: 'text', about: 'appVersion to write into Chart.yaml; for folders only' },
    prov: { kind: 'text', about: 'provenance file of the one archive that is pushed', shownDefault: 'ARCHIVE.prov' },
    'any-prov': {
      kind: 'switch',
      about: 'also push a provenance file that names a file other than the archive in the repository',
    },
    ...NO_COMPACT_FLAG,
    ...OUTPUT_FLAG,
  },
  examples: [
    ['push app-1.2.0.tgz stable', 'push one chart, with app-1.2.0.tgz.prov if it exists'],
    ['push *.tgz s3://acme-charts/stable --no-compact', 'push many in one step'],
    ['push app-1.2.0.tgz stable --force', 'replace a version'],
    ['push ./app stable --version=1.2.0-pr.7 --app-version=7f3c2a1', 'package a folder, and push it'],
    ["push 'charts/*' stable", 'push every chart below charts/ in one step'],
    ['push s3://acme-staging/stable/app-1.2.0.tgz stable', 'push an archive from another bucket'],
    ['push - stable --prov=app-1.2.0.tgz.prov < app-1.2.0.tgz', 'read the archive from standard input'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    dryRun: truth('whether this was a dry run, which writes nothing'),
    delta: textOrNull('id of the delta; null when none was needed'),
    pushed: listOf(PUSHED_VERSION, 'versions that are in the repository now'),
    existing: listOf(EXISTING_VERSION, 'versions that already existed and were kept'),
  }),
  run: async (context, args, flags) => {
    const { push } = await import('./push.ts')
    const { version, 'app-version': appVersion, prov } = flags
    const {
      force,
      'ignore-if-exists': ignoreIfExists,
      'dry-run': dryRun,
      relative,
      'content-type': contentType,
    } = flags
    const options = {
      force,
      ignoreIfExists,
      dryRun,
      relative,
      contentType,
      version,
      appVersion,
      prov,
      anyProv: flags['any-prov'],
      compact: !flags['no-compact'],
    }
    await push(context, { paths: args.slice(0, -1), repository: args.at(-1) ?? '', ...options })
  },
})
