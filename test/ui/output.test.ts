import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { parse } from 'yaml'
import { parseGoYaml } from '../../lib/yaml/load.ts'
import { type OutputOptions, createOutput } from '../../lib/ui/output.ts'
import { barText, progressBars } from '../../lib/ui/progress-bar.ts'
import { renderTable } from '../../lib/ui/table.ts'

interface Printed {
  stdout: string
  stderr: string
}

function outputTo(
  options: Partial<OutputOptions> = {},
  isTerminal = false,
): readonly [ReturnType<typeof createOutput>, Printed] {
  const printed: Printed = { stdout: '', stderr: '' }
  const sink = (stream: keyof Printed) => ({
    isTerminal,
    write: async (chunk: string | Uint8Array) => void (printed[stream] += Buffer.from(chunk).toString()),
  })
  const all = { form: 'table', isVerbose: false, isQuiet: false, hasColor: true, ...options } as const
  return [createOutput({ stdout: sink('stdout'), stderr: sink('stderr') }, all), printed]
}

describe('output', () => {
  it('prints lines for people, one JSON object or one YAML document for programs', async () => {
    const value = { version: '1.10', none: null, list: ['no', '1e3'] }
    for (const form of ['table', 'json', 'yaml'] as const) {
      const [output, printed] = outputTo({ form })
      output.result(['a', 'b'], value)
      await output.flush()
      if (form === 'table') assert.equal(printed.stdout, 'a\nb\n')
      else
        assert.deepEqual(
          form === 'json' ? JSON.parse(printed.stdout) : parse(printed.stdout, { version: '1.1' }),
          value,
        )
    }
  })

  it('prints YAML whose strings are strings to Go, too', async () => {
    const value = { versions: ['0o7', '-0o7', '0X1F', '<<', '1:30', '2026-01-01', 'yes', 'plain'] }
    const [output, printed] = outputTo({ form: 'yaml' })
    output.result([], value)
    await output.flush()
    assert.deepEqual(parseGoYaml(printed.stdout), value)
    assert.match(printed.stdout, /- "0o7"\n.*- plain\n/s)
  })

  it('says nothing for people when it is told to be quiet', async () => {
    for (const form of ['table', 'json'] as const) {
      const [output, printed] = outputTo({ form, isQuiet: true }, true)
      output.result(['a'], { a: 1 })
      output.notice('remark')
      output.progress('step')
      await output.flush()
      assert.deepEqual(printed, { stdout: form === 'table' ? '' : '{"a":1}\n', stderr: '' })
    }
  })

  it('colours results on a terminal only, and only where colours are wanted', () => {
    const coloured = (options: Partial<OutputOptions>, isTerminal: boolean): boolean =>
      outputTo(options, isTerminal)[0].style.bad('x') !== 'x'
    assert.equal(coloured({}, true), true)
    assert.equal(coloured({}, false), false)
    assert.equal(coloured({ hasColor: false }, true), false)
    assert.equal(coloured({ form: 'json' }, true), false)
  })

  it('shows progress to a terminal only', async () => {
    for (const isTerminal of [true, false]) {
      const [output, printed] = outputTo({}, isTerminal)
      output.progress('waiting')
      await output.flush()
      assert.equal(printed.stderr, isTerminal ? 'waiting\n' : '')
    }
  })
})

describe('tables', () => {
  it('align columns by what a terminal shows, without trailing spaces', () => {
    const rows = [
      ['漢字', '1', ''],
      ['\u001b[31mred\u001b[39m', '10', 'x'],
    ]
    assert.deepEqual(renderTable(['NAME', 'N', 'WHY'], rows), [
      'NAME  N   WHY',
      '漢字  1',
      '\u001b[31mred\u001b[39m   10  x',
    ])
  })
})

describe('progress bars', () => {
  it('show how much is done, also of nothing and of more than was announced', () => {
    assert.equal(barText('reading', 0, 4), `reading ${'░'.repeat(24)} 0/4`)
    assert.equal(barText('reading', 1, 4), `reading ${'█'.repeat(6)}${'░'.repeat(18)} 1/4`)
    assert.equal(barText('reading', 5, 4), `reading ${'█'.repeat(24)} 5/4`)
    assert.equal(barText('reading', 0, 0), `reading ${'█'.repeat(24)} 0/0`)
  })

  it('have no colours where none are wanted', async () => {
    let drawn = ''
    const stream = Object.assign(new PassThrough(), {
      isTTY: true,
      columns: 80,
      cursorTo: () => true,
      clearLine: () => true,
      moveCursor: () => true,
    })
    stream.on('data', (piece: Buffer) => (drawn += piece.toString()))
    const progress = progressBars(stream as unknown as NodeJS.WriteStream, false)('reading archives', 2)
    while (!drawn.includes('reading archives')) await new Promise((resolve) => setImmediate(resolve))
    progress.end()
    assert.doesNotMatch(drawn, /\x1b\[\d*m/)
  })

  it('are not drawn on a terminal that is 0 columns wide, where erasing one would never end', async () => {
    const calls: string[] = []
    // The loop is bounded, so that endless drawing fails here instead of hanging.
    const call = (name: string) => (): boolean => {
      if (calls.push(name) > 100) throw new Error('draws without end')
      return true
    }
    const methods = { cursorTo: call('cursorTo'), clearLine: call('clearLine'), moveCursor: call('moveCursor') }
    const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 0, ...methods })
    stream.on('data', (piece: Buffer) => calls.push(piece.toString()))
    const progress = progressBars(stream as unknown as NodeJS.WriteStream, true)('reading archives', 2)
    await import('ora')
    await new Promise((resolve) => setImmediate(resolve))
    progress.advance()
    progress.end()
    assert.deepEqual(calls, [])
  })
})
