import type { Context } from '../context.ts'
import { compactInline } from '../protocol/compact-inline.ts'
import type { Deletion, DeletionTarget } from '../protocol/delete-targets.ts'
import type { Session } from '../protocol/session.ts'
import { updateIndexCaches } from './index-caches.ts'

/** What follows a committed deletion: local caches, and `index.yaml` for readers without the plugin. */
export async function finishDeletion(
  context: Context,
  session: Session,
  { committed, keptArchives }: Pick<Deletion<DeletionTarget>, 'committed' | 'keptArchives'>,
): Promise<void> {
  for (const key of keptArchives) {
    context.output.detail(`helm-s3: ${key} stays in the bucket: it is not known to be the archive of what was deleted`)
  }
  for (const each of committed) await updateIndexCaches(context, session, each)
  const last = committed.at(-1)
  if (last !== undefined) await compactInline(session, last)
}
