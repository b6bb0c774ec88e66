import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readChartYaml } from '../../lib/chart/chart-yaml.ts'
import { hasCode } from '../../lib/errors.ts'

interface Vector {
  readonly yaml: string
  readonly metadata?: unknown
  readonly error?: string
}

const vectors = (file: string): Vector[] =>
  JSON.parse(readFileSync(new URL(`../../fixtures/helm-vectors/${file}`, import.meta.url), 'utf8')) as Vector[]

const read = (yaml: string): unknown => readChartYaml(Buffer.from(yaml))

describe('Chart.yaml', () => {
  describe('is read to the values of Helm', () => {
    for (const { yaml, metadata, error } of vectors('chartyaml.json')) {
      const name = JSON.stringify(yaml).slice(0, 100)
      if (error !== undefined) it(`${name}: refused`, () => assert.throws(() => read(yaml), isRefusal))
      else it(name, () => assert.equal(JSON.stringify(read(yaml)), JSON.stringify(metadata)))
    }
  })
})

function isRefusal(error: unknown): boolean {
  return hasCode(error, 'invalid-chart') && error.message.startsWith('cannot load Chart.yaml: ')
}
