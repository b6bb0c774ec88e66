import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import type { BenchStore } from './stores.ts'
import { ROOT } from './programs.ts'
import type { RawWork } from './raw.ts'
import type { Sample } from './result.ts'

/** Sends the requests of a command and nothing else, and says how long they took. */
export type RawRequests = (
  work: RawWork,
  store: Pick<BenchStore, 'accessKeyId' | 'endpoint' | 'secretAccessKey'>,
) => Promise<Sample>

/** Bundles `raw.ts`, so that its process is as light as that of the program. */
export async function buildRawRequests(folder: string): Promise<RawRequests> {
  const file = join(folder, 'raw.cjs')
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['bench/raw.ts'],
    outfile: file,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
  })
  return async (work, { accessKeyId, endpoint, secretAccessKey }) => {
    const env = { PATH: process.env.PATH, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
    const args = [file, JSON.stringify({ ...work, endpoint })]
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 1 << 20 })
    return JSON.parse(stdout) as Sample
  }
}
