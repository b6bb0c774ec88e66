import { type Entry, versionKey } from '../log/entry.ts'

/** Whether two entries of one version describe the same archive in the same way. */
export function isSame(a: Entry, b: Entry): boolean {
  return a.digest === b.digest && a.created === b.created && a.urls?.[0] === b.urls?.[0]
}

/** Whether entries that name one archive agree on its version and on its digest. */
export function agree([first, ...others]: readonly Entry[]): boolean {
  return others.every(
    (entry) => first !== undefined && entry.digest === first.digest && versionKey(entry) === versionKey(first),
  )
}
