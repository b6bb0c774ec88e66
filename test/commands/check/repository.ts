import { asKey } from '../../../lib/core/keys.ts'
import type { TestProgram } from '../../support/program.ts'

export const URI = 's3://acme/charts'

/** What the tests of `check` do to a repository: through the program, and directly in the bucket. */
export interface TestedRepository {
  /** Puts an object below the prefix, over whatever is there. */
  readonly put: (name: string, body: string | Uint8Array) => Promise<unknown>
  readonly remove: (name: string) => Promise<unknown>
  readonly push: (name: string, version: string, ...flags: readonly string[]) => Promise<string>
}

export function testedRepository(program: TestProgram): TestedRepository {
  return {
    put: (name, body) => program.bucket.put(asKey(`charts/${name}`), Buffer.from(body), { when: 'always' }),
    remove: (name) => program.bucket.delete(asKey(`charts/${name}`)),
    push: async (name, version, ...flags) =>
      program.ok('push', await program.chart(name, version), URI, '--relative', ...flags),
  }
}
