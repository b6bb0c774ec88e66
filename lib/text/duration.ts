const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

const PART = /(\d+\.?\d*|\.\d+)([^\d.]*)/y

/**
 * The milliseconds of a duration in Go's syntax (`5m0s`, `1.5h`, `300ms`), or what is wrong with it, in the words of
 * `time.ParseDuration`.
 */
export function parseDuration(text: string): number | { readonly problem: string } {
  const quoted = JSON.stringify(text)
  const unsigned = text.replace(/^[+-]/, '')
  if (unsigned === '0') return 0
  let total = 0
  PART.lastIndex = 0
  while (PART.lastIndex < unsigned.length || unsigned === '') {
    const part = PART.exec(unsigned)
    if (part === null) return { problem: `time: invalid duration ${quoted}` }
    const [, count = '', unit = ''] = part
    if (unit === '') return { problem: `time: missing unit in duration ${quoted}` }
    const factor = UNITS[unit]
    if (factor === undefined) return { problem: `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}` }
    total += Number(count) * factor
  }
  return text.startsWith('-') ? -total : total
}

/**
 * The milliseconds of a duration that may also be a whole number of days or weeks (`90d`, `2w`), or what is wrong with
 * it.
 */
export function parseAge(text: string): number | { readonly problem: string } {
  const match = /^(\d+)([dw])$/.exec(text)
  if (match === null) {
    const milliseconds = parseDuration(text)
    return typeof milliseconds === 'number' && milliseconds < 0 ? { problem: 'must not be negative' } : milliseconds
  }
  return Number(match[1]) * (match[2] === 'w' ? 7 : 1) * 24 * 3_600_000
}

/** The milliseconds in the form in which Go prints a duration: `5m0s`, `1.5s`, `250ms`. */
export function formatDuration(milliseconds: number): string {
  const rounded = Math.round(Math.abs(milliseconds))
  if (rounded < 1000) return rounded === 0 ? '0s' : `${milliseconds < 0 ? '-' : ''}${String(rounded)}ms`
  const hours = Math.floor(rounded / 3_600_000)
  const minutes = Math.floor(rounded / 60_000) % 60
  const seconds = String((rounded % 60_000) / 1000)
  const text =
    hours > 0
      ? `${String(hours)}h${String(minutes)}m${seconds}s`
      : minutes > 0
        ? `${String(minutes)}m${seconds}s`
        : `${seconds}s`
  return milliseconds < 0 ? `-${text}` : text
}
