import assert from 'node:assert/strict'
import { provenanceProblem } from '../../lib/core/provenance.ts'

const DIGEST = 'a'.repeat(64)
const signed = (...names: readonly string[]): string => `-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

apiVersion: v2
name: app

...
files:
${names.map((name) => `  ${name}: sha256:${DIGEST}\n`).join('')}-----BEGIN PGP SIGNATURE-----
`

describe('a provenance file', () => {
  it('is valid for the archive that it names', () => {
    for (const text of [
      signed('app-1.0.0.tgz'),
      signed('other.tgz', 'app-1.0.0.tgz'),
      signed('"app-1.0.0.tgz"'),
      signed('app-1.0.0.tgz').replaceAll('\n', '\r\n'),
    ]) {
      assert.equal(provenanceProblem(text, 'app-1.0.0.tgz'), undefined)
    }
  })

  it('is not valid for an archive with another name', () => {
    assert.equal(
      provenanceProblem(signed('app-v1.0.0.tgz'), 'app-1.0.0.tgz'),
      'it names app-v1.0.0.tgz, not app-1.0.0.tgz',
    )
    assert.equal(
      provenanceProblem(signed('app-1.0.0+b.tgz'), 'app-1.0.0.tgz'),
      'it names app-1.0.0+b.tgz, not app-1.0.0.tgz',
    )
  })

  it('is accepted when it names no archive', () => {
    for (const text of ['', 'signed', '\n'.repeat(200_000), ' '.repeat(200_000)])
      assert.equal(provenanceProblem(text, 'app-1.0.0.tgz'), undefined)
  })
})
