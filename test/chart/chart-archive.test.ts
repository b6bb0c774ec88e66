import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { crc32, gzipSync } from 'node:zlib'
import { readArchiveFiles } from '../../lib/chart/archive-files.ts'
import { readChartArchive, unpackChartArchive } from '../../lib/chart/chart-archive.ts'
import { loadBudget } from '../../lib/chart/load-budget.ts'
import { hasCode } from '../../lib/errors.ts'
import { sha256 } from '../../lib/sys/sha256.ts'
import { END_OF_TAR, type TarPart, chartYaml, tar, tarHeader, tarPart, tgz } from '../support/archives.ts'
import { helmVectors } from '../support/helm-vectors.ts'

interface Vector {
  readonly name: string
  readonly tgz_base64: string
  readonly metadata?: unknown
  /** The paths as Helm lists them. */
  readonly files?: readonly string[]
  readonly error?: string
}

const MIB = 1024 * 1024
const subchart = (name: string): string => `apiVersion: v2\nname: ${name}\nversion: 0.1.0\n`

describe('a chart archive', () => {
  describe('is read as by Helm', () => {
    for (const { name, tgz_base64, metadata, files, error } of [
      ...helmVectors<Vector[]>('archives.json'),
      ...helmVectors<Vector[]>('archives-odd.json'),
    ]) {
      const bytes = Buffer.from(tgz_base64, 'base64')
      if (error !== undefined) {
        it(`${name}: refused`, () => assert.rejects(readChartArchive(bytes), isInvalid))
        continue
      }
      it(name, async () => {
        assert.equal(JSON.stringify((await readChartArchive(bytes)).metadata), JSON.stringify(metadata))
        const found = await readArchiveFiles(bytes, () => false, loadBudget())
        if (files !== undefined)
          assert.deepEqual(
            found.map(({ path }) => path),
            files,
          )
      })
    }
  })

  it('that helm package made has the metadata that helm repo index gives it', async () => {
    const charts = helmVectors<Record<string, { metadata: unknown; digest: string }>>('own-charts.json')
    for (const [file, { metadata, digest }] of Object.entries(charts)) {
      const bytes = readFileSync(new URL(`../../fixtures/charts/${file}`, import.meta.url))
      assert.equal(JSON.stringify((await readChartArchive(bytes)).metadata), JSON.stringify(metadata), file)
      assert.equal(sha256(bytes), digest, file)
    }
  })

  describe('whose gzip header has more than usual', () => {
    /**
     * The same archive with this flag set, and with these bytes after the ten bytes of its header. The checksum of the
     * header is the right one, or another one.
     */
    const withHeader = (flags: number, extra: Uint8Array, checksum?: 'right' | 'wrong'): Buffer => {
      const packed = tgz(chartYaml())
      const header = Buffer.concat([packed.subarray(0, 10), extra])
      header[3] = flags | (checksum === undefined ? 0 : 2)
      const sum = Buffer.alloc(2)
      sum.writeUInt16LE((crc32(header) & 0xffff) ^ (checksum === 'wrong' ? 1 : 0))
      return Buffer.concat([header, checksum === undefined ? Buffer.alloc(0) : sum, packed.subarray(10)])
    }
    const NAME = Buffer.from('app.tar\0')

    it('is read when its checksum is right', async () => {
      for (const bytes of [
        withHeader(0, Buffer.alloc(0), 'right'),
        withHeader(8, NAME, 'right'),
        withHeader(12, Buffer.from([2, 0, 1, 2, ...NAME]), 'right'),
        withHeader(24, Buffer.concat([NAME, NAME])),
      ]) {
        assert.equal((await readChartArchive(bytes)).metadata.name, 'app')
      }
    })

    it('is refused when its checksum is wrong, as by Helm, also in a later member', async () => {
      await assert.rejects(readChartArchive(withHeader(0, Buffer.alloc(0), 'wrong')), isInvalid)
      await assert.rejects(readChartArchive(withHeader(8, NAME, 'wrong')), isInvalid)
      const whole = tar(chartYaml())
      const second = gzipSync(whole.subarray(512))
      second[3] = 2
      await assert.rejects(
        readChartArchive(
          Buffer.concat([
            gzipSync(whole.subarray(0, 512)),
            second.subarray(0, 10),
            Buffer.from([0, 0]),
            second.subarray(10),
          ]),
        ),
        isInvalid,
      )
    })

    it('is refused when a name in it is longer than Go takes', async () => {
      await readChartArchive(withHeader(8, Buffer.from(`${'a'.repeat(511)}\0`)))
      await assert.rejects(readChartArchive(withHeader(8, Buffer.from(`${'a'.repeat(512)}\0`))), isInvalid)
    })
  })

  describe('is refused with a reason', () => {
    const reasons: readonly (readonly [string, Uint8Array, RegExp])[] = [
      ['empty', Buffer.alloc(0), /the file is empty/],
      ['no gzip', Buffer.from('apiVersion: v2\n'), /does not appear to be a gzipped archive/],
      ['no tar', gzipSync('x'.repeat(600)), /damaged/],
      ['cut', tgz(chartYaml()).subarray(0, 80), /cut short/],
      ['no Chart.yaml', tgz({ name: 'app/values.yaml', content: 'a: 1' }), /Chart\.yaml file is missing/],
      ['no files', tgz({ name: 'app', type: '5' }), /no files in the chart archive/],
      [
        'a path that leaves it',
        tgz(chartYaml(), { name: 'app/../../etc/passwd' }),
        /references a parent directory: "app\/\.\.\/\.\.\/etc\/passwd"/,
      ],
      ['not semver', tgz(chartYaml('name: a\nversion: latest\n')), /chart\.metadata\.version "latest" is invalid/],
      ['no part of a key', tgz(chartYaml('name: a%2fb\nversion: 1.0.0\n')), /name that is not a single path segment/],
      [
        'a bad subchart',
        tgz(chartYaml(), { name: 'app/charts/dep/x', content: 'x' }),
        /error unpacking subchart dep in app: Chart\.yaml file is missing/,
      ],
    ]
    for (const [name, bytes, reason] of reasons) {
      it(name, () =>
        assert.rejects(readChartArchive(bytes), (error) => isInvalid(error) && reason.test((error as Error).message)),
      )
    }
  })

  describe('stays within the limits of Helm', () => {
    it('5 MiB in a file, and not one byte more', async () => {
      const big = (bytes: number): TarPart => ({ name: 'app/big', content: Buffer.alloc(bytes) })
      await readChartArchive(tgz(chartYaml(), big(5 * MIB)))
      await assert.rejects(readChartArchive(tgz(chartYaml(), big(5 * MIB + 1))), says('larger than 5 MiB'))
    })

    it('20,000 files, and not one more', async () => {
      const files = (count: number): TarPart[] =>
        Array.from({ length: count }, (_, i) => ({ name: `app/${String(i)}` }))
      await readChartArchive(gzipFast(chartYaml(), ...files(19_999)))
      await assert.rejects(readChartArchive(gzipFast(chartYaml(), ...files(20_000))), says('more than 20000 files'))
    })

    it('paths of 4,096 bytes, and not one byte more', async () => {
      const long = (length: number): TarPart[] => [
        { name: 'x', type: 'L', content: `app/${'a'.repeat(length - 4)}` },
        { name: 'app/a' },
      ]
      await readChartArchive(tgz(chartYaml(), ...long(4096)))
      await assert.rejects(readChartArchive(tgz(chartYaml(), ...long(4097))), says('path of more than 4096 bytes'))
    })

    it('less than 100 MiB in all', async () => {
      const fiveMiB = gzipSync(tarPart({ name: 'app/big', content: Buffer.alloc(5 * MIB) }), { level: 1 })
      const chart = gzipFast(chartYaml())
      const archive = (count: number): Buffer => Buffer.concat([...new Array<Buffer>(count).fill(fiveMiB), chart])
      await readChartArchive(archive(19))
      await assert.rejects(readChartArchive(archive(20)), says('larger than 100 MiB'))
    })

    it('by what a header claims, before anything is unpacked', () =>
      assert.rejects(
        readChartArchive(gzipSync(tarHeader({ name: 'app/big', size: 8 ** 11 - 1 }))),
        says('larger than 100 MiB'),
      ))

    it('in what is skipped, too', async () => {
      const member = gzipSync(Buffer.alloc(64 * MIB), { level: 1 })
      const folder = gzipSync(tarHeader({ name: 'app', mode: 0o40755, size: 8 ** 11 - 1 }))
      const bomb = Buffer.concat([folder, ...new Array<Buffer>(40).fill(member)])
      await assert.rejects(readChartArchive(bomb), says('unpacks to more than a chart may hold'))
    })

    it('in subcharts in subcharts', async () => {
      let bytes = tgz({ ...chartYaml(subchart('leaf')), name: 'leaf/Chart.yaml' })
      for (let depth = 0; depth < 25; depth++) bytes = tgz(chartYaml(), { name: 'app/charts/a.tgz', content: bytes })
      await assert.rejects(readChartArchive(bytes), says('more than 20 deep'))
    })

    it('in the Chart.yaml of many subcharts', async () => {
      const long = `${subchart('dep')}# ${'x'.repeat(MIB - 100)}\n`
      const parts = Array.from({ length: 6 }, (_, at) => ({
        name: `app/charts/d${String(at)}/Chart.yaml`,
        content: long,
      }))
      await assert.rejects(readChartArchive(tgz(chartYaml(), ...parts)), says('too large in total'))
    })
  })

  it('may have more bytes of values than are checked', async () => {
    const values = `a: # ${'x'.repeat(MIB)}\n  1\n`
    const parts = Array.from({ length: 4 }, (_, at) => ({
      name: `app/charts/d${String(at)}/values.yaml`,
      content: values,
    }))
    const charts = parts.map(({ name }, at) => ({
      name: name.replace('values', 'Chart'),
      content: subchart(`d${String(at)}`),
    }))
    assert.equal((await readChartArchive(tgz(chartYaml(), ...parts, ...charts))).metadata.name, 'app')
  })

  it('is read in whatever pieces it comes', async () => {
    const random = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * 7919 + (at >> 3)) % 251))
    const parts = [{ name: 'app/noise', content: random }, chartYaml(), { name: 'app/after', content: 'x' }]
    const { name, files } = await unpackChartArchive(tgz(...parts))
    assert.equal(name, 'app')
    assert.deepEqual(
      files.map(({ path, bytes }) => [path, Buffer.from(bytes)]),
      [
        ['noise', random],
        ['Chart.yaml', Buffer.from(String(chartYaml().content))],
        ['after', Buffer.from('x')],
      ],
    )
  })

  it('is read the same whether it is small or unpacks to more than is unpacked at once', async () => {
    for (const size of [0, 2 * MIB - 2048, 2 * MIB, 3 * MIB]) {
      const parts = [{ name: 'app/zeros', content: Buffer.alloc(size) }, chartYaml(), { name: 'app/z', content: 'z' }]
      const [first = Buffer.alloc(0), ...others] = parts.map(tarPart)
      const whole = tgz(...parts)
      const members = Buffer.concat([gzipSync(first), gzipSync(Buffer.concat([...others, END_OF_TAR]))])
      for (const bytes of [whole, members]) {
        const { files } = await unpackChartArchive(bytes)
        assert.deepEqual(
          files.map(({ path, bytes: { length } }) => [path, length]).filter(([path]) => path !== 'Chart.yaml'),
          [
            ['zeros', size],
            ['z', 1],
          ],
        )
      }
      await assert.rejects(readChartArchive(whole.subarray(0, whole.length - 20)), says('cut short'))
    }
  })

  it('is unpacked to its files with their permissions, links empty', async () => {
    const { files } = await unpackChartArchive(
      tgz(
        chartYaml(),
        { name: 'app/bin/run', content: '#!/bin/sh\n', mode: 0o104755 },
        { name: 'app/link', type: '2' },
      ),
    )
    assert.deepEqual(files.map(({ path, mode, bytes }) => [path, mode, bytes.length]).slice(1), [
      ['bin/run', 0o755, 10],
      ['link', 0o644, 0],
    ])
  })

  it('is not unpacked when Helm would not load it', () =>
    assert.rejects(unpackChartArchive(tgz(chartYaml(), { name: 'app/values.yaml', content: 'a: [' })), isInvalid))

  it('ends at its end mark, as for Helm, whatever a member behind it holds', async () => {
    const hidden = tarPart(chartYaml('name: hidden\nversion: 6.6.6\n'))
    const { metadata } = await readChartArchive(
      Buffer.concat([tgz(chartYaml()), gzipSync(Buffer.concat([hidden, END_OF_TAR]))]),
    )
    assert.equal(metadata.name, 'app')
  })
})

function isInvalid(error: unknown): boolean {
  return hasCode(error, 'invalid-chart') && error.hint !== undefined
}

function says(text: string): (error: unknown) => boolean {
  return (error) => isInvalid(error) && error instanceof Error && error.message.includes(text)
}

function gzipFast(...parts: readonly TarPart[]): Buffer {
  return gzipSync(tar(...parts), { level: 1 })
}
