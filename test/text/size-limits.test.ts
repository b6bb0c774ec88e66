import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { findVersion } from '../../lib/core/helm/constraint.ts'
import { type DecodedDelta, decodeDelta, deltaSizeProblem } from '../../lib/core/log/delta-text.ts'
import { readIndexText } from '../../lib/core/index/index-text.ts'
import { isTooDeep } from '../../lib/text/json-depth.ts'
import { decodeConfig } from '../../lib/settings/repository-config.ts'
import * as LIMITS from '../../lib/text/size-limits.ts'
import { parseVersion } from '../../lib/core/helm/version.ts'
import { entry } from '../support/builders.ts'

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

describe('the limits', () => {
  it('stand in docs/FORMAT.md', () => {
    const text = readFileSync(new URL('../../docs/FORMAT.md', import.meta.url), 'utf8')
    const table = text.slice(text.indexOf('## Limits'))
    for (const [name, value] of Object.entries(LIMITS)) {
      const [mib, kib] = [value / 1024 / 1024, value / 1024]
      const shown =
        mib >= 1
          ? `${String(mib)} MiB`
          : name === 'MAX_CONFIG' || name === 'MAX_YAML_DELTA' || name === 'MAX_ERROR'
            ? `${String(kib)} KiB`
            : value.toLocaleString('en-US')
      assert.ok(table.includes(shown), `${name}: ${shown}`)
    }
  })

  describe('of a delta', () => {
    const reasonOf = (decoded: DecodedDelta): string => (decoded.outcome === 'delta' ? 'none' : decoded.reason)
    const yaml = (...lines: readonly string[]): Buffer => Buffer.from(['apiVersion: v1', ...lines].join('\n'))
    const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
      ['the bytes', Buffer.alloc(LIMITS.MAX_DELTA + 1, 0x20), /larger than 64 MiB/],
      [
        'the bytes of one that is no JSON',
        yaml(`# ${'x'.repeat(LIMITS.MAX_YAML_DELTA)}`),
        /is not JSON text, and is larger than 128 KiB/,
      ],
      ['its lines', yaml(...Array.from({ length: LIMITS.MAX_YAML_LINES }, () => '#')), /does not decode/],
      ['its commas', Buffer.from(`[${','.repeat(LIMITS.MAX_YAML_TOKENS)}`), /does not decode/],
      [
        'its anchors',
        yaml(`a: [${Array.from({ length: 101 }, (_, i) => `&a${String(i)} x`).join(', ')}]`),
        /does not decode/,
      ],
      [
        'the nesting of JSON',
        Buffer.from(`{"apiVersion":"v1","a":${nested(100_000)}}`),
        /nested more than 256 levels deep/,
      ],
      ['the nesting of YAML', yaml(`a: ${nested(5000)}x`), /does not decode/],
      [
        'a name',
        Buffer.from(
          JSON.stringify({
            apiVersion: 'v1',
            addedEntries: { ['a'.repeat(1025)]: [entry('a'.repeat(1025), '1.0.0')] },
          }),
        ),
        /name of more than 1024 characters/,
      ],
      [
        'a version',
        Buffer.from(
          JSON.stringify({ apiVersion: 'v1', addedEntries: { app: [entry('app', `1.0.0-${'a'.repeat(1025)}`)] } }),
        ),
        /version of more than 1024 characters/,
      ],
    ]
    for (const [what, bytes, reason] of cases) {
      it(`hold for ${what}`, async () => {
        assert.match(reasonOf(await decodeDelta(bytes)), reason)
      })
    }

    it('hold for its entries', () => {
      assert.equal(deltaSizeProblem(LIMITS.MAX_DELTA, LIMITS.MAX_DELTA_ITEMS), undefined)
      assert.match(deltaSizeProblem(0, LIMITS.MAX_DELTA_ITEMS + 1) ?? '', /more than 250000 entries/)
    })

    it('leave out a long text of its origin, and keep the others', async () => {
      const decoded = await decodeDelta(
        Buffer.from(JSON.stringify({ apiVersion: 'v1', origin: { user: 'x'.repeat(1025), host: 'ci' } })),
      )
      assert.deepEqual(decoded.outcome === 'delta' && decoded.delta.origin, { host: 'ci' })
    })

    it('leave room for block YAML of another client with hundreds of entries', async () => {
      const item = (i: number): string =>
        `  - {name: app, version: 1.0.${String(i)}, urls: [app-1.0.${String(i)}.tgz], digest: abc, description: A ` +
        `chart}`
      const decoded = await decodeDelta(
        yaml('addedEntries:', '  app:', ...Array.from({ length: 500 }, (_, i) => item(i))),
      )
      assert.equal(decoded.outcome === 'delta' && decoded.delta.added.length, 500)
    })

    it('take keys that stand in a mapping twice for an error, as before', async () => {
      assert.match(reasonOf(await decodeDelta(yaml('addedEntries: {}', 'addedEntries: {}'))), /does not decode/)
    })
  })

  it('of the defaults of a repository hold for bytes and nesting', () => {
    const large = decodeConfig(Buffer.from(JSON.stringify({ note: 'x'.repeat(LIMITS.MAX_CONFIG) })))
    assert.deepEqual([large.isUnreadable, large.ignored], [true, ['it is larger than 64 KiB']])
    const deep = decodeConfig(Buffer.from(`{"note":${nested(10_000)}}`))
    assert.deepEqual([deep.isUnreadable, deep.ignored], [true, ['it is not a JSON object']])
    assert.equal(decodeConfig(Buffer.from('{"format":"json"}')).texts.format, 'json')
  })

  it('of an index hold for the nesting of its entries', () => {
    const text = `{"apiVersion":"v1","entries":{"app":[{"name":"app","version":"1.0.0","dependencies":[{"name":"a","import-values":${nested(10_000)}}]}]}}`
    assert.throws(() => readIndexText(Buffer.from(text)), { code: 'invalid-index' })
  })

  it('of versions and constraints hold for their characters', () => {
    assert.notEqual(parseVersion(`1.0.0-${'a'.repeat(1018)}`), undefined)
    assert.equal(parseVersion(`1.0.0-${'a'.repeat(1019)}`), undefined)
    assert.equal(findVersion([entry('app', '1.0.0')], `${'>=1 '.repeat(249)}`)?.version, '1.0.0')
    assert.throws(() => findVersion([], '>=1 '.repeat(251)), { code: 'usage', message: /longer than 1000 characters/ })
  })

  it('of JSON text do not count brackets in strings', () => {
    assert.equal(isTooDeep(JSON.stringify(['['.repeat(1000), '"{\\'])), false)
    assert.equal(isTooDeep(nested(256)), false)
    assert.equal(isTooDeep(nested(257)), true)
  })
})
