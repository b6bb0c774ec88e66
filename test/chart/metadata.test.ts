import assert from 'node:assert/strict'
import { readChartYaml } from '../../lib/chart/chart-yaml.ts'
import { type Metadata, requireKeyParts, validateMetadata } from '../../lib/chart/metadata.ts'
import { hasCode } from '../../lib/errors.ts'
import { helmVectors } from '../support/helm-vectors.ts'

interface Vector {
  readonly yaml: string
  readonly metadata?: unknown
  readonly error?: string
}

const validate = (yaml: string): Metadata => {
  const draft = readChartYaml(Buffer.from(yaml))
  return validateMetadata({ ...draft, apiVersion: draft.apiVersion ?? 'v1' })
}

const isInvalid = (error: unknown): boolean => hasCode(error, 'invalid-chart') && error.hint !== undefined

describe('chart metadata', () => {
  describe('is checked and cleaned as by Helm', () => {
    for (const { yaml, metadata, error } of helmVectors<Vector[]>('metadata.json')) {
      const name = JSON.stringify(yaml).slice(0, 110)
      if (error !== undefined) it(`${name}: refused`, () => assert.throws(() => validate(yaml), isInvalid))
      else it(name, () => assert.deepEqual(validate(yaml), metadata))
    }
  })

  it('has no name that is a folder, as in newer Helm', () => {
    for (const name of ['.', '..']) assert.throws(() => validate(`name: ${name}\nversion: 1.0.0`), isInvalid)
  })

  it('has a name that is a single part of a key', () => {
    const named = (name: string) => (): void => requireKeyParts({ name, version: '1.0.0', apiVersion: 'v2' })
    for (const name of ['app', 'App 2', 'a.b', '日本']) assert.doesNotThrow(named(name), name)
    for (const name of ['a\\b', 'a%2fb', 'a%5Cb', '..', 'a\nb']) assert.throws(named(name), isInvalid, name)
  })
})
