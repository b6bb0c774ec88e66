import { decodeReferences } from './xml-text.ts'

/** An element of a document. */
export interface XmlElement {
  /** The name without its namespace prefix. */
  readonly name: string
  /** The decoded text in the element, without that of its children. */
  readonly text: string
  readonly children: readonly XmlElement[]
}

/** The most levels of nesting. Documents of the S3 API have four. */
const MAX_DEPTH = 32

const TAG = /<(\/?)(?:[^\s<>/=!?:]+:)?([^\s<>/=!?:]+)((?:\s+[^\s=<>/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y
/** Text between tags that has no meaning: comments and processing instructions. A document type is not accepted. */
const ASIDE = /<!--[^]*?-->|<\?[^]*?\?>/y
const LITERAL = /<!\[CDATA\[([^]*?)\]\]>/y

interface OpenElement {
  readonly name: string
  text: string
  readonly children: XmlElement[]
}

/**
 * The root of a document, which must be well-formed to its end. A text that is cut off, or is not XML, is refused.
 * docs/decisions/0015 says why no library is used: what libraries read differently, and what they cost.
 * @throws Error that says what is wrong
 */
export function parseXml(xml: string): XmlElement {
  const top: OpenElement = { name: '', text: '', children: [] }
  const open = [top]
  let current = top
  for (let at = 0; at < xml.length;) {
    const next = xml.indexOf('<', at)
    const end = next === -1 ? xml.length : next
    if (end > at) current.text += plainText(xml.slice(at, end))
    at = end
    if (at === xml.length) break
    const close = xml.indexOf('>', at)
    const inner = close === -1 ? '' : xml.slice(at + 1, close)
    // Nearly all tags consist of a name only.
    const tag = SIMPLE.test(inner) ? simpleTag(inner) : anyTag(xml, at)
    if (tag === undefined) {
      const literal = matchAt(LITERAL, xml, at)
      const aside = literal ?? matchAt(ASIDE, xml, at)
      if (aside === undefined) throw new Error('it holds something that is not an element')
      if (literal !== undefined) current.text += literal[1] ?? ''
      at += aside[0].length
      continue
    }
    const { isEmpty, isEnd, length, name } = tag
    at += length
    if (isEnd) {
      if (current === top || current.name !== name) throw new Error(`</${name}> closes nothing`)
      open.pop()
      current = open.at(-1) ?? top
    } else {
      const element: OpenElement = { name, text: '', children: [] }
      current.children.push(element)
      if (isEmpty) continue
      if (open.length > MAX_DEPTH) throw new Error('it is nested too deep')
      open.push(element)
      current = element
    }
  }
  const [root, ...others] = top.children
  if (current !== top || root === undefined || others.length > 0 || top.text.replace('\ufeff', '').trim() !== '')
    throw new Error('it is not one whole document')
  return root
}

interface Tag {
  readonly name: string
  readonly isEnd: boolean
  readonly isEmpty: boolean
  /** The number of characters. */
  readonly length: number
}

const SIMPLE = /^\/?[A-Za-z]\w*$/

function simpleTag(inner: string): Tag {
  const isEnd = inner.startsWith('/')
  return { name: isEnd ? inner.slice(1) : inner, isEnd, isEmpty: false, length: inner.length + 2 }
}

function anyTag(xml: string, at: number): Tag | undefined {
  const match = matchAt(TAG, xml, at)
  return match && { name: match[2] ?? '', isEnd: match[1] !== '', isEmpty: match[4] !== '', length: match[0].length }
}

/** The children with this name. */
export function childrenOf({ children }: XmlElement, name: string): readonly XmlElement[] {
  return children.filter((each) => each.name === name)
}

/** The text of the first child with this name. Undefined: there is no such child. */
export function childText({ children }: XmlElement, name: string): string | undefined {
  return children.find((each) => each.name === name)?.text
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}

function plainText(text: string): string {
  const lines = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
  if (!lines.includes('&')) return lines
  const decoded = decodeReferences(lines)
  if (decoded === undefined) throw new Error('it holds an invalid reference')
  return decoded
}
