import { EventEmitter } from 'node:events'
import { inflateRawSync } from 'node:zlib'

export { inflateRawSync }

/**
 * Stands in for `node:zlib` in the program that is simulated. The real one unpacks on other threads, in real time: what
 * came of it first would depend on them, and not on the seed.
 */
export function createInflateRaw(): AtOnce {
  return new AtOnce()
}

class AtOnce extends EventEmitter {
  bytesWritten = 0

  end(bytes: Uint8Array): void {
    queueMicrotask(() => {
      try {
        const { buffer, engine } = inflateRawSync(bytes, { info: true }) as unknown as {
          buffer: Buffer
          engine: { bytesWritten: number }
        }
        this.bytesWritten = engine.bytesWritten
        this.emit('data', buffer)
        this.emit('end')
      } catch (error) {
        this.emit('error', error)
      }
    })
  }

  destroy(): void {
    this.removeAllListeners()
  }
}
