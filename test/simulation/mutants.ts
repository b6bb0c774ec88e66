import type { Edit } from './bundle.ts'
import type { MixName } from './mixes.ts'
import type { StoreKind } from './world.ts'

/** The program with one rule of the protocol broken, and where that shows. */
export interface Mutant extends Edit {
  readonly rule: string
  readonly store?: StoreKind
  readonly mix?: MixName
}

export const MUTANTS: readonly Mutant[] = [
  {
    rule: 'the base is read after the LIST, or within a minute of it',
    file: 'protocol/read-view.ts',
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
    rule: 'a push that others may have crossed settles',
    file: 'protocol/push.ts',
    find: "if (!mayHaveMissed && placement.kind === 'created' && !committed.overtaken.has(versionKey(upload))) continue",
    replace: 'if (mayHaveMissed || !mayHaveMissed) continue',
    mix: 'storm',
  },
  {
    rule: 'a delete looks a second time before it removes the archive',
    file: 'protocol/delete-targets.ts',
    find: 'removeArchive(session, target, fateOf(target, view, others), removing)',
    replace: "removeArchive(session, target, others.size < 0 ? fateOf(target, view, others) : 'gone', removing)",
    store: 'no-conditional-delete',
    mix: 'storm',
  },
  {
    rule: 'an id is forgotten only long after it was missed in a listing',
    file: 'core/plan-compaction.ts',
    find: 'if (state.gone !== undefined && date - state.gone > retention) forget.push(id)',
    replace: 'if (!isListed.has(id)) forget.push(id)',
    mix: 'init',
  },
  {
    rule: 'a conditional DELETE is never sent again',
    file: 'protocol/delete-archive.ts',
    find: "  if (deletion.outcome === 'unknown') return",
    replace:
      "  for (let i = 0; i < 3; i++) if ((await store.delete(key, { match: etag })).outcome === 'deleted') break\n  if (deletion.outcome === 'unknown') return",
    mix: 'storm',
  },
  {
    rule: 'a delta is not sent more than 60 s after its mint',
    file: 'protocol/mint.ts',
    find: 'const isFresh = startLimit(session, ID_LIFETIME)',
    replace: 'const isFresh = startLimit(session, ID_LIFETIME * 60)',
    mix: 'sleepers',
  },
  {
    rule: 'the random bits of an id are fresh',
    file: 'protocol/mint.ts',
    find: 'session.random.bytes(RANDOM_BYTES)',
    replace: 'new Uint8Array(RANDOM_BYTES)',
    mix: 'sleepers',
  },
  {
    rule: 'the local clock is corrected by the store',
    file: 'protocol/store-clock.ts',
    find: 'offset = answer.date + DATE_RESOLUTION - sentAt',
    replace: 'offset = 0',
    mix: 'sleepers',
  },
  {
    rule: "the store's clock is never estimated behind, however late an answer is read",
    file: 'protocol/store-clock.ts',
    find: 'offset = answer.date + DATE_RESOLUTION - sentAt',
    replace: 'offset = answer.date - clock.now()',
    mix: 'sleepers',
  },
  {
    rule: 'a pass does not collect what it has folded itself',
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
    file: 'protocol/compact.ts',
    find: 'await writeIndex(session, text, { match: view.base.etag })',
    replace: "await writeIndex(session, text, 'always' as never)",
    mix: 'init',
  },
  {
    rule: 'an archive is put only where there is none',
    file: 'protocol/place-archive.ts',
    find: "{ when: 'absent', contentType }",
    replace: "{ when: 'always', contentType }",
    mix: 'tight',
  },
  {
    rule: 'a forced push replaces only the archive that it has seen',
    file: 'protocol/replace-archive.ts',
    find: "head === undefined ? 'absent' : { match: head.etag }",
    replace: "'always' as const",
    mix: 'tight',
  },
  {
    rule: 'a removal acts on its own digest only',
    file: 'core/entry.ts',
    find: 'if (removal.digest !== entry.digest) return false',
    replace: 'if (removal.digest === "") return false',
    mix: 'storm',
  },
  {
    rule: 'a reindex looks a second time before it commits',
    file: 'protocol/commit-reindex.ts',
    find: 'return changes.filter((change) => stillHolds(change, view.index, archives) && !isRemoved(change))',
    replace: 'return changes.filter((change) => archives !== undefined || isRemoved(change))',
    mix: 'mending',
  },
]
