/** What a scalar of YAML is to Go's loader. Whole numbers beyond 2^53 lose their last digits. */
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

const MAY_BE_OTHER = /^[-+.0-9yYnNtTfFoO~]|^$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const INTEGERS: readonly (readonly [RegExp, number])[] = [
  [/^([-+]?)(0|[1-9][0-9]*)$/, 10],
  [/^([-+]?)0[xX]([0-9a-fA-F]+)$/, 16],
  [/^([-+]?)0[bB]([01]+)$/, 2],
  [/^([-+]?)0[oO]?([0-7]+)$/, 8],
]

/**
 * The value of a plain scalar as go-yaml v2, which Helm loads indexes with, resolves it: YAML 1.1 without sexagesimals,
 * and a timestamp is a string (yaml/go-yaml v2 resolve.go).
 */
export function resolvePlain(text: string): Scalar {
  if (!MAY_BE_OTHER.test(text)) return text
  const word = WORDS.get(text)
  if (word !== undefined) return word
  if (text.startsWith('.')) return finiteFloat(text) ?? text
  if (!/^[-+0-9]/.test(text)) return text
  const plain = text.replaceAll('_', '')
  return integer(plain) ?? finiteFloat(plain) ?? text
}

const TIMESTAMP = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\d{1,2}:\d{1,2}:\d{1,2}.*)?$/
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/

/** Whether a string would be taken for something else by some YAML 1.1 reader if it stood there without quotes. */
export function looksTyped(text: string): boolean {
  return text === '<<' || typeof resolvePlain(text) !== 'string' || TIMESTAMP.test(text) || BASE_60.test(text)
}

/** The string that a number or a boolean becomes where Helm's structures want a string (sigs.k8s.io/yaml). */
export function scalarText(value: number | boolean): string {
  if (typeof value === 'boolean' || Number.isSafeInteger(value)) return String(value)
  if (Number.isNaN(value)) return 'NaN'
  return Number.isFinite(value) ? float32Text(value) : value > 0 ? '+Inf' : '-Inf'
}

function integer(text: string): number | undefined {
  for (const [pattern, base] of INTEGERS) {
    const match = pattern.exec(text)
    if (match === null) continue
    const value = Number.parseInt(match[2] ?? '', base)
    if (value >= 2 ** 64) return undefined
    return match[1] === '-' && value !== 0 ? -value : value
  }
  return undefined
}

function finiteFloat(text: string): number | undefined {
  const value = FLOAT.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : undefined
}

/** Go's `strconv.FormatFloat(value, 'g', -1, 32)`. */
function float32Text(value: number): string {
  const wanted = Math.fround(value)
  if (!Number.isFinite(wanted)) return value > 0 ? '+Inf' : '-Inf'
  let digits = 0
  while (digits < 9 && Math.fround(Number(wanted.toExponential(digits))) !== wanted) digits++
  const [mantissa = '', power = ''] = wanted.toExponential(digits).split('e')
  const exponent = Number(power)
  if (exponent >= -4 && exponent < 6) return wanted.toFixed(Math.max(0, digits - exponent))
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}
