import { once } from 'node:events'
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net'
import { end, freePort, startServer } from './servers.ts'

/** How far away a store is. */
export interface Distance {
  /** Milliseconds from a request to its answer, beyond what the store takes. */
  readonly roundTrip: number
  /** Bits per second in each direction; undefined: as fast as it goes. */
  readonly bandwidth?: number
}

export interface DistantStore {
  readonly endpoint: string
  close(): Promise<void>
}

/**
 * Makes the store at an endpoint look far away, by toxiproxy (https://github.com/Shopify/toxiproxy) where it is given.
 */
export function moveAway(endpoint: string, distance: Distance, toxiproxy: string | undefined): Promise<DistantStore> {
  return toxiproxy === undefined ? startDelayProxy(endpoint, distance) : startToxiproxy(endpoint, distance, toxiproxy)
}

/** A TCP proxy that hands each piece on half a round trip after it came, as fast as the line allows. */
async function startDelayProxy(endpoint: string, { bandwidth, roundTrip }: Distance): Promise<DistantStore> {
  const { hostname, port } = new URL(endpoint)
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    sockets.add(socket.setNoDelay(true))
    return socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket))
  }
  const server = createServer((near) => {
    const far = keep(connect({ host: hostname, port: Number(port) }))
    keep(near)
    carry(near, far, roundTrip / 2, bandwidth)
    carry(far, near, roundTrip / 2, bandwidth)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return closed(server)
    },
  }
}

function carry(from: Socket, to: Socket, delay: number, bandwidth: number | undefined): void {
  /** When the line has sent what was given to it so far. */
  let free = 0
  /**
   * What has not been handed on yet. Each timer takes the first: timers of different lengths may go off out of turn.
   */
  const waiting: (() => void)[] = []
  const send = (size: number, write: () => void): void => {
    const now = performance.now()
    free = Math.max(free, now) + (bandwidth === undefined ? 0 : (size * 8000) / bandwidth)
    waiting.push(write)
    if (free - now > 100) from.pause()
    setTimeout(
      () => {
        const next = waiting.shift()
        if (waiting.length === 0) from.resume()
        if (!to.destroyed) next?.()
      },
      free - now + delay,
    )
  }
  from.on('data', (piece) => send(piece.length, () => to.write(piece)))
  from.once('end', () => send(0, () => to.end()))
  from.once('close', () => send(0, () => to.destroy()))
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve()
    })
  })
}

async function startToxiproxy(
  endpoint: string,
  { bandwidth, roundTrip }: Distance,
  program: string,
): Promise<DistantStore> {
  const [control, listen] = [await freePort(), await freePort()]
  const isReady = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${String(control)}/version`)).ok
  const child = await startServer(program, ['-host', '127.0.0.1', '-port', String(control)], { isReady })
  const post = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${String(control)}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`toxiproxy: ${await answer.text()}`)
  }
  try {
    await post('/proxies', {
      name: 'store',
      listen: `127.0.0.1:${String(listen)}`,
      upstream: new URL(endpoint).host,
      enabled: true,
    })
    for (const stream of ['upstream', 'downstream']) {
      await post('/proxies/store/toxics', {
        type: 'latency',
        stream,
        attributes: { latency: roundTrip / 2, jitter: 0 },
      })
      // Kilobytes per second.
      if (bandwidth !== undefined)
        await post('/proxies/store/toxics', { type: 'bandwidth', stream, attributes: { rate: bandwidth / 8000 } })
    }
  } catch (error) {
    await end(child)
    throw error
  }
  return { endpoint: `http://127.0.0.1:${String(listen)}`, close: () => end(child) }
}
