import assert from 'node:assert/strict'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

describe('version', () => {
  const program = useProgram()

  it('prints the version alone', async () => {
    assert.equal(await program.ok('version'), 'development\n')
  })

  it('prints the mode as the Go plugin does', async () => {
    assert.equal(await program.ok('version', '--mode'), 'helm-s3 plugin version: development\nHelm version mode: v3\n')
  })

  it('prints JSON when asked to', async () => {
    assert.deepEqual(resultOf('version', await program.ok('version', '-o=json')), {
      version: 'development',
      mode: 'v3',
    })
  })
})
