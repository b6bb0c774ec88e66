import { type Entry, type Removal, removalMatches } from '../../core/log/entry.ts'
import { type IndexText, readIndexText } from '../../core/index/index-text.ts'
import { hasCode } from '../../errors.ts'
import type { ObjectVersion } from '../../store/object-store.ts'
import { unlessDenied } from '../read/ask-again.ts'
import { listVersions } from '../read/object-versions.ts'
import type { View } from '../read/read-view.ts'
import type { Session } from '../session/session.ts'

/**
 * At most this many versions of `index.yaml` are read for one removal. The last one written before the removal has the
 * entry, unless the entry was pending then.
 */
const MOST_INDEXES = 3

/** A removal together with the time at which it landed: store clock, milliseconds since 1970. */
export type DatedRemoval = Removal & { readonly at: number }

/**
 * The entries that removals have taken out of the index, as far as they can still be seen: in the base while a removal
 * is pending, and in the older versions of `index.yaml` in a bucket that keeps them. Each is read once.
 */
export class FormerEntries {
  readonly #session: Session
  readonly #view: View
  readonly #indexes = new Map<ObjectVersion['version'], Promise<IndexText | undefined>>()
  #versions: Promise<readonly ObjectVersion[]> | undefined

  constructor(session: Session, view: View) {
    this.#session = session
    this.#view = view
  }

  /**
   * The entry that a removal took out of the index. Undefined when nothing that may be read shows it.
   *
   * Cost: nothing while the removal is pending; else a LIST of the versions of `index.yaml`, and up to three GETs of
   * them.
   */
  async find(removal: DatedRemoval): Promise<Entry | undefined> {
    const inBase = removedFrom(this.#view.base.index, removal)
    if (inBase !== undefined) return inBase
    this.#versions ??= this.#list()
    // Dates are in whole seconds.
    const before = (await this.#versions).filter(({ lastModified }) => lastModified <= removal.at + 1000)
    for (const version of before.slice(0, MOST_INDEXES)) {
      const index = await this.#read(version)
      const entry = index && removedFrom(index, removal)
      if (entry !== undefined) return entry
    }
    return undefined
  }

  async #list(): Promise<readonly ObjectVersion[]> {
    return (await unlessDenied(this.#session, () => listVersions(this.#session, this.#session.location.indexKey))) ?? []
  }

  #read({ version }: ObjectVersion): Promise<IndexText | undefined> {
    const { location, store } = this.#session
    const get = async (): Promise<IndexText | undefined> => {
      const object = await unlessDenied(this.#session, () => store.get(location.indexKey, { version }))
      return object && readIndexText(object.body)
    }
    const known = this.#indexes.get(version) ?? get().catch(unlessInvalid)
    this.#indexes.set(version, known)
    return known
  }
}

function removedFrom(index: IndexText, removal: Removal): Entry | undefined {
  try {
    const items = index.items(removal.name).filter(({ version }) => version === removal.version)
    return items.map(({ entry }) => entry).find((entry) => removalMatches(removal, entry))
  } catch (error) {
    return unlessInvalid(error)
  }
}

/** An index that Helm refuses counts as showing nothing. */
function unlessInvalid(error: unknown): undefined {
  if (!hasCode(error, 'invalid-index')) throw error
}
