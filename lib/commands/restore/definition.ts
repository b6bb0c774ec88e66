import { command, exactly } from '../../ui/command.ts'
import { OUTPUT_FLAG } from '../../ui/flags.ts'
import { NO_COMPACT_FLAG, RELATIVE_FLAG } from '../steps/common-definitions.ts'
import { listOf, objectOf, oneOf, text, textOrNull, truth } from '../../ui/json-schema.ts'

const RESTORED = objectOf({
  name: text('of the chart'),
  version: text('that was restored'),
  digest: text('SHA-256 of the archive, hex: the one that was deleted'),
  created: text('when the archive was pushed, RFC 3339: the creation date in the index'),
  deletedBy: text('id of the delta that deleted it'),
  source: oneOf(
    ['archive', 'older-version'],
    'whether the archive was still in the bucket, or the bucket kept an older version of it',
  ),
})

export const restoreDefinition = command({
  usage: 'restore NAME REPO',
  about: 'Undo a deletion: restore versions as long as their archives are available',
  details: [
    'A deletion can be undone until its delta is collected, about five minutes after a compaction has folded it: do ' +
      'it soon. `helm s3 log` shows which deletions are left. ' +
      'The archive has to be in the bucket still, or the bucket has to be versioned: then the newest object version ' +
      'with the digest of the deleted entry is used, with its provenance file. ' +
      'If one of the versions cannot be restored, none is. The entry is made from the archive, with the time at ' +
      'which that was pushed.',
    'It takes the same steps as a push. If the archive is still in the bucket and the deletion is less than a ' +
      'minute old, it waits until the deletion can no longer remove the archive. ' +
      'Reading an older version of an archive needs s3:ListBucketVersions and s3:GetObjectVersion.',
    'An archive that was in a folder, or had another name, is found by its entry: in index.yaml as long as the ' +
      'deletion is not folded, otherwise in the versions of index.yaml that a versioned bucket keeps. Its copy is ' +
      'stored where a push would store it.',
  ],
  arity: exactly(2),
  flags: {
    version: {
      kind: 'texts',
      about: 'version to restore; several are separated by commas, or the flag is given several times',
      required: true,
    },
    'dry-run': { kind: 'switch', about: 'check everything and write nothing' },
    ...RELATIVE_FLAG,
    ...NO_COMPACT_FLAG,
    ...OUTPUT_FLAG,
  },
  examples: [
    ['restore app stable --version=1.2.0', 'undo the deletion of one version'],
    ['restore app stable --version=1.2.0,1.2.1 --dry-run', 'check whether these two versions can be restored'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    dryRun: truth('whether this was a dry run, which writes nothing'),
    delta: textOrNull('id of the delta that restored them; null in a dry run'),
    restored: listOf(RESTORED, 'versions that were restored'),
  }),
  run: async (context, [name = '', repository = ''], flags) => {
    const { restore } = await import('./restore.ts')
    const { 'dry-run': dryRun, relative, version: versions } = flags
    await restore(context, { name, repository, versions, dryRun, relative, compact: !flags['no-compact'] })
  },
})
