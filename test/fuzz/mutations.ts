import type { SeededRandom } from '../simulation/seeded-random.ts'

/** What parsers trip over. All short: nothing here is meant to be heavy for other programs. */
const FRAGMENTS = [
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '\\',
  '&a ',
  '*a',
  '!!binary ',
  '<<: *a\n',
  '- ',
  ': ',
  '? ',
  '|\n',
  '>-\n',
  '---\n',
  '...\n',
  '%YAML 1.2\n',
  '\t',
  '  ',
  '\0',
  '\u0085',
  '\u2028',
  '\ufeff',
  '\u202e',
  '\x1b[2J',
  '&#x110000;',
  '&#xd800;',
  '&#0;',
  '<![CDATA[',
  '<!--',
  '-->',
  '<a:',
  '</',
  '/>',
  '1e999',
  '-0',
  '0x',
  '18446744073709551616',
  '9007199254740993',
  'null',
  'true',
  '~',
  '../',
  '%2f',
  '%',
  '+',
  '*',
  '?',
  '=',
  '"__proto__":',
  'entries:',
  '"entries":{',
  'version: ',
  '\n',
  '\r\n',
  '2026-02-30T25:61:61Z',
  'é',
  '😀',
]

/** Bytes that are no text: half a surrogate, a byte that begins nothing, a long form of a slash. */
const NO_TEXT = [Buffer.from([0xed, 0xa0, 0x80]), Buffer.from([0xff]), Buffer.from([0xc0, 0xaf])]

const PIECES: readonly Buffer[] = [...FRAGMENTS.map((text) => Buffer.from(text)), ...NO_TEXT]

/** How much an input may grow, bytes; and how much it may grow as a rule, because small inputs are tried sooner. */
export const MAX_SIZE = 64 * 1024
const USUAL_SIZE = 8 * 1024
const LARGE_SHARE = 0.02

const MOST_STEPS = 5

type Step = (bytes: Buffer, random: SeededRandom, corpus: readonly Buffer[]) => Buffer

/** An input after some changes, most of which leave much of it as it is. */
export function mutate(input: Buffer, random: SeededRandom, corpus: readonly Buffer[]): Buffer {
  const most = random.chance(LARGE_SHARE) ? MAX_SIZE : USUAL_SIZE
  let bytes = input
  for (let left = 1 + random.below(MOST_STEPS); left > 0; left--)
    bytes = random.pick(STEPS)(bytes, random, corpus).subarray(0, most)
  return bytes
}

/** Ends of a range: anything, or a few bytes. */
function range(bytes: Buffer, random: SeededRandom): readonly [start: number, end: number] {
  const start = random.below(bytes.length + 1)
  const length = random.below((random.chance(0.5) ? Math.min(bytes.length, 16) : bytes.length) + 1)
  return [start, Math.min(bytes.length, start + length)]
}

function replaced(bytes: Buffer, [start, end]: readonly [number, number], pieces: readonly Uint8Array[]): Buffer {
  return Buffer.concat([bytes.subarray(0, start), ...pieces, bytes.subarray(end)])
}

/** The same piece so often as it fits. */
function times(piece: Uint8Array, count: number): readonly Uint8Array[] {
  const most = piece.length === 0 ? 0 : Math.floor(MAX_SIZE / piece.length)
  return Array.from({ length: Math.min(count, most) }, () => piece)
}

function setByte(bytes: Buffer, random: SeededRandom, change: (byte: number) => number): Buffer {
  if (bytes.length === 0) return bytes
  const copy = Buffer.from(bytes)
  const at = random.below(copy.length)
  copy[at] = change(copy[at] ?? 0)
  return copy
}

const insert: Step = (bytes, random) => {
  const at = random.below(bytes.length + 1)
  const count = random.chance(0.8) ? 1 : 1 + random.below(random.chance(0.8) ? 60 : 2000)
  return replaced(bytes, [at, at], times(random.pick(PIECES), count))
}

/** Cuts a text into lines and gives it other ones: without some, twice, or in another order. */
const changeLines: Step = (bytes, random) => {
  const lines = bytes.toString('latin1').split(/(?<=\n)/)
  const [at, other] = [random.below(lines.length), random.below(lines.length)]
  const kind = random.below(3)
  if (kind === 0) lines.splice(at, 1)
  else if (kind === 1) lines.splice(at, 0, lines[other] ?? '')
  else [lines[at], lines[other]] = [lines[other] ?? '', lines[at] ?? '']
  return Buffer.from(lines.join(''), 'latin1')
}

/** Puts another number in the place of one. */
const changeNumber: Step = (bytes, random) => {
  const numbers = [...bytes.toString('latin1').matchAll(/\d+/g)]
  if (numbers.length === 0) return insert(bytes, random, [])
  const { 0: digits, index } = random.pick(numbers)
  const other = random.pick([
    '0',
    '1',
    `${digits}0`,
    String(Number(digits) + 1),
    String(Number(digits) - 1),
    '2147483648',
    '18446744073709551616',
    '1e400',
  ])
  return replaced(bytes, [index, index + digits.length], [Buffer.from(other)])
}

const STEPS: readonly Step[] = [
  (bytes, random) => replaced(bytes, range(bytes, random), []),
  (bytes, random) => {
    const [start, end] = range(bytes, random)
    const count = 2 + random.below(random.chance(0.9) ? 6 : 40)
    return replaced(bytes, [start, end], times(bytes.subarray(start, end), count))
  },
  insert,
  insert,
  (bytes, random) => replaced(bytes, range(bytes, random), [random.pick(PIECES)]),
  (bytes, random) => setByte(bytes, random, () => random.below(256)),
  (bytes, random) => setByte(bytes, random, (byte) => byte ^ (1 << random.below(8))),
  changeLines,
  changeNumber,
  (bytes, random, corpus) => {
    const other = random.pick(corpus)
    return replaced(bytes, range(bytes, random), [other.subarray(...range(other, random))])
  },
]
