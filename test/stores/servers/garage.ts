import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Keys, end, freePort, launch, pause } from '../../e2e/support/servers.ts'
import { run } from '../../e2e/support/run.ts'
import { cargoInstall, installOnce, startInstalled, storeFolder } from './parts.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const VERSION = '2.5.0'
const REGION = 'garage'
const READY_ATTEMPTS = 300

export const garage: StoreUnderTest = {
  name: 'garage',
  title: 'Garage',
  version: VERSION,
  ci: false,
  keepsObjects: true,
  install: () => installOnce('garage', VERSION, (folder) => cargoInstall(folder, ['garage', '--version', VERSION])),
  start: () =>
    startInstalled('garage', async ({ folder, port }) => {
      const config = join(folder, 'garage.toml')
      await writeFile(config, await configuration(folder, port))
      const keys = {
        accessKeyId: `GK${randomBytes(12).toString('hex')}`,
        secretAccessKey: randomBytes(32).toString('hex'),
      }
      const program = join(storeFolder('garage'), 'bin/garage')
      const server = { program, args: ['-c', config, 'server'] }
      await prepare(server, config, keys)
      return { ...server, keys, region: REGION }
    }),
}

async function configuration(folder: string, port: number): Promise<string> {
  return `metadata_dir = "${folder}/meta"
data_dir = "${folder}/data"
db_engine = "lmdb"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:${String(await freePort())}"
rpc_secret = "${randomBytes(32).toString('hex')}"

[s3_api]
s3_region = "${REGION}"
api_bind_addr = "127.0.0.1:${String(port)}"
`
}

/** Gives the one node its place in the layout, and makes the key, which outlive a restart. */
async function prepare(
  server: { readonly program: string; readonly args: readonly string[] },
  config: string,
  keys: Keys,
): Promise<void> {
  const child = launch(server)
  const garage = async (line: string): Promise<string> => {
    const { status, stderr, stdout } = await run(server.program, ['-c', config, ...line.split(' ')], process.env)
    if (status !== 0) throw new Error(`garage ${line}: ${stderr}`)
    return stdout
  }
  try {
    const id = (await whenReady(() => garage('node id -q'))).split('@')[0] ?? ''
    await whenReady(() => garage('status'))
    await garage(`layout assign -z dc1 -c 1G ${id}`)
    await garage('layout apply --version 1')
    await whenReady(() => garage(`key import --yes -n lab ${keys.accessKeyId} ${keys.secretAccessKey}`))
    await garage(`key allow --create-bucket ${keys.accessKeyId}`)
  } finally {
    await end(child)
  }
}

async function whenReady(ask: () => Promise<string>): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask()
    } catch (error) {
      if (attempt === READY_ATTEMPTS) throw error
      await pause(100)
    }
  }
}
