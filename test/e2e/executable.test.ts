import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bunRuntime } from '../../scripts/executable/bun-runtime.ts'
import { hostTarget } from '../../scripts/executable/targets.ts'
import { FORM } from './support/form.ts'
import { useWorkplace } from './support/matrix.ts'
import { run } from './support/run.ts'
import { ROOT } from './support/workplace.ts'

if (FORM === 'executable') {
  describe('the executable', () => {
    const at = useWorkplace('minio')
    const proof = (): string => at().path('preload-was-run')

    /** Files that Bun by default obeys in the folder where it is started. */
    beforeEach(async () => {
      await writeFile(at().path('.env'), 'AWS_ENDPOINT=127.0.0.1:1\nAWS_ACCESS_KEY_ID=of-the-folder\nFROM_FOLDER=yes\n')
      await writeFile(at().path('bunfig.toml'), 'preload = ["./preload.ts"]\n')
      await writeFile(at().path('preload.ts'), `require('node:fs').writeFileSync(${JSON.stringify(proof())}, '')\n`)
    })

    it('obeys no .env and no bunfig.toml in the folder of its user', async () => {
      await at().programOk(`init ${at().url}`)
      // Without an access key in the environment, the one in the folder would be used.
      const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT, ...rest } = at().env
      assert.ok(AWS_ACCESS_KEY_ID !== undefined && AWS_SECRET_ACCESS_KEY !== undefined)
      const env = { ...rest, AWS_ENDPOINT, AWS_SECRET_ACCESS_KEY }
      const { stderr } = await run(join(ROOT, 'dist', 'helm-s3'), ['compact', at().url], env, at().folder)
      assert.doesNotMatch(stderr, /of-the-folder|InvalidAccessKeyId|127\.0\.0\.1:1\b/)
      assert.equal(existsSync(proof()), false)
    })

    it('would obey both if it were built without the flags that forbid it', async () => {
      await mkdir(at().path('plain'))
      await writeFile(at().path('plain', 'plain.cjs'), "process.stdout.write(process.env.FROM_FOLDER ?? 'no')")
      await run(
        await bunRuntime(hostTarget()),
        ['build', 'plain.cjs', '--compile', '--outfile=plain'],
        at().env,
        at().path('plain'),
      )
      assert.equal((await run(at().path('plain', 'plain'), [], at().env, at().folder)).stdout, 'yes')
      assert.equal(existsSync(proof()), true)
    })

    it('needs no Node.js', async () => {
      const { status, stdout, stderr } = await run(
        join(ROOT, 'dist', 'helm-s3'),
        ['version'],
        { PATH: '/nowhere' },
        '/',
      )
      assert.deepEqual([status, stderr], [0, ''])
      assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
    })
  })
}
