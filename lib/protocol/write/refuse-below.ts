import { touches } from '../../core/log/delta.ts'
import { type VersionId, versionKey } from '../../core/log/entry.ts'
import { type Minted, clockWentBack } from './mint.ts'
import { type View, readView } from '../read/read-view.ts'
import type { Session } from '../session/session.ts'

/**
 * Refuses to change a version where nothing that is written now would count: the store's clock has been set back, and
 * something above the id has touched the version. Before anything is written.
 * @param view one that was read already; undefined: it is read
 * Cost: nothing, but where the clock has been set back, a view.
 * @throws HelmS3Error `conflict`
 */
export async function refuseBelow(
  session: Session,
  minted: Minted,
  versions: readonly VersionId[],
  view?: View,
): Promise<void> {
  if (minted.isBelowBy === 0) return
  const { base, pending } = view ?? (await readView(session))
  const above = [...base.index.bookkeeping.folded].flatMap(([id, { touched }]) => (id > minted.id ? [touched] : []))
  const touched = new Set(above.flatMap((each) => (each === '*' ? [] : each.map(versionKey))))
  const isTouched = (version: VersionId): boolean =>
    above.includes('*') ||
    touched.has(versionKey(version)) ||
    pending.some((delta) => delta.id > minted.id && touches(delta, version))
  const first = versions.find(isTouched)
  if (first !== undefined) throw clockWentBack(first, minted.isBelowBy)
}
