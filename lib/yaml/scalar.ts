/** The value of a YAML scalar for Go's loader. Whole numbers beyond 2^53 lose their last digits. */
export type Scalar = string | number | boolean | null

const all = (value: Scalar, words: string): [string, Scalar][] => words.split(' ').map((word) => [word, value])

const WORDS = new Map<string, Scalar>([
  ...all(true, 'y Y yes Yes YES true True TRUE on On ON'),
  ...all(false, 'n N no No NO false False FALSE off Off OFF'),
  ...all(null, '~ null Null NULL'),
  ['', null],
  ...all(Number.NaN, '.nan .NaN .NAN'),
  ...all(Number.POSITIVE_INFINITY, '.inf .Inf .INF +.inf +.Inf +.INF'),
  ...all(Number.NEGATIVE_INFINITY, '-.inf -.Inf -.INF'),
])

/** A scalar whose whole numbers are exact. */
export type ExactScalar = Scalar | bigint

const MAY_BE_OTHER = /^[-+.0-9yYnNtTfFoO~]|^$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const INTEGERS: readonly (readonly [RegExp, string])[] = [
  [/^([-+]?)(0|[1-9][0-9]*)$/, ''],
  [/^([-+]?)0[xX]([0-9a-fA-F]+)$/, '0x'],
  [/^([-+]?)0[bB]([01]+)$/, '0b'],
  [/^([-+]?)0[oO]?([0-7]+)$/, '0o'],
]

/**
 * The value of a plain scalar as go-yaml v2 resolves it, with which Helm loads indexes: YAML 1.1 without sexagesimals,
 * and with timestamps as strings (yaml/go-yaml v2 resolve.go).
 */
export function resolvePlain(text: string): Scalar {
  const value = resolveExactly(text)
  return typeof value === 'bigint' ? Number(value) : value
}

/** Like {@link resolvePlain}, but a whole number is a bigint, so that it differs from a float such as `1.0`. */
export function resolveExactly(text: string): ExactScalar {
  if (!MAY_BE_OTHER.test(text)) return text
  const word = WORDS.get(text)
  if (word !== undefined) return word
  if (text.startsWith('.')) return finiteFloat(text) ?? text
  if (!/^[-+0-9]/.test(text)) return text
  const plain = text.length > MAX_NUMBER ? text : text.replaceAll('_', '')
  return integer(plain) ?? finiteFloat(plain) ?? text
}

const TIMESTAMP = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\d{1,2}:\d{1,2}:\d{1,2}.*)?$/
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/

/** Whether some YAML 1.1 reader would take a string for another type if it had no quotes. */
export function looksTyped(text: string): boolean {
  return text === '<<' || typeof resolvePlain(text) !== 'string' || TIMESTAMP.test(text) || BASE_60.test(text)
}

/** The string that a number or a boolean becomes where Helm's structures want a string (sigs.k8s.io/yaml). */
export function scalarText(value: number | boolean): string {
  if (typeof value === 'boolean' || Number.isSafeInteger(value)) return String(value)
  return floatText(value)
}

/** Go's `strconv.FormatFloat(value, 'g', -1, 32)`: the text of a float where a string is expected. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return Number.isFinite(value) ? float32Text(value) : value > 0 ? '+Inf' : '-Inf'
}

/** Characters. A longer text is not a number of 64 bits, and parsing it to find that out would take long. */
const MAX_NUMBER = 1000

/** A number of 64 bits. A number with a sign is signed. */
function integer(text: string): bigint | undefined {
  if (text.length > MAX_NUMBER) return undefined
  for (const [pattern, prefix] of INTEGERS) {
    const match = pattern.exec(text)
    if (match === null) continue
    const magnitude = BigInt(`${prefix}${match[2] ?? ''}`)
    const limit = match[1] === '' ? 2n ** 64n : match[1] === '-' ? 2n ** 63n + 1n : 2n ** 63n
    if (magnitude >= limit) return undefined
    return match[1] === '-' ? -magnitude : magnitude
  }
  return undefined
}

function finiteFloat(text: string): number | undefined {
  const value = FLOAT.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : undefined
}

function float32Text(value: number): string {
  if (Object.is(value, -0)) return '-0'
  const wanted = Math.fround(value)
  if (!Number.isFinite(wanted)) return value > 0 ? '+Inf' : '-Inf'
  let digits = 0
  while (digits < 9 && Math.fround(Number(wanted.toExponential(digits))) !== wanted) digits++
  const [mantissa = '', power = ''] = wanted.toExponential(digits).split('e')
  const exponent = Number(power)
  if (exponent >= -4 && exponent < 6) return wanted.toFixed(Math.max(0, digits - exponent))
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}
