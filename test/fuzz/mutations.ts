import fc from 'fast-check'

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
  '\ud800',
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
  'null',
  'true',
  '~',
  '../',
  '%2f',
  '+',
  '"__proto__":',
  'entries:',
  '"entries":{',
  'version: ',
  '\n',
  '\r\n',
]

/** How much an input may grow, bytes. */
const MAX_SIZE = 64 * 1024

type Step = (bytes: Buffer) => Buffer

const at = fc.double({ min: 0, max: 1, noNaN: true })
const cut = (bytes: Buffer, from: number, to: number): readonly [Buffer, Buffer, Buffer] => {
  const [start, end] = [Math.min(from, to), Math.max(from, to)].map((share) => Math.floor(share * bytes.length)) as [
    number,
    number,
  ]
  return [bytes.subarray(0, start), bytes.subarray(start, end), bytes.subarray(end)]
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(at, at).map(([from, to]): Step => (bytes) => {
    const [before, , behind] = cut(bytes, from, to)
    return Buffer.concat([before, behind])
  }),
  fc.tuple(at, at, fc.integer({ min: 2, max: 40 })).map(([from, to, times]): Step => (bytes) => {
    const [before, middle, behind] = cut(bytes, from, to)
    return Buffer.concat([before, ...Array.from({ length: times }, () => middle), behind])
  }),
  fc
    .tuple(at, fc.constantFrom(...FRAGMENTS), fc.integer({ min: 1, max: 60 }))
    .map(([place, fragment, times]): Step => (bytes) => {
      const [before, , behind] = cut(bytes, place, place)
      return Buffer.concat([before, Buffer.from(fragment.repeat(times)), behind])
    }),
  fc.tuple(at, fc.integer({ min: 0, max: 255 })).map(([place, byte]): Step => (bytes) => {
    const copy = Buffer.from(bytes)
    copy[Math.floor(place * (copy.length - 1))] = byte
    return copy
  }),
)

/** One of these texts after some changes, most of which leave much of it as it is. */
export function mutated(corpus: readonly Uint8Array[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.constantFrom(...corpus), fc.array(step, { minLength: 0, maxLength: 4 }))
    .map(([bytes, steps]) =>
      steps.reduce<Buffer>((changed, change) => change(changed).subarray(0, MAX_SIZE), Buffer.from(bytes)),
    )
}
