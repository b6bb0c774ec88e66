import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readStoredMetadata } from '../../lib/chart/stored-metadata.ts'
import { CHART_METADATA, archiveMetadata } from '../../lib/core/object-metadata.ts'

const headerOf = (metadata: Readonly<Record<string, unknown>>): string =>
  archiveMetadata({ metadata, digest: 'a'.repeat(64), delta: undefined })[CHART_METADATA] ?? ''

describe('the metadata of an archive', () => {
  it('contain no run of spaces, because a signature counts a run as one space', () => {
    const header = headerOf({ name: 'app', version: '1.0.0', apiVersion: 'v2', description: 'a   b  \n\n  c' })
    assert.equal(
      header,
      '{"name":"app","version":"1.0.0","apiVersion":"v2","description":"a \\u0020\\u0020b \\u0020\\n\\n \\u0020c"}',
    )
    assert.equal(readStoredMetadata(header)?.description, 'a   b      c', 'as Helm reads it')
  })

  it('are printable ASCII without runs of spaces for random text, and decode to the same text', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.oneof(
            fc.constant(' '),
            fc.constantFrom('\t', '\u00a0', '\n', '"', '\\'),
            fc.string({ unit: 'grapheme', maxLength: 1 }),
          ),
          maxLength: 60,
        }),
        (description) => {
          const header = headerOf({ description })
          assert.match(header, /^[\x20-\x7e]*$/)
          assert.doesNotMatch(header, / {2}/)
          assert.deepEqual(JSON.parse(header), { description })
        },
      ),
    )
  })
})
