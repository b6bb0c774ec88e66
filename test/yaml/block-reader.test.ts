import assert from 'node:assert/strict'
import fc from 'fast-check'
import { UNREAD, readBlockYaml } from '../../lib/yaml/block-reader.ts'
import { parseGoYamlLeniently } from '../../lib/yaml/load.ts'
import { resolveExactly } from '../../lib/yaml/scalar.ts'
import { helmVectors } from '../support/helm-vectors.ts'
import { budget } from '../support/budget.ts'

/** A comment that makes a text too long for the block reader: the full parser reads it. */
const LONG = `# ${'x'.repeat(64 * 1024)}\n`

const LINES = [
  ...[
    'name: a',
    'version: 1.0.0',
    'a: 0x1F',
    'b: 017',
    'c: 1_000',
    'd: 18446744073709551615',
    'e: -9223372036854775808',
  ],
  ...['f: 1.0', 'g: 1e3', 'h: "x\\u0041"', "i: 'it''s'", 'j: |', '  text', '   more', '', 'k:', '  - a', '  - b: 1'],
  ...['    c: 2', '- x', 'l: []', 'm: {}', 'n: ~', 'o: yes', 'p: 2020-01-01', '# c', 'q: a # c', 'r: a: b', 's: "a'],
  ...['  b"', 't: >', '  folded', '---', '...', 'u: &a x', 'v: *a', '<<: 1', '8080: x', '"q k": 1', "'z': 2", '  w: 3'],
  ...[
    '\tx: 1',
    'y: [1,2]',
    'z: {a: 1}',
    'A: !!int "3"',
    'B: |-',
    'C: |+',
    'D: -',
    '- - a',
    '-  b: 1',
    'E: "\\',
    '  c"',
  ],
  ...[
    "F: 'a",
    'G: 2',
    'h',
    '? k',
    ': v',
    'K: .inf',
    'L: 0o7',
    'M: 1:30',
    'N: +1',
    'O: 12345678901234567890123',
    'P: é',
  ],
]

describe('the block reader of YAML', () => {
  /** @returns whether the block reader knows the text */
  const compare = (text: string): boolean => {
    const value = readBlockYaml(text, resolveExactly)
    if (value === UNREAD) return false
    assert.deepEqual(value, parseGoYamlLeniently(text + LONG), JSON.stringify(text))
    return true
  }

  it('reads of every Chart.yaml that it knows what the full parser reads, whole numbers exactly', () => {
    const texts = [
      ...helmVectors<{ yaml: string }[]>('chartyaml.json').map(({ yaml }) => yaml),
      ...helmVectors<{ texts: string[] }[]>('chartyaml-odd.json').flatMap((vector) => vector.texts),
    ]
    const known = texts.filter((yaml) => compare(`${yaml.replace(/\n*$/, '')}\n`))
    assert.ok(known.length > 10, String(known.length))
  })

  it('reads what the full parser reads of any lines, or says that it does not know', () => {
    let known = 0
    const line = fc
      .tuple(fc.constantFrom(...LINES), fc.constantFrom('', '', '', '  ', '    '))
      .map(([text, indent]) => indent + text)
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
        if (compare(`${lines.join('\n')}\n`)) known++
      }),
      { numRuns: budget(1000) },
    )
    assert.ok(known > budget(36), String(known))
  })

  it('leaves a text that is nested too deep to the full parser, which refuses it', () => {
    const nested = (levels: number): string => Array.from({ length: levels }, (_, i) => `${' '.repeat(i)}a:\n`).join('')
    assert.notEqual(readBlockYaml(nested(150)), UNREAD)
    assert.equal(readBlockYaml(nested(250)), UNREAD)
    assert.throws(() => parseGoYamlLeniently(nested(250)), /nested more than 200 levels deep/)
  })
})
