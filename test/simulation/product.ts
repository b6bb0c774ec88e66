import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The parts of the program that the simulation runs. */
export interface Product {
  readonly session: typeof import('../../lib/protocol/session.ts')
  readonly push: typeof import('../../lib/protocol/push.ts')
  readonly deletion: typeof import('../../lib/protocol/delete.ts')
  readonly prune: typeof import('../../lib/protocol/prune.ts')
  readonly init: typeof import('../../lib/protocol/init.ts')
  readonly compact: typeof import('../../lib/protocol/compact.ts')
  readonly inline: typeof import('../../lib/protocol/compact-inline.ts')
  readonly view: typeof import('../../lib/protocol/read-view.ts')
  readonly reindex: typeof import('../../lib/protocol/reindex.ts')
}

/** Loads the program from a `lib` folder: the real one, or a copy of it with one rule broken. */
export async function loadProduct(lib: string): Promise<Product> {
  const load = async <T>(file: string): Promise<T> => (await import(pathToFileURL(join(lib, 'protocol', file)).href)) as T
  return {
    session: await load('session.ts'),
    push: await load('push.ts'),
    deletion: await load('delete.ts'),
    prune: await load('prune.ts'),
    init: await load('init.ts'),
    compact: await load('compact.ts'),
    inline: await load('compact-inline.ts'),
    view: await load('read-view.ts'),
    reindex: await load('reindex.ts'),
  }
}
