import type { Context } from '../../ui/context.ts'
import { type IndexText, readIndexText } from '../../core/index/index-text.ts'
import type { WantedCharts } from '../../core/index/paging.ts'
import { hasCode } from '../../errors.ts'
import { askAgain } from '../../protocol/read/ask-again.ts'
import { keepBase } from '../../protocol/read/read-base.ts'
import { noticeSkipped, readView } from '../../protocol/read/read-view.ts'
import type { Session } from '../../protocol/session/session.ts'

/**
 * The merged index; for a reader who may not list, `index.yaml` as it is, with a line on stderr.
 * @param wanted what will be asked of it. Undefined: everything
 * Cost: a view. For a reader who may not list three LISTs and a GET; see `askAgain`.
 * @throws HelmS3Error as `readView`
 */
export async function readIndex(
  { beforeEnd, output }: Context,
  session: Session,
  wanted?: WantedCharts,
): Promise<IndexText> {
  try {
    const view = await askAgain(session, () => readView(session, { wanted }))
    noticeSkipped(session, view)
    // While the answer is written.
    beforeEnd(keepBase(session, view.base))
    return view.index
  } catch (error) {
    if (!hasCode(error, 'denied')) throw error
    const { location, store } = session
    // If reading index.yaml is refused as well, the first error says more.
    const base = await store.get(location.indexKey).catch(() => undefined)
    if (base === undefined) throw error
    const place = `s3://${location.bucket}/${location.deltaFolder}`
    output.notice(`helm-s3: no permission to list ${place}: the newest charts may be missing`)
    return readIndexText(base.body)
  }
}
