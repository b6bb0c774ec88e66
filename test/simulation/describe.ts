import type { ByteRange, PutOptions, UploadedPart } from '../../lib/store/object-store.ts'
import { LOCATION } from './charts.ts'

// What a trace says of requests and answers: versions with the first characters of their digests, ids without their
// common part.

type ByChart = Readonly<
  Record<string, readonly { readonly version: string; readonly digest?: string; readonly created?: string }[]>
>

export function putText(key: string, body: Uint8Array, { metadata, when }: PutOptions): string {
  const condition = conditionText(when)
  const delta = metadata?.delta === undefined ? '' : ` by ${shortId(metadata.delta)}`
  return `(${condition}${delta}) ${contentText(key, body)}`
}

export function completionText(parts: readonly UploadedPart[], { when }: Pick<PutOptions, 'when'>): string {
  return `(${conditionText(when)}) of ${String(parts.length)} parts`
}

export function rangeText({ end, start }: ByteRange): string {
  return `${String(start)}-${String(end)}`
}

function conditionText(when: PutOptions['when']): string {
  return typeof when === 'string' ? when : `over ${when.match}`
}

export function answerText(key: string, value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? value : typeof value
  if (Array.isArray(value)) return String(value.length)
  if (value instanceof Uint8Array) return `${String(value.length)} bytes`
  if ('outcome' in value) return String(value.outcome)
  if ('unchanged' in value) return 'unchanged'
  if ('objects' in value)
    return (value.objects as { readonly key: string }[]).map((object) => shortKey(object.key)).join(' ') || 'nothing'
  if ('id' in value) return `upload ${String(value.id)}`
  const { body, etag, metadata } = value as { body?: Uint8Array; etag?: string; metadata?: Record<string, string> }
  const delta = metadata?.delta === undefined ? '' : ` by ${shortId(metadata.delta)}`
  return `${String(etag)}${delta} ${body === undefined ? '' : contentText(key, body)}`
}

export function viewText(values: ReadonlyMap<string, string>): string {
  return (
    [...values]
      .map(([version, digest]) => `${version}=${digest.slice(0, 6)}`)
      .sort()
      .join(' ') || 'nothing'
  )
}

function contentText(key: string, body: Uint8Array): string {
  if (key.endsWith('.tgz')) return ''
  const text = Buffer.from(body).toString()
  try {
    const json = JSON.parse(text) as Readonly<Record<string, unknown>>
    return key === LOCATION.indexKey ? indexText(json) : deltaText(json)
  } catch {
    return `${JSON.stringify(text.slice(0, 60))}…`
  }
}

function indexText({ annotations, entries }: Readonly<Record<string, unknown>>): string {
  const notes = Object.entries((annotations ?? {}) as Readonly<Record<string, string>>)
  const folded = notes.flatMap(([name, value]) => {
    const id = /^helm-s3\/folded\/(.*)/.exec(name)?.[1]
    if (id === undefined) return []
    const { ended, gone, touched } = JSON.parse(value) as { ended?: boolean; gone?: string; touched: unknown }
    const marks = [touched === '*' ? '*' : '', gone === undefined ? '' : ' gone', ended === true ? ' ended' : ''].join(
      '',
    )
    return [`${shortId(id)}${marks}`]
  })
  return `[${versionsText(entries as ByChart | undefined)}], folded [${folded.join(', ')}]`
}

function deltaText({ addedEntries, addedIfAbsent, removedEntries }: Readonly<Record<string, unknown>>): string {
  const part = (sign: string, charts: unknown): string =>
    charts === undefined ? '' : ` ${sign}[${versionsText(charts as ByChart)}]`
  return `${part('-', removedEntries)}${part('+', addedEntries)}${part('?', addedIfAbsent)}`.trim()
}

function versionsText(charts: ByChart | undefined): string {
  const entries = Object.values(charts ?? {}).flat()
  return entries
    .map(({ created, digest, version }) => `${version}=${created === '' ? 'announced' : String(digest).slice(0, 6)}`)
    .join(' ')
}

function shortKey(key: string): string {
  if (!key.startsWith(LOCATION.deltaFolder)) return key.slice(LOCATION.prefix.length)
  const name = key.slice(LOCATION.deltaFolder.length)
  return name.endsWith('.yaml') ? shortId(name.slice(0, -'.yaml'.length)) : name
}

/** The time in it, without the part that hardly changes, and some of its random bits. */
function shortId(id: string): string {
  return `${id.slice(4, 10)}~${id.slice(10, 13)}`
}
