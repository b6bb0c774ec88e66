import type { Edit } from './edits.ts'
import type { MixName } from './mixes.ts'
import type { StoreKind } from './world.ts'

/** The program with one rule of the protocol broken, and a seed at which the simulation finds that. */
export interface Mutant extends Edit {
  readonly rule: string
  /** What else is changed: where two guards hold one rule. */
  readonly also?: readonly Edit[]
  readonly store?: StoreKind
  readonly mix?: MixName
  /** See `ScheduleOptions`. */
  readonly pages?: boolean
  /** The first seed that is tried; default 1. The schedules that show a rare one are far from there. */
  readonly first?: number
}

export const MUTANTS: readonly Mutant[] = [
  {
    rule: 'the base is read after the LIST, and within a minute of it',
    file: 'protocol/read/read-view.ts',
    find: '  if (elapsed > VIEW_DEADLINE) return',
    replace: '  ;({ listing, startedAt } = await listForView(session))\n  if (elapsed > 100 * VIEW_DEADLINE) return',
    mix: 'readers',
  },
  {
    rule: 'superseded operations are skipped',
    file: 'core/fold.ts',
    find: 'return (above !== undefined && above > id) ||',
    replace: 'return (above !== undefined && above < id && above > id) ||',
    mix: 'forced',
  },
  {
    rule: 'a push settles when others may have touched its version meanwhile',
    file: 'protocol/push/push.ts',
    find: "if (!mayHaveMissed && placement.kind === 'created' && !committed.overtaken.has(versionKey(upload))) continue",
    replace: 'if (mayHaveMissed || !mayHaveMissed) continue',
    mix: 'storm',
  },
  {
    rule: 'a deletion reads the view again before it removes the archive',
    file: 'protocol/remove/finish-removals.ts',
    find: 'removeArchive(session, target, fateOf(target, view, others, isMeant), { ...removing, isUnderWay })',
    replace:
      "removeArchive(session, target, others.size < 0 ? fateOf(target, view, others, isMeant) : 'gone', { " +
      '...removing, isUnderWay })',
    store: 'no-conditional-delete',
    mix: 'storm',
  },
  {
    rule: 'a folded id is forgotten only long after it was first missing from a listing',
    file: 'core/plan-compaction.ts',
    find: 'if (state.gone !== undefined && date - state.gone > retention) forget.push(id)',
    replace: 'if (!isListed.has(id)) forget.push(id)',
    mix: 'init',
  },
  {
    rule: 'a conditional DELETE is never sent again',
    file: 'protocol/write/delete-archive.ts',
    find: "  if (deletion.outcome === 'unknown') return",
    replace:
      "  for (let i = 0; i < 3; i++) if ((await store.delete(key, { match: etag })).outcome === 'deleted') break\n  " +
      "if (deletion.outcome === 'unknown') return",
    mix: 'storm',
  },
  {
    rule: 'the random bits of an id are fresh',
    file: 'protocol/write/mint.ts',
    find: 'session.random.bytes(RANDOM_BYTES)',
    replace: 'new Uint8Array(RANDOM_BYTES)',
    mix: 'sleepers',
  },
  {
    rule: "the client's clock is corrected by that of the store",
    file: 'store/store-clock.ts',
    find: 'offset = date - clock.now()',
    replace: 'offset = 0',
    mix: 'sleepers',
  },
  {
    rule: 'a compaction does not collect the deltas that it has folded itself',
    file: 'core/plan-compaction.ts',
    find: '.filter((id) => isOld(id) && (unknownFrom === undefined || id < unknownFrom))',
    replace: '.filter((id) => isOld(id) || unknownFrom === undefined)',
    store: 'no-conditions',
    mix: 'storm',
  },
  {
    rule: 'a listing covers all pages',
    file: 'store/object-store.ts',
    find: 'for (let token = first.next; token !== undefined; ) {',
    replace: 'for (let token = first.next; token === first; ) {',
    mix: 'late',
  },
  {
    rule: 'index.yaml is written by compare-and-swap',
    file: 'protocol/base/compact.ts',
    find: 'await writeIndex(session, text, { match: view.base.etag },',
    replace: "await writeIndex(session, text, 'always' as never,",
    mix: 'init',
  },
  {
    rule: 'an archive is put only where there is none',
    file: 'protocol/push/place-archive.ts',
    find: "{ when: 'absent', contentType }",
    replace: "{ when: 'always', contentType }",
    mix: 'tight',
  },
  {
    rule: 'a push that takes over an archive adds its entry only where there is none',
    file: 'protocol/push/commit-push.ts',
    find: "ifAbsent: placement.kind === 'kept' || placement.kind === 'adopted' }",
    replace: "ifAbsent: placement.kind === 'kept' }",
    mix: 'dead',
    pages: false,
    first: 7001,
  },
  {
    rule: 'a removal acts on its own entry only',
    file: 'core/log/entry.ts',
    find: 'if (entry.digest !== undefined && removal.digest !== entry.digest) return false',
    replace: "if (removal.created !== '') return true",
    mix: 'storm',
  },
  {
    rule: 'a reindex checks its changes again before it commits',
    file: 'protocol/reindex/commit-reindex.ts',
    find: 'return changes.filter((change) => stillHolds(change, view.index, archives) && !isRemoved(change))',
    replace: 'return changes.filter((change) => archives !== undefined || isRemoved(change))',
    mix: 'mending',
  },
  {
    rule: 'a delta is neither sent nor accepted more than 60 s after the mint of its id, or its push settles',
    file: 'protocol/write/mint.ts',
    find: 'const isFresh = startLimit(session, ID_LIFETIME)',
    replace: 'const isFresh = startLimit(session, ID_LIFETIME * 60)',
    also: [
      { file: 'protocol/write/mint.ts', find: 'until: date + ID_LIFETIME', replace: 'until: date + 60 * ID_LIFETIME' },
      {
        file: 'protocol/write/append-delta.ts',
        find: 'Math.abs(landedAt - date) < ID_LIFETIME',
        replace: 'Math.abs(landedAt - date) < 60 * ID_LIFETIME',
      },
      {
        file: 'protocol/push/commit-push.ts',
        find: 'Math.abs(look.date - minted.date) <= ID_LIFETIME',
        replace: 'Math.abs(look.date - minted.date) <= 60 * ID_LIFETIME',
      },
    ],
    mix: 'clocks',
  },
  {
    rule: 'the time of an id is that of the listing, not that of a local clock, which may stop or be set',
    file: 'protocol/write/mint.ts',
    find: 'const time = Math.max(date, ...raised)',
    replace: 'const time = Math.max(Math.floor(session.clock.now()), ...raised)',
    mix: 'clocks',
  },
  {
    rule: 'the store is asked to refuse a late DELETE of an archive',
    file: 'protocol/write/delete-archive.ts',
    find: 'until: landedAt + REMOVAL_SETTLES, ',
    replace: '',
    mix: 'clocks',
  },
  {
    rule: 'a base that was read some time ago is compared with the store again before it is replaced',
    file: 'protocol/base/compact.ts',
    find: 'return isYoung() ||',
    replace: 'return isYoung() || !isYoung() ||',
    store: 'no-conditions',
    mix: 'sleepers',
  },
  {
    rule: 'init --force empties the index only once',
    file: 'protocol/base/init.ts',
    find: 'return now.emptiedBy !== first.emptiedBy &&',
    replace: "return now.emptiedBy === 'nobody' &&",
    mix: 'init',
    first: 4001,
  },
  {
    rule: 'the base of a rebuild contains the charts of the archives',
    file: 'protocol/base/rebuild-index.ts',
    find: 'generated: index.generated }), [last])',
    replace: 'generated: index.generated }), [last].slice(1))',
    mix: 'rebuild',
  },
  {
    rule: 'the base of a rebuild contains the entries of the deltas',
    file: 'protocol/base/rebuild-index.ts',
    find: 'fold(index.withHeader({ bookkeeping: NO_BOOKKEEPING, generated: index.generated }), [last])',
    replace: "fold(emptyIndexText('json'), [last, ...deltas].slice(0, 1))",
    mix: 'rebuild',
  },
  {
    rule: 'a rebuild adds no version whose removal is in the log',
    file: 'protocol/base/rebuild-index.ts',
    find: '!removed.has(versionKey(change)) && isWanted(change)',
    replace: 'isWanted(change)',
    mix: 'damage',
    pages: false,
    first: 5001,
  },
  {
    rule: 'a page is believed only when its bytes have the digest that the table says',
    file: 'core/index/paging.ts',
    find: 'bytes.length !== row.length || digestOf([bytes], hash) !== row.digest',
    replace: 'bytes.length !== row.length',
    pages: true,
  },
  {
    rule: 'pages that are sent again are believed only when their bytes have the digests that the table says',
    file: 'protocol/write/compose-index.ts',
    find: 'return digest === undefined || digestOf([part], sha256Of) === digest',
    replace: "return digest !== '' || part.length > 0",
    pages: true,
  },
  {
    rule: 'a page table counts only in a text that a client wrote which knows it',
    file: 'protocol/read/read-pages.ts',
    find: 'return end.header.annotations.bookkeeping.writeId === tail.metadata[WRITE_METADATA] ? end.paging : undefined',
    replace: 'return tail.metadata[WRITE_METADATA] === null ? undefined : end.paging',
    pages: true,
  },
  {
    rule: 'index.yaml is composed by compare-and-swap',
    file: 'protocol/write/compose-index.ts',
    find: 'await uploads.complete(upload, made, { when: { match } })',
    replace: "await uploads.complete(upload, made, { when: 'always' })",
    pages: true,
  },
  {
    rule: 'index.yaml is composed of the text that the new one was made of',
    file: 'protocol/write/write-index.ts',
    find: 'composeIndex(session, parts, when.match, optionsFor(text))',
    replace:
      'composeIndex(session, parts, (await session.store.head(location.indexKey))?.etag ?? when.match, optionsFor(text))',
    also: [
      {
        file: 'protocol/write/write-index.ts',
        find: "const send = (): Promise<PutOutcome | { readonly outcome: 'whole' }> =>",
        replace: "const send = async (): Promise<PutOutcome | { readonly outcome: 'whole' }> =>",
      },
    ],
    pages: true,
  },
]
