import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { systemClock } from '../../lib/sys/clock.ts'
import { askOnTerminal } from '../../lib/sys/terminal-prompt.ts'
import { useTempFolder } from '../support/temp-folder.ts'

describe('a question on the terminal', () => {
  const path = useTempFolder()
  const ask = (typed: string): Promise<string | undefined> => {
    writeFileSync(path('input'), typed)
    writeFileSync(path('output'), '')
    return askOnTerminal('Code: ', systemClock, { input: path('input'), output: path('output') })
  }

  it('is written there, and answered by the line that is typed', async () => {
    assert.equal(await ask('123456\nmore\n'), '123456')
    assert.equal(readFileSync(path('output'), 'utf8'), 'Code: ')
    assert.equal(await ask('123456\r\n'), '123456')
    assert.equal(await ask('123456'), '123456')
    assert.equal(await ask('\n'), '')
  })

  it('has no answer when there is no terminal, or it is closed', async () => {
    assert.equal(await ask(''), undefined)
    assert.equal(await askOnTerminal('Code: ', systemClock, { input: path('none'), output: path('none') }), undefined)
    assert.equal(await askOnTerminal('Code: ', systemClock, { input: path('none'), output: path('output') }), undefined)
  })
})
