import assert from 'node:assert/strict'
import {
  type RepositoryLocation,
  archiveKey,
  archiveUrl,
  ownArchiveKey,
  parseRepositoryUrl,
  parseS3Url,
  provenanceKey,
  resolveEntryUrl,
} from '../../lib/core/keys.ts'

const CHARTS = parseRepositoryUrl('s3://bucket/charts')

describe('a repository url', () => {
  it('gives the keys of a repository, with and without a prefix or a slash at the end', () => {
    assert.deepEqual(parseRepositoryUrl('s3://bucket/charts/'), CHARTS)
    assert.equal(CHARTS.indexKey, 'charts/index.yaml')
    assert.equal(CHARTS.deltaFolder, 'charts/index.d/')
    assert.equal(parseRepositoryUrl('s3://bucket').indexKey, 'index.yaml')
    assert.equal(parseRepositoryUrl('s3://bucket/').url, 's3://bucket')
    assert.equal(parseRepositoryUrl('s3://bucket/a/b c').url, 's3://bucket/a/b%20c')
  })

  it('is percent-decoded once, and a plus sign is kept', () => {
    assert.equal(parseS3Url('s3://b/a%2Bb+c%2520.tgz').key, 'a+b+c%20.tgz')
  })

  it('may have a query, from which a .prov at the end is moved to the key', () => {
    const { key, query } = parseS3Url('s3://b/a-1.0.0.tgz?region=eu-west-1.prov')
    assert.equal(key, 'a-1.0.0.tgz.prov')
    assert.equal(query, 'region=eu-west-1')
  })

  for (const url of [
    'https://bucket/charts',
    'bucket/charts',
    's3://',
    's3:///charts',
    's3://arn:aws:s3/x',
    's3://b/%zz',
  ]) {
    it(`is refused when it is ${url}`, () => {
      assert.throws(() => parseS3Url(url), { code: 'invalid-url' })
    })
  }
})

