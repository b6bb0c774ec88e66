import assert from 'node:assert/strict'
import { readIndexText } from '../../../lib/core/index/index-text.ts'

/** A chart with one version for each of these urls, which are written unchanged. */
const FORMS: Readonly<Record<string, (urls: readonly string[]) => string>> = {
  json: (urls) => {
    const charts = urls.map(
      (url, i) => `"c${String(i)}":[\n{"name":"c${String(i)}","version":"1.0.0","apiVersion":"v2","urls":[${url}]}\n]`,
    )
    return `{"apiVersion":"v1","entries":{\n${charts.join(',\n')}\n}}\n`
  },
  yaml: (urls) => {
    const charts = urls.map(
      (url, i) =>
        `  c${String(i)}:\n  - apiVersion: v2\n    name: c${String(i)}\n    urls:\n    - ${url}\n    version: 1.0.0\n`,
    )
    return `apiVersion: v1\nentries:\n${charts.join('')}generated: "2024-01-01T00:00:00Z"\n`
  },
}

for (const [form, write] of Object.entries(FORMS)) {
  describe(`the entries of an index in ${form} that may name a file`, () => {
    const naming = (urls: readonly string[], ...files: readonly string[]): string[] =>
      readIndexText(Buffer.from(write(urls)))
        .entriesNaming(files)
        .map(({ name }) => name)

    it('include every entry whose url contains the file name', () => {
      const urls = [
        '"app-1.0.0.tgz"',
        '"s3://bucket/charts/app-1.0.0.tgz"',
        '"https://x.example/app-1.0.0.tgz?a=b"',
        '"web-1.0.0.tgz"',
      ]
      assert.deepEqual(naming(urls, 'app-1.0.0.tgz'), ['c0', 'c1', 'c2'])
      assert.deepEqual(naming(urls, 'web-1.0.0.tgz', 'app-1.0.0.tgz'), ['c0', 'c1', 'c2', 'c3'])
    })

    it('include entries that may contain the file name in an escaped form', () => {
      assert.deepEqual(naming(['"%61pp-1.0.0.tgz"', '"\\u0061pp-1.0.0.tgz"', '"web-1.0.0.tgz"'], 'app-1.0.0.tgz'), [
        'c0',
        'c1',
      ])
    })

    it('include no entry without the file name', () => {
      assert.deepEqual(naming(['"web-1.0.0.tgz"', '"lib-1.0.0.tgz"'], 'app-1.0.0.tgz'), [])
    })
  })
}
