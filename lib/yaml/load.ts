/**
 * YAML 1.1, as Go's loaders read it. There are three readers. Each one serves the texts that the reader before it does
 * not know:
 *
 * 1. `line-scan.ts` finds where charts and their versions begin and end, line by line and without any values. The index
 *   is read with it (`core/index/yaml-slices.ts`, `yaml-items.ts`); parts that are not looked at stay bytes.
 * 2. `block-reader.ts` reads the value of one version, or of a short text such as Chart.yaml, in the block form that
 *   Helm writes.
 * 3. This file reads any YAML text as a whole, with the `yaml` package and the rules of Go's loaders that differ from
 *   it. It serves an index that the scan does not recognise, what the block reader does not know, and the error that
 *   says what is wrong with a text.
 *
 * The first two readers say "I do not know" rather than guess. Tests compare their values with those of the third, and
 * those of the third with Helm's. `scalar.ts` says what a plain word means, for all of them. `writer.ts` writes YAML as
 * Helm does. docs/decisions/0027 says why no library does all of this.
 */
import {
  type Alias,
  type CST,
  Composer,
  type Document,
  Lexer,
  type Node,
  Parser,
  Scalar,
  type YAMLParseError,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  parse,
} from 'yaml'
import { stillInTime, whileBusy } from '../sys/busy.ts'
import { MAX_YAML_DEPTH } from '../text/size-limits.ts'
import { UNREAD, readBlockYaml } from './block-reader.ts'
import { parseWithContinuations } from './continuation.ts'
import { type ExactScalar, floatText, resolveExactly } from './scalar.ts'

/**
 * The value of the first document of a YAML text as Helm's strict loader sees it (sigs.k8s.io/yaml over go-yaml v2):
 * YAML 1.1 scalars, timestamps as strings, merge keys, scalar keys as strings; a duplicate key is an error. Like that
 * loader, this function does not read what follows a flow collection at the top level.
 * @throws Error that says what is wrong
 */
export function parseGoYaml(text: string): unknown {
  return whileBusy(() =>
    loadFirst(text, { duplicateKeys: 'refused', integers: 'number', continuations: 'as in YAML 1.2' }),
  )
}

/**
 * Like {@link parseGoYaml}, but as Helm's lenient loader, which reads charts: the last of several duplicate keys
 * counts. Whole numbers are exact, as bigints. A short text in the usual form is left to the block reader.
 * @throws Error that says what is wrong
 */
export function parseGoYamlLeniently(text: string): unknown {
  const value = text.length > SHORT ? UNREAD : readBlockYaml(text, resolveExactly)
  if (value !== UNREAD) return value
  return whileBusy(() =>
    loadFirst(text, { duplicateKeys: 'last counts', integers: 'bigint', continuations: 'at any column' }),
  )
}

/** Up to so many characters the block reader takes a few milliseconds at most. */
const SHORT = 64 * 1024

/** The value of a YAML text in which every scalar is the text that is written there. @throws Error */
export function parseAsWritten(text: string): unknown {
  return parse(text, { schema: 'failsafe', version: '1.1', logLevel: 'silent' }) as unknown
}

interface LoadOptions {
  readonly duplicateKeys: 'refused' | 'last counts'
  readonly integers: 'number' | 'bigint'
  /** The rule for lines on which quoted scalars and flow collections continue. */
  readonly continuations: 'as in YAML 1.2' | 'at any column'
}

function loadFirst(text: string, options: LoadOptions): unknown {
  const control = CONTROL.exec(text)
  if (control !== null) throw new Error('control characters are not allowed')
  const compose = options.continuations === 'at any column' ? parseWithContinuations : once
  const { composed, contents, errors, directives } = compose(text, composeFirst)
  if (directives.yaml.explicit === true && directives.yaml.version !== '1.1') throw new Error('it is no YAML 1.1')
  const end = isCollection(contents) && contents.flow === true ? contents.range?.[1] : undefined
  const isBehind = ({ code, pos }: YAMLParseError): boolean =>
    code === 'UNEXPECTED_TOKEN' && end !== undefined && pos[0] >= end
  const error = errors.find((each) => !isBehind(each))
  if (error !== undefined) throw new Error(`${error.message} at line ${String(lineOf(composed, error.pos[0]))}`)
  return contents === null ? null : new Loader(options).load(contents)
}

function once<T>(text: string, parse: (text: string) => T): T {
  return parse(text)
}

interface Composed extends Pick<Document.Parsed, 'contents' | 'errors' | 'directives'> {
  /** The text that positions refer to. */
  readonly composed: string
}

/** The first document of the text; what follows it is not read. */
function composeFirst(text: string): Composed {
  const composer = new Composer({ schema: 'failsafe', version: '1.1', uniqueKeys: false, logLevel: 'silent' })
  for (const { contents, errors, directives } of composer.compose(shallowTokens(text), true, text.length)) {
    return { composed: text, contents, errors, directives }
  }
  throw new Error('it holds no document')
}

function* shallowTokens(text: string): Generator<CST.Token, void> {
  const parser = new Parser()
  const lexer = new Lexer()
  let count = 0
  for (const lexeme of lexer.lex(text)) {
    if (++count % 1024 === 0) stillInTime()
    yield* parser.next(lexeme)
    if (parser.stack.length > MAX_YAML_DEPTH)
      throw new Error(`it is nested more than ${String(MAX_YAML_DEPTH)} levels deep`)
  }
  yield* parser.end()
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length
}

