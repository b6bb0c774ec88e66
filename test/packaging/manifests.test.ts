import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

const ROOT = join(import.meta.dirname, '../..')

function manifest(path: string): Record<string, unknown> {
  return parse(readFileSync(join(ROOT, path), 'utf8')) as Record<string, unknown>
}

describe('plugin manifests', () => {
  const main = manifest('plugin.yaml')
  const getter = manifest('s3-getter/plugin.yaml')

  it('have the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    assert.equal(main['version'], version)
    assert.equal(getter['version'], version)
  })

  it('have different names, because Helm 4 refuses all plugins when two share one', () => {
    assert.equal(main['name'], 's3')
    assert.equal(getter['name'], 's3-getter')
  })

  it('have no key that Helm 3.13 does not know, because it would then drop every plugin', () => {
    const known = new Set(['name', 'version', 'usage', 'description', 'command', 'hooks', 'downloaders'])
    for (const key of [...Object.keys(main), ...Object.keys(getter)]) assert.ok(known.has(key), key)
    assert.deepEqual(getter['downloaders'], [{ command: 'bin/helm-s3 download', protocols: ['s3'] }])
  })

  it('keep the command and the getter apart, because Helm 4 gives a manifest with downloaders no command', () => {
    assert.ok(!('downloaders' in main))
    assert.ok('downloaders' in getter)
  })

  it('stand in this order in an archive, because Helm 4 takes the first plugin.yaml for the main one', () => {
    assert.ok('s3-getter/plugin.yaml' > 'plugin.yaml')
  })

  it('have launchers that the system can start', () => {
    for (const launcher of ['bin/helm-s3', 's3-getter/bin/helm-s3']) {
      assert.equal(statSync(join(ROOT, launcher)).mode & 0o111, 0o111, launcher)
      assert.ok(readFileSync(join(ROOT, launcher), 'utf8').startsWith('#!/bin/sh\n'), launcher)
    }
  })
})
