import assert from 'node:assert/strict'
import type { Life } from '../life.ts'

const SIZE = 6

/** A large chart from one repository of the store to another. */
export async function copies(life: Life): Promise<void> {
  const { charts, diary } = life
  const [staging, stable] = [await life.open('staging'), await life.open('stable')]
  const large = await charts.makeLarge('large', '1.0.0', SIZE)

  await diary.step(`push takes a chart of ${String(SIZE)} MiB.`, async () => {
    await staging.push([large])
    await staging.stand(large)
  })

  await diary.step(
    'copy brings it to another repository of the store, by the store itself where that is safe.',
    async () => {
      const said = await staging.verbosely(`copy large REPO ${stable.url}`)
      stable.ledger.acknowledge(large)
      await stable.stand(large)
      assert.deepEqual(
        (await stable.names()).filter((name) => !/^index\.(?:yaml$|d\/)/.test(name)),
        ['large-1.0.0.tgz'],
      )
      const { uploads } = life.at.store
      assert.deepEqual((await uploads?.list('stable/large-1.0.0.tgz')) ?? [], [], 'an upload is open')
      return /large-1\.0\.0\.tgz is copied by the store$/m.test(said) ? 'the store copies' : 'downloaded and uploaded'
    },
  )

  await diary.step('A second copy is refused with exit code 1 (fine: 5); with --force it succeeds.', async () => {
    await staging.refuses(`copy large REPO ${stable.url}`, { status: 1, fine: 5, stderr: /has large 1\.0\.0 already/ })
    await staging.ok(`copy large REPO ${stable.url} --force`)
    await stable.stand(large)
  })
}
