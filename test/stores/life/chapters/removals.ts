import assert from 'node:assert/strict'
import { startFaultyProxy } from '../../../support/faulty-proxy.ts'
import { keepVersions } from '../../../support/s3-buckets.ts'
import { aged } from '../aged-answers.ts'
import { Charts } from '../charts.ts'
import { Difference } from '../diary.ts'
import type { Life } from '../life.ts'
import { openPlace } from '../place.ts'
import { Repository } from '../repository.ts'
import { makeSigned } from './pushes.ts'

const HOUR = 3_600_000

/** Deletions, and what undoes them; prune. */
export async function removes(life: Life): Promise<void> {
  const { charts, diary } = life
  const repository = await life.open('removals')
  const { ledger } = repository
  const versions = await Promise.all(
    ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0', '2.0.0-rc.1'].map((version) => charts.make('app', version)),
  )
  const signed = (await makeSigned(life, 'signed', '1.0.0')).chart
  await repository.push([...versions, signed])

  await diary.step('delete takes away the entry, the archive and its provenance file.', async () => {
    await repository.ok('delete signed REPO --version 1.0.0')
    ledger.remove(signed)
    await repository.areGone(signed)
    assert.deepEqual(
      (await repository.names()).filter((name) => name.startsWith('signed')),
      [],
    )
    await repository.holdsItsLedger()
  })

  await diary.step('delete of what is not there is refused with exit code 1 (fine: 4), and changes no byte.', () =>
    repository.refuses('delete app REPO --version 9.9.9', {
      status: 1,
      fine: 4,
      stderr: /^Error: chart app version 9\.9\.9 not found in index/,
    }),
  )

  await diary.step('restore of what is gone for good is refused with exit code 1 (fine: 4).', async () => {
    await repository.refuses('restore signed REPO --version 1.0.0', {
      status: 1,
      fine: 4,
      stderr: /^Error: .*signed.*\nHint: push the archive again/s,
    })
  })

  await diary.step('restore brings back what a bucket with versioning has kept.', () => restoresOlderVersion(life))

  await diary.step('prune --dry-run names what it would remove, and changes nothing.', async () => {
    const before = await repository.listing()
    const { removed } = await repository.json<Removed>('prune REPO --keep-last 2 --dry-run')
    assert.deepEqual(removed.map(({ version }) => version).sort(), ['1.0.0', '1.1.0', '1.2.0'])
    assert.deepEqual(await repository.listing(), before)
  })

  await diary.step('prune --keep-last keeps the newest versions and the prerelease, and nothing else.', async () => {
    await repository.ok('prune REPO --keep-last 2')
    const [old, kept] = [versions.slice(0, 3), versions.slice(3)]
    ledger.remove(...old)
    await repository.areGone(...old)
    await repository.stand(...kept)
    await repository.holdsItsLedger()
  })

  const orphan = await charts.make('orphan', '1.0.0')
  await diary.step('prune --orphans leaves an archive without an entry that is not an hour old.', async () => {
    await repository.put('orphan-1.0.0.tgz', await charts.bytes(orphan))
    const before = await repository.listing()
    await repository.ok('prune REPO --orphans --allow-many-orphans')
    assert.deepEqual(await repository.listing(), before)
  })

  await diary.step(
    'prune --orphans removes it when the store dates it two hours back, and no other archive.',
    async () => {
      const proxy = await startFaultyProxy(life.store.endpoint)
      try {
        proxy.alter((answer) => aged(answer, 'orphan-1.0.0.tgz', 2 * HOUR))
        const env = { AWS_ENDPOINT: proxy.endpoint.replace('http://', '') }
        const would = await repository.ok('prune REPO --orphans --allow-many-orphans --dry-run -o json', env)
        assert.deepEqual(
          (JSON.parse(would) as Removed).orphans.map(({ key }) => key),
          ['removals/orphan-1.0.0.tgz'],
        )
        await repository.ok('prune REPO --orphans --allow-many-orphans', env)
      } finally {
        await proxy.close()
      }
      await repository.areGone(orphan)
      await repository.stand(...ledger.standing)
    },
  )
}

/**
 * Begins a restoration that has to wait until a push under way would have ended. @returns what is to be lived through
 * later
 */
export async function restoresLater({ charts, diary, open }: Life): Promise<(life: Life) => Promise<void>> {
  const repository = await open('restored')
  const chart = await charts.make('app', '1.0.0')
  await repository.push([chart])
  await repository.ok('delete app REPO --version 1.0.0')
  await repository.areGone(chart)
  await repository.put('app-1.0.0.tgz', await charts.bytes(chart))
  const line = 'restore app REPO --version 1.0.0'
  const restored = repository.run(line, { HELM_S3_TIMEOUT: '5m' })
  return () =>
    diary
      .step(
        'restore brings back a version whose archive is in the bucket, once no push of it can be under way.',
        async () => {
          const { status, stderr, stdout } = await restored
          assert.deepEqual([status, stdout.split('\n')[0]], [0, 'Restored 1 version:'], stderr)
          repository.ledger.acknowledge(chart)
          await repository.stand(chart)
          return stderr === '' ? undefined : stderr
        },
      )
      .then(() => undefined)
}

interface Removed {
  readonly removed: readonly { readonly version: string }[]
  readonly orphans: readonly { readonly key: string }[]
}

/** In a bucket of its own. */
async function restoresOlderVersion(life: Life): Promise<Difference | undefined> {
  const at = await openPlace(life.store)
  try {
    const chart = await new Charts(at).make('app', '1.0.0')
    try {
      await keepVersions(life.store, at.bucket)
    } catch (error) {
      return new Difference(`the store keeps no versions: ${error instanceof Error ? error.name : String(error)}`)
    }
    const repository = new Repository(at, 'versioned', (text) => life.diary.remark(text))
    await repository.ok('init REPO')
    await repository.push([chart])
    await repository.ok('delete app REPO --version 1.0.0')
    await repository.areGone(chart)
    if ((await at.store.listVersions(repository.key('app-1.0.0.tgz'))).length === 0) {
      await repository.refuses('restore app REPO --version 1.0.0', { status: 1, fine: 4, stderr: /keeps no older ver/ })
      return new Difference('the store takes the setting, and keeps no versions; restore says so')
    }
    await repository.ok('restore app REPO --version 1.0.0')
    await repository.stand(chart)
    return undefined
  } finally {
    await at.close()
  }
}
