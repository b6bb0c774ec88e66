import { readFileSync } from 'node:fs'

/** Cases with what real Helm answers, of a file in fixtures/helm-vectors. */
export function helmVectors<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../../fixtures/helm-vectors/${file}`, import.meta.url), 'utf8')) as T
}
