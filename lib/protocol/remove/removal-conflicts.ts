import { type Key, archiveKey } from '../../core/keys.ts'
import type { Delta } from '../../core/log/delta.ts'
import { type Removal, isAnnouncement } from '../../core/log/entry.ts'
import { HelmS3Error } from '../../errors.ts'
import { entriesOf } from '../read/wanted-charts.ts'
import { type View, readView } from '../read/read-view.ts'
import type { Session } from '../session/session.ts'
import { type Minted, clockWentBack } from '../write/mint.ts'

/**
 * Throws when an entry is in the index just as it was before the delta. Then the removal has not counted, because a
 * delta of a higher id has touched the version.
 * @throws HelmS3Error `conflict`
 */
export function refuseWithoutEffect(
  { before, delta, minted: { isBelowBy } }: { readonly before: View; readonly delta: Delta; readonly minted: Minted },
  after: View,
): void {
  const stands = delta.removed.find((removal) => {
    const [old, now] = [before.index.find(removal), after.index.find(removal)]
    return (
      !isAnnouncement(removal) &&
      old !== undefined &&
      now !== undefined &&
      now.digest === old.digest &&
      now.created === old.created
    )
  })
  if (stands === undefined) return
  if (isBelowBy > 0) throw clockWentBack(stands, isBelowBy)
  throw new HelmS3Error(
    'conflict',
    `${stands.name} ${stands.version} is still in the index: a newer change of it came first`,
    {
      hint: 'look at it with `helm s3 log REPO`, and delete it again',
    },
  )
}

/**
 * Throws when a late DELETE may have removed the archive of a push that came after the deletion. That happens when this
 * client stood still before the DELETE and the store does not refuse late requests. Such a deletion must not be
 * reported as a success.
 * @throws HelmS3Error `conflict`
 */
export async function refuseLate(session: Session, keys: readonly Key[], removals: readonly Removal[]): Promise<void> {
  if (keys.length === 0) return
  const { index } = await readView(session, { wanted: entriesOf(removals) })
  const [victim] = removals.filter(
    (removal) => index.find(removal) !== undefined && keys.includes(archiveKey(session.location, removal)),
  )
  if (victim === undefined) return
  throw new HelmS3Error(
    'conflict',
    `${victim.name} ${victim.version} was pushed again while this deletion stood still, and lost its archive`,
    {
      hint: 'push it again with --force',
    },
  )
}
