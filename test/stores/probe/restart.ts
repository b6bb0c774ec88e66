import { type KillableStore, pause } from '../../e2e/support/servers.ts'
import type { RawAnswer } from '../raw-client.ts'
import { type Lab, isDone, said } from './lab.ts'

/** What is left of an acknowledged object when the server has gone, and come back. The bucket may be lost. */
export async function probeRestart(lab: Lab, store: KillableStore) {
  return {
    'restart-left': await left(lab, 'restart/left', store, () => store.leave()),
    'restart-killed': await left(lab, 'restart/killed', store, () => store.kill()),
  }
}

async function left(lab: Lab, key: string, store: KillableStore, end: () => Promise<void>): Promise<string> {
  await settled(() => lab.ask({ method: 'PUT' }))
  const put = await settled(() => lab.put(key, 'some bytes', { 'x-amz-meta-delta': 'value' }))
  if (!isDone(put)) return `not written: ${said(put)}`
  await end()
  await store.comeBack()
  const head = await settled(() => lab.head(key))
  if (head.status === 404) return 'gone'
  if (head.status !== 200) return said(head)
  const object = await settled(() => lab.get(key))
  if (object.status !== 200) return said(object)
  const metadata = head.headers['x-amz-meta-delta'] === 'value' ? 'with' : 'without'
  const etag = head.headers.etag === put.headers.etag ? '' : ', another ETag'
  return object.body.toString() === 'some bytes' ? `kept, ${metadata} its metadata${etag}` : 'other bytes'
}

/** Milliseconds: a server that has just come back may say for a while that it is busy. */
const BUSY = 60_000

/** Asks again while the server is not there or fails. */
async function settled(ask: () => Promise<RawAnswer>): Promise<RawAnswer> {
  for (const end = Date.now() + BUSY; ;) {
    const answer = await ask()
    if ((answer.status !== 0 && answer.status < 500) || Date.now() > end) return answer
    await pause(200)
  }
}
