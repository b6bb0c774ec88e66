import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KEYS, type KillableStore, end, freePort, launch, pause } from '../../e2e/support/servers.ts'
import { run } from '../../e2e/support/run.ts'
import { need, startInstalled, step, storeFolder } from './parts.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const PROGRAMS = ['ceph', 'ceph-mon', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin']
const PACKAGES = ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph-mgr']
const ATTEMPTS = 90

/** One monitor, one OSD that keeps all in memory, and the gateway, which alone leaves and comes back. */
export const ceph: StoreUnderTest = {
  name: 'ceph',
  title: 'Ceph RGW, Debian 12',
  version: '16.2.15',
  isQuick: false,
  keepsObjects: true,
  install,
  start,
  contract: {
    limits: { ignoresConditionOnDelete: true, ignoresConditionOnCompletion: true, ignoresSourceOfParts: true },
    fails: [
      // The answer to a completion has an ETag that is empty.
      'composing an object replaces an object atomically by ranges of the object and new bytes',
      'requests with a time limit refuses bytes that do not match their checksum',
    ],
  },
}

/** From the packages of the system. */
async function install(): Promise<void> {
  if (PROGRAMS.every((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0)) return
  need('apt-get', 'Ceph is installed from the packages of Debian')
  const folder = storeFolder('ceph')
  mkdirSync(folder, { recursive: true })
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  await step(folder, 'apt-get', ['update'], { env })
  await step(folder, 'apt-get', ['install', '-y', '--no-install-recommends', ...PACKAGES], { env })
}

async function start(): Promise<KillableStore> {
  return startInstalled('ceph', async ({ folder, port }) => {
    const fsid = randomUUID()
    const monitorPort = await freePort()
    const config = join(folder, 'ceph.conf')
    await writeFile(config, configuration({ folder, fsid, port, monitorPort }))
    const ceph = async (program: string, ...args: readonly string[]): Promise<string> => {
      const { status, stderr, stdout } = await run(program, [...args, '-c', config], process.env, folder)
      if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
      return stdout
    }
    const serve = (program: string, id: string) =>
      launch({ program, args: ['-f', '-i', id, '-c', config], log: join(folder, `${program}.log`) })
    const map = join(folder, 'monmap')
    for (const name of ['mon', 'osd']) await mkdir(join(folder, name))
    const address = `[v1:127.0.0.1:${String(monitorPort)}]`
    await ceph('monmaptool', '--create', '--addv', 'a', address, '--fsid', fsid, map)
    await ceph('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map)
    const monitor = serve('ceph-mon', 'a')
    const osdId = randomUUID()
    await whenReady(() => ceph('ceph', '--connect-timeout', '5', 'osd', 'new', osdId))
    await ceph('ceph-osd', '--mkfs', '-i', '0', '--osd-uuid', osdId)
    const osd = serve('ceph-osd', '0')
    await whenReady(async () => {
      if (!(await ceph('ceph', '--connect-timeout', '5', 'osd', 'stat')).includes('1 up'))
        throw new Error('no OSD is up')
    })
    const { accessKeyId, secretAccessKey } = KEYS
    const keys = [`--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`]
    await ceph('radosgw-admin', 'user', 'create', '--uid=lab', '--display-name=lab', ...keys)
    return {
      program: 'radosgw',
      args: ['-c', config, '-n', 'client.rgw', '-f'],
      afterwards: async () => {
        await end(osd)
        await end(monitor)
      },
    }
  })
}

interface Place {
  readonly folder: string
  readonly fsid: string
  readonly port: number
  readonly monitorPort: number
}

function configuration({ folder, fsid, monitorPort, port }: Place): string {
  return `[global]
fsid = ${fsid}
mon host = [v1:127.0.0.1:${String(monitorPort)}]
mon initial members = a
ms bind msgr2 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
mon allow pool size one = true
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
run dir = ${folder}
admin socket = ${folder}/$name.asok
log file = ${folder}/$name.log
[mon.a]
mon data = ${folder}/mon
[osd.0]
osd data = ${folder}/osd
osd objectstore = memstore
memstore device bytes = 4294967296
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${String(port)}
rgw data = ${folder}
`
}

async function whenReady(ask: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await ask()
      return
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
      await pause(1000)
    }
  }
}
