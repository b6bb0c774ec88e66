import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readChartArchive } from '../../lib/chart/chart-archive.ts'
import { hasCode } from '../../lib/errors.ts'

interface Vector {
  readonly name: string
  readonly tgz_base64: string
  readonly metadata?: unknown
  readonly error?: string
}

const vectors = JSON.parse(
  readFileSync(new URL('../../fixtures/helm-vectors/archives.json', import.meta.url), 'utf8'),
) as Vector[]

describe('a chart archive', () => {
  describe('is read as by Helm', () => {
    for (const { name, tgz_base64, metadata, error } of vectors) {
      const read = async (): Promise<unknown> => (await readChartArchive(Buffer.from(tgz_base64, 'base64'))).metadata
      if (error === undefined) it(name, async () => assert.equal(JSON.stringify(await read()), JSON.stringify(metadata)))
      else it(`${name}: refused`, () => assert.rejects(read, (thrown) => hasCode(thrown, 'invalid-chart')))
    }
  })
})
