import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { askOnTerminal } from '../../lib/sys/terminal-prompt.ts'

// A real terminal is tested in test/e2e/settings.test.ts.
describe('a question on the terminal', () => {
  const terminalOf = (typed: string): { readonly input: PassThrough; readonly output: PassThrough } => {
    const terminal = { input: new PassThrough(), output: new PassThrough() }
    terminal.input.end(typed)
    return terminal
  }

  for (const [typed, answer] of [
    ['123456\nmore\n', '123456'],
    ['123456\r\n', '123456'],
    ['123456', '123456'],
    ['\n', ''],
  ] as const) {
    it(`is answered by the line that is typed: ${JSON.stringify(typed)}`, async () => {
      assert.equal(await askOnTerminal('Code: ', () => terminalOf(typed)), answer)
    })
  }

  it('is written there as it is', async () => {
    const terminal = { input: new PassThrough(), output: new PassThrough() }
    const answer = askOnTerminal('Code: ', () => terminal)
    const [shown] = (await once(terminal.output, 'data')) as [Buffer]
    assert.equal(shown.toString(), 'Code: ')
    terminal.input.end('1\n')
    assert.equal(await answer, '1')
  })

  it('has no answer when there is no terminal, or it is closed', async () => {
    assert.equal(await askOnTerminal('Code: ', () => undefined), undefined)
    assert.equal(await askOnTerminal('Code: ', () => terminalOf('')), undefined)
  })

  it('fails with the error of a terminal that cannot be read, and leaves nothing open', async () => {
    const terminal = terminalOf('')
    const asked = askOnTerminal('Code: ', () => terminal)
    terminal.input.destroy(new Error('the line is cut'))
    await assert.rejects(asked, /the line is cut/)
    assert.ok(terminal.output.destroyed)
  })
})
