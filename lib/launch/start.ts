import { hostname } from 'node:os'
import { attend } from '../sys/busy.ts'
import { compileEarly } from './jit-policy.ts'
import { main } from '../cli/main.ts'
import { Interruption, type Io, type Sink, type Source } from '../ui/output.ts'
import { systemClock } from '../sys/clock.ts'
import { provideHome } from '../sys/home.ts'
import { systemRandom } from '../sys/random.ts'

/** The entry of the bundle: connects `main` to this process. */

function sinkOf(stream: NodeJS.WriteStream): Sink {
  // The caller of a failed write gets the error. Without a listener, the same error would also end the process with a
  // stack trace.
  stream.on('error', () => undefined)
  return {
    isTerminal: stream.isTTY,
    ...(stream.isTTY ? { terminal: stream } : {}),
    write: (chunk) =>
      new Promise((resolve, reject) => {
        stream.write(chunk, (error) => {
          if (error == null) resolve()
          else reject(error)
        })
      }),
  }
}

function interruptedBySignals(): AbortSignal {
  const controller = new AbortController()
  const listeners = (
    [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const
  ).map(([signal, status]) => {
    const listener = (): void => {
      controller.abort(new Interruption(signal, status))
    }
    return { signal, listener }
  })
  const begin = (): void => {
    for (const { listener, signal } of listeners) process.once(signal, listener)
  }
  const end = (): void => {
    for (const { listener, signal } of listeners) process.off(signal, listener)
  }
  begin()
  // While this work runs, no listener is called. Without a listener, a signal ends the process in the usual way.
  attend({ begin: end, end: begin })
  return controller.signal
}

/** Standard input, which is opened only when it is read. */
const stdin: Source = {
  get isTerminal() {
    return process.stdin.isTTY
  },
  chunks: () => process.stdin as AsyncIterable<Uint8Array>,
}

const io: Io = {
  stdin,
  stdout: sinkOf(process.stdout),
  stderr: sinkOf(process.stderr),
  interrupted: interruptedBySignals(),
}

provideHome(process.env, process.platform)

// All commands except the getter run longer.
if (process.argv[2] !== 'download') compileEarly()

/** What the stores of this run have learned about the regions of their buckets. */
const regions = new Map<string, string>()

void main(process.argv.slice(2), process.env, io, {
  clock: systemClock,
  random: systemRandom,
  host: hostname(),
  createStore: async ({ bucket, connection, ...options }) => {
    const { createS3Store } = await import('../store/s3/store.ts')
    return createS3Store(connection, bucket, { ...options, regions })
  },
}).then((status) => {
  // Everything is written by now. The process ends at once, so that idle connections do not keep it alive.
  process.exit(status)
})
