import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts'
import { useWorkplace } from './support/matrix.ts'
import { CHARTS } from './support/workplace.ts'

const isMutation = (line: string): boolean => line.startsWith('PUT') || line.startsWith('DELETE')

/**
 * The store acts on a PUT or DELETE and its answer is lost, for each such request of a command in turn: the command
 * finds out what happened and succeeds.
 */
for (const storeName of ['minio', 'versitygw'] as const) {
  describe(`lost answers of ${storeName}`, () => {
    const at = useWorkplace(storeName)
    let proxy: FaultyProxy
    beforeEach(async () => {
      proxy = await startFaultyProxy(`http://${String(at().env.AWS_ENDPOINT)}`)
      await at().programOk(`init ${at().url}`)
    })
    afterEach(() => proxy.close())

    const viaProxy = (): Record<string, string> => ({ AWS_ENDPOINT: proxy.endpoint.replace('http://', '') })
    const loseTheNth = (n: number): void => {
      let seen = 0
      proxy.fail((line) => isMutation(line) && ++seen === n, { kind: 'lose' })
    }

    for (const n of [1, 2, 3, 4]) {
      it(`do not make a push or a deletion fail: answer ${String(n)} to a PUT or DELETE`, async () => {
        loseTheNth(n)
        const chart = join(CHARTS, 'anchor-1.3.1.tgz')
        assert.equal(
          await at().programOk(`push ${chart} ${at().url}`, viaProxy()),
          'Successfully uploaded the chart to the repository.\n',
        )
        assert.ok((await at().mergedIndex()).find({ name: 'anchor', version: '1.3.1' }))
        assert.deepEqual(
          [await at().exists('anchor-1.3.1.tgz'), await at().exists('anchor-1.3.1.tgz.prov')],
          [true, true],
        )

        loseTheNth(n)
        const deleted = await at().programOk(`delete anchor ${at().url} --version 1.3.1`, viaProxy())
        assert.equal(deleted, 'Successfully deleted the chart from the repository.\n')
        assert.equal((await at().mergedIndex()).find({ name: 'anchor', version: '1.3.1' }), undefined)
        assert.deepEqual(
          (await at().keys()).filter((key) => key.endsWith('.tgz')),
          [],
        )
      })
    }
  })
}
