import type { Workplace } from '../../e2e/support/workplace.ts'
import { Charts } from './charts.ts'
import { tellsTheEnd } from './chapters/end.ts'
import { livesWithHelm } from './chapters/helm.ts'
import { livesWithLargeIndexes } from './chapters/large-indexes.ts'
import { livesWithManyObjects } from './chapters/many-objects.ts'
import { livesThroughOutages } from './chapters/outages.ts'
import { copies } from './chapters/copies.ts'
import { pushes } from './chapters/pushes.ts'
import { removes, restoresLater } from './chapters/removals.ts'
import { repairs } from './chapters/repairs.ts'
import { begins } from './chapters/beginning.ts'
import { tidiesLater } from './chapters/tidying.ts'
import { Diary, type LifeReport, type LifeStep } from './diary.ts'
import { openPlace } from './place.ts'
import { Repository } from './repository.ts'
import type { StoreLevel, StoreUnderTest } from './store-under-test.ts'

export interface LifeOptions {
  /** What the store is known to guarantee. Absent: what `check --probe` finds out. */
  readonly level?: StoreLevel
  /** What `check --probe` may say of it, as of a store whose races are lost seldom. Default: that level. */
  readonly mayBe?: ReadonlySet<StoreLevel>
  /** Of each race of `check --probe`. Default: its own. */
  readonly rounds?: number
  /** Is told of each step at its end. */
  readonly says?: (step: LifeStep) => void
  /** Only these chapters, besides the beginning and the end. Absent: all. */
  readonly chapters?: readonly string[]
}

/** What the chapters of a life share. */
export interface Life {
  readonly at: Workplace
  readonly store: StoreUnderTest
  readonly diary: Diary
  readonly charts: Charts
  /** What the expectations go by. */
  readonly known: { level: StoreLevel }
  /** All repositories that were opened. */
  readonly repositories: Repository[]
  /** A repository below a prefix of its own, with an empty index. */
  readonly open: (name: string) => Promise<Repository>
}

type Chapter = (life: Life) => Promise<void>

/** What the program says of a store that does not know conditions of PUT: docs/STORES.md, `unsafe`. */
const REFUSED = /does not implement what this request needs/

/** In the order in which they are lived through; what waits for time to pass comes late. */
export const CHAPTERS: Readonly<Record<string, Chapter>> = {
  pushes,
  helm: livesWithHelm,
  removals: removes,
  copies,
  repairs,
  many: livesWithManyObjects,
  large: livesWithLargeIndexes,
}

/**
 * Lives the whole life of repositories on a store, with real processes of `bin/helm-s3` (as `npm run build` has built
 * it) and of Helm 3 and 4, and reads the bucket back after each step. A step that fails stops nothing; nothing is
 * thrown. It makes two buckets, and leaves them. It takes some three minutes.
 */
export async function liveThrough(store: StoreUnderTest, options: LifeOptions = {}): Promise<LifeReport> {
  const known: { level: StoreLevel } = { level: options.level ?? 'exact' }
  const diary = new Diary(options.says, (failure) => known.level === 'unsafe' && REFUSED.test(failure))
  const at = await makePlace(diary, store)
  if (at !== undefined) {
    try {
      await liveAt(at, store, diary, known, options)
    } finally {
      await at.close()
    }
  }
  return diary.report(store.name)
}

async function makePlace(diary: Diary, store: StoreUnderTest): Promise<Workplace | undefined> {
  let at: Workplace | undefined
  await diary.step('A bucket is made.', async () => {
    at = await openPlace(store)
  })
  return at
}

async function liveAt(
  at: Workplace,
  store: StoreUnderTest,
  diary: Diary,
  known: Life['known'],
  options: LifeOptions,
): Promise<void> {
  const repositories: Repository[] = []
  const open = async (name: string): Promise<Repository> => {
    const repository = new Repository(at, name, (text) => diary.remark(text))
    repositories.push(repository)
    await repository.ok('init REPO')
    return repository
  }
  const life: Life = { at, store, diary, charts: new Charts(at), known, repositories, open }
  await chapter(life, 'the beginning', (it) => begins(it, options))
  const later: (readonly [string, Chapter])[] = []
  for (const [title, begin] of Object.entries({ tidying: tidiesLater, restoring: restoresLater })) {
    await chapter(life, title, async (it) => void later.push([title, await begin(it)]))
  }
  for (const [title, live] of Object.entries(CHAPTERS)) {
    if (options.chapters?.includes(title) !== false) await chapter(life, title, live)
  }
  for (const [title, end] of later) await chapter(life, title, end)
  await chapter(life, 'the end', tellsTheEnd)
  await chapter(life, 'outages', livesThroughOutages)
}

/** What fails outside of its steps is a step that failed. */
async function chapter(life: Life, title: string, live: Chapter): Promise<void> {
  try {
    await live(life)
  } catch (error) {
    await life.diary.step(`The chapter of ${title} can be lived through to its end.`, async () => {
      throw error
    })
  }
}
