import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { hasCode } from '../../lib/errors.ts'
import { type Clock, systemClock } from '../../lib/sys/clock.ts'
import { underLock } from '../../lib/sys/file-lock.ts'
import { useBundledProgram } from '../support/bundled-program.ts'
import { useTempFolder } from '../support/temp-folder.ts'

type Child = ChildProcessByStdio<Writable, Readable, null>

/** A clock that fails when something waits. */
const impatient: Clock = { ...systemClock, sleep: () => Promise.reject(new Error('it waits')) }

/** A clock on which waiting takes no time. */
function virtualClock(): Clock {
  let passed = 0
  return {
    now: () => systemClock.now() + passed,
    monotonic: () => passed,
    sleep: async (ms) => {
      passed += ms
    },
  }
}

describe('file lock', () => {
  const path = useTempFolder()
  const program = useBundledProgram(join(import.meta.dirname, 'lock-process.ts'))
  const file = (): string => path('index')
  const lock = (): string => path('.index.lock')
  const holders = (): string[] => readdirSync(lock())
  const children: Child[] = []
  const start = (...args: readonly string[]): Child => {
    const child = spawn(process.execPath, [program(), ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    children.push(child)
    return child
  }
  const startHolder = async (): Promise<Child> => {
    const child = start('hold', file())
    assert.equal(await nextLine(child.stdout), 'held\n')
    return child
  }
  const giveBack = async (holder: Child): Promise<void> => {
    holder.stdin.write('\n')
    if (holder.exitCode === null) await once(holder, 'exit')
  }
  const take = (clock: Clock): Promise<string> => underLock(file(), clock, () => 'done')
  const isRefusal = (error: unknown): boolean =>
    hasCode(error, 'local-file') &&
    error.message === `lock ${file()}: other processes have held ${lock()} for 30 seconds`

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })

  it('hands on what was done under it, and leaves nothing behind', async () => {
    assert.equal(await underLock(file(), impatient, () => holders().length), 1)
    assert.deepEqual(readdirSync(path()), [])
    const failing = underLock(file(), impatient, () => {
      throw new Error('disk on fire')
    })
    await assert.rejects(failing, /disk on fire/)
    assert.deepEqual(readdirSync(path()), [])
  })

  it('says at once that it cannot be made', async () => {
    const nowhere = underLock(path('none', 'index'), impatient, () => undefined)
    await assert.rejects(nowhere, (error) => hasCode(error, 'local-file') && /no such file/.test(error.message))
  })

  it('is held by one process at a time, also where many find that its holder was killed', async function () {
    this.timeout(60_000)
    writeFileSync(file(), '0')
    const [times, killed] = [40, 5]
    const counting = ['-1', '-1', '-1', String(killed), String(killed), String(killed)]
    const all = counting.map((number) => start('count', file(), String(times), number))
    const signals = await Promise.all(all.map(async (child) => (await once(child, 'exit'))[1] as unknown))
    assert.deepEqual(signals, [null, null, null, 'SIGKILL', 'SIGKILL', 'SIGKILL'])
    assert.equal(readFileSync(file(), 'utf8'), String(3 * times + 3 * killed))
    assert.equal(await take(impatient), 'done')
    assert.deepEqual(readdirSync(path()), ['index'])
  })

  it('of a running process is not taken, and is waited for only for a limited time', async () => {
    const holder = await startHolder()
    const [mark] = holders()
    await assert.rejects(take(virtualClock()), isRefusal)
    assert.deepEqual(holders(), [mark])
    await giveBack(holder)
    assert.deepEqual(readdirSync(path()), [])
  })

  it('is taken as soon as its holder has given it back', async () => {
    const holder = await startHolder()
    const clock: Clock = {
      ...systemClock,
      sleep: () => giveBack(holder),
    }
    assert.equal(await take(clock), 'done')
  })

  it('of a process that was killed is taken at once', async () => {
    const holder = await startHolder()
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    assert.equal(holders().length, 1)
    assert.equal(await take(impatient), 'done')
    assert.deepEqual(readdirSync(path()), [])
  })

  it('of a process that was stopped for minutes is broken, and that process takes away only its own', async () => {
    const holder = await startHolder()
    age(join(lock(), holders()[0] ?? ''), 61)
    assert.equal(await take(impatient), 'done')
    const other = await startHolder()
    const marks = holders()
    await giveBack(holder)
    assert.deepEqual(holders(), marks)
    await giveBack(other)
    assert.deepEqual(readdirSync(path()), [])
  })

  describe('of another machine', () => {
    const mark = (): string => path('.index.lock', '1-0123456789abcdef-0b0e1b1e-7a51-4c5e-9c36-6f7a3a4b1c2d')
    beforeEach(() => {
      mkdirSync(lock())
      writeFileSync(mark(), '')
    })

    it('is not taken while it may be working', async () => {
      await assert.rejects(take(virtualClock()), isRefusal)
    })

    for (const [what, seconds] of [
      ['is a minute old', 61],
      ['comes from a future that no clock here knows', -3600],
    ] as const) {
      it(`is broken when it ${what}`, async () => {
        age(mark(), seconds)
        assert.equal(await take(impatient), 'done')
        assert.deepEqual(readdirSync(path()), [])
      })
    }
  })

  it('that is an empty folder is free', async () => {
    mkdirSync(lock())
    assert.equal(await take(impatient), 'done')
    assert.deepEqual(readdirSync(path()), [])
  })

  it('does not remove files that are not ours, however old', async () => {
    mkdirSync(lock())
    writeFileSync(join(lock(), 'notes.txt'), 'mine')
    age(join(lock(), 'notes.txt'), 7200)
    await assert.rejects(take(virtualClock()), isRefusal)
    assert.deepEqual(holders(), ['notes.txt'])
    renameSync(lock(), path('elsewhere'))
    writeFileSync(lock(), 'a file')
    await assert.rejects(take(impatient), (error) => hasCode(error, 'local-file'))
    assert.equal(readFileSync(lock(), 'utf8'), 'a file')
  })
})

function age(path: string, seconds: number): void {
  const then = Date.now() / 1000 - seconds
  utimesSync(path, then, then)
}

async function nextLine(stream: Readable): Promise<string> {
  const [line] = (await once(stream, 'data')) as [Buffer]
  return line.toString()
}