const CONTROL = /[^\t\n\r\x20-\x7e\x85\xa0-\ufffd]/

/** Follows go-yaml v2 decode.go. */
class Loader {
  readonly #anchors = new Map<string, Node>()
  readonly #open = new Set<Node>()
  #aliasDepth = 0
  #decoded = 0
  #decodedInAliases = 0
  readonly #options: LoadOptions

  constructor(options: LoadOptions) {
    this.#options = options
  }

  load(node: Node, integers = this.#options.integers): unknown {
    this.#count()
    if (isAlias(node)) return this.#loadAlias(node)
    if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    if (isScalar(node)) {
      const value = loadScalar(node)
      return typeof value === 'bigint' && integers === 'number' ? Number(value) : value
    }
    this.#open.add(node)
    const value = isSeq(node) ? node.items.map((item) => this.load(item as Node)) : this.#loadMapping(node)
    this.#open.delete(node)
    return value
  }

  #loadMapping(node: Node): Record<string, unknown> {
    const fields = new Map<string, unknown>()
    this.#addFields(node, fields)
    return Object.fromEntries(fields)
  }

  #addFields(node: Node, fields: Map<string, unknown>): void {
    if (!isMap(node)) throw new Error('map merge requires map or sequence of maps as the value')
    for (const item of node.items) {
      const key = item.key as Node
      const value = item.value as Node | null
      if (isMergeKey(key)) this.#merge(value, fields)
      else {
        const name = keyText(this.load(key, 'bigint'))
        if (fields.has(name) && this.#options.duplicateKeys === 'refused')
          throw new Error(`key "${name}" already set in map`)
        fields.set(name, value === null ? null : this.load(value))
      }
    }
  }

  #merge(value: Node | null, fields: Map<string, unknown>): void {
    const sources = isSeq(value) ? (value.items as Node[]).toReversed() : [value]
    for (const source of sources) {
      if (isAlias(source)) this.#inAlias(source, (target) => this.#addFields(target, fields))
      else if (source !== null) {
        if (isCollection(source) && source.anchor !== undefined) this.#anchors.set(source.anchor, source)
        this.#addFields(source, fields)
      }
    }
  }

  #loadAlias(alias: Alias): unknown {
    return this.#inAlias(alias, (target) => this.load(target))
  }

  #inAlias<T>(alias: Alias, action: (target: Node) => T): T {
    const target = this.#anchors.get(alias.source)
    if (target === undefined) throw new Error(`unknown anchor '${alias.source}' referenced`)
    if (this.#open.has(target)) throw new Error(`anchor '${alias.source}' value contains itself`)
    this.#aliasDepth++
    const result = action(target)
    this.#aliasDepth--
    return result
  }

  /** The protection that go-yaml has against texts whose aliases expand to a much larger value. */
  #count(): void {
    if (++this.#decoded % 4096 === 0) stillInTime()
    if (this.#aliasDepth > 0) this.#decodedInAliases++
    const share = this.#decodedInAliases / this.#decoded
    if (this.#decodedInAliases > 100 && this.#decoded > 1000 && share > allowedShare(this.#decoded)) {
      throw new Error('document contains excessive aliasing')
    }
  }
}

function allowedShare(decoded: number): number {
  if (decoded <= 400_000) return 0.99
  return decoded >= 4_000_000 ? 0.1 : 0.99 - (0.89 * (decoded - 400_000)) / 3_600_000
}

const TAG_PREFIX = 'tag:yaml.org,2002:'

function loadScalar(node: Scalar): ExactScalar {
  const text = typeof node.value === 'string' ? node.value : ''
  if (/\p{Cs}/u.test(text)) throw new Error('an escape stands for half a character')
  const tag = node.tag?.startsWith(TAG_PREFIX) === true ? node.tag.slice(TAG_PREFIX.length) : node.tag
  if (tag === undefined) return node.type === Scalar.PLAIN ? resolveExactly(text) : text
  if (tag === 'binary') return Buffer.from(text, 'base64').toString('utf8')
  const type = TYPE_OF_TAG[tag]
  if (type === undefined) return text
  const value = resolveExactly(text)
  if (value === null ? type !== 'null' : kindOf(value) !== type) throw new Error(`cannot decode ${text} as a !!${tag}`)
  return value
}

const TYPE_OF_TAG: Readonly<Record<string, string>> = { null: 'null', bool: 'boolean', int: 'number', float: 'number' }

function kindOf(value: ExactScalar): string {
  return typeof value === 'bigint' ? 'number' : typeof value
}

function isMergeKey(key: Node): boolean {
  return isScalar(key) && key.value === '<<' && (key.type === Scalar.PLAIN || key.tag === `${TAG_PREFIX}merge`)
}

/** The name of a field. sigs.k8s.io/yaml turns numbers into strings, and has its own way for those that JSON lacks. */
function keyText(key: unknown): string {
  if (typeof key === 'string') return key
  if (typeof key === 'boolean' || (typeof key === 'bigint' && key < 2n ** 63n)) return String(key)
  if (typeof key !== 'number') throw new Error('a key is neither a string, nor a number of 63 bits, nor true or false')
  const text = floatText(key)
  return ODD_KEYS[text] ?? text
}

const ODD_KEYS: Readonly<Record<string, string>> = { NaN: '.nan', '+Inf': '.inf', '-Inf': '-.inf' }
