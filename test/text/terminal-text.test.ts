import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { parse } from 'yaml'
import { asKey } from '../../lib/core/keys.ts'
import { HelmS3Error } from '../../lib/errors.ts'
import { createOutput } from '../../lib/ui/output.ts'
import { createPainter } from '../../lib/ui/style.ts'
import { isPlainWord, shellWord, visibleJson, visibleLine, visibleText } from '../../lib/text/terminal-text.ts'
import { anyCharacter } from '../support/any-character.ts'
import { useProgram } from '../support/program.ts'

/** C0 except tabs and line ends, DEL, C1, bidirectional controls, zero-width characters, other line separators. */
const HIDDEN =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/u
const EVIL = 'a\x1b]0;owned\x07\x1b[8m\x9b31m\x7f\u202egpj.\u200b\u2066\ufeff\u{e0041}\rz'

const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom(...EVIL), fc.string({ unit: anyCharacter, minLength: 1, maxLength: 1 })),
})

describe('text for a terminal', () => {
  it('shows characters that would hide text', () => {
    assert.equal(
      visibleLine(EVIL),
      String.raw`a\x1b]0;owned\x07\x1b[8m\x9b31m\x7f\u202egpj.\u200b\u2066\ufeff\u{e0041}\rz`,
    )
    assert.equal(visibleLine('one\ntwo\tthree é 日本 🎉'), 'one\\ntwo\tthree é 日本 🎉')
    assert.equal(visibleText('one\ntwo'), 'one\ntwo')
  })

  it('holds no hiding characters, whatever the input was', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        assert.doesNotMatch(visibleText(text), HIDDEN)
        assert.doesNotMatch(visibleLine(text), /\n/)
        assert.doesNotMatch(visibleJson(JSON.stringify(text)), HIDDEN)
        assert.equal(JSON.parse(visibleJson(JSON.stringify(text))), text)
      }),
    )
  })

  it('has the colours of this program, and none that a text of others brings', () => {
    const { style, toTerminal } = createPainter(true)
    assert.equal(toTerminal(style.bad('x \x1b[32my')), '\x1b[31mx \\x1b[32my\x1b[39m')
    assert.equal(createPainter(true).toTerminal(style.good('x')).includes('\x1b'), false)
    const plain = createPainter(false)
    assert.equal(plain.toTerminal(plain.style.good('x\x1b[31m')), 'x\\x1b[31m')
  })

  it('means the same as JSON and as YAML, in which nothing hides', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyText), async (texts) => {
        const value = texts.map((text) => ({ text, [`key${text}`]: text }))
        for (const form of ['json', 'yaml'] as const) {
          let stdout = ''
          const sink = { isTerminal: true, write: async (chunk: string | Uint8Array) => void (stdout += String(chunk)) }
          const output = createOutput(
            { stdout: sink, stderr: sink },
            { form, isVerbose: false, isQuiet: false, hasColor: true },
          )
          output.result([], { value })
          await output.flush()
          assert.doesNotMatch(stdout, HIDDEN)
          // A lone surrogate is not a text that YAML could hold.
          if (form === 'json') assert.deepEqual(JSON.parse(stdout), { value })
          else if (!texts.some((text) => /\p{Cs}/u.test(text)))
            assert.deepEqual(parse(stdout, { version: '1.1' }), { value })
        }
      }),
    )
  })

  it('is one word for the shell in a command to copy', () => {
    for (const word of ['app', 's3://b/p', '1.0.0+b', '--flag=x', 's3://b/p%20q']) assert.equal(shellWord(word), word)
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((text) => !text.includes('\0')),
        (text) => {
          if (isPlainWord(text)) assert.equal(shellWord(text), text)
        },
      ),
    )
    for (const word of [
      'x; rm -rf ~',
      '$(id)',
      '`id`',
      "it's",
      'a b',
      's3://b/p?endpoint=http://h&profile=p',
      '~',
      '',
      '*',
      '!x',
      '=x',
      'a"b',
      '\\',
      '#x',
    ]) {
      const { stdout } = spawnSync('sh', ['-c', `printf '%s' ${shellWord(word)}`], { encoding: 'utf8' })
      assert.equal(stdout, word)
      assert.notEqual(shellWord(word), word)
    }
  })
})

describe('text that others have written', () => {
  const program = useProgram()
  const URI = 's3://acme/charts'
  const put = (key: string, text: string): Promise<unknown> =>
    program.bucket.put(asKey(key), Buffer.from(text), { when: 'always' })
  const entry = (version: string): object => ({
    apiVersion: 'v2',
    name: 'app',
    version,
    appVersion: EVIL,
    description: EVIL,
    urls: [`app-${version}.tgz`],
    created: '2026-01-01T00:00:00Z',
  })

  beforeEach(async () => {
    await put(
      'charts/index.yaml',
      JSON.stringify({ apiVersion: 'v1', entries: { app: [entry('1.0.0')], [`app${EVIL}`]: [entry('1.0.0')] } }),
    )
    await put(`charts/index.d/${EVIL}\nError: forged`, 'x')
    await put(`charts/x${EVIL}.tgz`, 'x')
  })

  for (const isTerminal of [true, false]) {
    it(`reaches no ${isTerminal ? 'terminal' : 'file'} with hiding characters`, async () => {
      program.isTerminal = isTerminal
      const lines = [
        ...[
          ['list', URI],
          ['list', URI, '-o', 'json'],
          ['list', URI, '-o', 'yaml'],
          ['status', URI],
          ['check', URI],
          ['check', URI, '-ojson'],
          ['log', URI],
        ],
        ...[
          ['fetch', 'app', URI, `--version=${EVIL}`],
          ['fetch', `app${EVIL}`, URI],
          ['delete', 'app', URI, `--version=9\u202e`],
          ['prune', URI, '--orphans', '--dry-run'],
        ],
        ...[
          ['reindex', URI, '--strict'],
          ['config', URI],
          ['list', EVIL],
          ['push', `/none/${EVIL}.tgz`, URI],
          [EVIL],
          ['list', `${URI}?${EVIL}=1`],
        ],
      ]
      for (const line of lines) {
        const { stdout, stderr } = await program.run(...line)
        // Colours come from this program itself.
        const rest = (stdout + stderr).replace(/\x1b\[(?:1|2|22|31|32|33|39)m/g, '')
        assert.doesNotMatch(rest, HIDDEN, line.join(' '))
        assert.doesNotMatch(stderr, /^Error: forged/m, line.join(' '))
      }
    })
  }

  it('is shown where it stands in an error of the store', async () => {
    program.fail({
      list: async () => {
        throw new HelmS3Error('store-failed', `list s3://acme/charts: ${EVIL}`, { hint: EVIL })
      },
    })
    assert.equal(
      await program.fails('list', URI),
      `Error: list s3://acme/charts: ${visibleLine(EVIL)}\nHint: ${visibleLine(EVIL)}\n`,
    )
  })

  it('is no candidate of completion where a shell would take it for more than a name', async () => {
    program.addRepository(
      'repo',
      URI,
      'apiVersion: v1\nentries: {"app": [], "x;id": [], "$(id)": [], "a\\u202eb": [], "~": []}\n',
    )
    assert.equal(await program.ok('__complete', 'delete', ''), 'app\n:4\n')
  })
})
