import { BEHAVIOURS, type Behaviour, type ProbeRecord, type Race, type Words } from './probe/behaviours.ts'
import type { StoreResult } from './results.ts'

export const QUIET: Race = { rounds: 30, bad: 0, most: 1, without: 0, never: 0, otherBody: 0, errors: 0 }

/** What a store does that has all that is needed. */
const EXACT: Partial<Words> = {
  'create-new': '200',
  'create-existing': '412 PreconditionFailed',
  'create-race': 'one winner',
  'swap-stale': '412 PreconditionFailed',
  'swap-missing': '404 NoSuchKey',
  'swap-current': '200',
  'swap-unquoted': '200',
  'swap-race': 'one winner',
  'remove-stale': '412 PreconditionFailed, kept',
  'remove-current': '204, gone',
  'remove-unquoted': '204, gone',
  'remove-race': 'one winner',
  'list-tokens': 'complete and in order',
  'list-start-after': 'complete and in order',
  'list-start-after-missing': 'complete and in order',
  'list-order': 'by bytes',
  shows: 'at once',
  'bodies-race': 'one of them',
}

/** The record of an exact store, with other words here and there. */
export function recordWith(words: Partial<Words> = {}, races: Partial<ProbeRecord['races']> = {}): ProbeRecord {
  const all = Object.fromEntries(Object.keys(BEHAVIOURS).map((name) => [name, EXACT[name as Behaviour] ?? 'as ever']))
  return {
    words: { ...(all as Words), ...words },
    races: { create: QUIET, swap: QUIET, remove: QUIET, ...races },
  }
}

export function resultWith(changes: Partial<StoreResult> = {}): StoreResult {
  return {
    title: 'Store',
    version: '1.0',
    date: '2026-01-01',
    level: 'exact',
    why: [],
    probe: recordWith(),
    contract: { passes: 90, fails: [] },
    product: { level: 'exact', findings: [] },
    ...changes,
  }
}
