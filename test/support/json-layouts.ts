type Field = readonly [string, unknown]
type Item = readonly Field[] | null

/**
 * An index as JSON text in a layout that the seed decides: white space anywhere, characters as escapes of any kind, the
 * entries among the other top-level fields.
 * @param charts items as lists of fields, so that a key may stand there twice
 */
export function writeJson(
  header: Readonly<Record<string, unknown>>,
  charts: readonly (readonly [string, readonly Item[]])[],
  seed: number,
): string {
  const layout = new Layout(seed)
  const items = (list: readonly Item[]): string =>
    layout.list(
      list.map((item) =>
        item === null ? 'null' : layout.object(item.map(([key, value]) => [key, layout.value(value)])),
      ),
    )
  const entries = layout.object(charts.map(([name, list]) => [name, items(list)]))
  const fields = Object.entries(header).map(([key, value]): [string, string] => [key, layout.value(value)])
  fields.splice(layout.below(fields.length + 1), 0, ['entries', entries])
  return layout.gap() + layout.object(fields) + layout.gap()
}

const GAPS = ['', '', '', ' ', '\n', '\n  ', '\r\n\t', '        ']

class Layout {
  #state: number
  /** Of a hundred characters, so many are written as escapes; and so many gaps hold white space. */
  readonly #escapes: number
  readonly #gaps: number

  constructor(seed: number) {
    this.#state = seed
    this.#escapes = this.below(3) === 0 ? 20 : 0
    this.#gaps = this.below(3) * 50
  }

  /** The next number below this one: mulberry32. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }

  gap(): string {
    return this.below(100) < this.#gaps ? (GAPS[this.below(GAPS.length)] ?? '') : ''
  }

  object(fields: readonly (readonly [string, string])[]): string {
    const members = fields.map(
      ([key, value]) => `${this.gap()}${this.text(key)}${this.gap()}:${this.gap()}${value}${this.gap()}`,
    )
    return `{${members.join(',') || this.gap()}}`
  }

  list(items: readonly string[]): string {
    return `[${items.map((item) => this.gap() + item + this.gap()).join(',') || this.gap()}]`
  }

  value(value: unknown): string {
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return this.list(value.map((each) => this.value(each)))
    if (typeof value === 'object' && value !== null)
      return this.object(Object.entries(value).map(([key, each]) => [key, this.value(each)]))
    return Object.is(value, -0) ? '-0.0' : JSON.stringify(value)
  }

  text(text: string): string {
    return `"${[...text].map((character) => this.#character(character)).join('')}"`
  }

  /** Half a character is always an escape: UTF-8 has no bytes for it. */
  #character(character: string): string {
    const isHalf = /^[\ud800-\udfff]$/.test(character)
    if (!isHalf && this.below(100) >= this.#escapes) return JSON.stringify(character).slice(1, -1)
    if (character === '/') return '\\/'
    return character.replaceAll(/[^]/g, (unit) => {
      const digits = unit.charCodeAt(0).toString(16).padStart(4, '0')
      return `\\u${this.below(2) === 0 ? digits : digits.toUpperCase()}`
    })
  }
}
