import { type CST, Composer, Lexer, Parser, isScalar, visit } from 'yaml'
import { stillInTime, whileBusy } from '../../sys/busy.ts'
import { MAX_YAML_ALIASES, MAX_YAML_DEPTH, MAX_YAML_LINES, MAX_YAML_TOKENS } from '../../text/size-limits.ts'

/**
 * The value of a YAML text, by the core schema of YAML 1.2. A number in the place of a string is not converted; the
 * type check finds it. The size of the text is limited before it is parsed.
 * @throws Error that says what is wrong
 */
export function parseYamlDelta(text: string): unknown {
  return whileBusy(() => {
    // The library's own check compares each key of a mapping with all keys before it.
    const composer = new Composer({ uniqueKeys: false, logLevel: 'error' })
    const [document, ...others] = composer.compose(fewTokens(text), true, text.length)
    if (document === undefined || others.length > 0) throw new Error('it is not one document')
    const [error] = document.errors
    if (error !== undefined) throw new Error(error.message)
    visit(document, {
      Map: (_, { items }) => {
        const keys = items.map(({ key }) => (isScalar(key) ? key.value : key))
        if (new Set(keys).size < keys.length) throw new Error('a mapping holds a key twice')
      },
    })
    return document.toJS({ maxAliasCount: MAX_YAML_ALIASES }) as unknown
  })
}

/** What the library puts before the text of a scalar. */
const SCALAR = '\x1f'

function* fewTokens(text: string): Generator<CST.Token, void> {
  if (text.split('\n').length > MAX_YAML_LINES) throw new Error(`it has more than ${String(MAX_YAML_LINES)} lines`)
  const parser = new Parser()
  let [tokens, aliases, previous] = [0, 0, '']
  for (const lexeme of new Lexer().lex(text)) {
    if (previous !== SCALAR && /^[&*]/.test(lexeme) && ++aliases > MAX_YAML_ALIASES)
      throw new Error('it has too many anchors and aliases')
    if (++tokens > MAX_YAML_TOKENS) throw new Error('it holds too many tokens')
    if (tokens % 1024 === 0) stillInTime()
    previous = lexeme
    yield* parser.next(lexeme)
    if (parser.stack.length > MAX_YAML_DEPTH)
      throw new Error(`it is nested more than ${String(MAX_YAML_DEPTH)} levels deep`)
  }
  yield* parser.end()
}
