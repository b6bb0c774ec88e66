import { touches } from '../../core/log/delta.ts'
import { type VersionId, versionKey } from '../../core/log/entry.ts'
import { type Minted, clockWentBack } from './mint.ts'
import { entriesOf } from '../read/wanted-charts.ts'
import { type View, readView } from '../read/read-view.ts'
import type { Session } from '../session/session.ts'

/**
 * Refuses, before anything is written, to change a version when the change would not count: the store's clock has been
 * set back, and a delta above the new id has touched the version.
 * @param view a view that was read already; undefined: one is read when needed
 * Cost: nothing; when the clock has been set back, a view.
 * @throws HelmS3Error `conflict`
 */
export async function refuseBelow(
  session: Session,
  minted: Minted,
  versions: readonly VersionId[],
  view?: View,
): Promise<void> {
  if (minted.isBelowBy === 0) return
  const { base, pending } = view ?? (await readView(session, { wanted: entriesOf([]) }))
  const above = [...base.index.bookkeeping.folded].flatMap(([id, { touched }]) => (id > minted.id ? [touched] : []))
  const touched = new Set(above.flatMap((each) => (each === '*' ? [] : each.map(versionKey))))
  const isTouched = (version: VersionId): boolean =>
    above.includes('*') ||
    touched.has(versionKey(version)) ||
    pending.some((delta) => delta.id > minted.id && touches(delta, version))
  const first = versions.find(isTouched)
  if (first !== undefined) throw clockWentBack(first, minted.isBelowBy)
}
