import assert from 'node:assert/strict'
import { verifyChecksum } from '../../embedded/checksums.ts'

const BYTES = Buffer.from('123456789')

/** The check values of the CRC catalogues: the checksums of these nine digits, in hex. */
const CHECKS = {
  'x-amz-checksum-crc32': 'cbf43926',
  'x-amz-checksum-crc32c': 'e3069283',
  'x-amz-checksum-crc64nvme': 'ae8b14860a799888',
  'x-amz-checksum-sha1': 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
  'x-amz-checksum-sha256': '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
}

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')

describe('the checksum of a body', () => {
  for (const [name, hex] of Object.entries(CHECKS)) {
    it(`is accepted or refused by ${name}`, () => {
      const headers = { [name]: base64(hex), 'x-amz-checksum-type': 'FULL_OBJECT', 'content-type': 'text/plain' }
      assert.deepEqual(verifyChecksum(BYTES, headers), { [name]: base64(hex) })
      assert.throws(() => verifyChecksum(Buffer.from('123456780'), headers), { code: 'BadDigest' })
      assert.throws(() => verifyChecksum(BYTES, { [name]: 'AAA=' }), { code: 'InvalidRequest' })
    })
  }

  it('is optional', () => {
    assert.deepEqual(verifyChecksum(BYTES, { 'x-amz-checksum-algorithm': 'SHA256' }), {})
  })

  it('is refused when there is more than one or its kind is unknown', () => {
    const both = {
      'x-amz-checksum-crc32': base64(CHECKS['x-amz-checksum-crc32']),
      'x-amz-checksum-sha1': base64(CHECKS['x-amz-checksum-sha1']),
    }
    assert.throws(() => verifyChecksum(BYTES, both), { code: 'InvalidRequest' })
    assert.throws(() => verifyChecksum(BYTES, { 'x-amz-checksum-new': 'AAAA' }), { code: 'NotImplemented' })
  })
})
