import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import pLimit from 'p-limit'
import { makeDeltaId } from '../../../../lib/core/log/delta-id.ts'
import { encodeDelta } from '../../../../lib/core/log/delta-text.ts'
import type { MadeChart } from '../../../e2e/support/schedules.ts'
import type { Life } from '../life.ts'
import { removeIndex } from './repairs.ts'

const CALLS = 3
const EACH = 350
const DELTAS = 1_020

interface Listed {
  readonly versions: readonly { readonly name: string; readonly version: string; readonly digest: string }[]
}

/** More objects than a page of a listing holds: archives, and deltas. */
export async function livesWithManyObjects(life: Life): Promise<void> {
  await livesWithManyArchives(life)
  await livesWithManyDeltas(life)
}

async function livesWithManyArchives(life: Life): Promise<void> {
  const { charts, diary } = life
  const repository = await life.open('many')
  repository.isLong = true
  const total = CALLS * EACH

  await diary.step(`${String(CALLS)} calls push ${String(total)} versions, by a pattern.`, async () => {
    for (let call = 0; call < CALLS; call++) {
      const made: MadeChart[] = []
      for (let i = 0; i < EACH; i++) {
        const [name, version] = [`lot-${String(call)}-${String(i % 10)}`, `1.${String(i)}.0`]
        made.push(await charts.make(name, version, '', `lots-${String(call)}/${String(i)}.tgz`))
      }
      await repository.ok(`push lots-${String(call)}/*.tgz REPO`)
      repository.ledger.acknowledge(...made)
    }
    await repository.holdsItsLedger()
    assert.equal((await repository.names()).filter((name) => name.endsWith('.tgz')).length, total)
  })

  await diary.step('list and status count all of them.', async () => {
    const { versions } = await repository.json<Listed>('list REPO --all-versions')
    const line = ({ digest, name, version }: Listed['versions'][number]): string => `${name} ${version} ${digest}`
    assert.deepEqual(versions.map(line).sort(), repository.ledger.standing.map(line).sort())
    assert.equal((await repository.json<{ readonly versions: number }>('status REPO')).versions, total)
  })

  await diary.step('reindex finds all of them again when the index is gone.', async () => {
    await removeIndex(repository)
    await repository.ok('reindex REPO')
    await repository.holdsItsLedger()
    const { merged } = await repository.snapshot()
    const wrong = repository.ledger.standing.filter((chart) => merged?.find(chart)?.digest !== chart.digest)
    assert.deepEqual(wrong, [])
  })
}

async function livesWithManyDeltas(life: Life): Promise<void> {
  const repository = await life.open('deltas')
  repository.isLong = true
  const count = String(DELTAS)

  await life.diary.step(`A reader merges ${count} deltas, and one compaction folds them.`, async () => {
    const entries = Array.from({ length: DELTAS }, (_, i) => ({
      name: `app-${String(i % 7)}`,
      version: `1.${String(i)}.0`,
    }))
    const [limit, now] = [pLimit(16), Date.now()]
    const put = async (entry: (typeof entries)[number], i: number): Promise<void> => {
      const urls = [`${entry.name}-${entry.version}.tgz`]
      const delta = { added: [{ entry: { ...entry, urls }, ifAbsent: false }], removed: [] }
      await repository.put(`index.d/${makeDeltaId(now - DELTAS + i, randomBytes(10))}.yaml`, encodeDelta(delta))
    }
    await Promise.all(entries.map((entry, i) => limit(() => put(entry, i))))
    repository.ledger.noteUnbacked(...entries)
    assert.equal((await repository.json<{ readonly versions: number }>('status REPO')).versions, DELTAS)
    await repository.ok('compact REPO')
    const { base, deltas } = await repository.snapshot()
    assert.equal(base?.countEntries(), DELTAS)
    assert.equal(deltas.length, DELTAS)
    await repository.holdsItsLedger()
  })
}
