import { BLOCK, FOLDER, type TarHeader, damaged, isHeaderOnly, readHeader, untilNul } from './tar-header.ts'
import { invalidChart } from './invalid-chart.ts'

/** Receives the entries of an archive, in their order. */
export interface TarVisitor {
  /** Returns whether the content is wanted. It may throw to end the reading. */
  enter(header: TarHeader): boolean
  /** Receives the content, which is empty when it was not wanted. */
  leave(header: TarHeader, content: Buffer): void
}

/** A number of bytes that the reader waits for. Bytes that are not kept are only counted. */
interface Request {
  readonly bytes: number
  readonly kept: boolean
  /** What it means when the archive ends before these bytes. */
  readonly atEnd: 'done' | 'cut'
}

/**
 * Reads a tar archive that arrives in pieces, by the rules of Go's archive/tar, so that it finds the same entries as
 * Helm: two blocks of zeros end the archive, links have no content, and a global PAX header changes nothing.
 */
export class TarReader {
  readonly #entries: Generator<Request, void, Buffer>
  #request: Request | undefined
  #pieces: Buffer[] = []
  #missing = 0

  constructor(visitor: TarVisitor) {
    this.#entries = readEntries(visitor)
    this.#advance(Buffer.alloc(0))
  }

  /** Whether the end mark has been read. */
  get isDone(): boolean {
    return this.#request === undefined
  }

  /** @throws HelmS3Error `invalid-chart`; and whatever the visitor throws */
  push(chunk: Buffer): void {
    let rest = chunk
    while (this.#request !== undefined && rest.length > 0) {
      const piece = rest.subarray(0, this.#missing)
      rest = rest.subarray(piece.length)
      this.#missing -= piece.length
      if (this.#request.kept) this.#pieces.push(piece)
      if (this.#missing === 0) this.#advance(Buffer.concat(this.#pieces))
    }
  }

  /** Says that no more bytes come. @throws HelmS3Error `invalid-chart` when the archive is not complete */
  end(): void {
    const request = this.#request
    if (request === undefined || (request.atEnd === 'done' && (!request.kept || this.#missing === request.bytes)))
      return
    throw invalidChart('the archive is cut short')
  }

  #advance(bytes: Buffer): void {
    let next = this.#entries.next(bytes)
    while (next.done !== true && next.value.bytes === 0) next = this.#entries.next(Buffer.alloc(0))
    this.#request = next.done === true ? undefined : next.value
    this.#missing = this.#request?.bytes ?? 0
    this.#pieces = []
  }
}

/** The most bytes of a PAX header or a long name, as in Go. */
const MAX_SPECIAL = 1024 * 1024

/** What the headers before an entry say about it. */
interface Overrides {
  longName?: string
  pax?: ReadonlyMap<string, string>
}

function* readEntries(visitor: TarVisitor): Generator<Request, void, Buffer> {
  let overrides: Overrides = {}
  for (;;) {
    const header = readHeader(yield { bytes: BLOCK, kept: true, atEnd: 'done' })
    if (header === undefined) {
      if (readHeader(yield { bytes: BLOCK, kept: true, atEnd: 'done' }) !== undefined) throw damaged('a block of zeros')
      return
    }
    if ('xgLK'.includes(header.type)) {
      if (header.size > MAX_SPECIAL) throw damaged('a header of more than 1 MiB')
      const content = yield { bytes: header.size, kept: true, atEnd: 'cut' }
      const found = overridesOf(header.type, content)
      overrides = header.type === 'g' ? {} : { ...overrides, ...found }
    } else {
      const entry = override(header, overrides)
      overrides = {}
      const bytes = isHeaderOnly(entry.type) ? 0 : entry.size
      const content = yield { bytes, kept: visitor.enter(entry), atEnd: 'cut' }
      visitor.leave(entry, content)
      yield padding(bytes)
      continue
    }
    yield padding(header.size)
  }
}

function padding(size: number): Request {
  return { bytes: (BLOCK - (size % BLOCK)) % BLOCK, kept: false, atEnd: 'done' }
}

function overridesOf(type: string, content: Buffer): Overrides {
  if (type === 'L') return { longName: untilNul(content) }
  return type === 'K' ? {} : { pax: readPax(content) }
}

function override(header: TarHeader, { longName, pax }: Overrides): TarHeader {
  if (header.type === 'S' || [...(pax?.keys() ?? [])].some((key) => key.startsWith('GNU.sparse.'))) {
    throw invalidChart('the archive holds a sparse file', 'make the archive again with `helm package`')
  }
  const size = pax?.get('size') || undefined
  if (size !== undefined && !/^\d{1,15}$/.test(size)) throw damaged('a PAX header with an invalid size')
  const name = longName || pax?.get('path') || header.name
  const type = header.type === '\0' && name.endsWith('/') ? FOLDER : header.type
  return { ...header, name, type, size: size === undefined ? header.size : Number(size) }
}

/** Reads records of the form `<length> <key>=<value>\n`. The length is in bytes and covers the whole record. */
function readPax(content: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>()
  for (let rest = content; rest.length > 0;) {
    const digits = /^(\d{1,7}) /.exec(rest.toString('latin1', 0, 8))?.[1]
    const length = Number(digits)
    if (digits === undefined || length > rest.length || rest[length - 1] !== 0x0a) throw damaged('a PAX header')
    const record = rest.toString('utf8', digits.length + 1, length - 1)
    const equals = record.indexOf('=')
    if (equals < 1 || record.includes('\0')) throw damaged('a PAX header')
    records.set(record.slice(0, equals), record.slice(equals + 1))
    rest = rest.subarray(length)
  }
  return records
}
