import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile, keepCode } from '../../lib/launch/code-cache.ts'
import { draftsIn, letAge } from '../support/left-drafts.ts'
import { useTempFolder } from '../support/temp-folder.ts'
import { type ShellResult, run } from './shell.ts'

const LOADER = join(import.meta.dirname, '../../dist/helm-s3.cjs')

/** The loader as `npm run build` leaves it in dist/, over a small program. */
describe('code cache', () => {
  const path = useTempFolder()
  const loader = (): string => path('dist', 'helm-s3.cjs')
  const call = (...args: readonly string[]): ShellResult => run(process.execPath, [loader(), ...args])
  const files = (): string[] => readdirSync(path('dist', 'cache'))
  const cacheFile = (): string => path('dist', 'cache', files()[0] ?? 'none')
  const putBundle = (answer: string): void => {
    writeFileSync(
      path('dist', 'helm-s3.bundle.cjs'),
      `function answer() { return '${answer}' } process.stdout.write(answer())`,
    )
  }

  beforeEach(() => {
    cpSync(LOADER, loader())
    putBundle('first')
  })

  it('keeps the code of a run for the next one, for each command on its own', () => {
    for (const args of [['push'], ['push'], ['download', '', '', '', 's3://b/k'], ['--help'], []]) {
      assert.deepEqual(call(...args), { status: 0, stdout: 'first', stderr: '' })
    }
    const start = `${process.version}-${process.arch}`
    assert.deepEqual(files().sort(), [`${start}-download`, `${start}-other`, `${start}-push`])
  })

  it('is used by V8, functions that were called included', () => {
    const source = 'function answer() { return 42 } answer()'
    const cache = { file: path('code'), madeFrom: Buffer.from(source) }
    const first = compile(source, 'a.js', cache)
    assert.deepEqual([first.isCached, first.script.runInThisContext()], [false, 42])
    keepCode(cache, () => first.script.createCachedData())
    const second = compile(source, 'a.js', cache)
    assert.deepEqual(
      [second.isCached, second.script.cachedDataRejected, second.script.runInThisContext()],
      [true, false, 42],
    )
  })

  it('of another bundle is not obeyed, even one of the same length', () => {
    call('push')
    putBundle('other')
    assert.equal(call('push').stdout, 'other')
    assert.equal(call('push').stdout, 'other')
  })

  it('that is damaged does no harm, and is replaced', () => {
    call('push')
    const whole = readFileSync(cacheFile())
    const flipped = Buffer.from(whole)
    flipped.writeUInt8(flipped.readUInt8(flipped.length - 40) ^ 0xff, flipped.length - 40)
    for (const damaged of [
      flipped,
      whole.subarray(0, whole.length / 2),
      whole.subarray(0, 10),
      Buffer.alloc(0),
      Buffer.alloc(whole.length),
    ]) {
      writeFileSync(cacheFile(), damaged)
      assert.deepEqual(call('push'), { status: 0, stdout: 'first', stderr: '' })
      assert.deepEqual(hashes(readFileSync(cacheFile())), hashes(whole))
    }
  })

  it('that V8 refuses does no harm, and is left as it is', () => {
    call('push')
    const alien = Buffer.from('the code of another V8')
    writeFileSync(
      cacheFile(),
      Buffer.concat([readFileSync(cacheFile()).subarray(0, 32), createHash('sha256').update(alien).digest(), alien]),
    )
    const before = readFileSync(cacheFile())
    assert.deepEqual(call('push'), { status: 0, stdout: 'first', stderr: '' })
    assert.deepEqual(readFileSync(cacheFile()), before)
  })

  it('that cannot be written is done without', () => {
    writeFileSync(path('dist', 'cache'), 'not a folder')
    assert.deepEqual(call('push'), { status: 0, stdout: 'first', stderr: '' })
  })

  it('is not made of a run that failed', () => {
    writeFileSync(path('dist', 'helm-s3.bundle.cjs'), 'process.exitCode = 1')
    mkdirSync(path('dist', 'cache'))
    assert.equal(call('push').status, 1)
    assert.deepEqual(files(), [])
  })

  it('takes away what a killed run has left beside it, an hour later, when it is written', () => {
    const kill = "require('vm').Script.prototype.createCachedData = () => process.kill(process.pid, 'SIGKILL')"
    writeFileSync(path('dist', 'helm-s3.bundle.cjs'), kill)
    assert.equal(call('push').status, null)
    const [draft = 'none', ...others] = draftsIn(path('dist', 'cache'))
    assert.deepEqual(others, [])
    putBundle('first')
    call('push')
    assert.deepEqual(draftsIn(path('dist', 'cache')), [draft])
    letAge(draft)
    call('push')
    assert.deepEqual(draftsIn(path('dist', 'cache')), [draft])
    call('download')
    assert.deepEqual(
      files().sort(),
      ['download', 'push'].map((name) => `${process.version}-${process.arch}-${name}`),
    )
  })

  it('is written by many processes at once without a broken one being seen', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => answerOf(loader())))
    assert.deepEqual(new Set(answers), new Set(['first']))
    assert.equal(files().length, 1)
    assert.equal(call('push').stdout, 'first')
  })
})

/** What a cache says of itself: the hash of its bundle, and whether the hash of its code is right. */
function hashes(cache: Buffer): readonly [string, boolean] {
  return [
    cache.subarray(0, 32).toString('hex'),
    cache.subarray(32, 64).equals(createHash('sha256').update(cache.subarray(64)).digest()),
  ]
}

async function answerOf(program: string): Promise<string> {
  const child = spawn(process.execPath, [program, 'push'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let answer = ''
  child.stdout.on('data', (chunk) => (answer += String(chunk)))
  await once(child, 'close')
  return answer
}
