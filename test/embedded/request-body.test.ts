import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { type RequestBody, readRequestBody } from '../../embedded/request-body.ts'

/** CRC-32 of `hello`. */
const CRC32 = 'NhCmhg=='
const TRAILER = 'x-amz-checksum-crc32'

/** What the store reads from a request with these headers and this body, which arrives in pieces of three bytes. */
async function read(body: string, headers: Record<string, string>): Promise<RequestBody> {
  const bytes = Buffer.from(body)
  const pieces = Array.from({ length: Math.ceil(bytes.length / 3) }, (_, i) => bytes.subarray(3 * i, 3 * i + 3))
  const message = Object.assign(Readable.from(pieces, { objectMode: false }), { headers })
  return readRequestBody(message as unknown as IncomingMessage)
}

describe('the body of a request', () => {
  const plain = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'content-length': '5' }
  const chunked = {
    'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'x-amz-decoded-content-length': '5',
    'x-amz-trailer': TRAILER,
  }

  it('is read completely, with and without chunks', async () => {
    assert.deepEqual(await read('hello', plain), { bytes: Buffer.from('hello'), checksums: {} })
    const { bytes, checksums } = await read(`2\r\nhe\r\n3\r\nllo\r\n0\r\n${TRAILER}:${CRC32}\r\n\r\n`, chunked)
    assert.equal(bytes.toString(), 'hello')
    assert.deepEqual(checksums, { [TRAILER]: CRC32 })
  })

  it('is refused without the announced length, without any length, or above the limit', async () => {
    await assert.rejects(read('hell', plain), { code: 'IncompleteBody' })
    await assert.rejects(read('hello', { ...plain, 'content-length': 'five' }), { code: 'IncompleteBody' })
    const unannounced = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
    await assert.rejects(read('hello', unannounced), { code: 'MissingContentLength' })
    const short = `4\r\nhell\r\n0\r\n${TRAILER}:${CRC32}\r\n\r\n`
    await assert.rejects(read(short, chunked), { code: 'IncompleteBody' })
    await assert.rejects(read('x', { ...plain, 'content-length': String(2 ** 31) }), { code: 'EntityTooLarge' })
  })

  it('is refused without the announced trailer or with a wrong checksum in it', async () => {
    await assert.rejects(read('5\r\nhello\r\n0\r\n\r\n', chunked), { code: 'MalformedTrailerError' })
    await assert.rejects(read(`5\r\nhellO\r\n0\r\n${TRAILER}:${CRC32}\r\n\r\n`, chunked), { code: 'BadDigest' })
  })
})
