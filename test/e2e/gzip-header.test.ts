import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { asKey } from '../../lib/core/keys.ts'
import { tgz } from '../support/archives.ts'
import { useWorkplace } from './support/matrix.ts'

/** Flags of a gzip header (RFC 1952). */
const HCRC = 2
const EXTRA = 4
const NAME = 8

const FILE = 'app-1.0.0.tgz'
const PACKED = tgz({ name: 'app/Chart.yaml', content: 'apiVersion: v2\nname: app\nversion: 1.0.0\n' })

/**
 * The same archive with these flags, and these bytes after the first ten of its header. With `off` it has a checksum of
 * the header: the right one for 0, else a wrong one.
 */
function withHeader(flags: number, fields: Uint8Array, off?: number): Uint8Array {
  const header = Buffer.concat([PACKED.subarray(0, 10), fields])
  header[3] = flags | (off === undefined ? 0 : HCRC)
  const sum = Buffer.alloc(off === undefined ? 0 : 2)
  if (off !== undefined) sum.writeUInt16LE((crc32(header) & 0xffff) ^ off)
  return Buffer.concat([header, sum, PACKED.subarray(10)])
}

const nothing = Buffer.alloc(0)
const name = (length: number): Buffer => Buffer.from(`${'a'.repeat(length)}\0`)

const ARCHIVES: Readonly<Record<string, { readonly bytes: Uint8Array; readonly isLoaded: boolean }>> = {
  'without optional fields': { bytes: PACKED, isLoaded: true },
  'with a right checksum': { bytes: withHeader(0, nothing, 0), isLoaded: true },
  'with a name, an extra field, and a right checksum': {
    bytes: withHeader(EXTRA | NAME, Buffer.from([2, 0, 1, 2, ...name(7)]), 0),
    isLoaded: true,
  },
  'with a wrong checksum': { bytes: withHeader(0, nothing, 1), isLoaded: false },
  'with a name and a wrong checksum': { bytes: withHeader(NAME, name(7), 0x8000), isLoaded: false },
  'with a name of 511 letters': { bytes: withHeader(NAME, name(511)), isLoaded: true },
  'with a name of 512 letters': { bytes: withHeader(NAME, name(512)), isLoaded: false },
}

/** Archives that Helm loads are pushed; those that it refuses are refused, and reported when they are in the bucket. */
describe('an archive that has a gzip header', () => {
  const at = useWorkplace('minio')

  for (const [what, { bytes, isLoaded }] of Object.entries(ARCHIVES)) {
    it(`${what} is ${isLoaded ? 'accepted by Helm 3, Helm 4, push and check' : 'refused by Helm 3, Helm 4, push, check and reindex'}`, async () => {
      await at().programOk(`init ${at().url}`)
      await writeFile(at().path(FILE), bytes)
      for (const major of [3, 4] as const) {
        const { status, stdout } = await at().helm(major, `show chart ${FILE}`)
        assert.deepEqual([status === 0, /name: app/.test(stdout)], [isLoaded, isLoaded], `Helm ${String(major)}`)
      }
      const pushed = await at().program(`push ${FILE} ${at().url}`)
      assert.equal(pushed.status, isLoaded ? 0 : 1, pushed.stderr)
      if (isLoaded) {
        await at().programOk(`check ${at().url} --deep`)
        return
      }
      assert.equal(await at().exists(FILE), false)
      await at().store.put(asKey(`charts/${FILE}`), bytes, { when: 'absent' })
      const { stdout } = await at().program(`reindex ${at().url} --full -ojson`)
      assert.equal((await at().mergedIndex()).countEntries(), 0)
      assert.ok(stdout.includes(FILE), stdout)
      await at().store.delete(asKey(`charts/${FILE}`))
      await at().store.put(asKey(`charts/${FILE}`), PACKED, { when: 'absent' })
      await at().programOk(`reindex ${at().url}`)
      await at().store.put(asKey(`charts/${FILE}`), bytes, { when: 'always' })
      assert.match(
        (await at().program(`check ${at().url} --deep`)).stdout,
        /error archive-unreadable: [^\n]*\n +app 1\.0\.0/,
      )
    })
  }
})
