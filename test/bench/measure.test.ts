import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type Call, inTurns, measure, measureTogether } from '../../bench/measure.ts'
import type { Sample } from '../../bench/result.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const MB = 1024 * 1024
const SAMPLE: Sample = { wall: 1, cpu: 1, memory: 1 }

describe('measuring a process', () => {
  const path = useTempFolder()
  const node = (code: string): Call => ({
    program: process.execPath,
    args: ['-e', code],
    env: { PATH: process.env.PATH },
    cwd: path(),
    stdout: path('out'),
  })

  it('gives the time, and writes the output of the process to a file', async () => {
    const { wall } = await measure(node('console.log("done")'), path())
    assert.ok(wall > 0)
    assert.equal(readFileSync(path('out'), 'utf8'), 'done\n')
  })

  it('gives the memory of the process on Linux, with and without GNU time', async () => {
    for (const time of [undefined, '/nowhere/time']) {
      const { memory } = await measure(
        node('Buffer.alloc(80 * 1024 * 1024, 1); setTimeout(() => {}, 100)'),
        path(),
        time,
      )
      if (process.platform === 'linux') assert.ok(memory !== undefined && memory > 80 * MB, String(memory))
    }
  })

  it('fails with the error output when the process fails', async () => {
    await assert.rejects(measure(node('console.error("no luck"); process.exit(3)'), path()), /: 3\nno luck/)
    await assert.rejects(measure({ ...node(''), program: path('missing') }, path(), '/nowhere/time'), /ENOENT/)
  })

  it('measures several processes at the same time', async () => {
    const { memory, wall } = await measureTogether([node('0'), node('0')], path())
    assert.ok(wall > 0)
    if (process.platform === 'linux') assert.ok(memory !== undefined && memory > 0)
  })

  it('runs subjects in turns, each after its preparation, and each as often as it says', async () => {
    const seen: string[] = []
    const subject = (name: string) => ({
      prepare: async (): Promise<void> => void seen.push(`prepare ${name}`),
      run: async (): Promise<Sample> => {
        seen.push(name)
        return SAMPLE
      },
    })
    const samples = await inTurns([subject('a'), { ...subject('b'), runs: 1 }], 2)
    assert.deepEqual(seen, ['prepare a', 'a', 'prepare b', 'b', 'prepare a', 'a'])
    assert.deepEqual(
      samples.map(({ length }) => length),
      [2, 1],
    )
  })
})
