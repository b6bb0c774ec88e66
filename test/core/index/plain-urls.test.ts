import assert from 'node:assert/strict'
import { newItem } from '../../../lib/core/index/index-item.ts'
import { type IndexForm, readIndexText } from '../../../lib/core/index/index-text.ts'
import { hasPlainUrls } from '../../../lib/core/index/plain-urls.ts'

/** An entry of chart `app`, version 1.0.0+a, in JSON. */
const jsonEntry = (fields: string): string =>
  `{"apiVersion":"v1","entries":{\n"app":[\n{"name":"app",${fields},"version":"1.0.0+a"}\n]\n}}\n`
const yamlEntry = (fields: string): string =>
  `apiVersion: v1\nentries:\n  app:\n  - name: app\n${fields.replace(/^/gm, '    ')}\n    version: 1.0.0+a\n`

function isPlain(text: string, form: IndexForm, chart = 'app'): boolean {
  const index = readIndexText(Buffer.from(text))
  assert.deepEqual([index.path, index.form], ['slices', form], text)
  const items = index.items('app')
  assert.equal(items[0]?.version, '1.0.0+a')
  return hasPlainUrls(chart, items)
}

describe('the urls of an entry', () => {
  const plain = [
    'app-1.0.0+a.tgz',
    'app-1.0.0%2Ba.tgz',
    's3://bucket/charts/app-1.0.0+a.tgz',
    'https://x.example/c/app-1.0.0%2Ba.tgz?v=1#f',
    'oci://x.example/app',
    '',
  ]
  for (const url of plain) {
    it(`are plain: ${url === '' ? 'none' : url}`, () => {
      assert.equal(isPlain(jsonEntry(`"urls":["${url}"]`), 'json'), true)
      assert.equal(isPlain(yamlEntry(`urls:\n- ${url === '' ? '""' : url}`), 'yaml'), true)
      assert.equal(isPlain(yamlEntry(`urls:\n- "${url}"`), 'yaml'), true)
      assert.equal(hasPlainUrls('app', [newItem({ name: 'app', version: '1.0.0+a', urls: [url] })]), true)
    })
  }

  const others = [
    'app-1.0.0.tgz',
    'app-1.0.0+b.tgz',
    'web-1.0.0+a.tgz',
    'my-app-1.0.0+a.tgz',
    'charts-app-1.0.0+a.tgz',
    'app-1.0.0%2ba.tgz',
    '%61pp-1.0.0+a.tgz',
    'app-1.0.0+a%2Etgz',
    'a.tgz',
    'x.tgz/app-1.0.0+a.tgz',
    'app-1.0.0+a.tgz.tgz',
  ]
  for (const url of others) {
    it(`are not plain: ${url}`, () => {
      assert.equal(isPlain(jsonEntry(`"urls":["${url}"]`), 'json'), false)
      assert.equal(isPlain(jsonEntry(`"urls":["app-1.0.0+a.tgz","${url}"]`), 'json'), false)
      assert.equal(isPlain(yamlEntry(`urls:\n- '${url}'`), 'yaml'), false)
      assert.equal(isPlain(yamlEntry(`urls: [app-1.0.0+a.tgz, "${url}"]`), 'yaml'), false)
      assert.equal(hasPlainUrls('app', [newItem({ name: 'app', version: '1.0.0+a', urls: [url] })]), false)
    })
  }

  it('are not plain when the urls or the name of the field contain escapes', () => {
    assert.equal(isPlain(jsonEntry('"urls":["\\u0061pp-1.0.0+a.tgz"]'), 'json'), false)
    assert.equal(isPlain(jsonEntry('"urls":["\\u0077eb-1.tgz"]'), 'json'), false)
    assert.equal(isPlain(yamlEntry('urls: ["web-1.t\\x67z"]'), 'yaml'), false)
    assert.equal(isPlain(jsonEntry('"\\u0075rls":["web-1.tgz"]'), 'json'), false)
    assert.equal(isPlain(yamlEntry('"\\x75rls": [web-1.tgz]'), 'yaml'), false)
  })

  it('are found by a field name in any case, even when another field contains the word urls', () => {
    assert.equal(isPlain(jsonEntry('"URLS":["web-1.tgz"]'), 'json'), false)
    assert.equal(isPlain(jsonEntry('"URLs":["web-1.tgz"],"description":"see its urls"'), 'json'), false)
    assert.equal(isPlain(yamlEntry('Urls:\n- web-1.tgz\ndescription: see its urls'), 'yaml'), false)
  })

  it('are plain whatever the fields before them contain', () => {
    assert.equal(isPlain(jsonEntry('"description":"100%\\nof web-1.tgz","urls":["app-1.0.0+a.tgz"]'), 'json'), true)
    assert.equal(isPlain(yamlEntry('description: "100% of \\" web-1.tgz"\nurls:\n- app-1.0.0+a.tgz'), 'yaml'), true)
  })

  it('are compared with the name of the chart that lists the entry', () => {
    const text = jsonEntry('"urls":["app-1.0.0+a.tgz"]')
    assert.equal(isPlain(text, 'json', 'web'), false)
    assert.equal(isPlain(jsonEntry('"urls":["web-1.0.0+a.tgz"]'), 'json', 'web'), true)
  })

  it('are plain for no versions, and for several versions only when all urls are plain', () => {
    const good = newItem({ name: 'app', version: '1.0.0', urls: ['app-1.0.0.tgz'] })
    const bad = newItem({ name: 'app', version: '1.1.0', urls: ['app-1.0.0.tgz'] })
    assert.equal(hasPlainUrls('app', []), true)
    assert.equal(hasPlainUrls('app', [good, newItem({ name: 'app', version: '1.1.0' })]), true)
    assert.equal(hasPlainUrls('app', [good, bad]), false)
  })
})
