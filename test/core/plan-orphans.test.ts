import assert from 'node:assert/strict'
import { asKey, parseRepositoryUrl } from '../../lib/core/keys.ts'
import { allEntries, findOrphans, namedArchives, possibleVersions } from '../../lib/core/plan-orphans.ts'
import { entry, indexOf } from '../support/builders.ts'

const LOCATION = parseRepositoryUrl('s3://acme/charts')

type Listed = Parameters<typeof findOrphans>[3]

function orphansOf(index: ReturnType<typeof indexOf>, listed: Listed): ReturnType<typeof findOrphans> {
  return findOrphans(LOCATION, index, namedArchives(LOCATION, allEntries(index)), listed, 100)
}

function orphans(...objects: readonly (readonly [string, number?])[]): string[] {
  const listed = objects.map(([name, lastModified = 0]) => ({ key: asKey(`charts/${name}`), size: 10, lastModified }))
  return orphansOf(indexOf(entry('app', '1.0.0')), listed).map(({ key, size }) => `${key} ${String(size)}`)
}

describe('orphans', () => {
  it('include archives that no entry names, with their provenance files', () => {
    assert.deepEqual(orphans(['app-1.0.0.tgz'], ['app-2.0.0.tgz'], ['app-2.0.0.tgz.prov'], ['index.yaml']), [
      'charts/app-2.0.0.tgz 20',
    ])
  })

  it('include provenance files whose archive is missing', () => {
    assert.deepEqual(orphans(['app-2.0.0.tgz.prov'], ['app-1.0.0.tgz.prov']), ['charts/app-2.0.0.tgz 10'])
  })

  it('include no archive that is recent or has a recent provenance file', () => {
    assert.deepEqual(orphans(['app-2.0.0.tgz', 100], ['app-3.0.0.tgz', 99], ['app-3.0.0.tgz.prov', 101]), [])
  })

  it('include no files with a name that a push cannot produce', () => {
    assert.deepEqual(orphans(['backup.tgz'], ['app-latest.tgz'], ['.tgz'], ['app-2.0.0.tar.gz']), [])
  })

  it('include no archive whose version is in the index with another url', () => {
    const index = indexOf({ ...entry('app', '1.0.0'), urls: ['old-name.tgz'] })
    const listed = [{ key: asKey('charts/app-1.0.0.tgz'), size: 1, lastModified: 0 }]
    assert.deepEqual(orphansOf(index, listed), [])
  })

  it('include no archive that an entry names by any form of url', () => {
    const urls = [
      'app-1.0.0%2Bb.tgz',
      './app-1.0.0+b.tgz',
      'app-1.0.0%252Bb.tgz',
      '/charts/app-1.0.0+b.tgz',
      '../charts/app-1.0.0%2bb.tgz',
      '%61pp-1.0.0+b.tgz',
      'app-1.0.0+b.tgz?x=1',
    ]
    const absolute = [
      's3://acme/charts/app-1.0.0%2Bb.tgz',
      'S3://acme/charts/app-1.0.0+b.tgz',
      '//acme/charts/app-1.0.0+b.tgz',
      's3://an-alias/app-1.0.0+b.tgz',
    ]
    const web = [
      'https://cdn.example/app-1.0.0%2Bb.tgz',
      'http://acme.s3.amazonaws.com/charts/app-1.0.0%2Bb.tgz',
      'https://s3.eu-west-1.amazonaws.com/acme/charts/app-1.0.0+b.tgz?versionId=1',
    ]
    const listed = [{ key: asKey('charts/app-1.0.0+b.tgz'), size: 1, lastModified: 0 }]
    for (const url of [...urls, ...absolute, ...web]) {
      assert.deepEqual(orphansOf(indexOf({ ...entry('other', '3.0.0'), urls: [url] }), listed), [], url)
    }
    assert.equal(
      orphansOf(indexOf({ ...entry('other', '3.0.0'), urls: ['https://cdn.example/app-1.0.0.tgz'] }), listed).length,
      1,
    )
  })

  it('have every name and version that their file name can mean', () => {
    assert.deepEqual(possibleVersions('my-app-1.0.0-2.tgz'), [
      { name: 'my-app', version: '1.0.0-2' },
      { name: 'my-app-1.0.0', version: '2' },
    ])
  })
})
