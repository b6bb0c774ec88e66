import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { partsFolder } from '../../e2e/support/servers.ts'
import { step } from './parts.ts'

/** Those that the end-to-end suite runs on are installed by its own script. */
export async function installEndToEndParts(): Promise<void> {
  const folder = join(partsFolder(), 'stores')
  mkdirSync(folder, { recursive: true })
  await step(folder, fileURLToPath(new URL('../../../scripts/e2e-parts.sh', import.meta.url)), [])
}
