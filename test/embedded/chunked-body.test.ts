import assert from 'node:assert/strict'
import fc from 'fast-check'
import { decodeChunks } from '../../embedded/chunked-body.ts'

const SIGNATURE = `;chunk-signature=${'a'.repeat(64)}`

function encode(chunks: readonly Uint8Array[], extension: string, trailers: string): Buffer {
  const framed = chunks.flatMap((chunk) => [`${chunk.length.toString(16)}${extension}\r\n`, chunk, '\r\n'])
  return Buffer.concat([...framed, `0${extension}\r\n`, trailers, '\r\n'].map((part) => Buffer.from(part)))
}

describe('an aws-chunked body', () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 6 })

  it('decodes to the bytes and the trailers, with and without signed chunks', () => {
    fc.assert(
      fc.property(chunks, fc.constantFrom('', SIGNATURE), (parts, extension) => {
        const { bytes, trailers } = decodeChunks(encode(parts, extension, 'X-Amz-Checksum-CRC32: AAAAAA==\r\n'))
        assert.deepEqual(bytes, Buffer.concat(parts))
        assert.deepEqual(trailers, { 'x-amz-checksum-crc32': 'AAAAAA==' })
      }),
    )
  })

  it('is refused when it is cut anywhere before its last chunk', () => {
    const body = encode([Buffer.from('first chunk'), Buffer.from('and\r\nanother')], SIGNATURE, '')
    const last = body.lastIndexOf(`0${SIGNATURE}`)
    for (let cut = 0; cut < last + SIGNATURE.length; cut++) {
      assert.throws(() => decodeChunks(body.subarray(0, cut)), { code: 'IncompleteBody' }, `cut at ${String(cut)}`)
    }
  })

  it('is refused when a size is not a number or not the size of its chunk', () => {
    const end = '\r\n0\r\n\r\n'
    for (const body of ['', `x\r\na${end}`, `-1\r\na${end}`, `2\r\na${end}`, `1\r\nab${end}`, `1;x=y\r\na${end}`]) {
      assert.throws(() => decodeChunks(Buffer.from(body)), { code: 'IncompleteBody' }, JSON.stringify(body))
    }
  })
})
