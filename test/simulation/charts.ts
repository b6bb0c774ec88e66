import { createHash } from 'node:crypto'
import { parseRepositoryUrl } from '../../lib/core/keys.ts'
import type { ChartUpload } from '../../lib/protocol/archives/chart-upload.ts'
import { tgz } from '../support/archives.ts'

export const LOCATION = parseRepositoryUrl('s3://bucket/charts')
export const CHART = 'app'

const uploads = new Map<string, ChartUpload>()

/** A chart archive that differs from others of its version by one letter. */
export function makeUpload(version: string, content: string, name = CHART): ChartUpload {
  const source = `${name === CHART ? '' : `${name} `}${version}=${content}`
  const known = uploads.get(source)
  if (known !== undefined) return known
  const bytes = tgz({
    name: `${name}/Chart.yaml`,
    content: `apiVersion: v2\nname: ${name}\nversion: ${version}\n# ${content}\n`,
  })
  const metadata = { name, version, apiVersion: 'v2' }
  const upload = { name, version, digest: digestOf(bytes), bytes, provenance: undefined, metadata, source }
  uploads.set(source, upload)
  return upload
}

/** SHA-256 in lower-case hex. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
