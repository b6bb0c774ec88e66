import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs, { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { readIndexText } from '../../lib/core/index/index-text.ts'
import { updateIndexCache } from '../../lib/disk/index-cache.ts'
import { contentOf, delta, entry, indexOf, removal } from '../support/builders.ts'
import { useBundledProgram } from '../support/bundled-program.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const REPOSITORY = { name: 'stable', url: 's3://acme/charts' }

describe('the index cache', () => {
  const path = useTempFolder()
  const program = useBundledProgram(join(import.meta.dirname, 'update-process.ts'))
  const cached = (): string[] => contentOf(readIndexText(readFileSync(path('stable-index.yaml'))))

  it('has added versions and no removed versions', async () => {
    writeFileSync(path('stable-index.yaml'), indexOf(entry('app', '1.0.0', 'a'), entry('lib', '1.0.0', 'a')).toBytes())
    const change = delta(1, { add: [entry('app', '2.0.0', 'b')], remove: [removal('lib', '1.0.0', 'a')] })
    await updateIndexCache(path(), REPOSITORY, change)
    assert.deepEqual(
      cached().map((line) => line.split(' ').slice(0, 2).join(' ')),
      ['app 2.0.0', 'app 1.0.0'],
    )
    assert.equal(readFileSync(path('stable-charts.txt'), 'utf8'), 'app\n')
  })

  it('keeps its YAML form', async () => {
    writeFileSync(path('stable-index.yaml'), indexOf(entry('app', '1.0.0')).toForm('yaml').toBytes())
    await updateIndexCache(path(), REPOSITORY, delta(1, { add: [entry('app', '2.0.0')] }))
    assert.equal(cached().length, 2)
    assert.equal(readIndexText(readFileSync(path('stable-index.yaml'))).form, 'yaml')
  })

  it('is not created when it is missing', async () => {
    await updateIndexCache(path(), REPOSITORY, delta(1, { add: [entry('app', '1.0.0')] }))
    await updateIndexCache(path('no', 'folder'), REPOSITORY, delta(1, { add: [entry('app', '1.0.0')] }))
    assert.deepEqual(readdirSync(path()), [])
  })

  it('is not changed when it cannot be read', async () => {
    writeFileSync(path('stable-index.yaml'), 'nothing like an index')
    await assert.rejects(updateIndexCache(path(), REPOSITORY, delta(1, { add: [entry('app', '1.0.0')] })))
    assert.equal(readFileSync(path('stable-index.yaml'), 'utf8'), 'nothing like an index')
    assert.equal(existsSync(path('stable-charts.txt')), false)
  })

  it('is not updated when its path is a folder', async () => {
    mkdirSync(path('stable-index.yaml'))
    await updateIndexCache(path(), REPOSITORY, delta(1, {}))
    assert.deepEqual(readdirSync(path()), ['stable-index.yaml'])
  })

  it('has no temporary files beside it after an update', async () => {
    writeFileSync(path('stable-index.yaml'), indexOf(entry('app', '1.0.0')).toBytes())
    await updateIndexCache(path(), REPOSITORY, delta(1, { add: [entry('app', '2.0.0')] }))
    assert.deepEqual(readdirSync(path()).sort(), ['stable-charts.txt', 'stable-index.yaml'])
  })

  it('has every change of several concurrent processes', async function () {
    this.timeout(60_000)
    writeFileSync(path('stable-index.yaml'), indexOf().toBytes())
    const charts = ['app', 'lib', 'net', 'web']
    const run = async (chart: string): Promise<unknown> => {
      const argv = [program(), path(), chart, '10']
      const [status] = (await once(spawn(process.execPath, argv, { stdio: 'inherit' }), 'exit')) as unknown[]
      return status
    }
    assert.deepEqual(await Promise.all(charts.map(run)), [0, 0, 0, 0])
    assert.equal(cached().length, 40)
    assert.deepEqual(readFileSync(path('stable-charts.txt'), 'utf8').trimEnd().split('\n').sort(), charts)
    assert.deepEqual(readdirSync(path()).sort(), ['stable-charts.txt', 'stable-index.yaml'])
  })

  it('is the same after a change that it already has', async () => {
    writeFileSync(path('stable-index.yaml'), indexOf(entry('app', '1.0.0', 'a'), entry('lib', '1.0.0', 'a')).toBytes())
    const change = delta(1, { add: [entry('app', '2.0.0', 'b')], remove: [removal('lib', '1.0.0', 'a')] })
    await updateIndexCache(path(), REPOSITORY, change)
    const once = readFileSync(path('stable-index.yaml'), 'utf8')
    await updateIndexCache(path(), REPOSITORY, change)
    assert.equal(readFileSync(path('stable-index.yaml'), 'utf8'), once)
  })

  describe('that `helm repo update` replaces during an update', () => {
    const change = delta(1, { add: [entry('app', '2.0.0')] })
    const newer = (): Uint8Array => indexOf(entry('app', '1.0.0'), entry('lib', '1.0.0')).toBytes()
    const helm3 = (bytes = newer()): void => {
      writeFileSync(path('stable-index.yaml'), bytes)
    }
    const helm4 = (bytes = newer()): void => {
      writeFileSync(path('helm'), bytes)
      renameSync(path('helm'), path('stable-index.yaml'))
    }
    /** Updates the copy. Each time it is read or replaced, the next of these actions happens. */
    const updateWhile = async ({ read = [], replaced = [] }: Partial<Record<'read' | 'replaced', (() => void)[]>>) => {
      const { readFileSync, renameSync } = fs
      const of = (file: unknown): boolean => file === path('stable-index.yaml')
      const reading = (...args: Parameters<typeof readFileSync>): unknown => {
        const content = readFileSync(...args)
        if (of(args[0])) read.shift()?.()
        return content
      }
      fs.readFileSync = reading as typeof readFileSync
      fs.renameSync = (from, to) => {
        renameSync(from, to)
        if (of(to)) replaced.shift()?.()
      }
      syncBuiltinESMExports()
      try {
        await updateIndexCache(path(), REPOSITORY, change)
      } finally {
        Object.assign(fs, { readFileSync, renameSync })
        syncBuiltinESMExports()
      }
    }
    const versions = (): string[] => cached().map((line) => line.split(' ').slice(0, 2).join(' '))
    const expectBoth = (): void => {
      assert.deepEqual(versions(), ['app 2.0.0', 'app 1.0.0', 'lib 1.0.0'])
      assert.equal(readFileSync(path('stable-charts.txt'), 'utf8'), 'app\nlib\n')
      assert.deepEqual(readdirSync(path()).sort(), ['stable-charts.txt', 'stable-index.yaml'])
    }
    beforeEach(() => {
      writeFileSync(path('stable-index.yaml'), indexOf(entry('app', '1.0.0')).toBytes())
    })

    it('gets the change, too, when Helm 4 replaces the file before the update writes it', async () => {
      await updateWhile({ read: [helm4] })
      expectBoth()
    })

    it('gets the change, too, when Helm 3 overwrites the file before the update writes it', async () => {
      await updateWhile({ read: [helm3] })
      expectBoth()
    })

    it('gets the change, too, when Helm replaces the file right after the update', async () => {
      await updateWhile({ replaced: [helm4] })
      expectBoth()
    })

    for (const form of ['json', 'yaml'] as const) {
      it(`gets the change, too, when Helm has written only half of the file at first: ${form}`, async () => {
        const whole = Buffer.from(readIndexText(newer()).toForm(form).toBytes())
        helm3(whole.subarray(0, whole.indexOf(form === 'json' ? '"lib"' : '  lib:')))
        await updateWhile({ read: [() => helm3(whole)] })
        expectBoth()
      })
    }

    it('is left as Helm wrote it, with an error, when Helm keeps replacing it', async () => {
      const others = Array.from({ length: 9 }, (_, i) => indexOf(entry('lib', `${String(i)}.0.0`)).toBytes())
      const endless = updateWhile({ read: others.map((other) => () => helm4(other)) })
      await assert.rejects(endless, /other programs keep replacing it$/)
      assert.deepEqual(versions(), ['lib 4.0.0'])
      assert.deepEqual(readdirSync(path()), ['stable-index.yaml'])
    })

    it('is not created again when it is removed', async () => {
      await updateWhile({ read: [() => rmSync(path('stable-index.yaml'))] })
      assert.deepEqual(readdirSync(path()), [])
    })
  })
})
