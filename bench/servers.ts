import { type ChildProcess, spawn } from 'node:child_process'
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

/**
 * Starts a server, which ends with this process at the latest, and waits until it is ready. @throws when it does not
 * get ready
 */
export async function startServer(
  program: string,
  args: readonly string[],
  { env, isReady }: { readonly env?: Readonly<Record<string, string>>; readonly isReady: () => Promise<boolean> },
): Promise<ChildProcess> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: 'ignore' })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  try {
    await until(child, isReady)
  } catch (error) {
    await end(child)
    throw error
  }
  return child
}

/** Ends a server that the bench has started. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

async function until(server: ChildProcess, isReady: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (server.exitCode !== null) throw new Error(`${server.spawnfile} ended with status ${String(server.exitCode)}`)
    if (await isReady().catch(() => false)) return
    await pause(PAUSE)
  }
  throw new Error(`${server.spawnfile} does not get ready`)
}
