import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { compareVersions, normalizeVersion, parseVersion } from '../../../lib/core/helm/version.ts'

interface Vector {
  readonly in: string
  readonly out?: string
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../fixtures/helm-vectors/semver.json', import.meta.url), 'utf8'),
) as Vector[]

describe('a version', () => {
  for (const vector of vectors) {
    it(`${vector.in} is ${vector.out === undefined ? 'refused' : `read as ${vector.out}`}, as by Helm`, () => {
      const version = parseVersion(vector.in)
      assert.equal(version && normalizeVersion(version), vector.out)
    })
  }

  for (const text of ['', 'V1.0.0', ' 1.0.0', '1.0.0 ', '1.2.3-', '1.2.3+a_b', '1.2.3-a..b', 'latest']) {
    it(`${JSON.stringify(text)} is refused`, () => assert.equal(parseVersion(text), undefined))
  }

  it('is sorted as semver says', () => {
    const sorted = [
      'nonsense',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.2',
      '1.10',
      '2',
      '18446744073709551615.0.0',
    ]
    for (let i = 1; i < sorted.length; i++) {
      const [lower, higher] = [sorted[i - 1]!, sorted[i]!]
      assert.ok(compareVersions(lower, higher) < 0, `${lower} < ${higher}`)
      assert.ok(compareVersions(higher, lower) > 0, `${higher} > ${lower}`)
    }
  })

  it('is compared without build metadata, a leading v or missing numbers', () => {
    assert.equal(compareVersions('1.0.0+a', '1.0.0+b'), 0)
    assert.equal(compareVersions('v1', '1.0.0'), 0)
  })

  it('is compared in a total preorder', () => {
    const number = fc.nat(3).map(String)
    const anyVersion = fc
      .tuple(
        number,
        number,
        number,
        fc.constantFrom('', '-1', '-a', '-a.1', '-a.b', '-rc.1', '-rc-1'),
        fc.constantFrom('', '+x', '+y'),
      )
      .map(([a, b, c, pre, meta]) => `${a}.${b}.${c}${pre}${meta}`)
    fc.assert(
      fc.property(anyVersion, anyVersion, anyVersion, (a, b, c) => {
        assert.equal(Math.sign(compareVersions(a, b)), -Math.sign(compareVersions(b, a)) + 0)
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) assert.ok(compareVersions(a, c) <= 0)
      }),
    )
  })
})
