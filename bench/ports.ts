import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

const ATTEMPTS = 200
const PAUSE = 50

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until a server that was just started is ready. @throws when it ends, or is not ready after ten seconds */
export async function until(server: ChildProcess, isReady: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (server.exitCode !== null) throw new Error(`${server.spawnfile} ended with status ${String(server.exitCode)}`)
    if (await isReady().catch(() => false)) return
    await pause(PAUSE)
  }
  throw new Error(`${server.spawnfile} does not get ready`)
}
