import assert from 'node:assert/strict'
import { readLock, checkValues, readChartYaml } from '../../lib/chart/chart-yaml.ts'
import type { DraftMetadata } from '../../lib/chart/metadata.ts'
import { hasCode } from '../../lib/errors.ts'
import { helmVectors } from '../support/helm-vectors.ts'

interface Vector {
  readonly yaml: string
  readonly metadata?: unknown
  readonly error?: string
}

interface OddVector {
  /** The texts, which are decoded one after the other into one structure. */
  readonly texts: readonly string[]
  readonly metadata?: unknown
  readonly error?: string
}

const read = (...texts: readonly string[]): DraftMetadata =>
  texts.reduce<DraftMetadata>((metadata, text) => readChartYaml(Buffer.from(text), 'Chart.yaml', metadata), {})

describe('Chart.yaml', () => {
  describe('is read to the values of Helm, in its order of fields', () => {
    const cases: OddVector[] = [
      ...helmVectors<Vector[]>('chartyaml.json').map(({ yaml, ...result }) => ({ texts: [yaml], ...result })),
      ...helmVectors<OddVector[]>('chartyaml-odd.json'),
    ]
    for (const { texts, metadata, error } of cases) {
      const name = texts.map((text) => JSON.stringify(text).slice(0, 100)).join(', then ')
      if (error !== undefined) it(`${name}: refused`, () => assert.throws(() => read(...texts), isRefusal))
      else it(name, () => assert.equal(JSON.stringify(read(...texts)), JSON.stringify(metadata)))
    }
  })

  it('says which line is wrong', () => {
    assert.throws(() => read('name: a\nkeywords: [\n'), /^HelmS3Error: cannot load Chart\.yaml: .* at line 3$/)
  })

  it('may be in UTF-16, and must not be in anything else than Unicode', () => {
    assert.deepEqual(readChartYaml(Buffer.from('\ufeffname: é', 'utf16le')), { name: 'é' })
    assert.throws(() => readChartYaml(Buffer.from('name: é', 'latin1')), isRefusal)
  })

  it('is refused above 1 MiB, because it would be part of every index', () => {
    const comment = `# ${'x'.repeat(1024 * 1024)}\nname: a\n`
    assert.throws(
      () => read(comment),
      (error) => hasCode(error, 'invalid-chart') && /larger than 1 MiB/.test(error.message),
    )
  })

  describe('made to hurt', () => {
    const MANY = 300_000
    const bombs: Readonly<Record<string, string>> = {
      'nested flow sequences': `name: ${'['.repeat(MANY)}${']'.repeat(MANY)}`,
      'flow sequences that never end': `name: ${'['.repeat(MANY)}`,
      'nested flow mappings': `name: ${'{a: '.repeat(MANY / 2)}`,
      'nested block sequences': `${'- '.repeat(MANY)}a`,
      'nested keys': `${'? '.repeat(MANY)}a`,
      'aliases of aliases': billionLaughs(20),
      'an anchor in itself': 'name: a\nx: &x {y: *x}',
    }
    for (const [name, text] of Object.entries(bombs)) {
      it(`is refused: ${name}`, () => assert.throws(() => read(text), isRefusal))
    }

    it('is refused: many quoted texts that go on at the margin', () => {
      assert.throws(() => read('a: "\nb: "\n'.repeat(200)), isRefusal)
    })
  })
})

describe('values.yaml', () => {
  const check = (text: string) => (): void => checkValues(Buffer.from(text), 'values.yaml')

  it('is a mapping, or nothing', () => {
    for (const text of ['', '# only a comment', 'a: 1', '{}', 'a: &x [1]\nb: *x\n', 'a: "goes\non"\n'])
      assert.doesNotThrow(check(text), text)
    for (const text of ['- a', 'text', 'a: [', 'a: .inf', 'a: {~: b}', 'a: *nowhere'])
      assert.throws(check(text), /cannot load values\.yaml/, text)
  })
})

describe('Chart.lock', () => {
  const check = (text: string) => (): unknown => readLock(Buffer.from(text), 'Chart.lock')

  it('has a time, a digest and dependencies', () => {
    const lock =
      'dependencies:\n- name: a\n  repository: s3://x\n  version: 1.0\ndigest: sha256:00\ngenerated: ' +
      '2024-01-01T00:00:00Z\n'
    for (const text of ['', lock, `${lock}other: 1\n`, 'generated: ~']) assert.doesNotThrow(check(text), text)
    for (const text of ['generated: 2024-01-01', 'generated: 5', 'dependencies: {}', 'digest: []', '- a'])
      assert.throws(check(text), /cannot load Chart\.lock/, text)
  })

  it('is written again as Go does: its three fields always, times without zeros at the end of a fraction', () => {
    const times = [
      ['', '0001-01-01T00:00:00Z'],
      ['generated: "2024-01-01T00:00:00.120+02:00"', '2024-01-01T00:00:00.12+02:00'],
      ['generated: 2024-01-01T00:00:00.000Z', '2024-01-01T00:00:00Z'],
      ['generated: 2024-01-01T00:00:10+00:00', '2024-01-01T00:00:10Z'],
    ] as const
    for (const [text, generated] of times) {
      assert.deepEqual(readLock(Buffer.from(text), 'Chart.lock'), { dependencies: null, digest: '', generated }, text)
    }
    const { dependencies } = readLock(Buffer.from('dependencies:\n- {name: a, version: 1.0, other: x}\n'), 'Chart.lock')
    assert.deepEqual(dependencies, [{ name: 'a', version: '1', repository: '' }])
  })
})

function billionLaughs(levels: number): string {
  const lines = Array.from(
    { length: levels },
    (_, level) => `x${String(level + 1)}: &x${String(level + 1)} [${`*x${String(level)}, `.repeat(9)}1]`,
  )
  return ['x0: &x0 [lol]', ...lines, `keywords: *x${String(levels)}`].join('\n')
}

function isRefusal(error: unknown): boolean {
  return hasCode(error, 'invalid-chart') && error.message.startsWith('cannot load Chart.yaml: ')
}

describe('long runs of white space in a file of a chart', () => {
  it('take no longer than other text', () => {
    const spaces = ' '.repeat(500_000)
    assert.throws(() => readChartYaml(Buffer.from(`name: a${spaces}b\n${spaces}: c`)), { code: 'invalid-chart' })
    assert.equal(readChartYaml(Buffer.from(`name: app #${spaces}x`)).name, 'app')
  })
})
