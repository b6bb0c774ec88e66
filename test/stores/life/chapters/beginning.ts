import assert from 'node:assert/strict'
import { asKey } from '../../../../lib/core/keys.ts'
import { listAll } from '../../../../lib/store/object-store.ts'
import { ROOT } from '../../../e2e/support/workplace.ts'
import { Difference } from '../diary.ts'
import type { Life, LifeOptions } from '../life.ts'
import type { StoreLevel } from '../store-under-test.ts'

/** The store itself, the plugin in Helm, the first repository. */
export async function begins(
  life: Life,
  { level: known, mayBe = new Set(known === undefined ? [] : [known]), rounds }: LifeOptions,
): Promise<void> {
  const { at, diary } = life
  await diary.step('The store gives back, lists and deletes what is written to it.', async () => {
    const { store } = at
    const body = Buffer.from('hello')
    for (const name of ['try/b', 'try/a+1', 'try/c']) await store.put(asKey(name), body, { when: 'always' })
    const { objects } = await listAll(store, 'try/')
    assert.deepEqual(
      objects.map(({ key, size }) => [key, size]),
      [
        ['try/a+1', 5],
        ['try/b', 5],
        ['try/c', 5],
      ],
    )
    assert.deepEqual(Buffer.from((await store.get(asKey('try/a+1')))?.body ?? []), body)
    for (const { key } of objects) await store.delete(key)
    assert.deepEqual((await listAll(store, 'try/')).objects, [])
  })

  await diary.step('Helm installs the plugin.', async () => {
    await at.helmOk(3, `plugin install ${ROOT.replace(/\/$/, '')}`)
    for (const helm of [3, 4] as const) assert.match(await at.helmOk(helm, 'plugin list'), /^s3\b/m)
  })

  const first = life.open('first')
  await diary.step('init makes an empty repository, and nothing besides.', async () => {
    const { merged } = await (await first).snapshot()
    assert.equal(merged?.countEntries(), 0)
    assert.deepEqual(await (await first).names(), ['index.yaml'])
  })

  await diary.step(
    'A second init is refused with exit code 1 (fine: 5) and changes no byte; with --ignore-if-exists it succeeds.',
    async () => {
      const repository = await first
      await repository.refuses('init REPO', { status: 1, fine: 5, stderr: /index file already exists/ })
      const before = await repository.listing()
      await repository.ok('init REPO --ignore-if-exists')
      assert.deepEqual(await repository.listing(), before)
    },
  )

  await diary.step('check --probe says what the store guarantees, and leaves nothing behind.', async () => {
    const repository = await first
    const before = await repository.listing()
    const often = rounds === undefined ? '' : ` --rounds ${String(rounds)}`
    const { stderr, stdout } = await repository.run(`check REPO --probe${often} -o json`)
    const { level } = JSON.parse(stdout === '' ? 'null' : stdout) as { readonly level: StoreLevel }
    assert.deepEqual(await repository.listing(), before, stderr)
    life.known.level = known ?? level
    if (known !== undefined && !mayBe.has(level)) return new Difference(`it says ${level}, and ${known} was expected`)
    return level
  })
}
