import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { readIndexText } from '../../lib/core/index/index-text.ts'
import { updateIndexCache } from '../../lib/helm/index-cache.ts'
import { contentOf, delta, entry, indexOf, removal } from '../support/builders.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const REPOSITORY = { name: 'stable', url: 's3://acme/charts' }

describe('index cache', () => {
  const path = useTempFolder()
  const cached = (): string[] => contentOf(readIndexText(readFileSync(path('stable-index.yaml'))))

  it('shows what was added and no longer shows what was removed', async () => {
    writeFileSync(path('stable-index.yaml'), indexOf(entry('app', '1.0.0', 'a'), entry('lib', '1.0.0', 'a')).toBytes())
    const change = delta(1, { add: [entry('app', '2.0.0', 'b')], remove: [removal('lib', '1.0.0', 'a')] })
    await updateIndexCache(path(), REPOSITORY, change)
    assert.deepEqual(cached().map((line) => line.split(' ').slice(0, 2).join(' ')), ['app 2.0.0', 'app 1.0.0'])
    assert.equal(readFileSync(path('stable-charts.txt'), 'utf8'), 'app\n')
  })

  it('keeps the YAML form of a cache', async () => {
    writeFileSync(path('stable-index.yaml'), indexOf(entry('app', '1.0.0')).toForm('yaml').toBytes())
    await updateIndexCache(path(), REPOSITORY, delta(1, { add: [entry('app', '2.0.0')] }))
    assert.equal(cached().length, 2)
    assert.equal(readIndexText(readFileSync(path('stable-index.yaml'))).form, 'yaml')
  })

  it('leaves a missing cache missing, so that Helm says what to do', async () => {
    await updateIndexCache(path(), REPOSITORY, delta(1, { add: [entry('app', '1.0.0')] }))
    await updateIndexCache(path('no', 'folder'), REPOSITORY, delta(1, { add: [entry('app', '1.0.0')] }))
    assert.deepEqual(readdirSync(path()), [])
  })

  it('leaves a cache that it cannot read as it is', async () => {
    writeFileSync(path('stable-index.yaml'), 'nothing like an index')
    await assert.rejects(updateIndexCache(path(), REPOSITORY, delta(1, { add: [entry('app', '1.0.0')] })))
    assert.equal(readFileSync(path('stable-index.yaml'), 'utf8'), 'nothing like an index')
    assert.equal(existsSync(path('stable-charts.txt')), false)
  })

  it('takes no folder for a cache', async () => {
    mkdirSync(path('stable-index.yaml'))
    await updateIndexCache(path(), REPOSITORY, delta(1, {}))
    assert.deepEqual(readdirSync(path()), ['stable-index.yaml'])
  })
})
