import { command, exactly } from '../command.ts'
import { OUTPUT_FLAG } from '../flags.ts'
import { NO_COMPACT_FLAG, RELATIVE_FLAG } from './common.ts'
import { listOf, objectOf, oneOf, text, textOrNull, truth } from '../json-schema.ts'

const RESTORED = objectOf({
  name: text('of the chart'),
  version: text('that is back'),
  digest: text('SHA-256 of the archive, hex: the one that was deleted'),
  created: text('when the archive was pushed, RFC 3339: what the index says again'),
  deletedBy: text('id of the delta that had deleted it'),
  source: oneOf(['archive', 'older-version'], 'the archive still stood in the bucket, or the bucket kept an older version of it'),
})

export const restoreDefinition = command({
  usage: 'restore NAME REPO',
  about: 'Undo a deletion: bring versions back while their archives can still be had',
  details: [
    'A deletion can be undone until its delta is collected: some five minutes after a compaction has folded it, so do it soon; `helm s3 log` shows what is there. ' +
      'The archive has to stand in the bucket still, or the bucket has to be versioned: then the newest version with the digest of the deletion is taken, and its provenance file. ' +
      'All versions that are named can be restored, or nothing happens. The restored entry is made from the archive and dated when that was pushed.',
    'It goes through the same steps as a push. Where the archive still stands and the deletion is younger than a minute, it waits until that cannot remove it any more. ' +
      'An older version of an archive is read with s3:ListBucketVersions and s3:GetObjectVersion.',
  ],
  arity: exactly(2),
  flags: {
    version: { kind: 'texts', about: 'the version; several with commas, or by giving the flag several times', required: true },
    'dry-run': { kind: 'switch', about: 'check everything and write nothing' },
    ...RELATIVE_FLAG,
    ...NO_COMPACT_FLAG,
    ...OUTPUT_FLAG,
  },
  examples: [
    ['restore app stable --version=1.2.0', 'undo the deletion of one version'],
    ['restore app stable --version=1.2.0,1.2.1 --dry-run', 'can these two be had back?'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    dryRun: truth('nothing was written'),
    delta: textOrNull('id of the delta that brought them back; null in a dry run'),
    restored: listOf(RESTORED, 'versions that are in the repository again'),
  }),
  run: async (context, [name = '', repository = ''], flags) => {
    const { restore } = await import('../commands/restore.ts')
    const { 'dry-run': dryRun, relative, version: versions } = flags
    await restore(context, { name, repository, versions, dryRun, relative, compact: !flags['no-compact'] })
  },
})
