import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { baseFile } from '../../lib/disk/base-file.ts'
import { asETag } from '../../lib/store/object-store.ts'
import { draftsIn, leaveDraft, letAge } from '../support/left-drafts.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const ETAG = asETag('"0123456789abcdef0123456789abcdef"')
const URL = 's3://acme/charts'
const base = (body: Uint8Array) => ({ etag: ETAG, lastModified: 1_700_000_000_000, body })

describe('the saved base', () => {
  const path = useTempFolder()
  beforeEach(() => {
    mkdirSync(path('cache'))
  })
  const file = (): string => join(path('cache', 'helm-s3'), readdirSync(path('cache', 'helm-s3'))[0] ?? '')
  const readBack = async (url = URL): Promise<string | undefined> => {
    const body = await (await baseFile(path('cache'), url).find())?.read()
    return body && Buffer.from(body).toString()
  }

  it('is not saved when the cache folder is missing', async () => {
    for (const folder of [path('none'), '/proc/none', '/dev/null/none']) {
      await baseFile(folder, URL).keep(base(Buffer.from('one')))
      assert.equal(await baseFile(folder, URL).find(), undefined)
    }
  })

  it('has the bytes and the ETag that were saved for its repository', async () => {
    assert.equal(await baseFile(path('cache'), URL).find(), undefined)
    await baseFile(path('cache'), URL).keep(base(Buffer.from('one')))
    await baseFile(path('cache'), 's3://acme/others').keep(base(Buffer.from('two')))
    assert.deepEqual([await readBack(), await readBack('s3://acme/others')], ['one', 'two'])
    const found = await baseFile(path('cache'), URL).find()
    assert.deepEqual([found?.etag, found?.lastModified], [ETAG, 1_700_000_000_000])
    await baseFile(path('cache'), URL).keep(base(Buffer.from('three')))
    assert.equal(await readBack(), 'three')
  })

  it('is not used when its file is damaged, cut off or replaced in the meantime', async () => {
    const cache = baseFile(path('cache'), URL)
    const whole = async (): Promise<Buffer> => {
      await cache.keep(base(Buffer.from('some bytes')))
      return readFileSync(file())
    }
    const changed = await whole()
    changed[changed.length - 1] = 0
    // The same number of bytes with one of them changed, although the ETag is the same.
    for (const damaged of [
      changed,
      (await whole()).subarray(0, -1),
      (await whole()).subarray(0, 10),
      Buffer.alloc(0),
      Buffer.from('null'.padEnd(300)),
    ]) {
      await whole()
      writeFileSync(file(), damaged)
      assert.equal(await readBack(), undefined)
    }
    await whole()
    const found = await cache.find()
    await cache.keep({ ...base(Buffer.from('other')), etag: asETag('"other"') })
    assert.equal(await found?.read(), undefined)
  })

  it('is not used when its label is JSON, and not that of a saved base', async () => {
    await baseFile(path('cache'), URL).keep(base(Buffer.from('one')))
    const saved = readFileSync(file())
    const label = JSON.parse(saved.toString('utf8', 0, 512)) as Record<string, unknown>
    const odd = [null, 5, 'text', [], {}, ...[{ etag: 5 }, { etag: '' }, { etag: '"a\nb"' }, { etag: '"é"' }]]
    const others = [{ lastModified: undefined }, { lastModified: 'x' }, { size: null }, { sha256: 1 }]
    for (const change of [...odd, ...others]) {
      const text =
        typeof change === 'object' && change !== null && Object.keys(change).length > 0
          ? JSON.stringify({ ...label, ...change })
          : JSON.stringify(change)
      writeFileSync(file(), Buffer.concat([Buffer.from(`${text.padEnd(511)}\n`), saved.subarray(512)]))
      assert.equal(await baseFile(path('cache'), URL).find(), undefined, text)
    }
    // A number that JSON has, and no time is.
    writeFileSync(file(), saved.toString().replace('1700000000000', '1e999        '))
    assert.equal(await baseFile(path('cache'), URL).find(), undefined)
    writeFileSync(file(), saved)
    assert.equal(await readBack(), 'one')
  })

  it('is saved with a clean-up of old draft files, but not of recent ones', async () => {
    const cache = baseFile(path('cache'), URL)
    await cache.keep(base(Buffer.from('one')))
    const [left, fresh] = [leaveDraft(path('cache', 'helm-s3')), leaveDraft(path('cache', 'helm-s3'))]
    letAge(left)
    await cache.keep(base(Buffer.from('two')))
    assert.deepEqual([existsSync(left), existsSync(fresh)], [false, true])
    assert.equal(await readBack(), 'two')
    assert.deepEqual(draftsIn(path('cache', 'helm-s3')), [fresh])
  })

  it('is removed when it has not been replaced for a month', async () => {
    await baseFile(path('cache'), URL).keep(base(Buffer.from('one')))
    utimesSync(file(), 0, 0)
    await baseFile(path('cache'), 's3://acme/others').keep(base(Buffer.from('two')))
    assert.deepEqual([await readBack(), await readBack('s3://acme/others')], [undefined, 'two'])
  })

  it('is not saved, without an error, when the cache folder cannot be written', async () => {
    writeFileSync(path('file'), '')
    await baseFile(path('file'), URL).keep(base(Buffer.from('one')))
    assert.equal(await baseFile(path('file'), URL).find(), undefined)
    mkdirSync(path('closed'))
    chmodSync(path('closed'), 0o500)
    await baseFile(path('closed'), URL).keep(base(Buffer.from('one')))
  })
})
