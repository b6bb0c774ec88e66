import { once } from 'node:events'
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net'
import { RequestCounter } from './request-counter.ts'
import type { Sample, Traffic } from './result.ts'

/** How far away a store is. */
export interface Distance {
  /** Milliseconds from a request to its answer, beyond what the store takes. */
  readonly roundTrip: number
  /** Bits per second in each direction, for all connections together; undefined: as fast as it goes. */
  readonly bandwidth?: number
}

export interface DistantStore {
  readonly endpoint: string
  close(): Promise<void>
}

export interface Relay extends DistantStore {
  /** What was handed on since the last call: requests, and all bytes of the connections. */
  take(): Traffic
}

/** No more is read from a connection while what was read takes longer than this to be sent, milliseconds. */
const LONGEST_QUEUE = 100

/**
 * A TCP relay to a store that hands each piece on half a round trip after it came, as fast as the line allows, and
 * counts. It keeps its port until it is closed, so that a program that remembers something of a store finds it again.
 */
export async function startRelay(store: string, { bandwidth, roundTrip }: Distance): Promise<Relay> {
  const { hostname, port } = new URL(store)
  const [up, down] = [new Lane(bandwidth), new Lane(bandwidth)]
  let requests = 0
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    sockets.add(socket.setNoDelay(true))
    return socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket))
  }
  const server = createServer((near) => {
    const far = keep(connect({ host: hostname, port: Number(port) }))
    const counter = new RequestCounter()
    carry(keep(near), far, up, roundTrip / 2, (piece) => (requests += counter.count(piece)))
    carry(far, near, down, roundTrip / 2)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    take: () => {
      const traffic = { requests, received: down.take(), sent: up.take() }
      requests = 0
      return traffic
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      return closed(server)
    },
  }
}

/** A run through the relay, with what it exchanged. Nothing else uses the relay meanwhile. */
export async function counted(relay: Relay, run: () => Promise<Sample>): Promise<Sample> {
  relay.take()
  const sample = await run()
  return { ...sample, traffic: relay.take() }
}

/** One direction of the line: what is sent waits until what was sent before it has gone, on whichever connection. */
export class Lane {
  readonly #bandwidth: number | undefined
  /** When the line has sent what was given to it so far. */
  #free = 0
  #carried = 0

  constructor(bandwidth: number | undefined) {
    this.#bandwidth = bandwidth
  }

  /** @param now milliseconds of any clock. @returns milliseconds until so many bytes have gone */
  send(bytes: number, now: number): number {
    this.#free = Math.max(this.#free, now) + (this.#bandwidth === undefined ? 0 : (bytes * 8000) / this.#bandwidth)
    return this.#free - now
  }

  arrived(bytes: number): void {
    this.#carried += bytes
  }

  /** Bytes that have arrived since the last call. */
  take(): number {
    const carried = this.#carried
    this.#carried = 0
    return carried
  }
}

/** @param see gets each piece; when it throws, the connection ends */
function carry(from: Socket, to: Socket, lane: Lane, delay: number, see?: (piece: Buffer) => void): void {
  /**
   * What has not been handed on yet. Each timer takes the first: timers of different lengths may go off out of turn.
   */
  const waiting: (() => void)[] = []
  const readOn = (): void => {
    if (waiting.length === 0 && !to.writableNeedDrain) from.resume()
  }
  const send = (size: number, write: () => void): void => {
    const wait = lane.send(size, performance.now())
    waiting.push(write)
    if (wait > LONGEST_QUEUE) from.pause()
    setTimeout(() => {
      const next = waiting.shift()
      if (!to.destroyed) next?.()
      readOn()
    }, wait + delay)
  }
  const handOn = (piece: Buffer): void => {
    try {
      see?.(piece)
    } catch (error) {
      from.destroy(error instanceof Error ? error : undefined)
      return
    }
    lane.arrived(piece.length)
    if (!to.write(piece)) from.pause()
  }
  to.on('drain', readOn)
  from.on('data', (piece: Buffer) => send(piece.length, () => handOn(piece)))
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
