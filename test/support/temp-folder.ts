import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A fresh folder for each test of the enclosing `describe`; the returned function gives a path in it. */
export function useTempFolder(): (...parts: string[]) => string {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'helm-s3-test-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return (...parts) => join(folder, ...parts)
}
