import assert from 'node:assert/strict'
import { chartName, deltaFiles, indexBytes } from '../../bench/data.ts'
import { decodeDelta } from '../../lib/core/log/delta-text.ts'
import { readIndexText } from '../../lib/core/index/index-text.ts'

describe('data of the bench', () => {
  for (const form of ['yaml', 'json'] as const) {
    it(`include an index in ${form} that is read as slices`, () => {
      const index = readIndexText(indexBytes(95, form))
      assert.deepEqual(
        [index.form, index.path, index.countEntries(), index.chartNames().length],
        [form, 'slices', 95, 4],
      )
      assert.deepEqual(
        index.versions(chartName(3)).map(({ version }) => version),
        ['1.4.0', '1.3.0', '1.2.0', '1.1.0', '1.0.0'],
      )
    })
  }

  it('have the same entries in both forms', () => {
    const [yaml, json] = [readIndexText(indexBytes(31, 'yaml')), readIndexText(indexBytes(31, 'json'))]
    for (const name of yaml.chartNames()) assert.deepEqual(yaml.versions(name), json.versions(name))
  })

  it('are the same every time, with about 320 bytes for each version in YAML', () => {
    const bytes = indexBytes(3000, 'yaml')
    assert.deepEqual(indexBytes(3000, 'yaml'), bytes)
    assert.ok(Math.abs(bytes.length / 3000 - 320) < 10, `${String(bytes.length / 3000)} bytes a version`)
  })

  it('have the digest of the archive for a version with an archive', () => {
    const index = readIndexText(indexBytes(30, 'yaml', new Map([[`${chartName(0)}-1.0.0`, 'ab'.repeat(32)]])))
    assert.equal(index.find({ name: chartName(0), version: '1.0.0' })?.digest, 'ab'.repeat(32))
  })

  it('include valid deltas with ascending ids and different versions', async () => {
    const files = [...deltaFiles(7, 3)]
    const ids = files.map(({ id }) => id)
    assert.deepEqual([...ids].sort(), ids)
    assert.equal(new Set(files.map(({ added }) => `${added.name} ${added.version}`)).size, 7)
    assert.equal(new Set(files.map(({ added }) => added.name)).size, 3)
    for (const { added, body } of files) {
      const decoded = await decodeDelta(body)
      assert.ok(decoded.outcome === 'delta')
      assert.deepEqual(
        decoded.delta.added.map(({ entry }) => [entry.name, entry.version]),
        [[added.name, added.version]],
      )
    }
  })
})
