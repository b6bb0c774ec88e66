import assert from 'node:assert/strict'
import { type IndexText, readIndexText } from '../../../../lib/core/index/index-text.ts'
import { layOut } from '../../../../lib/core/index/lay-out.ts'
import { PAGE_SIZES } from '../../../../lib/core/index/page-sizes.ts'
import { sha256Of } from '../../../../lib/sys/sha256.ts'
import { assertProved, filledIndex, storedText } from '../../../support/paged-index.ts'
import { entriesOf } from '../audit.ts'
import { Difference } from '../diary.ts'
import type { Life } from '../life.ts'
import type { Repository } from '../repository.ts'

const MIB = 1024 * 1024
const PAGED = MIB
const COMPOSED = 17 * MIB

interface Status {
  readonly versions: number
  readonly index: { readonly pages: number; readonly parts: number | null }
}

/** An index that is read by pages, and one that the store composes of parts. */
export async function livesWithLargeIndexes(life: Life): Promise<void> {
  await readsPages(life, await fill(await life.open('paged'), PAGED))
  await composes(life, await fill(await life.open('composed'), COMPOSED))
}

/** Puts an index of so many bytes by hand, as another client would write it, with entries that have no archives. */
async function fill(repository: Repository, bytes: number): Promise<Repository> {
  const index = filledIndex(bytes)
  await repository.put('index.yaml', index.toBytes())
  repository.ledger.noteUnbacked(...entriesOf(index))
  return repository
}

async function readsPages({ at, charts, diary }: Life, repository: Repository): Promise<void> {
  const chart = await charts.make('anchor', '1.0.0')

  await diary.step('The first push into an index of 1 MiB by another client divides it into pages.', async () => {
    await repository.push([chart])
    await repository.stand(chart)
    await repository.holdsItsLedger()
    const paging = assertProved(await textOf(repository))
    const { index, versions } = await repository.json<Status>('status REPO')
    assert.deepEqual(
      [index.pages, versions],
      [paging.spans.length, repository.ledger.unbacked.length + repository.ledger.standing.length],
    )
    assert.ok(index.pages > 1)
    return `${String(index.pages)} pages`
  })

  const isPaged = /read bytes \d+ to \d+ of paged\/index\.yaml: \d+ of its \d+ pages/
  await diary.step('list NAME and fetch read only the pages that they need, and are right.', async () => {
    const said = [
      await repository.verbosely('list REPO anchor'),
      await repository.verbosely(`fetch anchor REPO --destination ${at.path('fetched-anchor')}`),
    ]
    const { versions } = await repository.json<{ readonly versions: readonly { readonly digest: string }[] }>(
      'list REPO anchor --all-versions',
    )
    assert.deepEqual(
      versions.map(({ digest }) => digest),
      [chart.digest],
    )
    const [other] = repository.ledger.unbacked
    assert.ok(other !== undefined)
    const whole = (await repository.snapshot()).merged?.versions(other.name).map(({ version }) => version)
    const listed = await repository.json<{ readonly versions: readonly { readonly version: string }[] }>(
      `list REPO ${other.name} --all-versions`,
    )
    assert.deepEqual(
      listed.versions.map(({ version }) => version),
      whole,
    )
    return said.every((text) => isPaged.test(text)) ? undefined : new Difference('the whole index was read')
  })

  await diary.step('A push and a deletion change only their own pages.', async () => {
    const before = assertProved(await textOf(repository)).table.pages
    const next = await charts.make('anchor', '1.1.0')
    await repository.push([next])
    await repository.ok('delete anchor REPO --version 1.0.0')
    repository.ledger.remove(chart)
    await repository.areGone(chart)
    await repository.stand(next)
    await repository.holdsItsLedger()
    assert.deepEqual(assertProved(await textOf(repository)).table.pages.slice(1), before.slice(1))
  })
}

async function composes({ charts, diary }: Life, repository: Repository): Promise<void> {
  await diary.step('A push into an index of 17 MiB by another client loses none of its entries.', async () => {
    const first = await charts.make('anchor', '1.0.0')
    await repository.push([first])
    await repository.stand(first)
    await repository.holdsItsLedger()
    assertProved(await textOf(repository))
  })

  await diary.step(
    'The next push lets the store compose the index of parts; the text is that of a whole write.',
    async () => {
      const before = readIndexText(await textOf(repository))
      const next = await charts.make('anchor', '1.1.0')
      const said = await repository.verbosely(`push ${next.path} REPO`)
      repository.ledger.acknowledge(next)
      await repository.stand(next)
      await repository.holdsItsLedger()
      const text = await textOf(repository)
      assertProved(text)
      const after = readIndexText(text)
      assert.ok(text.equals(wholeWrite(before, after)), 'the text is not that of a whole write')
      assert.deepEqual((await repository.snapshot()).uploads, [], 'an upload is open')
      return judgeParts(said, (await repository.json<Status>('status REPO')).index.parts, after)
    },
  )
}

/** The bytes that a PUT of the whole index would have sent, given the index before, and what was written. */
function wholeWrite(before: IndexText, after: IndexText): Buffer {
  const { bookkeeping, generated } = after
  const folded = before.withItems(new Map([['anchor', after.items('anchor')]]))
  return storedText(layOut(folded.withHeader({ bookkeeping, generated }), PAGE_SIZES, sha256Of))
}

function judgeParts(said: string, parts: number | null, { bookkeeping }: IndexText): string | Difference {
  const composed = /composed composed\/index\.yaml of (\d+) parts: written/.exec(said)?.[1]
  const findings = [...(bookkeeping.composes?.values() ?? [])].map(({ works }) => works)
  if (composed === undefined) {
    assert.equal(parts, null)
    return new Difference(
      `written as a whole; ${findings[0] === false ? 'the store was found not to compose exactly' : said.slice(0, 300)}`,
    )
  }
  assert.deepEqual(findings, [true])
  if (parts === Number(composed)) return `${composed} parts`
  return new Difference(`composed of ${composed} parts; status says ${String(parts)}, for the ETag does not tell`)
}

async function textOf(repository: Repository): Promise<Buffer> {
  return (await repository.body('index.yaml')) ?? assert.fail('there is no index.yaml')
}
