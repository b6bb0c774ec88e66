import assert from 'node:assert/strict'
import type { Life } from '../life.ts'
import type { Repository } from '../repository.ts'

const GARBAGE = Buffer.from('<html><body>Service unavailable</body></html>\n')

/** What was broken by hand, and is made whole. */
export async function repairs(life: Life): Promise<void> {
  const { charts, diary } = life
  const repository = await life.open('repairs')
  const made = await Promise.all(
    Array.from({ length: 12 }, (_, i) => charts.make(`app-${String(i % 3)}`, `1.${String(i)}.0`)),
  )
  await repository.push(made)

  await diary.step('reindex makes the index anew when index.yaml and all deltas are gone.', async () => {
    await removeIndex(repository)
    await repository.refuses('list REPO', { status: 1, fine: 4, stderr: /^Error: .*\nHint: /s })
    await repository.ok('reindex REPO')
    await repository.stand(...made)
    await repository.holdsItsLedger()
  })

  await diary.step('reindex adds archives that were put there by hand, and nothing else.', async () => {
    const placed = [await charts.make('placed', '0.1.0'), await charts.make('placed', '0.2.0+b1')]
    for (const chart of placed) await repository.put(`${chart.name}-${chart.version}.tgz`, await charts.bytes(chart))
    await repository.ok('reindex REPO')
    repository.ledger.acknowledge(...placed)
    await repository.stand(...placed)
    await repository.holdsItsLedger()
  })

  await diary.step(
    'An index.yaml that is no index is refused with exit code 1 (fine: 10) and the way out.',
    async () => {
      await repository.put('index.yaml', GARBAGE)
      await repository.refuses('list REPO', { status: 1, fine: 10, stderr: /helm s3 check \S+ --fix/ })
    },
  )

  await diary.step('check --fix makes it anew, loses nothing, and keeps the old text beside it.', async () => {
    await repository.ok('check REPO --fix')
    const kept = (await repository.names()).filter((name) => name.startsWith('index.yaml.broken-'))
    assert.equal(kept.length, 1)
    assert.deepEqual(await repository.body(kept[0] ?? ''), GARBAGE)
    repository.ledger.noteStray(kept[0] ?? '')
    await repository.holdsItsLedger()
    await repository.stand(...repository.ledger.standing)
  })

  await diary.step(
    'check --fix removes the entry of an archive that somebody deleted, and keeps all others.',
    async () => {
      const [lost] = made
      assert.ok(lost !== undefined)
      await repository.removeByHand([`${lost.name}-${lost.version}.tgz`])
      const found = await repository.run('check REPO -o json')
      assert.equal(found.status, 1)
      assert.match(found.stdout, /"archive-missing"/)
      await repository.ok('check REPO --fix')
      repository.ledger.remove(lost)
      await repository.areGone(lost)
      await repository.holdsItsLedger()
    },
  )
}

/** `index.yaml` and everything in `index.d/`. */
export async function removeIndex(repository: Repository): Promise<void> {
  await repository.removeByHand((await repository.names()).filter((name) => /^index\.(?:yaml$|d\/)/.test(name)))
}