describe('an archive', () => {
  it('has a key made of its name and version', () => {
    assert.equal(archiveKey(CHARTS, { name: 'app', version: '1.0.0+b' }), 'charts/app-1.0.0+b.tgz')
    assert.equal(provenanceKey(archiveKey(CHARTS, { name: 'app', version: '1.0.0' })), 'charts/app-1.0.0.tgz.prov')
  })

  it('is percent-encoded in relative and absolute urls', () => {
    assert.equal(
      archiveUrl(CHARTS, { name: 'app', version: '1.0.0+b' }, { base: '', literalPlus: false }),
      'app-1.0.0%2Bb.tgz',
    )
    assert.equal(
      archiveUrl(CHARTS, { name: 'app', version: '1.0.0+b' }, { base: '', literalPlus: true }),
      'app-1.0.0+b.tgz',
    )
    assert.equal(
      archiveUrl(CHARTS, { name: 'my app', version: '1.0.0' }, { base: CHARTS.url, literalPlus: true }),
      's3://bucket/charts/my%20app-1.0.0.tgz',
    )
  })

  const OWN: Readonly<Record<string, string | undefined>> = {
    'app-1.0.0.tgz': 'charts/app-1.0.0.tgz',
    'app-1.0.0%2Bb.tgz': 'charts/app-1.0.0+b.tgz',
    'app-1.0.0+b.tgz': 'charts/app-1.0.0+b.tgz',
    's3://bucket/charts/app-1.0.0.tgz': 'charts/app-1.0.0.tgz',
    's3://bucket/charts/app-1.0.0+b.tgz': 'charts/app-1.0.0+b.tgz',
    's3://bucket/charts//app-1.0.0.tgz': undefined,
    's3://bucket/other/app-1.0.0.tgz': undefined,
    's3://bucket/charts-app-1.0.0.tgz': undefined,
    's3://elsewhere/charts/app-1.0.0.tgz': undefined,
    'https://bucket/charts/app-1.0.0.tgz': undefined,
    '../app-1.0.0.tgz': undefined,
    'sub/app-1.0.0.tgz': undefined,
    'sub%2Fapp-1.0.0.tgz': undefined,
    'index.yaml': undefined,
    '.tgz': undefined,
    'a%zz.tgz': undefined,
  }
  for (const [url, key] of Object.entries(OWN)) {
    it(`with the url ${url} ${key === undefined ? 'is not an archive of the repository' : `has the key ${key}`}`, () => {
      assert.equal(ownArchiveKey(CHARTS, url), key)
    })
  }

  it('has the same key whatever the query of its url, and is fetched with the query of the repository', () => {
    for (const end of ['?endpoint=http://evil.example', '?', '#fragment'])
      assert.equal(ownArchiveKey(CHARTS, `s3://bucket/charts/app-1.0.0.tgz${end}`), 'charts/app-1.0.0.tgz')
    const lab = parseRepositoryUrl('s3://bucket/charts?endpoint=http://lab')
    assert.equal(
      resolveEntryUrl(lab, 's3://other/app.tgz?endpoint=http://evil&profile=admin').query,
      'endpoint=http://lab',
    )
    assert.equal(resolveEntryUrl(CHARTS, 's3://bucket/charts/app-1.0.0.tgz?profile=admin').query, '')
  })

  const PUBLISHED = { ...CHARTS, publishUrl: 'https://cdn.example/c%20d' }
  const MINIO = { ...CHARTS, endpoint: 'http://localhost:9000' }
  const BELOW = { ...CHARTS, endpoint: 'https://gateway.example/s3/' }
  const FORMS: readonly (readonly [RepositoryLocation, string, string | undefined])[] = [
    [PUBLISHED, 'http://cdn.example/c%20d/app-1.0.0.tgz', 'charts/app-1.0.0.tgz'],
    [CHARTS, 'https://bucket.s3.dualstack.eu-west-1.amazonaws.com/charts/app-1.0.0%2Bb.tgz', 'charts/app-1.0.0+b.tgz'],
    [CHARTS, 'http://bucket.s3-website.eu-central-1.amazonaws.com/charts/app-1.0.0.tgz', 'charts/app-1.0.0.tgz'],
    [CHARTS, 'https://bucket.s3-accelerate.amazonaws.com/charts/app-1.0.0.tgz#top', 'charts/app-1.0.0.tgz'],
    [CHARTS, 'https://bucket.s3.amazonaws.com.evil.example/charts/app-1.0.0.tgz', undefined],
    [CHARTS, 'https://other.s3.amazonaws.com/bucket/charts/app-1.0.0.tgz', undefined],
    [MINIO, 'http://bucket.localhost:9000/charts/app-1.0.0.tgz', 'charts/app-1.0.0.tgz'],
    [MINIO, 'http://localhost:9001/bucket/charts/app-1.0.0.tgz', undefined],
    [BELOW, 'https://gateway.example/s3/bucket/charts/app-1.0.0.tgz', 'charts/app-1.0.0.tgz'],
    [BELOW, 'https://gateway.example/bucket/charts/app-1.0.0.tgz', undefined],
    [CHARTS, 'app-1.0.0.tgz?x=1', 'charts/app-1.0.0.tgz'],
    [CHARTS, '%61pp-1.0.0.tgz', 'charts/app-1.0.0.tgz'],
    [CHARTS, 'sub/../app-1.0.0.tgz', 'charts/app-1.0.0.tgz'],
    [PUBLISHED, 'https://CDN.example:443/c%20d/./app-1.0.0.tgz', 'charts/app-1.0.0.tgz'],
    [PUBLISHED, 'https://cdn.example/c d/app-1.0.0%2Bb.tgz?x=1', 'charts/app-1.0.0+b.tgz'],
    [PUBLISHED, 'https://cdn.example/c%20de/app-1.0.0.tgz', undefined],
    [CHARTS, 'https://bucket.s3.eu-west-1.amazonaws.com/charts/app-1.0.0.tgz', 'charts/app-1.0.0.tgz'],
    [CHARTS, 'https://s3.amazonaws.com/bucket/charts/app-1.0.0.tgz', 'charts/app-1.0.0.tgz'],
    [CHARTS, 'https://s3.amazonaws.com/other/charts/app-1.0.0.tgz', undefined],
    [CHARTS, 'http://localhost:9000/bucket/charts/app-1.0.0.tgz', undefined],
    [MINIO, 'http://localhost:9000/bucket/charts/app-1.0.0.tgz', 'charts/app-1.0.0.tgz'],
    [MINIO, 'https://bucket.s3.amazonaws.com/charts/app-1.0.0.tgz', undefined],
    [CHARTS, '//bucket/charts/app-1.0.0.tgz', 'charts/app-1.0.0.tgz'],
    [CHARTS, './app-1.0.0.tgz', 'charts/app-1.0.0.tgz'],
    [CHARTS, '/charts/app-1.0.0.tgz', 'charts/app-1.0.0.tgz'],
  ]
  for (const [location, url, key] of FORMS) {
    it(`with the url ${url} at ${location.publishUrl ?? location.endpoint ?? 'AWS'} has ${key === undefined ? 'no key' : `the key ${key}`}`, () =>
      assert.equal(ownArchiveKey(location, url), key))
  }

  it('is fetched from the same place as by Helm', () => {
    assert.equal(resolveEntryUrl(CHARTS, 'app-1.0.0%2Bb.tgz').key, 'charts/app-1.0.0+b.tgz')
    assert.equal(resolveEntryUrl(CHARTS, './sub/app.tgz').key, 'charts/sub/app.tgz')
    assert.equal(resolveEntryUrl(CHARTS, '../app.tgz').key, 'app.tgz')
    assert.equal(resolveEntryUrl(CHARTS, '/abs/app.tgz').key, 'abs/app.tgz')
    assert.deepEqual(
      { ...resolveEntryUrl(CHARTS, 's3://other/x/app.tgz'), query: undefined },
      { bucket: 'other', key: 'x/app.tgz', query: undefined },
    )
  })
})
