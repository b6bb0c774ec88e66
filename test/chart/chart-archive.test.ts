import assert from 'node:assert/strict'
import { readChartArchive } from '../../lib/chart/chart-archive.ts'
import { hasCode } from '../../lib/errors.ts'
import { helmVectors } from '../support/helm-vectors.ts'

interface Vector {
  readonly name: string
  readonly tgz_base64: string
  readonly metadata?: unknown
  readonly error?: string
}

describe('a chart archive', () => {
  describe('is read as by Helm', () => {
    for (const { name, tgz_base64, metadata, error } of helmVectors<Vector[]>('archives.json')) {
      const read = async (): Promise<unknown> => (await readChartArchive(Buffer.from(tgz_base64, 'base64'))).metadata
      if (error === undefined) it(name, async () => assert.equal(JSON.stringify(await read()), JSON.stringify(metadata)))
      else it(`${name}: refused`, () => assert.rejects(read, (thrown) => hasCode(thrown, 'invalid-chart')))
    }
  })
})
