import type { Key } from '../../core/keys.ts'
import type { ETag, ETagForm, NotDone, ObjectHead, PutOptions } from '../object-store.ts'

/** The methods that this program sends on condition of an ETag. `POST`: the completion of an upload. */
type Conditional = 'PUT' | 'DELETE' | 'POST'

/** The store refuses the very ETag that it shows, or any condition. */
export interface RefusesCurrent {
  readonly outcome: 'refuses-current'
}

/** What the conditions need of the store. */
interface ConditionedStore {
  readonly head: (key: Key) => Promise<Pick<ObjectHead, 'etag'> | undefined>
  /** Called with what was found out, one line each. */
  readonly detail: (line: string) => void
}

/** How one store takes ETags in conditions, as far as this process has found out. */
export class ETagConditions {
  readonly #store: ConditionedStore
  /** Methods for which a request on condition of an ETag has been carried out. */
  readonly #taken = new Set<Conditional>()
  /** The store recognises its own ETags in conditions only without their quotes. */
  #isBare = false
  /** The store refuses a DELETE because it has a condition at all. */
  #refusesDelete = false

  constructor(store: ConditionedStore) {
    this.#store = store
  }

  /** How ETags are sent in conditions. */
  get form(): ETagForm {
    return this.#isBare ? 'bare' : 'quoted'
  }

  /** The headers for a condition. `isBare`: the ETag goes without its quotes; left out: as this store takes them. */
  headers(when: PutOptions['when'], isBare = this.#isBare): Readonly<Record<string, string | undefined>> {
    return {
      'if-none-match': when === 'absent' ? '*' : undefined,
      'if-match': typeof when === 'object' ? (isBare ? when.match.replace(/^"(.*)"$/, '$1') : when.match) : undefined,
    }
  }

  /**
   * Sends a request on condition of an ETag. Some releases of Ceph refuse the current ETag in quotes, and accept it
   * without. So when the store refuses an ETag and still shows the same one, the request is sent once more in the other
   * form; a refused request was not carried out. `refuses-current`: the store refuses both forms. Cost: a HEAD for a
   * request that was refused, until a request with the same method has been carried out.
   */
  async send<T extends { readonly outcome: string }>(
    method: Conditional,
    key: Key,
    match: ETag,
    request: (isBare: boolean) => Promise<T | NotDone>,
  ): Promise<T | NotDone | RefusesCurrent> {
    const isBare = this.#isBare
    const first = await request(isBare)
    if (!(await this.#isRefusedInError(method, key, match, first))) return first
    const again = await request(!isBare)
    if (await this.#isRefusedInError(method, key, match, again)) return { outcome: 'refuses-current' }
    if (isDone(again)) {
      if (!isBare) this.#store.detail('helm-s3: the store accepts ETags in conditions only without their quotes')
      this.#isBare = !isBare
    }
    return again
  }

  /** Whether this store was found to refuse a DELETE because it has a condition at all. */
  get refusesDelete(): boolean {
    return this.#refusesDelete
  }

  /** From now on no condition is sent with a DELETE, unless the caller demands one (`DeleteOptions.strict`). */
  giveUpDelete(): void {
    this.#store.detail('helm-s3: the store accepts no condition with a DELETE, so the object is looked at before')
    this.#refusesDelete = true
  }

  /**
   * Whether the store still shows the ETag that it has refused (412). A store that was busy with another request (409)
   * has not compared the ETag.
   */
  async #isRefusedInError(
    method: Conditional,
    key: Key,
    match: ETag,
    sent: { readonly outcome: string } | NotDone,
  ): Promise<boolean> {
    if (isDone(sent)) this.#taken.add(method)
    if (sent.outcome !== 'refused' || ('isBusy' in sent && sent.isBusy) || this.#taken.has(method)) return false
    return (await this.#store.head(key))?.etag === match
  }
}

function isDone({ outcome }: { readonly outcome: string }): boolean {
  return outcome === 'written' || outcome === 'deleted'
}
