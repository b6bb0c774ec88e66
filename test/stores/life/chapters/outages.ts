import assert from 'node:assert/strict'
import { listAll } from '../../../../lib/store/object-store.ts'
import type { Result, Running } from '../../../e2e/support/run.ts'
import type { Life } from '../life.ts'
import { faultsAtRest } from './end.ts'
import { pushLine } from '../repository.ts'

const WAITING = /^helm-s3: waiting for http:\/\/127\.0\.0\.1:\d+ to answer \(.+\), up to 20 seconds\n/

/** The store is stopped, and comes back. */
export async function livesThroughOutages(life: Life): Promise<void> {
  const { at, charts, diary, store } = life
  if (store.leave === undefined || store.comeBack === undefined) return
  const leave = async (): Promise<void> => store.leave?.()
  const comeBack = async (): Promise<void> => store.comeBack?.()
  const repository = await life.open('outage')
  const [stays, pushed] = [await charts.make('stays', '1.0.0'), await charts.make('pushed', '1.0.0')]
  await repository.push([stays])
  const everything = async (): Promise<string[]> =>
    (await listAll(at.store, '')).objects.map(({ etag, key }) => `${key} ${etag}`)

  await diary.step(
    'Without the store, commands wait, say what to do, end with exit code 1 (fine: 7), and nothing is half done.',
    async () => {
      const before = await everything()
      await leave()
      const results = await Promise.all([
        repository.run(pushLine([pushed])),
        repository.run('delete stays REPO --version 1.0.0 --exit-codes fine'),
        repository.run('list REPO --exit-codes fine'),
      ]).finally(comeBack)
      assert.deepEqual(
        results.map(({ status, stdout }) => [status, stdout]),
        [1, 7, 7].map((status) => [status, '']),
        results.map(({ stderr }) => stderr).join(''),
      )
      for (const { stderr } of results) {
        assert.match(stderr, WAITING)
        assert.match(stderr.replace(WAITING, ''), /^Error: .+\nHint: .+/s)
      }
      assert.deepEqual(await everything(), before)
    },
  )

  if (store.startsSlowly === true) return
  await diary.step('A push and a deletion that find no store go on when it comes back.', async () => {
    for (const line of [pushLine([pushed]), 'delete stays REPO --version 1.0.0']) {
      await leave()
      const result = await onWaiting(repository.start(line), comeBack)
      assert.deepEqual([result.status, result.stderr.replace(WAITING, '')], [0, ''], line)
    }
    repository.ledger.acknowledge(pushed)
    repository.ledger.remove(stays)
    await repository.areGone(stays)
    await repository.stand(pushed)
    assert.deepEqual(await faultsAtRest(repository), [])
  })
}

/** Does `then` when the program says that it waits, or at its end. */
async function onWaiting({ child, result }: Running, then: () => Promise<void>): Promise<Result> {
  const waits = new Promise<void>((resolve) => {
    let said = ''
    child.stderr?.on('data', (text: string) => {
      said += text
      if (WAITING.test(said)) resolve()
    })
  })
  await Promise.race([waits, result])
  await then()
  return result
}
